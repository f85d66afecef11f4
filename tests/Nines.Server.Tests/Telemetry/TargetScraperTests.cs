using Nines.Core.Telemetry;
using Nines.Metrics;
using Nines.Server.Telemetry;

namespace Nines.Server.Tests.Telemetry;

public class TargetScraperTests
{
    [Fact]
    public async Task Scrape_TextBody_StoresSamplesAndReports()
    {
        await using var server = await TargetServer.StartAsync();
        server.Says("# TYPE a counter\na_total{x=\"1\"} 5\nb 2.5\n");
        await using var scraping = new Scraping(server.Url);
        await scraping.ScrapeAsync();
        await scraping.ScrapeAsync();
        scraping.All("a_total")[0].ShouldBe(("a_total{instance=\"a:1\", job=\"shop\", x=\"1\"}", 1_700_000_000_000, 5));
        scraping.Values("b").ShouldBe([2.5, 2.5]);
        scraping.Values("up").ShouldBe([1, 1]);
        scraping.Values("scrape_samples_scraped").ShouldBe([2, 2]);
        scraping.Values("scrape_samples_post_metric_relabeling").ShouldBe([2, 2]);
        scraping.Values("scrape_series_added").ShouldBe([2, 0]);
        scraping.Values("scrape_duration_seconds").Count.ShouldBe(2);
        (scraping.Status.Health, scraping.Status.LastSamples, scraping.Status.LastError).ShouldBe((TargetHealth.Up, 2, null));
        scraping.Handle("b").IntervalMs.ShouldBe(Scraping.Interval);
    }

    [Fact]
    public async Task Scrape_OpenMetricsCreated_IsTheStartOfItsFamilyAndLabelsOnly()
    {
        await using var server = await TargetServer.StartAsync();
        server.Says("""
            # TYPE a counter
            a_total{x="1"} 5 # {trace_id="t"} 1
            a_created{x="1"} 1699999000.5
            a_total{x="2"} 6
            # TYPE h histogram
            h_bucket{le="1.0"} 1
            h_bucket{le="+Inf"} 2
            h_count 2
            h_sum 3
            h_created 1699999001
            # TYPE a_created_things gauge
            a_created_things 1
            # EOF

            """, TargetServer.OpenMetrics);
        await using var scraping = new Scraping(server.Url);
        await scraping.ScrapeAsync();
        await scraping.ScrapeAsync();
        var starts = scraping.Store.Track([new Matcher("job", MatchOp.Equal, "shop")]).Handles.ToDictionary(h => h.Labels.Without("job", "instance").ToString(), h =>
        {
            var into = new CounterSample[10];
            return (h.Read(0, long.MaxValue, into), into[0].StartMs, into[1].StartMs);
        }, StringComparer.Ordinal);
        starts["a_total{x=\"1\"}"].ShouldBe((2, 1_699_999_000_500, 1_699_999_000_500));
        starts["a_total{x=\"2\"}"].ShouldBe((2, 0, 0));
        foreach (var name in (string[])["h_bucket{le=\"1.0\"}", "h_bucket{le=\"+Inf\"}", "h_count", "h_sum"])
        {
            starts[name].ShouldBe((2, 1_699_999_001_000, 1_699_999_001_000), name);
        }
        starts.ShouldContainKey("a_created_things");
        starts.ShouldNotContainKey("a_created{x=\"1\"}");
    }

    [Fact]
    public async Task Scrape_SamplesTheStoreRefuses_AreCountedForTheTarget()
    {
        await using var server = await TargetServer.StartAsync();
        server.Says("a 1 1700000000000\nb 5 1700000000000\n");
        await using var scraping = new Scraping(server.Url);
        await scraping.ScrapeAsync();
        scraping.Status.LastRefused.Total.ShouldBe(0);
        server.Says("a 1 1600000000000\nb 6 1700000000000\nc 1 1800000000000\nd 1\nd 2\n");
        await scraping.ScrapeAsync();
        scraping.Status.LastRefused.ToString().ShouldBe("1 out of order, 2 with a second value for their time, 1 too far in the future");
        scraping.Values("d").ShouldBe([1]);
        scraping.Values("up").ShouldBe([1, 1]);
    }

