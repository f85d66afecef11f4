using Nines.Core.Alerting;
using Nines.Core.Alerting.Routing;
using Nines.Metrics;

namespace Nines.Core.Tests.Alerting.Routing;

/// <summary>What the board says of its decisions, at the second at which somebody asks.</summary>
public sealed partial class AlertBoardTests
{
    private const string Slow = "group_wait: 10s, group_interval: 30s, repeat_interval: 4h";

    [Fact]
    public void Explain_BeforeTheFirstLook_SaysWhenItIs()
    {
        Apply(Slow);
        At(0, () => Post("A"));
        At(4, () => Told("A").ShouldBe((TellingState.Waits,
            "Not told yet: the first look at its group is at 08:00:10 UTC, 10 s after its first alert, so that what breaks together is told together.")));
    }

    [Fact]
    public void Explain_Told_SaysWhenWhyAndFromWhenOnAgain()
    {
        Apply(Slow);
        At(0, () => Post("A"));
        At(12, () => Told("A").ShouldBe((TellingState.Told, "Told at 08:00:10 UTC as the first news of its group.")));
        At(41, () => Told("A").Text.ShouldBe("Told at 08:00:10 UTC as the first news of its group. "
            + "At the look at 08:00:40 UTC there was nothing new; what goes on is told again from 12:00:10 UTC on."));
        At(50, () => Post("B"));
        At(51, () => Told("B").ShouldBe((TellingState.Waits, "Not told yet: it came after the look at 08:00:40 UTC. The next look is at 08:01:10 UTC.")));
        At(71, () => Told("A").Text.ShouldBe("Told at 08:01:10 UTC because alerts had joined its group."));
        At(80, () => Post("A", ends: 80));
        At(101, () => Told("B").Text.ShouldBe("Told at 08:01:40 UTC because some alerts of its group were over."));
        Told("A").ShouldBe((TellingState.Told, "Told of its end at 08:01:40 UTC because some alerts of its group were over."));
        Explain("A").Routes[0].Tellings[0].Key.ShouldBe(_sent[^1].Key);
        Explain("B").Summary.ShouldBe("Told: d at 08:01:40 UTC.");
    }

    [Fact]
    public void Explain_Repeated_SaysThatItFiredOn()
    {
        Apply("group_wait: 1s, group_interval: 10s, repeat_interval: 25s");
        At(0, () => Post("A"));
        At(32, () => Told("A").Text.ShouldBe("Told at 08:00:31 UTC again, because it fired on."));
    }

    [Fact]
    public void Explain_Silenced_NamesSilenceAuthorReasonAndEnd()
    {
        Apply(Slow);
        At(0, () => Silence("A", 0, 60));
        At(1, () => Post("A"));
        At(12, () => Told("A").ShouldBe((TellingState.Quiet,
            "Not told at the look at 08:00:11 UTC: silence s1 by aiko, “a drill”, until 08:01:00 UTC. The next look is at 08:00:41 UTC.")));
        var step = Step("A", ExplainedStage.Silence);
        (step.Stops, step.Text, step.SilenceId).ShouldBe((true, "Silence s1 by aiko, “a drill”, until 08:01:00 UTC.", "s1"));
        At(63, () => Told("A").Text.ShouldBe(
            "Not told at the look at 08:00:41 UTC: silence s1 by aiko, “a drill”, over since 08:01:00 UTC. The next look is at 08:01:11 UTC."));
        Step("A", ExplainedStage.Silence).Text.ShouldBe("No silence is active.");
        At(72, () => Told("A").Text.ShouldBe("Told at 08:01:11 UTC as the first news of its group."));
    }

    [Fact]
    public void Explain_SilencedUntilItsEnd_IsStillKnownAfterwards()
    {
        Apply("group_wait: 1s, group_interval: 10s");
        At(0, () => Silence("A", 0, 60));
        At(1, () => Post("A"));
        At(5, () => Post("A", ends: 5));
        At(40, () => Told("A").ShouldBe((TellingState.NotTold,
            "Not told: silence s1 by aiko, “a drill”, until 08:01:00 UTC, and it was over by the look at 08:00:12 UTC.")));
        Explain("A").Routes[0].NextLookNs.ShouldBeNull();
    }

    [Fact]
    public void Explain_OverBeforeTheFirstLook_SaysSoBeforeAndAfterIt()
    {
        Apply(Slow);
        At(0, () => Post("A"));
        At(5, () => Post("A", ends: 5));
        At(6, () => Told("A").ShouldBe((TellingState.NotTold, "Not told: it was over before its group was looked at, and what is over is no news.")));
        At(20, () => Told("A").ShouldBe((TellingState.NotTold, "Not told: it was over before the look at 08:00:10 UTC, and what is over is no news.")));
    }

    [Fact]
    public void Explain_Inhibited_NamesTheAlertAndTheRule()
    {
        Apply("group_wait: 1s, group_interval: 10s, group_by: [alertname]",
            "inhibit_rules: [{source_matchers: ['alertname=S'], target_matchers: ['alertname=T'], equal: [zone]}]\n");
        At(0, () =>
        {
            Post("S");
            Post("T");
        });
        At(2, () => Told("T").ShouldBe((TellingState.Quiet, "Not told at the look at 08:00:01 UTC: S {} fired. The next look is at 08:00:11 UTC.")));
        var step = Step("T", ExplainedStage.Inhibition);
        (step.Stops, step.Text, step.InhibitedBy, step.Position!.Value.Line).ShouldBe((true, "S {} fires.", Explain("S").State.Fingerprint, 1));
        Step("S", ExplainedStage.Inhibition).Text.ShouldBe("The one inhibition rule does not apply now.");
    }

