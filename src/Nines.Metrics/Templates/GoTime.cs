using System.Globalization;
using System.Text;

namespace Nines.Metrics.Templates;

/// <summary>An instant in templates, with the methods of Go's <c>time.Time</c> that templates use. UTC unless an offset is given.</summary>
/// <param name="Nanoseconds">Since the Unix epoch.</param>
/// <param name="OffsetSeconds">How far the local time of its zone is ahead of UTC.</param>
/// <param name="Zone">The short name of its zone.</param>
public sealed record GoTime(long Nanoseconds, int OffsetSeconds = 0, string Zone = "UTC") : ITemplateObject
{
    /// <summary>Go's zero time, 1 January of the year 1, which no number of nanoseconds reaches.</summary>
    public static readonly GoTime Zero = new(long.MinValue);

    // Longest first where one begins like another.
    private static readonly string[] Parts =
    [
        "January", "Jan", "Monday", "Mon", "MST", "2006", "-07:00:00", "-070000", "-07:00", "-0700", "-07", "Z07:00", "Z0700", "01", "02", "03", "04", "05",
        "002", "06", "15", "PM", "pm", "_2006", "_2", "1", "2", "3", "4", "5",
    ];

    private DateTime At => Nanoseconds == long.MinValue ? DateTime.MinValue
        : DateTime.UnixEpoch.AddTicks((Nanoseconds >= 0 ? Nanoseconds / 100 : (Nanoseconds - 99) / 100) + OffsetSeconds * TimeSpan.TicksPerSecond);

    private long Nanos => Nanoseconds == long.MinValue ? 0
        : Nanoseconds - (Nanoseconds >= 0 ? Nanoseconds / 1_000_000_000 : (Nanoseconds - 999_999_999) / 1_000_000_000) * 1_000_000_000;

    private long UnixSeconds => Nanoseconds == long.MinValue ? -62_135_596_800 : (Nanoseconds - Nanos) / 1_000_000_000;

    /// <inheritdoc/>
    public string TypeName => "*time.Time";

    /// <inheritdoc/>
    public bool TryGet(string name, out object? value)
    {
        value = name switch
        {
            "Year" => Number(At.Year),
            "Month" => Method([], _ => At.ToString("MMMM", CultureInfo.InvariantCulture)),
            "Day" => Number(At.Day),
            "Hour" => Number(At.Hour),
            "Minute" => Number(At.Minute),
            "Second" => Number(At.Second),
            "Nanosecond" => Number(Nanos),
            "YearDay" => Number(At.DayOfYear),
            "Weekday" => Method([], _ => At.DayOfWeek.ToString()),
            "Unix" => Number(UnixSeconds),
            "UnixMilli" => Number(UnixSeconds * 1000 + Nanos / 1_000_000),
            "UnixMicro" => Number(UnixSeconds * 1_000_000 + Nanos / 1000),
            "UnixNano" => Number(Nanoseconds),
            "IsZero" => Method([], _ => Nanoseconds is 0 or long.MinValue),
            "UTC" => Method([], _ => new GoTime(Nanoseconds)),
            "Local" => Method([], _ => this),
            "String" => Method([], _ => ToString()),
            "Format" => Method([ArgumentKind.Text], a => Format((string)a[0]!)),
            "Add" => Method([ArgumentKind.Any], a => new GoTime(checked(Nanoseconds + Duration(a[0])))),
            "Sub" => Method([ArgumentKind.Any], a => new GoDuration(Nanoseconds - Other(a[0]))),
            "Before" => Method([ArgumentKind.Any], a => Nanoseconds < Other(a[0])),
            "After" => Method([ArgumentKind.Any], a => Nanoseconds > Other(a[0])),
            "Equal" => Method([ArgumentKind.Any], a => Nanoseconds == Other(a[0])),
            _ => null,
        };
        return value is not null;
    }

