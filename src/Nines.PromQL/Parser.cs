using Nines.Metrics;

namespace Nines.PromQL;

/// <summary>Recursive descent with precedence climbing over the tokens. Depth is counted, so that nesting cannot overflow the stack.</summary>
internal sealed partial class Parser(List<Token> tokens)
{
    public const int MaxDepth = 256;

    /// <summary>Most binary operators and postfix modifiers: chains of them make a deep tree too.</summary>
    public const int MaxOperators = 2000;

    internal static readonly HashSet<string> Aggregations = new(StringComparer.OrdinalIgnoreCase)
    {
        "avg", "bottomk", "count", "count_values", "group", "limit_ratio", "limitk", "max", "min", "quantile", "stddev", "stdvar", "sum", "topk",
    };

    private static readonly HashSet<string> Keywords = new(StringComparer.OrdinalIgnoreCase)
    {
        "offset", "by", "without", "on", "ignoring", "group_left", "group_right", "bool", "and", "or", "unless", "atan2", "inf", "nan",
    };

    private int _at;
    private int _depth;
    private int _operators;

    private Token Now => tokens[_at];

    private int LastEnd => _at > 0 ? tokens[_at - 1].End : 0;

    public static bool IsReserved(string word) =>
        Keywords.Contains(word) || Aggregations.Contains(word) || word.Equals("smoothed", StringComparison.OrdinalIgnoreCase);

    public static bool TakesParameter(string op) => op is "topk" or "bottomk" or "quantile" or "count_values" or "limitk" or "limit_ratio";

    public Expr Query()
    {
        if (Now.Kind == TokenKind.End)
        {
            throw Stop("no expression found in input", Now);
        }
        var expr = Expression(0);
        return Now.Kind == TokenKind.End ? expr : throw Unexpected("");
    }

    private Expr Expression(int minimum)
    {
        using var level = Descend();
        var left = Unary();
        while (Operator() is var (op, precedence) && precedence >= minimum)
        {
            Grow();
            _at++;
            var returnBool = Keyword("bool");
            var at = tokens[_at - 1];
            if (returnBool && !IsComparison(op))
            {
                throw Stop("bool modifier can only be used on comparison operators", at);
            }
            var matching = Matching(op);
            // Powers bind to the right, everything else to the left.
            var right = Expression(op == "^" ? precedence : precedence + 1);
            left = new BinaryExpr(new(left.Span.Start, right.Span.End), op, left, right, returnBool, matching);
        }
        return left;
    }

    private Expr Unary()
    {
        if (Now is not { Kind: TokenKind.Op, Text: "-" or "+" })
        {
            return Postfix(Primary());
        }
        using var level = Descend();
        var sign = tokens[_at++];
        // A sign binds weaker than a power and stronger than a product.
        var inner = Expression(6);
        var span = new QuerySpan(sign.Start, inner.Span.End);
        return inner is NumberLiteral number
            ? number with { Span = span, Value = sign.Text == "-" ? -number.Value : number.Value, IsDuration = number.IsDuration && sign.Text == "+" }
            : new UnaryExpr(span, sign.Text == "-", inner);
    }

    private Expr Primary()
    {
        var token = Now;
        switch (token.Kind)
        {
            case TokenKind.Number or TokenKind.Duration:
                _at++;
                return new NumberLiteral(new(token.Start, token.End), token.Value, token.Kind == TokenKind.Duration);
            case TokenKind.String:
                _at++;
                return new StringLiteral(new(token.Start, token.End), token.Text);
            case TokenKind.Op when token.Text == "(":
                _at++;
                var inner = Expression(0);
                Expect(")", "in paren expression");
                return new ParenExpr(new(token.Start, LastEnd), inner);
            case TokenKind.Op when token.Text == "{":
                return Selector(null, token.Start);
            case TokenKind.Word:
                return Word();
            default:
                throw Unexpected("");
        }
    }

    private Expr Word()
    {
        var token = tokens[_at++];
        var called = IsOp("(");
        if (Aggregations.Contains(token.Text) && (called || IsWord("by") || IsWord("without")))
        {
            return Aggregation(token);
        }
        if (called)
        {
            if (!Function.All.TryGetValue(token.Text, out var function))
            {
                throw Stop($"unknown function with name \"{token.Text}\"", token);
            }
            return new Call(new(token.Start, 0), function, Arguments()) is var call ? call with { Span = new(token.Start, LastEnd) } : call;
        }
        if (token.Text.Equals("inf", StringComparison.OrdinalIgnoreCase) || token.Text.Equals("nan", StringComparison.OrdinalIgnoreCase))
        {
            return new NumberLiteral(new(token.Start, token.End), token.Text[0] is 'i' or 'I' ? double.PositiveInfinity : double.NaN, false);
        }
        // Words that can only continue an expression are refused; the others may name metrics.
        if (token.Text.ToLowerInvariant() is "and" or "or" or "unless" or "atan2" && Now.Kind is not TokenKind.Op and not TokenKind.End)
        {
            _at--;
            throw Unexpected("");
        }
        return Selector(token.Text, token.Start);
    }

    private List<Expr> Arguments()
    {
        Expect("(", "in function call");
        var arguments = new List<Expr>();
        while (!IsOp(")"))
        {
            arguments.Add(Expression(0));
            if (!IsOp(")"))
            {
                Expect(",", "in function call");
                if (IsOp(")"))
                {
                    throw Stop("trailing commas not allowed in function call args", tokens[_at - 1]);
                }
            }
        }
        _at++;
        return arguments;
    }

