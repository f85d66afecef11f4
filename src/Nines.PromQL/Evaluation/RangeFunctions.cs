using Nines.Metrics.Templates;

namespace Nines.PromQL.Evaluation;

/// <summary>The samples of one series within one range, at least one; stale markers are gone.</summary>
internal readonly ref struct RangeWindow
{
    public required ReadOnlySpan<long> Times { get; init; }

    public required ReadOnlySpan<double> Values { get; init; }

    /// <summary>The range's start, itself outside.</summary>
    public required long StartMs { get; init; }

    /// <summary>The range's end, itself inside.</summary>
    public required long EndMs { get; init; }

    /// <summary>The time of evaluation; another than the end when there is an offset.</summary>
    public required long NowMs { get; init; }

    /// <summary>The function's scalar arguments at this step.</summary>
    public double First { get; init; }

    public double Second { get; init; }
}

/// <summary>A function of the samples in a range; <see cref="Absent"/> when it has no value.</summary>
internal delegate double RangeFunction(in RangeWindow window);

/// <summary>The functions over ranges, each as Prometheus 3 computes it.</summary>
internal static class RangeFunctions
{
    /// <summary>Functions of one window. Those that gain from knowing the window before are in <see cref="SlidingFunctions"/>.</summary>
    public static readonly IReadOnlyDictionary<string, RangeFunction> All = new Dictionary<string, RangeFunction>(StringComparer.Ordinal)
    {
        ["avg_over_time"] = Mean,
        ["changes"] = Changes,
        ["count_over_time"] = static (in w) => w.Values.Length,
        ["deriv"] = Derivative,
        ["double_exponential_smoothing"] = DoubleExponentialSmoothing,
        ["first_over_time"] = static (in w) => w.Values[0],
        ["holt_winters"] = DoubleExponentialSmoothing,
        ["idelta"] = static (in w) => LastTwo(w, isRate: false),
        ["irate"] = static (in w) => LastTwo(w, isRate: true),
        ["last_over_time"] = static (in w) => w.Values[^1],
        ["mad_over_time"] = MedianDeviation,
        ["max_over_time"] = static (in w) => w.Values[IndexOfExtreme(w.Values, +1)],
        ["min_over_time"] = static (in w) => w.Values[IndexOfExtreme(w.Values, -1)],
        ["predict_linear"] = PredictLinear,
        ["present_over_time"] = static (in _) => 1,
        ["resets"] = Resets,
        ["stddev_over_time"] = static (in w) => Math.Sqrt(Variance(w)),
        ["stdvar_over_time"] = static (in w) => Variance(w),
        ["sum_over_time"] = Sum,
        ["ts_of_first_over_time"] = static (in w) => w.Times[0] / 1000d,
        ["ts_of_last_over_time"] = static (in w) => w.Times[^1] / 1000d,
        ["ts_of_max_over_time"] = static (in w) => w.Times[IndexOfLastExtreme(w.Values, +1)] / 1000d,
        ["ts_of_min_over_time"] = static (in w) => w.Times[IndexOfLastExtreme(w.Values, -1)] / 1000d,
    };

    /// <summary>Those whose result keeps the metric name.</summary>
    public static bool KeepsName(string function) => function is "first_over_time" or "last_over_time";

    private static double Sum(in RangeWindow window)
    {
        var sum = new CompensatedSum();
        foreach (var value in window.Values)
        {
            sum.Add(value);
        }
        return double.IsInfinity(sum.Sum) ? sum.Sum : sum.Value;
    }

    private static double Mean(in RangeWindow window)
    {
        var mean = new CompensatedMean();
        foreach (var value in window.Values)
        {
            mean.Add(value);
        }
        return mean.Value;
    }

    private static double Variance(in RangeWindow window)
    {
        var variance = new RunningVariance();
        foreach (var value in window.Values)
        {
            variance.Add(value);
        }
        return variance.Value;
    }

    private static double Changes(in RangeWindow window)
    {
        var changes = 0;
        for (var i = 1; i < window.Values.Length; i++)
        {
            var (before, now) = (window.Values[i - 1], window.Values[i]);
            changes += now != before && !(double.IsNaN(now) && double.IsNaN(before)) ? 1 : 0;
        }
        return changes;
    }

    private static double Resets(in RangeWindow window)
    {
        var resets = 0;
        for (var i = 1; i < window.Values.Length; i++)
        {
            resets += window.Values[i] < window.Values[i - 1] ? 1 : 0;
        }
        return resets;
    }

