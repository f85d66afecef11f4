using Nines.Core.Alerting;
using Nines.Metrics;

namespace Nines.Core.Tests.Alerting;

public sealed class AlertMachineTests
{
    private const long Second = 1_000_000_000;
    private const long Now = 1_800_000_000 * Second;
    private static readonly Labels Gold = Labels.Of(("alertname", "Gold"));

    [Fact]
    public void First_report_fires_and_names_the_episode_by_its_start()
    {
        var decision = AlertMachine.Receive(null, Post(Now - Second, 0), Now)!;
        decision.State.Firing.ShouldBeTrue();
        decision.State.EndsAtNs.ShouldBe(Now + AlertMachine.ResolveTimeoutNs);
        decision.Transition!.Resolved.ShouldBeFalse();
        decision.Transition.EpisodeNs.ShouldBe(Now - Second);
    }

    [Fact]
    public void Repeat_refreshes_the_end_and_keeps_episode_and_earliest_start()
    {
        var state = Fired(Now);
        var later = AlertMachine.Receive(state, Post(Now - 60 * Second, 0), Now + Second)!;
        later.Transition.ShouldBeNull();
        later.State.EndsAtNs.ShouldBe(Now + Second + AlertMachine.ResolveTimeoutNs);
        later.State.EpisodeNs.ShouldBe(Now);
        later.State.StartsAtNs.ShouldBe(Now - 60 * Second);
    }

    [Fact]
    public void Report_with_a_past_end_resolves()
    {
        var decision = AlertMachine.Receive(Fired(Now), Post(Now, Now + Second), Now + 2 * Second)!;
        decision.State.Firing.ShouldBeFalse();
        decision.Transition!.Resolved.ShouldBeTrue();
        decision.State.EndsAtNs.ShouldBe(Now + Second);
    }

    [Fact]
    public void Late_word_about_an_earlier_stretch_does_not_resolve() =>
        AlertMachine.Receive(Fired(Now), Post(Now - 60 * Second, Now - 30 * Second), Now + Second).ShouldBeNull();

    [Fact]
    public void End_before_its_own_start_resolves_since_the_clock_was_set_back()
    {
        var decision = AlertMachine.Receive(Fired(Now), Post(Now, Now - 3600 * Second), Now - 3600 * Second)!;
        (decision.State.Firing, decision.State.EndsAtNs, decision.Transition!.Resolved).ShouldBe((false, Now, true));
    }

    [Fact]
    public void End_of_an_unknown_alert_changes_nothing() => AlertMachine.Receive(null, Post(Now - Second, Now), Now).ShouldBeNull();

    [Fact]
    public void Silence_resolves_and_the_explanation_says_so()
    {
        var decision = AlertMachine.Expire(Fired(Now), Now + AlertMachine.ResolveTimeoutNs);
        decision.Transition!.Resolved.ShouldBeTrue();
        decision.Transition.Explanation.ShouldContain("nobody has reported it since");
    }

    [Theory]
    [InlineData(0)]      // the client still tells the old start
    [InlineData(30)]     // a start before the end
    [InlineData(100)]    // a start of its own
    public void Firing_again_is_a_new_episode_even_with_the_old_start(int startSeconds)
    {
        var over = AlertMachine.Receive(Fired(Now), Post(Now, Now + 60 * Second), Now + 61 * Second)!.State;
        var again = AlertMachine.Receive(over, Post(Now + startSeconds * Second, 0), Now + 120 * Second)!;
        again.Transition!.Resolved.ShouldBeFalse();
        again.Transition.EpisodeNs.ShouldBeGreaterThan(over.EpisodeNs);
    }

    [Fact]
    public void Fingerprint_is_Alertmanagers()
    {
        // What `amtool alert` shows for {alertname="Gold"} is FNV-1a 64 over name, 0xff, value, 0xff.
        AlertMachine.FingerprintOf(Gold).Length.ShouldBe(16);
        AlertMachine.FingerprintOf(Gold).ShouldBe(Gold.StableHash.ToString("x16"));
    }

    [Theory]
    [InlineData("2026-11-20T17:55:02.234592752Z", "2026-11-20T17:55:02.234592752Z")]
    [InlineData("2026-11-20T18:55:02.5+01:00", "2026-11-20T17:55:02.5Z")]
    [InlineData("0001-01-01T00:00:00Z", "0001-01-01T00:00:00Z")]
    [InlineData("", "0001-01-01T00:00:00Z")]
    public void Times_round_trip_as_Go_writes_them(string text, string canonical)
    {
        Clock.TryParse(text, out var ns).ShouldBeTrue();
        Clock.ToRfc3339(ns).ShouldBe(canonical);
    }

    [Theory]
    [InlineData("yesterday")]
    [InlineData("2300-01-01T00:00:00Z")]
    [InlineData("2026-13-01T00:00:00Z")]
    public void Other_times_are_refused(string text) => Clock.TryParse(text, out _).ShouldBeFalse();

    private static AlertState Fired(long at) => AlertMachine.Receive(null, Post(at, 0), at)!.State;

    private static PostedAlert Post(long starts, long ends) => new(Gold, Labels.Empty, starts, ends, "");
}
