namespace Nines.Metrics.Templates;

/// <summary>Reads a template and those it defines.</summary>
internal sealed class TemplateParser
{
    private const int MaxDepth = 200;

    private readonly string _source;
    private readonly string _text;
    private readonly Func<string, bool> _isFunction;
    private readonly List<Token> _tokens;
    private readonly List<string> _variables = ["$"];
    private readonly List<Tree> _trees = [];
    private int _at;
    private int _depth;
    private int _ranges;

    private TemplateParser(string source, string text, Func<string, bool> isFunction)
    {
        (_source, _text, _isFunction) = (source, text, isFunction);
        _tokens = new TemplateLexer(source, text).Run();
    }

    /// <summary>The template of a text, last, behind those it defines.</summary>
    /// <exception cref="TemplateException">It cannot be read.</exception>
    public static IReadOnlyList<Tree> Parse(string name, string text, Func<string, bool> isFunction)
    {
        var parser = new TemplateParser(name, text, isFunction);
        var root = parser.List(top: true, out _);
        parser._trees.Add(new Tree(name, name, text, root));
        return parser._trees;
    }

    private Token Peek => _tokens[_at];

    private Token PeekWord
    {
        get
        {
            while (Peek.Kind == Kind.Space)
            {
                _at++;
            }
            return Peek;
        }
    }

    private Token Next() => _tokens[Math.Min(_at++, _tokens.Count - 1)];

    private Token NextWord()
    {
        _ = PeekWord;
        return Next();
    }

    private TemplateException Error(string message) => Error(_tokens[Math.Clamp(_at - 1, 0, _tokens.Count - 1)].At, message);

    private TemplateException Error(int at, string message) => new($"template: {_source}:{1 + _text.AsSpan(0, at).Count('\n')}: {message}");

    private TemplateException Unexpected(Token token, string context) =>
        Error(token.At, token.Kind == Kind.End ? "unexpected EOF" : $"unexpected {Shown(token)} in {context}");

    private static string Shown(Token token) => token.Kind switch
    {
        Kind.Keyword => $"<{token.Value}>",
        _ when token.Value.Length > 10 => GoQuote.Quote(token.Value[..10]) + "...",
        _ => GoQuote.Quote(token.Value),
    };

    /// <summary>Parts up to <c>end</c> or <c>else</c>, which are consumed up to their word, or to the end of the text.</summary>
    private ListNode List(bool top, out string ended)
    {
        var nodes = new List<Node>();
        var at = Peek.At;
        while (true)
        {
            var token = Next();
            if (token.Kind == Kind.Text)
            {
                nodes.Add(new TextNode(token.At, token.Value));
                continue;
            }
            if (token.Kind == Kind.End)
            {
                ended = top ? "" : throw Error(token.At, "unexpected EOF");
                return new ListNode(at, nodes);
            }
            if (PeekWord is { Kind: Kind.Keyword } word)
            {
                Next();
                if (word.Value is "end" or "else")
                {
                    ended = top ? throw Error(word.At, $"unexpected {{{{{word.Value}}}}}") : word.Value;
                    return new ListNode(at, nodes);
                }
                if (word.Value == "define")
                {
                    Define(top, word);
                }
                else
                {
                    nodes.Add(Control(word));
                }
                continue;
            }
            nodes.Add(new ActionNode(PeekWord.At, Pipeline("command", Kind.Close)));
        }
    }

    private Node Control(Token word)
    {
        if (++_depth > MaxDepth)
        {
            throw Error(word.At, $"nested deeper than {MaxDepth}");
        }
        Node node = word.Value switch
        {
            "if" or "with" or "range" => Branch(word),
            "template" => Call(),
            "block" => Block(word),
            _ => Leave(word),
        };
        _depth--;
        return node;
    }

    private void Define(bool top, Token word)
    {
        if (!top)
        {
            throw Error(word.At, "unexpected <define> in define clause");
        }
        var name = Name("define clause");
        CloseOrFail("define clause");
        Add(name, word.At);
    }

