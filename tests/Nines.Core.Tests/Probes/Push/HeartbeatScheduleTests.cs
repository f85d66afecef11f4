using Nines.Core.Probes.Push;
using NodaTime;
using NodaTime.Text;

namespace Nines.Core.Tests.Probes.Push;

public sealed class HeartbeatScheduleTests
{
    private static readonly DateTimeZone Berlin = DateTimeZoneProviders.Tzdb["Europe/Berlin"];
    private static readonly InstantPattern Text = InstantPattern.CreateWithInvariantCulture("MM-dd HH:mm");

    // 2026: clocks go forward on 29 March at 01:00 UTC (02:00 becomes 03:00), and back on 25 October at 01:00 UTC (03:00 becomes 02:00).
    [Theory]
    [InlineData("0 3 * * 0", "2026-03-20T00:00Z", "03-22 02:00, 03-29 01:00, 04-05 01:00")]
    [InlineData("30 2 * * *", "2026-03-27T12:00Z", "03-28 01:30, 03-29 01:00, 03-30 00:30")] // left out: when clocks are set forward
    [InlineData("30 2 * * *", "2026-10-23T12:00Z", "10-24 00:30, 10-25 00:30, 10-26 01:30")] // twice: the first time
    [InlineData("30 * * * *", "2026-03-29T00:00Z", "03-29 00:30, 03-29 01:30, 03-29 02:30")]
    [InlineData("30 * * * *", "2026-10-25T00:00Z", "10-25 00:30, 10-25 01:30, 10-25 02:30")] // both times
    [InlineData("@hourly", "2026-10-25T00:10Z", "10-25 01:00, 10-25 02:00, 10-25 03:00")]
    [InlineData("0 0 31 * *", "2026-01-31T12:00Z", "03-30 22:00, 05-30 22:00, 07-30 22:00")]
    public void Cron_GoesByTheZonesClock(string expression, string after, string wanted) => string.Join(", ", Next(Cron(expression), Ms(after), 3)).ShouldBe(wanted);

    [Fact]
    public void Cron_IsWhatASearchByMinuteFinds()
    {
        foreach (var (minutes, hours, recurs, expression) in new (int[], int[], bool, string)[]
        {
            ([0], [3], false, "0 3 * * *"), ([30], [2], false, "30 2 * * *"), ([0, 15], [2, 14], false, "0,15 2,14 * * *"),
            ([0, 20, 40], [.. Enumerable.Range(0, 24)], true, "*/20 * * * *"), ([5], [1, 2, 3], true, "5 1-3 * * *"),
        })
        {
            var (from, to) = (Ms("2026-01-01T00:00Z"), Ms("2027-01-01T00:00Z"));
            var found = new List<long>();
            for (var at = Cron(expression).NextMs(from); at < to; at = Cron(expression).NextMs(at))
            {
                found.Add(at);
            }
            found.ShouldBe([.. Searched(minutes, hours, recurs, from, to)], expression);
        }
    }

    [Fact]
    public void Cron_ThatNeverComes_IsSaid()
    {
        CronSchedule.Of("0 0 30 2 *", DateTimeZone.Utc).Problem.ShouldBe("it never comes");
        CronSchedule.Of("0 0 30", DateTimeZone.Utc).Problem.ShouldStartWith("five fields");
    }

    [Fact]
    public void Every_IsOncePerPeriod()
    {
        var every = new EverySchedule(3_600_000);
        Next(every, Ms("2026-03-29T00:00Z"), 2).ShouldBe(["03-29 01:00", "03-29 02:00"]);
        every.OpensMs(Ms("2026-03-29T02:00Z")).ShouldBe(Ms("2026-03-29T01:00Z"));
    }

    /// <summary>Every minute of elapsed time is looked at, with what a clock on the wall shows then.</summary>
    private static SortedSet<long> Searched(int[] minutes, int[] hours, bool recurs, long fromMs, long toMs)
    {
        var found = new SortedSet<long>();
        var seen = new HashSet<LocalDateTime>();
        var before = Instant.FromUnixTimeMilliseconds(fromMs).InZone(Berlin).LocalDateTime;
        for (var at = fromMs + 60_000; at < toMs; at += 60_000)
        {
            var wall = Instant.FromUnixTimeMilliseconds(at).InZone(Berlin).LocalDateTime;
            bool Fits(LocalDateTime t) => minutes.Contains(t.Minute) && hours.Contains(t.Hour);
            if (Fits(wall) && (recurs || seen.Add(wall)))
            {
                found.Add(at);
            }
            for (var skipped = before.PlusMinutes(1); !recurs && skipped < wall; skipped = skipped.PlusMinutes(1))
            {
                if (Fits(skipped))
                {
                    found.Add(at);
                }
            }
            before = wall;
        }
        return found;
    }

    private static CronSchedule Cron(string expression) => CronSchedule.Of(expression, Berlin).Schedule.ShouldNotBeNull();

    private static List<string> Next(HeartbeatSchedule schedule, long afterMs, int count)
    {
        var next = new List<string>();
        for (var at = schedule.NextMs(afterMs); next.Count < count; at = schedule.NextMs(at))
        {
            next.Add(Text.Format(Instant.FromUnixTimeMilliseconds(at)));
        }
        return next;
    }

    private static long Ms(string text) => DateTimeOffset.Parse(text, System.Globalization.CultureInfo.InvariantCulture).ToUnixTimeMilliseconds();
}
