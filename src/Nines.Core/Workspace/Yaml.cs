using System.Text;
using YamlDotNet.Core;
using YamlDotNet.Core.Events;

namespace Nines.Core.Workspace;

/// <summary>A node of a YAML file with its place. Lines and columns from 1.</summary>
internal abstract record YamlNode(int Line, int Column);

/// <param name="Index">Where it starts in the file's text.</param>
internal sealed record YamlText(int Line, int Column, string Value, int Index, ScalarStyle Style) : YamlNode(Line, Column)
{
    /// <summary>Where it ends in the file's text; the blanks after it may be counted in.</summary>
    public int End { get; init; }

    public bool Plain => Style == ScalarStyle.Plain;

    public bool IsNull => Plain && Value is "" or "~" or "null" or "Null" or "NULL" && Plain;
}

internal sealed record YamlList(int Line, int Column, List<YamlNode> Items) : YamlNode(Line, Column);

internal sealed record YamlMap(int Line, int Column, List<(YamlText Key, YamlNode Value)> Entries) : YamlNode(Line, Column);

/// <param name="Root">The document's node.</param>
/// <param name="Text">The document as written.</param>
internal sealed record YamlDocument(YamlNode Root, string Text);

/// <summary>
/// Reads YAML from parser events into nodes of our own: the library's document loader overflows the stack on nested brackets, turns self-references into cycles
/// and throws without a position. Depth, nodes and size are limited, each alias counted as what it stands for: a node that is used twice is the same object.
/// </summary>
internal sealed class YamlReader(string file, string text, List<Problem> problems)
{
    public const int MaxBytes = 1024 * 1024;
    private const int MaxDepth = 64;
    private const int MaxNodes = 100_000;
    private readonly Stack<(YamlNode Node, YamlText? Key)> _open = new();
    private readonly List<YamlDocument> _documents = [];
    private readonly Dictionary<string, YamlNode> _anchors = new(StringComparer.Ordinal);
    private YamlNode? _root;
    private int _documentStart;
    private int _nodes;

    public List<YamlDocument> Read()
    {
        var at = Mark.Empty;
        try
        {
            var parser = new YamlDotNet.Core.Parser(new StringReader(text));
            while (parser.MoveNext())
            {
                at = parser.Current!.Start;
                if (!Take(parser.Current))
                {
                    break;
                }
            }
        }
        catch (YamlException e)
        {
            Add(e.Start.Line > 0 ? e.Start : at, "yaml", CleanMessage(e.Message), "");
        }
        // The library throws exceptions of many kinds on malformed input; all of them mean the same.
#pragma warning disable CA1031
        catch (Exception e)
#pragma warning restore CA1031
        {
            Add(at, "yaml", $"this is not YAML: {CleanMessage(e.Message)}", "look for an unclosed bracket or quote");
        }
        return _documents;
    }

    private static string CleanMessage(string message) =>
        message[(message.IndexOf("): ", StringComparison.Ordinal) is var i and >= 0 && message.StartsWith('(') ? i + 3 : 0)..].ReplaceLineEndings(" ");

    private bool Take(ParsingEvent now)
    {
        if (now is Scalar or MappingStart or SequenceStart && (++_nodes > MaxNodes || _open.Count >= MaxDepth))
        {
            Add(now.Start, "yaml", _nodes > MaxNodes ? $"more than {MaxNodes} values" : $"nested deeper than {MaxDepth}", "split the file");
            return false;
        }
        var (line, column) = ((int)now.Start.Line, (int)now.Start.Column);
        switch (now)
        {
            case DocumentStart:
                _root = null;
                _anchors.Clear();
                _documentStart = (int)now.Start.Index;
                break;
            case DocumentEnd:
                if (_root is not null and not YamlText { IsNull: true })
                {
                    _documents.Add(new(_root, text[_documentStart..Math.Min(text.Length, (int)now.Start.Index)].Trim()));
                }
                break;
            case AnchorAlias alias:
                return Aliased(alias) is { } same && Place(same);
            case Scalar scalar:
                var at = AfterAnchor(scalar);
                return Place(Named(scalar, new YamlText(line, column + at - (int)now.Start.Index, scalar.Value, at, scalar.Style)
                {
                    End = (int)now.End.Index,
                }));
            case MappingStart start:
                var map = new YamlMap(line, column, []);
                return Place(Named(start, map)) && Open(map);
            case SequenceStart start:
                var list = new YamlList(line, column, []);
                return Place(Named(start, list)) && Open(list);
            case SequenceEnd:
                _open.Pop();
                break;
            case MappingEnd:
                Merge((YamlMap)_open.Pop().Node);
                break;
        }
        return true;
    }

    private YamlNode Named(NodeEvent now, YamlNode node)
    {
        if (!now.Anchor.IsEmpty)
        {
            _anchors[now.Anchor.Value] = node;
        }
        return node;
    }

    // Where a text itself begins: the library counts its anchor in.
    private int AfterAnchor(Scalar scalar)
    {
        var at = (int)scalar.Start.Index;
        while (at < text.Length && text[at] is '&' or '!')
        {
            var space = text.AsSpan(at).IndexOfAny(' ', '\t', '\n');
            var next = space < 0 ? -1 : text.AsSpan(at + space).IndexOfAnyExcept(' ', '\t');
            if (next < 0 || text[at + space + next] is '\n' or '\r')
            {
                break;
            }
            at += space + next;
        }
        return at;
    }