    [Fact]
    public async Task Scrape_SeriesTheStoreHasForgotten_IsResolvedAgain()
    {
        await using var server = await TargetServer.StartAsync();
        server.Says("a 1\n");
        await using var scraping = new Scraping(server.Url);
        await scraping.ScrapeAsync();
        scraping.Sink.Forget();
        server.Says("a 2\nb 1\n");
        await scraping.ScrapeAsync();
        await scraping.ScrapeAsync();
        scraping.Status.LastRefused.Total.ShouldBe(0);
        scraping.Values("a").ShouldBe([1, 2, 2]);
        scraping.Values("up").ShouldBe([1, 1, 1]);
        scraping.Values("scrape_series_added").ShouldBe([1, 1, 0]);
        scraping.Handle("b").BornInKnownTarget.ShouldBeTrue();
    }

    [Fact]
    public async Task Scrape_SeriesThatFoundNoRoom_IsNotBornWhenItDoes()
    {
        await using var server = await TargetServer.StartAsync();
        server.Says("a 1\n");
        await using var scraping = new Scraping(server.Url);
        await scraping.ScrapeAsync();
        scraping.Sink.Full = true;
        server.Says("a 1\nb 100\n");
        await scraping.ScrapeAsync();
        scraping.Status.LastRefused.ToString().ShouldBe("1 beyond the limit of series");
        scraping.Sink.Full = false;
        await scraping.ScrapeAsync();
        scraping.Values("b").ShouldBe([100]);
        scraping.Handle("b").BornInKnownTarget.ShouldBeFalse("it may have counted to 100 before");
    }

    [Fact]
    public async Task Scrape_CreatedAfterTheScrapesOwnTime_KeepsTheStartTheTargetSays()
    {
        await using var server = await TargetServer.StartAsync();
        server.Says("# TYPE a counter\na_total 5\na_created 33333333333.5\n# EOF\n", TargetServer.OpenMetrics);
        await using var scraping = new Scraping(server.Url);
        await scraping.ScrapeAsync();
        await scraping.ScrapeAsync();
        var into = new CounterSample[10];
        var series = scraping.Store.Track([new Matcher("__name__", MatchOp.Equal, "a_total")]).Handles.ShouldHaveSingleItem();
        into[..series.Read(0, long.MaxValue, into)].Select(s => s.StartMs).ShouldBe([33_333_333_333_500, 33_333_333_333_500]);
    }

    [Fact]
    public async Task Scrape_SeriesVanishesAndReturns_IsEndedOnceAndStartsAgain()
    {
        await using var server = await TargetServer.StartAsync();
        await using var scraping = new Scraping(server.Url);
        foreach (var body in (string[])["a 1\nb 1\n", "a 2\n", "a 3\n", "a 4\nb 4\n", "b 5\na 5\n"])
        {
            server.Says(body);
            await scraping.ScrapeAsync();
        }
        scraping.Values("a").ShouldBe([1, 2, 3, 4, 5]);
        scraping.Values("b").Select(v => StaleMarker.Is(v) ? -1 : v).ShouldBe([1, -1, 4, 5]);
        scraping.Values("scrape_series_added").ShouldBe([2, 0, 0, 1, 0]);
    }

    [Fact]
    public async Task Scrape_TargetFails_EndsAllSeriesAndUpIsZero()
    {
        await using var server = await TargetServer.StartAsync();
        await using var scraping = new Scraping(server.Url);
        server.Says("a 1\nb 1 1699999999000\n");
        await scraping.ScrapeAsync();
        server.Answer = c =>
        {
            c.Response.StatusCode = 500;
            return Task.CompletedTask;
        };
        await scraping.ScrapeAsync();
        await scraping.ScrapeAsync();
        server.Says("a 4\n");
        await scraping.ScrapeAsync();
        scraping.Values("up").ShouldBe([1, 0, 0, 1]);
        scraping.Values("a").Select(v => StaleMarker.Is(v) ? -1 : v).ShouldBe([1, -1, 4]);
        scraping.All("b").Select(s => s.TimeMs).ShouldBe([1_699_999_999_000]);
        scraping.Status.Health.ShouldBe(TargetHealth.Up);
    }

