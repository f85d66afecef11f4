using Nines.Metrics;
using Nines.PromQL;

namespace Nines.Server.Telemetry.Pages;

/// <summary>Answers the query page. A page waits for its answer, so less time and fewer queries at once are given than to the API.</summary>
internal sealed class Explorer(ISeriesSource source, QueryOptions options, QueryBudget budget, TimeProvider time) : IDisposable
{
    private const int MostAtOnce = 4;
    private const long ExamplesOfMs = 3_600_000;
    private static readonly TimeSpan Longest = TimeSpan.FromSeconds(10);

    private readonly QueryEngine _engine = new(source, options with { Timeout = options.Timeout < Longest ? options.Timeout : Longest }, budget);
    private readonly SemaphoreSlim _places = new(MostAtOnce);

    /// <inheritdoc/>
    public void Dispose() => _places.Dispose();

    public async Task<ExploreAnswer> AskAsync(ExploreQuery query, CancellationToken stop)
    {
        var endMs = query.EndMs ?? time.GetUtcNow().ToUnixTimeMilliseconds();
        var answer = new ExploreAnswer(query, endMs);
        if (query.Expr.Length == 0)
        {
            return answer with { Examples = Examples(endMs) };
        }
        var parsed = PromParser.Parse(query.Expr);
        if (parsed.Expr is not { } expr)
        {
            return answer with { Problem = parsed.Problems[0] };
        }
        answer = answer with { Canonical = expr.ToString() };
        if (!query.Table && expr.Kind is ValueKind.Matrix or ValueKind.String)
        {
            return answer with { Error = $"A {(expr.Kind == ValueKind.String ? "text" : "range vector")} has no graph." };
        }
        if (!await _places.WaitAsync(Longest, stop))
        {
            return answer with { Error = $"{MostAtOnce} other queries of this page run, and none ended within {Longest.TotalSeconds:0} s." };
        }
        try
        {
            var began = time.GetTimestamp();
            var result = query.Table ? _engine.Instant(query.Expr, endMs, stop)
                : _engine.Range(query.Expr, endMs - query.RangeMs, endMs, query.StepMs, stop);
            return Told(answer with { Took = time.GetElapsedTime(began), Annotations = result.Annotations }, result, expr);
        }
        finally
        {
            _places.Release();
        }
    }

    private ExploreAnswer Told(ExploreAnswer answer, QueryResult result, Expr expr)
    {
        if (result.Error is { } error)
        {
            return answer with
            {
                Error = error.Kind == QueryErrorKind.Timeout ? $"Not done after {answer.Took.TotalSeconds:0.#} s. Ask for a shorter range or fewer series."
                    : Sentence(error.Message),
            };
        }
        var query = answer.Query;
        answer = answer with { Value = result.Value };
        return answer switch
        {
            { Series: 0 } => answer with { Unknown = Unknown(expr) },
            { Value: MatrixValue matrix } when !query.Table =>
                answer with { Graph = ExploreGraph.Of(matrix.Series, answer.EndMs - query.RangeMs, query.StepMs, (int)(query.RangeMs / query.StepMs) + 1) },
            _ => answer,
        };
    }

    private static string Sentence(string message) => char.ToUpperInvariant(message[0]) + message[1..] + (message[^1] is '.' ? "" : ".");

    private List<(string Words, string Expr)> Examples(long endMs)
    {
        var names = source.LabelValues(Labels.MetricName, [], endMs - ExamplesOfMs, endMs);
        var examples = new List<(string, string)>();
        if (names.Contains("up", StringComparer.Ordinal))
        {
            examples.Add(("Which targets answer", "up"));
        }
        if (names.FirstOrDefault(n => n.EndsWith("_total", StringComparison.Ordinal) && Word(n)) is { } counter)
        {
            examples.Add(("How often it happens, per second", $"sum(rate({counter}[5m]))"));
        }
        if (names.FirstOrDefault(n => n.EndsWith("_bucket", StringComparison.Ordinal) && Word(n)) is { } buckets)
        {
            examples.Add(("How long nine in ten take at most", $"histogram_quantile(0.9, sum by (le) (rate({buckets}[5m])))"));
        }
        foreach (var name in names.Where(n => Word(n) && !examples.Any(e => e.Item2.Contains(n, StringComparison.Ordinal))
            && !n.EndsWith("_total", StringComparison.Ordinal) && !n.EndsWith("_bucket", StringComparison.Ordinal)).Take(3 - Math.Min(3, examples.Count)))
        {
            examples.Add(("The five largest", $"topk(5, {name})"));
        }
        return examples;
    }

    private static bool Word(string name) => PromParser.Parse(name).Expr is VectorSelector;

    private List<string> Unknown(Expr expr) =>
        [.. Names(expr).Distinct(StringComparer.Ordinal).Where(n => source.LabelValues(Labels.MetricName, [new Matcher(Labels.MetricName, MatchOp.Equal, n)],
            long.MinValue, long.MaxValue).Count == 0)];

    private static IEnumerable<string> Names(Expr? expr) => expr switch
    {
        VectorSelector selector => selector.Name is { } name ? [name] : [],
        MatrixSelector matrix => Names(matrix.Selector),
        SubqueryExpr subquery => Names(subquery.Inner),
        UnaryExpr unary => Names(unary.Inner),
        ParenExpr paren => Names(paren.Inner),
        BinaryExpr binary => Names(binary.Left).Concat(Names(binary.Right)),
        AggregateExpr aggregate => Names(aggregate.Inner).Concat(Names(aggregate.Parameter)),
        Call call => call.Arguments.SelectMany(Names),
        _ => [],
    };
}
