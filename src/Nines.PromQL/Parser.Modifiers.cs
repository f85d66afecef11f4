using Nines.Metrics.Templates;
using Nines.PromQL.Evaluation;

namespace Nines.PromQL;

// What follows an expression (ranges, offset, @), durations, and the small change of reading tokens.
internal sealed partial class Parser
{
    private Expr Postfix(Expr expr)
    {
        while (true)
        {
            if (IsOp("["))
            {
                Grow();
                expr = Range(expr);
            }
            else if (IsWord("offset"))
            {
                expr = Offset(expr);
            }
            else if (IsOp("@"))
            {
                expr = At(expr);
            }
            else if (IsWord("anchored") || IsWord("smoothed"))
            {
                expr = Edge(expr);
            }
            else
            {
                return expr;
            }
        }
    }

    private Expr Range(Expr expr)
    {
        var open = Take();
        var range = RangePart("subquery or range selector", "number, duration, step(), or range()");
        if (IsOp(":"))
        {
            _at++;
            var step = IsOp("]") ? null : RangePart("subquery selector", "number, duration, step(), range(), or \"]\"");
            Expect("]", "subquery selector", "\"]\"");
            return new SubqueryExpr(new(expr.Span.Start, LastEnd), expr, range, step, null, null);
        }
        Expect("]", "subquery or range", "\":\" or \"]\"");
        if (expr is not VectorSelector selector)
        {
            throw new ParseStop(new("ranges only allowed for vector selectors", open.Start, LastEnd));
        }
        if (selector.Offset is not null || selector.At is not null)
        {
            throw new ParseStop(new(selector.Offset is not null ? "no offset modifiers allowed before range"
                : "no @ modifiers allowed before range", open.Start, LastEnd));
        }
        return new MatrixSelector(new(expr.Span.Start, LastEnd), selector, range);
    }

    private Expr RangePart(string within, string expected)
    {
        var outer = _context;
        _context = new(within, expected);
        var duration = Duration(0);
        _context = outer;
        Positive(duration);
        return duration;
    }

    private static void Positive(Expr duration)
    {
        if (duration is NumberLiteral { Value: <= 0 } or UnaryExpr { Negative: true, Inner: NumberLiteral { Value: >= 0 } })
        {
            throw new ParseStop(new("duration must be greater than 0", duration.Span.Start, duration.Span.End));
        }
    }

    private Expr Offset(Expr expr)
    {
        _at++;
        var outer = _context;
        _context = new("offset", "number, duration, step(), or range()");
        var offset = DurationAtom();
        _context = outer;
        var span = new QuerySpan(expr.Span.Start, LastEnd);
        return expr switch
        {
            VectorSelector { Offset: null } s => s with { Span = span, Offset = offset },
            MatrixSelector { Selector.Offset: null } m => m with { Span = span, Selector = m.Selector with { Offset = offset } },
            SubqueryExpr { Offset: null } q => q with { Span = span, Offset = offset },
            VectorSelector or MatrixSelector or SubqueryExpr => throw Stop("offset may not be set multiple times", expr),
            _ => throw Stop("offset modifier must be preceded by an instant vector selector or range vector selector or a subquery", expr),
        };
    }

    private Expr At(Expr expr)
    {
        _at++;
        const string Within = "@", Expected = "timestamp";
        AtModifier at;
        if (IsWord("start") || IsWord("end"))
        {
            at = new(IsWord("start") ? AtKind.Start : AtKind.End, 0);
            _at++;
            Expect("(", Within, Expected);
            Expect(")", Within, Expected);
        }
        else
        {
            var value = Signed(Within, Expected);
            if (double.IsNaN(value) || double.IsInfinity(value) || Math.Abs(value) > 9.2e15)
            {
                throw Stop($"timestamp out of bounds for @ modifier: {GoFloat.Format(value, 'f', 6)}", expr);
            }
            at = new(AtKind.Time, (long)Math.Round(value * 1000, MidpointRounding.AwayFromZero));
        }
        var span = new QuerySpan(expr.Span.Start, LastEnd);
        return expr switch
        {
            VectorSelector { At: null } s => s with { Span = span, At = at },
            MatrixSelector { Selector.At: null } m => m with { Span = span, Selector = m.Selector with { At = at } },
            SubqueryExpr { At: null } q => q with { Span = span, At = at },
            VectorSelector or MatrixSelector or SubqueryExpr => throw Stop("@ <timestamp> may not be set multiple times", expr),
            _ => throw Stop("@ modifier must be preceded by an instant vector selector or range vector selector or a subquery", expr),
        };
    }

