using System.Globalization;

namespace Nines.PromQL;

/// <summary>Numbers of the query language: decimal, hexadecimal, octal, with underscores between digits, <c>Inf</c> and <c>NaN</c> in any case.</summary>
internal static class Numbers
{
    /// <summary>Reads a number without a sign. One beyond the range is infinite, and refused.</summary>
    public static bool TryParse(string text, out double value)
    {
        if (text.StartsWith("0x", StringComparison.OrdinalIgnoreCase))
        {
            var ok = long.TryParse(text.AsSpan(2).ToString().Replace("_", "", StringComparison.Ordinal), NumberStyles.AllowHexSpecifier,
                CultureInfo.InvariantCulture, out var hex) && hex >= 0;
            value = hex;
            return ok;
        }
        if (text.Equals("inf", StringComparison.OrdinalIgnoreCase) || text.Equals("nan", StringComparison.OrdinalIgnoreCase))
        {
            value = text[0] is 'i' or 'I' ? double.PositiveInfinity : double.NaN;
            return true;
        }
        // Underscores may part digits: 1_000. A whole number that begins with 0 is octal, as in Go, unless a digit forbids it.
        var plain = text.EndsWith('_') || text.Contains("__", StringComparison.Ordinal) ? text : text.Replace("_", "", StringComparison.Ordinal);
        if (plain.Length > 1 && plain[0] == '0' && plain.Length <= 21 && plain.AsSpan().IndexOfAnyExceptInRange('0', '7') < 0)
        {
            value = plain.Aggregate(0d, (sum, digit) => (sum * 8) + (digit - '0'));
            return true;
        }
        return double.TryParse(plain, NumberStyles.AllowDecimalPoint | NumberStyles.AllowExponent, CultureInfo.InvariantCulture, out value)
            && double.IsFinite(value);
    }
}
