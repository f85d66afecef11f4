using Nines.Metrics;

namespace Nines.PromQL.Evaluation;

/// <summary>
/// Evaluates one query. Each part of an expression is evaluated for all steps at once, series by series: a selector decodes a series once, functions
/// change its row of values in place, aggregations add it up and give it back. Rows are made only as far as someone asks for the next.
/// </summary>
internal sealed partial class Evaluator(ISeriesSource source, QueryOptions options, QueryTimes query, RowPool pool, CancellationToken stop)
{
    private readonly RowPool _pool = pool;
    private readonly bool _delayed = options.DelayedNameRemoval;
    private readonly Dictionary<Expr, bool> _invariant = new(ReferenceEqualityComparer.Instance);

    /// <summary>What the asker should know, in order of discovery.</summary>
    public Annotations Annotations { get; } = new();

    /// <summary>Rows of a vector expression. Each row belongs to whoever takes it.</summary>
    public IEnumerable<Row> Rows(Expr expr, Steps steps)
    {
        if (steps.Count > 1 && expr is not (NumberLiteral or ParenExpr) && IsInvariant(expr))
        {
            return Repeated(expr, steps);
        }
        return expr switch
        {
            ParenExpr paren => Rows(paren.Inner, steps),
            VectorSelector selector => Selected(selector, steps, timestamps: false),
            UnaryExpr unary => unary.Negative ? Mapped(unary.Inner, steps, static v => -v) : Rows(unary.Inner, steps),
            AggregateExpr aggregate => Aggregated(aggregate, steps),
            BinaryExpr binary => Combined(binary, steps),
            Call call => Called(call, steps),
            _ => throw new InvalidOperationException($"{expr.Kind} where a vector is needed"),
        };
    }

    /// <summary>A scalar expression's value at each step.</summary>
    public double[] Scalars(Expr expr, Steps steps)
    {
        var values = new double[steps.Count];
        switch (expr)
        {
            case NumberLiteral number:
                Array.Fill(values, number.Value);
                return values;
            case ParenExpr paren:
                return Scalars(paren.Inner, steps);
            case UnaryExpr unary:
                values = Scalars(unary.Inner, steps);
                for (var i = 0; unary.Negative && i < values.Length; i++)
                {
                    values[i] = -values[i];
                }
                return values;
            case BinaryExpr binary:
                var (left, right) = (Scalars(binary.Left, steps), Scalars(binary.Right, steps));
                var operation = Operators.Scalar(binary.Op);
                for (var i = 0; i < values.Length; i++)
                {
                    values[i] = operation(left[i], right[i]);
                }
                return values;
            case Call call:
                return CalledScalar(call, steps);
            default:
                throw new InvalidOperationException($"{expr.Kind} where a scalar is needed");
        }
    }

    /// <summary>A string expression's value.</summary>
    public static string Text(Expr expr) => expr switch
    {
        StringLiteral text => text.Value,
        ParenExpr paren => Text(paren.Inner),
        _ => throw new InvalidOperationException($"{expr.Kind} where a string is needed"),
    };

    /// <summary>The labels a row shows to whoever looks at the metric name at this point of the query.</summary>
    private Labels Seen(Row row) => row.DropName && !_delayed ? row.Labels.WithoutMetadata() : row.Labels;

    /// <summary>The labels of a row as far as a projection looks at them; spares making label sets without names when it does not.</summary>
    private Labels Seen(Row row, LabelProjection projection) =>
        row.DropName && !_delayed && projection.LooksAtMetadata(row.Labels) ? row.Labels.WithoutMetadata() : row.Labels;

    /// <summary>Rows whose labels are final: names dropped, rows of the same labels merged.</summary>
    /// <exception cref="QueryException">Two rows of the same labels have a value at the same step.</exception>
    public IEnumerable<Row> Finished(IEnumerable<Row> rows)
    {
        var byLabels = new Dictionary<Labels, Row>();
        foreach (var row in rows)
        {
            var labels = row.DropName ? row.Labels.WithoutMetadata() : row.Labels;
            (row.Labels, row.DropName) = (labels, false);
            if (!byLabels.TryAdd(labels, row))
            {
                Merge(row, byLabels[labels]);
            }
        }
        return byLabels.Values;
    }

    /// <summary>Merges rows that dropping the name may have made the same. Passes rows on as they come when their names cannot differ.</summary>
    private IEnumerable<Row> Distinct(IEnumerable<Row> rows, Expr input) =>
        _delayed || HasOneName(input) ? rows : Finished(rows);

    // Puts the values of a row into another of the same labels.
    private void Merge(Row row, Row into)
    {
        for (var i = 0; i < row.Values.Length; i++)
        {
            if (Absent.Is(row.Values[i]))
            {
                continue;
            }
            if (!Absent.Is(into.Values[i]))
            {
                throw QueryException.Execution("vector cannot contain metrics with the same labelset");
            }
            into.Values[i] = row.Values[i];
        }
        _pool.Return(row);
    }

