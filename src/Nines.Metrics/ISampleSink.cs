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
    /// <param name="refusal">Why there is none; <see cref="Refusal.None"/> when there is.</param>
    /// <returns>The reference; 0 when there is none.</returns>
    long Series(Labels labels, bool bornInKnownTarget, long intervalMs, out Refusal refusal);

    /// <inheritdoc cref="Series(Labels, bool, long, out Refusal)"/>
    long Series(Labels labels, bool bornInKnownTarget, long intervalMs) => Series(labels, bornInKnownTarget, intervalMs, out _);

    /// <summary>Adds a sample. A time at or before the series' newest is refused (and counted by the store); the same time with the same value is accepted
    /// silently.</summary>
    /// <returns>Why it was refused; <see cref="Refusal.None"/> when it was taken. Of <see cref="Refusal.UnknownSeries"/> the caller asks for the series
    /// again, and then adds the sample again.</returns>
    Refusal Add(long series, CounterSample sample);

    /// <summary>
    /// Makes the samples durable in the log and visible to readers. When the log cannot be written they still become visible,
    /// the store counts the failure and says so through its health.
    /// </summary>
    /// <returns>What was stored, and what had been added and was refused after all, because another append came before.</returns>
    Committed Commit();
}

/// <summary>What came of a commit.</summary>
/// <param name="Samples">Samples made visible.</param>
/// <param name="Refused">Samples that <see cref="IAppend.Add"/> had taken and that were refused after all.</param>
public readonly record struct Committed(int Samples, Refusals Refused);
