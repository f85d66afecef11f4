using Nines.Metrics;
using Nines.PromQL;

namespace Nines.Core.Objectives;

/// <summary>Something in a query that cannot be accounted, with what to write instead.</summary>
/// <param name="Start">Where it starts, in characters of the query from 0.</param>
/// <param name="End">The character after its last.</param>
/// <param name="Refused">Whether the query cannot have been meant, or is no query at all. Else it can be evaluated instead of counted.</param>
public readonly record struct IndicatorProblem(int Start, int End, string Message, string Hint, bool Refused);

/// <summary>What came of reading a query: a sum of counters, or problems.</summary>
/// <param name="Expression">The counters; null when there are problems.</param>
/// <param name="Problems">In order of position; empty when the query can be accounted.</param>
public sealed record IndicatorReading(CounterExpression? Expression, IReadOnlyList<IndicatorProblem> Problems);

/// <summary>
/// Recognises queries that count events: selectors of counters, bare or within <c>rate</c>, <c>increase</c> and <c>sum</c>, added and taken away.
/// Windows do not matter: the ledger counts every increase once.
/// </summary>
public sealed class IndicatorReader
{
    /// <summary>Most counters in one query.</summary>
    public const int MaxTerms = 100;

    private readonly List<IndicatorProblem> _problems = [];
    private readonly List<CounterTerm> _terms = [];

    private IndicatorReader()
    {
    }

    /// <summary>Reads a query. A window written as <c>{{.window}}</c> is taken as any other.</summary>
    public static IndicatorReading Read(string query)
    {
        var parsed = PromParser.Parse(WithWindow(query, "5m"));
        if (parsed.Expr is null)
        {
            return new(null, [.. parsed.Problems.Select(p => new IndicatorProblem(p.Start, p.End, p.In(query), "", true))]);
        }
        var reader = new IndicatorReader();
        reader.Sum(parsed.Expr, 1);
        if (reader._problems.Count == 0)
        {
            reader.CheckTerms(parsed.Expr);
        }
        return reader._problems.Count > 0
            ? new(null, [.. reader._problems.OrderBy(p => p.Start)])
            : new(new CounterExpression(reader._terms, query, string.Join("", reader._terms.Select(Canonical).Order(StringComparer.Ordinal))), []);
    }

    /// <summary>A query with <c>{{.window}}</c> replaced, padded to the same length in characters so that positions stay right.</summary>
    public static string WithWindow(string query, string window)
    {
        var at = 0;
        while ((at = query.IndexOf("[{{", at, StringComparison.Ordinal)) >= 0)
        {
            var end = query.IndexOf("}}", at, StringComparison.Ordinal);
            if (end < 0 || query.AsSpan(at + 3, end - at - 3).Trim() is not (".window" or ".Window"))
            {
                return query;
            }
            query = string.Concat(query.AsSpan(0, at + 1), window.PadRight(end + 1 - at), query.AsSpan(end + 2));
            at = end;
        }
        return query;
    }

    private void Sum(Expr expr, int sign)
    {
        switch (expr)
        {
            case ParenExpr paren:
                Sum(paren.Inner, sign);
                break;
            case UnaryExpr unary:
                Sum(unary.Inner, unary.Negative ? -sign : sign);
                break;
            case BinaryExpr { Op: "+" or "-", Matching: null } binary:
                Sum(binary.Left, sign);
                Sum(binary.Right, binary.Op == "+" ? sign : -sign);
                break;
            case BinaryExpr { Op: "+" or "-" } binary:
                Refuse(binary, "vector matching cannot be accounted", "drop on, ignoring, group_ and fill: each side is summed as a whole");
                break;
            case BinaryExpr { Op: "/" or "*" } binary:
                Refuse(binary, $"\"{binary.Op}\" makes a ratio, not a count of events", "put good and total in separate queries", refused: true);
                break;
            case BinaryExpr binary:
                Refuse(binary, $"\"{binary.Op}\" does not give a count of events", "only + and - join counters");
                break;
            case AggregateExpr { Op: "sum", HasGrouping: false } sum:
                Sum(sum.Inner, sign);
                break;
            case AggregateExpr { Op: "sum" } sum:
                Refuse(sum, $"an objective needs one number, not one for each group", $"drop {(sum.Without ? "without" : "by")}(…)");
                break;
            case AggregateExpr aggregate:
                Refuse(aggregate, $"{aggregate.Op} does not count events", "use sum");
                break;
            case Call { Function.Name: "rate" or "increase" } call when call.Arguments[0] is MatrixSelector matrix:
                Selector(matrix.Selector, sign);
                break;
            case Call { Function.Name: "rate" or "increase" } call:
                Refuse(call.Arguments[0], "a subquery cannot be accounted", "write a selector with a window, such as requests_total[5m]");
                break;
            case Call call:
                Refuse(call, $"{call.Function.Name} does not count events", HintFor(call.Function.Name),
                    refused: call.Function.Name.StartsWith("histogram_", StringComparison.Ordinal));
                break;
            case VectorSelector selector:
                Selector(selector, sign);
                break;
            default:
                Refuse(expr, "this is not a counter", "write a selector such as http_requests_total{code!~\"5..\"}, or sum(rate(…[5m]))");
                break;
        }
    }

    private static string HintFor(string function) => function switch
    {
        "histogram_quantile" or "histogram_fraction" or "histogram_quantiles" => "count the requests that were fast enough: name_bucket{le=\"0.3\"}",
        "irate" or "delta" or "idelta" or "deriv" => "use rate or increase",
        "histogram_count" => "use the series name_count",
        "vector" or "scalar" or "absent" or "clamp_min" or "clamp_max" => "drop it: a counter that is absent counts as nothing",
        _ => "only rate, increase and sum count events",
    };

    private void Selector(VectorSelector selector, int sign)
    {
        if (selector.Offset is not null || selector.At is not null)
        {
            Refuse(selector, $"{(selector.At is null ? "offset" : "@")} cannot be accounted: the ledger counts events when they happen",
                $"drop {(selector.At is null ? "offset" : "@")}");
        }
        else if (selector.Edge != EdgeModifier.None)
        {
            Refuse(selector, "anchored and smoothed change nothing here: the ledger counts every increase once", "drop the word");
        }
        else if (!selector.Matchers.Any(m => m.Name == Labels.MetricName && !m.Matches("")))
        {
            Refuse(selector, "the selector names no metric", "begin it with the name of a counter", refused: true);
        }
        else
        {
            _terms.Add(new(sign, selector.Matchers));
        }
    }

    private void CheckTerms(Expr whole)
    {
        if (_terms.Count > MaxTerms)
        {
            Refuse(whole, $"more than {MaxTerms} counters", "use a regular expression in a matcher", refused: true);
            return;
        }
        var signs = _terms.ToLookup(t => Canonical(t)[1..], t => t.Sign, StringComparer.Ordinal);
        foreach (var same in signs.Where(s => s.Contains(1) && s.Contains(-1)))
        {
            Refuse(whole, $"{same.Key} is both added and taken away", "drop both", refused: true);
        }
        if (_terms.TrueForAll(t => t.Sign < 0))
        {
            Refuse(whole, "nothing is added, so the count would be negative", "drop the minus", refused: true);
        }
    }

    private static string Canonical(CounterTerm term)
    {
        var matchers = term.Matchers.Select(m => m.ToString()).Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal);
        return $"{(term.Sign > 0 ? '+' : '-')}{{{string.Join(",", matchers)}}}";
    }

    private void Refuse(Expr at, string message, string hint, bool refused = false) => _problems.Add(new(at.Span.Start, at.Span.End, message, hint, refused));
}
