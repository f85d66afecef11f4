using Nines.Core.Alerting;
using Nines.Core.Alerting.Routing;
using Nines.Core.Tests.Workspace;
using Nines.Metrics;

namespace Nines.Core.Tests.Alerting;

/// <summary>Response clocks on a virtual clock, second by second. Seen means: at which second an overdue alert began or ended.</summary>
public sealed class ResponseClockTests
{
    private const long Second = 1_000_000_000;

    // 14:02 UTC.
    private const long Start = 1_795_788_120 * Second;
    private readonly AlertBoard _board = new();
    private readonly BoardChanges _recorded = new();
    private readonly List<string> _seen = [];
    private int _second;

    private Moment Now => new(Start + _second * Second, (77 + _second) * Second);

    [Fact]
    public void Overdue_AfterItsTime_IsRaisedKeptUpAndEnded()
    {
        Apply("{name: P0, respondWithin: 0s}, {name: P1, respondWithin: 15m}");
        Post("Down", "P1");
        To(899).ShouldBeEmpty();
        // It stays up though only the clock speaks of it, and it has no clock of its own, though its level has one.
        To(3000).ShouldBe(["900 Down fires"]);
        var own = Own().ShouldHaveSingleItem();
        own.Labels.ToString().ShouldBe($"{{alert=\"Down\", alertname=\"NinesResponseOverdue\", fingerprint=\"{Of("Down", "P1").StableHash:x16}\", service=\"shop\", severity=\"P0\"}}");
        own.Annotations["summary"].ShouldBe("P1 'Down' was to be acknowledged within 15 min, by 14:17 UTC; nobody did");
        own.Annotations["description"].ShouldBe("The shop is shut");
        own.StartsAtNs.ShouldBe(Start + 900 * Second);
        Post("Down", "P1", over: true);
        To(3002).ShouldBe(["900 Down fires", "3000 Down over"]);
        Own().ShouldBeEmpty();
    }

    [Fact]
    public void Overdue_AtTheTop_KeepsItsSeverity()
    {
        Apply("{name: P0, aliases: [page], respondWithin: 0s}, {name: P1}");
        Post("Down", "page");
        Post("Slow", "P1");
        Post("Odd", "odd");
        To(3600).ShouldBe(["60 Down fires"]);
        Own().ShouldHaveSingleItem().Labels["severity"].ShouldBe("page");
    }

    [Fact]
    public void Clock_OfAnAlertThatEndsInTime_SaysNothing_AndBeginsAnewWhenItFiresAgain()
    {
        Apply("{name: P1, respondWithin: 1m}");
        Post("Down", "P1");
        To(50);
        Post("Down", "P1", over: true);
        To(55);
        Post("Down", "P1");
        To(114).ShouldBeEmpty();
        To(130).ShouldBe(["115 Down fires"]);
        // Over and firing again between two ticks: what was overdue is not any more.
        Post("Down", "P1", over: true);
        _second++;
        Post("Down", "P1");
        To(190).ShouldBe(["115 Down fires", "131 Down over"]);
        To(191).ShouldBe(["115 Down fires", "131 Down over", "191 Down fires"]);
    }

    [Fact]
    public void Overdue_WhatIsKeptQuiet_IsNotRaised_AndEndsWithinAMinute()
    {
        Apply("{name: P0}, {name: P1, respondWithin: 1m}", inhibit: true);
        Silence(0, 130);
        Post("Down", "P1");
        To(200).ShouldBe(["180 Down fires"]);
        Post("Source", "P0");
        To(300).ShouldBe(["180 Down fires", "240 Down over"]);
        Post("Source", "P0", over: true);
        To(400).ShouldBe(["180 Down fires", "240 Down over", "360 Down fires"]);
    }

    [Fact]
    public void Overdue_AfterARestart_IsTakenUp_OrEndsWhenItsAlertIsOver()
    {
        const string Levels = "{name: P1, respondWithin: 1m}";
        Apply(Levels);
        Post("Down", "P1");
        Post("Gone", "P1");
        To(70).ShouldBe(["60 Down fires", "60 Gone fires"]);
        Post("Gone", "P1", over: true);
        var after = new ResponseClockTests { _second = 100 };
        after._board.Load(_recorded.Alerts.GroupBy(a => a.State.Labels).Select(g => g.Last()), [], [], after.Now);
        after.Apply(Levels);
        after.To(1000).ShouldBe(["100 Gone over"]);
        after.Own().ShouldHaveSingleItem().Labels["alert"].ShouldBe("Down");
        // A workspace that asks for nothing any more ends it; one that still asks goes on as before.
        after.Apply(Levels);
        after.To(1100).ShouldBe(["100 Gone over"]);
        after.Apply("{name: P1}");
        after.To(1200).ShouldBe(["100 Gone over", "1100 Down over"]);
    }

