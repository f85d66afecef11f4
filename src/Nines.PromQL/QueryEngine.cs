using Nines.Metrics;
using Nines.PromQL.Evaluation;

namespace Nines.PromQL;

/// <summary>Evaluates queries over a source of series. Safe for use by many threads.</summary>
/// <param name="source">The series.</param>
/// <param name="options">How, and how large a query may become.</param>
/// <param name="budget">What its queries share with those of other engines, or null. Who asks takes a place in it beforehand.</param>
public sealed class QueryEngine(ISeriesSource source, QueryOptions options, QueryBudget? budget = null)
{
    /// <summary>Evaluates a query at one time. A bad query, a limit reached or a cancellation is an answer, not an exception.</summary>
    /// <param name="query">The query.</param>
    /// <param name="timeMs">Milliseconds since the Unix epoch.</param>
    /// <param name="stop">Ends the evaluation.</param>
    public QueryResult Instant(string query, long timeMs, CancellationToken stop = default) =>
        Parsed(query, expr => Run(expr, new QueryTimes(timeMs, timeMs, 0), query, InstantValue, stop));

    /// <summary>Evaluates an expression at one time. Positions in annotations are those in the text it was read from, taken as one line.</summary>
    public QueryResult Instant(Expr expr, long timeMs, CancellationToken stop = default) =>
        Run(expr, new QueryTimes(timeMs, timeMs, 0), "", InstantValue, stop);

    /// <summary>Evaluates a query at each step from a start to an end, both included.</summary>
    /// <param name="query">The query; its value must be a scalar or an instant vector.</param>
    /// <param name="startMs">First time, in milliseconds since the Unix epoch.</param>
    /// <param name="endMs">Last time; not before the first.</param>
    /// <param name="stepMs">Distance between two evaluations, above 0.</param>
    /// <param name="stop">Ends the evaluation.</param>
    public QueryResult Range(string query, long startMs, long endMs, long stepMs, CancellationToken stop = default) =>
        Parsed(query, expr => Range(expr, query, startMs, endMs, stepMs, stop));

    /// <summary>Evaluates an expression at each step.</summary>
    public QueryResult Range(Expr expr, long startMs, long endMs, long stepMs, CancellationToken stop = default) =>
        Range(expr, "", startMs, endMs, stepMs, stop);

    private QueryResult Range(Expr expr, string text, long startMs, long endMs, long stepMs, CancellationToken stop)
    {
        if (stepMs <= 0 || endMs < startMs)
        {
            return Bad(stepMs <= 0 ? "zero or negative query resolution step widths are not accepted. Try a positive integer"
                : "end timestamp must not be before start time");
        }
        if ((endMs - startMs) / stepMs >= options.MaxPoints)
        {
            return Bad($"exceeded maximum resolution of {options.MaxPoints:N0} points per timeseries. Try decreasing the query resolution (?step=XX)");
        }
        return expr.Kind is ValueKind.Scalar or ValueKind.Vector
            ? Run(expr, new QueryTimes(startMs, endMs, stepMs), text, RangeValue, stop)
            : Bad($"invalid expression type \"{(expr.Kind == ValueKind.String ? "string" : "range vector")}\" for range query, "
                + "must be Scalar or instant Vector");
    }

    private static QueryResult Parsed(string query, Func<Expr, QueryResult> evaluate)
    {
        var parsed = PromParser.Parse(query);
        return parsed.Expr is { } expr ? evaluate(expr) : Bad(parsed.Problems[0].In(query));
    }

    private static QueryResult Bad(string message) => new(null, new QueryError(QueryErrorKind.BadData, message), []);

    private QueryResult Run(Expr expr, QueryTimes times, string text, Func<Evaluator, Expr, Steps, QueryValue> value, CancellationToken stop)
    {
        using var timeout = CancellationTokenSource.CreateLinkedTokenSource(stop);
        timeout.CancelAfter(options.Timeout);
        using var pool = new RowPool(options.MaxSamples, budget);
        var evaluator = new Evaluator(source, options, times, pool, timeout.Token);
        var steps = times.StepMs == 0 ? Steps.Once(times.StartMs) : Steps.Of(times.StartMs, times.EndMs, times.StepMs);
        try
        {
            var result = value(evaluator, expr, steps);
            return new QueryResult(result, null, evaluator.Annotations.In(text));
        }
        catch (QueryException e)
        {
            return new QueryResult(null, new QueryError(e.Kind, e.Message), []);
        }
        catch (Exception e) when (e is not OperationCanceledException and not OutOfMemoryException)
        {
            // Our bug; whoever asked still gets an answer, and what else was asked goes on.
            return new QueryResult(null, new QueryError(QueryErrorKind.Execution, $"unexpected error: {e.GetType().Name}: {e.Message}"), []);
        }
        catch (OperationCanceledException) when (timeout.IsCancellationRequested)
        {
            return new QueryResult(null, stop.IsCancellationRequested
                ? new QueryError(QueryErrorKind.Canceled, "query was canceled in expression evaluation")
                : new QueryError(QueryErrorKind.Timeout, "query timed out in expression evaluation"), []);
        }
    }

    private static QueryValue InstantValue(Evaluator evaluator, Expr expr, Steps once)
    {
        var timeMs = once.StartMs;
        switch (expr.Kind)
        {
            case ValueKind.Scalar:
                return new ScalarValue(new Sample(timeMs, evaluator.Scalars(expr, once)[0]));
            case ValueKind.String:
                return new StringValue(timeMs, Evaluator.Text(expr));
            case ValueKind.Matrix:
                return new MatrixValue(evaluator.Matrix(expr, once));
            default:
                var samples = new List<VectorSample>();
                foreach (var row in evaluator.Finished(evaluator.Rows(expr, once)))
                {
                    if (!Absent.Is(row.Values[0]))
                    {
                        samples.Add(new VectorSample(row.Labels, new Sample(timeMs, row.Values[0])));
                    }
                }
                return new VectorValue(samples);
        }
    }

    private static QueryValue RangeValue(Evaluator evaluator, Expr expr, Steps steps)
    {
        if (expr.Kind == ValueKind.Scalar)
        {
            return new MatrixValue([new MatrixSeries(Labels.Empty, Samples(evaluator.Scalars(expr, steps), steps))]);
        }
        var series = new List<MatrixSeries>();
        foreach (var row in evaluator.Finished(evaluator.Rows(expr, steps)))
        {
            var samples = Samples(row.Values, steps);
            if (samples.Length > 0)
            {
                series.Add(new MatrixSeries(row.Labels, samples));
            }
        }
        series.Sort((a, b) => Labels.Compare(a.Labels, b.Labels));
        return new MatrixValue(series);
    }

    private static Sample[] Samples(double[] values, Steps steps)
    {
        var samples = new Sample[values.AsSpan().Length - Count(values)];
        var next = 0;
        for (var i = 0; i < values.Length; i++)
        {
            if (!Absent.Is(values[i]))
            {
                samples[next++] = new Sample(steps[i], values[i]);
            }
        }
        return samples;
    }

    private static int Count(double[] values)
    {
        var absent = 0;
        foreach (var value in values)
        {
            absent += Absent.Is(value) ? 1 : 0;
        }
        return absent;
    }
}
