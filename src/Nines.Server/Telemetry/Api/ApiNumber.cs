using System.Globalization;

namespace Nines.Server.Telemetry.Api;

/// <summary>
/// Numbers as Go's <c>strconv.FormatFloat(v, 'f', -1, 64)</c> writes them, or with <c>'e'</c> below 1e-6 and from 1e21, as Prometheus' API does.
/// </summary>
internal static class ApiNumber
{
    /// <summary>Most bytes a number takes.</summary>
    public const int MaxLength = 32;

    /// <summary>Writes a number.</summary>
    /// <returns>How many bytes it took.</returns>
    public static int Format(double value, Span<byte> into)
    {
        if (!double.IsFinite(value))
        {
            return Copy(double.IsNaN(value) ? "NaN"u8 : value > 0 ? "+Inf"u8 : "-Inf"u8, into);
        }
        if (value == Math.Truncate(value) && Math.Abs(value) < 1e15 && !(value == 0 && double.IsNegative(value)))
        {
            ((long)value).TryFormat(into, out var whole, default, CultureInfo.InvariantCulture);
            return whole;
        }
        Span<char> digits = stackalloc char[24];
        var (negative, count, exponent) = Shortest(value, digits);
        var magnitude = Math.Abs(value);
        return magnitude != 0 && magnitude is < 1e-6 or >= 1e21
            ? Scientific(negative, digits[..count], exponent, into) : Plain(negative, digits[..count], exponent, into);
    }

    /// <summary>A number with an exponent always, as <c>'e'</c> writes it.</summary>
    public static string Scientific(double value)
    {
        if (!double.IsFinite(value))
        {
            return double.IsNaN(value) ? "NaN" : value > 0 ? "+Inf" : "-Inf";
        }
        Span<char> digits = stackalloc char[24];
        Span<byte> into = stackalloc byte[MaxLength];
        var (negative, count, exponent) = Shortest(value, digits);
        return System.Text.Encoding.ASCII.GetString(into[..Scientific(negative, digits[..count], exponent, into)]);
    }

    // The shortest digits that read back as the same number, and the exponent of the first.
    private static (bool Negative, int Count, int Exponent) Shortest(double value, Span<char> digits)
    {
        Span<char> text = stackalloc char[40];
        value.TryFormat(text, out var length, "R", CultureInfo.InvariantCulture);
        var (count, exponent, point, written) = (0, 0, -1, 0);
        for (var i = 0; i < length; i++)
        {
            if (text[i] is >= '0' and <= '9')
            {
                written++;
                if (count > 0 || text[i] != '0')
                {
                    digits[count++] = text[i];
                }
            }
            else if (text[i] == '.')
            {
                point = written;
            }
            else if (text[i] == 'E')
            {
                exponent = int.Parse(text[(i + 1)..length], NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture);
                break;
            }
        }
        var leading = written - count;
        exponent += (point < 0 ? written : point) - leading - 1;
        while (count > 1 && digits[count - 1] == '0')
        {
            count--;
        }
        if (count == 0)
        {
            (digits[0], count, exponent) = ('0', 1, 0);
        }
        return (double.IsNegative(value), count, exponent);
    }

    private static int Plain(bool negative, ReadOnlySpan<char> digits, int exponent, Span<byte> into)
    {
        var used = 0;
        if (negative)
        {
            into[used++] = (byte)'-';
        }
        for (var place = Math.Max(exponent, 0); place >= Math.Min(exponent - digits.Length + 1, 0); place--)
        {
            if (place == -1)
            {
                into[used++] = (byte)'.';
            }
            var index = exponent - place;
            into[used++] = index >= 0 && index < digits.Length ? (byte)digits[index] : (byte)'0';
        }
        return used;
    }

    private static int Scientific(bool negative, ReadOnlySpan<char> digits, int exponent, Span<byte> into)
    {
        var used = 0;
        if (negative)
        {
            into[used++] = (byte)'-';
        }
        into[used++] = (byte)digits[0];
        if (digits.Length > 1)
        {
            into[used++] = (byte)'.';
            foreach (var digit in digits[1..])
            {
                into[used++] = (byte)digit;
            }
        }
        into[used++] = (byte)'e';
        into[used++] = exponent < 0 ? (byte)'-' : (byte)'+';
        Math.Abs(exponent).TryFormat(into[used..], out var written, "00", CultureInfo.InvariantCulture);
        return used + written;
    }

    private static int Copy(ReadOnlySpan<byte> text, Span<byte> into)
    {
        text.CopyTo(into);
        return text.Length;
    }
}
