using NodaTime;

namespace Nines.Core.Alerting.Routing;

/// <summary>A named set of recurring times, such as <c>office hours</c>: an instant is in it when it is in any of its periods.</summary>
/// <param name="Name">The name that routes use.</param>
/// <param name="Periods">Its periods.</param>
/// <param name="Position">Where it is declared.</param>
public sealed record TimeInterval(string Name, IReadOnlyList<TimePeriod> Periods, SourcePosition Position)
{
    /// <summary>Whether an instant is in it.</summary>
    public bool Contains(Instant at) => Periods.Any(p => p.Contains(at));
}

/// <summary>One element of a <see cref="TimeInterval"/>: every field that is given must hold, and a field holds when any of its ranges does. An empty field
/// holds always.</summary>
public sealed record TimePeriod
{
    /// <summary>Minutes of the day, from included, to excluded; 0 to 1,440.</summary>
    public IReadOnlyList<IntRange> Times { get; init; } = [];

    /// <summary>Days of the week, Sunday is 0; both ends included.</summary>
    public IReadOnlyList<IntRange> Weekdays { get; init; } = [];

    /// <summary>Days of the month, 1 to 31, or −1 to −31 counted from its end; both ends included. What the month does not have is cut off.</summary>
    public IReadOnlyList<IntRange> DaysOfMonth { get; init; } = [];

    /// <summary>Months, 1 to 12; both ends included.</summary>
    public IReadOnlyList<IntRange> Months { get; init; } = [];

    /// <summary>Years; both ends included.</summary>
    public IReadOnlyList<IntRange> Years { get; init; } = [];

    /// <summary>Whose wall clock it goes by.</summary>
    public DateTimeZone Zone { get; init; } = DateTimeZone.Utc;

    /// <summary>Whether an instant is in it.</summary>
    public bool Contains(Instant at)
    {
        var local = at.InZone(Zone);
        var minute = local.Hour * 60 + local.Minute;
        return (Times.Count == 0 || Times.Any(t => t.From <= minute && minute < t.To))
            && (DaysOfMonth.Count == 0 || DaysOfMonth.Any(d => HasDay(d, local.Date)))
            && Holds(Months, local.Month)
            && Holds(Weekdays, (int)local.DayOfWeek % 7)
            && Holds(Years, local.Year);
    }

    private static bool Holds(IReadOnlyList<IntRange> ranges, int value) => ranges.Count == 0 || ranges.Any(r => r.From <= value && value <= r.To);

    private static bool HasDay(IntRange days, LocalDate date)
    {
        var length = CalendarSystem.Iso.GetDaysInMonth(date.Year, date.Month);
        var from = days.From < 0 ? length + days.From + 1 : days.From;
        var to = days.To < 0 ? length + days.To + 1 : days.To;
        // A range that begins after the month's end, as 30:31 in February, has no day in it.
        return from <= length && Math.Max(1, from) <= date.Day && date.Day <= Math.Min(length, to);
    }
}

/// <summary>A range of whole numbers.</summary>
public readonly record struct IntRange(int From, int To);
