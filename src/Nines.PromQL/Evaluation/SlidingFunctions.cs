using Nines.Metrics;

namespace Nines.PromQL.Evaluation;

/// <summary>One series to which a function over ranges is applied at all steps.</summary>
/// <param name="Samples">Its samples without stale markers, over all ranges.</param>
/// <param name="Ends">The ranges' ends: the steps, moved by offset and <c>@</c>.</param>
/// <param name="Now">The steps.</param>
/// <param name="RangeMs">Length of a range.</param>
internal readonly record struct SlidingRange(SampleColumns Samples, Steps Ends, Steps Now, long RangeMs)
{
    /// <summary>Moves the first and last index of the window (first included, last not) on to a step.</summary>
    public void Slide(int step, ref int first, ref int last)
    {
        var times = Samples.Times;
        var end = Ends[step];
        while (last < times.Length && times[last] <= end)
        {
            last++;
        }
        while (first < last && times[first] <= end - RangeMs)
        {
            first++;
        }
    }

    public RangeWindow Window(int step, int first, int last, double parameter = 0, double second = 0) => new()
    {
        Times = Samples.Times[first..last],
        Values = Samples.Values[first..last],
        StartMs = Ends[step] - RangeMs,
        EndMs = Ends[step],
        NowMs = Now[step],
        First = parameter,
        Second = second,
    };
}

/// <summary>One pass over a series for all steps: the window slides, nothing is allocated.</summary>
internal static class SlidingFunctions
{
    /// <summary>Applies a function that looks at each window anew.</summary>
    public static void Apply(RangeFunction function, in SlidingRange range, double[]? first, double[]? second, Span<double> into)
    {
        var (low, high) = (0, 0);
        for (var i = 0; i < into.Length; i++)
        {
            range.Slide(i, ref low, ref high);
            into[i] = low == high ? Absent.Value : function(range.Window(i, low, high, first?[i] ?? 0, second?[i] ?? 0));
        }
    }

    /// <summary><c>rate</c>, <c>increase</c> and <c>delta</c>. Dashboards ask for little else, so the loop does no more than it must.</summary>
    public static void Rate(in SlidingRange range, bool isCounter, bool isRate, Span<double> into)
    {
        var times = range.Samples.Times;
        var values = range.Samples.Values;
        var (end, stepMs, rangeMs) = (range.Ends.StartMs, range.Ends.StepMs, range.RangeMs);
        var per = isRate ? rangeMs / 1000d : 1;
        var (low, high) = (0, 0);
        // Resets are rare: windows without one, told by the newest reset seen, are a subtraction.
        var (seen, newestReset) = (1, -1);
        for (var i = 0; i < into.Length; i++, end += stepMs)
        {
            while (high < times.Length && times[high] <= end)
            {
                high++;
            }
            while (low < high && times[low] <= end - rangeMs)
            {
                low++;
            }
            if (high - low < 2)
            {
                into[i] = Absent.Value;
                continue;
            }
            var change = values[high - 1] - values[low];
            if (isCounter)
            {
                for (; seen < high; seen++)
                {
                    newestReset = values[seen] < values[seen - 1] ? seen : newestReset;
                }
                if (newestReset > low)
                {
                    change += LostToResets(values[low..high]);
                }
            }
            into[i] = Extrapolated(change, values[low], end - rangeMs, times[low], times[high - 1], end, high - low, isCounter, per);
        }
    }

    // What a counter had reached before each of its resets.
    private static double LostToResets(ReadOnlySpan<double> values)
    {
        var lost = 0d;
        for (var i = 1; i < values.Length; i++)
        {
            lost += values[i] < values[i - 1] ? values[i - 1] : 0;
        }
        return lost;
    }

    /// <summary>
    /// What a counter or gauge changed over a range, extrapolated to the range's edges: by the whole way when a sample is near the edge (1.1 mean
    /// intervals), else by half an interval, and for a counter never below zero.
    /// </summary>
    private static double Extrapolated(
        double change, double first, long startMs, long firstMs, long lastMs, long endMs, int count, bool isCounter, double per)
    {
        var toStart = (firstMs - startMs) / 1000d;
        var toEnd = (endMs - lastMs) / 1000d;
        var sampled = (lastMs - firstMs) / 1000d;
        var interval = sampled / (count - 1);
        var threshold = interval * 1.1;
        if (toStart >= threshold)
        {
            toStart = interval / 2;
        }
        if (isCounter && change > 0 && first >= 0)
        {
            toStart = Math.Min(toStart, sampled * (first / change));
        }
        if (toEnd >= threshold)
        {
            toEnd = interval / 2;
        }
        // In this order, so that the last digit is the same as everywhere.
        return change * ((sampled + toStart + toEnd) / sampled / per);
    }

    /// <summary><c>quantile_over_time</c>: the window is kept sorted, a sample that comes is inserted and one that goes removed.</summary>
    public static void Quantile(in SlidingRange range, double[] quantiles, Span<double> into)
    {
        var values = range.Samples.Values;
        var sorted = new List<double>();
        var (low, high) = (0, 0);
        for (var i = 0; i < into.Length; i++)
        {
            var (oldLow, oldHigh) = (low, high);
            range.Slide(i, ref low, ref high);
            if (low >= oldHigh)
            {
                sorted.Clear();
                sorted.AddRange(values[low..high]);
                sorted.Sort(Quantiles.Order);
            }
            else
            {
                for (; oldLow < low; oldLow++)
                {
                    sorted.RemoveAt(sorted.BinarySearch(values[oldLow], Quantiles.Order));
                }
                for (; oldHigh < high; oldHigh++)
                {
                    var at = sorted.BinarySearch(values[oldHigh], Quantiles.Order);
                    sorted.Insert(at < 0 ? ~at : at, values[oldHigh]);
                }
            }
            into[i] = low == high ? Absent.Value
                : Quantiles.OfSorted(quantiles[i], System.Runtime.InteropServices.CollectionsMarshal.AsSpan(sorted));
        }
    }
}