    /// <summary>The instant in a layout such as <c>2006-01-02 15:04:05</c>, written as Go's reference time.</summary>
    public string Format(string layout)
    {
        var text = new StringBuilder();
        for (var i = 0; i < layout.Length;)
        {
            var rest = layout.AsSpan(i);
            // A fraction of a second: a point or comma, then zeros (kept) or nines (trailing zeros dropped), right up to a non-digit.
            if (rest.Length > 1 && rest[0] is '.' or ',' && rest[1] is '0' or '9')
            {
                var digits = rest[1..].IndexOfAnyExcept(rest[1]) is var n and >= 0 ? n : rest.Length - 1;
                if (digits <= 9 && (digits + 1 == rest.Length || !char.IsAsciiDigit(rest[digits + 1])))
                {
                    var fraction = Nanos.ToString("000000000", CultureInfo.InvariantCulture)[..digits];
                    fraction = rest[1] == '9' ? fraction.TrimEnd('0') : fraction;
                    text.Append(fraction.Length > 0 ? rest[..1] : "").Append(fraction);
                    i += digits + 1;
                    continue;
                }
            }
            var part = "";
            foreach (var known in Parts)
            {
                if (known.Length > part.Length && rest.StartsWith(known))
                {
                    part = known;
                }
            }
            text.Append(part.Length > 0 ? Part(part) : rest[..1]);
            i += Math.Max(1, part.Length);
        }
        return text.ToString();
    }

    /// <summary><c>2006-01-02 15:04:05.999999999 +0000 UTC</c></summary>
    public override string ToString() => Format("2006-01-02 15:04:05.999999999 -0700 MST");

    private string Part(string part) => part switch
    {
        "2006" => At.Year.ToString("0000", CultureInfo.InvariantCulture),
        "_2006" => "_" + At.Year.ToString("0000", CultureInfo.InvariantCulture),
        "06" => (At.Year % 100).ToString("00", CultureInfo.InvariantCulture),
        "January" => At.ToString("MMMM", CultureInfo.InvariantCulture),
        "Jan" => At.ToString("MMM", CultureInfo.InvariantCulture),
        "01" => At.Month.ToString("00", CultureInfo.InvariantCulture),
        "1" => At.Month.ToString(CultureInfo.InvariantCulture),
        "Monday" => At.DayOfWeek.ToString(),
        "Mon" => At.DayOfWeek.ToString()[..3],
        "02" => At.Day.ToString("00", CultureInfo.InvariantCulture),
        "_2" => At.Day.ToString(CultureInfo.InvariantCulture).PadLeft(2),
        "2" => At.Day.ToString(CultureInfo.InvariantCulture),
        "002" => At.DayOfYear.ToString("000", CultureInfo.InvariantCulture),
        "15" => At.Hour.ToString("00", CultureInfo.InvariantCulture),
        "03" => ((At.Hour + 11) % 12 + 1).ToString("00", CultureInfo.InvariantCulture),
        "3" => ((At.Hour + 11) % 12 + 1).ToString(CultureInfo.InvariantCulture),
        "04" => At.Minute.ToString("00", CultureInfo.InvariantCulture),
        "4" => At.Minute.ToString(CultureInfo.InvariantCulture),
        "05" => At.Second.ToString("00", CultureInfo.InvariantCulture),
        "5" => At.Second.ToString(CultureInfo.InvariantCulture),
        "PM" => At.Hour >= 12 ? "PM" : "AM",
        "pm" => At.Hour >= 12 ? "pm" : "am",
        "MST" => Zone,
        "Z07:00" or "Z0700" when OffsetSeconds == 0 => "Z",
        _ => Offset(part),
    };

    private string Offset(string part)
    {
        var (sign, seconds) = (OffsetSeconds < 0 ? "-" : "+", Math.Abs(OffsetSeconds));
        var colon = part.Contains(':', StringComparison.Ordinal) ? ":" : "";
        var digits = part.Count(char.IsAsciiDigit);
        return $"{sign}{seconds / 3600:00}" + (digits > 2 ? $"{colon}{seconds / 60 % 60:00}" : "") + (digits > 4 ? $"{colon}{seconds % 60:00}" : "");
    }

    private static long Duration(object? value) =>
        value is GoDuration d ? d.Nanoseconds : value is long n ? n : throw new TemplateCallException("expected a duration");

    private static long Other(object? value) => value is GoTime t ? t.Nanoseconds : throw new TemplateCallException("expected a time");

    private static TemplateFunction Number(long value) => Method([], _ => value);

    private static TemplateFunction Method(ArgumentKind[] kinds, Func<object?[], object?> call) => new(kinds, (_, arguments) => call(arguments));
}
