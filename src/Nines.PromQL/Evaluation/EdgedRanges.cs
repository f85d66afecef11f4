using Nines.Metrics;

namespace Nines.PromQL.Evaluation;

/// <summary>
/// Selectors with <c>anchored</c> (the newest sample before the range stands for its start) and <c>smoothed</c> (the values at the range's edges are
/// interpolated between their neighbours), so that what changed is known without extrapolation.
/// </summary>
internal static class EdgedRanges
{
    private static readonly string[] AnchoredFunctions = ["changes", "delta", "increase", "rate", "resets"];
    private static readonly string[] SmoothedFunctions = ["delta", "increase", "rate"];

    /// <exception cref="QueryException">The function does not take such a range.</exception>
    public static void Check(EdgeModifier edge, string function)
    {
        var (word, allowed) = edge == EdgeModifier.Anchored ? ("anchored", AnchoredFunctions) : ("smoothed", SmoothedFunctions);
        if (!allowed.Contains(function))
        {
            throw QueryException.Execution($"{word} modifier can only be used with: {string.Join(", ", allowed)} - not with {function}");
        }
    }

    /// <summary>The value at each step, interpolated between the samples around it; the newest one when none follows.</summary>
    public static bool Smooth(SampleColumns samples, Steps at, long lookbackMs, double[] into)
    {
        samples.DropStale();
        var times = samples.Times;
        var values = samples.Values;
        var (next, any) = (0, false);
        for (var i = 0; i < into.Length; i++)
        {
            var time = at[i];
            while (next < times.Length && times[next] <= time)
            {
                next++;
            }
            var before = next > 0 && times[next - 1] > time - lookbackMs;
            var after = next < times.Length && times[next] <= time + lookbackMs;
            into[i] = before && (times[next - 1] == time || !after) ? values[next - 1]
                : before ? Interpolate(times, values, next - 1, time, isCounter: false)
                : Absent.Value;
            any |= before;
        }
        return any;
    }

    /// <summary>Applies a function that takes such ranges.</summary>
    public static void Apply(string name, EdgeModifier edge, RangeFunction? function, in SlidingRange range, long lookbackMs, Span<double> into)
    {
        var isCounter = name is "rate" or "increase";
        for (var i = 0; i < into.Length; i++)
        {
            var times = range.Samples.Times;
            var (end, start) = (range.Ends[i], range.Ends[i] - range.RangeMs);
            // Only what the lookback reaches on either side takes part.
            var low = FirstAfter(times, start - lookbackMs);
            var high = FirstAfter(times, edge == EdgeModifier.Smoothed ? end + lookbackMs : end);
            var first = Math.Max(low, FirstAfter(times, start) - 1);
            if (low == high || first >= high)
            {
                into[i] = Absent.Value;
                continue;
            }
            into[i] = name is "changes" or "resets"
                ? times[high - 1] <= start ? Absent.Value : function!(range.Window(i, first, high))
                : Change(range, first, high, start, end, edge == EdgeModifier.Smoothed, isCounter);
            if (name == "rate" && !Absent.Is(into[i]))
            {
                into[i] /= range.RangeMs / 1000d;
            }
        }
    }

    private static double Change(in SlidingRange range, int first, int high, long start, long end, bool smoothed, bool isCounter)
    {
        var times = range.Samples.Times;
        var values = range.Samples.Values;
        var last = high - 1;
        if (smoothed)
        {
            last = Math.Min(last, FirstAfter(times, end - 1));
        }
        if (times[last] <= start)
        {
            return Absent.Value;
        }
        var left = smoothed && times[first] < start && first + 1 <= last ? Interpolate(times, values, first, start, isCounter) : values[first];
        var right = smoothed && times[last] > end && last > 0 ? last > first || times[first] < end ? Interpolate(times, values, last - 1, end, isCounter)
            : values[last] : values[last];
        if (times[first] > end)
        {
            return Absent.Value;
        }
        var change = right - left;
        var before = left;
        for (var k = first + 1; isCounter && k <= last; k++)
        {
            if (times[k] >= end && smoothed)
            {
                break;
            }
            if (times[k] > start)
            {
                change += values[k] < before ? before : 0;
                before = values[k];
            }
        }
        return isCounter && right < before ? change + before : change;
    }

    // After a reset a counter is taken to have risen from zero.
    private static double Interpolate(ReadOnlySpan<long> times, ReadOnlySpan<double> values, int index, long time, bool isCounter)
    {
        var (from, to) = (values[index], values[index + 1]);
        if (isCounter && to < from)
        {
            from = 0;
        }
        return from + ((to - from) * (time - times[index]) / (times[index + 1] - times[index]));
    }

    private static int FirstAfter(ReadOnlySpan<long> times, long time)
    {
        var (low, high) = (0, times.Length);
        while (low < high)
        {
            var middle = (low + high) / 2;
            (low, high) = times[middle] <= time ? (middle + 1, high) : (low, middle);
        }
        return low;
    }
}
