using Nines.Core.Objectives;
using Nines.Metrics;

namespace Nines.Core.Tests.Objectives;

public sealed class QualityTests
{
    private const long First = 30_000_000;
    private const long NowMs = (First + 120) * 60_000;

    private static readonly Objective Orders = TestObjectives.Orders with { Indicator = TestIndicators.GoodOfTotal };

    [Fact]
    public void Findings_OfAHealthySignal_AreNone() => Find(Read(i => i * 10, i => i * 10)).ShouldBeEmpty();

    [Fact]
    public void Findings_MoreGoodThanTotal_AreNamed() => Find(Read(i => i * 10, i => i * 11)).ShouldBe(["good-over-total"]);

    [Fact]
    public void Findings_NotANumber_IsNamedAndLeftOut()
    {
        var ledger = Read(i => i == 50 ? double.NaN : i == 51 ? -1 : i * 10, i => i * 10);
        Find(ledger).ShouldBe(["not-a-number"]);
        ledger.NotNumbers.ShouldBe(2);
        Find(Read(i => i == 480 ? StaleMarker.Value : i * 10, i => i == 480 ? StaleMarker.Value : i * 10)).ShouldBeEmpty();
    }

    [Fact]
    public void Findings_NoTraffic_IsNamed() => Find(Read(_ => 77, _ => 77)).ShouldBe(["no-traffic"]);

    [Fact]
    public void Findings_SelectorsThatMatchNothing_AreNamedWithTheNearestBuckets()
    {
        Matcher[] bucket = [new(Labels.MetricName, MatchOp.Equal, "seconds_bucket"), new("job", MatchOp.Equal, "shop"), new("le", MatchOp.Equal, "0.35")];
        var ledger = Read(i => i * 10, i => i * 10);
        var findings = Quality.Findings(Orders, ledger, [new(bucket, false, ["+Inf", "0.1", "0.3", "0.5", "1"]), new(bucket[..2], true, [])], "no route to host", NowMs);
        findings.Select(f => f.Code).ShouldBe(["no-such-bucket", "matches-nothing", "not-evaluated"]);
        findings[0].Message.ShouldBe("There is no bucket le=\"0.35\"; the nearest are le=\"0.3\" and le=\"0.5\".");
        findings[1].Message.ShouldBe("seconds_bucket{job=\"shop\"} matches no series.");
        // Failures that never happened have no series.
        Quality.Findings(Orders with { Indicator = TestIndicators.BadOfTotal }, ledger, [new(bucket[..2], false, [])], null, NowMs).ShouldBeEmpty();
    }

    private static IEnumerable<string> Find(ObjectiveLedger ledger) => Quality.Findings(Orders, ledger, [], null, NowMs).Select(f => f.Code);

    private static ObjectiveLedger Read(Func<int, double> total, Func<int, double> good)
    {
        var (all, part) = (Series("requests_total", total), Series("good_total", good));
        var ledger = new ObjectiveLedger(Orders.Indicator);
        ledger.SetSeries([[all]], [[part]]);
        for (var minute = First; minute <= First + 120; minute++)
        {
            ledger.Read(minute * 60_000);
            ledger.Close(minute);
        }
        return ledger;
    }

    private static FakeSeries Series(string name, Func<int, double> value)
    {
        var series = new FakeSeries(Labels.Of((Labels.MetricName, name)), false, 15_000);
        series.Samples.AddRange(Enumerable.Range(0, 481).Select(i => new CounterSample(First * 60_000 + i * 15_000L, value(i), 0)));
        return series;
    }
}
