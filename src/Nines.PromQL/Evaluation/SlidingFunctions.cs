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

    /// <summary><c>rate</c>, <c>increase</c> and <c>delta</c>.</summary>
    public static void Rate(in SlidingRange range, bool isCounter, bool isRate, Span<double> into)
    {
        var values = range.Samples.Values;
        var (low, high) = (0, 0);
        // Resets are rare: windows without one, told by the newest reset seen, are a subtraction.
        var (seen, newestReset) = (1, -1);
        for (var i = 0; i < into.Length; i++)
        {
            range.Slide(i, ref low, ref high);
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
                for (var k = low + 1; newestReset > low && k < high; k++)
                {
                    change += values[k] < values[k - 1] ? values[k - 1] : 0;
                }
            }
            into[i] = RangeFunctions.Extrapolated(range.Window(i, low, high), change, isCounter, isRate);
        }
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