    private double Signed(string within, string expected)
    {
        var negative = IsOp("-");
        _at += negative || IsOp("+") ? 1 : 0;
        var value = Now.Kind is TokenKind.Number or TokenKind.Duration ? Literal(Take()).Value : throw Unexpected(within, expected);
        return negative ? -value : value;
    }

    private Expr Edge(Expr expr)
    {
        var word = Take().Text.ToLowerInvariant();
        var edge = word == "anchored" ? EdgeModifier.Anchored : EdgeModifier.Smoothed;
        var span = new QuerySpan(expr.Span.Start, LastEnd);
        return expr switch
        {
            VectorSelector s when s.Edge == EdgeModifier.None || s.Edge == edge => s with { Span = span, Edge = edge },
            MatrixSelector m when m.Selector.Edge == EdgeModifier.None || m.Selector.Edge == edge =>
                m with { Span = span, Selector = m.Selector with { Edge = edge } },
            VectorSelector or MatrixSelector => throw Stop("anchored and smoothed modifiers cannot be used together", expr),
            SubqueryExpr => throw Stop($"{word} modifier is not supported for subqueries", expr),
            _ => throw Stop($"{word} modifier not implemented", expr),
        };
    }

    private Expr Duration(int minimum)
    {
        using var level = Descend();
        var left = DurationAtom(inExpression: true);
        while (Operator() is var (op, precedence) && precedence >= minimum && op is "+" or "-" or "*" or "/" or "%" or "^")
        {
            Grow();
            _at++;
            var right = Duration(op == "^" ? precedence : precedence + 1);
            left = new BinaryExpr(new(left.Span.Start, right.Span.End), op, left, right, false, null);
        }
        return left;
    }

    /// <summary>One part of a duration: a number, a duration, step(), range(), min_of, max_of, something in parentheses; each with a sign perhaps.</summary>
    private Expr DurationAtom(bool inExpression = false)
    {
        using var level = Descend();
        var token = Now;
        if (IsOp("-") || IsOp("+"))
        {
            _at++;
            // A sign binds weaker than a power, but an offset takes one atom: offset -5m ^ 2 is not one.
            var inner = inExpression ? Duration(6) : DurationAtom();
            return new UnaryExpr(new(token.Start, LastEnd), token.Text == "-", inner);
        }
        if (token.Kind is TokenKind.Number or TokenKind.Duration)
        {
            return Literal(Take());
        }
        if (IsOp("("))
        {
            _at++;
            var inner = Duration(0);
            Expect(")");
            return new ParenExpr(new(token.Start, LastEnd), inner);
        }
        if (token.Kind == TokenKind.Word && token.Text.ToLowerInvariant() is "step" or "range" or "min_of" or "max_of")
        {
            _at++;
            var function = Function.All[token.Text.ToLowerInvariant()];
            Expect("(");
            var arguments = new List<Expr>();
            for (var i = 0; i < function.Arguments.Count; i++)
            {
                if (i > 0)
                {
                    Expect(",");
                }
                arguments.Add(Duration(0));
            }
            Expect(")");
            return new Call(new(token.Start, LastEnd), function, arguments);
        }
        throw Unexpected();
    }

    private (string Op, int Precedence)? Operator()
    {
        var text = Now.Kind is TokenKind.Op or TokenKind.Word ? Now.Text.ToLowerInvariant() : "";
        var precedence = (Now.Kind, text) switch
        {
            (TokenKind.Word, "or") => 1,
            (TokenKind.Word, "and" or "unless") => 2,
            (TokenKind.Op, "==" or "!=" or "<" or "<=" or ">" or ">=") => 3,
            (TokenKind.Op, "+" or "-") => 4,
            (TokenKind.Op, "*" or "/" or "%" or "</" or ">/") or (TokenKind.Word, "atan2") => 5,
            (TokenKind.Op, "^") => 6,
            _ => 0,
        };
        return precedence == 0 ? null : (text, precedence);
    }

