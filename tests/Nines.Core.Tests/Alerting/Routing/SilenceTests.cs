using Nines.Core.Alerting.Routing;
using Nines.Metrics;

namespace Nines.Core.Tests.Alerting.Routing;

public sealed class SilenceTests
{
    private const long Second = 1_000_000_000;
    private const long Now = 1_800_000_000 * Second;

    [Fact]
    public void Mutes_FromStartToEndBothIncluded_WhatAllMatchersHold()
    {
        var silence = Of(Now, Now + 10 * Second);
        var alert = Labels.Of(("alertname", "Down"), ("zone", "a"));
        silence.Mutes(alert, Now - 1).ShouldBeFalse();
        silence.Mutes(alert, Now).ShouldBeTrue();
        silence.Mutes(alert, Now + 10 * Second).ShouldBeTrue();
        silence.Mutes(alert, Now + 10 * Second + 1).ShouldBeFalse();
        silence.Mutes(Labels.Of(("alertname", "Up")), Now).ShouldBeFalse();
    }

    [Fact]
    public void Set_ANewOne_BeginsNoEarlierThanNow()
    {
        var stored = Silence.Set(null, Of(Now - 60 * Second, Now + Second), "new", Now).Stored.ShouldHaveSingleItem();
        (stored.Id, stored.StartsAtNs, stored.EndsAtNs, stored.UpdatedAtNs).ShouldBe(("new", Now, Now + Second, Now));
    }

    [Theory]
    [InlineData(-60, 60, -60, 120, true)]       // an active one may end later
    [InlineData(-60, 60, -60, 0, false)]        // or now, but an end at now is over: refused
    [InlineData(-60, 60, 10, 120, false)]       // but not begin anew
    [InlineData(30, 60, 20, 120, true)]         // a pending one may be moved
    [InlineData(30, 60, -5, 120, false)]        // but not into the past
    [InlineData(-60, -30, -60, 60, false)]      // what is over stays over
    public void Set_AnExistingOne_IsChangedInPlaceOnlyWhileItMeansTheSame(int from, int to, int newFrom, int newTo, bool inPlace)
    {
        var before = Of(Now + from * Second, Now + to * Second);
        var change = Silence.Set(before, Of(Now + newFrom * Second, Now + newTo * Second), "new", Now);
        if (newTo <= 0)
        {
            change.Refusal.ShouldBe("end time can't be in the past");
            return;
        }
        change.Refusal.ShouldBeNull();
        (change.Stored[^1].Id == before.Id).ShouldBe(inPlace);
        if (!inPlace)
        {
            change.Stored[^1].StartsAtNs.ShouldBeGreaterThanOrEqualTo(Now);
            (change.Stored.Count > 1 ? change.Stored[0] : before).StateAt(Now + 1).ShouldBe(SilenceState.Expired);
        }
    }

    [Fact]
    public void Set_OtherMatchers_EndsTheOldOneAndBeginsANewOne()
    {
        var before = Of(Now - Second, Now + 60 * Second);
        var change = Silence.Set(before, before with { Matchers = [new Matcher("zone", MatchOp.Equal, "b")] }, "new", Now);
        change.Stored.Select(s => (s.Id, s.StateAt(Now + 1))).ShouldBe([("old", SilenceState.Expired), ("new", SilenceState.Active)]);
    }

    [Fact]
    public void Set_MatchersInAnotherOrder_MeansTheSame()
    {
        Matcher[] matchers = [new("a", MatchOp.Equal, "1"), new("b", MatchOp.Regex, "2")];
        var before = Of(Now - Second, Now + 60 * Second) with { Matchers = matchers };
        Silence.Set(before, before with { Matchers = [matchers[1], matchers[0]] }, "new", Now).Stored.ShouldHaveSingleItem().Id.ShouldBe("old");
    }

    [Fact]
    public void Set_WhatWouldSilenceNothingOrEverything_IsRefused()
    {
        var asked = Of(Now, Now + Second);
        Silence.Set(null, asked with { Matchers = [] }, "new", Now).Refusal.ShouldBe("at least one matcher required");
        Silence.Set(null, asked with { Matchers = [new Matcher("a", MatchOp.Regex, ".*"), new Matcher("b", MatchOp.Regex, "x|")] }, "new", Now)
            .Refusal.ShouldBe("at least one matcher must not match the empty string");
        // As Alertmanager: a negative one counts, though it holds for an absent label.
        Silence.Set(null, asked with { Matchers = [new Matcher("b", MatchOp.NotEqual, "x")] }, "new", Now).Refusal.ShouldBeNull();
        Silence.Set(null, asked with { StartsAtNs = Now + 5 * Second }, "new", Now).Refusal.ShouldBe("end time must not be before start time");
    }

    [Fact]
    public void Expire_APendingOne_NeverBegins()
    {
        var expired = Of(Now + 5 * Second, Now + 9 * Second).Expire(Now);
        expired.Mutes(Labels.Of(("alertname", "Down")), Now + 6 * Second).ShouldBeFalse();
        expired.Expire(Now + Second).ShouldBe(expired);
    }

    [Theory]
    // last firing, last resolved, firing, resolved, ends told, seconds since → why
    [InlineData(null, null, "a", "", true, 0, NoticeReason.First)]
    [InlineData(null, null, "", "a", true, 0, null)]
    [InlineData("a", "", "a", "", true, 60, null)]
    [InlineData("a", "", "a", "", true, 61, NoticeReason.Repeat)]
    [InlineData("a", "", "ab", "", true, 1, NoticeReason.NewAlerts)]
    [InlineData("ab", "", "a", "b", true, 1, NoticeReason.SomeResolved)]
    [InlineData("ab", "", "a", "b", false, 1, null)]
    [InlineData("ab", "b", "a", "b", true, 1, null)]
    [InlineData("a", "", "", "a", true, 1, NoticeReason.AllResolved)]
    [InlineData("a", "", "", "a", false, 1, NoticeReason.AllResolved)]
    [InlineData("", "a", "", "a", true, 999, null)]
    [InlineData("", "a", "a", "", true, 1, NoticeReason.NewAlerts)]
    public void ReasonToTell_IsAlertmanagers(string? wasFiring, string? wasResolved, string firing, string resolved, bool ends, int since, NoticeReason? reason) =>
        GroupNotice.ReasonToTell(wasFiring is null ? null : new()
        {
            Receiver = "team",
            Kind = "webhook",
            Index = 0,
            GroupKey = "{}",
            Sequence = 1,
            AtNs = Now - since * Second,
            Firing = Set(wasFiring),
            Resolved = Set(wasResolved!),
            Open = Set(wasFiring),
        }, Set(firing), Set(resolved), ends, since > 60).ShouldBe(reason);

    private static HashSet<ulong> Set(string alerts) => [.. alerts.Select(a => (ulong)a)];

    private static Silence Of(long from, long to) => new()
    {
        Id = "old",
        Matchers = [new Matcher("alertname", MatchOp.Equal, "Down")],
        StartsAtNs = from,
        EndsAtNs = to,
        UpdatedAtNs = from,
        CreatedBy = "aiko",
        Comment = "a drill",
    };
}
