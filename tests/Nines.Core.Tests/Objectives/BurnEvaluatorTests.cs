using Nines.Core.Objectives;

namespace Nines.Core.Tests.Objectives;

public sealed class BurnEvaluatorTests
{
    private const long Minute = 30_000_000;
    private const long NowMs = Minute * 60_000;

    private static readonly Objective Orders = TestObjectives.Orders;

    [Fact]
    public void Limit_TwentyEightDays_IsTheShareOfTheBudget() =>
        BurnPolicy.Default.Rules.Select(r => Math.Round(r.Limit(28 * 1440), 3)).ShouldBe([13.44, 5.6, 2.8, 0.933]);

    [Fact]
    public void IsReachable_TargetTooLow_IsFalse()
    {
        var page = BurnPolicy.Default.Rules[0];
        page.IsReachable(0.999m, 28 * 1440).ShouldBeTrue();
        page.IsReachable(0.92m, 28 * 1440).ShouldBeFalse();
    }

    [Fact]
    public void Rules_FiveMinutesOfLifeAndAllFails_PagesOnTheKnownPart()
    {
        var book = Served(minutes: 5, total: 100, bad: 0);
        Add(book, Minute, 100, 100);
        var rules = BurnEvaluator.Rules(Orders, book, NowMs, []);
        rules.Where(r => r.Rule.Severity == BurnSeverity.Page).ShouldAllBe(r => r.Firing);
        rules[0].LongRate.ShouldNotBeNull().ShouldBe(100 / 600.0 / 0.001, 1e-6);
    }

    [Fact]
    public void Rules_TwoFailuresOfTwo_DoNotPage()
    {
        var book = new LedgerBook();
        Add(book, Minute, 2, 2);
        BurnEvaluator.Rules(Orders, book, NowMs, []).Where(r => r.Rule.Severity == BurnSeverity.Page).ShouldAllBe(r => !r.Firing);
        Add(book, Minute, 1, 1);
        BurnEvaluator.Rules(Orders, book, NowMs, [])[0].Firing.ShouldBeTrue();
    }

    [Fact]
    public void Rules_BurnThatStopped_EndsWithTheShortWindow()
    {
        var book = Served(minutes: 60, total: 100, bad: 50);
        var firing = BurnEvaluator.Rules(Orders, book, NowMs, []);
        firing[0].Firing.ShouldBeTrue();
        for (var m = Minute + 1; m <= Minute + 6; m++)
        {
            Add(book, m, 100, 0);
        }
        var after = BurnEvaluator.Rules(Orders, book, NowMs + 6 * 60_000, firing);
        after[0].Firing.ShouldBeFalse();
        after[0].LongRate.ShouldNotBeNull().ShouldBeGreaterThan(13.44);
    }

    [Fact]
    public void Rules_NoTrafficInTheShortWindow_IsNoRecovery()
    {
        var book = Served(minutes: 60, total: 1, bad: 0);
        for (var m = Minute; m < Minute + 5; m++)
        {
            Add(book, m, 1, 1);
        }
        var firing = BurnEvaluator.Rules(Orders, book, NowMs + 4 * 60_000, []);
        firing[0].Firing.ShouldBeTrue();
        book.Observe(NowMs + 4 * 60_000, NowMs + 200 * 60_000);
        BurnEvaluator.Rules(Orders, book, NowMs + 15 * 60_000, firing)[0].Firing.ShouldBeTrue();
        BurnEvaluator.Rules(Orders, book, NowMs + 70 * 60_000, firing)[0].Firing.ShouldBeFalse();
        // One good request after five bad ones of sixty may be chance; forty are not.
        Add(book, Minute + 12, 1, 0);
        BurnEvaluator.Rules(Orders, book, NowMs + 15 * 60_000, firing)[0].Firing.ShouldBeTrue();
        Add(book, Minute + 12, 40, 0);
        BurnEvaluator.Rules(Orders, book, NowMs + 15 * 60_000, firing)[0].Firing.ShouldBeFalse();
    }

