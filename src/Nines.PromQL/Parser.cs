using Nines.Metrics;
using Nines.PromQL.Evaluation;

namespace Nines.PromQL;

/// <summary>
/// Recursive descent with precedence climbing over the tokens. Depth is counted, so that nesting cannot overflow the stack. Of a fault Prometheus says within
/// what it stands, but only for some of the things it may stand in; so does this.
/// </summary>
internal sealed partial class Parser(string query)
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
        "offset", "by", "without", "on", "ignoring", "group_left", "group_right", "bool", "and", "or", "unless", "atan2", "inf", "nan", "smoothed", "anchored",
    };

    private readonly Lexer _lexer = new(query);
    private readonly List<Token> _tokens = [];
    private Context _context;
    private int _at;
    private int _depth;
    private int _operators;

    private Token Now
    {
        get
        {
            while (_tokens.Count <= _at)
            {
                _tokens.Add(_lexer.Next());
            }
            return _tokens[_at];
        }
    }

    private int LastEnd => _at > 0 ? _tokens[_at - 1].End : 0;

    public static bool IsReserved(string word) => Keywords.Contains(word) || Aggregations.Contains(word);

    public static bool TakesParameter(string op) => op is "topk" or "bottomk" or "quantile" or "count_values" or "limitk" or "limit_ratio";

    public Expr Query()
    {
        if (Now.Kind == TokenKind.End)
        {
            throw new ParseStop(new("no expression found in input", 0, 0));
        }
        var expr = Expression(0);
        return Now.Kind == TokenKind.End ? expr : throw Unexpected();
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
        var sign = Take();
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
                return Literal(Take());
            case TokenKind.String:
                _at++;
                return new StringLiteral(new(token.Start, token.End), token.Text);
            case TokenKind.Op when token.Text == "(":
                _at++;
                var inner = Expression(0);
                Expect(")");
                return new ParenExpr(new(token.Start, LastEnd), inner);
            case TokenKind.Op when token.Text == "{":
                return Selector(null, token.Start);
            case TokenKind.Word when !OnlyContinues(token):
                return Word();
            default:
                throw Unexpected();
        }
    }

    private Expr Word()
    {
        var token = Take();
        var called = IsOp("(");
        if (Aggregations.Contains(token.Text) && (called || IsWord("by") || IsWord("without")))
        {
            return Aggregation(token);
        }
        if (!called || Keywords.Contains(token.Text) || token.Text.Contains(':', StringComparison.Ordinal))
        {
            return Selector(token.Text, token.Start);
        }
        var arguments = Arguments();
        var function = Function.All.GetValueOrDefault(token.Text) ?? throw Stop($"unknown function with name {PromText.Quoted(token.Text)}", token);
        return new Call(new(token.Start, LastEnd), function, arguments);
    }

    // Words that never begin an expression; the others may name metrics.
    private bool OnlyContinues(Token word) =>
        word.Text.ToLowerInvariant() is "on" or "ignoring" or "group_left" or "group_right" or "bool" or "atan2" || IsFill(word);

    private bool Begins(Token token) => token.Kind switch
    {
        TokenKind.Op => token.Text is "(" or "{" or "+" or "-",
        TokenKind.Word => !OnlyContinues(token),
        _ => token.Kind != TokenKind.End,
    };

    private bool IsFill(Token word) => word.Text.ToLowerInvariant() is "fill" or "fill_left" or "fill_right" && _lexer.ParenthesisFollows(word.End);

    private List<Expr> Arguments()
    {
        Expect("(");
        var arguments = new List<Expr>();
        while (!IsOp(")"))
        {
            arguments.Add(Expression(0));
            if (!IsOp(")"))
            {
                Expect(",");
                var comma = _tokens[_at - 1];
                if (!Begins(Now))
                {
                    throw Stop("trailing commas not allowed in function call args", comma);
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
        var outer = _context;
        _context = new("aggregation", "");
        var arguments = Arguments();
        _context = outer;
        if (grouping is null)
        {
            (grouping, without) = Grouping();
        }
        var span = new QuerySpan(name.Start, LastEnd);
        var wanted = TakesParameter(op) ? 2 : 1;
        if (arguments.Count != wanted)
        {
            throw new ParseStop(new(arguments.Count == 0 ? "no arguments for aggregate expression provided"
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
        Expect("(", "grouping opts", "\"(\"");
        var names = new List<string>();
        while (!IsOp(")"))
        {
            if (Now.Kind is not (TokenKind.Word or TokenKind.String))
            {
                throw Unexpected("grouping opts", "label");
            }
            var name = Take();
            names.Add(PromText.IsLabelName(name.Text) ? name.Text : throw Stop($"invalid label name for grouping: {PromText.Quoted(name.Text)}", name));
            if (!IsOp(")"))
            {
                Expect(",", "grouping opts", "\",\" or \")\"");
            }
        }
        _at++;
        return names;
    }

    private VectorMatching? Matching(string op)
    {
        var set = op is "and" or "or" or "unless";
        var on = IsWord("on");
        List<string>? labels = null;
        if (on || IsWord("ignoring"))
        {
            _at++;
            labels = LabelNames();
        }
        var cardinality = set ? MatchCardinality.ManyToMany : MatchCardinality.OneToOne;
        List<string> include = [];
        if (labels is not null && (IsWord("group_left") || IsWord("group_right")))
        {
            cardinality = IsWord("group_left") ? MatchCardinality.ManyToOne : MatchCardinality.OneToMany;
            _at++;
            include = IsOp("(") || !Begins(Now) && !IsFill(Now) ? LabelNames() : [];
        }
        double? left = null, right = null;
        while (Now.Kind == TokenKind.Word && IsFill(Now))
        {
            var which = Take().Text.ToLowerInvariant();
            Expect("(", "fill modifier", "\"(\"");
            var value = Signed("fill modifier", "number");
            Expect(")", "fill modifier", "\")\"");
            left = which != "fill_right" ? value : left;
            right = which != "fill_left" ? value : right;
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
                    Expect(",", "label matching", "\",\" or \"}\"");
                }
            }
            _at++;
        }
        if (name is not null)
        {
            matchers.Add(new(Labels.MetricName, MatchOp.Equal, name));
        }
        return new(new(start, LastEnd), name, matchers, null, null, EdgeModifier.None);
    }

    private void Condition(List<Matcher> matchers, ref string? name)
    {
        if (Now.Kind is not (TokenKind.Label or TokenKind.String))
        {
            throw Unexpected("label matching", "identifier or \"}\"");
        }
        var label = Take();
        MatchOp? op = Now is { Kind: TokenKind.Op }
            ? Now.Text switch { "=" => MatchOp.Equal, "!=" => MatchOp.NotEqual, "=~" => MatchOp.Regex, "!~" => MatchOp.NotRegex, _ => null } : null;
        if (op is null && label.Kind == TokenKind.String)
        {
            // Alone a text is the metric's name. A second name is a matter of the type check.
            matchers.AddRange(name is null ? [] : [new Matcher(Labels.MetricName, MatchOp.Equal, label.Text)]);
            name ??= label.Text;
            return;
        }
        if (op is null)
        {
            throw Unexpected("label matching", "label matching operator");
        }
        _at++;
        var value = Now.Kind == TokenKind.String ? Take() : throw Unexpected("label matching", "string");
        try
        {
            matchers.Add(new(label.Text, op.Value, value.Text));
        }
        catch (ArgumentException e)
        {
            throw new ParseStop(new(e.Message.Split(" (Parameter")[0], label.Start, value.End));
        }
    }
}
