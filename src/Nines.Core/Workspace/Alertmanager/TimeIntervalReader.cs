using System.Globalization;
using Nines.Core.Alerting.Routing;
using NodaTime;
using NodaTime.TimeZones;

namespace Nines.Core.Workspace.Alertmanager;

/// <summary>Reads <c>time_intervals</c>.</summary>
internal static class TimeIntervalReader
{
    private static readonly string[] Days = ["sunday", "monday", "tuesday", "wednesday", "thursday", "friday", "saturday"];

    private static readonly string[] MonthNames =
        ["january", "february", "march", "april", "may", "june", "july", "august", "september", "october", "november", "december"];

    /// <summary>The interval, or null when it has no name.</summary>
    public static TimeInterval? Read(Fields interval)
    {
        var name = interval.Text("name", required: true);
        var periods = interval.Maps("time_intervals", "a time interval").Select(Period).ToList();
        interval.Done();
        return name is null ? null : new TimeInterval(name.Value, periods, interval.File.At(interval.Node));
    }

    private static TimePeriod Period(Fields period)
    {
        var read = new TimePeriod
        {
            Times = [.. period.Maps("times", "a range of times").Select(Times).OfType<IntRange>()],
            Weekdays = Ranges(period, "weekdays", "a day of the week", text => Array.IndexOf(Days, text.ToLowerInvariant()) is var day and >= 0 ? day : null),
            DaysOfMonth = Ranges(period, "days_of_month", "a day of the month, 1 to 31 or -1 to -31",
                text => Number(text) is { } day and not 0 and >= -31 and <= 31 ? day : null),
            Months = Ranges(period, "months", "a month", text => Array.IndexOf(MonthNames, text.ToLowerInvariant()) is var month and >= 0 ? month + 1
                : Number(text) is { } number and >= 1 and <= 12 ? number : null),
            Years = Ranges(period, "years", "a year", text => Number(text) is { } year and >= 0 and <= 9999 ? year : null),
            Zone = Zone(period),
        };
        period.Done();
        return read;
    }

    private static IntRange? Times(Fields range)
    {
        var (from, to) = (TimeOfDay(range, "start_time"), TimeOfDay(range, "end_time"));
        range.Done();
        if (from is { } start && to is { } end && start >= end)
        {
            range.File.Error(range.Node, "bad-value", "start time cannot be equal or greater than end time", "a range cannot pass midnight: write two");
            return null;
        }
        return from is null || to is null ? null : new IntRange(from.Value, to.Value);
    }

    private static int? TimeOfDay(Fields range, string key)
    {
        if (range.Text(key, required: true) is not { } text)
        {
            return null;
        }
        var t = text.Value;
        if (t.Length == 5 && t[2] == ':' && Number(t[..2]) is { } hour and >= 0 && Number(t[3..]) is { } minute and >= 0 and < 60
            && (hour < 24 || t == "24:00"))
        {
            return hour * 60 + minute;
        }
        range.File.Error(text, "bad-value", $"couldn't parse timestamp {t}, invalid format", "write it as HH:MM, 00:00 to 24:00, in quotes");
        return null;
    }

    // One value, or from:to with both ends.
    private static List<IntRange> Ranges(Fields period, string key, string what, Func<string, int?> read)
    {
        var ranges = new List<IntRange>();
        foreach (var text in SettingsReader.Texts(period, key))
        {
            var parts = text.Value.Split(':');
            var from = read(parts[0].Trim());
            var to = read(parts[^1].Trim());
            if (parts.Length > 2 || from is null || to is null)
            {
                period.File.Error(text, "bad-value", $"{text.Value} is not {what} or a range of them");
            }
            else if (IsBackward(from.Value, to.Value))
            {
                period.File.Error(text, "bad-value", $"{text.Value} ends before it starts",
                    key == "weekdays" ? "the week starts on sunday and a range cannot pass its end: write two" : "");
            }
            else
            {
                ranges.Add(new IntRange(from.Value, to.Value));
            }
        }
        return ranges;
    }

    // A day counted from the month's end is taken in a month of 30 days: what is backward there is so in any month, or nearly.
    private static bool IsBackward(int from, int to) => to < 0 && from > 0 ? from > 30 + to + 1 : from < 0 && to > 0 || from > to;

    private static DateTimeZone Zone(Fields period)
    {
        var text = period.Text("location");
        if (text is null or { Value: "" or "UTC" })
        {
            return DateTimeZone.Utc;
        }
        if ((text.Value == "Local" ? BclDateTimeZone.ForSystemDefault() : DateTimeZoneProviders.Tzdb.GetZoneOrNull(text.Value)) is { } zone)
        {
            return zone;
        }
        period.File.Error(text, "bad-value", $"there is no time zone {text.Value}", Near.Hint(text.Value, DateTimeZoneProviders.Tzdb.Ids));
        return DateTimeZone.Utc;
    }

    private static int? Number(string text) => int.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var number) ? number : null;
}
