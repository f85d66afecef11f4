using Nines.Core.Objectives;

namespace Nines.Core.Tests.Objectives;

public sealed class AdjustmentEffectTests
{
    private static readonly CounterExpression Counter = new([], "x_total", "x");

    private static readonly Objective Orders = new()
    {
        Key = "shop/orders@production", Service = "shop", Environment = "production", DisplayName = "Orders", Target = 0.9m,
        Windows = [new RollingWindow(1000)], Indicator = new CounterRatio(null, Counter, Counter), BurnPolicy = BurnPolicy.Default, Position = default,
    };

    [Fact]
    public void Effect_IsTheDifferenceThatApprovingOrTakingBackMakes()
    {
        var random = new Random(7);
        for (var round = 0; round < 60; round++)
        {
            var book = Book(random);
            var all = Enumerable.Range(0, 5).Select(i => Some(random, $"adj_{i}")).ToList();
            foreach (var one in all)
            {
                double? Left(bool counts) => BudgetCalculator.Over(Orders, book, Orders.Windows[0], 1000, excluded: ExcludedTime.Of(Orders,
                    all.Select(a => a.Id != one.Id ? a : a with { ApprovedBy = counts ? "person:b" : null, UndoneBy = null }))).RemainingShare;
                var effect = AdjustmentEffect.Of(Orders, book, all, one, 1000);
                (effect.With, effect.Without).ShouldBe((Left(true), Left(false)));
            }
        }
    }

    [Fact]
    public void Causes_ChargeEachMinuteOnceToTheApprovedThenToTheEarlier()
    {
        var random = new Random(8);
        for (var round = 0; round < 60; round++)
        {
            var book = Book(random);
            var all = Enumerable.Range(0, 6).Select(i => Some(random, $"adj_{i}")).ToList();
            var causes = CauseAttribution.Of(Orders, book, all, 100, 900);
            var slow = new Dictionary<(string, bool), double>();
            for (var minute = 101L; minute <= 900; minute++)
            {
                var first = all.Where(a => a.UndoneBy is null && minute > a.FromMinute && minute <= a.ToMinute)
                    .OrderByDescending(a => a.Counts).ThenBy(a => a.RequestedAtMs).ThenBy(a => a.Id, StringComparer.Ordinal).FirstOrDefault();
                if (first is not null)
                {
                    slow[(first.Cause, first.Counts)] = slow.GetValueOrDefault((first.Cause, first.Counts)) + book.EventsOf(minute).Bad;
                }
            }
            foreach (var cause in causes)
            {
                cause.Bad.ShouldBe(slow.GetValueOrDefault((cause.Cause, cause.Counts)), 1e-6);
            }
            causes.Sum(c => c.Bad).ShouldBe(slow.Values.Sum(), 1e-6);
        }
    }

    [Fact]
    public void Edit_NamesWhatChangedAndWhetherTheAccountGoesOn()
    {
        ObjectiveDefinition Of(Objective objective) => ObjectiveDefinition.Of(objective);
        var other = Counter with { Query = "rate( x_total[9m])" };
        Of(Orders).EditOf(Of(Orders with { DisplayName = "Renamed", Indicator = new CounterRatio(null, other, other) })).ShouldBeNull();
        var target = Of(Orders).EditOf(Of(Orders with { Target = 0.95m }))!;
        (target.NewAccount, target.Changes.ShouldHaveSingleItem()).ShouldBe((false, new DefinitionChange("target", "90 %", "95 %")));
        var meaning = new CounterExpression([], "y_total", "y");
        var indicator = Of(Orders).EditOf(Of(Orders with { Indicator = new CounterRatio(null, Counter, meaning) }))!;
        (indicator.NewAccount, indicator.Changes.ShouldHaveSingleItem()).ShouldBe((true, new DefinitionChange("indicator", "x_total\nx_total", "x_total\ny_total")));
    }

    [Fact]
    public void PastIndicator_ReadsAnAccountInItsOwnUnits()
    {
        var query = new EvaluatedQuery("a / b", "a / b");
        Indicator[] all = [Orders.Indicator, new CounterRatio(Counter, null, Counter), new EvaluatedRatio(null, query, query), new EvaluatedRatio(query, null, query),
            new EvaluatedShare(query, true), new EvaluatedShare(query, false), new Threshold(query, ThresholdOperator.Lt, 3)];
        foreach (var indicator in all)
        {
            new PastIndicator(indicator.Canonical).Scale.ShouldBe(indicator.Scale, indicator.Canonical);
        }
    }

    private static LedgerBook Book(Random random)
    {
        var book = new LedgerBook();
        for (var minute = 1L; minute <= 1000; minute++)
        {
            if (random.Next(4) > 0)
            {
                book.Add(minute, random.Next(100) * LedgerTime.Scale, random.Next(10) * LedgerTime.Scale);
                book.Observe((minute - 1) * LedgerTime.MinuteMs, minute * LedgerTime.MinuteMs);
            }
        }
        return book;
    }

    private static Adjustment Some(Random random, string id)
    {
        var from = random.Next(-50, 990);
        return new()
        {
            Id = id, Objective = Orders.Key, FromMinute = from, ToMinute = from + random.Next(1, 300), Reason = "r", Cause = random.Next(2) == 0 ? "network" : "drill",
            RequestedBy = "person:a", RequestedAtMs = random.Next(3), ApprovedBy = random.Next(2) == 0 ? "person:b" : null, UndoneBy = random.Next(4) == 0 ? "person:c" : null,
        };
    }
}
