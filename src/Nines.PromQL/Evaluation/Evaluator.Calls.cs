using Nines.Metrics;

namespace Nines.PromQL.Evaluation;

// Functions.
internal sealed partial class Evaluator
{
    private IEnumerable<Row> Called(Call call, Steps steps)
    {
        var name = call.Function.Name;
        if (InstantFunctions.Numbers.TryGetValue(name, out var number))
        {
            return Mapped(call.Arguments[0], steps, number);
        }
        if (InstantFunctions.Dates.TryGetValue(name, out var date))
        {
            return call.Arguments.Count == 0 ? [Constant(Seconds(steps, date))] : Mapped(call.Arguments[0], steps, v => date(v));
        }
        if (call.Arguments.Any(a => a.Kind == ValueKind.Matrix))
        {
            return name == "absent_over_time" ? AbsentOverTime(call.Arguments[0], steps) : OverRanges(call, steps);
        }
        var arguments = call.Arguments;
        return name switch
        {
            "absent" => AbsentRow(arguments[0], Presence(Rows(arguments[0], steps), steps.Count)),
            "clamp" => Clamped(arguments[0], steps, Scalars(arguments[1], steps), Scalars(arguments[2], steps)),
            "clamp_max" => Clamped(arguments[0], steps, null, Scalars(arguments[1], steps)),
            "clamp_min" => Clamped(arguments[0], steps, Scalars(arguments[1], steps), null),
            "round" => Rounded(arguments[0], steps, arguments.Count > 1 ? Scalars(arguments[1], steps) : null),
            "histogram_quantile" => HistogramQuantile(arguments[1], steps, arguments[0]),
            "histogram_quantiles" => HistogramQuantiles(call, steps),
            "histogram_fraction" => HistogramFraction(arguments[2], steps, Scalars(arguments[0], steps), Scalars(arguments[1], steps)),
            // Their subject is the native histogram; of numbers they take no notice.
            "histogram_avg" or "histogram_count" or "histogram_stddev" or "histogram_stdvar" or "histogram_sum" => Nothing(Rows(arguments[0], steps)),
            "info" => WithInfo(call, steps),
            "label_join" => LabelJoin(call, steps),
            "label_replace" => LabelReplace(call, steps),
            "sort" or "sort_desc" => Sorted(call, steps, descending: name == "sort_desc"),
            "sort_by_label" or "sort_by_label_desc" => SortedByLabel(call, steps, descending: name == "sort_by_label_desc"),
            "timestamp" => Timestamps(arguments[0], steps),
            "vector" => [Constant(Scalars(arguments[0], steps))],
            _ => throw QueryException.Execution($"{name}() is not supported"),
        };
    }

    private double[] CalledScalar(Call call, Steps steps) => call.Function.Name switch
    {
        "time" => Seconds(steps, static s => s),
        "scalar" => OnlyValues(call.Arguments[0], steps),
        "min_of" or "max_of" => PairWise(call, steps),
        var name => Same(name switch
        {
            "pi" => Math.PI,
            "step" => query.StepMs / 1000d,
            "range" => (query.EndMs - query.StartMs) / 1000d,
            "start" => query.StartMs / 1000d,
            "end" => query.EndMs / 1000d,
            _ => throw QueryException.Execution($"{name}() is not supported"),
        }, steps.Count),
    };

    private double[] PairWise(Call call, Steps steps)
    {
        var (left, right) = (Scalars(call.Arguments[0], steps), Scalars(call.Arguments[1], steps));
        for (var i = 0; i < left.Length; i++)
        {
            left[i] = call.Function.Name == "min_of" ? Math.Min(left[i], right[i]) : Math.Max(left[i], right[i]);
        }
        return left;
    }

    private static double[] Same(double value, int count)
    {
        var values = new double[count];
        Array.Fill(values, value);
        return values;
    }

    private static double[] Seconds(Steps steps, Func<double, double> of)
    {
        var values = new double[steps.Count];
        for (var i = 0; i < values.Length; i++)
        {
            values[i] = of(steps[i] / 1000d);
        }
        return values;
    }

    // The value of the only series; NaN when there is none or more than one.
    private double[] OnlyValues(Expr vector, Steps steps)
    {
        var (values, counts) = (Same(double.NaN, steps.Count), new int[steps.Count]);
        foreach (var row in Rows(vector, steps))
        {
            for (var i = 0; i < values.Length; i++)
            {
                if (!Absent.Is(row.Values[i]))
                {
                    values[i] = ++counts[i] == 1 ? row.Values[i] : double.NaN;
                }
            }
            _pool.Return(row);
        }
        return values;
    }

    private Row Constant(double[] values)
    {
        var row = _pool.Rent(values.Length);
        (row.Labels, row.DropName) = (Labels.Empty, false);
        values.CopyTo(row.Values, 0);
        return row;
    }

