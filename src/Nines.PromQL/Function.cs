using System.Collections.Frozen;

namespace Nines.PromQL;

/// <summary>A function of the query language.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Arguments">The kinds of its arguments.</param>
/// <param name="Optional">How many of the last arguments may be left out; −1 when the last may be repeated, or left out.</param>
/// <param name="Returns">The kind of its value.</param>
public sealed record Function(string Name, IReadOnlyList<ValueKind> Arguments, int Optional, ValueKind Returns)
{
    /// <summary>Every function, by name.</summary>
    public static readonly FrozenDictionary<string, Function> All = Table().ToFrozenDictionary(f => f.Name);

    private static IEnumerable<Function> Table()
    {
        const ValueKind S = ValueKind.Scalar, T = ValueKind.String, V = ValueKind.Vector, M = ValueKind.Matrix;
        string[] ofVector =
        [
            "abs", "absent", "acos", "acosh", "asin", "asinh", "atan", "atanh", "ceil", "cos", "cosh", "deg", "exp", "floor", "histogram_avg",
                "histogram_count",
            "histogram_stddev", "histogram_stdvar", "histogram_sum", "ln", "log10", "log2", "rad", "sgn", "sin", "sinh", "sort", "sort_desc", "sqrt", "tan",
                "tanh",
            "timestamp", "start_timestamp",
        ];
        foreach (var name in ofVector)
        {
            yield return new(name, [V], 0, V);
        }
        string[] ofMatrix =
        [
            "absent_over_time", "avg_over_time", "changes", "count_over_time", "delta", "deriv", "first_over_time", "idelta", "increase", "irate",
                "last_over_time",
            "mad_over_time", "max_over_time", "min_over_time", "present_over_time", "rate", "resets", "stddev_over_time", "stdvar_over_time", "sum_over_time",
            "ts_of_first_over_time", "ts_of_last_over_time", "ts_of_max_over_time", "ts_of_min_over_time",
        ];
        foreach (var name in ofMatrix)
        {
            yield return new(name, [M], 0, V);
        }
        foreach (var name in (string[])["day_of_month", "day_of_week", "day_of_year", "days_in_month", "hour", "minute", "month", "year"])
        {
            yield return new(name, [V], 1, V);
        }
        yield return new("clamp", [V, S, S], 0, V);
        yield return new("clamp_max", [V, S], 0, V);
        yield return new("clamp_min", [V, S], 0, V);
        yield return new("double_exponential_smoothing", [M, S, S], 0, V);
        yield return new("histogram_fraction", [S, S, V], 0, V);
        yield return new("histogram_quantile", [S, V], 0, V);
        yield return new("histogram_quantiles", [V, T, S, S], -1, V);
        yield return new("holt_winters", [M, S, S], 0, V);
        yield return new("info", [V, V], 1, V);
        yield return new("label_join", [V, T, T, T], -1, V);
        yield return new("label_replace", [V, T, T, T, T], 0, V);
        yield return new("pi", [], 0, S);
        yield return new("predict_linear", [M, S], 0, V);
        yield return new("quantile_over_time", [S, M], 0, V);
        yield return new("round", [V, S], 1, V);
        yield return new("scalar", [V], 0, S);
        yield return new("sort_by_label", [V, T], -1, V);
        yield return new("sort_by_label_desc", [V, T], -1, V);
        yield return new("time", [], 0, S);
        yield return new("vector", [S], 0, V);
        // Only within durations, where they are read by the parser; also as numbers.
        yield return new("step", [], 0, S);
        yield return new("range", [], 0, S);
        yield return new("start", [], 0, S);
        yield return new("end", [], 0, S);
        yield return new("min_of", [S, S], 0, S);
        yield return new("max_of", [S, S], 0, S);
    }
}
