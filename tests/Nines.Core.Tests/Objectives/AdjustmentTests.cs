using Nines.Core.Objectives;

namespace Nines.Core.Tests.Objectives;

public sealed class AdjustmentTests
{
    private const long Now = 30_000_000;

    private static readonly Objective Orders = TestObjectives.Orders with { Target = 0.99m, Windows = [new RollingWindow(2000)] };

    /// <summary>The account with adjustments plus what the union of their ranges holds, summed minute by minute, is the account without; undo restores it.</summary>
    [Fact]
    public void Over_RandomRanges_WithAndWithoutDifferByTheUnion()
    {
        for (var seed = 0; seed < 100; seed++)
        {
            var random = new Random(seed);
            var book = new LedgerBook();
            for (var minute = Now - 2500; minute <= Now; minute++)
            {
                if (random.Next(5) > 0)
                {
                    book.Add(minute, random.Next(100) * 1000, random.Next(3) * 1000);
                    book.Observe((minute - 1) * 60_000, minute * 60_000);
                }
            }
            var ranges = Enumerable.Range(0, random.Next(1, 8)).Select(_ => (From: Now - random.Next(2600), Length: random.Next(1, 500)))
                .Select(r => (r.From, r.From + r.Length)).ToList();
            var before = BudgetCalculator.Over(Orders, book, Orders.Windows[0], Now);
            var with = BudgetCalculator.Over(Orders, book, Orders.Windows[0], Now, excluded: ExcludedTime.Of(ranges));
            var (good, bad) = (0.0, 0.0);
            for (var minute = Now - 2000 + 1; minute <= Now; minute++)
            {
                if (ranges.Exists(r => minute > r.From && minute <= r.Item2))
                {
                    var events = book.EventsOf(minute);
                    (good, bad) = (good + events.Good, bad + events.Bad);
                }
            }
            (with.Excluded.Good, with.Excluded.Bad).ShouldBe((good, bad));
            (with.Account.Good + good, with.Account.Bad + bad).ShouldBe((before.Account.Good, before.Account.Bad));
            with.RemainingShareWithout.ShouldBe(before.RemainingShare);
            var undone = ExcludedTime.Of([]);
            BudgetCalculator.Over(Orders, book, Orders.Windows[0], Now, excluded: undone).ShouldBe(before);
        }
    }

    [Fact]
    public void Decide_RandomCommands_FactsFoldToTheRow()
    {
        var random = new Random(1);
        for (var run = 0; run < 300; run++)
        {
            var asked = new AdjustmentRequested("adj_1", Orders.Key, null, Now - 100, Now + 100, "the uplink was down", "network");
            var row = AdjustmentMachine.Request(asked, null, "person:a", Now * 60_000).State.ShouldNotBeNull();
            var folded = AdjustmentMachine.Fold(null, asked, "person:a", Now * 60_000);
            for (var at = 2; at < 8; at++)
            {
                var actor = random.Next(2) == 0 ? "person:a" : "person:b";
                var isUndo = random.Next(2) == 0;
                var decision = isUndo ? AdjustmentMachine.Undo(row, "wrong range", actor, at) : AdjustmentMachine.Approve(row, actor, at);
                if (decision.State is { } next)
                {
                    folded = AdjustmentMachine.Fold(folded, isUndo ? new AdjustmentUndone("adj_1", "wrong range") : new AdjustmentApproved("adj_1"), actor, at);
                    row = next;
                }
                row.ShouldBe(folded);
                (row.ApprovedBy is null || row.ApprovedBy != row.RequestedBy).ShouldBeTrue();
                row.Counts.ShouldBe(row.Status == "approved");
            }
        }
    }

    [Theory]
    [InlineData(100, 100, "r", "network", "to")]
    [InlineData(-600_000, 100, "r", "network", "from")]
    [InlineData(-100, 100, " ", "network", "reason")]
    [InlineData(-100, 100, "r", "The network", "cause")]
    [InlineData(-100, 100, "r", "boredom", "cause")]
    public void Request_Bad_NamesTheField(long from, long to, string reason, string cause, string field)
    {
        var policy = ErrorBudgetPolicy.Default with { NotCounted = ["network"] };
        var asked = new AdjustmentRequested("adj_1", Orders.Key, null, Now + from, Now + to, reason, cause);
        var decision = AdjustmentMachine.Request(asked, policy, "person:a", Now * 60_000);
        (decision.State, decision.Field).ShouldBe((null, field));
    }

    [Fact]
    public void IsAbout_GroupsAndServices()
    {
        var one = AdjustmentMachine.Fold(null, new AdjustmentRequested("adj_1", Orders.Key, null, 1, 2, "r", "network"), "person:a", 1);
        one.IsAbout(Orders).ShouldBeTrue();
        one.IsAbout(Orders.OfGroup(null)).ShouldBeTrue();
        one.IsAbout(Orders with { Key = "checkout/orders-slow@production" }).ShouldBeFalse();
        (one with { Objective = null, Service = "checkout" }).IsAbout(Orders with { Key = "checkout/latency@production" }).ShouldBeTrue();
        (one with { Objective = null, Service = "shop" }).IsAbout(Orders).ShouldBeFalse();
    }
}