    private IEnumerable<Row> Nothing(IEnumerable<Row> rows)
    {
        foreach (var row in rows)
        {
            _pool.Return(row);
        }
        yield break;
    }

    /// <summary>A function of each value.</summary>
    private IEnumerable<Row> Mapped(Expr vector, Steps steps, Func<double, double> function) =>
        Distinct(Mapped(Rows(vector, steps), (value, _) => function(value)), vector);

    private static IEnumerable<Row> Mapped(IEnumerable<Row> rows, Func<double, int, double> function)
    {
        foreach (var row in rows)
        {
            var values = row.Values;
            for (var i = 0; i < values.Length; i++)
            {
                if (!Absent.Is(values[i]))
                {
                    values[i] = function(values[i], i);
                }
            }
            row.DropName = true;
            yield return row;
        }
    }

    private IEnumerable<Row> Clamped(Expr vector, Steps steps, double[]? low, double[]? high) =>
        Distinct(Mapped(Rows(vector, steps), (value, i) =>
        {
            if (low is not null && high is not null && high[i] < low[i])
            {
                return Absent.Value;
            }
            // Beside an infinity a NaN does not count, as in Go.
            value = high is null ? value : double.IsNegativeInfinity(high[i]) || double.IsNegativeInfinity(value) ? double.NegativeInfinity
                : Math.Min(high[i], value);
            return low is null ? value : double.IsPositiveInfinity(low[i]) || double.IsPositiveInfinity(value) ? double.PositiveInfinity
                : Math.Max(low[i], value);
        }), vector);

    private IEnumerable<Row> Rounded(Expr vector, Steps steps, double[]? to) =>
        Distinct(Mapped(Rows(vector, steps), (value, i) =>
        {
            // The inverse makes round(x, 0.1) exact where 0.1 is not.
            var inverse = 1 / (to?[i] ?? 1);
            return Math.Floor((value * inverse) + 0.5) / inverse;
        }), vector);

    private IEnumerable<Row> Timestamps(Expr vector, Steps steps)
    {
        var inner = vector;
        while (inner is ParenExpr paren)
        {
            inner = paren.Inner;
        }
        return Distinct(inner is VectorSelector selector
            ? Mapped(Selected(selector, steps, timestamps: true), static (value, _) => value)
            : Mapped(Rows(vector, steps), (_, i) => steps[i] / 1000d), vector);
    }

    private bool[] Presence(IEnumerable<Row> rows, int count)
    {
        var present = new bool[count];
        foreach (var row in rows)
        {
            for (var i = 0; i < count; i++)
            {
                present[i] |= !Absent.Is(row.Values[i]);
            }
            _pool.Return(row);
        }
        return present;
    }

    private IEnumerable<Row> AbsentRow(Expr argument, bool[] present)
    {
        var row = _pool.RentAbsent(LabelFunctions.OfAbsent(argument), false, present.Length);
        for (var i = 0; i < present.Length; i++)
        {
            row.Values[i] = present[i] ? Absent.Value : 1;
        }
        yield return row;
    }

    private IEnumerable<Row> AbsentOverTime(Expr argument, Steps steps)
    {
        var present = new bool[steps.Count];
        foreach (var series in Ranged(argument, steps))
        {
            var (low, high) = (0, 0);
            for (var i = 0; i < present.Length; i++)
            {
                series.Range.Slide(i, ref low, ref high);
                present[i] |= low < high;
            }
        }
        return AbsentRow(argument, present);
    }

    private IEnumerable<Row> OverRanges(Call call, Steps steps)
    {
        var matrix = call.Arguments.First(a => a.Kind == ValueKind.Matrix);
        var scalars = call.Arguments.Where(a => a.Kind == ValueKind.Scalar).Select(a => (Of: a, Values: Scalars(a, steps))).ToList();
        var edge = EdgeOf(matrix);
        if (edge != EdgeModifier.None)
        {
            EdgedRanges.Check(edge, call.Function.Name);
        }
        return Distinct(OverRanges(call, matrix, steps, edge, scalars.ConvertAll(s => s.Values)), matrix);
    }

    private static EdgeModifier EdgeOf(Expr matrix) => matrix switch
    {
        MatrixSelector selector => selector.Selector.Edge,
        ParenExpr paren => EdgeOf(paren.Inner),
        _ => EdgeModifier.None,
    };

