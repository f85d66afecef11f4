namespace Nines.Metrics;

/// <summary>Where series come from. The only thing the query language and the ledger know of a store. Safe for many readers beside one writer.</summary>
public interface ISeriesSource
{
    /// <summary>
    /// The series that satisfy all matchers and may have samples with <paramref name="fromMs"/> ≤ time ≤ <paramref name="toMs"/>, each once, in no
    /// particular order. What is selected is a snapshot of series; it stays readable after the store has dropped them.
    /// </summary>
    IReadOnlyList<ISelectedSeries> Select(IReadOnlyList<Matcher> matchers, long fromMs, long toMs);

    /// <summary>The label names of the series that satisfy all matchers (all series when there are none) and may have samples in a range, sorted.</summary>
    IReadOnlyList<string> LabelNames(IReadOnlyList<Matcher> matchers, long fromMs, long toMs);

    /// <summary>The values of one label over those series, sorted.</summary>
    IReadOnlyList<string> LabelValues(string name, IReadOnlyList<Matcher> matchers, long fromMs, long toMs);

    /// <summary>Follows the series that satisfy all matchers, those born later included, until disposed.</summary>
    ITrackedSeries Track(IReadOnlyList<Matcher> matchers);
}

/// <summary>One series of a selection.</summary>
public interface ISelectedSeries
{
    /// <summary>The series' identity.</summary>
    Labels Labels { get; }

    /// <summary>
    /// Appends the samples with <paramref name="fromMs"/> ≤ time ≤ <paramref name="toMs"/>, oldest first, stale markers included.
    /// Each chunk is decoded once, straight into the columns.
    /// </summary>
    void Read(long fromMs, long toMs, SampleColumns into);
}

/// <summary>The series a set of matchers selects, kept up to date as series are born and retired.</summary>
public interface ITrackedSeries : IDisposable
{
    /// <summary>A handle for each series. Each call returns the present, immutable list; the same object while nothing changed.</summary>
    IReadOnlyList<ISeriesHandle> Handles { get; }
}

/// <summary>Reads one series forward. Safe beside one writer.</summary>
public interface ISeriesHandle
{
    /// <summary>The series' identity.</summary>
    Labels Labels { get; }

    /// <summary>
    /// Whether the series was first seen in a target whose previous scrape had succeeded without a gap,
    /// so that its counter was at zero at that scrape.
    /// </summary>
    bool BornInKnownTarget { get; }

    /// <summary>The distance at which samples are expected, in milliseconds; 0 when unknown.</summary>
    long IntervalMs { get; }

    /// <summary>
    /// Copies samples with <paramref name="afterMs"/> &lt; time ≤ <paramref name="untilMs"/>, oldest first, as many as fit.
    /// A full buffer may mean that there are more: read again after the last one.
    /// </summary>
    /// <returns>How many were copied.</returns>
    int Read(long afterMs, long untilMs, Span<CounterSample> into);
}
