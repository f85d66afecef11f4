using System.Globalization;
using System.Text;
using Nines.Metrics;

namespace Nines.PromQL;

/// <summary>Writes expressions in canonical notation.</summary>
internal static class Printer
{
    public static string Print(Expr expr)
    {
        var text = new StringBuilder();
        Write(expr, text);
        return text.ToString();
    }

    private static void Write(Expr expr, StringBuilder to)
    {
        switch (expr)
        {
            case NumberLiteral number: to.Append(Number(number)); break;
            case StringLiteral literal: to.Append(Quote(literal.Value)); break;
            case VectorSelector selector: Selector(selector, to); Edges(selector.Offset, selector.At, selector.Edge, to); break;
            case MatrixSelector matrix:
                Selector(matrix.Selector, to);
                to.Append('[');
                Write(matrix.Range, to);
                to.Append(']');
                Edges(matrix.Selector.Offset, matrix.Selector.At, matrix.Selector.Edge, to);
                break;
            case SubqueryExpr subquery:
                Write(subquery.Inner, to);
                to.Append('[');
                Write(subquery.Range, to);
                to.Append(':');
                if (subquery.Step is not null)
                {
                    Write(subquery.Step, to);
                }
                to.Append(']');
                Edges(subquery.Offset, subquery.At, EdgeModifier.None, to);
                break;
            case UnaryExpr unary: to.Append(unary.Negative ? '-' : '+'); Write(unary.Inner, to); break;
            case ParenExpr paren: to.Append('('); Write(paren.Inner, to); to.Append(')'); break;
            case BinaryExpr binary: Binary(binary, to); break;
            case AggregateExpr aggregate: Aggregate(aggregate, to); break;
            case Call call: to.Append(call.Function.Name); Arguments(call.Arguments, to); break;
        }
    }

    private static void Arguments(IReadOnlyList<Expr> arguments, StringBuilder to)
    {
        to.Append('(');
        for (var i = 0; i < arguments.Count; i++)
        {
            to.Append(i > 0 ? ", " : "");
            Write(arguments[i], to);
        }
        to.Append(')');
    }

    private static void Aggregate(AggregateExpr aggregate, StringBuilder to)
    {
        to.Append(aggregate.Op);
        if (aggregate.HasGrouping)
        {
            to.Append(aggregate.Without ? " without " : " by ").Append(Names(aggregate.Grouping)).Append(' ');
        }
        Arguments(aggregate.Parameter is null ? [aggregate.Inner] : [aggregate.Parameter, aggregate.Inner], to);
    }

    private static void Binary(BinaryExpr binary, StringBuilder to)
    {
        Write(binary.Left, to);
        to.Append(' ').Append(binary.Op).Append(binary.ReturnBool ? " bool" : "");
        if (binary.Matching is { } matching)
        {
            if (matching.On || matching.Labels.Count > 0)
            {
                to.Append(matching.On ? " on " : " ignoring ").Append(Names(matching.Labels));
            }
            if (matching.Cardinality is MatchCardinality.ManyToOne or MatchCardinality.OneToMany)
            {
                to.Append(matching.Cardinality == MatchCardinality.ManyToOne ? " group_left " : " group_right ").Append(Names(matching.Include));
            }
            if (matching.FillLeft is { } left)
            {
                to.Append(" fill_left (").Append(Number(left)).Append(')');
            }
            if (matching.FillRight is { } right)
            {
                to.Append(" fill_right (").Append(Number(right)).Append(')');
            }
        }
        to.Append(' ');
        Write(binary.Right, to);
    }

    private static void Selector(VectorSelector selector, StringBuilder to)
    {
        var bare = selector.Name is { } name && IsMetricName(name) && !Parser.IsReserved(name);
        var parts = new List<string>();
        if (selector.Name is not null && !bare)
        {
            parts.Add(Quote(selector.Name));
        }
        // The condition made of the name is the last one; the others are the user's.
        parts.AddRange(selector.Matchers.Take(selector.Matchers.Count - (selector.Name is null ? 0 : 1)).Select(Condition));
        to.Append(bare ? selector.Name : "");
        if (parts.Count > 0 || !bare)
        {
            to.Append('{').AppendJoin(", ", parts).Append('}');
        }
    }

    private static string Condition(Matcher matcher)
    {
        var op = matcher.Op switch { MatchOp.Equal => "=", MatchOp.NotEqual => "!=", MatchOp.Regex => "=~", _ => "!~" };
        return $"{LabelName(matcher.Name)}{op}{Quote(matcher.Value)}";
    }

    private static void Edges(Expr? offset, AtModifier? at, EdgeModifier edge, StringBuilder to)
    {
        to.Append(edge switch { EdgeModifier.Anchored => " anchored", EdgeModifier.Smoothed => " smoothed", _ => "" });
        if (at is not null)
        {
            to.Append(" @ ").Append(at.Kind switch
            {
                AtKind.Start => "start()",
                AtKind.End => "end()",
                _ => (at.TimeMs / 1000m).ToString("0.000", CultureInfo.InvariantCulture),
            });
        }
        if (offset is not null)
        {
            to.Append(" offset ");
            Write(offset, to);
        }
    }

    private static string Names(IReadOnlyList<string> names) => 
        $"({string.Join(", ", names.Select(n => n.ToLowerInvariant() is "inf" or "nan" ? Quote(n) : LabelName(n)))})";

    private static string LabelName(string name) =>
        name.Length > 0 && !char.IsAsciiDigit(name[0]) && name.All(c => char.IsAsciiLetterOrDigit(c) || c == '_') ? name : Quote(name);

    private static bool IsMetricName(string name) =>
        name.Length > 0 && !char.IsAsciiDigit(name[0]) && name.All(c => char.IsAsciiLetterOrDigit(c) || c is '_' or ':');

    private static string Number(NumberLiteral literal) =>
        literal.IsDuration ? Durations.Format((long)Math.Round(literal.Value * 1000)) : Number(literal.Value);

    private static string Number(double value) =>
        double.IsPositiveInfinity(value) ? "Inf" : double.IsNegativeInfinity(value) ? "-Inf" : double.IsNaN(value) ? "NaN"
            : value.ToString("R", CultureInfo.InvariantCulture);

    private static string Quote(string value)
    {
        var text = new StringBuilder("\"");
        foreach (var c in value)
        {
            _ = c switch
            {
                '"' => text.Append("\\\""),
                '\\' => text.Append(@"\\"),
                '\n' => text.Append(@"\n"),
                '\t' => text.Append(@"\t"),
                '\r' => text.Append(@"\r"),
                _ when c < ' ' => text.Append($"\\x{(int)c:x2}"),
                _ => text.Append(c),
            };
        }
        return text.Append('"').ToString();
    }
}
