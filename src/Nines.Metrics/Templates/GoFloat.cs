using System.Globalization;
using System.Numerics;
using System.Text;

namespace Nines.Metrics.Templates;

/// <summary>Numbers as Go writes and reads them (<c>strconv.FormatFloat</c>, <c>ParseFloat</c>).</summary>
public static class GoFloat
{
    /// <summary>Writes a number.</summary>
    /// <param name="value">The number.</param>
    /// <param name="format"><c>e</c>, <c>f</c>, <c>g</c> or their capitals; <c>b</c> and <c>x</c> in powers of two.</param>
    /// <param name="precision">Digits after the point (for <c>g</c>: significant digits); −1 for as few as tell the number from its neighbours.</param>
    public static string Format(double value, char format = 'g', int precision = -1)
    {
        if (double.IsNaN(value))
        {
            return "NaN";
        }
        if (double.IsInfinity(value))
        {
            return value > 0 ? "+Inf" : "-Inf";
        }
        var sign = double.IsNegative(value) ? "-" : "";
        value = Math.Abs(value);
        return sign + (format switch
        {
            'b' => Binary(value),
            'x' or 'X' => Hex(value, precision, format),
            'e' or 'E' => Exponent(precision < 0 ? Shortest(value) : Rounded(value, d => precision + 1), precision, format),
            'f' or 'F' => Fixed(precision < 0 ? Shortest(value) : Rounded(value, d => d.Point + precision), precision),
            _ => General(value, precision, format),
        });
    }

    /// <summary>
    /// Reads a number as Go does: decimal or hexadecimal with a binary exponent, underscores between digits, <c>Inf</c>, <c>Infinity</c> and <c>NaN</c> in
    /// any case. Numbers beyond the range are refused.
    /// </summary>
    public static bool TryParse(string text, out double value)
    {
        value = 0;
        var rest = text.AsSpan();
        var negative = rest.StartsWith("-");
        rest = negative || rest.StartsWith("+") ? rest[1..] : rest;
        if (rest.Equals("inf", StringComparison.OrdinalIgnoreCase) || rest.Equals("infinity", StringComparison.OrdinalIgnoreCase))
        {
            value = negative ? double.NegativeInfinity : double.PositiveInfinity;
            return true;
        }
        if (text.Equals("nan", StringComparison.OrdinalIgnoreCase))
        {
            value = double.NaN;
            return true;
        }
        if (!UnderscoresFit(rest))
        {
            return false;
        }
        var plain = rest.ToString().Replace("_", "", StringComparison.Ordinal);
        var ok = plain.StartsWith("0x", StringComparison.OrdinalIgnoreCase) ? TryHex(plain[2..], out value)
            : plain.Length > 0 && plain[0] is '.' or >= '0' and <= '9' && double.TryParse(plain, NumberStyles.AllowDecimalPoint | NumberStyles.AllowExponent,
                CultureInfo.InvariantCulture, out value) && double.IsFinite(value);
        value = negative ? -value : value;
        return ok;
    }

    // Underscores stand between digits, or between the prefix and a digit.
    private static bool UnderscoresFit(ReadOnlySpan<char> text)
    {
        var hex = text.StartsWith("0x", StringComparison.OrdinalIgnoreCase);
        var before = '^';
        for (var i = 0; i < text.Length; i++)
        {
            var c = text[i];
            var digit = char.IsAsciiDigit(c) || (hex && char.IsAsciiHexDigit(c)) || (hex && i == 1);
            if (c == '_' ? before != '0' : before == '_' && !digit)
            {
                return false;
            }
            before = c == '_' ? '_' : digit ? '0' : '!';
        }
        return before != '_';
    }

