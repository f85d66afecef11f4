using System.Text;
using Nines.Core.Objectives;
using Nines.Core.Workspace;

namespace Nines.Core.Tests.Objectives;

public sealed class ErrorBudgetPolicyTests
{
    private static readonly Objective Orders = TestObjectives.Orders with { Target = 0.99m };

    [Theory]
    [InlineData(1, "ok")]
    [InlineData(0.51, "ok")]
    [InlineData(0.5, "caution")]
    [InlineData(0.25, "freeze")]
    [InlineData(0.0001, "freeze")]
    [InlineData(0, "exhausted")]
    [InlineData(-3, "exhausted")]
    public void BandOf_Bounds_BelongToTheWorseBand(double share, string band)
    {
        ErrorBudgetPolicy.Default.BandOf(share).Name.ShouldBe(band);
        ErrorBudgetPolicy.Default.BandOf(share).Level.ToString().ToLowerInvariant().ShouldBe(band);
    }

    [Theory]
    [InlineData("ok", 0.5, "caution")]
    [InlineData("ok", -0.1, "exhausted")]
    [InlineData("caution", 0.54, "caution")]
    [InlineData("caution", 0.551, "ok")]
    [InlineData("exhausted", 0.04, "exhausted")]
    [InlineData("exhausted", 0.06, "freeze")]
    [InlineData("exhausted", 0.27, "freeze")]
    [InlineData("exhausted", 0.52, "caution")]
    [InlineData("exhausted", 0.9, "ok")]
    [InlineData("gone-from-the-policy", 0.52, "ok")]
    public void Next_DownAtOnceUpWithHysteresis(string before, double share, string after) =>
        ErrorBudgetPolicy.Default.Next(before, share).Name.ShouldBe(after);

    [Fact]
    public void Decide_RandomShares_FactsFoldToTheRowAndNoBandFlapsWithinTheHysteresis()
    {
        var random = new Random(5);
        for (var run = 0; run < 200; run++)
        {
            BandState? state = null, folded = null;
            var share = random.NextDouble() * 1.5 - 0.5;
            for (var minute = 0; minute < 200; minute++)
            {
                share = Math.Min(1, share + random.NextDouble() * 0.04 - 0.02);
                var before = state;
                (state, var change) = BudgetPolicyMachine.Decide(state, Orders, random.Next(10) == 0 ? null : share, minute);
                if (change is not null)
                {
                    folded = BudgetPolicyMachine.Fold(change, minute);
                    // The row is what the journal says.
                    folded.ShouldBe(state);
                    if (Index(change.To) < Index(change.From))
                    {
                        change.RemainingShare.ShouldBeGreaterThan(ErrorBudgetPolicy.Default.Bands[Index(change.To)].Above!.Value + 0.05 - 1e-6);
                    }
                }
                else if (before is not null)
                {
                    state.ShouldBe(before);
                }
            }
        }

        static int Index(string name) => name.Length == 0 ? -1 : ErrorBudgetPolicy.Default.Bands.ToList().FindIndex(b => b.Name == name);
    }

    [Fact]
    public void Replay_AnOutage_ShowsItsBands()
    {
        var book = new LedgerBook();
        for (var hour = 0L; hour < 60 * 24; hour++)
        {
            // One day of 24 % errors spends 24 of the 28 parts of the budget.
            book.Add(hour * 60 + 1, hour is >= 720 and < 744 ? 76_000 : 100_000, hour is >= 720 and < 744 ? 24_000 : 0);
            book.Observe(hour * 3_600_000, (hour + 1) * 3_600_000);
        }
        var bands = BudgetPolicyMachine.Replay(Orders, book, ExcludedTime.None, 0, 60 * 1440).Stretches;
        bands.Select(b => b.Band).ShouldBe(["ok", "caution", "freeze", "caution", "ok"]);
        bands[1].FromMinute.ShouldBeInRange(720 * 60, 744 * 60);
        bands[4].FromMinute.ShouldBeInRange((720 + 28 * 24) * 60, (745 + 28 * 24) * 60);
        BudgetPolicyMachine.Replay(Orders, book, ExcludedTime.Of([(720 * 60, 744 * 60)]), 0, 60 * 1440).Stretches.Select(b => b.Band).ShouldBe(["ok"]);
    }

    [Fact]
    public void Read_APolicy_IsLinkedByAnnotation()
    {
        var reading = Read("""
            bands:
              - {name: green, above: 50%, means: Go on.}
              - {name: red, above: 0.1, upTo: 50%, level: freeze}
              - {name: broken, above: -20%}
              - {name: ruin}
            hysteresis: 2%
            exceptions: [p0]
            notCounted: [network, load test]
            owner: cto
            """);
        reading.Problems.ShouldBeEmpty();
        var policy = reading.Model!.ErrorBudgetPolicies.ShouldHaveSingleItem();
        policy.Bands.Select(b => (b.Name, b.Above, b.Level)).ShouldBe(
            [("green", 0.5, BudgetState.Ok), ("red", 0.1, BudgetState.Freeze), ("broken", -0.2, BudgetState.Exhausted), ("ruin", null, BudgetState.Exhausted)]);
        (policy.Hysteresis, policy.Owner).ShouldBe((0.02, "cto"));
        policy.NotCounted.ShouldBe(["network", "load-test"]);
    }

    [Theory]
    [InlineData("bands: [{name: a, above: 50%}, {name: b, above: 0%}]", "6:51 gap")]
    [InlineData("bands: [{name: a}, {name: b}]", "6:11 overlap")]
    [InlineData("bands: [{name: a, above: 10%}, {name: b, above: 50%}, {name: c}]", "6:51 overlap")]
    [InlineData("bands: [{name: a, above: 50%}, {name: b, above: 0%, upTo: 40%}, {name: c}]", "6:61 gap")]
    [InlineData("bands: [{name: a, above: 50%}, {name: b, above: 0%, upTo: 60%}, {name: c}]", "6:61 overlap")]
    [InlineData("bands: [{name: a, above: 50%}, {name: a}]", "6:41 duplicate")]
    [InlineData("bands: [{name: a, above: 50}, {name: b}]", "6:28 bad-value")]
    [InlineData("bands: [{name: a, above: 97%}, {name: b}]", "6:28 bad-value")]
    [InlineData("bands: []", "6:10 missing")]
    public void Read_BadBands_AreNamedAtTheirPlace(string spec, string expected)
    {
        var problem = Read(spec).Problems.ShouldHaveSingleItem();
        $"{problem.Position.Line}:{problem.Position.Column} {problem.Code}".ShouldBe(expected);
    }

    private static WorkspaceReading Read(string spec) => WorkspaceReader.Read([new WorkspaceFile("p.yaml", Encoding.UTF8.GetBytes(
        "apiVersion: nines/v1\nkind: ErrorBudgetPolicy\nmetadata:\n  name: strict\nspec:\n" + string.Join('\n', spec.Split('\n').Select(l => "  " + l)) + "\n"))]);
}
