using FsCheck;
using FsCheck.Fluent;
using Nines.Core.Alerting;
using Nines.Core.Probes.Collectors;
using Nines.Core.Probes.Collectors.Host;
using Nines.Metrics;

namespace Nines.Core.Tests.Probes.Collectors;

public sealed class CollectorStandingTests
{
    private const long Minute = 60_000;
    private static readonly Uri Pages = new("https://nines.example/");
    private static readonly Collector Sales = new("sales", "Sales", TimeSpan.FromMinutes(1), TimeSpan.FromSeconds(10), new FileWork(["/x"]), new("w.yaml", 3, 1))
    {
        Service = "shop",
    };

    [Fact]
    public void ThirdFailureInARow_TellsSomebody_AndSuccessEndsItOnce()
    {
        var course = Course(Sales, [(0, false), (1, true), (2, true), (3, true), (4, true), (5, false), (6, false)]);
        course.Select(c => c.Alert is null ? "-" : c.Alert.EndsAtNs / 1_000_000 == c.AtMs ? "ends" : "fires").ShouldBe(["-", "-", "-", "fires", "fires", "ends", "-"]);
        var alert = course[3].Alert!;
        alert.Labels.ShouldBe(Labels.Of(("alertname", "CollectorFailing"), ("severity", "ticket"), ("collector", "sales"), ("service", "shop"), ("environment", "production")));
        alert.Annotations["summary"].ShouldBe("The collector Sales fails: no");
        alert.Annotations["description"].ShouldStartWith("3 runs failed, the first at 1970-01-01 00:01 UTC. ");
        alert.GeneratorUrl.ShouldBe("https://nines.example/collectors/sales");
        // It holds over two runs that do not come.
        (alert.EndsAtNs / 1_000_000 - course[3].AtMs).ShouldBeGreaterThan(2 * Minute);
        course[4].Alert!.StartsAtNs.ShouldBe(alert.StartsAtNs);
        course[5].Alert!.Annotations["summary"].ShouldBe("The collector Sales fails: no");
    }

    [Fact]
    public void ThreeFailuresWithinASecond_AreNotThreeIntervals()
    {
        var standing = CollectorStanding.New;
        for (var i = 0; i < 5; i++)
        {
            standing = standing.After(Sales, new(i, i, 0, 0, "no"), i);
        }
        (standing.Failures, standing.AlertSinceMs).ShouldBe((5, null));
    }

    [Fact]
    public void Success_Between_BeginsAnew() =>
        Course(Sales, [(0, true), (1, true), (2, false), (3, true), (4, true)]).ShouldAllBe(c => c.Alert == null);

    [Fact]
    public void Missed_RunsAreCounted_TheFirstIsNot()
    {
        var standing = CollectorStanding.New.After(Sales, new(7 * Minute, 7 * Minute, 0, 1, null), null);
        standing.MissedRuns.ShouldBe(0);
        standing = standing.After(Sales, new(8 * Minute, 8 * Minute, 0, 1, null), 7 * Minute);
        standing.MissedRuns.ShouldBe(0);
        standing.After(Sales, new(68 * Minute, 68 * Minute, 0, 1, null), 8 * Minute).MissedRuns.ShouldBe(59);
    }

    // Whoever hears of a beginning hears of the end, and of nothing else.
    [Fact]
    public void AnyCourse_EndsWhatBegan()
    {
        Prop.ForAll(Gen.ListOf(Gen.Elements(true, false)).ToArbitrary(), failures =>
        {
            var firing = false;
            return Course(Sales, [.. failures.Select((f, i) => (i, f))]).All(c =>
            {
                var ends = c.Alert is not null && c.Alert.EndsAtNs / 1_000_000 <= c.AtMs;
                var fine = c.Alert is null ? !firing : ends ? firing && !c.Failed : c.Failed;
                firing = c.Alert is not null && !ends;
                return fine;
            });
        }).QuickCheckThrowOnFailure();
    }

    [Fact]
    public void Series_BeyondTheLimit_AreNamed()
    {
        var set = new CollectedSet();
        for (var i = 0; i < 5; i++)
        {
            set.Gauge("m", "", i, ("n", $"{i}"));
        }
        var series = set.Series(Sales with { SeriesLimit = 3, Extra = Labels.Of(("team", "x"), ("n", "no")) }, out var refused);
        series.Count.ShouldBe(3);
        refused.ShouldBe("2 of 5 series are beyond the limit of 3, the first of them m{n=\"3\"}");
        series[0].Labels.ShouldBe(Labels.Of(("__name__", "m"), ("collector", "sales"), ("environment", "production"), ("n", "0"), ("service", "shop"), ("team", "x")));
        set.Series(Sales with { SeriesLimit = 5 }, out refused).Count.ShouldBe(5);
        refused.ShouldBeNull();
    }

