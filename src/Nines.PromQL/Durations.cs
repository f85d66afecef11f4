using System.Text;

namespace Nines.PromQL;

/// <summary>Durations in Prometheus' notation: <c>1h30m</c>, units y w d h m s ms in this order, each at most once.</summary>
public static class Durations
{
    private static readonly (string Unit, long Ms)[] Units =
        [("y", 31_536_000_000), ("w", 604_800_000), ("d", 86_400_000), ("h", 3_600_000), ("m", 60_000), ("s", 1000), ("ms", 1)];

    /// <summary>Reads a duration into milliseconds.</summary>
    public static bool TryParseMs(string text, out long ms)
    {
        ms = 0;
        var next = 0;
        var at = 0;
        while (at < text.Length)
        {
            var start = at;
            while (at < text.Length && char.IsAsciiDigit(text[at]))
            {
                at++;
            }
            if (at == start || at - start > 12)
            {
                return false;
            }
            var number = long.Parse(text.AsSpan(start, at - start));
            start = at;
            while (at < text.Length && char.IsAsciiLetter(text[at]))
            {
                at++;
            }
            var unit = Array.FindIndex(Units, next, u => text.AsSpan(start, at - start).SequenceEqual(u.Unit));
            if (unit < 0 || number > (long.MaxValue - ms) / Units[unit].Ms)
            {
                return false;
            }
            ms += number * Units[unit].Ms;
            next = unit + 1;
        }
        return text.Length > 0;
    }

    internal static bool TryParseSeconds(string text, out double seconds)
    {
        var ok = TryParseMs(text, out var ms);
        seconds = ms / 1000d;
        return ok;
    }

    /// <summary>Milliseconds in Prometheus' notation.</summary>
    public static string Format(long ms)
    {
        if (ms == 0)
        {
            return "0s";
        }
        var text = new StringBuilder();
        foreach (var (unit, size) in Units)
        {
            // Years and weeks only when nothing is left over: 90d, not 12w6d.
            if (ms >= size && (unit is not ("y" or "w") || ms % size == 0))
            {
                text.Append(ms / size).Append(unit);
                ms %= size;
            }
        }
        return text.ToString();
    }
}