    [Fact]
    public void Explain_InAQuietTime_NamesIt()
    {
        Apply("group_wait: 1s, group_interval: 10s, routes: [{mute_time_intervals: [pause]}]",
            "time_intervals: [{name: pause, time_intervals: [{times: [{start_time: '08:01', end_time: '08:02'}]}]}]\n");
        At(61, () => Post("A"));
        At(65, () => Told("A").ShouldBe((TellingState.Quiet, "Not told at the look at 08:01:02 UTC: the route is quiet in pause. The next look is at 08:01:12 UTC.")));
        Step("A", ExplainedStage.Times).Text.ShouldBe("The route is quiet in pause.");
        At(125, () => Step("A", ExplainedStage.Times).Text.ShouldBe("None of the route's times keeps it quiet now."));
    }

    [Fact]
    public void Explain_Refused_SaysWhenAndWhenNext()
    {
        Apply("group_wait: 1s, group_interval: 10s");
        At(0, () => Post("A"));
        At(3, () => _board.Undo(_sent[^1], Now, _recorded));
        At(5, () => Told("A").ShouldBe((TellingState.NotTold,
            "Not told: the receiver refused the message for good at 08:00:03 UTC. The next look is at 08:00:11 UTC.")));
    }

    [Theory]
    [InlineData(DeliveryState.Pending, 0, TellingState.Waits, "On its way: decided at 08:00:10 UTC.")]
    [InlineData(DeliveryState.Sending, 1, TellingState.Waits, "On its way: decided at 08:00:10 UTC.")]
    [InlineData(DeliveryState.Pending, 3, TellingState.NotTold, "Not delivered yet: decided at 08:00:10 UTC, and attempt 3 failed (HTTP 503). It is tried again.")]
    [InlineData(DeliveryState.Sent, 1, TellingState.Told, "Told at 08:00:10 UTC as the first news of its group.")]
    public void Explain_DecidedAndNotDelivered_IsNotCalledTold(DeliveryState state, int attempts, TellingState expected, string text)
    {
        Apply(Slow);
        At(0, () => Post("A"));
        To(12);
        var telling = Explain("A", new DeliveryReport(_sent[^1].Key, "d", false, state, attempts, 0, "HTTP 503", true)).Routes[0].Tellings[0];
        (telling.State, telling.Text).ShouldBe((expected, text));
    }

    [Fact]
    public void Explain_ReceiverWithoutEnds_SaysSo()
    {
        Apply("group_wait: 1s, group_interval: 10s", receivers: "[{name: d, webhook_configs: [{url: 'http://a/', send_resolved: false}]}]");
        At(0, () => Post("A"));
        At(5, () => Post("A", ends: 5));
        At(6, () => Told("A").ShouldBe((TellingState.Waits, "Told that it fires; of its end it is not told (send_resolved: false). The next look is at 08:00:11 UTC.")));
        At(20, () => Told("A").ShouldBe((TellingState.Told, "Told that it fired; of ends it is not told (send_resolved: false).")));
    }

    [Fact]
    public void Explain_AfterARestart_KnowsWhatWasTold()
    {
        Apply(Slow);
        At(0, () => Post("A"));
        To(12);
        var after = Restarted();
        after.Apply(Slow);
        after.Told("A").ShouldBe((TellingState.Told, "Told at 08:00:10 UTC as the first news of its group."));
    }

    [Fact]
    public void Explain_Routes_TellsTheWayTakenAndWhyNotTheOthers()
    {
        Apply(Slow + ", group_by: [alertname], routes: [{receiver: a, matchers: ['alertname=A'], continue: true}, {receiver: b, matchers: ['alertname=~\"A|B\"']}, "
            + "{receiver: c, matchers: ['alertname=~\"A|C\"']}]",
            receivers: "[{name: d, webhook_configs: [{url: 'http://a/'}]}, {name: a, webhook_configs: [{url: 'http://a/'}]}, {name: b}, {name: c}]");
        At(0, () => Post("A"));
        var explanation = Explain("A");
        explanation.Routes.Select(r => r.Receiver).ShouldBe(["a", "b"]);
        explanation.Untaken.Select(u => $"{u.Receiver}: {u.Text}").ShouldBe(["d: A route below it takes it.", "c: A route before it takes it and does not continue."]);
        Step("A", ExplainedStage.Route).Text.ShouldBe("It matches alertname=\"A\". The routes after this one are tried too.");
        Step("A", ExplainedStage.Group).Text.ShouldBe("Alone so far, grouped by alertname; first look after 10 s, then every 30 s; what goes on is told again after 4 h.");
        At(1, () => Post("X"));
        Explain("X").Untaken[0].Text.ShouldBe("alertname=\"A\" does not hold: it has alertname=\"X\".");
        Step("X", ExplainedStage.Route).Text.ShouldBe("No route below the root matches it.");
    }

    [Fact]
    public void Explain_NobodyToTell_SaysSo()
    {
        Apply(Slow, receivers: "[{name: d}]");
        At(0, () => Post("A"));
        Explain("A").Summary.ShouldBe("Nobody is told: receiver d has nowhere to send to.");
        _board.Explain(1, Now, []).ShouldBeNull();
        _board.Apply(RoutingPlan.Empty, Now);
        Explain("A").Summary.ShouldBe("Nobody is told: no route leads it to a receiver.");
    }

    private Explanation Explain(string name, params DeliveryReport[] deliveries) =>
        _board.Explain(Labels.Of(("alertname", name)).StableHash, Now, deliveries).ShouldNotBeNull();

    private (TellingState State, string Text) Told(string name) => Explain(name).Routes[0].Tellings[0] is var telling ? (telling.State, telling.Text) : default;

    private ExplainedStep Step(string name, ExplainedStage stage) => Explain(name).Routes[0].Steps.Single(s => s.Stage == stage);
}