    [Fact]
    public void Labels_OfTheCollector_CannotBeForged()
    {
        var set = new CollectedSet { Common = Labels.Of(("job", "node")) };
        set.Gauge("m", "", 1, ("collector", "other"), ("service", "bank"));
        var labels = set.Series(Sales with { Extra = Labels.Of(("job", "mine")) }, out _).ShouldHaveSingleItem().Labels;
        (labels["collector"], labels["service"], labels["job"]).ShouldBe(("sales", "shop", "mine"));
    }

    [Fact]
    public void Offsets_AreSpreadOverTheInterval()
    {
        var offsets = Enumerable.Range(0, 1000).Select(i => (Sales with { Name = $"c{i}" }).OffsetMs).ToList();
        offsets.ShouldAllBe(o => o >= 0 && o < Minute);
        Enumerable.Range(0, 6).ShouldAllBe(part => offsets.Count(o => o / 10_000 == part) > 100);
        Sales.OffsetMs.ShouldBe((Sales with { DisplayName = "other" }).OffsetMs);
    }

    [Theory]
    [InlineData(0, 0, FillTrend.Steady, 0)]
    [InlineData(-1, 0, FillTrend.Filling, 93)]
    [InlineData(-1, 0.5, FillTrend.Filling, 93)]
    [InlineData(-0.1, 20, FillTrend.Steady, 0)]
    [InlineData(1, 0, FillTrend.Steady, 0)]
    public void Forecast_OnlyWhatFillsForSure_IsSaidToFill(double perDay, double noise, FillTrend trend, double days)
    {
        var random = new Random(4);
        var forecast = FillForecast.Of([.. Enumerable.Range(0, 7 * 24 + 1).Select(h => (h * 3_600_000L, 100 + perDay * h / 24 + noise * (random.NextDouble() - 0.5)))]);
        forecast.Trend.ShouldBe(trend);
        forecast.Days.ShouldBe(days, 2);
        if (trend == FillTrend.Filling)
        {
            forecast.EarliestDays.ShouldBeLessThanOrEqualTo(forecast.Days);
            forecast.LatestDays.ShouldBeGreaterThanOrEqualTo(forecast.Days);
        }
    }

    [Fact]
    public void Forecast_OfWandering_IsNotFooledByManyPointsThatAreAlike()
    {
        var fooled = 0;
        for (var seed = 0; seed < 200; seed++)
        {
            var random = new Random(seed);
            var level = 0.0;
            // It comes back to its middle, slowly: no trend, but each hour is like the one before.
            fooled += FillForecast.Of([.. Enumerable.Range(0, 169).Select(h => (h * 3_600_000L, 100 + (level = 0.8 * level + random.NextDouble() - 0.5)))]).Trend == FillTrend.Filling ? 1 : 0;
        }
        fooled.ShouldBeLessThan(16);
    }

    [Fact]
    public void Forecast_OfLessThanADay_IsNone() =>
        FillForecast.Of([.. Enumerable.Range(0, 20).Select(h => (h * 3_600_000L, 100.0 - h))]).Trend.ShouldBe(FillTrend.TooEarly);

    [Fact]
    public void Host_ItsFirstFigures()
    {
        (Labels, double)[] values =
        [
            (Series("node_load1"), 1.5), (Series("node_memory_MemTotal_bytes"), 100), (Series("node_memory_MemAvailable_bytes"), 30), (Series("node_memory_SwapTotal_bytes"), 10),
            (Series("node_memory_SwapFree_bytes"), 4), (Series("node_cpu_seconds_total", ("cpu", "0")), 1), (Series("node_cpu_seconds_total", ("cpu", "1")), 1),
            (Series("node_filesystem_size_bytes", ("mountpoint", "/")), 100), (Series("node_filesystem_avail_bytes", ("mountpoint", "/")), 50),
            (Series("node_filesystem_size_bytes", ("mountpoint", "/data")), 10), (Series("node_filesystem_avail_bytes", ("mountpoint", "/data")), 1),
        ];
        var report = HostReport.Of(Sales, new(0, 5, 0, 11, null), values);
        (report.Instance, report.Processors, report.Load, report.MemoryBytes, report.SwapUsedBytes, report.Fullest!.Value.Mount).ShouldBe(("box", 2, 1.5, 100, 6, "/data"));
        HostReport.UsedOf([("idle", 60), ("user", 20), ("iowait", 10), ("system", 10), ("user", -5)])!.Value.ShouldBe(0.3, 1e-9);
        HostReport.UsedOf([]).ShouldBeNull();
    }

    private static Labels Series(string name, params (string, string)[] labels) => Labels.Of([("__name__", name), ("instance", "box"), .. labels]);

    private static List<(long AtMs, bool Failed, PostedAlert? Alert)> Course(Collector collector, IEnumerable<(int Minute, bool Failed)> runs)
    {
        var standing = CollectorStanding.New;
        var course = new List<(long, bool, PostedAlert?)>();
        long? slot = null;
        foreach (var (minute, failed) in runs)
        {
            var at = minute * Minute;
            var after = standing.After(collector, new(at, at, 0.1, 1, failed ? "no" : null), slot);
            course.Add((at + 100, failed, after.Alert(collector, standing, at + 100, Pages)));
            (standing, slot) = (after, at);
        }
        return course;
    }
}