    [Fact]
    public void Acknowledging_WhatSaysSo_AcknowledgesTheAlertItIsAbout()
    {
        Apply("{name: P0}, {name: P1, respondWithin: 1m}");
        Post("Down", "P1");
        To(120);
        var own = Own().ShouldHaveSingleItem();
        _board.Acknowledge([new(own.Fingerprint)], new("person:aiko", "aiko", "page"), new(Start + 121 * Second, Start + 121 * Second), new BoardChanges());
        _board.Find(Of("Down", "P1"))!.Acknowledged.ShouldNotBeNull();
    }

    [Fact]
    public void Overdue_DoesNotInhibitTheAlertItIsAbout()
    {
        _board.Apply(RoutingPlan.Empty with
        {
            Ladders = Ladders("{name: P0}, {name: P1, respondWithin: 1m}"),
            InhibitRules = [new("", [new Matcher("severity", MatchOp.Equal, "P0")], [new Matcher("severity", MatchOp.Equal, "P1")], [], new("", 1, 1))],
        }, Now);
        Post("Down", "P1");
        To(400).ShouldBe(["60 Down fires"]);
    }

    [Fact]
    public void IsOverdue_Acknowledged_IsNot()
    {
        Apply("{name: P1, respondWithin: 1m}");
        Post("Down", "P1");
        var state = _board.Find(Of("Down", "P1"))!;
        var due = ResponseClock.DueOf(state, _board.Plan!.Ladders)!;
        due.AtNs.ShouldBe(Start + 60 * Second);
        ResponseClock.IsOverdue(state, due, due.AtNs - 1).ShouldBeFalse();
        ResponseClock.IsOverdue(state, due, due.AtNs).ShouldBeTrue();
        ResponseClock.IsOverdue(state with { Firing = false }, due, due.AtNs).ShouldBeFalse();
        _board.Acknowledge([new(state.Fingerprint)], new("person:aiko", "aiko", "page"), new(due.AtNs, due.AtNs), new BoardChanges());
        ResponseClock.IsOverdue(_board.Find(Of("Down", "P1"))!, due, due.AtNs).ShouldBeFalse();
    }

    [Theory]
    [InlineData(long.MaxValue)]
    [InlineData(long.MinValue)]
    public void Due_OfAnAlertFromBeyond_IsSomeTime(long startNs) =>
        new ResponseTime("15 min", NodaTime.Duration.FromMinutes(15)).DueNs(startNs).ShouldBeGreaterThanOrEqualTo(startNs);

    private List<string> To(int second)
    {
        while (_second < second)
        {
            Tick();
            _second++;
        }
        Tick();
        return _seen;
    }

    private void Tick()
    {
        var known = _recorded.Transitions.Count;
        _board.Receive(_board.Overdue(Now), Now, int.MaxValue, _recorded);
        _board.Pass(Now, _recorded);
        var names = _board.All().ToDictionary(a => a.State.Fingerprint, a => a.State.Labels, StringComparer.Ordinal);
        _seen.AddRange(_recorded.Transitions.Skip(known).Where(t => names[t.Fingerprint]["alertname"] == ResponseClock.AlertName)
            .Select(t => $"{_second} {names[t.Fingerprint]["alert"]} {(t.Resolved ? "over" : "fires")}").Order(StringComparer.Ordinal));
    }

    private List<AlertState> Own() => [.. _board.All().Select(a => a.State).Where(s => s.Firing && s.Labels["alertname"] == ResponseClock.AlertName)];

    private void Apply(string levels, bool inhibit = false) => _board.Apply(RoutingPlan.Empty with
    {
        Ladders = Ladders(levels),
        InhibitRules = inhibit ? [new("", [new Matcher("alertname", MatchOp.Equal, "Source")], [new Matcher("alertname", MatchOp.Equal, "Down")], [], new("", 1, 1))] : [],
    }, Now);

    private static SeverityLadders Ladders(string levels) => SeverityLadderReaderTests.Read(
        $"apiVersion: nines/v1\nkind: SeverityLadder\nmetadata: {{name: l}}\nspec: {{levels: [{levels}]}}\n").Model.ShouldNotBeNull().Routing.Ladders;

    private static Labels Of(string name, string severity) => Labels.Of(("alertname", name), ("service", "shop"), ("severity", severity));

    private void Post(string name, string severity, bool over = false) => _board.Receive(
        [new(Of(name, severity), Labels.Of(("summary", "The shop is shut")), over ? 0 : Now.WallNs, over ? Now.WallNs : Start + 86_400 * Second, "")], Now, 100, _recorded);

    private void Silence(int from, int to) => _board.SetSilence("", new()
    {
        Id = "",
        Matchers = [new Matcher("alertname", MatchOp.Equal, "Down")],
        StartsAtNs = Start + from * Second,
        EndsAtNs = Start + to * Second,
        UpdatedAtNs = 0,
        CreatedBy = "aiko",
        Comment = "a drill",
    }, "s1", Now, _recorded)!.Value.Refusal.ShouldBeNull();
}
