namespace Nines.Metrics.Templates;

/// <summary>A part of a template. Its <c>ToString</c> is its canonical notation, which messages quote.</summary>
/// <param name="At">Where it stands, in characters from 0.</param>
internal abstract record Node(int At);

internal sealed record TextNode(int At, string Text) : Node(At)
{
    public override string ToString() => GoQuote.Quote(Text);
}

/// <summary>Parts one after the other.</summary>
internal sealed record ListNode(int At, IReadOnlyList<Node> Nodes) : Node(At)
{
    public override string ToString() => string.Concat(Nodes);
}

internal sealed record ActionNode(int At, PipeNode Pipe) : Node(At)
{
    public override string ToString() => $"{{{{{Pipe}}}}}";
}

/// <summary>Commands, each taking the value of the one before as its last argument; the value may go to variables.</summary>
internal sealed record PipeNode(int At, IReadOnlyList<string> Variables, bool Assigns, IReadOnlyList<CommandNode> Commands) : Node(At)
{
    public override string ToString() =>
        (Variables.Count > 0 ? $"{string.Join(", ", Variables)} {(Assigns ? "=" : ":=")} " : "") + string.Join(" | ", Commands);
}

internal sealed record CommandNode(int At, IReadOnlyList<Node> Words) : Node(At)
{
    public override string ToString() => string.Join(' ', Words.Select(w => w is PipeNode ? $"({w})" : w.ToString()));
}

internal sealed record IdentifierNode(int At, string Name) : Node(At)
{
    public override string ToString() => Name;
}

/// <summary>A variable and fields of it.</summary>
internal sealed record VariableNode(int At, string Name, IReadOnlyList<string> Fields) : Node(At)
{
    public override string ToString() => Name + string.Concat(Fields.Select(f => "." + f));
}

/// <summary>Fields of the dot.</summary>
internal sealed record FieldNode(int At, IReadOnlyList<string> Fields) : Node(At)
{
    public override string ToString() => string.Concat(Fields.Select(f => "." + f));
}

/// <summary>Fields of a bracketed pipeline or of a function's value.</summary>
internal sealed record ChainNode(int At, Node Inner, IReadOnlyList<string> Fields) : Node(At)
{
    public override string ToString() => (Inner is PipeNode ? $"({Inner})" : Inner.ToString()) + string.Concat(Fields.Select(f => "." + f));
}

internal sealed record DotNode(int At) : Node(At)
{
    public override string ToString() => ".";
}

internal sealed record NilNode(int At) : Node(At)
{
    public override string ToString() => "nil";
}

/// <summary>A text, number or truth value as written.</summary>
internal sealed record ConstantNode(int At, object Value, string Written) : Node(At)
{
    public override string ToString() => Written;
}

/// <param name="Keyword"><c>if</c>, <c>with</c> or <c>range</c>.</param>
internal sealed record BranchNode(int At, string Keyword, PipeNode Pipe, ListNode Body, ListNode? Else) : Node(At)
{
    public override string ToString() => $"{{{{{Keyword} {Pipe}}}}}{Body}{(Else is null ? "" : $"{{{{else}}}}{Else}")}{{{{end}}}}";
}

internal sealed record TemplateNode(int At, string Name, PipeNode? Pipe) : Node(At)
{
    public override string ToString() => $"{{{{template {GoQuote.Quote(Name)}{(Pipe is null ? "" : $" {Pipe}")}}}}}";
}

/// <summary><c>break</c> or <c>continue</c>.</summary>
internal sealed record LeaveNode(int At, bool Breaks) : Node(At)
{
    public override string ToString() => Breaks ? "{{break}}" : "{{continue}}";
}

/// <summary>A template with the text it was written in.</summary>
/// <param name="Name">How it is called.</param>
/// <param name="Source">The name of the text, for messages.</param>
/// <param name="Text">The text.</param>
internal sealed record Tree(string Name, string Source, string Text, ListNode Root);
