using System.Net;
using System.Text;

namespace Nines.Core.Delivery.Integrations;

/// <summary>How a piece of text looks.</summary>
public enum TextStyle
{
    /// <summary>As the text around it.</summary>
    Plain,
    /// <summary>Bold.</summary>
    Bold,
    /// <summary>Italic.</summary>
    Italic,
    /// <summary>Of one width.</summary>
    Code,
}

/// <summary>A piece of text of one style.</summary>
public readonly record struct TextSpan(string Text, TextStyle Style = TextStyle.Plain);

/// <summary>Text with styles, which each kind of receiver writes in its own way.</summary>
/// <param name="Spans">The pieces; lines end in a plain <c>\n</c>.</param>
public sealed record RichText(IReadOnlyList<TextSpan> Spans)
{
    private const string MarkdownMarks = "\\`*_{}[]()#+-.!|~>";

    /// <summary>Without styles.</summary>
    public string Plain => string.Concat(Spans.Select(s => s.Text));

    /// <summary>Slack's mrkdwn: only <c>&amp;</c>, <c>&lt;</c> and <c>&gt;</c> are escaped.</summary>
    public string Slack => Marked(SlackEscape, "*", "_", "`");

    /// <summary>Markdown as Discord, Mattermost, Teams and Webex read it; marks in values are escaped.</summary>
    public string Markdown => Marked(MarkdownEscape, "**", "*", "`").Replace("\n", "  \n", StringComparison.Ordinal);

    /// <summary>HTML of a paragraph.</summary>
    public string Html => string.Concat(Spans.Select(s => (s.Style switch
    {
        TextStyle.Bold => "<strong>{0}</strong>",
        TextStyle.Italic => "<em>{0}</em>",
        TextStyle.Code => "<code>{0}</code>",
        _ => "{0}",
    }).Replace("{0}", WebUtility.HtmlEncode(s.Text), StringComparison.Ordinal))).Replace("\n", "<br>\n", StringComparison.Ordinal);

    /// <summary>A text Slack shows as it is.</summary>
    public static string SlackEscape(string text) =>
        text.Replace("&", "&amp;", StringComparison.Ordinal).Replace("<", "&lt;", StringComparison.Ordinal).Replace(">", "&gt;", StringComparison.Ordinal);

    /// <summary>A value as it may stand in a message: no control characters and none that turn the direction of others, no half characters, and no longer
    /// than a limit in UTF-16 units, an ellipsis included.</summary>
    public static string Clean(string text, int limit)
    {
        var clean = new StringBuilder(Math.Min(text.Length, limit));
        foreach (var rune in text.EnumerateRunes())
        {
            var turns = rune.Value is (>= 0x202A and <= 0x202E) or (>= 0x2066 and <= 0x2069) or 0x200E or 0x200F;
            if (turns || (Rune.IsControl(rune) && rune.Value is not ('\n' or '\t')))
            {
                continue;
            }
            if (clean.Length + rune.Utf16SequenceLength > limit - 1)
            {
                return clean.Append('…').ToString();
            }
            clean.Append(rune);
        }
        return clean.ToString();
    }

    /// <summary>The first units of a text, an ellipsis included where it is cut; no character is cut in half.</summary>
    public static string Cut(string text, int limit)
    {
        if (text.Length <= limit)
        {
            return text;
        }
        var end = char.IsHighSurrogate(text[limit - 2]) ? limit - 2 : limit - 1;
        return string.Concat(text.AsSpan(0, end), "…");
    }

    private string Marked(Func<string, string> escape, string bold, string italic, string code)
    {
        var text = new StringBuilder();
        foreach (var (piece, style) in Spans)
        {
            var mark = style switch { TextStyle.Bold => bold, TextStyle.Italic => italic, TextStyle.Code => code, _ => "" };
            // A mark inside would end the style.
            var inner = style == TextStyle.Code ? piece.Replace('`', '\'') : piece;
            text.Append(mark).Append(style == TextStyle.Code && escape == MarkdownEscape ? inner : escape(inner)).Append(mark);
        }
        return text.ToString();
    }

    private static string MarkdownEscape(string text)
    {
        var escaped = new StringBuilder(text.Length + 16);
        for (var i = 0; i < text.Length; i++)
        {
            // Marks between letters or digits mean nothing: 99.9 and payment-service stay readable.
            var bare = text[i] is '.' or '-' or '+' or '!' or '#' && i > 0 && text[i - 1] != '\n' && text[i - 1] != ' ';
            if (MarkdownMarks.Contains(text[i], StringComparison.Ordinal) && !bare)
            {
                escaped.Append('\\');
            }
            escaped.Append(text[i] == '<' ? "&lt;" : text[i] == '@' ? "@\u200B" : text[i].ToString());
        }
        return escaped.ToString();
    }
}
