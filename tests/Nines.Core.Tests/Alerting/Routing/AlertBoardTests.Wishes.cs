using FsCheck;
using FsCheck.Fluent;
using Nines.Core.Alerting.Routing;
using Nines.Metrics;
using NodaTime;

namespace Nines.Core.Tests.Alerting.Routing;

/// <summary>What a receiver is told otherwise than its route says.</summary>
public sealed partial class AlertBoardTests
{
    private const string Long = "global: {resolve_timeout: 72h}\n";

    // The timelines begin at 08:00 UTC on a Friday.
    private const int Nine = 3600;
    private const int Day = 86_400;

    private static readonly ReceiverWishes Mornings = new()
    {
        Urgent = [new Matcher("severity", MatchOp.Equal, "critical")],
        Digest = new([.. Enumerable.Range(1, 7).Select(d => ((IsoDayOfWeek)d, 540))], DateTimeZone.Utc, "09:00"),
    };

    [Fact]
    public void Urgent_IsToldAtOnceAndTheRestOfItsGroupWithIt()
    {
        Apply("group_wait: 30s, group_interval: 5m", wishes: new() { Urgent = [new Matcher("severity", MatchOp.Equal, "critical")] });
        At(0, () => Post("A"));
        At(5, () => Post("B", severity: "critical"));
        At(20, () => Post("C"));
        At(40, () => Post("D", severity: "critical"));
        To(60).ShouldBe(["5 d AB", "40 d ABCD"]);
    }

    [Fact]
    public void Cooldown_WhatComesBackIsToldWhenItIsOver()
    {
        Apply("group_wait: 1s, group_interval: 10s", wishes: new() { CooldownMs = 60_000 });
        At(0, () => Post("A"));
        At(5, () => Post("A", ends: 5));
        At(14, () => Post("A"));
        At(20, () => Post("A", ends: 20));
        At(30, () => Post("A"));
        To(90).ShouldBe(["1 d A", "11 d a", "61 d A"]);
    }

    [Fact]
    public void Cooldown_HidesNeitherARiseNorAnotherAlertNorAnEndThatIsDue()
    {
        Apply("group_wait: 1s, group_interval: 10s, group_by: ['...']", wishes: new() { CooldownMs = 600_000 });
        At(0, () => Post("A", severity: "warning"));
        At(5, () => Post("A", ends: 5, severity: "warning"));
        At(20, () => Post("A", severity: "critical"));
        At(25, () => Post("B", severity: "warning"));
        At(29, () => Post("A", ends: 29, severity: "critical"));
        At(45, () => Post("A", severity: "warning"));
        At(50, () => Post("A", ends: 50, severity: "warning"));
        To(90).ShouldBe(["1 d A", "11 d a", "21 d A", "26 d B", "31 d a"]);
    }

    [Fact]
    public void Cooldown_GoesByTheRanksOfTheLadder()
    {
        Apply("group_wait: 1s, group_interval: 10s, group_by: ['...']", wishes: new() { CooldownMs = 600_000 },
            ladders: new([new("l", [], [new("low", 50, true), new("critical", 10, false)])]));
        At(0, () => Post("A", severity: "critical"));
        At(5, () => Post("A", ends: 5, severity: "critical"));
        At(20, () => Post("A", severity: "low"));
        At(25, () => Post("A", ends: 25, severity: "low"));
        At(40, () => Post("A", severity: "critical"));
        To(90).ShouldBe(["1 d A", "11 d a", "21 d A", "31 d a"]);
    }

    [Theory]
    [InlineData(true, "11 d a")]
    [InlineData(false, null)]
    public void EndWhileSilenced_IsToldUnlessThatIsNotWished(bool told, string? end)
    {
        Apply("group_wait: 1s, group_interval: 10s", wishes: new() { TellsQuietEnds = told });
        At(0, () => Post("A"));
        At(4, () => Silence("A", 4, 60));
        At(5, () => Post("A", ends: 5));
        To(90).ShouldBe(end is null ? ["1 d A"] : ["1 d A", end]);
    }

    [Fact]
    public void Digest_TellsWhatFiresAndWhatIsOverAgain_UrgentAlertsAtOnce()
    {
        Apply("group_wait: 1s, group_interval: 10s, repeat_interval: 200h", Long, wishes: Mornings);
        At(0, () => Post("A"));
        At(100, () => Post("B"));
        At(200, () => Post("B", ends: 200));
        At(300, () => Post("C", severity: "critical"));
        To(Nine + Day).ShouldBe(["300 d C", $"{Nine} d Ab", $"{Nine + Day} d A"]);
        At(Nine + Day + 60, () => Post("A", ends: 1));
        To(Nine + 5 * Day).Skip(3).ShouldBe([$"{Nine + 2 * Day} d a", $"{300 + 3 * Day} d c"], ignoreOrder: true);
    }

    [Fact]
    public void Digest_ThatARestartMissed_IsToldWithWhatWasOverByThen()
    {
        Apply("group_wait: 1s, group_interval: 10s", Long, wishes: Mornings);
        At(0, () => Post("A"));
        At(100, () => Post("B"));
        At(200, () => Post("B", ends: 200));
        To(300);
        Advance(3600 * Second);
        foreach (var first in new[] { true, false })
        {
            var after = Restarted(first ? "group_wait: 1s, group_interval: 10s" : null, Long, Mornings);
            if (!first)
            {
                after.Apply("group_wait: 1s, group_interval: 10s", Long, wishes: Mornings);
            }
            after.To(4200).ShouldBe(["3960 d Ab"]);
            after.Apply("group_wait: 1s, group_interval: 10s", Long, wishes: Mornings);
            after.To(Day).Count.ShouldBe(1);
        }
    }