    internal static bool IsComparison(string op) => op is "==" or "!=" or "<" or "<=" or ">" or ">=";

    private bool IsOp(string op) => Now.Kind == TokenKind.Op && Now.Text == op;

    private bool IsWord(string word) => Now.Kind == TokenKind.Word && Now.Text.Equals(word, StringComparison.OrdinalIgnoreCase);

    private Token Take()
    {
        var token = Now;
        _at++;
        return token;
    }

    private bool Keyword(string word)
    {
        var found = IsWord(word);
        _at += found ? 1 : 0;
        return found;
    }

    private void Expect(string op, string within, string expected)
    {
        if (!IsOp(op))
        {
            throw Unexpected(within, expected);
        }
        _at++;
    }

    private void Expect(string op) => Expect(op, _context.Within, _context.Expected);

    private static NumberLiteral Literal(Token token)
    {
        double value;
        if (token.Kind == TokenKind.Duration)
        {
            value = Durations.TryParseSeconds(token.Text, out var seconds) ? seconds
                : throw Stop($"not a valid duration string: {PromText.Quoted(token.Text)}", token);
        }
        else if (!Numbers.TryParse(token.Text, out value))
        {
            throw Stop($"error parsing number: strconv.ParseFloat: parsing {PromText.Quoted(token.Text)}: "
                + (double.IsInfinity(value) ? "value out of range" : "invalid syntax"), token);
        }
        return new NumberLiteral(new(token.Start, token.End), value, token.Kind == TokenKind.Duration);
    }

    private ParseStop Unexpected() => Unexpected(_context.Within, _context.Expected);

    private ParseStop Unexpected(string? within, string? expected) =>
        Stop($"unexpected {Described(Now)}{(within is { Length: > 0 } ? $" in {within}" : "")}{(expected is { Length: > 0 } ? $", expected {expected}" : "")}",
            Now);

    private string Described(Token token)
    {
        var written = query[token.Start..token.End];
        return token.Kind switch
        {
            TokenKind.End => "end of input",
            TokenKind.Number => $"number {Short(written)}",
            TokenKind.Duration => $"duration {Short(written)}",
            TokenKind.String => $"string {Short(written)}",
            TokenKind.Label => $"identifier {PromText.Quoted(written)}",
            TokenKind.Word => token.Text.ToLowerInvariant() switch
            {
                "and" or "or" or "unless" or "atan2" => $"<op:{written}>",
                "start" or "end" or "step" or "range" => PromText.Quoted(written),
                var word when Aggregations.Contains(word) => $"<aggr:{written}>",
                var word when Keywords.Contains(word) || IsFill(token) => $"<{written}>",
                _ => $"{(written.Contains(':', StringComparison.Ordinal) ? "metric identifier" : "identifier")} {PromText.Quoted(written)}",
            },
            _ => written is "(" or ")" or "{" or "}" or "[" or "]" or "," or ":" or "=" ? $"\"{written}\"" : $"<op:{written}>",
        };
    }

    private static string Short(string written) =>
        System.Text.Encoding.UTF8.GetByteCount(written) <= 10 ? PromText.Quoted(written)
            : PromText.Quoted(string.Concat(written.EnumerateRunes().Take(10))) + "...";

    private static ParseStop Stop(string message, Token at) => new(new(message, at.Start, at.End));

    private static ParseStop Stop(string message, Expr at) => new(new(message, at.Span.Start, at.Span.End));

    private void Grow()
    {
        if (++_operators > MaxOperators)
        {
            throw Stop($"expression has more than {MaxOperators} operators", Now);
        }
    }

    private Level Descend()
    {
        if (++_depth > MaxDepth)
        {
            throw Stop($"expression is nested deeper than {MaxDepth}", Now);
        }
        return new(this);
    }

    private readonly ref struct Level(Parser parser)
    {
        public void Dispose() => parser._depth--;
    }

    /// <summary>What Prometheus says a fault stands in, and what it expects there.</summary>
    private readonly record struct Context(string Within, string Expected);
}