    private static double LastTwo(in RangeWindow window, bool isRate)
    {
        var count = window.Values.Length;
        if (count < 2)
        {
            return Absent.Value;
        }
        var (last, before) = (window.Values[count - 1], window.Values[count - 2]);
        var elapsedMs = window.Times[count - 1] - window.Times[count - 2];
        var change = isRate && last < before ? last : last - before;
        return isRate ? change / (elapsedMs / 1000d) : change;
    }

    // NaN counts only while there is nothing else.
    private static int IndexOfExtreme(ReadOnlySpan<double> values, int sign)
    {
        var best = 0;
        for (var i = 1; i < values.Length; i++)
        {
            if (sign > 0 ? values[i] > values[best] : values[i] < values[best])
            {
                best = i;
            }
            else if (double.IsNaN(values[best]))
            {
                best = i;
            }
        }
        return best;
    }

    private static int IndexOfLastExtreme(ReadOnlySpan<double> values, int sign)
    {
        var best = 0;
        for (var i = 1; i < values.Length; i++)
        {
            if ((sign > 0 ? values[i] >= values[best] : values[i] <= values[best]) || double.IsNaN(values[best]))
            {
                best = i;
            }
        }
        return best;
    }

    private static double MedianDeviation(in RangeWindow window)
    {
        var sorted = window.Values.ToArray();
        if (sorted.Any(double.IsNaN))
        {
            return double.NaN;
        }
        sorted.AsSpan().Sort(Quantiles.Order);
        var median = Quantiles.OfSorted(0.5, sorted);
        for (var i = 0; i < sorted.Length; i++)
        {
            sorted[i] = Math.Abs(sorted[i] - median);
        }
        sorted.AsSpan().Sort(Quantiles.Order);
        return Quantiles.OfSorted(0.5, sorted);
    }

    private static double Derivative(in RangeWindow window) =>
        // Regression is around the first sample to keep the numbers small.
        window.Values.Length < 2 ? Absent.Value : Regression(window, window.Times[0]).Slope;

    private static double PredictLinear(in RangeWindow window)
    {
        if (window.Values.Length < 2)
        {
            return Absent.Value;
        }
        var (slope, intercept) = Regression(window, window.NowMs);
        return (slope * window.First) + intercept;
    }

    // Least squares (simple linear regression) of values over seconds from a point in time.
    private static (double Slope, double Intercept) Regression(in RangeWindow window, long zeroMs)
    {
        var (sumX, sumY, sumXY, sumXX) = (new CompensatedSum(), new CompensatedSum(), new CompensatedSum(), new CompensatedSum());
        var constant = true;
        var values = window.Values;
        for (var i = 0; i < values.Length; i++)
        {
            constant &= values[i] == values[0];
            var x = (window.Times[i] - zeroMs) / 1000d;
            sumX.Add(x);
            sumY.Add(values[i]);
            sumXY.Add(x * values[i]);
            sumXX.Add(x * x);
        }
        if (constant)
        {
            return double.IsInfinity(values[0]) ? (double.NaN, double.NaN) : (0, values[0]);
        }
        var count = (double)values.Length;
        var covariance = sumXY.Value - (sumX.Value * sumY.Value / count);
        var variance = sumXX.Value - (sumX.Value * sumX.Value / count);
        var slope = covariance / variance;
        return (slope, (sumY.Value / count) - (slope * sumX.Value / count));
    }

    // Holt's linear method: a smoothed level and a smoothed trend.
    private static double DoubleExponentialSmoothing(in RangeWindow window)
    {
        var (smoothing, trendFactor) = (window.First, window.Second);
        if (smoothing is <= 0 or >= 1)
        {
            throw QueryException.Execution($"invalid smoothing factor. Expected: 0 < sf < 1, got: {GoFloat.Format(smoothing, 'f', 6)}");
        }
        if (trendFactor is <= 0 or >= 1)
        {
            throw QueryException.Execution($"invalid trend factor. Expected: 0 < tf < 1, got: {GoFloat.Format(trendFactor, 'f', 6)}");
        }
        var values = window.Values;
        if (values.Length < 2)
        {
            return Absent.Value;
        }
        var (before, level, trend) = (0d, values[0], values[1] - values[0]);
        for (var i = 1; i < values.Length; i++)
        {
            if (i > 1)
            {
                trend = (trendFactor * (level - before)) + ((1 - trendFactor) * trend);
            }
            (before, level) = (level, (smoothing * values[i]) + ((1 - smoothing) * (level + trend)));
        }
        return level;
    }
}
