using Nines.Core.Alerting;
using Nines.Core.Alerting.Routing;
using Nines.Metrics;

namespace Nines.Core.Tests.Alerting.Routing;

/// <summary>What people do about alerts, and what is told from then on.</summary>
public sealed partial class AlertBoardTests
{
    private const string Often = "group_wait: 1s, group_interval: 10s, repeat_interval: 25s";

    private static readonly Responder Aiko = new("slack:U1", "aiko", "slack");

    [Fact]
    public void Acknowledged_IsNotRepeated_AndItsEndIsTold()
    {
        Apply(Often);
        At(0, () => Post("A"));
        At(40, () => Acknowledge("A").ShouldBe(HandlingOutcome.Done));
        At(120, () => Post("A", ends: 120));
        To(140).ShouldBe(["1 d A", "31 d A", "121 d a"]);
    }

    [Fact]
    public void Acknowledged_NewAlertsAndARiseAreTold_AndRepeatAsEver()
    {
        Apply(Often);
        At(0, () => Post("A", severity: "ticket"));
        At(5, () => Acknowledge("A", "ticket"));
        At(50, () => Post("A", severity: "page"));
        At(60, () => Acknowledge("A", "page"));
        At(120, () => Post("B"));
        To(155).ShouldBe(["1 d A", "51 d AA", "121 d AAB", "151 d AAB"]);
    }

    [Fact]
    public void Acknowledged_SomeOfAGroup_TheOthersAreRepeatedUnlessTheyAreQuiet()
    {
        Apply(Often);
        At(0, () => Post("A"));
        At(0, () => Post("B"));
        At(5, () => Acknowledge("A"));
        At(32, () => Silence("B", 32, 95));
        To(125).ShouldBe(["1 d AB", "31 d AB", "101 d AB"]);
    }

    [Fact]
    public void Acknowledgement_IsTheFirstOnes_AndEndsWithItsStretch()
    {
        Apply(Often);
        At(0, () => Post("A"));
        At(5, () => Acknowledge("A"));
        At(6, () => Acknowledge("A", by: new("person:usr_2", "ben", "page")).ShouldBe(HandlingOutcome.Already));
        State("A").Acknowledged.ShouldBe(new(Aiko, Start + 5 * Second));
        At(12, () => Post("A", ends: 12));
        At(13, () => Acknowledge("A").ShouldBe(HandlingOutcome.Over));
        At(40, () => Post("A"));
        State("A").Acknowledged.ShouldBeNull();
        To(80).ShouldBe(["1 d A", "21 d a", "41 d A", "71 d A"]);
        _recorded.Handled.ShouldHaveSingleItem().By.ShouldBe(Aiko);
    }

    [Fact]
    public void Acknowledgement_MeantForAnEarlierStretch_DoesNotCountForThisOne()
    {
        Apply(Often);
        At(0, () => Post("A"));
        To(2);
        var shown = _sent[^1].Alerts[0].EpisodeNs;
        At(12, () => Post("A", ends: 12));
        At(40, () => Post("A"));
        Acknowledge("A", episode: shown).ShouldBe(HandlingOutcome.Anew);
        State("A").Acknowledged.ShouldBeNull();
        To(42);
        Acknowledge("A", episode: _sent[^1].Alerts[0].EpisodeNs).ShouldBe(HandlingOutcome.Done);
        _board.Acknowledge([new("0123456789abcdef"), new("x")], Aiko, Now, _recorded).Select(h => h.Outcome)
            .ShouldBe([HandlingOutcome.Unknown, HandlingOutcome.Unknown]);
    }

    [Fact]
    public void Acknowledgement_HoldsOverARestart()
    {
        Apply(Often);
        At(0, () => Post("A"));
        At(5, () => Acknowledge("A"));
        var after = Restarted(Often);
        after.To(120).ShouldBeEmpty();
        after.At(121, () => after.Post("B"));
        after.To(140).ShouldBe(["126 d AB"]);
    }

    [Fact]
    public void Refused_AfterItTookOverWhatWasNotDelivered_IsToldAnew()
    {
        Apply("group_wait: 1s, group_interval: 10s, repeat_interval: 20s");
        At(0, () => Post("A"));
        At(32, () => _board.Undo(_sent[^1] with { TookOver = true }, Now, _recorded));
        To(45).ShouldBe(["1 d A", "31 d A", "41 d A"]);
    }

    [Fact]
    public void Resolved_ByHand_IsOverWithAReason_AndFiresAnewWhenItsSourceGoesOn()
    {
        Apply(Often);
        At(0, () => Post("A"));
        At(5, () => Resolve("A").ShouldBe(HandlingOutcome.Done));
        At(6, () => Resolve("A").ShouldBe(HandlingOutcome.Over));
        var end = _recorded.Transitions[^1];
        (end.Resolved, end.Explanation).ShouldBe((true, "aiko said in Slack that it is over"));
        State("A").EndsAtNs.ShouldBe(Start + 5 * Second);
        _board.Firing.ShouldBe(0);
        var first = State("A").EpisodeNs;
        // As its source told it before.
        At(30, () => Post("A", since: -30));
        State("A").EpisodeNs.ShouldBeGreaterThan(first);
        To(45).ShouldBe(["1 d A", "5 d a", "30 d A"]);
        _recorded.Handled.Select(h => h.What).ShouldBe([Handling.Resolve]);
    }

    [Fact]
    public void Explain_Acknowledged_SaysByWhomAndThatItIsNotRepeated()
    {
        Apply(Often);
        At(0, () => Post("A"));
        Explain("A").Routes[0].Steps.ShouldNotContain(s => s.Stage == ExplainedStage.Acknowledgement);
        At(5, () => Acknowledge("A"));
        At(42, () => Step("A", ExplainedStage.Acknowledgement).Text.ShouldBe("aiko acknowledged it in Slack at 08:00:05 UTC."));
        Told("A").Text.ShouldBe("Told at 08:00:01 UTC as the first news of its group. "
            + "At the look at 08:00:41 UTC there was nothing new, and what goes on is acknowledged: it is not told again.");
    }

    private AlertState State(string name, string severity = "") => _board.Find(LabelsOf(name, severity)).ShouldNotBeNull();

    private HandlingOutcome Acknowledge(string name, string severity = "", Responder? by = null, long episode = 0) =>
        _board.Acknowledge([new(AlertMachine.FingerprintOf(LabelsOf(name, severity)), episode)], by ?? Aiko, Now, _recorded)[0].Outcome;

    private HandlingOutcome Resolve(string name) => _board.Resolve([new(AlertMachine.FingerprintOf(LabelsOf(name, "")))], Aiko, Now, _recorded)[0].Outcome;

    private static Labels LabelsOf(string name, string severity) => Labels.Of(("alertname", name), ("severity", severity));
}
