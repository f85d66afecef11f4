using System.Text.Json;
using Nines.Metrics;
using Nines.PromQL;

namespace Nines.Server.Telemetry.Api;

/// <summary>Writes an expression as the tree that <c>parse_query</c> of Prometheus 3 gives.</summary>
internal static class AstJson
{
    public static void Write(Expr? expr, Utf8JsonWriter json)
    {
        if (expr is null)
        {
            json.WriteNullValue();
            return;
        }
        json.WriteStartObject();
        switch (expr)
        {
            case NumberLiteral number:
                Span<byte> text = stackalloc byte[ApiNumber.MaxLength];
                json.WriteString("type", "numberLiteral");
                json.WriteString("val", text[..ApiNumber.Format(number.Value, text)]);
                break;
            case StringLiteral literal:
                json.WriteString("type", "stringLiteral");
                json.WriteString("val", literal.Value);
                break;
            case ParenExpr paren:
                json.WriteString("type", "parenExpr");
                Child("expr", paren.Inner, json);
                break;
            case UnaryExpr unary:
                json.WriteString("type", "unaryExpr");
                json.WriteString("op", unary.Negative ? "-" : "+");
                Child("expr", unary.Inner, json);
                break;
            case VectorSelector selector:
                json.WriteString("type", "vectorSelector");
                Selector(selector, json);
                break;
            case MatrixSelector matrix:
                json.WriteString("type", "matrixSelector");
                Milliseconds("range", matrix.Range, json);
                Selector(matrix.Selector, json);
                break;
            case SubqueryExpr subquery:
                json.WriteString("type", "subquery");
                Child("expr", subquery.Inner, json);
                Milliseconds("range", subquery.Range, json);
                Milliseconds("step", subquery.Step, json);
                Edges(subquery.Offset, subquery.At, json);
                break;
            case BinaryExpr binary: Binary(binary, json); break;
            case AggregateExpr aggregate:
                json.WriteString("type", "aggregation");
                json.WriteString("op", aggregate.Op);
                Child("expr", aggregate.Inner, json);
                Child("param", aggregate.Parameter, json);
                Names("grouping", aggregate.Grouping, json);
                json.WriteBoolean("without", aggregate.Without);
                break;
            case Call call: Function(call, json); break;
        }
        json.WriteEndObject();
    }

    private static void Binary(BinaryExpr binary, Utf8JsonWriter json)
    {
        json.WriteString("type", "binaryExpr");
        json.WriteString("op", binary.Op);
        Child("lhs", binary.Left, json);
        Child("rhs", binary.Right, json);
        json.WriteBoolean("bool", binary.ReturnBool);
        if (binary.Matching is not { } matching)
        {
            json.WriteNull("matching");
            return;
        }
        json.WriteStartObject("matching");
        json.WriteString("card", matching.Cardinality switch
        {
            MatchCardinality.OneToOne => "one-to-one",
            MatchCardinality.ManyToOne => "many-to-one",
            MatchCardinality.OneToMany => "one-to-many",
            _ => "many-to-many",
        });
        Names("labels", matching.Labels, json);
        json.WriteBoolean("on", matching.On);
        Names("include", matching.Include, json);
        json.WriteEndObject();
    }

    private static void Function(Call call, Utf8JsonWriter json)
    {
        json.WriteString("type", "call");
        json.WriteStartObject("func");
        json.WriteString("name", call.Function.Name);
        Names("argTypes", [.. call.Function.Arguments.Select(Word)], json);
        json.WriteNumber("variadic", call.Function.Optional);
        json.WriteString("returnType", Word(call.Function.Returns));
        json.WriteEndObject();
        json.WriteStartArray("args");
        foreach (var argument in call.Arguments)
        {
            Write(argument, json);
        }
        json.WriteEndArray();
    }

    private static void Selector(VectorSelector selector, Utf8JsonWriter json)
    {
        json.WriteString("name", selector.Name ?? "");
        Edges(selector.Offset, selector.At, json);
        json.WriteStartArray("matchers");
        foreach (var matcher in selector.Matchers)
        {
            json.WriteStartObject();
            json.WriteString("name", matcher.Name);
            json.WriteString("value", matcher.Value);
            json.WriteString("type", matcher.Op switch { MatchOp.Equal => "=", MatchOp.NotEqual => "!=", MatchOp.Regex => "=~", _ => "!~" });
            json.WriteEndObject();
        }
        json.WriteEndArray();
        json.WriteBoolean("anchored", selector.Edge == EdgeModifier.Anchored);
        json.WriteBoolean("smoothed", selector.Edge == EdgeModifier.Smoothed);
    }

    private static void Edges(Expr? offset, AtModifier? at, Utf8JsonWriter json)
    {
        Milliseconds("offset", offset, json);
        if (at is { Kind: AtKind.Time })
        {
            json.WriteNumber("timestamp", at.TimeMs);
        }
        else
        {
            json.WriteNull("timestamp");
        }
        json.WriteString("startOrEnd", at?.Kind switch { AtKind.Start => "start", AtKind.End => "end", _ => null });
    }

    // A duration that is an expression has no length yet; as in Prometheus it is 0 here.
    private static void Milliseconds(string property, Expr? duration, Utf8JsonWriter json) =>
        json.WriteNumber(property, duration switch
        {
            NumberLiteral number => (long)Math.Round(number.Value * 1000),
            UnaryExpr { Negative: true, Inner: NumberLiteral number } => -(long)Math.Round(number.Value * 1000),
            _ => 0,
        });

    private static void Child(string property, Expr? expr, Utf8JsonWriter json)
    {
        json.WritePropertyName(property);
        Write(expr, json);
    }

    private static void Names(string property, IReadOnlyList<string> names, Utf8JsonWriter json)
    {
        json.WriteStartArray(property);
        foreach (var name in names)
        {
            json.WriteStringValue(name);
        }
        json.WriteEndArray();
    }

    private static string Word(ValueKind kind) => kind switch
    {
        ValueKind.Scalar => "scalar",
        ValueKind.String => "string",
        ValueKind.Vector => "vector",
        _ => "matrix",
    };
}
