using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;
using YamlDotNet.Core;

namespace Nines.Core.Workspace.Import;

/// <summary>Builds documents out of nodes that remember the place they come from.</summary>
internal static class Tree
{
    public static YamlText Text(YamlNode at, string value) => new(at.Line, at.Column, value, 0, ScalarStyle.SingleQuoted);

    /// <summary>A number or a truth value.</summary>
    public static YamlText Plain(YamlNode at, string value) => new(at.Line, at.Column, value, 0, ScalarStyle.Plain);

    public static YamlText Share(YamlNode at, decimal value) => Plain(at, value.ToString("0.############################", CultureInfo.InvariantCulture));

    /// <summary>A mapping; entries without a value are left out.</summary>
    public static YamlMap Map(YamlNode at, params ReadOnlySpan<(string Key, YamlNode? Value)> entries)
    {
        var map = new YamlMap(at.Line, at.Column, []);
        foreach (var (key, value) in entries)
        {
            if (value is not null)
            {
                map.Entries.Add((Text(value, key), value));
            }
        }
        return map;
    }

    public static YamlList List(YamlNode at, IEnumerable<YamlNode> items) => new(at.Line, at.Column, [.. items]);

    public static YamlMap? Texts(YamlNode at, IEnumerable<KeyValuePair<string, string>> pairs)
    {
        var map = new YamlMap(at.Line, at.Column, [.. pairs.Select(p => (Text(at, p.Key), (YamlNode)Text(at, p.Value)))]);
        return map.Entries.Count == 0 ? null : map;
    }

    public static YamlMap Document(YamlNode at, string version, string kind, string name, YamlMap spec) =>
        Map(at, ("apiVersion", Text(at, version)), ("kind", Text(at, kind)), ("metadata", Map(at, ("name", Text(at, name)))), ("spec", spec));

    public static YamlNode? Get(YamlNode? node, string key) =>
        (node as YamlMap)?.Entries.Find(e => e.Key.Value == key).Value is { } value and not YamlText { IsNull: true } ? value : null;

    public static string? GetText(YamlNode? node, string key) => (Get(node, key) as YamlText)?.Value;

    /// <summary>The same mapping without some keys.</summary>
    public static YamlMap Without(YamlMap map, params string[] keys) => map with { Entries = [.. map.Entries.Where(e => !keys.Contains(e.Key.Value))] };

    /// <summary>The same mapping with the value of a key replaced, in its place; added at the end when there was none.</summary>
    public static YamlMap With(YamlMap map, string key, YamlNode value)
    {
        var at = map.Entries.FindIndex(e => e.Key.Value == key);
        return map with { Entries = at < 0 ? [.. map.Entries, (Text(value, key), value)] : [.. map.Entries.Select((e, i) => i == at ? (e.Key, value) : e)] };
    }
}

/// <summary>Writes nodes as YAML and remembers where each line comes from.</summary>
internal sealed partial class TreeWriter
{
    private readonly StringBuilder _text = new();
    private readonly List<(int Line, int Column, int Indent, YamlText? Block, int Into)> _origins = [];
    private YamlNode _at = new YamlText(1, 1, "", 0, default);

    /// <summary>The documents as one file, with the place each of its lines comes from.</summary>
    public static (string Text, Func<int, int, (int Line, int Column)> Origin) Write(IEnumerable<YamlNode> documents)
    {
        var writer = new TreeWriter();
        foreach (var document in documents)
        {
            writer._at = document;
            writer.Line(writer._text.Length == 0 ? "" : "---\n");
            writer.Node(document, 0, fresh: true);
        }
        return (writer._text.ToString(), writer.Origin);
    }

    private (int Line, int Column) Origin(int line, int column)
    {
        if (line < 1 || line > _origins.Count)
        {
            return (1, 1);
        }
        var (sourceLine, sourceColumn, indent, block, into) = _origins[line - 1];
        return block is { Style: ScalarStyle.Literal } ? (block.Line + into, column - indent + 1) : (sourceLine, sourceColumn);
    }

    // Text that ends in a line break, so that each line is told once where it comes from.
    private void Line(string text)
    {
        _text.Append(text);
        foreach (var _ in text.Where(c => c == '\n'))
        {
            _origins.Add((_at.Line, _at.Column, 0, null, 0));
        }
    }

    private void Node(YamlNode node, int indent, bool fresh)
    {
        _at = node;
        switch (node)
        {
            case YamlText text:
                Scalar(text, indent);
                break;
            case YamlMap { Entries.Count: 0 }:
                Line(" {}\n");
                break;
            case YamlList { Items.Count: 0 }:
                Line(" []\n");
                break;
            case YamlMap map:
                Open(fresh);
                foreach (var (key, value) in map.Entries)
                {
                    _text.Append(' ', indent).Append(YamlScalar.Of(key.Value, 0)).Append(':');
                    Node(value, indent + 2, fresh: false);
                }
                break;
            case YamlList list:
                Open(fresh);
                foreach (var item in list.Items)
                {
                    _text.Append(' ', indent).Append('-');
                    if (item is YamlMap { Entries.Count: > 0 } map)
                    {
                        _text.Append(' ');
                        Item(map, indent + 2);
                    }
                    else
                    {
                        Node(item, indent + 2, fresh: false);
                    }
                }
                break;
        }
    }

    private void Item(YamlMap map, int indent)
    {
        var first = true;
        foreach (var (key, value) in map.Entries)
        {
            _text.Append(' ', first ? 0 : indent).Append(YamlScalar.Of(key.Value, 0)).Append(':');
            Node(value, indent + 2, fresh: false);
            first = false;
        }
    }

    private void Open(bool fresh)
    {
        if (!fresh)
        {
            Line("\n");
        }
    }

    private void Scalar(YamlText text, int indent)
    {
        var value = text.IsNull ? "null" : text.Plain && SimplePlain().IsMatch(text.Value) ? text.Value : YamlScalar.Of(text.Value, indent);
        if (!value.StartsWith('|'))
        {
            Line($" {value}\n");
            return;
        }
        _text.Append(' ').Append(value).Append('\n');
        for (var i = 0; i <= value.Count(c => c == '\n'); i++)
        {
            _origins.Add((text.Line, text.Column, indent + 1, i == 0 ? null : text, i));
        }
    }

    [GeneratedRegex(@"\A[-+.A-Za-z0-9_%]+\z", RegexOptions.CultureInvariant | RegexOptions.NonBacktracking)]
    private static partial Regex SimplePlain();
}
