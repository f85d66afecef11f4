using Nines.Metrics;
using Nines.PromQL.Evaluation;

namespace Nines.PromQL;

/// <summary>Checks that operators and functions get the kinds of values they take; reports everything, in Prometheus' order.</summary>
internal sealed class TypeCheck(string query, List<PromProblem> problems)
{
    public ValueKind Check(Expr expr)
    {
        switch (expr)
        {
            case VectorSelector selector: Selector(selector); break;
            case MatrixSelector matrix: Selector(matrix.Selector); break;
            case ParenExpr paren: Check(paren.Inner); break;
            case SubqueryExpr subquery:
                if (Check(subquery.Inner) != ValueKind.Vector)
                {
                    Add($"subquery is only allowed on instant vector, got {Plain(subquery.Inner.Kind)} instead", subquery);
                }
                break;
            case UnaryExpr unary:
                if (Check(unary.Inner) is not (ValueKind.Scalar or ValueKind.Vector))
                {
                    Add($"unary expression only allowed on expressions of type scalar or instant vector, got \"{Name(unary.Inner.Kind)}\"", unary);
                }
                break;
            case BinaryExpr binary: Binary(binary); break;
            case AggregateExpr aggregate: Aggregate(aggregate); break;
            case Call call: Function(call); break;
        }
        return expr.Kind;
    }

    private void Selector(VectorSelector selector)
    {
        if (selector.Name is { } name)
        {
            foreach (var other in selector.Matchers.Take(selector.Matchers.Count - 1).Where(m => m.Name == Labels.MetricName))
            {
                Add($"metric name must not be set twice: {PromText.Quoted(name)} or {PromText.Quoted(other.Value)}", selector);
            }
        }
        else if (selector.Matchers.All(m => m.Matches("")))
        {
            Add("vector selector must contain at least one non-empty matcher", selector);
        }
    }

    private void Binary(BinaryExpr binary)
    {
        var left = Check(binary.Left);
        var right = Check(binary.Right);
        var matching = binary.Matching;
        if (binary.ReturnBool && !Parser.IsComparison(binary.Op))
        {
            AddAtOperator("bool modifier can only be used on comparison operators", binary);
        }
        if (left == ValueKind.Scalar && right == ValueKind.Scalar && Parser.IsComparison(binary.Op) && !binary.ReturnBool)
        {
            AddAtOperator("comparisons between scalars must use BOOL modifier", binary);
        }
        foreach (var label in matching is { On: true } ? matching.Labels.Where(matching.Include.Contains) : [])
        {
            AddAtOperator($"label {PromText.Quoted(label)} must not occur in ON and GROUP clause at once", binary);
        }
        foreach (var side in (Expr[])[binary.Left, binary.Right])
        {
            if (side.Kind is not (ValueKind.Scalar or ValueKind.Vector))
            {
                Add("binary expression must contain only scalar and instant vector types", side);
            }
        }
        var isSet = binary.Op is "and" or "or" or "unless";
        var fills = matching is { FillLeft: not null } or { FillRight: not null };
        if (left != ValueKind.Vector || right != ValueKind.Vector)
        {
            AddIf(matching is { Labels.Count: > 0 }, "vector matching only allowed between instant vectors", binary);
            AddIf(fills, "filling in missing series only allowed between instant vectors", binary);
        }
        else if (isSet)
        {
            AddIf(matching is { Cardinality: not MatchCardinality.ManyToMany }, $"no grouping allowed for \"{binary.Op}\" operation", binary);
            AddIf(fills, "filling in missing series not allowed for set operators", binary);
        }
        AddIf(isSet && (left == ValueKind.Scalar || right == ValueKind.Scalar), $"set operator \"{binary.Op}\" not allowed in binary scalar expression",
            binary);
    }

    private void Aggregate(AggregateExpr aggregate)
    {
        Expect(aggregate.Inner, ValueKind.Vector, "aggregation expression");
        if (aggregate.Parameter is { } parameter)
        {
            Expect(parameter, aggregate.Op == "count_values" ? ValueKind.String : ValueKind.Scalar, "aggregation parameter");
        }
    }

    private void Function(Call call)
    {
        var function = call.Function;
        var most = function.Optional < 0 ? int.MaxValue : function.Arguments.Count;
        var least = function.Arguments.Count - Math.Abs(function.Optional);
        if (call.Arguments.Count < least || call.Arguments.Count > most)
        {
            var (words, count) = call.Arguments.Count > most
                ? (function.Optional == 0 ? "" : "at most ", most) : (function.Optional == 0 ? "" : "at least ", least);
            Add($"expected {words}{count} argument(s) in call to \"{function.Name}\", got {call.Arguments.Count}", call);
        }
        for (var i = 0; i < call.Arguments.Count && (i < function.Arguments.Count || function.Optional != 0); i++)
        {
            if (function.Name == "info" && i == 1)
            {
                InfoLabels(call);
            }
            else
            {
                Expect(call.Arguments[i], function.Arguments[Math.Min(i, function.Arguments.Count - 1)], $"call to function \"{function.Name}\"");
            }
        }
    }

    // Conditions on the labels to be added, rather than series to be selected; they may be true of nothing.
    private void InfoLabels(Call call)
    {
        var labels = call.Arguments[1];
        if (labels is not VectorSelector || labels is VectorSelector { Name: not null })
        {
            Check(labels);
            AddIf(labels.Kind != ValueKind.Vector, $"expected type instant vector in call to function \"info\", got {Name(labels.Kind)}", call);
            Add($"expected label selectors only{(labels is VectorSelector ? ", got vector selector instead" : "")}", labels);
        }
    }

    private void Expect(Expr expr, ValueKind wanted, string context)
    {
        var kind = Check(expr);
        AddIf(kind != wanted, $"expected type {Name(wanted)} in {context}, got {Name(kind)}", expr);
    }

    private static string Plain(ValueKind kind) => kind switch { ValueKind.Vector => "vector", ValueKind.Matrix => "matrix", _ => Name(kind) };

    private static string Name(ValueKind kind) => kind switch
    {
        ValueKind.Scalar => "scalar",
        ValueKind.String => "string",
        ValueKind.Vector => "instant vector",
        _ => "range vector",
    };

    private void AddIf(bool wrong, string message, Expr at)
    {
        if (wrong)
        {
            Add(message, at);
        }
    }

    private void AddAtOperator(string message, BinaryExpr binary)
    {
        var start = binary.Left.Span.End;
        while (start < query.Length && query[start] is ' ' or '\t' or '\r' or '\n')
        {
            start++;
        }
        problems.Add(new(message, start, Math.Max(start, binary.Right.Span.Start)));
    }

    private void Add(string message, Expr at) => problems.Add(new(message, at.Span.Start, at.Span.End));
}
