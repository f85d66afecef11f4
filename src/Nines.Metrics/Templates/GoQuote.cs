using System.Globalization;
using System.Text;

namespace Nines.Metrics.Templates;

/// <summary>Quoted texts as Go writes and reads them.</summary>
public static class GoQuote
{
    /// <summary><c>strconv.Quote</c>, or <c>QuoteToASCII</c>.</summary>
    public static string Quote(string text, bool ascii = false)
    {
        var quoted = new StringBuilder("\"");
        foreach (var rune in text.EnumerateRunes())
        {
            Append(quoted, rune, '"', ascii);
        }
        return quoted.Append('"').ToString();
    }

    /// <summary><c>strconv.QuoteRune</c></summary>
    public static string QuoteRune(Rune rune)
    {
        var quoted = new StringBuilder("'");
        Append(quoted, rune, '\'', false);
        return quoted.Append('\'').ToString();
    }

    /// <summary>Whether Go prints a character as it is.</summary>
    public static bool IsPrintable(Rune rune) => rune.Value is ' ' or 0xFFFD || Rune.GetUnicodeCategory(rune) is not (UnicodeCategory.Control
        or UnicodeCategory.Format
        or UnicodeCategory.Surrogate or UnicodeCategory.PrivateUse or UnicodeCategory.OtherNotAssigned or UnicodeCategory.SpaceSeparator
        or UnicodeCategory.LineSeparator or UnicodeCategory.ParagraphSeparator);

    /// <summary>The text between the quotes of a Go literal, or null when an escape is wrong.</summary>
    public static string? Unquote(ReadOnlySpan<char> inner)
    {
        var text = new List<byte>();
        for (var i = 0; i < inner.Length;)
        {
            if (inner[i] != '\\')
            {
                var plain = inner[i..].IndexOf('\\') is var n and >= 0 ? n : inner.Length - i;
                text.AddRange(Encoding.UTF8.GetBytes(inner.Slice(i, plain).ToString()));
                i += plain;
                continue;
            }
            if (i + 1 >= inner.Length)
            {
                return null;
            }
            var c = inner[i + 1];
            var simple = "abfnrtv\\'\"".IndexOf(c);
            i += 2;
            if (simple >= 0)
            {
                text.Add((byte)"\a\b\f\n\r\t\v\\'\""[simple]);
                continue;
            }
            var (length, style) = c switch { 'x' => (2, 16), 'u' => (4, 16), 'U' => (8, 16), >= '0' and <= '7' => (3, 8), _ => (0, 0) };
            i -= style == 8 ? 1 : 0;
            if (length == 0 || i + length > inner.Length || !TryNumber(inner.Slice(i, length), style, out var value))
            {
                return null;
            }
            i += length;
            if (c is 'u' or 'U' ? !Rune.IsValid(value) : value > 255)
            {
                return null;
            }
            text.AddRange(c is 'u' or 'U' ? Encoding.UTF8.GetBytes(new Rune(value).ToString()) : [(byte)value]);
        }
        return Encoding.UTF8.GetString([.. text]);
    }

    private static bool TryNumber(ReadOnlySpan<char> digits, int style, out int value)
    {
        value = 0;
        foreach (var c in digits)
        {
            var digit = char.IsAsciiHexDigit(c) ? Convert.ToInt32(c.ToString(), 16) : 99;
            if (digit >= style || value > int.MaxValue / 16)
            {
                return false;
            }
            value = value * style + digit;
        }
        return true;
    }

    private static void Append(StringBuilder to, Rune rune, char quote, bool ascii)
    {
        var escape = rune.Value < 0x80 ? "\a\b\f\n\r\t\v".IndexOf((char)rune.Value) : -1;
        if (rune.Value == quote || rune.Value == '\\')
        {
            to.Append('\\').Append((char)rune.Value);
        }
        else if (escape >= 0)
        {
            to.Append('\\').Append("abfnrtv"[escape]);
        }
        else if (IsPrintable(rune) && (!ascii || rune.IsAscii))
        {
            to.Append(rune);
        }
        else
        {
            to.Append(rune.Value < 0x80 ? $"\\x{rune.Value:x2}" : rune.Value < 0x10000 ? $"\\u{rune.Value:x4}" : $"\\U{rune.Value:x8}");
        }
    }
}
