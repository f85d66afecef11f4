using Nines.Core.Objectives;
using Nines.Core.Objectives.Sources;
using Nines.Metrics;

namespace Nines.Core.Tests.Objectives.Sources;

public sealed class RawReadingTests
{
    private const long T = RemoteWorld.EpochMs;

    public static TheoryData<int> Seeds => [.. Enumerable.Range(0, 60)];

    [Theory]
    [MemberData(nameof(Seeds))]
    public void Accept_AnyCourse_AddsUpToTheSlowSumOverAllSamples(int seed)
    {
        var (account, truth) = Run(seed, LedgerFault.None);
        account.ShouldBe(truth, $"seed {seed}");
        truth.Bad.ShouldBeGreaterThan(0);
    }

    [Theory]
    [InlineData(LedgerFault.FirstSample)]
    [InlineData(LedgerFault.Reset)]
    [InlineData(LedgerFault.DoubleCount)]
    [InlineData(LedgerFault.Gap)]
    public void Accept_WithAPlantedFault_IsCaught(LedgerFault fault) =>
        Enumerable.Range(0, 20).Count(seed => Run(seed, fault) is var (account, truth) && account != truth).ShouldBeGreaterThan(5);

    [Fact]
    public void Accept_SeriesBornInATargetThatWasThere_CountsFromZeroSinceThatReading()
    {
        var reading = new RawReading(T);
        reading.Accept(new(T, T + 60_000), [Series("200", (T + 15_000, 5), (T + 30_000, 9))], []);
        RawSeries[] answer = [Series("200", (T + 45_000, 9), (T + 75_000, 12)), Series("500", (T + 75_000, 3))];
        reading.Births(answer).ShouldHaveSingleItem().Selector.ShouldBe("""{__name__="up",instance=~"a\\.b:1",job="shop"}""");
        var delivery = reading.Accept(new(T, T + 80_000), answer, [Up((T + 30_000, 1), (T + 60_000, 1), (T + 75_000, 1))]);
        delivery.Series.Single(s => s.Labels["code"] == "500").Samples.ShouldBe([new(T + 75_000, 3, T + 60_000)]);
        delivery.Series.Single(s => s.Labels["code"] == "200").Samples.ShouldBe([new(T + 45_000, 9, 0), new(T + 75_000, 12, 0)]);
    }

    [Fact]
    public void Accept_SeriesThatComesWithItsTarget_DoesNotSayItsStart()
    {
        var reading = new RawReading(T);
        var delivery = reading.Accept(new(T, T + 80_000), [Series("200", (T + 75_000, 1000))], [Up((T + 45_000, 0), (T + 60_000, 0), (T + 75_000, 1))]);
        delivery.Series.ShouldHaveSingleItem().Samples.ShouldBe([new(T + 75_000, 1000, 0)]);
    }

    [Fact]
    public void Accept_UpOfAnotherTargetOfTheSameAddress_IsNoEvidence()
    {
        var other = new RawSeries(Labels.Of((Labels.MetricName, "up"), ("job", "shop"), ("instance", "a.b:1"), ("cluster", "other")), [new(T + 60_000, 1)]);
        new RawReading(T).Accept(new(T, T + 80_000), [Series("500", (T + 75_000, 3))], [other]).Series[0].Samples[0].StartMs.ShouldBe(0);
    }

    [Fact]
    public void Accept_LabelsOfATargetChanged_ItsCountersAreNotTakenForNewOnes()
    {
        var reading = new RawReading(T);
        reading.Accept(new(T, T + 60_000), [Series("200", (T + 45_000, 5000), (T + 60_000, 5010))], []);
        var renamed = new RawSeries(Series("200").Labels.With("version", "2"), [new(T + 75_000, 5020)]);
        var delivery = reading.Accept(new(T, T + 80_000), [renamed], [Up((T + 45_000, 1), (T + 60_000, 1), (T + 75_000, 1))]);
        delivery.Series.ShouldHaveSingleItem().Samples[0].StartMs.ShouldBe(0);
    }

    [Fact]
    public void Next_PiecesOverlapGrowAndShrink()
    {
        var reading = new RawReading(T);
        reading.Next(T + 10_000_000).ShouldBe(new(T, T + 3_600_000));
        reading.Shorten().ShouldBeTrue();
        reading.Next(T + 10_000_000).ShouldBe(new(T, T + 1_800_000));
        reading.Accept(reading.Next(T + 10_000_000), [Series("200", (T + 15_000, 1), (T + 30_000, 2), (T + 45_000, 3))], []);
        reading.Next(T + 10_000_000).ShouldBe(new(T + 1_800_000 - 60_000, T + 5_400_000));
        Enumerable.Range(0, 20).Count(_ => reading.Shorten()).ShouldBe(6);
        reading.Next(T + 1_700_000).ToMs.ShouldBe(T + 1_800_000, "a clock that was set back reads nothing new");
    }

    [Fact]
    public void Asked_PartWithinTheTotal_IsNotAskedForTwice()
    {
        var selectors = new RawSelectors(Indicator("""http_requests_total{code=~"5..",job="a"}""", """sum(rate(http_requests_total{job="a"}[5m]))"""));
        selectors.Asked.ShouldBe(["""{__name__="http_requests_total",job="a"}"""]);
        (selectors.Totals, selectors.Terms.Count).ShouldBe((1, 2));
        var failed = Labels.Of((Labels.MetricName, "http_requests_total"), ("job", "a"), ("code", "503"));
        (selectors.IsOf(0, failed), selectors.IsOf(1, failed), selectors.IsOf(1, failed.With("code", "200"))).ShouldBe((true, true, false));
        new RawSelectors(Indicator("errors_total", "requests_total")).Asked.Count.ShouldBe(2);
    }

    private static CounterRatio Indicator(string bad, string total) =>
        new(null, IndicatorReader.Read(bad).Expression!, IndicatorReader.Read(total).Expression!);

    private static RawSeries Series(string code, params (long, double)[] samples) =>
        new(Labels.Of((Labels.MetricName, "http_requests_total"), ("job", "shop"), ("instance", "a.b:1"), ("code", code)), [.. samples.Select(s => new Sample(s.Item1, s.Item2))]);

    private static RawSeries Up(params (long, double)[] samples) =>
        new(Labels.Of((Labels.MetricName, "up"), ("job", "shop"), ("instance", "a.b:1")), [.. samples.Select(s => new Sample(s.Item1, s.Item2))]);

    private static ((double Good, double Bad) Account, (double Good, double Bad) Truth) Run(int seed, LedgerFault fault)
    {
        var world = new RemoteWorld(seed);
        var random = new Random(seed + 1000);
        var indicator = Indicator("""http_requests_total{code="500"}""", "http_requests_total");
        var reader = new RestartableReader(indicator, T - 600_000, fault);
        for (var i = 0; i < 700; i++)
        {
            world.Interval();
            if (random.Next(4) == 0 || i == 699)
            {
                reader.CatchUp(world, random, finish: i == 699);
            }
            if (random.Next(100) == 0)
            {
                reader.Kill();
            }
        }
        world.Settle();
        reader.CatchUp(world, random, finish: true);
        return (reader.Account, world.SlowSum(T - 600_000));
    }
}
