using System.Globalization;
using System.Numerics;
using System.Text;

namespace Nines.Core.Probes;

/// <summary>Numbers and durations as Go writes them, which Gatus' conditions are written in.</summary>
internal static class GoNumbers
{
    private static readonly System.Buffers.SearchValues<char> Digits = System.Buffers.SearchValues.Create("0123456789.");

    private static readonly (string Unit, double Ms)[] Units =
        [("ns", 1e-6), ("us", 1e-3), ("µs", 1e-3), ("μs", 1e-3), ("ms", 1), ("s", 1_000), ("m", 60_000), ("h", 3_600_000)];

    /// <summary>A whole number: decimal, or with <c>0x</c>, <c>0o</c>, <c>0b</c> or <c>0</c> before it; <c>_</c> may stand between its digits.</summary>
    public static bool TryWhole(string text, out long value)
    {
        value = 0;
        var digits = text.AsSpan();
        var negative = digits is ['-', ..];
        digits = digits is ['-' or '+', ..] ? digits[1..] : digits;
        var (radix, skip) = digits switch
        {
            ['0', 'x' or 'X', ..] => (16, 2), ['0', 'o' or 'O', ..] => (8, 2), ['0', 'b' or 'B', ..] => (2, 2), ['0', _, ..] => (8, 1), _ => (10, 0),
        };
        digits = digits[skip..];
        if (digits is [] or ['_', ..] or [.., '_'] || digits.Length > 80 || digits.Contains("__", StringComparison.Ordinal)
            || (skip == 0 && digits.Contains('_')))
        {
            return false;
        }
        var whole = BigInteger.Zero;
        foreach (var c in digits)
        {
            var digit = c is >= '0' and <= '9' ? c - '0' : char.ToLowerInvariant(c) is >= 'a' and <= 'f' and var letter ? letter - 'a' + 10
                : c == '_' ? -1 : 99;
            if (digit >= radix)
            {
                return false;
            }
            whole = digit < 0 ? whole : whole * radix + digit;
        }
        whole = negative ? -whole : whole;
        if (whole < long.MinValue || whole > long.MaxValue)
        {
            return false;
        }
        value = (long)whole;
        return true;
    }

    /// <summary>A duration such as <c>300ms</c> or <c>1h30m</c>, in milliseconds. Go knows no days.</summary>
    public static bool TryDurationMs(string text, out double ms)
    {
        ms = 0;
        var rest = text.AsSpan();
        var sign = rest is ['-', ..] ? -1 : 1;
        rest = rest is ['-' or '+', ..] ? rest[1..] : rest;
        if (rest is ['0'])
        {
            return true;
        }
        if (rest.IsEmpty)
        {
            return false;
        }
        while (!rest.IsEmpty)
        {
            var end = rest.IndexOfAnyExcept(Digits);
            if (end <= 0 || !double.TryParse(rest[..end], NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var number))
            {
                return false;
            }
            rest = rest[end..];
            var found = Units.Where(IsNext(rest)).OrderByDescending(u => u.Unit.Length).FirstOrDefault();
            if (found.Unit is null)
            {
                return false;
            }
            ms += number * found.Ms;
            rest = rest[found.Unit.Length..];
        }
        ms *= sign;
        return true;

        static Func<(string Unit, double Ms), bool> IsNext(ReadOnlySpan<char> rest)
        {
            var text = rest.ToString();
            return unit => text.StartsWith(unit.Unit, StringComparison.Ordinal);
        }
    }

    /// <summary>What an ordered comparison compares: a duration in milliseconds, or a number; null for anything else.</summary>
    public static double? Number(string text) =>
        TryDurationMs(text, out var ms) && ms != 0 ? ms
        : TryWhole(text, out var whole) ? whole
        : double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var number) && double.IsFinite(number) ? number : null;

    /// <summary>A duration as Go writes it, whole seconds, without zeros at its end: <c>336h</c>, <c>1h0m15s</c>.</summary>
    public static string Duration(double ms)
    {
        var seconds = (long)(ms / 1000);
        var (left, text) = (Math.Abs(seconds), new StringBuilder(seconds < 0 ? "-" : ""));
        if (left >= 3600)
        {
            text.Append(CultureInfo.InvariantCulture, $"{left / 3600}h");
        }
        if (left >= 60 && left % 3600 > 0)
        {
            text.Append(CultureInfo.InvariantCulture, $"{left / 60 % 60}m");
        }
        return left == 0 || left % 60 > 0 ? text.Append(CultureInfo.InvariantCulture, $"{left % 60}s").ToString() : text.ToString();
    }
}
