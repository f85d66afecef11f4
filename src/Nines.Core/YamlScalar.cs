using System.Globalization;
using System.Text;

namespace Nines.Core;

/// <summary>Writes texts into YAML so that any reader gets back exactly what was given.</summary>
internal static class YamlScalar
{
    /// <summary>A text as a value: plain when it can be, as a block when it has several lines, else quoted.</summary>
    /// <param name="text">The text.</param>
    /// <param name="indent">Spaces before the lines of a block.</param>
    public static string Of(string text, int indent)
    {
        // A block of nothing but blank lines, or with spaces alone on a line, is read differently by different readers.
        if (text.Contains('\n', StringComparison.Ordinal) && text.Trim('\n').Length > 0 && !text.Split('\n').Any(l => l.Length > 0
            && string.IsNullOrWhiteSpace(l))
            && text.All(c => c is '\n' or '\t' or >= ' ' and not '\u007f' && c is not ('\u0085' or '\u2028' or '\u2029' or '\ufeff')))
        {
            return Block(text, indent);
        }
        if (text.Any(char.IsControl) || text.Any(c => c is '\u2028' or '\u2029' or '\ufeff'))
        {
            return DoubleQuoted(text);
        }
        return IsPlain(text) ? text : $"'{text.Replace("'", "''", StringComparison.Ordinal)}'";
    }

    /// <summary>Whether a text may stand as it is and is read as a text, not as a number, a truth value or nothing.</summary>
    private static bool IsPlain(string text) =>
        text.Length > 0 && (char.IsLetter(text[0]) || text[0] is '_' or '/' or '(' or '$') && !char.IsWhiteSpace(text[^1]) && text[^1] != ':'
        && !text.Contains(": ", StringComparison.Ordinal) && !text.Contains(" #", StringComparison.Ordinal)
        && text.ToLowerInvariant() is not ("true" or "false" or "null" or "yes" or "no" or "on" or "off" or "y" or "n" or "nan" or "inf")
        && !double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out _);

    private static string Block(string text, int indent)
    {
        var trailing = text.Length - text.TrimEnd('\n').Length;
        var lines = (trailing > 0 ? text[..^1] : text).Split('\n');
        var first = lines.FirstOrDefault(l => l.Length > 0) ?? "";
        var head = new StringBuilder("|");
        // A block that begins with a space must say how far it is indented; so must one of blank lines.
        head.Append(first.Length == 0 || first[0] is ' ' or '\t' || lines[0].Length == 0 ? "2" : "");
        head.Append(trailing switch { 0 => "-", 1 => "", _ => "+" });
        foreach (var line in lines)
        {
            head.Append('\n');
            head.Append(line.Length == 0 ? "" : new string(' ', indent) + line);
        }
        return head.ToString();
    }

    private static string DoubleQuoted(string text)
    {
        var quoted = new StringBuilder("\"");
        foreach (var c in text)
        {
            quoted.Append(c switch
            {
                '"' => "\\\"",
                '\\' => @"\\",
                '\n' => "\\n",
                '\t' => "\\t",
                '\r' => "\\r",
                _ when char.IsControl(c) || c is '\u2028' or '\u2029' or '\ufeff' => $"\\u{(int)c:x4}",
                _ => c.ToString(),
            });
        }
        return quoted.Append('"').ToString();
    }
}