    [Theory]
    [InlineData(0.0002)]
    [InlineData(0.0001)]
    [InlineData(0.01)]
    public void IsCalm_AnyAccount_NoRuleFiresThatIsSummedToTheMinute(double errorShare)
    {
        var random = new Random(7);
        var disk = new Dictionary<long, byte[]>();
        var book = new LedgerBook(stored: disk.GetValueOrDefault);
        var (calm, burning, told) = (0, 0, 0);
        for (var m = Minute; m < Minute + 6_000; m++)
        {
            // Bursts, quiet stretches, gaps, corrections that count below 0, late events.
            var share = (m - Minute) / 300 % 4 == 3 ? errorShare * 20 : errorShare;
            var total = random.Next(3) == 0 ? random.Next(5) : random.Next(1_000);
            var bad = (long)Math.Min(total, total * share * 2 * random.NextDouble() + random.NextDouble());
            book.Add(m, (total - bad) * 1000, bad * 1000);
            book.Observe((m - 1) * 60_000, m * 60_000);
            if (random.Next(200) == 0)
            {
                book.Add(m - random.Next(60), random.Next(-50_000, 50_000), random.Next(-5_000, 5_000));
            }
            if (random.Next(3_000) == 0)
            {
                book.AddSpan(new LedgerSpan((m - 90) * 60_000, m * 60_000, 500, 100, SpanKind.Gap, 0));
            }
            if (m % 5 == 0)
            {
                book.TakeChanges(m / 60 - 1).ToList().ForEach(h => disk[h.Hour] = h.Packed);
            }
            foreach (var rule in Orders.BurnPolicy.Rules)
            {
                if (book.MostBadShare(m - rule.LongMinutes, m) is { } most && book.Sum(m - rule.LongMinutes, m) is { Total: > 0 } account)
                {
                    (account.Bad / account.Total).ShouldBeLessThanOrEqualTo(most + 1e-12);
                    told++;
                }
            }
            var fires = BurnEvaluator.Rules(Orders, book, m * 60_000, []).Any(r => r.Firing);
            var isCalm = BurnEvaluator.IsCalm(Orders, book, m * 60_000);
            (isCalm && fires).ShouldBeFalse();
            calm += isCalm ? 1 : 0;
            burning += fires ? 1 : 0;
        }
        told.ShouldBeGreaterThan(10_000);
        (errorShare > 0.005 ? burning : calm).ShouldBeGreaterThan(1_000);
    }

    [Fact]
    public void Reactions_OfThePage_AreThoseOfTheWorkbook()
    {
        // 13.44 × 0.1 % × 60 min ÷ error rate, and a quarter of a minute for the look.
        var seen = new WindowAccount(0, 40_320, 40_320_000, 0, 40_320, 0, 0, 0, false);
        var reactions = BurnReaction.Of(Orders, Orders.BurnPolicy.Rules[0], seen);
        reactions.Select(r => Math.Round(r.DetectMinutes ?? -1, 4)).ShouldBe([1.0564, 8.314, -1]);
        reactions.Select(r => Math.Round(r.ResetMinutes ?? -1, 4)).ShouldBe([5.1828, 4.578, -1]);
        BurnReaction.Of(Orders, Orders.BurnPolicy.Rules[1], seen)[2].DetectMinutes!.Value.ShouldBe(0.0056 * 360 / 0.01 + 0.25, 1e-9);
        // At ten an hour the second failure takes twelve minutes to come.
        var slow = new WindowAccount(0, 40_320, 6_720, 0, 40_320, 0, 0, 0, false);
        BurnReaction.Of(Orders, Orders.BurnPolicy.Rules[0], slow)[0].DetectMinutes!.Value.ShouldBe(12.25, 1e-9);
    }

    [Fact]
    public void Rules_Slices_NeedThreeBadOnes()
    {
        var slices = Orders with { Slices = new Slicing(1, 1) };
        var book = Served(minutes: 60, total: 1, bad: 0);
        Add(book, Minute, 2, 2);
        BurnEvaluator.Rules(slices, book, NowMs, [])[0].Firing.ShouldBeFalse();
        Add(book, Minute, 1, 1);
        BurnEvaluator.Rules(slices, book, NowMs, [])[0].Firing.ShouldBeTrue();
    }

    [Fact]
    public void Rules_FewerThanTheMinimumOfEvents_DoNotFire()
    {
        var book = Served(minutes: 60, total: 10, bad: 9);
        var asking = Orders with { BurnPolicy = Orders.BurnPolicy with { MinimumEvents = 601 } };
        BurnEvaluator.Rules(asking, book, NowMs, []).ShouldAllBe(r => !r.Firing);
        Add(book, Minute, 11, 9);
        BurnEvaluator.Rules(asking, book, NowMs, [])[0].Firing.ShouldBeTrue();
    }

    [Fact]
    public void Rules_SignalLostWhileFiring_KeepTheVerdict()
    {
        var firing = BurnEvaluator.Rules(Orders, Served(minutes: 60, total: 100, bad: 50), NowMs, []);
        var later = BurnEvaluator.Rules(Orders, Served(minutes: 60, total: 100, bad: 50), NowMs + 20 * 60_000, firing);
        later[0].Firing.ShouldBeTrue();
        later[0].FiringSinceNs.ShouldBe(firing[0].FiringSinceNs);
    }

    [Fact]
    public void Rules_ReadingsBackAfterAGapWhileFiring_KeepTheVerdictUntilItIsKnown()
    {
        var book = Served(minutes: 60, total: 100, bad: 50);
        var firing = BurnEvaluator.Rules(Orders, book, NowMs, []);
        book.AddSpan(new LedgerSpan(NowMs - 60_000, NowMs + 9 * 60_000, 0, 900, SpanKind.Gap, 0));
        Add(book, Minute + 10, 100, 100);
        var back = BurnEvaluator.Rules(Orders, book, NowMs + 10 * 60_000, firing);
        back[0].ShortRate.ShouldBeNull();
        back[0].Firing.ShouldBeTrue();
        back[0].FiringSinceNs.ShouldBe(firing[0].FiringSinceNs);
    }

