namespace Nines.Conformance.Tests.Promql;

/// <summary>
/// Queries by a seeded grammar over the metrics of <see cref="DataSets"/>: the same seed gives the same queries. What is known to differ between
/// versions of Prometheus (<see cref="NamedDifferenceTests"/>) it does not ask.
/// </summary>
internal sealed class ExpressionGenerator(int seed)
{
    private static readonly string[] Counters = ["requests_total", "errors_total", "bytes_sum"];
    private static readonly string[] Gauges = ["queue_depth", "temperature", "odd_values"];
    // No multiple of a subquery's step, so that nested ranges do not begin at a sample either.
    private static readonly string[] Ranges = ["47s", "2m3s", "5m1s", "17m7s"];
    private static readonly string[] OfNumbers =
        ["abs", "ceil", "floor", "exp", "ln", "log2", "log10", "sqrt", "sgn", "sin", "cos", "tan", "atan", "sinh", "deg", "rad", "round", "-"];
    private static readonly string[] OfGaugeRanges =
    [
        "avg_over_time", "min_over_time", "max_over_time", "sum_over_time", "count_over_time", "stddev_over_time", "stdvar_over_time", "last_over_time",
        "present_over_time", "delta", "deriv", "idelta", "changes", "resets",
    ];
    private static readonly string[] OfCounterRanges = ["rate", "increase", "irate", "resets", "changes", "delta"];
    private static readonly string[] Folds = ["sum", "avg", "min", "max", "count", "stddev", "stdvar", "group"];
    private static readonly string[] Arithmetic = ["+", "-", "*", "/", "%", "^"];
    private static readonly string[] Comparisons = ["==", "!=", "<", "<=", ">", ">="];
    private static readonly string[] Dates = ["hour", "minute", "month", "year", "day_of_week", "day_of_month", "days_in_month", "day_of_year"];

    private readonly Random _random = new(seed);

    /// <summary>The next query; its value is an instant vector or a scalar.</summary>
    public string Next() => Vector(3);

    private string Vector(int depth)
    {
        if (depth == 0)
        {
            return Selector(_random.Next(2) == 0 ? Counters : Gauges) + Modifier();
        }
        return _random.Next(22) switch
        {
            0 or 1 => Selector(Gauges) + Modifier(),
            2 or 3 => $"{Pick(OfCounterRanges)}({Selector(Counters)}[{Pick(Ranges)}]{Modifier()})",
            4 or 5 => $"{Pick(OfGaugeRanges)}({Selector(Gauges)}[{Pick(Ranges)}]{Modifier()})",
            6 => $"quantile_over_time({Quantile()}, {Selector(Gauges)}[{Pick(Ranges)}])",
            7 => $"predict_linear({Selector(Gauges)}[5m] offset {_random.Next(1, 90)}s, {_random.Next(1, 600)})",
            8 => $"holt_winters({Selector(Gauges)}[5m], 0.{_random.Next(1, 10)}, 0.{_random.Next(1, 10)})",
            9 or 10 => Fold(Vector(depth - 1)),
            11 => $"quantile{Grouping()}({Quantile()}, {Vector(depth - 1)})",
            12 => $"histogram_quantile({Pick(["0", "0.1", "0.5", "0.77", "0.9", "0.99", "-1", "2"])}, sum by (le{(_random.Next(2) == 0 ? ", job" : "")}) (rate(latency_seconds_bucket[{Pick(Ranges)}])))",
            13 => $"({Vector(depth - 1)}) {Pick(Arithmetic)} {Number()}",
            14 => $"{Number()} {Pick(Comparisons)} {(_random.Next(2) == 0 ? "bool " : "")}({Vector(depth - 1)})",
            15 => Matched(depth),
            16 => $"({Vector(depth - 1)}) {Pick(["and", "or", "unless"])} {(_random.Next(2) == 0 ? "on (instance) " : "")}({Vector(depth - 1)})",
            17 => Pick(OfNumbers) is var f && f == "-" ? $"-({Vector(depth - 1)})" : $"{f}({Vector(depth - 1)})",
            18 => $"{Pick(OfGaugeRanges[..9])}(({Vector(depth - 1)})[{Pick(Ranges)}:{Pick(["15s", "30s", "1m"])}]{Modifier()})",
            19 => $"label_replace({Vector(depth - 1)}, \"copy\", \"$1-x\", \"instance\", \"(.*)-?.*\")",
            20 => $"clamp({Vector(depth - 1)}, {_random.Next(-5, 5)}, {_random.Next(5, 100)})",
            _ => Rare(depth),
        };
    }

    private string Rare(int depth) => _random.Next(7) switch
    {
        0 => $"absent({Vector(depth - 1)})",
        1 => $"vector(scalar({Vector(depth - 1)}))",
        2 => $"{Pick(Dates)}({Selector(Gauges[..2])} * 1e8)",
        3 => $"timestamp({Selector(Gauges)})",
        4 => $"absent_over_time({Selector(Gauges)}[{Pick(Ranges)}])",
        5 => $"topk by (job) ({_random.Next(1, 4)}, {Selector(Gauges)})",
        _ => $"count_values by (job) (\"value\", {Vector(depth - 1)})",
    };

    private string Matched(int depth)
    {
        var (left, right) = (Selector(_random.Next(2) == 0 ? Counters : Gauges), Selector(Gauges));
        var op = _random.Next(3) == 0 ? Pick(Comparisons) : Pick(Arithmetic);
        return _random.Next(4) switch
        {
            0 => $"{left} {op} ignoring (path) {right}",
            1 => $"{left} {op} on (job, instance) group_left {Pick(Folds[..5])} by (job, instance) ({right})",
            2 => $"{Pick(Folds)} by (job) ({Vector(depth - 1)}) {op} on (job) group_right {right}",
            _ => $"{Pick(Folds)} by (instance) ({left}) {op} {Pick(Folds)} by (instance) ({Vector(depth - 1)})",
        };
    }

    private string Selector(string[] names)
    {
        var matchers = _random.Next(6) switch
        {
            0 => "{job=\"api\"}",
            1 => "{job!=\"api\"}",
            2 => "{instance=~\"a.*|b-1\"}",
            3 => "{path!~\"/x.+\"}",
            _ => "",
        };
        return Pick(names) + matchers;
    }

    private string Modifier() => _random.Next(8) switch
    {
        0 => " offset 3m7s",
        1 => " offset -1m",
        2 => " @ end()",
        3 => " @ start() offset 30s",
        _ => "",
    };

    // The variance of a single infinity is a named difference.
    private string Fold(string inner) => $"{Pick(Folds)}{Grouping()}({inner})" is var fold && fold.StartsWith("std", StringComparison.Ordinal)
        ? $"{fold.Split('(')[0].Split(' ')[0]}{Grouping()}(clamp({inner}, -1e6, 1e6))" : fold;

    private string Grouping() => _random.Next(4) switch { 0 => " by (job)", 1 => " by (job, path)", 2 => " without (instance)", _ => "" };

    private string Quantile() => Pick(["0", "0.1", "0.5", "0.9", "0.99", "1", "-1", "2"]);

    private string Number() => Pick(["0", "1", "-2.5", "1000", "0.001", "3", "Inf", "7.25"]);

    private string Pick(IReadOnlyList<string> from) => from[_random.Next(from.Count)];
}
