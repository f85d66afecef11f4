using Nines.Core.Probes.Push;

namespace Nines.Core.Tests.Probes.Push;

public sealed class HeartbeatMachineTests
{
    private const long Minute = 60_000;

    // Expected every hour; the run of 10:00 is reported from 09:00 on and in time until 10:10. Times below are minutes after 09:00.
    private static readonly Heartbeat Hourly = new("job", new EverySchedule(60 * Minute), 10 * Minute) { MaxRuntimeMs = 20 * Minute, MinRows = 1 };
    private static readonly long Nine = new DateTimeOffset(2026, 11, 28, 9, 0, 0, TimeSpan.Zero).ToUnixTimeMilliseconds();

    // s start, + success of 5 rows, 0 success of no rows, ? success that does not say, - fail; "a..b" nobody could report from a to b.
    [Theory]
    [InlineData("+30", "good up")]
    [InlineData("+65", "good up")]
    [InlineData("+70", "good up")]
    [InlineData("", "bad missed")]
    [InlineData("-30", "bad failed")]
    [InlineData("-30 +40", "good up")]
    [InlineData("+30 -40", "bad failed")]
    [InlineData("030", "bad failed")]
    [InlineData("?30", "bad failed")]
    [InlineData("s10 +29", "good up")]
    [InlineData("s10", "bad failed")]
    [InlineData("s10 +31", "bad up")]
    [InlineData("s10 +31 +40", "good up")]
    [InlineData("s55", "bad missed")]
    [InlineData("20..30", "unknown missed")]
    [InlineData("20..30 +40", "good up")]
    [InlineData("+10 20..90", "good up")]
    [InlineData("-10 20..90", "bad failed")]
    [InlineData("20..90 +95", "good up")]
    [InlineData("20..90 +101", "unknown up")]
    [InlineData("s10 20..25", "unknown missed")]
    public void Run_IsBookedOnceByWhatWasHeard(string story, string wanted)
    {
        var until = story.Contains("101") ? 102 : story.Contains("90") ? 101 : 71;
        var (state, booked) = Play(story, until);
        var run = booked.ShouldHaveSingleItem();
        run.DueMs.ShouldBe(Nine + 60 * Minute);
        $"{run.Outcome} {HeartbeatReading.Standing(state, Nine + until * Minute)}".ToLowerInvariant().ShouldBe(wanted);
        (state.Good + state.Bad + state.Unknown).ShouldBe(1);
    }

    [Fact]
    public void Run_IsNotBookedBeforeItsDeadline()
    {
        Play("+30", 70).Booked.ShouldBeEmpty();
        Play("", 70).State.Missed.ShouldBeNull();
    }

    [Fact]
    public void Begin_ExpectsNothingThatCouldNotBeReportedInAllOfItsTime()
    {
        var state = HeartbeatMachine.Begin(Hourly, null, Nine + 1);
        state.NextDueMs.ShouldBe(Nine + 120 * Minute);
        var (after, booked) = HeartbeatMachine.Pass(Hourly, state, Nine + 119 * Minute);
        booked.ShouldBeEmpty();
        HeartbeatReading.Standing(after, Nine + 119 * Minute).ShouldBe(HeartbeatStanding.Waiting);
    }

    [Fact]
    public void Begin_WithAnotherSchedule_KeepsCountersAndForgetsOpenRuns()
    {
        var (state, _) = Play("+30", 140);
        (state.Good, state.Bad).ShouldBe((1, 1));
        var daily = Hourly with { Schedule = new EverySchedule(24 * 60 * Minute) };
        var anew = HeartbeatMachine.Begin(daily, state, Nine + 140 * Minute);
        (anew.Good, anew.Bad, anew.SinceMs, anew.Open.Count).ShouldBe((1, 1, state.SinceMs, 0));
    }

    [Fact]
    public void Alerts_FireWhileItHoldsAndEndOnce()
    {
        var url = new Uri("http://nines.example/");
        var (missed, _) = Play("", 71);
        var fired = HeartbeatAlerts.Of(Hourly, null, missed, Nine + 71 * Minute, url).ShouldHaveSingleItem();
        (fired.Labels["alertname"], fired.Labels["severity"], fired.StartsAtNs).ShouldBe(("HeartbeatMissed", "page", (Nine + 70 * Minute) * 1_000_000));
        fired.EndsAtNs.ShouldBe((Nine + 71 * Minute + HeartbeatAlerts.LastsMs) * 1_000_000);
        var back = HeartbeatMachine.Take(Hourly, missed, new(PingKind.Success, Nine + 72 * Minute, 5));
        HeartbeatAlerts.Of(Hourly, missed, back, Nine + 72 * Minute, url).ShouldHaveSingleItem().EndsAtNs.ShouldBe((Nine + 72 * Minute) * 1_000_000);
        HeartbeatAlerts.Of(Hourly, back, back, Nine + 73 * Minute, url).ShouldBeEmpty();
    }

    private static (HeartbeatState State, List<BookedRun> Booked) Play(string story, int untilMinute)
    {
        var state = HeartbeatMachine.Begin(Hourly, null, Nine);
        var booked = new List<BookedRun>();
        void Pass(long atMs, Deafness? deafness = null)
        {
            (state, var more) = HeartbeatMachine.Pass(Hourly, state, atMs, deafness);
            booked.AddRange(more);
        }
        foreach (var word in story.Split(' ', StringSplitOptions.RemoveEmptyEntries))
        {
            if (word.Split("..") is [var from, var to])
            {
                Pass(Nine + int.Parse(from) * Minute);
                Pass(Nine + int.Parse(to) * Minute, new(Nine + int.Parse(from) * Minute, Nine + int.Parse(to) * Minute));
                continue;
            }
            var at = Nine + int.Parse(word[1..]) * Minute;
            Pass(at);
            var kind = word[0] switch { 's' => PingKind.Start, '-' => PingKind.Fail, _ => PingKind.Success };
            state = HeartbeatMachine.Take(Hourly, state, new(kind, at, word[0] switch { '+' => 5, '0' => 0, _ => null }));
        }
        Pass(Nine + untilMinute * Minute);
        return (state, booked);
    }
}