    private static bool TryHex(string text, out double value)
    {
        value = 0;
        var at = text.IndexOfAny(['p', 'P']);
        if (at < 0 || !long.TryParse(text.AsSpan(at + 1), NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var exponent))
        {
            return false;
        }
        exponent = Math.Clamp(exponent, -100_000, 100_000);
        var point = text.IndexOf('.', 0, at);
        var digits = point < 0 ? text[..at] : text[..point] + text[(point + 1)..at];
        exponent -= point < 0 ? 0 : 4 * (at - point - 1);
        if (digits.Length == 0 || !BigInteger.TryParse("0" + digits, NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var mantissa))
        {
            return false;
        }
        // As many bits as the number has room for, to the nearest, ties to even.
        var drop = Math.Max((long)mantissa.GetBitLength() - 53, -1074 - exponent);
        if (drop > 0)
        {
            var half = BigInteger.One << (int)(Math.Min(drop, 1_000_000) - 1);
            var low = mantissa & ((half << 1) - 1);
            mantissa >>= (int)Math.Min(drop, 1_000_000);
            mantissa += low > half || (low == half && !mantissa.IsEven) ? 1 : 0;
            exponent += drop;
        }
        value = mantissa.IsZero ? 0 : Math.ScaleB((double)(ulong)mantissa, (int)exponent);
        return double.IsFinite(value);
    }

    /// <summary>0.d₁d₂… × 10^Point; no digits for zero.</summary>
    private readonly record struct Decimal(string Digits, int Point);

    private static Decimal Shortest(double value)
    {
        var text = value.ToString("E16", CultureInfo.InvariantCulture);
        var shortest = value.ToString("R", CultureInfo.InvariantCulture);
        var mantissa = shortest.Split('E')[0].Replace(".", "", StringComparison.Ordinal).TrimStart('0').TrimEnd('0');
        if (mantissa.Length == 0)
        {
            return new Decimal("", 0);
        }
        var exponent = int.Parse(text.AsSpan(text.IndexOf('E') + 1), NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture);
        // The seventeen digits may have rounded up to the next power of ten where the shortest ones did not.
        var point = exponent + 1;
        var parts = shortest.Split('E');
        var whole = parts[0].Split('.')[0].TrimStart('0');
        if (parts.Length == 2)
        {
            point = int.Parse(parts[1], NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture) + 1;
        }
        else if (whole.Length > 0)
        {
            point = whole.Length;
        }
        return new Decimal(mantissa, point);
    }

    /// <summary>The exact decimal expansion, rounded half to even to as many digits as asked.</summary>
    private static Decimal Rounded(double value, Func<Decimal, int> digits)
    {
        var exact = Exact(value);
        var keep = digits(exact);
        if (exact.Digits.Length <= keep || exact.Digits.Length == 0)
        {
            return exact;
        }
        if (keep < 0)
        {
            return new Decimal("", 0);
        }
        var rest = exact.Digits.AsSpan(keep);
        var up = rest[0] > '5' || (rest[0] == '5' && (rest[1..].ContainsAnyExcept('0') || (keep > 0 && (exact.Digits[keep - 1] - '0') % 2 == 1)));
        var kept = exact.Digits[..keep].ToCharArray();
        if (!up)
        {
            return new Decimal(new string(kept).TrimEnd('0'), exact.Point);
        }
        var at = keep - 1;
        while (at >= 0 && kept[at] == '9')
        {
            at--;
        }
        if (at < 0)
        {
            return new Decimal("1", exact.Point + 1);
        }
        kept[at]++;
        return new Decimal(new string(kept, 0, at + 1), exact.Point);
    }

    private static Decimal Exact(double value)
    {
        var (mantissa, exponent) = Parts(value);
        var number = exponent >= 0 ? (BigInteger)mantissa << exponent : mantissa * BigInteger.Pow(5, -exponent);
        var digits = number.ToString(CultureInfo.InvariantCulture);
        return number.IsZero ? new Decimal("", 0) : new Decimal(digits.TrimEnd('0'), digits.Length + Math.Min(0, exponent));
    }

