using Nines.Core.Objectives.Sources;
using Nines.Metrics;

namespace Nines.Server.Objectives.Sources;

/// <summary>One series of a source: the samples that were read and are not booked yet.</summary>
internal sealed class RemoteSeries(Labels labels) : ISeriesHandle
{
    private readonly List<CounterSample> _samples = [];

    /// <inheritdoc/>
    public Labels Labels => labels;

    /// <summary>Never: the first sample itself says when its counter was at zero (<see cref="RawReading"/>).</summary>
    public bool BornInKnownTarget => false;

    /// <inheritdoc/>
    public long IntervalMs { get; private set; }

    /// <inheritdoc/>
    public int Read(long afterMs, long untilMs, Span<CounterSample> into)
    {
        var at = FirstAfter(afterMs);
        var count = 0;
        while (at < _samples.Count && _samples[at].TimeMs <= untilMs && count < into.Length)
        {
            into[count++] = _samples[at++];
        }
        return count;
    }

    public void Add(RawReadings readings)
    {
        _samples.AddRange(readings.Samples);
        IntervalMs = readings.IntervalMs;
    }

    public void Clear()
    {
        _samples.Clear();
        if (_samples.Capacity > 256)
        {
            _samples.Capacity = 0;
        }
    }

    private int FirstAfter(long afterMs)
    {
        var (low, high) = (0, _samples.Count);
        while (low < high)
        {
            var middle = (low + high) / 2;
            (low, high) = _samples[middle].TimeMs <= afterMs ? (middle + 1, high) : (low, middle);
        }
        return low;
    }
}
