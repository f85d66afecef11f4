using System.Runtime.CompilerServices;
using System.Text;

namespace Nines.Metrics.Templates;

/// <summary>One execution: walks a template's parts, writes text, and stops with an error when a limit is reached.</summary>
internal sealed class TemplateRun(
    Func<string, Tree?> trees, Func<string, TemplateFunction?> functions, TemplateLimits limits, HtmlContext? html = null) : ITemplateRun
{
    /// <summary>Stands where the value of a command before is missing.</summary>
    private static readonly object Missing = new();

    private readonly List<(string Name, object? Value)> _variables = [];
    private StringBuilder _output = new();
    private Tree _tree = null!;
    private int _steps;
    private int _depth;

    private enum Flow
    {
        On,
        Break,
        Continue,
    }

    public int MaxLength => limits.MaxLength;

    public string Execute(string name, object? data)
    {
        var tree = trees(name)
            ?? throw new TemplateException($"template: no template {GoQuote.Quote(name)} associated with template {GoQuote.Quote(_tree?.Name ?? name)}");
        var (outer, output) = (_tree, _output);
        _output = new StringBuilder();
        Run(tree, data);
        var text = _output.ToString();
        (_tree, _output) = (outer, output);
        return text;
    }

    private void Run(Tree tree, object? data)
    {
        var (outer, variables) = (_tree, _variables.ToList());
        _tree = tree;
        _variables.Clear();
        _variables.Add(("$", data));
        Walk(data, tree.Root);
        _variables.Clear();
        _variables.AddRange(variables);
        _tree = outer;
    }

    private Flow Walk(object? dot, Node node)
    {
        Enter(node);
        var flow = Flow.On;
        switch (node)
        {
            case TextNode text: Write(text, html is null ? text.Text : html.Text(text.Text)); break;
            case ActionNode action:
                var value = Pipeline(dot, action.Pipe);
                if (action.Pipe.Variables.Count == 0)
                {
                    Print(action, value);
                }
                break;
            case ListNode list:
                for (var i = 0; i < list.Nodes.Count && flow == Flow.On; i++)
                {
                    flow = Walk(dot, list.Nodes[i]);
                }
                break;
            case LeaveNode leave: flow = leave.Breaks ? Flow.Break : Flow.Continue; break;
            case TemplateNode call: Call(dot, call); break;
            case BranchNode branch:
                var mark = _variables.Count;
                flow = branch.Keyword == "range" ? Range(dot, branch) : Choose(dot, branch);
                _variables.RemoveRange(mark, _variables.Count - mark);
                break;
        }
        _depth--;
        return flow;
    }

    private void Enter(Node node)
    {
        if (++_steps > limits.MaxSteps)
        {
            throw Error(node, $"more than {limits.MaxSteps} steps");
        }
        if (++_depth > limits.MaxDepth || !RuntimeHelpers.TryEnsureSufficientExecutionStack())
        {
            throw Error(node, $"exceeded maximum template depth ({limits.MaxDepth})");
        }
    }

    private void Call(object? dot, TemplateNode call)
    {
        var tree = trees(call.Name) ?? throw Error(call, $"template {GoQuote.Quote(call.Name)} not defined");
        Run(tree, call.Pipe is null ? null : Pipeline(dot, call.Pipe));
    }

    private Flow Choose(object? dot, BranchNode branch)
    {
        var value = Pipeline(dot, branch.Pipe);
        return TemplateBuiltins.IsTrue(value) ? Walk(branch.Keyword == "with" ? value : dot, branch.Body)
            : branch.Else is not null ? Walk(dot, branch.Else) : Flow.On;
    }

    private Flow Range(object? dot, BranchNode range)
    {
        var value = Pipeline(dot, range.Pipe);
        // What the pipeline gave its variables is replaced on every turn.
        var top = _variables.Count;
        var names = range.Pipe.Variables;
        bool Turn(object? index, object? item)
        {
            if (names.Count > 0)
            {
                Set(range, names[^1], item, range.Pipe.Assigns, top - 1);
            }
            if (names.Count > 1)
            {
                Set(range, names[0], index, range.Pipe.Assigns, top - 2);
            }
            var flow = Walk(item, range.Body);
            _variables.RemoveRange(top, _variables.Count - top);
            return flow != Flow.Break;
        }
        var any = false;
        switch (value)
        {
            case TemplateMap map:
                foreach (var (key, item) in map.Sorted)
                {
                    any = true;
                    if (!Turn(key, item))
                    {
                        break;
                    }
                }
                break;
            case IReadOnlyList<object?> list:
                for (var i = 0; i < list.Count; i++)
                {
                    any = true;
                    if (!Turn((long)i, list[i]))
                    {
                        break;
                    }
                }
                break;
            case long count:
                for (var i = 0L; i < count; i++)
                {
                    any = true;
                    if (!Turn(i, i))
                    {
                        break;
                    }
                }
                break;
            case null: break;
            default: throw Error(range.Pipe.Commands[^1].Words[0], $"range can't iterate over {GoFormat.Print([value], limits.MaxLength)}");
        }
        return !any && range.Else is not null ? Walk(dot, range.Else) : Flow.On;
    }

    private void Set(Node node, string name, object? value, bool assigns, int place)
    {
        if (!assigns)
        {
            _variables[place] = (name, value);
            return;
        }
        var at = _variables.FindLastIndex(v => v.Name == name);
        _variables[at >= 0 ? at : throw Error(node, $"undefined variable: {name}")] = (name, value);
    }

    private object? Pipeline(object? dot, PipeNode pipe)
    {
        Enter(pipe);
        object? value = Missing;
        foreach (var command in pipe.Commands)
        {
            value = Command(dot, command, value);
        }
        foreach (var name in pipe.Variables)
        {
            if (!pipe.Assigns)
            {
                _variables.Add((name, null));
            }
            Set(pipe.Commands[^1].Words[0], name, value, pipe.Assigns, _variables.Count - 1);
        }
        _depth--;
        return value;
    }

    private object? Command(object? dot, CommandNode command, object? last)
    {
        var first = command.Words[0];
        switch (first)
        {
            case FieldNode field: return Fields(dot, field, field.Fields, command.Words, last, dot);
            case ChainNode chain: return Fields(dot, chain, chain.Fields, command.Words, last, Inner(dot, chain));
            case VariableNode variable: return Variable(dot, variable, command.Words, last);
            case IdentifierNode name: return Function(dot, name, command, command.Words, last);
        }
        if (command.Words.Count > 1 || last != Missing)
        {
            throw Error(first is PipeNode ? command : first, $"can't give argument to non-function {command.Words[0]}");
        }
        return first switch
        {
            PipeNode pipe => Pipeline(dot, pipe),
            DotNode => dot,
            ConstantNode constant => constant.Value,
            _ => throw Error(first, "nil is not a command"),
        };
    }

    private object? Inner(object? dot, ChainNode chain) =>
        Word(dot, chain.Inner) ?? (chain.Inner is NilNode ? throw Error(chain, $"indirection through explicit nil in {chain}") : null);

    private object? Variable(object? dot, VariableNode variable, IReadOnlyList<Node> words, object? last)
    {
        var at = _variables.FindLastIndex(v => v.Name == variable.Name);
        var value = at >= 0 ? _variables[at].Value : throw Error(variable, $"undefined variable: {variable.Name}");
        if (variable.Fields.Count > 0)
        {
            return Fields(dot, variable, variable.Fields, words, last, value);
        }
        return words.Count > 1 || last != Missing ? throw Error(words[0], $"can't give argument to non-function {words[0]}") : value;
    }

    private object? Fields(object? dot, Node node, IReadOnlyList<string> names, IReadOnlyList<Node> words, object? last, object? receiver)
    {
        for (var i = 0; i < names.Count; i++)
        {
            var isLast = i == names.Count - 1;
            if (receiver is null && i > 0)
            {
                throw Error(node, $"nil pointer evaluating interface {{}}.{names[i]}");
            }
            receiver = Field(dot, node, names[i], isLast ? words : [node], isLast ? last : Missing, receiver);
        }
        return receiver;
    }

    private object? Field(object? dot, Node node, string name, IReadOnlyList<Node> words, object? last, object? receiver)
    {
        var hasArguments = words.Count > 1 || last != Missing;
        object? found = null;
        switch (receiver)
        {
            case null: return null;
            case ITemplateMethods o when o.Method(name) is { } own:
                found = own;
                break;
            case TemplateMap map when !hasArguments: return map[name];
            case TemplateMap: throw Error(node, $"{name} is not a method but has arguments");
            case ITemplateObject o when o.TryGet(name, out found): break;
            case GoDuration duration when name is "Seconds" or "Minutes" or "Hours":
                return duration.Seconds / (name == "Hours" ? 3600 : name == "Minutes" ? 60 : 1);
            case GoDuration duration when name is "String": return duration.ToString();
            default: throw Error(node, $"can't evaluate field {name} in type {GoFormat.TypeName(receiver)}");
        }
        if (found is TemplateFunction method)
        {
            return Invoke(dot, node, name, method, words, last);
        }
        return hasArguments ? throw Error(node, $"{name} has arguments but cannot be invoked as function") : found;
    }

    private object? Function(object? dot, IdentifierNode name, Node node, IReadOnlyList<Node> words, object? last)
    {
        if (name.Name is "and" or "or")
        {
            return Shortcut(dot, name, words, last);
        }
        var function = functions(name.Name) ?? throw Error(name, $"{GoQuote.Quote(name.Name)} is not a defined function");
        return Invoke(dot, node, name.Name, function, words, last);
    }

    // Arguments behind the one that decides are not computed.
    private object? Shortcut(object? dot, IdentifierNode name, IReadOnlyList<Node> words, object? last)
    {
        if (words.Count == 1 && last == Missing)
        {
            throw Error(name, $"wrong number of args for {name.Name}: want at least 1 got 0");
        }
        object? value = null;
        for (var i = 1; i < words.Count; i++)
        {
            value = Word(dot, words[i]);
            if (TemplateBuiltins.IsTrue(value) == (name.Name == "or"))
            {
                return value;
            }
        }
        return last == Missing ? value : last;
    }

    private object? Invoke(object? dot, Node node, string name, TemplateFunction function, IReadOnlyList<Node> words, object? last)
    {
        Enter(node);
        var count = words.Count - 1 + (last == Missing ? 0 : 1);
        var kinds = function.Arguments;
        var least = function.Repeats ? kinds.Count - 1 : kinds.Count;
        if (count < least || (count > least && !function.Repeats))
        {
            throw Error(node is CommandNode ? words[0] : node,
                $"wrong number of args for {name}: want {(function.Repeats ? "at least " : "")}{least} got {count}");
        }
        var arguments = new object?[count];
        for (var i = 0; i < count; i++)
        {
            var kind = kinds[Math.Min(i, kinds.Count - 1)];
            var fromPipe = i == words.Count - 1;
            var word = fromPipe ? node : words[i + 1];
            arguments[i] = Checked(word, kind, fromPipe ? last : Word(dot, word));
        }
        object? value;
        try
        {
            value = function.Call(this, arguments);
        }
        catch (Exception e) when (e is TemplateCallException or OverflowException)
        {
            throw Error(node, $"error calling {name}: {e.Message}");
        }
        if (value is string { Length: var length } && length > limits.MaxLength)
        {
            throw Error(node, $"error calling {name}: the text is longer than {limits.MaxLength} characters");
        }
        _depth--;
        return value;
    }

    private object? Checked(Node word, ArgumentKind kind, object? value)
    {
        var (fits, expected) = kind switch
        {
            ArgumentKind.Text => (value is string, "string"),
            ArgumentKind.Whole => (value is long, "int"),
            ArgumentKind.Number => (value is double || (word is ConstantNode && value is long), "float64"),
            ArgumentKind.List => (value is IReadOnlyList<object?> or null, "[]interface {}"),
            ArgumentKind.Object => (value is ITemplateObject, "a structure"),
            _ => (true, ""),
        };
        if (fits)
        {
            return kind == ArgumentKind.Number && value is long whole ? (double)whole : value;
        }
        if (value is null)
        {
            throw Error(word, word is NilNode ? $"cannot assign nil to {expected}" : $"invalid value; expected {expected}");
        }
        throw Error(word, word is ConstantNode && kind is ArgumentKind.List or ArgumentKind.Object ? $"can't handle {word} for arg of type {expected}"
            : word is ConstantNode ? $"expected {expected.Replace("64", "")}; found {word}"
            : $"wrong type for value; expected {expected}; got {GoFormat.TypeName(value)}");
    }

    /// <summary>The value of a word that is an argument.</summary>
    private object? Word(object? dot, Node word)
    {
        Enter(word);
        var value = word switch
        {
            DotNode => dot,
            NilNode => null,
            ConstantNode constant => constant.Value,
            FieldNode field => Fields(dot, field, field.Fields, [field], Missing, dot),
            VariableNode variable => Variable(dot, variable, [variable], Missing),
            PipeNode pipe => Pipeline(dot, pipe),
            ChainNode chain => Fields(dot, chain, chain.Fields, [chain], Missing, Inner(dot, chain)),
            _ => Function(dot, (IdentifierNode)word, word, [word], Missing),
        };
        _depth--;
        return value;
    }

    private void Print(Node node, object? value)
    {
        if (value is TemplateFunction)
        {
            throw Error(node, $"can't print {node} of type func()");
        }
        try
        {
            if (html is not null)
            {
                var last = node is ActionNode { Pipe.Commands: [.., { Words: [IdentifierNode name, ..] }] } ? name.Name : "";
                Write(node, html.Escape(value is null ? "" : GoFormat.Print([value], limits.MaxLength), value as SafeText, last));
                return;
            }
            Write(node, value is null ? "<no value>" : GoFormat.Print([value], limits.MaxLength));
        }
        catch (TemplateCallException e)
        {
            throw Error(node, e.Message);
        }
    }

    private void Write(Node node, string text)
    {
        if (_output.Length + text.Length > limits.MaxLength)
        {
            throw Error(node, $"the output is longer than {limits.MaxLength} characters");
        }
        _output.Append(text);
    }

    private TemplateException Error(Node node, string message)
    {
        var before = _tree.Text.AsSpan(0, node.At);
        var column = Encoding.UTF8.GetByteCount(before[(before.LastIndexOf('\n') + 1)..]);
        return new($"template: {_tree.Source}:{1 + before.Count('\n')}:{column}: executing {GoQuote.Quote(_tree.Name)} at <{Short(node)}>: {message}");
    }

    // What a message quotes of the template stays short.
    private static string Short(Node node) => node.ToString() is { Length: <= 1000 } text ? text : node.ToString()![..1000] + "…";
}