    private static (ulong Mantissa, int Exponent) Parts(double value)
    {
        var bits = BitConverter.DoubleToUInt64Bits(value);
        var mantissa = bits & 0xf_ffff_ffff_ffff;
        var exponent = (int)(bits >> 52) & 0x7ff;
        return exponent == 0 ? (mantissa, -1074) : (mantissa | (1UL << 52), exponent - 1075);
    }

    private static string General(double value, int precision, char format)
    {
        var shortest = precision < 0;
        var number = shortest ? Shortest(value) : Rounded(value, _ => Math.Max(1, precision));
        var limit = shortest ? 6 : Math.Max(1, precision);
        if (limit > number.Digits.Length && number.Digits.Length >= number.Point)
        {
            limit = number.Digits.Length;
        }
        limit = shortest ? 6 : limit;
        var exponent = number.Digits.Length == 0 ? 0 : number.Point - 1;
        return exponent < -4 || exponent >= Math.Max(1, limit)
            ? Exponent(number, Math.Max(0, number.Digits.Length - 1), format == 'G' ? 'E' : 'e')
            : Fixed(number, Math.Max(number.Digits.Length - number.Point, 0));
    }

    private static string Exponent(Decimal number, int precision, char format)
    {
        var exponent = number.Digits.Length == 0 ? 0 : number.Point - 1;
        var digits = number.Digits.PadRight(Math.Max(1, precision + 1), '0');
        var rest = precision < 0 ? digits[1..] : digits[1..(precision + 1)];
        return $"{digits[0]}{(rest.Length > 0 ? "." : "")}{rest}{format}{(exponent < 0 ? '-' : '+')}{Math.Abs(exponent):00}";
    }

    private static string Fixed(Decimal number, int precision)
    {
        var text = new StringBuilder();
        text.Append(number.Point > 0 ? number.Digits[..Math.Min(number.Point, number.Digits.Length)].PadRight(number.Point, '0') : "0");
        var places = precision < 0 ? Math.Max(number.Digits.Length - number.Point, 0) : precision;
        text.Append(places > 0 ? "." : "");
        for (var i = 0; i < places; i++)
        {
            var at = number.Point + i;
            text.Append(at >= 0 && at < number.Digits.Length ? number.Digits[at] : '0');
        }
        return text.ToString();
    }

    private static string Binary(double value)
    {
        var (mantissa, exponent) = Parts(value);
        return $"{mantissa}p{(exponent < 0 ? "" : "+")}{exponent}";
    }

    private static string Hex(double value, int precision, char format)
    {
        var (mantissa, exponent) = Parts(value);
        if (mantissa != 0)
        {
            var shift = BitOperations.LeadingZeroCount(mantissa) - 11;
            (mantissa, exponent) = (mantissa << shift, exponent - shift);
        }
        var digits = 13;
        if (precision is >= 0 and < 13)
        {
            var drop = 4 * (13 - precision);
            var low = mantissa & ((1UL << drop) - 1);
            mantissa >>= drop;
            mantissa += low > 1UL << (drop - 1) || (low == 1UL << (drop - 1) && (mantissa & 1) == 1) ? 1UL : 0;
            (digits, exponent) = mantissa >> (4 * precision) == 2 ? (precision, exponent + 1) : (precision, exponent);
            mantissa = mantissa >> (4 * precision) == 2 ? 1UL << (4 * precision) : mantissa;
        }
        var fraction = digits == 0 ? "" : (mantissa & ((1UL << (4 * digits)) - 1)).ToString("x" + digits, CultureInfo.InvariantCulture);
        fraction = precision < 0 ? fraction.TrimEnd('0') : fraction.PadRight(precision, '0');
        var power = mantissa == 0 ? 0 : exponent + 52;
        var text = $"0x{(mantissa == 0 ? 0 : 1)}{(fraction.Length > 0 ? "." : "")}{fraction}p{(power < 0 ? '-' : '+')}{Math.Abs(power):00}";
        return format == 'X' ? text.ToUpperInvariant() : text;
    }
}
