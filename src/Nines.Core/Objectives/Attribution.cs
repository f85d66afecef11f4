using Nines.Metrics;

namespace Nines.Core.Objectives;

/// <summary>How the bad events of a stretch spread over the values of one label.</summary>
/// <param name="Label">The label.</param>
/// <param name="Shares">Its values, worst first.</param>
/// <param name="Unexplained">Bad events of the account that no value of it explains: counted before the oldest sample, or adjusted; never negative.</param>
public sealed record LabelAttribution(string Label, IReadOnlyList<AttributedShare> Shares, double Unexplained);

/// <summary>What one value of a label has to answer for.</summary>
/// <param name="Value">The value; empty when the label is absent.</param>
/// <param name="Bad">Bad events.</param>
/// <param name="Total">All events.</param>
public readonly record struct AttributedShare(string Value, double Bad, double Total);

/// <summary>Charges bad events to the labels of the series that counted them. Reads the same readings as the ledger, with the same cursor.</summary>
public static class Attribution
{
    /// <summary>Most series that are read for one answer.</summary>
    public const int MaxSeries = 2000;

    /// <summary>Labels that tell series apart without saying anything about causes.</summary>
    private static readonly string[] Silent = [Labels.MetricName, "le", "quantile"];

    /// <summary>The spread over every label that takes several values, the most telling first: the one whose worst value holds most of the bad events,
    /// measured against its share of all events.</summary>
    /// <param name="indicator">What is counted.</param>
    /// <param name="total">The series of each term of the total.</param>
    /// <param name="part">The series of each term of the good or bad part.</param>
    /// <param name="account">The account of the stretch, which the spread is held against.</param>
    public static IReadOnlyList<LabelAttribution> ByLabel(
        CounterRatio indicator, IReadOnlyList<IReadOnlyList<ISeriesHandle>> total, IReadOnlyList<IReadOnlyList<ISeriesHandle>> part, WindowAccount account)
    {
        long fromMs = account.FromMinute * LedgerTime.MinuteMs, toMs = account.ToMinute * LedgerTime.MinuteMs;
        var counted = new Dictionary<Labels, (double Bad, double Total)>();
        void Charge(IReadOnlyList<ISeriesHandle> series, int badSign, int totalSign)
        {
            foreach (var handle in series)
            {
                var events = LedgerTime.ToEvents(Increase(handle, fromMs, toMs));
                var (bad, all) = counted.GetValueOrDefault(handle.Labels);
                counted[handle.Labels] = (bad + badSign * events, all + totalSign * events);
            }
        }
        for (var i = 0; i < total.Count; i++)
        {
            var sign = indicator.Total.Terms[i].Sign;
            Charge(total[i], indicator.Bad is null ? sign : 0, sign);
        }
        for (var i = 0; i < part.Count; i++)
        {
            var sign = indicator.Part.Terms[i].Sign;
            Charge(part[i], indicator.Bad is null ? -sign : sign, 0);
        }
        var names = counted.Keys.SelectMany(l => l.Pairs.ToArray().Select(p => p.Key)).Distinct(StringComparer.Ordinal).Except(Silent, StringComparer.Ordinal);
        return [.. names.Select(name => Spread(name, counted, account.Bad)).Where(s => s.Shares.Count > 1).OrderByDescending(Telling)
            .ThenBy(s => s.Label, StringComparer.Ordinal)];
    }

    /// <summary>What a counter counted in (from, to], fixed-point, by the ledger's own rules.</summary>
    private static long Increase(ISeriesHandle handle, long fromMs, long toMs)
    {
        var buffer = new CounterSample[1024];
        var cursor = default(CounterCursor);
        // A series that is older than the stretch starts from its last reading before it; one that was born within, from its birth.
        var before = fromMs - Math.Max(handle.IntervalMs, LedgerTime.MinuteMs) * 20;
        var isOlder = handle.Read(0, before, buffer.AsSpan(0, 1)) > 0;
        var (sum, after) = (0L, isOlder ? before : 0);
        int read;
        do
        {
            read = handle.Read(after, toMs, buffer);
            for (var i = 0; i < read; i++)
            {
                after = buffer[i].TimeMs;
                if (cursor.TimeMs == 0 && isOlder)
                {
                    cursor = LedgerTime.ToFixed(buffer[i].Value) is { } value ? new(buffer[i].TimeMs, value, buffer[i].StartMs, 0) : default;
                    continue;
                }
                cursor = cursor.Advance(buffer[i], handle.BornInKnownTarget, handle.IntervalMs, LedgerFault.None, out var increment);
                sum += increment.ToMs > fromMs ? increment.Count : 0;
            }
        }
        while (read == buffer.Length);
        return sum;
    }

    private static LabelAttribution Spread(string label, Dictionary<Labels, (double Bad, double Total)> counted, double bad)
    {
        // A series of a part that no label tells from its total cancels out here, since both carry the label.
        var shares = counted.GroupBy(c => c.Key[label], StringComparer.Ordinal)
            .Select(g => new AttributedShare(g.Key, g.Sum(c => c.Value.Bad), g.Sum(c => c.Value.Total)))
            .OrderByDescending(s => s.Bad).ThenBy(s => s.Value, StringComparer.Ordinal).ToList();
        return new(label, shares, Math.Max(0, bad - shares.Sum(s => s.Bad)));
    }

    // A label whose values are good and bad by definition, such as code, tells less than one whose worst value is much worse than its share of traffic;
    // such a value has no good events at all.
    private static double Telling(LabelAttribution spread)
    {
        var (bad, total) = (spread.Shares.Sum(s => s.Bad), spread.Shares.Sum(s => s.Total));
        if (bad <= 0 || total <= 0)
        {
            return 0;
        }
        var byDefinition = spread.Shares.All(s => s.Bad <= 0 || s.Bad >= s.Total - 1e-9);
        return byDefinition ? 0 : spread.Shares.Max(s => s.Bad / bad - s.Total / total);
    }
}