    private static bool HasOneName(Expr expr) => expr switch
    {
        VectorSelector selector => selector.Matchers.Any(m => m is { Name: Labels.MetricName, Op: MatchOp.Equal }),
        MatrixSelector matrix => HasOneName(matrix.Selector),
        ParenExpr paren => HasOneName(paren.Inner),
        UnaryExpr unary => HasOneName(unary.Inner),
        SubqueryExpr subquery => HasOneName(subquery.Inner),
        Call { Function.Name: not ("label_replace" or "label_join") } call =>
            call.Arguments.All(a => a.Kind is ValueKind.Scalar or ValueKind.String || HasOneName(a)),
        BinaryExpr { Matching: null } binary when binary.Left.Kind == ValueKind.Scalar || binary.Right.Kind == ValueKind.Scalar =>
            HasOneName(binary.Left.Kind == ValueKind.Scalar ? binary.Right : binary.Left),
        AggregateExpr aggregate =>
            !aggregate.Grouping.Contains(Labels.MetricName, StringComparer.Ordinal) && aggregate.Op is not ("topk" or "bottomk" or "limitk" or "limit_ratio"),
        _ => false,
    };

    private IEnumerable<Row> Repeated(Expr expr, Steps steps)
    {
        foreach (var row in Rows(expr, Steps.Once(steps.StartMs)))
        {
            var repeated = _pool.Rent(steps.Count);
            (repeated.Labels, repeated.DropName) = (row.Labels, row.DropName);
            Array.Fill(repeated.Values, row.Values[0]);
            _pool.Return(row);
            yield return repeated;
        }
    }

    // Whether the value is the same at all steps: every selector in it is pinned by @.
    private bool IsInvariant(Expr expr)
    {
        if (_invariant.TryGetValue(expr, out var known))
        {
            return known;
        }
        var invariant = expr switch
        {
            NumberLiteral or StringLiteral => true,
            ParenExpr paren => IsInvariant(paren.Inner),
            UnaryExpr unary => IsInvariant(unary.Inner),
            VectorSelector selector => selector.At is not null,
            MatrixSelector matrix => matrix.Selector.At is not null,
            SubqueryExpr subquery => subquery.At is not null,
            AggregateExpr aggregate => IsInvariant(aggregate.Inner) && (aggregate.Parameter is null || IsInvariant(aggregate.Parameter)),
            BinaryExpr binary => IsInvariant(binary.Left) && IsInvariant(binary.Right),
            Call call => !DependsOnTime(call.Function.Name) && call.Arguments.All(IsInvariant),
            _ => false,
        };
        return _invariant[expr] = invariant;
    }

    private static bool DependsOnTime(string function) =>
        function is "time" or "timestamp" or "predict_linear" or "day_of_month" or "day_of_week" or "day_of_year" or "days_in_month" or "hour" or "minute"
            or "month" or "year";

    private long DurationMs(Expr? duration)
    {
        if (duration is null)
        {
            return 0;
        }
        var seconds = DurationSeconds(duration);
        if (double.IsNaN(seconds) || Math.Abs(seconds) > 9.2e15)
        {
            throw QueryException.Execution("duration out of range");
        }
        return (long)Math.Round(seconds * 1000, MidpointRounding.AwayFromZero);
    }

    private long RangeMs(Expr range)
    {
        var ms = DurationMs(range);
        return ms > 0 ? ms : throw new QueryException(QueryErrorKind.BadData, "duration must be greater than 0");
    }

    private double DurationSeconds(Expr duration) => duration switch
    {
        NumberLiteral number => number.Value,
        ParenExpr paren => DurationSeconds(paren.Inner),
        UnaryExpr unary => unary.Negative ? -DurationSeconds(unary.Inner) : DurationSeconds(unary.Inner),
        BinaryExpr { Op: "/" or "%" } division when DurationSeconds(division.Right) == 0 =>
            throw new QueryException(QueryErrorKind.BadData, division.Op == "/" ? "division by zero" : "modulo by zero"),
        BinaryExpr binary => Operators.Scalar(binary.Op)(DurationSeconds(binary.Left), DurationSeconds(binary.Right)),
        Call { Function.Name: "step" } => query.StepMs / 1000d,
        Call { Function.Name: "range" } => (query.EndMs - query.StartMs) / 1000d,
        Call { Function.Name: "min_of" } call => Math.Min(DurationSeconds(call.Arguments[0]), DurationSeconds(call.Arguments[1])),
        Call { Function.Name: "max_of" } call => Math.Max(DurationSeconds(call.Arguments[0]), DurationSeconds(call.Arguments[1])),
        _ => throw new InvalidOperationException("not a duration"),
    };
}
