using Nines.Metrics;
using NodaTime;
using NodaTime.TimeZones;

namespace Nines.Core.Alerting.Routing;

/// <summary>When a receiver is told what has gathered for it: times of the week in a time zone.</summary>
/// <param name="Times">Days with minutes of the day, 0 to 1439; at least one.</param>
/// <param name="Zone">The zone of their clock. A time that a clock change leaves out is the first moment after it; of one
/// that comes twice the first counts.</param>
/// <param name="Text">The times as declared.</param>
public sealed record DigestTimes(IReadOnlyList<(IsoDayOfWeek Day, int Minute)> Times, DateTimeZone Zone, string Text)
{
    private static readonly ZoneLocalMappingResolver Resolver =
        Resolvers.CreateMappingResolver(Resolvers.ReturnEarlier, Resolvers.ReturnStartOfIntervalAfter);

    /// <summary>The group of all that gathers.</summary>
    public Labels GroupLabels { get; } = Labels.Of(("digest", Text));

    /// <summary>The first digest after a moment, both in nanoseconds since the Unix epoch.</summary>
    public long NextNs(long afterNs) => Around(afterNs).First(ns => ns > afterNs);

    /// <summary>The last digest up to a moment, both in nanoseconds since the Unix epoch.</summary>
    public long LastNs(long ns) => Around(ns).Last(at => at <= ns);

    private IEnumerable<long> Around(long ns)
    {
        var day = Instant.FromUnixTimeTicks(ns / 100).InZone(Zone).Date;
        return Enumerable.Range(-8, 17).SelectMany(offset => On(day.PlusDays(offset))).Order();
    }

    private IEnumerable<long> On(LocalDate day) => Times.Where(t => t.Day == day.DayOfWeek)
        .Select(t => Zone.ResolveLocal(day + new LocalTime(t.Minute / 60, t.Minute % 60), Resolver).ToInstant().ToUnixTimeTicks() * 100);
}
