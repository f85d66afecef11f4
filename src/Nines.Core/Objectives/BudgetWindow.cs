using NodaTime;

namespace Nines.Core.Objectives;

/// <summary>The time over which an objective is kept.</summary>
public abstract record BudgetWindow
{
    /// <summary>What people call it: <c>28 days</c>, <c>month</c>.</summary>
    public abstract string Name { get; }

    /// <summary>Its length in minutes; of a calendar window, the mean length. Burn limits and budgets of time are derived from it.</summary>
    public abstract int NominalMinutes { get; }

    /// <summary>The most minutes it can have.</summary>
    public abstract int MaxMinutes { get; }

    /// <summary>The window that holds a minute: (from, to] in Unix minutes. A rolling window ends with the minute, a calendar window
    /// when its period does.</summary>
    public abstract (long FromMinute, long ToMinute) At(long minute);
}

/// <summary>The last so many minutes.</summary>
public sealed record RollingWindow(int Minutes) : BudgetWindow
{
    /// <inheritdoc/>
    public override string Name => Minutes switch
    {
        1440 => "1 day",
        _ when Minutes % 1440 == 0 => $"{Minutes / 1440} days",
        60 => "1 hour",
        _ when Minutes % 60 == 0 => $"{Minutes / 60} hours",
        _ => $"{Minutes} minutes",
    };

    /// <inheritdoc/>
    public override int NominalMinutes => Minutes;

    /// <inheritdoc/>
    public override int MaxMinutes => Minutes;

    /// <inheritdoc/>
    public override (long FromMinute, long ToMinute) At(long minute) => (minute - Minutes, minute);
}

/// <summary>Periods of the calendar, one after the other, in the objective's own time zone.</summary>
/// <param name="Start">When one of them starts, by the wall clock there.</param>
/// <param name="Unit">What they are counted in.</param>
/// <param name="Count">How many units one has; at least 1.</param>
/// <param name="Zone">Whose wall clock it is.</param>
public sealed record CalendarWindow(LocalDateTime Start, CalendarUnit Unit, int Count, DateTimeZone Zone) : BudgetWindow
{
    /// <inheritdoc/>
    public override string Name => $"{(Count == 1 ? "" : $"{Count} ")}{Unit.ToString().ToLowerInvariant()}{(Count == 1 ? "" : "s")}, {Zone.Id}";

    /// <inheritdoc/>
    public override int NominalMinutes => Count * Unit switch
    {
        CalendarUnit.Day => 1440,
        CalendarUnit.Week => 7 * 1440,
        // A mean month of the Gregorian calendar: 146,097 days in 4,800 months.
        CalendarUnit.Month => 43_829,
        CalendarUnit.Quarter => 131_487,
        _ => 525_949,
    };

    /// <inheritdoc/>
    public override int MaxMinutes => Count * Unit switch
    {
        CalendarUnit.Day => 1440,
        CalendarUnit.Week => 7 * 1440,
        CalendarUnit.Month => 31 * 1440,
        CalendarUnit.Quarter => 92 * 1440,
        _ => 366 * 1440,
    } + 120;

    /// <inheritdoc/>
    public override (long FromMinute, long ToMinute) At(long minute)
    {
        // A minute belongs to the period that holds its last moment but one: the period's edges are left-open, right-closed as minutes are.
        var at = Instant.FromUnixTimeSeconds(minute * 60 - 1);
        var local = at.InZone(Zone).LocalDateTime;
        var index = Guess(local);
        while (Edge(index) > minute - 1)
        {
            index--;
        }
        while (Edge(index + 1) <= minute - 1)
        {
            index++;
        }
        return (Edge(index), Edge(index + 1));
    }

    private long Guess(LocalDateTime local) => Unit switch
    {
        CalendarUnit.Day => Period.DaysBetween(Start.Date, local.Date) / Count,
        CalendarUnit.Week => Period.DaysBetween(Start.Date, local.Date) / 7 / Count,
        CalendarUnit.Month => Months(local) / Count,
        CalendarUnit.Quarter => Months(local) / 3 / Count,
        _ => Months(local) / 12 / Count,
    };

    private int Months(LocalDateTime local) => (local.Year - Start.Year) * 12 + local.Month - Start.Month;

    /// <summary>Where a period starts. Each is reckoned from <see cref="Start"/>, so that a month that starts on the 31st does so again after a short
    /// one.</summary>
    private long Edge(long index)
    {
        var n = (int)index * Count;
        var local = Unit switch
        {
            CalendarUnit.Day => Start.PlusDays(n),
            CalendarUnit.Week => Start.PlusWeeks(n),
            CalendarUnit.Month => Start.PlusMonths(n),
            CalendarUnit.Quarter => Start.PlusMonths(3 * n),
            _ => Start.PlusYears(n),
        };
        return local.InZoneLeniently(Zone).ToInstant().ToUnixTimeSeconds() / 60;
    }
}

/// <summary>What calendar windows are counted in.</summary>
public enum CalendarUnit
{
    /// <summary>Days.</summary>
    Day,
    /// <summary>Weeks.</summary>
    Week,
    /// <summary>Months.</summary>
    Month,
    /// <summary>Three months.</summary>
    Quarter,
    /// <summary>Years.</summary>
    Year,
}
