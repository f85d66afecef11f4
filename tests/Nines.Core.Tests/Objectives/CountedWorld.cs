using Nines.Core.Objectives;
using Nines.Metrics;

namespace Nines.Core.Tests.Objectives;

/// <summary>A series whose samples a test appends.</summary>
internal sealed class FakeSeries(Labels labels, bool bornInKnownTarget, long intervalMs) : ISeriesHandle
{
    public List<CounterSample> Samples { get; } = [];

    public Labels Labels => labels;

    public bool BornInKnownTarget => bornInKnownTarget;

    public long IntervalMs => intervalMs;

    public int Read(long afterMs, long untilMs, Span<CounterSample> into)
    {
        var count = 0;
        foreach (var sample in Samples)
        {
            if (sample.TimeMs > afterMs && sample.TimeMs <= untilMs && count < into.Length)
            {
                into[count++] = sample;
            }
        }
        return count;
    }
}

/// <summary>
/// A small world that counts its own events: processes serve good and bad ones, a scraper reads them, both come and go.
/// It knows what happened, so it needs no ledger arithmetic of its own to say what the ledger should say.
/// </summary>
internal sealed class CountedWorld
{
    public const long IntervalMs = 15_000;
    public const long EpochMs = 1_800_000_000_000;

    private readonly Random _random;
    private readonly bool _saysStart;
    private readonly Dictionary<string, (long Count, long StartMs)> _process = [];
    private readonly Dictionary<string, FakeSeries> _series = [];
    private readonly Dictionary<string, int> _unread = [];
    private readonly List<RawEvent> _events = [];
    private long _lastScrapeMs;
    private int _instance;

    public CountedWorld(int seed, bool saysStart)
    {
        _random = new Random(seed);
        _saysStart = saysStart;
        NowMs = EpochMs + _random.Next(0, 60_000);
    }

    public long NowMs { get; private set; }

    public long Good { get; private set; }

    public long Bad { get; private set; }

    /// <summary>Every event that a reading has told of, with when that reading says it was.</summary>
    public IReadOnlyList<RawEvent> Events => _events;

    public IReadOnlyList<ISeriesHandle> All => [.. _series.Values];

    public IReadOnlyList<ISeriesHandle> Failed => [.. _series.Values.Where(s => s.Labels["code"] == "500")];

    /// <summary>Serves for one interval, then the scraper reads, unless it is away.</summary>
    public void Interval(int events, double errorShare, bool scraperAway)
    {
        for (var i = 0; i < events; i++)
        {
            var bad = _random.NextDouble() < errorShare;
            var code = bad ? "500" : "200";
            _process[code] = _process.TryGetValue(code, out var counter)
                ? (counter.Count + 1, counter.StartMs)
                : (1, NowMs + IntervalMs * (i + 1) / (events + 2));
            _unread[code] = _unread.GetValueOrDefault(code) + 1;
            _ = bad ? Bad++ : Good++;
        }
        NowMs += IntervalMs;
        if (!scraperAway)
        {
            Scrape();
        }
    }

    /// <summary>Ends the process and starts another after everything it did was read: under the same instance, or a new one.</summary>
    public void QuiescedRestart(bool newInstance)
    {
        Scrape();
        _process.Clear();
        _instance += newInstance ? 1 : 0;
        if (newInstance)
        {
            _lastScrapeMs = 0;
        }
        NowMs += 1 + _random.Next(2_000);
    }

    private void Scrape()
    {
        if (NowMs <= _lastScrapeMs)
        {
            return;
        }
        var contiguous = _lastScrapeMs > 0 && NowMs - _lastScrapeMs <= IntervalMs * 5 / 2;
        foreach (var (code, counter) in _process)
        {
            var name = $"{_instance}/{code}";
            if (!_series.TryGetValue(name, out var series))
            {
                var labels = Labels.Of((Labels.MetricName, "requests_total"), ("code", code), ("instance", $"{_instance}"));
                _series[name] = series = new FakeSeries(labels, contiguous, IntervalMs);
            }
            // What is new lies between two readings, or between the birth of the counter and its first reading.
            var since = series.Samples.Count == 0 && contiguous ? NowMs - IntervalMs
                : Math.Min(NowMs, Math.Max(series.Samples.LastOrDefault().TimeMs, counter.StartMs));
            _unread.Remove(code, out var unread);
            _events.AddRange(Enumerable.Repeat(new RawEvent(NowMs - since > IntervalMs * 5 / 2 ? since : null, NowMs, code == "500"), unread));
            series.Samples.Add(new CounterSample(NowMs, counter.Count, _saysStart ? counter.StartMs : 0));
        }
        _lastScrapeMs = NowMs;
    }
}

/// <summary>One event: of the minute of its reading or, after a gap, of no known moment since some time.</summary>
internal readonly record struct RawEvent(long? SinceMs, long ReadMs, bool IsBad)
{
    /// <summary>How much of it lies in the minutes (from, to].</summary>
    public double Share(long fromMinute, long toMinute)
    {
        if (SinceMs is not { } since)
        {
            var minute = (ReadMs + 59_999) / 60_000;
            return minute > fromMinute && minute <= toMinute ? 1 : 0;
        }
        return Math.Max(0, Math.Min(ReadMs, toMinute * 60_000) - Math.Max(since, fromMinute * 60_000)) / (double)(ReadMs - since);
    }
}

/// <summary>Indicators for tests.</summary>
internal static class TestIndicators
{
    private static readonly CounterExpression Requests = Expression("requests_total", []);
    private static readonly CounterExpression Failures = Expression("requests_total", [new Matcher("code", MatchOp.Equal, "500")]);
    private static readonly CounterExpression Answers = Expression("requests_total", [new Matcher("code", MatchOp.Equal, "200")]);

    public static CounterRatio BadOfTotal => new(null, Failures, Requests);

    public static CounterRatio GoodOfTotal => new(Answers, null, Requests);

    private static CounterExpression Expression(string name, IReadOnlyList<Matcher> matchers) =>
        new([new CounterTerm(1, [new Matcher(Labels.MetricName, MatchOp.Equal, name), .. matchers])], name, string.Join(',', matchers));
}

/// <summary>Objectives for tests.</summary>
internal static class TestObjectives
{
    /// <summary>99.9 % of orders are accepted, over any 28 days.</summary>
    public static readonly Objective Orders = new()
    {
        Key = "checkout/orders@production",
        Service = "checkout",
        Environment = "production",
        DisplayName = "Orders are accepted",
        Target = 0.999m,
        Windows = [new RollingWindow(28 * 1440)],
        Indicator = TestIndicators.BadOfTotal,
        BurnPolicy = BurnPolicy.Default,
        Position = default,
    };
}