    [Fact]
    public async Task End_TargetRemoved_EndsItsSeriesAndReports()
    {
        await using var server = await TargetServer.StartAsync();
        server.Says("a 1\n");
        await using var scraping = new Scraping(server.Url);
        await scraping.ScrapeAsync();
        scraping.End();
        StaleMarker.Is(scraping.Values("a")[^1]).ShouldBeTrue();
        StaleMarker.Is(scraping.Values("up")[^1]).ShouldBeTrue();
    }

    [Theory]
    [InlineData(false, "a{exported_instance=\"own\", instance=\"a:1\", job=\"shop\"}")]
    [InlineData(true, "a{instance=\"own\", job=\"shop\"}")]
    public async Task Scrape_LabelsInConflict_HonorLabelsDecides(bool honor, string expected)
    {
        await using var server = await TargetServer.StartAsync();
        server.Says("a{instance=\"own\"} 1\n");
        await using var scraping = new Scraping(server.Url, j => j with { HonorLabels = honor });
        await scraping.ScrapeAsync();
        scraping.All("a").Single().Series.ShouldBe(expected);
    }

    [Theory]
    [InlineData(true, 1_699_999_990_000)]
    [InlineData(false, 1_700_000_000_000)]
    public async Task Scrape_OwnTimestamps_HonorTimestampsDecides(bool honor, long expected)
    {
        await using var server = await TargetServer.StartAsync();
        server.Says("a 1 1699999990000\n");
        await using var scraping = new Scraping(server.Url, j => j with { HonorTimestamps = honor });
        await scraping.ScrapeAsync();
        scraping.All("a").Single().TimeMs.ShouldBe(expected);
    }

    [Fact]
    public async Task Born_FirstScrapeNeverKnown_LaterOnesWithoutGapAre()
    {
        await using var server = await TargetServer.StartAsync();
        await using var scraping = new Scraping(server.Url);
        server.Says("first 1\n");
        await scraping.ScrapeAsync();
        server.Says("second 1\n");
        await scraping.ScrapeAsync(intervals: 2.4);
        server.Says("third 1\n");
        await scraping.ScrapeAsync(intervals: 2.6);
        server.Says("aftergap 1\n");
        await scraping.ScrapeAsync();
        server.Says("<bad");
        await scraping.ScrapeAsync();
        server.Says("afterfailure 1\n");
        await scraping.ScrapeAsync();
        string[] names = ["first", "second", "third", "aftergap", "afterfailure"];
        names.Select(n => scraping.Handle(n).BornInKnownTarget).ShouldBe([false, true, true, false, false]);
    }

    [Theory]
    [InlineData(1, true)]
    [InlineData(2.4, true)]
    [InlineData(2.6, false)]
    public async Task Born_AfterOurRestart_TheStoreSaysWhetherThereWasAGap(double intervals, bool known)
    {
        await using var server = await TargetServer.StartAsync();
        await using var scraping = new Scraping(server.Url);
        server.Says("a 1\n");
        await scraping.ScrapeAsync(intervals);
        scraping.Restart();
        server.Says("a 2\nb 1\n");
        await scraping.ScrapeAsync();
        scraping.Handle("b").BornInKnownTarget.ShouldBe(known);
        scraping.Handle("a").BornInKnownTarget.ShouldBeFalse();
        scraping.Values("a").ShouldBe([1, 2]);
    }

