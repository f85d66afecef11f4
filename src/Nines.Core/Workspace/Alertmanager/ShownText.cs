using System.Text;
using System.Text.RegularExpressions;

namespace Nines.Core.Workspace.Alertmanager;

/// <summary>
/// An <c>alertmanager.yml</c> as it may be shown: every secret is <c>&lt;secret&gt;</c>, and comments are left out, for one may hold a secret of yesterday. The
/// rest stays as it was written, byte for byte.
/// </summary>
internal static partial class ShownText
{
    private const string Hidden = "<secret>";

    // A webhook's address was no secret before 0.26: to an older amtool what stands here must still be an address.
    private const string HiddenAddress = "http://<secret>";

    /// <summary>The text to show.</summary>
    /// <param name="text">The file's text.</param>
    /// <param name="root">What it says.</param>
    public static string Of(string text, YamlMap root)
    {
        var texts = new SortedDictionary<int, (int End, string? Instead)>();
        All(root, texts);
        Walk(root, Top, texts);
        var shown = new StringBuilder(text.Length);
        var at = 0;
        foreach (var (start, (end, instead)) in texts)
        {
            if (start < at || end > text.Length)
            {
                continue;       // an alias: its text stands elsewhere
            }
            Between(text.AsSpan(at, start - at), shown);
            var written = text.AsSpan(start, end - start);
            shown.Append(instead is null ? written : instead);
            at = instead is null ? end : start + written.TrimEnd().Length;
        }
        Between(text.AsSpan(at), shown);
        return shown.ToString();
    }

    private static readonly SettingGrammar Top = new("alertmanager.yml",
    [
        new("global", SettingKind.Nested, Of: GlobalGrammar.Global),
        new("receivers", SettingKind.NestedList,
            Of: new("receiver", [.. ReceiverGrammar.Integrations.Select(i => new SettingField($"{i.Kind}_configs", SettingKind.NestedList, Of: i.Settings))])),
    ]);

    // What stands between texts is punctuation and comments.
    private static void Between(ReadOnlySpan<char> text, StringBuilder shown)
    {
        while (text.Length > 0)
        {
            var comment = text.IndexOf('#');
            if (comment < 0)
            {
                shown.Append(text);
                return;
            }
            shown.Append(text[..comment]);
            while (shown.Length > 0 && shown[^1] is ' ' or '\t')
            {
                shown.Length--;
            }
            var rest = text[comment..];
            var line = rest.IndexOf('\n');
            if (line < 0)
            {
                return;
            }
            // A line that held nothing else goes with its comment.
            text = rest[(shown.Length == 0 || shown[^1] == '\n' ? line + 1 : line)..];
        }
    }

    private static void All(YamlNode node, SortedDictionary<int, (int End, string? Instead)> texts)
    {
        switch (node)
        {
            case YamlText text:
                texts.TryAdd(text.Index, (text.End, null));
                break;
            case YamlList list:
                list.Items.ForEach(item => All(item, texts));
                break;
            case YamlMap map:
                map.Entries.ForEach(entry =>
                {
                    All(entry.Key, texts);
                    All(entry.Value, texts);
                });
                break;
        }
    }

    private static void Walk(YamlNode? node, SettingGrammar grammar, SortedDictionary<int, (int End, string? Instead)> texts)
    {
        foreach (var (key, value) in (node as YamlMap)?.Entries ?? [])
        {
            switch (grammar.Fields.FirstOrDefault(f => f.Name == key.Value))
            {
                case { Kind: SettingKind.HiddenUrl, Name: "url" }:
                    HideAll(value, texts, HiddenAddress);
                    break;
                case { Kind: SettingKind.Hidden or SettingKind.HiddenTemplate or SettingKind.HiddenUrl }:
                    HideAll(value, texts);
                    break;
                case { Kind: SettingKind.Url } when value is YamlText url && WithPassword().IsMatch(url.Value):
                    HideAll(value, texts, HiddenAddress);
                    break;
                case { Kind: SettingKind.Nested } field:
                    Walk(value, field.Of!, texts);
                    break;
                case { Kind: SettingKind.NestedList } field:
                    (value as YamlList)?.Items.ForEach(item => Walk(item, field.Of!, texts));
                    break;
                case { Name: "proxy_connect_header" }:
                    HideAll(value, texts);
                    break;
                case { Name: "http_headers" }:
                    foreach (var secrets in (value as YamlMap)?.Entries.SelectMany(h => (h.Value as YamlMap)?.Entries ?? [])
                        .Where(e => e.Key.Value == "secrets") ?? [])
                    {
                        HideAll(secrets.Value, texts);
                    }
                    break;
            }
        }
    }

    private static void HideAll(YamlNode node, SortedDictionary<int, (int End, string? Instead)> texts, string instead = Hidden)
    {
        switch (node)
        {
            case YamlText { Value.Length: > 0 } text:
                texts[text.Index] = (text.End, instead);
                break;
            case YamlList list:
                list.Items.ForEach(item => HideAll(item, texts, instead));
                break;
            case YamlMap map:
                map.Entries.ForEach(entry => HideAll(entry.Value, texts, instead));
                break;
        }
    }

    [GeneratedRegex("://[^/?#]*:[^/?#]*@", RegexOptions.NonBacktracking)]
    private static partial Regex WithPassword();
}
