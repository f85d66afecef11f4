namespace Nines.Metrics;

/// <summary>
/// Samples as columns, oldest first: times beside values, in buffers that are used again for the next series.
/// A kind of sample that is no number, such as a native histogram, becomes a third column beside them; readers of numbers do not change.
/// </summary>
public sealed class SampleColumns
{
    private long[] _times = new long[256];
    private double[] _values = new double[256];

    /// <summary>How many samples there are.</summary>
    public int Count { get; private set; }

    /// <summary>Milliseconds since the Unix epoch, ascending.</summary>
    public ReadOnlySpan<long> Times => _times.AsSpan(0, Count);

    /// <summary>The value at each time; stale markers included (<see cref="StaleMarker"/>).</summary>
    public ReadOnlySpan<double> Values => _values.AsSpan(0, Count);

    /// <summary>Forgets the samples and keeps the buffers.</summary>
    public void Clear() => Count = 0;

    /// <summary>Forgets all but the first samples.</summary>
    public void Truncate(int count) => Count = Math.Min(Count, count);

    /// <summary>Adds one sample.</summary>
    public void Add(long timeMs, double value)
    {
        Reserve(1);
        _times[Count] = timeMs;
        _values[Count++] = value;
    }

    /// <summary>Room for samples behind the present ones, to be written and then counted with <see cref="Advance"/>.</summary>
    public void Reserve(int count, out Span<long> times, out Span<double> values)
    {
        Reserve(count);
        times = _times.AsSpan(Count, count);
        values = _values.AsSpan(Count, count);
    }

    /// <summary>Counts samples that were written to the reserved room.</summary>
    public void Advance(int count) => Count += count;

    /// <summary>Removes stale markers, as functions over ranges want it.</summary>
    public void DropStale()
    {
        var kept = 0;
        for (var i = 0; i < Count; i++)
        {
            if (!StaleMarker.Is(_values[i]))
            {
                (_times[kept], _values[kept]) = (_times[i], _values[i]);
                kept++;
            }
        }
        Count = kept;
    }

    private void Reserve(int count)
    {
        if (Count + count > _times.Length)
        {
            var size = Math.Max(Count + count, _times.Length * 2);
            Array.Resize(ref _times, size);
            Array.Resize(ref _values, size);
        }
    }
}