    [Fact]
    public void Digest_RefusedForGood_IsTriedBeforeTheNext()
    {
        Apply("group_wait: 1s, group_interval: 10s", Long, wishes: Mornings);
        At(0, () => Post("A"));
        At(10, () => Post("B"));
        At(20, () => Post("B", ends: 20));
        To(Nine);
        _board.Undo(_sent[^1], Now, _recorded);
        To(2 * Nine).ShouldBe([$"{Nine} d Ab", $"{Nine + 60} d Ab"]);
    }

    [Fact]
    public void Digest_ClockSetBack_IsToldByTheClock()
    {
        Apply("group_wait: 1s, group_interval: 10s", Long, wishes: Mornings);
        At(0, () => Post("A"));
        At(1800, () => Set(-1800));
        To(2 * Nine).ShouldBe([$"{Nine + 1800} d A"]);
    }

    [Fact]
    public void Digest_InAQuietTime_WaitsForTheNext()
    {
        Apply("group_wait: 1s, group_interval: 10s, routes: [{receiver: d, mute_time_intervals: [fridays]}]",
            $"{Long}time_intervals: [{{name: fridays, time_intervals: [{{weekdays: [friday]}}]}}]\n", wishes: Mornings);
        At(0, () => Post("A"));
        At(10, () => Post("B"));
        At(20, () => Post("B", ends: 20));
        To(3 * Day / 2).ShouldBe([$"{Nine + Day} d Ab"]);
    }

    [Fact]
    public void Explain_Digest_SaysWhenItIsAndThatItIsTold()
    {
        Apply(Slow, Long, wishes: Mornings);
        At(0, () => Post("A"));
        At(60, () => Told("A").ShouldBe((TellingState.Waits, "Not told yet: it is gathered for the digest of 09:00; the next is at 09:00:00 UTC.")));
        Step("A", ExplainedStage.Group).Text.ShouldBe("Gathered for one message at 09:00 (UTC), alone so far. What fires on is told with each.");
        At(Nine + 1, () => Told("A").ShouldBe((TellingState.Told, "Told at 09:00:00 UTC with the digest.")));
        At(Nine + 2, () => Post("A", ends: 1));
        At(Nine + 60, () => Told("A").ShouldBe((TellingState.Waits, "Its end is told with the digest at 2027-01-16 09:00:00 UTC.")));
    }

    [Fact]
    public void Explain_Cooldown_SaysThatItHoldsAndWhatWouldBreakIt()
    {
        Apply("group_wait: 1s, group_interval: 10s", wishes: new() { CooldownMs = 60_000 });
        At(0, () => Post("A"));
        At(5, () => Post("A", ends: 5));
        At(14, () => Post("A"));
        At(16, () => Told("A").ShouldBe((TellingState.Quiet, "Not told at the look at 08:00:15 UTC: it came back within its cooldown of 1 min; "
            + "a rise of its severity would be told. The next look is at 08:00:25 UTC.")));
    }

    [Fact]
    public void DigestTimes_NextAndLast_AgreeWithTheMinutesCountedOneByOne()
    {
        var zone = DateTimeZoneProviders.Tzdb["Europe/Berlin"];
        var times = new DigestTimes([(IsoDayOfWeek.Sunday, 150), (IsoDayOfWeek.Monday, 0), (IsoDayOfWeek.Friday, 1439)], zone, "");
        // Around the change of the clock in March, when 02:30 is left out, and in October, when it comes twice.
        foreach (var around in new[] { Instant.FromUtc(2027, 3, 28, 0, 0), Instant.FromUtc(2027, 10, 31, 0, 0) })
        {
            var from = around - Duration.FromDays(4);
            var slots = new List<long>();
            for (var minute = from - Duration.FromDays(10); minute < from + Duration.FromDays(20); minute += Duration.FromMinutes(1))
            {
                var local = minute.InZone(zone);
                var before = (minute - Duration.FromMinutes(1)).InZone(zone);
                var isLeftOut = local.Offset > before.Offset && local.Date.DayOfWeek == IsoDayOfWeek.Sunday;
                var comesTwice = zone.MapLocal(local.LocalDateTime).Count == 2 && zone.MapLocal(local.LocalDateTime).Last().ToInstant() == minute;
                if (isLeftOut || !comesTwice && times.Times.Contains((local.DayOfWeek, local.Hour * 60 + local.Minute)))
                {
                    slots.Add(minute.ToUnixTimeTicks() * 100);
                }
            }
            Prop.ForAll(Gen.Choose(0, 10 * Day).ToArbitrary(), second =>
            {
                var ns = (from + Duration.FromSeconds(second)).ToUnixTimeTicks() * 100;
                return times.NextNs(ns) == slots.First(s => s > ns) && times.LastNs(ns) == slots.Last(s => s <= ns);
            }).QuickCheckThrowOnFailure();
        }
    }
}
