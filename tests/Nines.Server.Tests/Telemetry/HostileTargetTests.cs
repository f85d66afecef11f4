using System.Diagnostics;
using System.IO.Compression;
using System.Net;
using System.Net.Sockets;
using System.Text;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging.Abstractions;
using Nines.Core.Telemetry;
using Nines.Metrics;
using Nines.Server.Telemetry;
using Nines.Tsdb;

namespace Nines.Server.Tests.Telemetry;

public class HostileTargetTests
{
    private static async Task EndlessAsync(HttpContext context, byte[] piece)
    {
        context.Response.ContentType = "text/plain";
        while (!context.RequestAborted.IsCancellationRequested)
        {
            await context.Response.Body.WriteAsync(piece, context.RequestAborted);
        }
    }

    // Answers, and what the status says of each.
    private static readonly Dictionary<string, (Func<HttpContext, Task> Answer, string Error)> Hostile = new(StringComparer.Ordinal)
    {
        ["html"] = (c =>
        {
            c.Response.ContentType = "text/html";
            return c.Response.WriteAsync("<!DOCTYPE html><html></html>");
        }, "text/html"),
        ["html as text"] = (c => c.Response.WriteAsync("<!DOCTYPE html>\n<html></html>"), "line 1"),
        ["binary"] = (c => c.Response.Body.WriteAsync(new byte[100_000]).AsTask(), "longer than"),
        ["endless line"] = (c => EndlessAsync(c, new byte[8192]), "longer than"),
        ["endless samples"] = (c => EndlessAsync(c, Encoding.UTF8.GetBytes(string.Concat(Enumerable.Repeat("a{b=\"c\"} 1\n", 500)))), "more than 1000 samples"),
        ["endless comments"] = (c => EndlessAsync(c, Encoding.UTF8.GetBytes(string.Concat(Enumerable.Repeat("# nothing at all\n", 500)))), "larger than 4194304 bytes"),
        ["gzip bomb"] = (async c =>
        {
            c.Response.Headers.ContentEncoding = "gzip";
            await using var gzip = new GZipStream(c.Response.Body, CompressionLevel.Fastest);
            var comments = Encoding.UTF8.GetBytes(string.Concat(Enumerable.Repeat("# nothing at all\n", 5000)));
            for (var i = 0; i < 20_000; i++)
            {
                await gzip.WriteAsync(comments, c.RequestAborted);
            }
        }, "larger than 4194304 bytes"),
        ["not gzip"] = (c =>
        {
            c.Response.Headers.ContentEncoding = "gzip";
            return c.Response.WriteAsync("a 1\n");
        }, ""),
        ["one byte at a time"] = (async c =>
        {
            while (true)
            {
                await c.Response.Body.WriteAsync("#"u8.ToArray(), c.RequestAborted);
                await c.Response.Body.FlushAsync(c.RequestAborted);
                await Task.Delay(TimeSpan.FromMilliseconds(50), TimeProvider.System, c.RequestAborted);
            }
        }, "no complete answer within 0.4 s"),
        ["no answer"] = (c => Task.Delay(TimeSpan.FromMinutes(1), TimeProvider.System, c.RequestAborted), "no complete answer within 0.4 s"),
        ["cut off"] = (async c =>
        {
            c.Response.ContentLength = 1000;
            await c.Response.WriteAsync("a 1\n");
            await c.Response.Body.FlushAsync();
            c.Abort();
        }, ""),
        ["cut off OpenMetrics"] = (c =>
        {
            c.Response.ContentType = TargetServer.OpenMetrics;
            return c.Response.WriteAsync("a 1\n");
        }, "# EOF"),
        ["family without a name"] = (c =>
        {
            c.Response.ContentType = TargetServer.OpenMetrics;
            return c.Response.WriteAsync("# TYPE \"\" counter\n_created 1\n# EOF\n");
        }, "without a name"),
        ["family with braces"] = (c =>
        {
            c.Response.ContentType = TargetServer.OpenMetrics;
            return c.Response.WriteAsync("# TYPE {\"abc\" counter\n{\"abc\"} 1\n{\"abc\"_created 1\n# EOF\n");
        }, "line 3"),
        ["too many labels"] = (c => c.Response.WriteAsync("a{" + string.Join(',', Enumerable.Range(0, 80).Select(i => $"l{i}=\"x\"")) + "} 1\n"), "labels, the limit is 64"),
    };

    public static TheoryData<string> Names => [.. Hostile.Keys];

    [Theory]
    [MemberData(nameof(Names))]
    public async Task Scrape_HostileAnswer_CostsOnlyUpAndLittleMemory(string name)
    {
        await using var server = await TargetServer.StartAsync();
        server.Says("good 1\n");
        await using var scraping = new Scraping(server.Url, j => j with { Timeout = name is "one byte at a time" or "no answer" ? TimeSpan.FromSeconds(0.4) : TimeSpan.FromSeconds(9), SampleLimit = 1000, BodySizeLimit = 4 << 20 });
        await scraping.ScrapeAsync();
        server.Answer = Hostile[name].Answer;
        var watch = Stopwatch.StartNew();
        await scraping.ScrapeAsync();
        watch.Elapsed.ShouldBeLessThan(TimeSpan.FromSeconds(8));
        scraping.Values("up").ShouldBe([1, 0]);
        scraping.Values("a").ShouldBeEmpty();
        StaleMarker.Is(scraping.Values("good")[^1]).ShouldBeTrue();
        scraping.Status.Health.ShouldBe(TargetHealth.Down);
        scraping.Status.LastError.ShouldNotBeNull().ShouldContain(Hostile[name].Error);
    }

