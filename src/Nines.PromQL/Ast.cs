using Nines.Metrics;

namespace Nines.PromQL;

/// <summary>A part of a query.</summary>
/// <param name="Start">Where it starts, in characters from 0.</param>
/// <param name="End">The character after its last.</param>
public readonly record struct QuerySpan(int Start, int End);

/// <summary>The kinds of values an expression may have.</summary>
public enum ValueKind
{
    /// <summary>One number.</summary>
    Scalar,
    /// <summary>A text.</summary>
    String,
    /// <summary>One sample for each series.</summary>
    Vector,
    /// <summary>Many samples for each series.</summary>
    Matrix,
}

/// <summary>An expression of the query language. Immutable.</summary>
/// <param name="Span">Where it stands in the query.</param>
public abstract record Expr(QuerySpan Span)
{
    /// <summary>The kind of its value.</summary>
    public abstract ValueKind Kind { get; }

    /// <summary>The expression in canonical notation; reading it again gives the same expression.</summary>
    public sealed override string ToString() => Printer.Print(this);
}

/// <summary>A number, or a duration as its seconds.</summary>
/// <param name="Value">The number.</param>
/// <param name="IsDuration">Whether it was written as a duration such as <c>5m</c>.</param>
public sealed record NumberLiteral(QuerySpan Span, double Value, bool IsDuration) : Expr(Span)
{
    /// <inheritdoc/>
    public override ValueKind Kind => ValueKind.Scalar;
}

/// <summary>A text, its escapes resolved.</summary>
public sealed record StringLiteral(QuerySpan Span, string Value) : Expr(Span)
{
    /// <inheritdoc/>
    public override ValueKind Kind => ValueKind.String;
}

/// <summary>How samples at the edges of a selector are found.</summary>
public enum EdgeModifier
{
    /// <summary>As always.</summary>
    None,
    /// <summary><c>anchored</c></summary>
    Anchored,
    /// <summary><c>smoothed</c></summary>
    Smoothed,
}

/// <summary>What <c>@</c> pins an expression to.</summary>
public enum AtKind
{
    /// <summary>A time.</summary>
    Time,
    /// <summary><c>start()</c></summary>
    Start,
    /// <summary><c>end()</c></summary>
    End,
}

/// <summary>An <c>@</c> modifier.</summary>
/// <param name="TimeMs">Milliseconds since the Unix epoch, for <see cref="AtKind.Time"/>.</param>
public sealed record AtModifier(AtKind Kind, long TimeMs);

/// <summary>Series chosen by matchers, the metric name's among them.</summary>
/// <param name="Name">The metric name as written before or within the braces, or null.</param>
/// <param name="Matchers">All conditions; that of <paramref name="Name"/> comes last.</param>
/// <param name="Offset">A duration expression, or null.</param>
/// <param name="At">The <c>@</c> modifier, or null.</param>
/// <param name="Edge">Anchored or smoothed.</param>
public sealed record VectorSelector(QuerySpan Span, string? Name, IReadOnlyList<Matcher> Matchers, Expr? Offset, AtModifier? At, EdgeModifier Edge) : Expr(Span)
{
    /// <inheritdoc/>
    public override ValueKind Kind => ValueKind.Vector;
}

/// <summary>A selector with a range.</summary>
/// <param name="Selector">The series.</param>
/// <param name="Range">A duration expression.</param>
public sealed record MatrixSelector(QuerySpan Span, VectorSelector Selector, Expr Range) : Expr(Span)
{
    /// <inheritdoc/>
    public override ValueKind Kind => ValueKind.Matrix;
}

/// <summary>An expression evaluated at steps over a range.</summary>
/// <param name="Inner">What is evaluated.</param>
/// <param name="Range">A duration expression.</param>
/// <param name="Step">A duration expression, or null for the default.</param>
/// <param name="Offset">A duration expression, or null.</param>
/// <param name="At">The <c>@</c> modifier, or null.</param>
public sealed record SubqueryExpr(QuerySpan Span, Expr Inner, Expr Range, Expr? Step, Expr? Offset, AtModifier? At) : Expr(Span)
{
    /// <inheritdoc/>
    public override ValueKind Kind => ValueKind.Matrix;
}

/// <summary>A sign before an expression.</summary>
public sealed record UnaryExpr(QuerySpan Span, bool Negative, Expr Inner) : Expr(Span)
{
    /// <inheritdoc/>
    public override ValueKind Kind => Inner.Kind;
}

