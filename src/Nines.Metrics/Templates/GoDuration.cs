using System.Text;

namespace Nines.Metrics.Templates;

/// <summary>A span of time as Go's <c>time.Duration</c> writes and reads it: <c>1h30m0s</c>.</summary>
/// <param name="Nanoseconds">Its length.</param>
public readonly record struct GoDuration(long Nanoseconds)
{
    private static readonly System.Buffers.SearchValues<char> Digits = System.Buffers.SearchValues.Create("0123456789.");

    private static readonly (string Name, long Ns)[] Units =
        [("ns", 1), ("us", 1000), ("µs", 1000), ("μs", 1000), ("ms", 1_000_000), ("s", 1_000_000_000), ("m", 60_000_000_000), ("h", 3_600_000_000_000)];

    /// <summary>Its length in seconds.</summary>
    public double Seconds => Nanoseconds / 1_000_000_000 + Nanoseconds % 1_000_000_000 / 1e9;

    /// <summary>Reads a duration such as <c>1h30m</c>, <c>-1.5s</c> or <c>100ms</c>.</summary>
    public static bool TryParse(string text, out GoDuration duration)
    {
        duration = default;
        var rest = text.AsSpan();
        var negative = rest.StartsWith("-");
        rest = negative || rest.StartsWith("+") ? rest[1..] : rest;
        if (rest.SequenceEqual("0"))
        {
            return true;
        }
        UInt128 sum = 0;
        do
        {
            var digits = rest.IndexOfAnyExcept(Digits);
            if (digits <= 0 || digits > 40 || rest[..digits].Count('.') > 1 || rest[..digits].SequenceEqual("."))
            {
                return false;
            }
            var number = decimal.TryParse(rest[..digits] is ['.', ..] ? "0" + rest[..digits].ToString() : rest[..digits], out var read) ? read : -1;
            rest = rest[digits..];
            var end = rest.IndexOfAny(Digits);
            var name = (end < 0 ? rest : rest[..end]).ToString();
            var unit = Array.Find(Units, u => u.Name == name).Ns;
            if (unit == 0 || number is < 0 or > long.MaxValue || number * unit > long.MaxValue)
            {
                return false;
            }
            sum += (UInt128)(number * unit);
            rest = rest[name.Length..];
        }
        while (rest.Length > 0 && sum <= long.MaxValue);
        duration = new GoDuration(negative ? -(long)sum : (long)sum);
        return sum <= long.MaxValue;
    }

    /// <summary><c>1h30m0s</c>, <c>1.5s</c>, <c>100ms</c>, <c>0s</c>.</summary>
    public override string ToString()
    {
        var left = Nanoseconds < 0 ? (ulong)-(Nanoseconds + 1) + 1 : (ulong)Nanoseconds;
        if (left == 0)
        {
            return "0s";
        }
        var text = new StringBuilder(Nanoseconds < 0 ? "-" : "");
        if (left < 1_000_000_000)
        {
            var (unit, name) = left < 1000 ? (1UL, "ns") : left < 1_000_000 ? (1000UL, "µs") : (1_000_000UL, "ms");
            return text.Append(Fraction(left, unit)).Append(name).ToString();
        }
        var (hours, minutes) = (left / 3_600_000_000_000, left / 60_000_000_000 % 60);
        text.Append(hours > 0 ? $"{hours}h" : "").Append(hours > 0 || minutes > 0 ? $"{minutes}m" : "");
        return text.Append(Fraction(left % 60_000_000_000, 1_000_000_000)).Append('s').ToString();
    }

    private static string Fraction(ulong value, ulong unit) => (value / (decimal)unit).ToString("0.#########");
}
