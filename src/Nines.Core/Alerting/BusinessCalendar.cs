using NodaTime;

namespace Nines.Core.Alerting;

/// <summary>When a team works. An instant is in its open time when the wall clock of the zone is within the hours of that day and the day is no holiday:
/// an hour that the clock leaves out is none, one that it goes through twice is two.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Zone">Whose wall clock it goes by.</param>
/// <param name="Hours">The hours of a week in order, at least one; none overlaps another.</param>
/// <param name="Holidays">The days on which nobody works, with their names.</param>
public sealed record BusinessCalendar(string Name, DateTimeZone Zone, IReadOnlyList<OpeningHours> Hours, IReadOnlyDictionary<LocalDate, string> Holidays)
{
    /// <summary>The hours of a week.</summary>
    public IReadOnlyList<OpeningHours> Hours { get; } =
        Hours.Count > 0 ? Hours : throw new ArgumentException("a calendar that never opens has no next hour", nameof(Hours));

    /// <summary>The first moment by which so much open time has passed since another.</summary>
    /// <param name="start">From when it is counted.</param>
    /// <param name="open">How much open time; nothing gives the start itself.</param>
    public Instant Add(Instant start, Duration open)
    {
        for (var date = start.InZone(Zone).Date; open > Duration.Zero; date = date.PlusDays(1))
        {
            foreach (var (from, to) in OpeningsOf(date))
            {
                var begin = Instant.Max(from, start);
                if (begin + open <= to)
                {
                    return begin + open;
                }
                open -= Duration.Max(Duration.Zero, to - begin);
            }
        }
        return start;
    }

    /// <summary>How much open time lies between two moments; nothing when the second is not later.</summary>
    public Duration Between(Instant start, Instant end)
    {
        var open = Duration.Zero;
        for (var date = start.InZone(Zone).Date; date <= end.InZone(Zone).Date; date = date.PlusDays(1))
        {
            foreach (var (from, to) in OpeningsOf(date))
            {
                open += Duration.Max(Duration.Zero, Instant.Min(to, end) - Instant.Max(from, start));
            }
        }
        return open;
    }

    /// <summary>The end of a business day after that of a moment: of the next, of the one after it, …</summary>
    /// <param name="start">The moment. Its own day does not count, whatever the hour.</param>
    /// <param name="days">Which of the days after it, from 1.</param>
    public Instant EndOfDay(Instant start, int days)
    {
        for (var date = start.InZone(Zone).Date.PlusDays(1); ; date = date.PlusDays(1))
        {
            if (OpeningsOf(date).ToList() is [.., var last] && --days == 0)
            {
                return last.To;
            }
        }
    }

    /// <summary>The open time of a day, in order.</summary>
    private IEnumerable<(Instant From, Instant To)> OpeningsOf(LocalDate date)
    {
        if (Holidays.ContainsKey(date))
        {
            yield break;
        }
        // Within a part of the day the wall clock runs evenly; on most days there is one part.
        foreach (var part in Zone.GetZoneIntervals(new(Zone.AtStartOfDay(date).ToInstant(), Zone.AtStartOfDay(date.PlusDays(1)).ToInstant())))
        {
            foreach (var hours in Hours.Where(h => h.Day == date.DayOfWeek))
            {
                var (from, to) = (At(hours.FromMinute), At(hours.ToMinute));
                from = part.HasStart ? Instant.Max(from, part.Start) : from;
                to = part.HasEnd ? Instant.Min(to, part.End) : to;
                if (from < to)
                {
                    yield return (from, to);
                }
            }

            Instant At(int minute) => date.AtMidnight().PlusMinutes(minute).WithOffset(part.WallOffset).ToInstant();
        }
    }
}

/// <summary>Hours of a day of the week.</summary>
/// <param name="Day">The day.</param>
/// <param name="FromMinute">The minute of the day from which on it is open, 0 to 1,439.</param>
/// <param name="ToMinute">The minute up to which, excluded; above the first, 1,440 at most.</param>
public readonly record struct OpeningHours(IsoDayOfWeek Day, int FromMinute, int ToMinute);