/// <summary>An expression in parentheses.</summary>
public sealed record ParenExpr(QuerySpan Span, Expr Inner) : Expr(Span)
{
    /// <inheritdoc/>
    public override ValueKind Kind => Inner.Kind;
}

/// <summary>Which side of a binary operation may have many series to one of the other.</summary>
public enum MatchCardinality
{
    /// <summary>One to one.</summary>
    OneToOne,
    /// <summary><c>group_left</c></summary>
    ManyToOne,
    /// <summary><c>group_right</c></summary>
    OneToMany,
    /// <summary>The set operators.</summary>
    ManyToMany,
}

/// <summary>How the series of two vectors are paired.</summary>
/// <param name="Cardinality">Which side may have many.</param>
/// <param name="On">Whether <paramref name="Labels"/> are the ones compared (<c>on</c>), rather than those left out (<c>ignoring</c>).</param>
/// <param name="Labels">The labels compared or left out.</param>
/// <param name="Include">Labels taken over from the one side.</param>
/// <param name="FillLeft">Stands for a series missing on the left, or null.</param>
/// <param name="FillRight">Stands for a series missing on the right, or null.</param>
public sealed record VectorMatching(
    MatchCardinality Cardinality, bool On, IReadOnlyList<string> Labels, IReadOnlyList<string> Include, double? FillLeft, double? FillRight);

/// <summary>Two expressions and an operator.</summary>
/// <param name="Op">The operator as written, in lower case.</param>
/// <param name="ReturnBool">Whether a comparison gives 0 or 1.</param>
/// <param name="Matching">How series are paired; null unless both sides are vectors.</param>
public sealed record BinaryExpr(QuerySpan Span, string Op, Expr Left, Expr Right, bool ReturnBool, VectorMatching? Matching) : Expr(Span)
{
    /// <inheritdoc/>
    public override ValueKind Kind => Left.Kind == ValueKind.Scalar && Right.Kind == ValueKind.Scalar ? ValueKind.Scalar : ValueKind.Vector;
}

/// <summary>An aggregation over the series of a vector.</summary>
/// <param name="Op">The operator, in lower case.</param>
/// <param name="Inner">What is aggregated.</param>
/// <param name="Parameter">The parameter of <c>topk</c>, <c>quantile</c> and their like, or null.</param>
/// <param name="Grouping">The labels named.</param>
/// <param name="Without">Whether those labels are left out rather than kept.</param>
/// <param name="HasGrouping">Whether <c>by</c> or <c>without</c> was written.</param>
public sealed record AggregateExpr(QuerySpan Span, string Op, Expr Inner, Expr? Parameter, IReadOnlyList<string> Grouping, bool Without, bool HasGrouping)
    : Expr(Span)
{
    /// <summary>The operators there are, in lower case.</summary>
    public static IReadOnlyCollection<string> Operators => Parser.Aggregations;

    /// <inheritdoc/>
    public override ValueKind Kind => ValueKind.Vector;
}

/// <summary>A function with its arguments.</summary>
public sealed record Call(QuerySpan Span, Function Function, IReadOnlyList<Expr> Arguments) : Expr(Span)
{
    /// <inheritdoc/>
    public override ValueKind Kind => Function.Returns;
}

/// <summary>Something wrong with a query.</summary>
/// <param name="Message">What, in Prometheus' words where it has some.</param>
/// <param name="Start">Where it starts, in characters from 0.</param>
/// <param name="End">The character after its last.</param>
public readonly record struct PromProblem(string Message, int Start, int End)
{
    /// <summary>The problem as Prometheus says it: <c>1:5: parse error: unexpected identifier "b"</c>.</summary>
    /// <param name="query">The query.</param>
    public string In(string query) => $"{(query.Length == 0 ? "unknown position" : LineColumn.Of(query, Start))}: parse error: {Message}";
}

/// <summary>A place in a query as Prometheus names it.</summary>
internal static class LineColumn
{
    /// <summary>Line and column, both from 1; columns are bytes of UTF-8.</summary>
    public static string Of(string query, int at)
    {
        var before = query.AsSpan(0, Math.Clamp(at, 0, query.Length));
        return $"{before.Count('\n') + 1}:{System.Text.Encoding.UTF8.GetByteCount(before[(before.LastIndexOf('\n') + 1)..]) + 1}";
    }
}

/// <summary>What came of reading a query: an expression, or what is wrong.</summary>
/// <param name="Expr">The expression; null when there are problems.</param>
/// <param name="Problems">What is wrong, first what Prometheus would tell; empty when the query is well-formed.</param>
public sealed record PromParseResult(Expr? Expr, IReadOnlyList<PromProblem> Problems);
