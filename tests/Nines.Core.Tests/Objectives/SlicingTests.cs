using Nines.Core.Objectives;
using Nines.PromQL;

namespace Nines.Core.Tests.Objectives;

public sealed class SlicingTests
{
    private const long First = 30_000_000;

    [Theory]
    [InlineData(1)]
    [InlineData(5)]
    [InlineData(60)]
    public void Slices_OfRandomMinutes_AreTheVerdictsOnTheirSums(int length)
    {
        var random = new Random(length);
        var slicing = new Slicing(length, 0.95m);
        var ledger = new ObjectiveLedger(new EvaluatedRatio(Query("a"), null, Query("b")), slicing);
        var minutes = new Dictionary<long, (double Good, double Bad)>();
        for (var minute = First; minute < First + 3 * 1440; minute++)
        {
            // Nothing is known of one stretch.
            if (minute < First + 1000 || minute > First + 1200)
            {
                var good = random.Next(0, 40);
                var bad = random.Next(10) == 0 ? random.Next(1, 20) : 0;
                minutes[minute] = (good, bad);
                ledger.BookEvaluated(minute, new(good, bad));
            }
            ledger.Close(minute);
        }
        var (goodSlices, badSlices) = (0, 0);
        for (var end = slicing.EndOf(First); end < First + 3 * 1440; end += length)
        {
            var inside = minutes.Where(m => m.Key > end - length && m.Key <= end).Select(m => m.Value).ToList();
            if (inside.Count < length * Slicing.KnownFrom)
            {
                continue;
            }
            var (good, bad) = (inside.Sum(m => m.Good), inside.Sum(m => m.Bad));
            _ = good + bad == 0 || good / (good + bad) >= 0.95 ? goodSlices++ : badSlices++;
        }
        var account = ledger.Book.Sum(First - 60, First + 3 * 1440);
        account.Good.ShouldBe(goodSlices);
        account.Bad.ShouldBe(badSlices);
        badSlices.ShouldBeGreaterThan(0);
    }

    [Fact]
    public void RatioSlices_CountWithTheirShare()
    {
        var ledger = new ObjectiveLedger(new EvaluatedShare(Query("a"), OfFailures: true), new Slicing(2, null));
        ledger.BookEvaluated(First + 1, new(0.999, 0.001));
        ledger.BookEvaluated(First + 2, new(1, 0));
        ledger.Close(First + 2);
        var account = ledger.Book.Sum(First, First + 2);
        account.Bad.ShouldBe(0.0005, 1e-9);
        account.Total.ShouldBe(1, 1e-9);
    }

    [Fact]
    public void Slice_WhoseEventsComeLate_IsJudgedAgain()
    {
        var series = new FakeSeries(Nines.Metrics.Labels.Of(("__name__", "requests_total"), ("code", "500")), true, 15_000);
        var ledger = new ObjectiveLedger(TestIndicators.BadOfTotal, new Slicing(1, 0.9m));
        ledger.SetSeries([[series]], [[series]]);
        series.Samples.Add(new(First * 60_000 - 60_000, 0, 0));
        series.Samples.Add(new(First * 60_000 - 30_000, 0, 0));
        series.Samples.Add(new(First * 60_000, 0, 0));
        ledger.Read(First * 60_000);
        ledger.Close(First);
        ledger.Book.Sum(First - 1, First).Good.ShouldBe(1);
        series.Samples.Add(new(First * 60_000 + 15_000, 0, 0));
        ledger.Close(First + 1);
        series.Samples.Add(new(First * 60_000 + 30_000, 10, 0));
        ledger.Read((First + 1) * 60_000);
        ledger.Close(First + 1);
        var account = ledger.Book.Sum(First, First + 1);
        account.Bad.ShouldBe(1);
        account.Good.ShouldBe(0);
    }

    [Fact]
    public void Slicing_ReadAnotherWay_LeavesTheEventsAlone()
    {
        var one = new ObjectiveLedger(TestIndicators.BadOfTotal, new Slicing(5, 0.9m));
        var other = new ObjectiveLedger(TestIndicators.BadOfTotal);
        one.Events.Add(First, 9000, 1000);
        one.Events.Observe((First - 5) * 60_000, First * 60_000);
        one.Close(First);
        foreach (var (hour, packed) in one.Events.TakeChanges(0))
        {
            other.Events.LoadHour(hour, packed);
        }
        other.Book.Sum(First - 5, First).Bad.ShouldBe(1);
        one.Book.Sum(First - 5, First).Good.ShouldBe(1);
    }

    [Fact]
    public void Evaluation_OfEachKind_GivesMinutes()
    {
        var source = new MemorySeriesSource();
        for (var i = 0; i <= 40; i++)
        {
            source.Add(Nines.Metrics.Labels.Of(("__name__", "depth"), ("queue", "a")), new((First - 10) * 60_000 + i * 15_000, i == 30 ? 70 : 20));
            source.Add(Nines.Metrics.Labels.Of(("__name__", "bad_share")), new((First - 10) * 60_000 + i * 15_000, 0.25));
            source.Add(Nines.Metrics.Labels.Of(("__name__", "total")), new((First - 10) * 60_000 + i * 15_000, 8));
        }
        var queries = new EngineQueries(new QueryEngine(source, new QueryOptions()));
        var depth = IndicatorEvaluation.Minutes(new Threshold(Query("depth"), ThresholdOperator.Lt, 50), queries, First - 5, First);
        depth.Select(m => m!.Value).ShouldBe([new(4, 0), new(4, 0), new(3, 1), new(4, 0), new(4, 0)]);
        IndicatorEvaluation.Minutes(new EvaluatedShare(Query("bad_share"), OfFailures: true), queries, First - 1, First)[0].ShouldBe(new EvaluatedMinute(0.75, 0.25));
        IndicatorEvaluation.Minutes(new EvaluatedRatio(Query("max(total) / 4"), null, Query("total")), queries, First - 1, First)[0]
            .ShouldBe(new EvaluatedMinute(2, 6));
        IndicatorEvaluation.Minutes(new EvaluatedRatio(Query("nothing"), null, Query("nothing")), queries, First - 1, First)[0].ShouldBeNull();
        Should.Throw<IndicatorQueryException>(() => IndicatorEvaluation.Minutes(new EvaluatedShare(Query("a +"), true), queries, First - 1, First));
    }

    private static EvaluatedQuery Query(string text) => new(text, text);
}
