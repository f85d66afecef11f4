using System.Globalization;
using Nines.Core.Alerting;
using NodaTime;
using NodaTime.Text;

namespace Nines.Core.Workspace;

/// <summary>Reads the spec of a Calendar: when a team works.</summary>
internal static class CalendarReader
{
    private static readonly string[] Days = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"];
    private static readonly LocalDatePattern Date = LocalDatePattern.CreateWithInvariantCulture("uuuu-MM-dd");

    public static BusinessCalendar? Read(Fields spec, string name)
    {
        var zone = spec.Zone("timezone", required: true);
        var hours = new List<OpeningHours>();
        foreach (var node in spec.List("hours", required: true))
        {
            foreach (var one in HoursOf(spec.File, node))
            {
                if (hours.Exists(h => h.Day == one.Day && h.FromMinute < one.ToMinute && one.FromMinute < h.ToMinute))
                {
                    spec.File.Error(node, "overlap", $"on {Days[(int)one.Day - 1]} these hours overlap others");
                }
                hours.Add(one);
            }
        }
        if (spec.Any("hours") is YamlList { Items.Count: 0 } none)
        {
            spec.File.Error(none, "missing", "hours is empty", "write when people work, such as Mon-Fri 09:00-17:30");
        }
        var holidays = new Dictionary<LocalDate, string>();
        foreach (var node in spec.List("holidays"))
        {
            var parts = (node as YamlText)?.Value.Split(' ', 2, StringSplitOptions.TrimEntries) ?? [""];
            if (!Date.Parse(parts[0]).TryGetValue(default, out var day))
            {
                spec.File.Error(node, "bad-value", $"this is no day: {parts[0]}", "write it as 2026-12-25, or 2026-12-25 Christmas Day");
            }
            else if (!holidays.TryAdd(day, parts.Length > 1 ? parts[1] : ""))
            {
                spec.File.Error(node, "duplicate", $"the holiday {parts[0]} is there twice");
            }
        }
        return zone is null || hours.Count == 0 ? null : new(name, zone, [.. hours.OrderBy(h => h.Day).ThenBy(h => h.FromMinute)], holidays);
    }

    /// <summary><c>Mon-Fri 09:00-17:30</c>, <c>Sat 10:00-14:00</c>, <c>Mon,Wed,Fri 00:00-24:00</c>.</summary>
    private static List<OpeningHours> HoursOf(BindingFile file, YamlNode node)
    {
        var text = (node as YamlText)?.Value ?? "";
        var parts = text.Split(' ', StringSplitOptions.RemoveEmptyEntries);
        var times = parts.Length == 2 ? parts[1].Split('-').Select(Minute).ToList() : [];
        var days = parts.Length == 2 ? parts[0].Split(',').SelectMany(DaysOf).ToList() : [];
        if (times is not [{ } from, { } to] || from >= to || days.Contains(null) || days.Count != days.Distinct().Count())
        {
            file.Error(node, "bad-value", $"these are no hours: {text}", "write days and times of one day, such as Mon-Fri 09:00-17:30 or Sat,Sun 10:00-24:00");
            return [];
        }
        return [.. days.Select(d => new OpeningHours(d!.Value, from, to))];
    }

    /// <summary><c>Mon-Fri</c> or <c>Sat</c>; null for what is none.</summary>
    public static IEnumerable<IsoDayOfWeek?> DaysOf(string text)
    {
        var ends = text.Split('-').Select(d => Array.IndexOf(Days, d)).ToList();
        if (ends.Contains(-1) || ends.Count > 2)
        {
            return [null];
        }
        // Sat-Mon goes over the end of the week.
        var length = (ends[^1] - ends[0] + 7) % 7 + 1;
        return Enumerable.Range(ends[0], length).Select(d => (IsoDayOfWeek?)(d % 7 + 1));
    }

    /// <summary>Minutes from midnight to a time of the day, 0 to 1440; null for what is none.</summary>
    public static int? Minute(string text) => text.Length == 5 && text[2] == ':'
        && int.TryParse(text.AsSpan(0, 2), NumberStyles.None, CultureInfo.InvariantCulture, out var hour)
        && int.TryParse(text.AsSpan(3, 2), NumberStyles.None, CultureInfo.InvariantCulture, out var minute)
        && minute < 60 && hour * 60 + minute <= 1440 ? hour * 60 + minute : null;
}