    private AggregateExpr Aggregation(Token name)
    {
        var op = name.Text.ToLowerInvariant();
        var (grouping, without) = Grouping();
        var arguments = Arguments();
        if (grouping is null)
        {
            (grouping, without) = Grouping();
        }
        var span = new QuerySpan(name.Start, LastEnd);
        var wanted = TakesParameter(op) ? 2 : 1;
        if (arguments.Count != wanted)
        {
            throw new StopException(new(arguments.Count == 0 ? "no arguments for aggregate expression provided"
                : $"wrong number of arguments for aggregate expression provided, expected {wanted}, got {arguments.Count}", span.Start, span.End));
        }
        return new(span, op, arguments[^1], wanted == 2 ? arguments[0] : null, grouping ?? [], without, grouping is not null);
    }

    private (List<string>? Labels, bool Without) Grouping()
    {
        if (Keyword("by"))
        {
            return (LabelNames(), false);
        }
        return Keyword("without") ? (LabelNames(), true) : (null, false);
    }

    private List<string> LabelNames()
    {
        Expect("(", "in grouping opts");
        var names = new List<string>();
        while (!IsOp(")"))
        {
            if (Now.Kind is not (TokenKind.Word or TokenKind.String) || Now.Text.Contains(':', StringComparison.Ordinal) && Now.Kind == TokenKind.Word)
            {
                throw Unexpected("in grouping opts, expected label");
            }
            names.Add(tokens[_at++].Text);
            if (!IsOp(")"))
            {
                Expect(",", "in grouping opts");
            }
        }
        _at++;
        return names;
    }

    private VectorMatching? Matching(string op)
    {
        var set = op is "and" or "or" or "unless";
        var on = IsWord("on") && NextOpens();
        List<string>? labels = null;
        if (on || (IsWord("ignoring") && NextOpens()))
        {
            _at++;
            labels = LabelNames();
        }
        var cardinality = set ? MatchCardinality.ManyToMany : MatchCardinality.OneToOne;
        List<string> include = [];
        var grouped = Now;
        if (IsWord("group_left") || IsWord("group_right"))
        {
            if (set)
            {
                throw Stop($"no grouping allowed for \"{op}\" operation", Now);
            }
            cardinality = IsWord("group_left") ? MatchCardinality.ManyToOne : MatchCardinality.OneToMany;
            _at++;
            include = IsOp("(") ? LabelNames() : [];
            if (on && include.Find(labels!.Contains) is { } both)
            {
                throw Stop($"label \"{both}\" must not occur in ON and GROUP clause at once", grouped);
            }
        }
        double? left = null, right = null;
        while (NextOpens() && Now.Text.ToLowerInvariant() is "fill" or "fill_left" or "fill_right" && Now.Kind == TokenKind.Word)
        {
            if (set)
            {
                throw Stop("filling in missing series not allowed for set operators", Now);
            }
            var which = tokens[_at++].Text.ToLowerInvariant();
            Expect("(", "in fill modifier");
            var value = Unary() as NumberLiteral ?? throw Unexpected("in fill modifier, expected number");
            Expect(")", "in fill modifier");
            left = which != "fill_right" ? value.Value : left;
            right = which != "fill_left" ? value.Value : right;
        }
        return labels is null && cardinality == MatchCardinality.OneToOne && left is null && right is null ? null
            : new(cardinality, on, labels ?? [], include, left, right);
    }

    private VectorSelector Selector(string? name, int start)
    {
        var matchers = new List<Matcher>();
        if (IsOp("{"))
        {
            _at++;
            while (!IsOp("}"))
            {
                Condition(matchers, ref name);
                if (!IsOp("}"))
                {
                    Expect(",", "in label matching");
                }
            }
            _at++;
        }
        var span = new QuerySpan(start, LastEnd);
        if (name is not null)
        {
            if (matchers.Exists(m => m.Name == Labels.MetricName))
            {
                throw new StopException(new($"metric name must not be set twice: \"{name}\" or \"{matchers.Find(m => m.Name == Labels.MetricName)!.Value}\"",
                    span.Start, span.End));
            }
            matchers.Add(new(Labels.MetricName, MatchOp.Equal, name));
        }
        return new(span, name, matchers, null, null, EdgeModifier.None);
    }

    private void Condition(List<Matcher> matchers, ref string? name)
    {
        var label = Now;
        if (label.Kind is not (TokenKind.Word or TokenKind.String))
        {
            throw Unexpected("in label matching, expected identifier or \"}\"");
        }
        _at++;
        if (label.Kind == TokenKind.String && (IsOp(",") || IsOp("}")))
        {
            if (name is not null)
            {
                throw Stop($"metric name must not be set twice: \"{name}\" or \"{label.Text}\"", label);
            }
            name = label.Text;
            return;
        }
        MatchOp? op = Now is { Kind: TokenKind.Op }
            ? Now.Text switch { "=" => MatchOp.Equal, "!=" => MatchOp.NotEqual, "=~" => MatchOp.Regex, "!~" => MatchOp.NotRegex, _ => null } : null;
        if (op is null)
        {
            throw Unexpected("in label matching, expected label matching operator");
        }
        _at++;
        var value = Now.Kind == TokenKind.String ? Now : throw Unexpected("in label matching, expected string");
        _at++;
        try
        {
            matchers.Add(new(label.Text, op.Value, value.Text));
        }
        catch (ArgumentException e)
        {
            throw Stop(e.Message.Split(" (Parameter")[0], value);
        }
    }
}
