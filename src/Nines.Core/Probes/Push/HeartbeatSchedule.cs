using Cronos;
using Nines.PromQL;
using NodaTime;

namespace Nines.Core.Probes.Push;

/// <summary>When a heartbeat is expected.</summary>
public abstract class HeartbeatSchedule
{
    /// <summary>The schedule as it is written.</summary>
    public abstract string Text { get; }

    /// <summary>The first expected time after another; <see cref="long.MaxValue"/> when there is none.</summary>
    public abstract long NextMs(long afterMs);

    /// <summary>From when on a report counts for the run that is expected at a time.</summary>
    public abstract long OpensMs(long dueMs);
}

/// <summary>Once in every period; periods begin at the Unix epoch, so that nothing depends on when the server started.</summary>
/// <param name="periodMs">The period.</param>
public sealed class EverySchedule(long periodMs) : HeartbeatSchedule
{
    /// <inheritdoc/>
    public override string Text => "every " + Durations.Format(periodMs);

    /// <inheritdoc/>
    public override long NextMs(long afterMs) => (afterMs / periodMs + 1) * periodMs;

    /// <inheritdoc/>
    public override long OpensMs(long dueMs) => dueMs - periodMs;
}

/// <summary>
/// At the times of a cron expression in a zone, where clocks change as cron does: a run at a time of day that the change leaves out is expected when clocks
/// are set forward, one at a time that comes twice is expected the first time; a run that recurs within the hour goes by elapsed time.
/// </summary>
public sealed class CronSchedule : HeartbeatSchedule
{
    // Host clocks differ: a job that began a moment early is not a job of the time before.
    private const long EarlyMs = 60_000;

    // No zone moved its clocks by more at once since zones are summed up in hours.
    private static readonly Duration MostChange = Duration.FromHours(3);

    private readonly CronExpression _cron;
    private readonly DateTimeZone _zone;
    private readonly string _expression;
    private readonly bool _recurs;

    private CronSchedule(CronExpression cron, string expression, DateTimeZone zone)
    {
        (_cron, _expression, _zone) = (cron, expression, zone);
        _recurs = expression is "@hourly" or "@every_minute" || (expression[0] != '@'
            && expression.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries).Take(2).Any(f => f.AsSpan().ContainsAny("*/-")));
    }

    /// <summary>A schedule, or what is wrong with the expression.</summary>
    /// <param name="expression">Five fields: minute, hour, day of month, month, day of week; or a macro such as <c>@daily</c>.</param>
    /// <param name="zone">The zone in which it is meant.</param>
    public static (CronSchedule? Schedule, string Problem) Of(string expression, DateTimeZone zone)
    {
        if (!CronExpression.TryParse(expression, CronFormat.Standard, out var cron))
        {
            return (null, "five fields are needed: minute, hour, day of month, month, day of week");
        }
        var schedule = new CronSchedule(cron, expression.Trim(), zone);
        return schedule.NextMs(0) == long.MaxValue ? (null, "it never comes") : (schedule, "");
    }

    /// <inheritdoc/>
    public override string Text => $"{_expression} ({_zone.Id})";

    /// <inheritdoc/>
    public override long OpensMs(long dueMs) => dueMs - EarlyMs;

    /// <inheritdoc/>
    public override long NextMs(long afterMs)
    {
        var after = Instant.FromUnixTimeMilliseconds(afterMs);
        var local = DateTime.SpecifyKind((after - MostChange).InZone(_zone).ToDateTimeUnspecified(), DateTimeKind.Utc);
        Instant? best = null;
        for (var at = _cron.GetNextOccurrence(local, inclusive: true); at is { } wall; at = _cron.GetNextOccurrence(wall))
        {
            var (first, second) = Map(LocalDateTime.FromDateTime(wall));
            if (best is not null && (first is null || first >= best))
            {
                if (first is null)
                {
                    continue;
                }
                break;
            }
            foreach (var instant in new[] { first, second })
            {
                best = instant > after && (best is null || instant < best) ? instant : best;
            }
        }
        return best?.ToUnixTimeMilliseconds() ?? long.MaxValue;
    }

    private (Instant? First, Instant? Second) Map(LocalDateTime wall)
    {
        var mapping = _zone.MapLocal(wall);
        return mapping.Count switch
        {
            0 => (_recurs ? null : mapping.LateInterval.Start, null),
            1 => (mapping.Single().ToInstant(), null),
            _ => (mapping.First().ToInstant(), _recurs ? mapping.Last().ToInstant() : null),
        };
    }
}