    private IEnumerable<Row> OverRanges(Call call, Expr matrix, Steps steps, EdgeModifier edge, List<double[]> scalars)
    {
        var name = call.Function.Name;
        var function = RangeFunctions.All.GetValueOrDefault(name);
        var keepsName = RangeFunctions.KeepsName(name);
        var isQuantile = name == "quantile_over_time";
        foreach (var series in Ranged(matrix, steps))
        {
            if (isQuantile)
            {
                Array.ForEach(scalars[0], q => CheckQuantile(q, call.Arguments[0]));
                isQuantile = false;
            }
            var row = _pool.Rent(steps.Count);
            (row.Labels, row.DropName) = (series.Labels, series.DropName || !keepsName);
            switch (name)
            {
                case var _ when edge != EdgeModifier.None:
                    EdgedRanges.Apply(name, edge, function, series.Range, options.LookbackMs, row.Values);
                    break;
                case "rate" or "increase" or "delta":
                    SlidingFunctions.Rate(series.Range, isCounter: name != "delta", isRate: name == "rate", row.Values);
                    break;
                case "quantile_over_time":
                    SlidingFunctions.Quantile(series.Range, scalars[0], row.Values);
                    break;
                default:
                    SlidingFunctions.Apply(function!, series.Range, scalars.ElementAtOrDefault(0), scalars.ElementAtOrDefault(1), row.Values);
                    break;
            }
            if (!HasAny(row.Values))
            {
                _pool.Return(row);
                continue;
            }
            if (name is "rate" or "increase")
            {
                CheckCounter(series.Labels.Name, call.Arguments[0]);
            }
            yield return row;
        }
    }

    private static bool HasAny(double[] values)
    {
        foreach (var value in values)
        {
            if (!Absent.Is(value))
            {
                return true;
            }
        }
        return false;
    }

    private string _checkedName = "";

    private void CheckCounter(string name, Expr at)
    {
        if (ReferenceEquals(name, _checkedName) || name.Length == 0)
        {
            return;
        }
        _checkedName = name;
        if (!name.EndsWith("_total", StringComparison.Ordinal) && !name.EndsWith("_sum", StringComparison.Ordinal)
            && !name.EndsWith("_count", StringComparison.Ordinal) && !name.EndsWith("_bucket", StringComparison.Ordinal))
        {
            Annotations.Info($"metric might not be a counter, name does not end in _total/_sum/_count/_bucket: {PromText.Quoted(name)}", at);
        }
    }

    private IEnumerable<Row> Sorted(Call call, Steps steps, bool descending)
    {
        var rows = Rows(call.Arguments[0], steps);
        if (query.StepMs > 0 || steps.Count > 1)
        {
            Annotations.Warn("sort is ineffective for range queries since results are always ordered by labels", call);
            return rows;
        }
        // NaN comes last either way.
        var list = rows.Where(r => HasAny(r.Values)).ToList();
        return descending
            ? list.OrderBy(r => double.IsNaN(r.Values[0])).ThenByDescending(r => r.Values[0])
            : list.OrderBy(r => double.IsNaN(r.Values[0])).ThenBy(r => r.Values[0]);
    }

    private IEnumerable<Row> SortedByLabel(Call call, Steps steps, bool descending)
    {
        var rows = Rows(call.Arguments[0], steps);
        if (query.StepMs > 0 || steps.Count > 1)
        {
            Annotations.Warn("sort is ineffective for range queries since results are always ordered by labels", call);
            return rows;
        }
        var names = call.Arguments.Skip(1).Select(Text).ToList();
        var list = rows.ToList();
        list.Sort((a, b) => LabelFunctions.NaturalOrder(Seen(a), Seen(b), names) * (descending ? -1 : 1));
        return list;
    }

    private List<Row> LabelReplace(Call call, Steps steps)
    {
        var texts = call.Arguments.Skip(1).Select(Text).ToList();
        var replace = LabelFunctions.Replacement(texts[0], texts[1], texts[2], texts[3]);
        return Relabelled(Rows(call.Arguments[0], steps), texts[0], replace);
    }

    private List<Row> LabelJoin(Call call, Steps steps)
    {
        var texts = call.Arguments.Skip(1).Select(Text).ToList();
        LabelFunctions.CheckName(texts[0], "destination label name in label_join()");
        texts.Skip(2).ToList().ForEach(s => LabelFunctions.CheckName(s, "source label name in label_join()"));
        return Relabelled(Rows(call.Arguments[0], steps), texts[0],
            labels => labels.With(texts[0], string.Join(texts[1], texts.Skip(2).Select(s => labels[s]))));
    }

    // A name that is written anew stays, though it was to be dropped.
    private List<Row> Relabelled(IEnumerable<Row> rows, string target, Func<Labels, Labels> relabel)
    {
        var byLabels = new Dictionary<(Labels, bool), Row>();
        foreach (var row in rows)
        {
            var before = Seen(row);
            var labels = relabel(before);
            row.DropName = row.DropName && _delayed && !(target == Labels.MetricName && !ReferenceEquals(labels, before));
            row.Labels = labels;
            if (!byLabels.TryAdd((labels, row.DropName), row))
            {
                Merge(row, byLabels[(labels, row.DropName)]);
            }
        }
        return [.. byLabels.Values];
    }
}