    private YamlNode? Aliased(AnchorAlias alias)
    {
        if (!_anchors.TryGetValue(alias.Value.Value, out var node))
        {
            Add(alias.Start, "yaml", $"nothing is named &{alias.Value} before the alias *{alias.Value}", "name it with & where it is written out");
            return null;
        }
        if (_open.Any(o => ReferenceEquals(o.Node, node)))
        {
            Add(alias.Start, "yaml", $"the alias *{alias.Value} is inside what it stands for", "");
            return null;
        }
        var (count, depth) = Extent(node);
        _nodes += count;
        if (_nodes > MaxNodes || _open.Count + depth > MaxDepth)
        {
            Add(alias.Start, "yaml", _nodes > MaxNodes ? $"with *{alias.Value} written out there are more than {MaxNodes} values"
                : $"with *{alias.Value} written out it is nested deeper than {MaxDepth}", "split the file");
            return null;
        }
        return node;
    }

    // No more than what was counted before, and counted from now on: all walks together stay within twice the limit.
    private static (int Count, int Depth) Extent(YamlNode node)
    {
        var (count, depth) = (1, 0);
        foreach (var inner in node switch { YamlList list => list.Items, YamlMap map => map.Entries.Select(e => e.Value), _ => [] })
        {
            var (more, deeper) = Extent(inner);
            (count, depth) = (count + more, Math.Max(depth, deeper + 1));
        }
        return (count + (node is YamlMap { Entries.Count: var keys } ? keys : 0), depth);
    }

    // <<: *defaults, or a list of such: its entries, where the mapping has none of its own of that name.
    private void Merge(YamlMap map)
    {
        var at = map.Entries.FindIndex(e => e.Key is { Value: "<<", Plain: true });
        if (at < 0)
        {
            return;
        }
        var (key, value) = map.Entries[at];
        map.Entries.RemoveAt(at);
        foreach (var source in value is YamlList list ? list.Items : [value])
        {
            if (source is not YamlMap other)
            {
                problems.Add(new(new(file, source.Line, source.Column), ProblemSeverity.Error, "yaml",
                    $"<< at line {key.Line} takes a mapping or a list of mappings", ""));
                return;
            }
            map.Entries.AddRange(other.Entries.Where(e => map.Entries.TrueForAll(own => own.Key.Value != e.Key.Value)));
        }
    }

    private bool Open(YamlNode node)
    {
        _open.Push((node, null));
        return true;
    }

    private bool Place(YamlNode node)
    {
        if (_open.Count == 0)
        {
            _root = node;
            return true;
        }
        var (parent, key) = _open.Pop();
        if (parent is YamlList list)
        {
            list.Items.Add(node);
            _open.Push((parent, null));
        }
        else if (key is not null)
        {
            ((YamlMap)parent).Entries.Add((key, node));
            _open.Push((parent, null));
        }
        else if (node is YamlText text)
        {
            if (((YamlMap)parent).Entries.Exists(e => e.Key.Value == text.Value))
            {
                problems.Add(new(new(file, text.Line, text.Column), ProblemSeverity.Error, "duplicate-key", $"the key {text.Value} occurs twice", "drop one"));
            }
            _open.Push((parent, text));
        }
        else
        {
            problems.Add(new(new(file, node.Line, node.Column), ProblemSeverity.Error, "yaml", "a key must be a plain text", ""));
            return false;
        }
        return true;
    }

    private void Add(Mark at, string code, string message, string hint) =>
        problems.Add(new(new(file, Math.Max(1, (int)at.Line), Math.Max(1, (int)at.Column)), ProblemSeverity.Error, code, message, hint));

    /// <summary>The place in the file of a character of a scalar's value, by walking value and source side by side.</summary>
    public static (int Line, int Column) Locate(string source, YamlText scalar, int offset)
    {
        var (line, column, at) = (scalar.Line, scalar.Column, scalar.Index);
        void Step(int count)
        {
            for (; count > 0 && at < source.Length; count--)
            {
                (line, column) = source[at] == '\n' ? (line + 1, 1) : (line, column + 1);
                at++;
            }
        }
        if (scalar.Style is ScalarStyle.Literal or ScalarStyle.Folded)
        {
            Step(Math.Max(0, source.IndexOf('\n', Math.Min(at, source.Length)) - at));
        }
        else if (!scalar.Plain)
        {
            Step(1);
        }
        var value = scalar.Value;
        for (var i = 0; i <= Math.Min(offset, value.Length); i++)
        {
            if (i < value.Length && char.IsWhiteSpace(value[i]) && i < offset)
            {
                continue;
            }
            while (at < source.Length && char.IsWhiteSpace(source[at]) && i < value.Length && !char.IsWhiteSpace(value[i]))
            {
                Step(1);
            }
            if (i < offset && i < value.Length)
            {
                var escaped = (scalar.Style == ScalarStyle.DoubleQuoted && at < source.Length && source[at] == '\\')
                    || (scalar.Style == ScalarStyle.SingleQuoted && value[i] == '\'');
                Step(!escaped ? 1 : scalar.Style == ScalarStyle.SingleQuoted ? 2
                    : source.ElementAtOrDefault(at + 1) switch { 'x' => 4, 'u' => 6, 'U' => 10, _ => 2 });
            }
        }
        return (line, column);
    }

    /// <summary>Bytes as text, or null when they are not UTF-8.</summary>
    public static string? Decode(ReadOnlySpan<byte> bytes)
    {
        try
        {
            return new UTF8Encoding(false, true).GetString(bytes.StartsWith((ReadOnlySpan<byte>)[0xEF, 0xBB, 0xBF]) ? bytes[3..] : bytes);
        }
        catch (DecoderFallbackException)
        {
            return null;
        }
    }
}
