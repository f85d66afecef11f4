namespace Nines.PromQL;

/// <summary>Walks expressions.</summary>
public static class ExprTree
{
    /// <summary>An expression and everything within it, outermost first. Durations and parameters are not looked into.</summary>
    public static IEnumerable<Expr> WithParts(this Expr expr) => Parts(expr).SelectMany(WithParts).Prepend(expr);

    /// <summary>What lies within parentheses.</summary>
    public static Expr Bare(this Expr expr) => expr is ParenExpr paren ? paren.Inner.Bare() : expr;

    private static IEnumerable<Expr> Parts(Expr expr) => expr switch
    {
        ParenExpr paren => [paren.Inner],
        UnaryExpr unary => [unary.Inner],
        BinaryExpr binary => [binary.Left, binary.Right],
        AggregateExpr aggregate => [aggregate.Inner],
        Call call => call.Arguments,
        SubqueryExpr subquery => [subquery.Inner],
        MatrixSelector matrix => [matrix.Selector],
        _ => [],
    };
}
