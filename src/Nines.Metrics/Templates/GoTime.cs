using System.Globalization;
using System.Text;

namespace Nines.Metrics.Templates;

/// <summary>An instant in templates, with the methods of Go's <c>time.Time</c> that templates use. Always UTC.</summary>
/// <param name="Nanoseconds">Since the Unix epoch.</param>
public sealed record GoTime(long Nanoseconds) : ITemplateObject
{
    // Longest first where one begins like another.
    private static readonly string[] Parts =
    [
        "January", "Jan", "Monday", "Mon", "MST", "2006", "-07:00:00", "-070000", "-07:00", "-0700", "-07", "Z07:00", "Z0700", "01", "02", "03", "04", "05",
        "002", "06", "15", "PM", "pm", "_2006", "_2", "1", "2", "3", "4", "5",
    ];

    private DateTime At => DateTime.UnixEpoch.AddTicks(Nanoseconds >= 0 ? Nanoseconds / 100 : (Nanoseconds - 99) / 100);

    private long Nanos => Nanoseconds - (Nanoseconds >= 0 ? Nanoseconds / 1_000_000_000 : (Nanoseconds - 999_999_999) / 1_000_000_000) * 1_000_000_000;

    private long UnixSeconds => (Nanoseconds - Nanos) / 1_000_000_000;

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
            "IsZero" => Method([], _ => Nanoseconds == 0),
            "UTC" => Method([], _ => this),
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
        "MST" => "UTC",
        "Z07:00" or "Z0700" => "Z",
        _ => part.Replace('-', '+').Replace('7', '0'),
    };

    private static long Duration(object? value) =>
        value is GoDuration d ? d.Nanoseconds : value is long n ? n : throw new TemplateCallException("expected a duration");

    private static long Other(object? value) => value is GoTime t ? t.Nanoseconds : throw new TemplateCallException("expected a time");

    private static TemplateFunction Number(long value) => Method([], _ => value);

    private static TemplateFunction Method(ArgumentKind[] kinds, Func<object?[], object?> call) => new(kinds, (_, arguments) => call(arguments));
}
