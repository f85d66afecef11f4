using System.Globalization;

namespace Nines.Server.Web;

/// <summary>Moments as people write them into fields and addresses: UTC.</summary>
internal static class UtcText
{
    /// <summary>How they are written: <c>2026-03-12 03:14:00</c>.</summary>
    public const string Written = "yyyy-MM-dd HH:mm:ss";

    /// <summary>What to say when it is none.</summary>
    public const string Hint = "Write it in UTC as 2026-03-12 03:14, or as seconds since 1970.";

    private const long Earliest = 366L * 86_400_000;
    private const long Latest = 4_102_444_800_000;

    private static readonly string[] Forms = [Written, "yyyy-MM-dd HH:mm", "yyyy-MM-dd", "yyyy-MM-dd'T'HH:mm:ss.FFFFFFFK", "yyyy-MM-dd'T'HH:mmK"];

    /// <summary>Reads a day, a minute or a second in UTC, RFC 3339, or seconds since 1970; from 1971 to 2099.</summary>
    public static bool TryParse(string text, out long ms)
    {
        ms = 0;
        const DateTimeStyles Utc = DateTimeStyles.AssumeUniversal | DateTimeStyles.AdjustToUniversal;
        if (DateTimeOffset.TryParseExact(text, Forms, CultureInfo.InvariantCulture, Utc, out var time))
        {
            ms = time.ToUnixTimeMilliseconds();
        }
        else if (double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var seconds) && seconds is > 0 and < 1e11)
        {
            ms = (long)(seconds * 1000);
        }
        return ms is > Earliest and < Latest;
    }

    /// <summary>A moment as it stands in a field.</summary>
    public static string Of(long ms) => DateTimeOffset.FromUnixTimeMilliseconds(ms).ToString(Written, CultureInfo.InvariantCulture);
}
