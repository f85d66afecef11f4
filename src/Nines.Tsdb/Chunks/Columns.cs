namespace Nines.Tsdb.Chunks;

/// <summary>Columns of samples in order of time.</summary>
internal static class Columns
{
    /// <summary>Moves the samples of a range to the front.</summary>
    /// <returns>How many there are.</returns>
    public static int Clip(Span<long> times, Span<double> values, long fromMs, long toMs)
    {
        var end = times[^1] <= toMs ? times.Length : toMs == long.MaxValue ? times.Length : FirstFrom(times, toMs + 1);
        var first = times[0] >= fromMs ? 0 : FirstFrom(times, fromMs);
        if (first >= end)
        {
            return 0;
        }
        if (first > 0)
        {
            times[first..end].CopyTo(times);
            values[first..end].CopyTo(values);
        }
        return end - first;
    }

    /// <summary>The index of the first time at or after one; the length when there is none.</summary>
    public static int FirstFrom(ReadOnlySpan<long> times, long ms)
    {
        var (low, high) = (0, times.Length);
        while (low < high)
        {
            var middle = (low + high) / 2;
            if (times[middle] < ms)
            {
                low = middle + 1;
            }
            else
            {
                high = middle;
            }
        }
        return low;
    }
}
