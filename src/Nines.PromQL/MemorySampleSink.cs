using Nines.Metrics;

namespace Nines.PromQL;

/// <summary>Writes into series in memory; what is added is visible at once. One append at a time.</summary>
public sealed class MemorySampleSink(MemorySeriesSource into) : ISampleSink, IAppend
{
    private readonly List<Labels> _series = [];
    private int _added;

    /// <inheritdoc/>
    public IAppend Begin()
    {
        _series.Clear();
        _added = 0;
        return this;
    }

    /// <inheritdoc/>
    public long Series(Labels labels, bool bornInKnownTarget, long intervalMs, out Refusal refusal)
    {
        refusal = Refusal.None;
        _series.Add(labels);
        return _series.Count;
    }

    /// <inheritdoc/>
    public Refusal Add(long series, CounterSample sample)
    {
        into.Add(_series[(int)series - 1], new Sample(sample.TimeMs, sample.Value));
        _added++;
        return Refusal.None;
    }

    /// <inheritdoc/>
    public Committed Commit() => new(_added, default);

    /// <inheritdoc/>
    public void Dispose()
    {
    }
}
