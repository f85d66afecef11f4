using Nines.Core.Objectives;
using Nines.Metrics;

namespace Nines.Core.Tests.Objectives;

public sealed class AttributionTests
{
    private const long First = 30_000_000;

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void ByLabel_RandomTraffic_ChargesWhatEachValueCounted(bool byGood)
    {
        var random = new Random(8);
        var indicator = byGood ? TestIndicators.GoodOfTotal : TestIndicators.BadOfTotal;
        var series = (from route in (string[])["/a", "/b", "/c"] from zone in (string[])["x", "y"] from code in (string[])["200", "500"]
                      select new FakeSeries(Labels.Of((Labels.MetricName, "requests_total"), ("route", route), ("zone", zone), ("code", code)), false, 15_000)).ToList();
        var (from, to) = (First + 600, First + 900);
        var truth = new Dictionary<(string, string), double>();
        foreach (var one in series)
        {
            var value = (double)random.Next(1000);
            for (var at = First * 60_000; at <= (First + 1000) * 60_000; at += 15_000)
            {
                var added = one.Labels["code"] == "500" && one.Labels["route"] != "/b" ? 0 : random.Next(5);
                // A counter that starts anew loses nothing that was read.
                value = random.Next(200) == 0 ? added : value + added;
                one.Samples.Add(new(at, value, 0));
            }
            for (var i = 1; i < one.Samples.Count; i++)
            {
                if (one.Samples[i].TimeMs > from * 60_000 && one.Samples[i].TimeMs <= to * 60_000 && one.Labels["code"] == "500")
                {
                    var increase = one.Samples[i].Value - one.Samples[i - 1].Value;
                    foreach (var label in (string[])["route", "zone"])
                    {
                        var key = (label, one.Labels[label]);
                        truth[key] = truth.GetValueOrDefault(key) + (increase < 0 ? one.Samples[i].Value : increase);
                    }
                }
            }
        }
        ISeriesHandle[] failed = [.. series.Where(s => s.Labels["code"] == "500")], answered = [.. series.Where(s => s.Labels["code"] == "200")];
        var bad = truth.Where(t => t.Key.Item1 == "route").Sum(t => t.Value);
        var spreads = Attribution.ByLabel(indicator, [[.. series]], [byGood ? answered : failed], new WindowAccount(from, to, 0, bad + 40, 300, 0, 0, 0, false));
        spreads[0].Label.ShouldBe("route");
        spreads[0].Shares[0].Value.ShouldBe("/b");
        foreach (var spread in spreads.Where(s => s.Label != "code"))
        {
            spread.Unexplained.ShouldBe(40, 1e-6);
            foreach (var share in spread.Shares)
            {
                share.Bad.ShouldBe(truth.GetValueOrDefault((spread.Label, share.Value)), 1e-6);
            }
        }
    }

    [Fact]
    public void ByLabel_SeriesBornWithin_CountsFromZeroWhenItsTargetWasKnown()
    {
        var born = new FakeSeries(Labels.Of((Labels.MetricName, "requests_total"), ("code", "500"), ("route", "/new")), true, 15_000);
        born.Samples.Add(new((First + 10) * 60_000, 7, 0));
        var old = new FakeSeries(Labels.Of((Labels.MetricName, "requests_total"), ("code", "500"), ("route", "/old")), true, 15_000);
        old.Samples.Add(new((First - 1000) * 60_000, 100, 0));
        old.Samples.Add(new((First - 1) * 60_000, 200, 0));
        old.Samples.Add(new((First + 10) * 60_000, 203, 0));
        var spread = Attribution.ByLabel(TestIndicators.BadOfTotal, [[born, old]], [[born, old]], new WindowAccount(First, First + 60, 0, 10, 60, 0, 0, 0, false))
            .Single(s => s.Label == "route");
        spread.Shares.ShouldBe([new("/new", 7, 7), new("/old", 3, 3)]);
        spread.Unexplained.ShouldBe(0);
    }
}
