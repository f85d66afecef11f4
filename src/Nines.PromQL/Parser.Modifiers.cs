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
        var open = tokens[_at++];
        if (IsOp(":") || IsOp("]"))
        {
            throw Unexpected("in subquery or range selector, expected number, duration, step(), or range()");
        }
        var range = Duration(0);
        Positive(range);
        if (IsOp(":"))
        {
            _at++;
            var step = IsOp("]") ? null : Duration(0);
            if (step is not null)
            {
                Positive(step);
            }
            Expect("]", "in subquery");
            return new SubqueryExpr(new(expr.Span.Start, LastEnd), expr, range, step, null, null);
        }
        Expect("]", "in range selector");
        if (expr is not VectorSelector selector)
        {
            throw new StopException(new("ranges only allowed for vector selectors", open.Start, LastEnd));
        }
        if (selector.Offset is not null || selector.At is not null)
        {
            throw new StopException(new(selector.Offset is not null ? "no offset modifiers allowed before range"
                : "no @ modifiers allowed before range", open.Start, LastEnd));
        }
        return new MatrixSelector(new(expr.Span.Start, LastEnd), selector, range);
    }

    private static void Positive(Expr duration)
    {
        if (duration is NumberLiteral { Value: <= 0 })
        {
            throw new StopException(new("duration must be greater than 0", duration.Span.Start, duration.Span.End));
        }
    }

    private Expr Offset(Expr expr)
    {
        var word = tokens[_at++];
        var offset = DurationAtom();
        var span = new QuerySpan(expr.Span.Start, LastEnd);
        const string Twice = "offset may not be set multiple times";
        return expr switch
        {
            VectorSelector { Offset: null } s => s with { Span = span, Offset = offset },
            MatrixSelector { Selector.Offset: null } m => m with { Span = span, Selector = m.Selector with { Offset = offset } },
            SubqueryExpr { Offset: null } q => q with { Span = span, Offset = offset },
            VectorSelector or MatrixSelector or SubqueryExpr => throw Stop(Twice, word),
            _ => throw Stop("offset modifier must be preceded by an instant vector selector or range vector selector or a subquery", word),
        };
    }

    private Expr At(Expr expr)
    {
        var sign = tokens[_at++];
        AtModifier at;
        if ((IsWord("start") || IsWord("end")) && NextOpens())
        {
            at = new(IsWord("start") ? AtKind.Start : AtKind.End, 0);
            _at += 2;
            Expect(")", "in @ modifier");
        }
        else
        {
            var value = Signed();
            if (double.IsNaN(value) || double.IsInfinity(value) || Math.Abs(value) > 9.2e15)
            {
                throw Stop($"timestamp out of bounds for @ modifier: {value}", sign);
            }
            at = new(AtKind.Time, (long)Math.Round(value * 1000, MidpointRounding.AwayFromZero));
        }
        var span = new QuerySpan(expr.Span.Start, LastEnd);
        return expr switch
        {
            VectorSelector { At: null } s => s with { Span = span, At = at },
            MatrixSelector { Selector.At: null } m => m with { Span = span, Selector = m.Selector with { At = at } },
            SubqueryExpr { At: null } q => q with { Span = span, At = at },
            VectorSelector or MatrixSelector or SubqueryExpr => throw Stop("@ <timestamp> may not be set multiple times", sign),
            _ => throw Stop("@ modifier must be preceded by an instant vector selector or range vector selector or a subquery", sign),
        };
    }

    private double Signed()
    {
        var negative = IsOp("-");
        _at += negative || IsOp("+") ? 1 : 0;
        var value = Now switch
        {
            { Kind: TokenKind.Number or TokenKind.Duration } => Now.Value,
            { Kind: TokenKind.Word } when Now.Text.Equals("inf", StringComparison.OrdinalIgnoreCase) => double.PositiveInfinity,
            { Kind: TokenKind.Word } when Now.Text.Equals("nan", StringComparison.OrdinalIgnoreCase) => double.NaN,
            _ => throw Unexpected("in @ modifier, expected timestamp"),
        };
        _at++;
        return negative ? -value : value;
    }

    private Expr Edge(Expr expr)
    {
        var word = tokens[_at++];
        var edge = word.Text.Equals("anchored", StringComparison.OrdinalIgnoreCase) ? EdgeModifier.Anchored : EdgeModifier.Smoothed;
        var span = new QuerySpan(expr.Span.Start, LastEnd);
        return expr switch
        {
            VectorSelector { Edge: EdgeModifier.None } s => s with { Span = span, Edge = edge },
            MatrixSelector { Selector.Edge: EdgeModifier.None } m => m with { Span = span, Selector = m.Selector with { Edge = edge } },
            VectorSelector or MatrixSelector => throw Stop("anchored and smoothed modifiers may not be set multiple times", word),
            _ => throw Stop($"{word.Text} modifier not implemented for this expression", word),
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
            _at++;
            return new NumberLiteral(new(token.Start, token.End), token.Value, token.Kind == TokenKind.Duration);
        }
        if (IsOp("("))
        {
            _at++;
            var inner = Duration(0);
            Expect(")", "in duration expression");
            return new ParenExpr(new(token.Start, LastEnd), inner);
        }
        if (token.Kind == TokenKind.Word && token.Text.ToLowerInvariant() is "step" or "range" or "min_of" or "max_of")
        {
            _at++;
            var function = Function.All[token.Text.ToLowerInvariant()];
            Expect("(", "in duration expression");
            var arguments = new List<Expr>();
            for (var i = 0; i < function.Arguments.Count; i++)
            {
                if (i > 0)
                {
                    Expect(",", "in duration expression");
                }
                arguments.Add(Duration(0));
            }
            Expect(")", "in duration expression");
            return new Call(new(token.Start, LastEnd), function, arguments);
        }
        throw Unexpected("in duration expression, expected number, duration, step(), or range()");
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

    private bool NextOpens() => _at + 1 < tokens.Count && tokens[_at + 1] is { Kind: TokenKind.Op, Text: "(" };

    private bool Keyword(string word)
    {
        var found = IsWord(word);
        _at += found ? 1 : 0;
        return found;
    }

    private void Expect(string op, string context)
    {
        if (!IsOp(op))
        {
            throw Unexpected($"{context}, expected \"{op}\"");
        }
        _at++;
    }

    private StopException Unexpected(string context)
    {
        var what = Now.Kind switch
        {
            TokenKind.End => "end of input",
            TokenKind.Number => $"number \"{Now.Text}\"",
            TokenKind.Duration => $"duration \"{Now.Text}\"",
            TokenKind.String => $"string \"{Now.Text}\"",
            TokenKind.Word when IsReserved(Now.Text) => $"<{Now.Text.ToLowerInvariant()}>",
            TokenKind.Word => $"identifier \"{Now.Text}\"",
            _ => $"\"{Now.Text}\"",
        };
        return Stop($"unexpected {what}{(context.Length > 0 ? " " : "")}{context}", Now);
    }

    private static StopException Stop(string message, Token at) => new(new(message, at.Start, at.End));

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

    /// <summary>Ends the reading at the first fault of syntax. Never leaves <see cref="PromParser.Parse"/>.</summary>
    internal sealed class StopException(PromProblem problem) : Exception(problem.Message)
    {
        public PromProblem Problem { get; } = problem;
    }
}