    [Fact]
    public void Report_State_IsTheBandOfTheObjectivesOwnPolicy()
    {
        var ledger = new ObjectiveLedger(TestIndicators.BadOfTotal);
        ledger.Events.Add(Minute, 999_400 * LedgerTime.Scale, 600 * LedgerTime.Scale);
        var strict = ErrorBudgetPolicy.Default with { Bands = [new("fine", 0.75, BudgetState.Ok, ""), new("frozen", null, BudgetState.Freeze, "")] };
        BudgetCalculator.Report(Orders, ledger, [], null, NowMs).State.ShouldBe(BudgetState.Caution);
        BudgetCalculator.Report(Orders with { ErrorBudgetPolicy = strict }, ledger, [], null, NowMs).State.ShouldBe(BudgetState.Freeze);
    }

    [Fact]
    public void Rate_InsideALongerSpan_IsUnknownNotASpike()
    {
        var book = Served(minutes: 300, total: 100, bad: 0);
        book.AddSpan(new LedgerSpan(NowMs, NowMs + 20 * 60_000, 0, 5_000, SpanKind.Gap, 0));
        Add(book, Minute + 21, 100, 0);
        BurnEvaluator.Rate(book, 0.999m, Minute + 16, Minute + 21, out _).ShouldBeNull();
        BurnEvaluator.Rate(book, 0.999m, Minute - 39, Minute + 21, out _).ShouldNotBeNull();
    }

    [Fact]
    public void Rate_ObservedWithoutTraffic_IsZero()
    {
        var book = new LedgerBook();
        book.Observe(NowMs - 300_000, NowMs);
        BurnEvaluator.Rate(book, 0.999m, Minute - 5, Minute, out _).ShouldBe(0);
        BurnEvaluator.Rate(book, 0.999m, Minute - 10, Minute - 5, out _).ShouldBeNull();
    }

    [Theory]
    [InlineData(15_000, 119, false)]
    [InlineData(15_000, 121, true)]
    [InlineData(15_000, -60, false)]
    [InlineData(15_000, -3_600, true)]
    [InlineData(60_000, 179, false)]
    [InlineData(60_000, 181, true)]
    public void LostSince_ThreeIntervalsAndTwoMinutes_AreWaited(long intervalMs, long seconds, bool lost) =>
        (BurnEvaluator.LostSince(NowMs, 0, intervalMs, NowMs + seconds * 1000) is not null).ShouldBe(lost);

    [Fact]
    public void Report_TheMockedAccount_AddsUp()
    {
        var book = new ObjectiveLedger(TestIndicators.BadOfTotal);
        book.Book.Add(Minute, 17_512_668_000, 13_566_000);
        book.Book.Observe(NowMs - 60_000, NowMs);
        var report = BudgetCalculator.Report(Orders, book, [], null, NowMs);
        report.BudgetTotal.ShouldBe(17_526.234, 1e-6);
        report.RemainingShare.ShouldNotBeNull().ShouldBe(1 - 13_566 / 17_526.234, 1e-9);
        report.State.ShouldBe(BudgetState.Freeze);
    }

    [Fact]
    public void Report_EachWindow_ShowsTheLimitOfTheRuleItProves()
    {
        var ledger = new ObjectiveLedger(TestIndicators.BadOfTotal);
        BudgetCalculator.Report(Orders, ledger, [], null, NowMs).Burn.Select(b => (b.Minutes, Math.Round(b.Limit!.Value, 2)))
            .ShouldBe([(5, 13.44), (30, 5.6), (60, 13.44), (120, 2.8), (360, 5.6), (1440, 2.8), (4320, 0.93)]);
    }

    [Theory]
    [InlineData(UnknownTreatment.Ignored, 0)]
    [InlineData(UnknownTreatment.Bad, 1_000)]
    [InlineData(UnknownTreatment.Half, 500)]
    public void Window_UnknownMinutes_CountAsDeclared(UnknownTreatment treatment, double charged)
    {
        var book = Served(minutes: 10, total: 100, bad: 0);
        BudgetCalculator.Window(Orders with { Unknown = treatment }, book, Minute - 11, Minute + 9).ChargedForUnknown.ShouldBe(charged, 1e-9);
    }

    // The minutes before the present one.
    private static LedgerBook Served(int minutes, long total, long bad)
    {
        var book = new LedgerBook();
        for (var m = Minute - minutes; m < Minute; m++)
        {
            Add(book, m, total, bad);
        }
        return book;
    }

    private static void Add(LedgerBook book, long minute, long total, long bad)
    {
        book.Add(minute, (total - bad) * 1000, bad * 1000);
        book.Observe((minute - 1) * 60_000, minute * 60_000);
    }
}