    private void Add(string name, int at)
    {
        var (outer, ranges) = (_variables.ToList(), _ranges);
        _variables.RemoveRange(1, _variables.Count - 1);
        _ranges = 0;
        var body = List(top: false, out var ended);
        if (ended != "end")
        {
            throw Error(at, "unexpected {{else}} in define clause");
        }
        CloseOrFail("end");
        _variables.Clear();
        _variables.AddRange(outer);
        _ranges = ranges;
        _trees.Add(new Tree(name, _source, _text, body));
    }

    private BranchNode Branch(Token word)
    {
        var variables = _variables.Count;
        var pipe = Pipeline(word.Value, Kind.Close);
        _ranges += word.Value == "range" ? 1 : 0;
        var body = List(top: false, out var ended);
        _ranges -= word.Value == "range" ? 1 : 0;
        ListNode? otherwise = null;
        if (ended == "else")
        {
            // {{else if}} and {{else with}} are a branch of their own that shares the end.
            if (PeekWord is { Kind: Kind.Keyword } chained && chained.Value == word.Value && word.Value is "if" or "with")
            {
                Next();
                otherwise = new ListNode(chained.At, [Control(chained)]);
                _variables.RemoveRange(variables, _variables.Count - variables);
                return new BranchNode(pipe.At, word.Value, pipe, body, otherwise);
            }
            CloseOrFail("else");
            otherwise = List(top: false, out ended);
            if (ended == "else")
            {
                throw Error("expected end; found {{else}}");
            }
        }
        CloseOrFail("end");
        _variables.RemoveRange(variables, _variables.Count - variables);
        return new BranchNode(pipe.At, word.Value, pipe, body, otherwise);
    }

    private TemplateNode Call()
    {
        var at = PeekWord.At;
        var name = Name("template clause");
        if (PeekWord.Kind == Kind.Close)
        {
            Next();
            return new TemplateNode(at, name, null);
        }
        return new TemplateNode(at, name, Pipeline("template clause", Kind.Close));
    }

    private TemplateNode Block(Token word)
    {
        var name = Name("block clause");
        var pipe = Pipeline("block clause", Kind.Close);
        Add(name, word.At);
        return new TemplateNode(word.At, name, pipe);
    }

    private LeaveNode Leave(Token word)
    {
        if (PeekWord.Kind != Kind.Close)
        {
            throw Unexpected(PeekWord, $"{{{{{word.Value}}}}}");
        }
        Next();
        return _ranges > 0 ? new LeaveNode(word.At, word.Value == "break") : throw Error(word.At, $"{{{{{word.Value}}}}} outside {{{{range}}}}");
    }

    private string Name(string context)
    {
        var token = NextWord();
        return token.Kind == Kind.String ? Unquoted(token) : throw Unexpected(token, context);
    }

    private void CloseOrFail(string context)
    {
        var token = NextWord();
        if (token.Kind != Kind.Close)
        {
            throw Unexpected(token, context);
        }
    }

    private PipeNode Pipeline(string context, Kind end)
    {
        if (++_depth > MaxDepth)
        {
            throw Error($"nested deeper than {MaxDepth}");
        }
        var at = PeekWord.At;
        var variables = new List<string>();
        var assigns = Declarations(context, variables);
        var commands = new List<CommandNode>();
        while (true)
        {
            var token = PeekWord;
            if (token.Kind == end)
            {
                Next();
                break;
            }
            if (token.Kind is not (Kind.Constant or Kind.Number or Kind.Dot or Kind.Field or Kind.Identifier or Kind.Nil or Kind.String or Kind.Variable
                or Kind.LeftParen))
            {
                throw Unexpected(token, context);
            }
            commands.Add(Command());
        }
        if (commands.Count == 0)
        {
            throw Error($"missing value for {context}");
        }
        var literal = commands.FindIndex(1, c => c.Words[0] is ConstantNode or DotNode or NilNode);
        if (literal > 0)
        {
            throw Error($"non executable command in pipeline stage {literal + 1}");
        }
        _depth--;
        return new PipeNode(at, variables, assigns, commands);
    }

