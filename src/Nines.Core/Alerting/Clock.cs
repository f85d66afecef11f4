using NodaTime;
using NodaTime.Text;

namespace Nines.Core.Alerting;

/// <summary>Instants in text. All times people read are UTC and say so.</summary>
public static class Clock
{
    private static readonly OffsetDateTimePattern Rfc3339 = OffsetDateTimePattern.Rfc3339;
    private static readonly InstantPattern Seconds = InstantPattern.CreateWithInvariantCulture("uuuu-MM-dd HH:mm:ss' UTC'");
    private static readonly InstantPattern Hours = InstantPattern.CreateWithInvariantCulture("HH:mm");

    /// <summary><c>2026-11-21 10:02:03 UTC</c></summary>
    public static string Text(long ns) => Seconds.Format(At(ns));

    /// <summary><c>10:02</c>, UTC.</summary>
    public static string Minute(long ns) => Hours.Format(At(ns));

    /// <summary>RFC 3339 with as many decimals as needed, as Go writes it; 0 gives Go's zero time.</summary>
    public static string ToRfc3339(long ns) => ns == 0 ? "0001-01-01T00:00:00Z" : InstantPattern.ExtendedIso.Format(At(ns));

    /// <summary>Reads RFC 3339; years before 1970 (Go's zero time) and null give 0.</summary>
    /// <returns>False when the text is not RFC 3339 or lies beyond the year 2262.</returns>
    public static bool TryParse(string? text, out long ns)
    {
        ns = 0;
        if (string.IsNullOrEmpty(text))
        {
            return true;
        }
        var parsed = Rfc3339.Parse(text);
        if (!parsed.Success)
        {
            return false;
        }
        var instant = parsed.Value.ToInstant();
        if (instant <= NodaConstants.UnixEpoch)
        {
            return true;
        }
        if (instant > At(long.MaxValue))
        {
            return false;
        }
        ns = (instant - NodaConstants.UnixEpoch).ToInt64Nanoseconds();
        return true;
    }

    private static Instant At(long ns) => NodaConstants.UnixEpoch + Duration.FromNanoseconds(ns);
}
