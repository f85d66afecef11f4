using Nines.Metrics;

namespace Nines.PromQL;

/// <summary>Evaluates queries over a source of series. Safe for use by many threads.</summary>
public sealed class QueryEngine(ISeriesSource source, QueryOptions options)
{
    /// <summary>Evaluates a query at one time. A bad query, a limit reached or a cancellation is an answer, not an exception.</summary>
    /// <param name="query">The query.</param>
    /// <param name="timeMs">Milliseconds since the Unix epoch.</param>
    /// <param name="stop">Ends the evaluation.</param>
    public QueryResult Instant(string query, long timeMs, CancellationToken stop = default) =>
        Parsed(query, expr => Instant(expr, timeMs, stop));

    /// <summary>Evaluates an expression at one time.</summary>
    public QueryResult Instant(Expr expr, long timeMs, CancellationToken stop = default) => throw new NotSupportedException($"{source} {options}");

    /// <summary>Evaluates a query at each step from a start to an end, both included.</summary>
    /// <param name="query">The query; its value must be a scalar or an instant vector.</param>
    /// <param name="startMs">First time, in milliseconds since the Unix epoch.</param>
    /// <param name="endMs">Last time; not before the first.</param>
    /// <param name="stepMs">Distance between two evaluations, above 0.</param>
    /// <param name="stop">Ends the evaluation.</param>
    public QueryResult Range(string query, long startMs, long endMs, long stepMs, CancellationToken stop = default) =>
        Parsed(query, expr => Range(expr, startMs, endMs, stepMs, stop));

    /// <summary>Evaluates an expression at each step.</summary>
    public QueryResult Range(Expr expr, long startMs, long endMs, long stepMs, CancellationToken stop = default) => throw new NotSupportedException();

    private static QueryResult Parsed(string query, Func<Expr, QueryResult> evaluate)
    {
        var parsed = PromParser.Parse(query);
        return parsed.Expr is { } expr
            ? evaluate(expr)
            : new QueryResult(null, new QueryError(QueryErrorKind.BadData, parsed.Problems[0].Message), []);
    }
}