    private bool Declarations(string context, List<string> variables)
    {
        while (PeekWord is { Kind: Kind.Variable } variable)
        {
            var mark = _at;
            Next();
            var sign = PeekWord;
            if (sign.Kind is Kind.Declare or Kind.Assign)
            {
                Next();
                variables.Add(variable.Value);
                if (sign.Kind == Kind.Assign)
                {
                    return true;
                }
                _variables.AddRange(variables);
                return false;
            }
            if (sign.Kind != Kind.Comma)
            {
                _at = mark;
                return false;
            }
            Next();
            variables.Add(variable.Value);
            if (context != "range" || variables.Count > 1)
            {
                throw Error($"too many declarations in {context}");
            }
            if (PeekWord.Kind != Kind.Variable)
            {
                throw Error("range can only initialize variables");
            }
        }
        return false;
    }

    private CommandNode Command()
    {
        var words = new List<Node>();
        var at = PeekWord.At;
        while (true)
        {
            _ = PeekWord;
            if (Operand() is { } operand)
            {
                words.Add(operand);
            }
            var token = Next();
            if (token.Kind == Kind.Space)
            {
                continue;
            }
            if (token.Kind is Kind.Close or Kind.RightParen)
            {
                _at--;
            }
            else if (token.Kind != Kind.Pipe)
            {
                throw Unexpected(token, "operand");
            }
            else if (PeekWord.Kind is Kind.Close or Kind.RightParen)
            {
                throw Error("missing value for command");
            }
            return words.Count > 0 ? new CommandNode(at, words) : throw Error("empty command");
        }
    }

    private Node? Operand()
    {
        if (Term() is not { } node)
        {
            return null;
        }
        if (Peek.Kind != Kind.Field)
        {
            return node;
        }
        var at = Peek.At;
        var fields = new List<string>();
        while (Peek.Kind == Kind.Field)
        {
            fields.Add(Next().Value[1..]);
        }
        return node switch
        {
            FieldNode field => new FieldNode(at, [.. field.Fields, .. fields]),
            VariableNode variable => new VariableNode(at, variable.Name, [.. variable.Fields, .. fields]),
            ConstantNode or NilNode or DotNode => throw Error($"unexpected . after term {GoQuote.Quote(node.ToString()!)}"),
            _ => new ChainNode(at, node, fields),
        };
    }

    private Node? Term()
    {
        var token = Next();
        switch (token.Kind)
        {
            case Kind.Identifier:
                return _isFunction(token.Value) ? new IdentifierNode(token.At, token.Value)
                    : throw Error(token.At, $"function {GoQuote.Quote(token.Value)} not defined");
            case Kind.Dot: return new DotNode(token.At);
            case Kind.Nil: return new NilNode(token.At);
            case Kind.Variable:
                Known(token.Value, token.At);
                return new VariableNode(token.At, token.Value, []);
            case Kind.Field: return new FieldNode(token.At, [token.Value[1..]]);
            case Kind.Constant: return new ConstantNode(token.At, token.Value == "true", token.Value);
            case Kind.Number:
                return TemplateNumber.TryRead(token.Value, out var number) ? new ConstantNode(token.At, number, token.Value)
                    : throw Error(token.At, $"illegal number syntax: {GoQuote.Quote(token.Value)}");
            case Kind.String: return new ConstantNode(token.At, Unquoted(token), token.Value);
            case Kind.LeftParen: return Pipeline("parenthesized pipeline", Kind.RightParen);
            default:
                _at--;
                return null;
        }
    }

    private void Known(string variable, int at)
    {
        if (!_variables.Contains(variable))
        {
            throw Error(at, $"undefined variable {GoQuote.Quote(variable)}");
        }
    }

    private string Unquoted(Token token) =>
        token.Value[0] == '`' ? token.Value[1..^1] : GoQuote.Unquote(token.Value.AsSpan(1, token.Value.Length - 2)) ?? throw Error(token.At, "invalid syntax");
}
