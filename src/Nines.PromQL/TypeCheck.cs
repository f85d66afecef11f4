namespace Nines.PromQL;

/// <summary>Checks that operators and functions get the kinds of values they take; reports everything at once.</summary>
internal sealed class TypeCheck(List<PromProblem> problems)
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
                    Add($"subquery is only allowed on instant vector, got {Name(subquery.Inner.Kind)} instead", subquery);
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
        if (selector.Matchers.All(m => m.Matches("")))
        {
            Add("vector selector must contain at least one non-empty matcher", selector);
        }
    }

    private void Binary(BinaryExpr binary)
    {
        var left = Check(binary.Left);
        var right = Check(binary.Right);
        foreach (var side in (Expr[])[binary.Left, binary.Right])
        {
            if (side.Kind is not (ValueKind.Scalar or ValueKind.Vector))
            {
                Add("binary expression must contain only scalar and instant vector types", side);
            }
        }
        var bothScalar = left == ValueKind.Scalar && right == ValueKind.Scalar;
        if (bothScalar && Parser.IsComparison(binary.Op) && !binary.ReturnBool)
        {
            Add("comparisons between scalars must use BOOL modifier", binary);
        }
        if (left == ValueKind.Scalar || right == ValueKind.Scalar)
        {
            if (binary.Op is "and" or "or" or "unless")
            {
                Add($"set operator \"{binary.Op}\" not allowed in binary scalar expression", binary);
            }
            else if (binary.Matching is { } matching)
            {
                Add(matching.FillLeft is not null || matching.FillRight is not null
                    ? "filling in missing series only allowed between instant vectors" : "vector matching only allowed between instant vectors", binary);
            }
        }
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
        for (var i = 0; i < call.Arguments.Count; i++)
        {
            if (function.Arguments.Count > 0)
            {
                Expect(call.Arguments[i], function.Arguments[Math.Min(i, function.Arguments.Count - 1)], $"call to function \"{function.Name}\"");
            }
        }
    }

    private void Expect(Expr expr, ValueKind wanted, string context)
    {
        var selectsLabels = context.Contains("\"info\"", StringComparison.Ordinal) && expr is VectorSelector;
        var kind = selectsLabels ? expr.Kind : Check(expr);
        if (kind != wanted)
        {
            Add($"expected type {Name(wanted)} in {context}, got {Name(kind)}", expr);
        }
    }

    private static string Name(ValueKind kind) => kind switch
    {
        ValueKind.Scalar => "scalar",
        ValueKind.String => "string",
        ValueKind.Vector => "instant vector",
        _ => "range vector",
    };

    private void Add(string message, Expr at) => problems.Add(new(message, at.Span.Start, at.Span.End));
}