    [Fact]
    public async Task Scrape_ConnectionRefused_IsDown()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        var url = new Uri($"http://127.0.0.1:{((IPEndPoint)listener.LocalEndpoint).Port}/metrics");
        listener.Stop();
        await using var scraping = new Scraping(url);
        await scraping.ScrapeAsync();
        scraping.Values("up").ShouldBe([0]);
        scraping.Status.LastError.ShouldNotBeNull().ShouldContain("refused");
    }

    [Fact]
    public async Task Scrape_Gzip_IsRead()
    {
        await using var server = await TargetServer.StartAsync();
        server.Answer = async c =>
        {
            c.Request.Headers.AcceptEncoding.ToString().ShouldBe("gzip");
            c.Request.Headers.Accept.ToString().ShouldStartWith("application/openmetrics-text;version=1.0.0");
            c.Response.Headers.ContentEncoding = "gzip";
            await using var gzip = new GZipStream(c.Response.Body, CompressionLevel.Fastest);
            await gzip.WriteAsync("a 1\n"u8.ToArray());
        };
        await using var scraping = new Scraping(server.Url);
        await scraping.ScrapeAsync();
        scraping.Values("a").ShouldBe([1]);
    }

    [Fact]
    public async Task Loop_IntervalShortened_HoldsAtOnce()
    {
        var stop = TestContext.Current.CancellationToken;
        await using var server = await TargetServer.StartAsync();
        var scraped = new TaskCompletionSource();
        server.Answer = c =>
        {
            scraped.TrySetResult();
            return c.Response.WriteAsync("a 1\n");
        };
        using var directory = new TempDirectory();
        using var store = new TsdbStore(new TsdbOptions { Directory = directory.Path });
        using var loop = new ScrapeLoop(store, store, new MetadataStore(), new NinesOptions { WorkspaceDirectory = ".", DataDirectory = "." }, TimeProvider.System, NullLogger<ScrapeLoop>.Instance);
        var target = new ScrapeTarget(server.Url, Labels.Of(("job", "shop")));
        await loop.StartAsync(stop);
        loop.Apply([Scraping.Make(target, interval: TimeSpan.FromDays(10))]);
        loop.Apply([Scraping.Make(target, interval: TimeSpan.FromMilliseconds(100))]);
        await scraped.Task.WaitAsync(TimeSpan.FromSeconds(10), TimeProvider.System, stop);
        await loop.StopAsync(stop);
    }

    [Fact]
    public async Task Loop_HostileNeighbours_HealthyTargetStaysUp()
    {
        var stop = TestContext.Current.CancellationToken;
        await using var bad = await TargetServer.StartAsync();
        await using var good = await TargetServer.StartAsync();
        bad.Answer = c => c.Request.Path.Value!.Length % 2 == 0 ? Hostile["one byte at a time"].Answer(c) : Hostile["endless comments"].Answer(c);
        var (scrapes, enough) = (0, new TaskCompletionSource());
        good.Answer = c =>
        {
            if (++scrapes == 8)
            {
                enough.TrySetResult();
            }
            return c.Response.WriteAsync("a 1\n");
        };
        using var directory = new TempDirectory();
        using var store = new TsdbStore(new TsdbOptions { Directory = directory.Path });
        using var loop = new ScrapeLoop(store, store, new MetadataStore(), new NinesOptions { WorkspaceDirectory = ".", DataDirectory = "." }, TimeProvider.System, NullLogger<ScrapeLoop>.Instance);
        var interval = TimeSpan.FromMilliseconds(250);
        var healthy = new ScrapeTarget(good.Url, Labels.Of(("job", "good"), ("instance", "g")));
        var jobs = Enumerable.Range(0, 6).Select(i => Job($"bad{i}", new ScrapeTarget(new Uri(bad.Url, "/" + new string('x', i + 1)), Labels.Of(("job", "bad"), ("instance", $"{i}"))))).Append(Job("good", healthy)).ToArray();
        loop.Apply(jobs);
        await loop.StartAsync(stop);
        await enough.Task.WaitAsync(TimeSpan.FromSeconds(20), TimeProvider.System, stop);
        loop.Targets.Single(t => t.Job == "good").Health.ShouldBe(TargetHealth.Up);
        loop.Targets.Count.ShouldBe(7);
        loop.Apply(jobs[..1]);
        loop.Targets.Count.ShouldBe(1);
        await loop.StopAsync(stop);
        // How punctual the healthy target's scrapes stay is measured by eng/prove/03-bad-input.sh.
        store.Select([new("__name__", MatchOp.Equal, "up"), new("job", MatchOp.Equal, "bad")], 0, long.MaxValue).SelectMany(s => s.Samples()).ShouldAllBe(s => s.Value == 0 || StaleMarker.Is(s.Value));

        ScrapeJob Job(string name, ScrapeTarget target) =>
            Scraping.Make(target, j => j with { Name = name, Timeout = interval, BodySizeLimit = 1 << 20 }, interval);
    }
}
