using System.Globalization;
using Nines.Metrics;

namespace Nines.Core.Objectives;

/// <summary>Something about an objective's signal that makes its figures worth less than they look.</summary>
/// <param name="Code">Which, stable: <c>matches-nothing</c>, <c>no-such-bucket</c>, <c>good-over-total</c>, <c>not-a-number</c>, <c>no-traffic</c>,
/// <c>not-evaluated</c>, <c>damaged</c>, <c>catching-up</c>.</param>
/// <param name="Message">What, in a sentence.</param>
/// <param name="Hint">What to do about it.</param>
public sealed record QualityFinding(string Code, string Message, string Hint);

/// <summary>A selector that matches no series.</summary>
/// <param name="Matchers">The selector.</param>
/// <param name="IsTotal">Whether it counts the total.</param>
/// <param name="Bounds">The bucket bounds there are, when it asks for one by <c>le</c>; else empty.</param>
public sealed record EmptySelector(IReadOnlyList<Matcher> Matchers, bool IsTotal, IReadOnlyList<string> Bounds);

/// <summary>Names what is wrong with a signal. Pure.</summary>
public static class Quality
{
    /// <summary>No event for so many minutes, though the counters are read, is worth a word.</summary>
    public const int QuietMinutes = 60;

    /// <summary>What is wrong with an objective's signal at a moment.</summary>
    /// <param name="objective">The objective.</param>
    /// <param name="ledger">Its ledger.</param>
    /// <param name="empty">Selectors that match nothing.</param>
    /// <param name="failure">Why its queries could not be evaluated; null when they could, or are not.</param>
    /// <param name="nowMs">The moment.</param>
    public static IReadOnlyList<QualityFinding> Findings(
        Objective objective, ObjectiveLedger ledger, IReadOnlyList<EmptySelector> empty, string? failure, long nowMs)
    {
        var findings = new List<QualityFinding>();
        var counted = objective.Indicator as CounterRatio;
        foreach (var selector in empty)
        {
            // Failures that never happened have no series yet; everything else that is missing is a mistake or an outage.
            if (selector.Bounds.Count > 0)
            {
                findings.Add(Bucket(selector));
            }
            else if (selector.IsTotal || counted?.Bad is null)
            {
                findings.Add(new("matches-nothing", $"{Text(selector.Matchers)} matches no series.",
                    "Compare its labels with what the target exposes; until then nothing is counted."));
            }
        }
        if (failure is not null)
        {
            findings.Add(new("not-evaluated", $"The query could not be evaluated: {failure}.", "Its minutes are evaluated later."));
        }
        if (ledger.Events.DamagedHour is { } hour)
        {
            findings.Add(new("damaged", $"The stored minutes of the hour from {Iso(hour * 60)} cannot be read: they are damaged.",
                "Windows that begin or end within it are approximate. Restore ledger.db from a copy."));
        }
        if (ledger.LastExcessMinute > 0)
        {
            findings.Add(new("good-over-total", $"In {Count(ledger.ExcessMinutes)} more good or bad events were counted than events in all, last at "
                + $"{Iso(ledger.LastExcessMinute)}.", "The good or bad events must be among those of the total: compare the two selectors."));
        }
        if (ledger.LastNotNumberMs > 0)
        {
            findings.Add(new("not-a-number", $"{ledger.NotNumbers} readings were no counts (NaN, infinite or negative), last at "
                + $"{Iso(ledger.LastNotNumberMs / LedgerTime.MinuteMs)}.", "They were left out. A counter only ever says how many."));
        }
        var minute = LedgerTime.MinuteOf(nowMs);
        var recent = ledger.Events.Sum(minute - QuietMinutes, minute);
        if (objective.Indicator is CounterRatio or EvaluatedRatio && recent.Total == 0 && recent.KnownMinutes > QuietMinutes * 0.9)
        {
            findings.Add(new("no-traffic", "Nothing happened in the last hour, though the counters were read.",
                "No traffic is neither good nor bad. If there should be some, look whether it arrives."));
        }
        return findings;
    }

    private static QualityFinding Bucket(EmptySelector selector)
    {
        var asked = selector.Matchers.First(m => m.Name == "le").Value;
        var near = double.TryParse(asked, NumberStyles.Float, CultureInfo.InvariantCulture, out var bound)
            ? selector.Bounds.OrderBy(b => Math.Abs(Bound(b) - bound)).Take(2).OrderBy(Bound).ToList() : selector.Bounds.Take(2).ToList();
        return new("no-such-bucket", $"There is no bucket le=\"{asked}\"; the nearest are {string.Join(" and ", near.Select(b => $"le=\"{b}\""))}.",
            "A threshold must be the bound of a bucket: take one of these, or add the bound to the histogram.");
    }

    private static double Bound(string text) => text is "+Inf" ? double.PositiveInfinity
        : double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var bound) ? bound : double.PositiveInfinity;

    private static string Text(IReadOnlyList<Matcher> matchers)
    {
        var name = matchers.FirstOrDefault(m => m is { Name: Labels.MetricName, Op: MatchOp.Equal });
        var rest = string.Join(", ", matchers.Where(m => !ReferenceEquals(m, name)));
        return rest.Length == 0 ? name?.Value ?? "{}" : $"{name?.Value}{{{rest}}}";
    }

    private static string Count(long minutes) => minutes == 1 ? "one minute" : $"{minutes.ToString(CultureInfo.InvariantCulture)} minutes";

    private static string Iso(long minute) => DateTimeOffset.FromUnixTimeSeconds(minute * 60).ToString("yyyy-MM-dd HH:mm 'UTC'", CultureInfo.InvariantCulture);
}
