namespace Nines.Metrics;

/// <summary>Takes samples in. What a scrape, a remote write or a rule appends becomes visible as a whole.</summary>
public interface ISampleSink
{
    /// <summary>Starts an append. Appends of several writers may run side by side.</summary>
    IAppend Begin();
}

/// <summary>One append: samples added, then committed or (by disposing it uncommitted) forgotten.</summary>
public interface IAppend : IDisposable
{
    /// <summary>The stable reference of a series, made when it is new.</summary>
    /// <param name="labels">The identity, metric name included.</param>
    /// <param name="bornInKnownTarget">See <see cref="ISeriesHandle.BornInKnownTarget"/>; noted only when the series is new.</param>
    /// <param name="intervalMs">See <see cref="ISeriesHandle.IntervalMs"/>.</param>
    long Series(Labels labels, bool bornInKnownTarget, long intervalMs);

    /// <summary>Adds a sample. A time at or before the series' newest is refused (and counted by the store); the same time with the same value is accepted
    /// silently.</summary>
    /// <returns>Whether the sample was taken.</returns>
    bool Add(long series, CounterSample sample);

    /// <summary>
    /// Makes the samples durable in the log and visible to readers. When the log cannot be written they still become visible,
    /// the store counts the failure and says so through its health.
    /// </summary>
    void Commit();
}
