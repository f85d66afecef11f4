using System.Globalization;
using System.Text;

namespace Nines.PromQL.Evaluation;

/// <summary>Numbers as text, as Go writes them.</summary>
internal static class NumberText
{
    /// <summary>The shortest text that reads back as the same number, never with an exponent (Go's <c>'f', -1</c>).</summary>
    public static string Shortest(double value)
    {
        if (!double.IsFinite(value))
        {
            return Special(value);
        }
        var text = value.ToString("R", CultureInfo.InvariantCulture);
        var e = text.IndexOf('E', StringComparison.Ordinal);
        if (e < 0)
        {
            return text;
        }
        var negative = text[0] == '-';
        var mantissa = text[(negative ? 1 : 0)..e];
        var exponent = int.Parse(text.AsSpan(e + 1), NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture);
        var point = mantissa.IndexOf('.', StringComparison.Ordinal);
        var digits = mantissa.Replace(".", "", StringComparison.Ordinal);
        var whole = (point < 0 ? mantissa.Length : point) + exponent;
        var plain = new StringBuilder(negative ? "-" : "");
        if (whole <= 0)
        {
            return plain.Append("0.").Append('0', -whole).Append(digits).ToString();
        }
        return whole >= digits.Length
            ? plain.Append(digits).Append('0', whole - digits.Length).ToString()
            : plain.Append(digits, 0, whole).Append('.').Append(digits, whole, digits.Length - whole).ToString();
    }

    /// <summary>A number with so many decimals (Go's <c>%f</c>).</summary>
    public static string Fixed(double value, int decimals) =>
        double.IsFinite(value) ? value.ToString($"F{decimals}", CultureInfo.InvariantCulture) : Special(value);

    /// <summary>A number with at most so many significant digits (Go's <c>%.6g</c>).</summary>
    public static string General(double value, int digits)
    {
        if (!double.IsFinite(value))
        {
            return Special(value);
        }
        var text = value.ToString($"G{digits}", CultureInfo.InvariantCulture);
        var e = text.IndexOf('E', StringComparison.Ordinal);
        return e < 0 ? text : text[..e] + "e" + text[e + 1] + text[(e + 2)..].PadLeft(2, '0');
    }

    /// <summary>A text in quotes, as Go writes it (<c>%q</c>).</summary>
    public static string Quoted(string text)
    {
        var quoted = new StringBuilder("\"");
        foreach (var c in text)
        {
            _ = c switch
            {
                '"' => quoted.Append("\\\""),
                '\\' => quoted.Append(@"\\"),
                '\n' => quoted.Append(@"\n"),
                '\t' => quoted.Append(@"\t"),
                '\r' => quoted.Append(@"\r"),
                >= '\udc00' and <= '\udcff' => quoted.Append($"\\x{c - 0xdc00:x2}"),
                _ => quoted.Append(c),
            };
        }
        return quoted.Append('"').ToString();
    }

    /// <summary>Whether a text may name a label: it is not empty and has no byte that is not UTF-8.</summary>
    public static bool IsLabelName(string name) => name.Length > 0 && !name.AsSpan().ContainsAnyInRange('\udc00', '\udcff');

    private static string Special(double value) => double.IsNaN(value) ? "NaN" : value > 0 ? "+Inf" : "-Inf";
}