    [Fact]
    public async Task Born_RestartAfterFailedScrape_IsNotKnown()
    {
        await using var server = await TargetServer.StartAsync();
        await using var scraping = new Scraping(server.Url);
        server.Says("a 1\n");
        await scraping.ScrapeAsync();
        server.Says("<bad");
        await scraping.ScrapeAsync();
        scraping.Restart();
        server.Says("b 1\n");
        await scraping.ScrapeAsync();
        scraping.Handle("b").BornInKnownTarget.ShouldBeFalse();
    }

    [Fact]
    public async Task Scrape_MetricRelabelling_DropsAndRenamesAndCountsWhatIsLeft()
    {
        await using var server = await TargetServer.StartAsync();
        server.Says("a{x=\"1\"} 1\na{x=\"2\"} 2\nb 3\n");
        await using var scraping = new Scraping(server.Url, j => j with
        {
            SampleLimit = 2,
            MetricRelabelRules = [Rule(RelabelAction.Drop, "__name__", "b", "", ""), Rule(RelabelAction.Replace, "x", "2", "x", "two")],
        });
        await scraping.ScrapeAsync();
        await scraping.ScrapeAsync();
        scraping.All("a").Select(s => s.Series).Distinct().Order().ShouldBe(["a{instance=\"a:1\", job=\"shop\", x=\"1\"}", "a{instance=\"a:1\", job=\"shop\", x=\"two\"}"]);
        scraping.Values("b").ShouldBeEmpty();
        scraping.Values("scrape_samples_scraped").ShouldBe([3, 3]);
        scraping.Values("scrape_samples_post_metric_relabeling").ShouldBe([2, 2]);
        scraping.Values("scrape_series_added").ShouldBe([2, 0]);
    }

    [Fact]
    public async Task Apply_OtherMetricRules_EndsTheSeriesThatAreOthersNow()
    {
        await using var server = await TargetServer.StartAsync();
        server.Says("a 1\nb 2\n");
        await using var scraping = new Scraping(server.Url);
        await scraping.ScrapeAsync();
        scraping.Apply(j => j with { MetricRelabelRules = [Rule(RelabelAction.Replace, "__name__", "b", "__name__", "c")] });
        await scraping.ScrapeAsync();
        await scraping.ScrapeAsync();
        scraping.Values("a").ShouldBe([1, 1, 1]);
        scraping.Values("b").Select(v => StaleMarker.Is(v) ? -1 : v).ShouldBe([2, -1]);
        scraping.Values("c").ShouldBe([2, 2]);
    }

    [Fact]
    public async Task Scrape_WithCredentials_TheTargetSeesThem()
    {
        await using var server = await TargetServer.StartAsync();
        var seen = "";
        server.Answer = context =>
        {
            seen = context.Request.Headers.Authorization.ToString();
            return Task.CompletedTask;
        };
        async Task<string> AskedWith(HttpAccess access)
        {
            await using var scraping = new Scraping(server.Url, j => j with { Access = access });
            await File.WriteAllTextAsync(Path.Combine(scraping.DirectoryPath, "secret"), "s3cret\n", TestContext.Current.CancellationToken);
            await scraping.ScrapeAsync();
            return scraping.Status.LastError ?? seen;
        }
        (await AskedWith(new() { Username = "u", PasswordFile = "secret" })).ShouldBe("Basic " + Convert.ToBase64String("u:s3cret"u8));
        (await AskedWith(new() { CredentialsFile = "secret" })).ShouldBe("Bearer s3cret");
        (await AskedWith(new() { AuthorizationType = "Token", Credentials = new("abc") })).ShouldBe("Token abc");
        (await AskedWith(new() { CredentialsFile = "missing" })).ShouldBe("the file missing cannot be read");
        (await AskedWith(new() { Tls = new() { CaFile = "secret" } })).ShouldBe("the file secret cannot be read: it is not PEM, or certificate and key differ");
        (await AskedWith(new() { Tls = new() { CaFile = "missing" } })).ShouldBe("the file missing cannot be read");
    }

    private static RelabelRule Rule(RelabelAction action, string source, string pattern, string target, string replacement) =>
        new(action, [source], ";", Re2.Anchored(pattern), target, replacement, 0);
}
