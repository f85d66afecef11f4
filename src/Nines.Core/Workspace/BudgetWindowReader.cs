using System.Globalization;
using Nines.Core.Objectives;
using NodaTime;
using NodaTime.Text;

namespace Nines.Core.Workspace;

/// <summary>Reads OpenSLO's <c>timeWindow</c>, of which an objective may have several.</summary>
internal static class BudgetWindowReader
{
    private const long DayMs = 86_400_000;

    /// <summary>The windows of an SLO, the one the burn limits go by first; empty when none could be read.</summary>
    public static IReadOnlyList<BudgetWindow> Read(Fields spec)
    {
        var windows = new List<BudgetWindow>();
        var entries = spec.Maps("timeWindow", "timeWindow", required: true).ToList();
        if (entries.Count == 0 && spec.Any("timeWindow") is YamlList empty)
        {
            spec.File.Error(empty, "missing", "timeWindow is empty", "write duration: 28d and isRolling: true");
        }
        foreach (var entry in entries)
        {
            var duration = entry.Text("duration", required: true);
            var calendar = entry.Map("calendar");
            var rolling = entry.Flag("isRolling", calendar is null);
            entry.Done();
            if (rolling && calendar is not null)
            {
                entry.File.Error(calendar.Node, "bad-value", "a rolling window has no calendar", "drop calendar, or write isRolling: false");
                continue;
            }
            BudgetWindow? window = duration is null ? null : rolling ? Rolling(entry, duration) : Calendar(entry, duration, calendar);
            if (window is not null && windows.Contains(window))
            {
                entry.File.Error(entry.Node, "duplicate", $"the window of {window.Name} is there already", "drop it");
            }
            else if (window is not null)
            {
                windows.Add(window);
            }
        }
        return windows;
    }

    private static RollingWindow? Rolling(Fields entry, YamlText duration)
    {
        if (Units(duration.Value) is { Unit: 'M' or 'Q' or 'Y' })
        {
            entry.File.Error(duration, "bad-value", $"{duration.Value} is no length: months and years differ",
                "write it in days, such as 28d or 30d, or use a calendar window");
            return null;
        }
        return (int?)(entry.Duration("duration", 3_600_000, 400 * DayMs) / 60_000) is { } minutes ? new(minutes) : null;
    }

    private static CalendarWindow? Calendar(Fields entry, YamlText duration, Fields? calendar)
    {
        CalendarUnit? unit = Units(duration.Value)?.Unit switch
        {
            'd' => CalendarUnit.Day,
            'w' => CalendarUnit.Week,
            'M' => CalendarUnit.Month,
            'Q' => CalendarUnit.Quarter,
            'Y' or 'y' => CalendarUnit.Year,
            _ => null,
        };
        var count = Units(duration.Value)?.Count ?? 0;
        if (unit is null || count < 1 || (unit is CalendarUnit.Year && count > 1) || count > 366)
        {
            entry.File.Error(duration, "bad-value", $"{duration.Value} is no period of the calendar", "write 1d, 1w, 1M (a month), 1Q (a quarter) or 1Y");
            return null;
        }
        // Without a start, periods begin where people expect them to: Monday, the first of the month, New Year.
        var start = new LocalDateTime(2024, 1, 1, 0, 0);
        var zone = DateTimeZone.Utc;
        if (calendar?.Text("startTime", required: true) is { } text)
        {
            if (Time(text.Value) is not { } given)
            {
                entry.File.Error(text, "bad-value", $"startTime is no time: {text.Value}", "write it as 2026-01-01 00:00:00");
                return null;
            }
            start = given;
        }
        if (calendar is not null)
        {
            if (calendar.Zone("timeZone", required: true) is not { } known)
            {
                return null;
            }
            zone = known;
        }
        calendar?.Done();
        return new(start, unit.Value, count, zone);
    }

    private static LocalDateTime? Time(string text)
    {
        foreach (var pattern in (string[])["uuuu-MM-dd HH:mm:ss", "uuuu-MM-dd'T'HH:mm:ss", "uuuu-MM-dd'T'HH:mm:ss'Z'", "uuuu-MM-dd HH:mm", "uuuu-MM-dd"])
        {
            if (LocalDateTimePattern.CreateWithInvariantCulture(pattern).Parse(text.Trim()) is { Success: true } parsed)
            {
                return parsed.Value;
            }
        }
        return null;
    }

    private static (int Count, char Unit)? Units(string duration) =>
        duration.Length is > 1 and < 6 && int.TryParse(duration.AsSpan(0, duration.Length - 1), NumberStyles.None, CultureInfo.InvariantCulture, out var count)
            ? (count, duration[^1]) : null;
}
