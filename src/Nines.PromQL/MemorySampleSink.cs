using Nines.Metrics;

namespace Nines.PromQL;

/// <summary>Writes into series in memory; what is added is visible at once. One append at a time.</summary>
public sealed class MemorySampleSink(MemorySeriesSource into) : ISampleSink, IAppend
{
    private readonly List<Labels> _series = [];

    /// <inheritdoc/>
    public IAppend Begin()
    {
        _series.Clear();
        return this;
    }

    /// <inheritdoc/>
    public long Series(Labels labels, bool bornInKnownTarget, long intervalMs)
    {
        _series.Add(labels);
        return _series.Count;
    }

    /// <inheritdoc/>
    public bool Add(long series, CounterSample sample)
    {
        into.Add(_series[(int)series - 1], new Sample(sample.TimeMs, sample.Value));
        return true;
    }

    /// <inheritdoc/>
    public void Commit()
    {
    }

    /// <inheritdoc/>
    public void Dispose()
    {
    }
}
