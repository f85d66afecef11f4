using FsCheck;
using FsCheck.Fluent;
using Nines.Core.Probes;

namespace Nines.Core.Tests.Probes;

public sealed class ProbeStateTests
{
    private const long Start = 1_800_000_000_000;

    private static Probe Probe(int failures = 3, int successes = 2) => ProbeCases.Http() with { FailuresBeforeDown = failures, SuccessesBeforeUp = successes };

    private static string Course(Probe probe, string runs)
    {
        var (state, at, course) = (ProbeState.Initial, Start, "");
        foreach (var run in runs)
        {
            at += run == '.' ? 10 * probe.IntervalMs : probe.IntervalMs;
            state = run == '.' ? state : state.After(probe, run == '+', at);
            course += run == '.' ? '.' : state.Verdict.ToString()[0];
        }
        return course;
    }

    [Theory]
    [InlineData("+", "U")]
    [InlineData("++++", "UUUU")]
    [InlineData("---", "UUD")]
    [InlineData("+--+--+", "UUUUUUU")]
    [InlineData("+---", "UUUD")]
    [InlineData("+---++", "UUUDDU")]
    [InlineData("---+-++", "UUDDDDU")]
    [InlineData("+.--", "U.UU")]
    [InlineData("+--.-", "UUU.U")]
    [InlineData("---.+", "UUD.D")]
    [InlineData("---.++", "UUD.DU")]
    public void Single_runs_decide_nothing_and_a_gap_proves_nothing(string runs, string course)
    {
        // U is up and unknown alike; which of them is seen below.
        Course(Probe(), runs).ShouldBe(course);
    }

    [Fact]
    public void A_gap_makes_up_unknown_and_leaves_down_down()
    {
        var probe = Probe();
        var up = ProbeState.Initial.After(probe, true, Start);
        up.Verdict.ShouldBe(ProbeVerdict.Up);
        up.At(probe, Start + probe.IntervalMs).ShouldBe(ProbeVerdict.Up);
        up.At(probe, Start + 4 * probe.IntervalMs).ShouldBe(ProbeVerdict.Unknown);
        up.After(probe, false, Start + 4 * probe.IntervalMs).Verdict.ShouldBe(ProbeVerdict.Unknown);
        up.After(probe, true, Start + 4 * probe.IntervalMs).ShouldBe(new(ProbeVerdict.Up, Start + 4 * probe.IntervalMs, true, 1, Start + 4 * probe.IntervalMs, Start + 4 * probe.IntervalMs));
        ProbeState.LeftDown(Start).After(probe, false, Start + 99 * probe.IntervalMs).ShouldSatisfyAllConditions(
            s => s.Verdict.ShouldBe(ProbeVerdict.Down), s => s.SinceMs.ShouldBe(Start));
        ProbeState.Initial.At(probe, Start).ShouldBe(ProbeVerdict.Unknown);
    }

    [Fact]
    public void A_clock_that_was_set_back_is_a_gap()
    {
        var probe = Probe();
        var failed = ProbeState.Initial.After(probe, false, Start).After(probe, false, Start + probe.IntervalMs);
        failed.After(probe, false, Start - 3_600_000).Verdict.ShouldBe(ProbeVerdict.Unknown);
    }

    [Fact]
    public void It_is_down_since_the_first_of_the_failures_that_led_to_it()
    {
        var probe = Probe();
        var (state, at) = (ProbeState.Initial, Start);
        foreach (var success in (bool[])[true, false, false, false, false])
        {
            state = state.After(probe, success, at);
            at += probe.IntervalMs;
        }
        (state.Verdict, state.SinceMs, state.Streak).ShouldBe((ProbeVerdict.Down, Start + probe.IntervalMs, 4));
    }

    [Fact]
    public void The_verdict_is_what_the_last_runs_in_a_row_say() =>
        Check.One(Config.QuickThrowOnFailure.WithMaxTest(2_000), Prop.ForAll(
            Arb.From(Gen.Elements(true, false).ListOf()), Arb.From(Gen.Choose(1, 5)), Arb.From(Gen.Choose(1, 5)), (runs, failures, successes) =>
            {
                var probe = Probe(failures, successes);
                var (state, expected, streak) = (ProbeState.Initial, ProbeVerdict.Unknown, 0);
                for (var i = 0; i < runs.Count; i++)
                {
                    state = state.After(probe, runs[i], Start + i * probe.IntervalMs);
                    streak = i > 0 && runs[i] == runs[i - 1] ? streak + 1 : 1;
                    expected = runs[i] && (expected != ProbeVerdict.Down || streak >= successes) ? ProbeVerdict.Up
                        : !runs[i] && streak >= failures ? ProbeVerdict.Down : expected;
                    if (state.Verdict != expected)
                    {
                        return false;
                    }
                }
                return true;
            }));
}

internal static class ProbeCases
{
    public static Probe Http(params string[] conditions) => new("shop", new HttpCheck(new("https://shop.example/health")), new("probes.yaml", 1, 1))
    {
        Conditions = [.. conditions.DefaultIfEmpty("[STATUS] < 400").Select(c => Condition.Parse(c, out _)!)],
        DefaultConditions = conditions.Length == 0,
    };
}
