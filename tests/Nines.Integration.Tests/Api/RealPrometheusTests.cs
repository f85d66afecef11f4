using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Text;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.Logging;
using Nines.Core.Access;

namespace Nines.Integration.Tests.Api;

/// <summary>A real Prometheus scrapes a target and writes it to Nines; promtool then hears the same from both.</summary>
public sealed class RealPrometheusTests
{
    private static readonly string? Prometheus = Program("prometheus");
    private static readonly string? Promtool = Program("promtool");

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Fact]
    public async Task RemoteWrite_OfARealPrometheus_PromtoolHearsTheSameFromBoth()
    {
        if (Prometheus is null || Promtool is null)
        {
            Environment.GetEnvironmentVariable("CI").ShouldNotBe("true", "prometheus is not installed; ./test.sh installs it");
            Assert.Skip("prometheus is not installed");
        }
        await using var target = await TargetAsync();
        await using var server = await RunningServer.StartAsync();
        using var client = await server.ClientAsync(Role.Admin);
        var token = client.DefaultRequestHeaders.Authorization!.Parameter!;
        var directory = Directory.CreateTempSubdirectory("nines-prometheus-").FullName;
        var peer = new Uri($"http://127.0.0.1:{FreePort()}");
        await File.WriteAllTextAsync(Path.Combine(directory, "p.yml"), $$"""
            global: {scrape_interval: 1s}
            scrape_configs:
              - {job_name: t, static_configs: [{targets: ['{{new Uri(target.Urls.First()).Authority}}']}]}
            remote_write:
              - url: {{server.Address}}api/v1/write
                authorization: {credentials: {{token}}}
                queue_config: {batch_send_deadline: 200ms}
            """, Stop);
        using var process = Process.Start(new ProcessStartInfo(Prometheus,
            [$"--config.file={directory}/p.yml", $"--storage.tsdb.path={directory}/data", $"--web.listen-address={peer.Authority}", "--log.level=error"])
        { UseShellExecute = false, RedirectStandardError = true })!;
        try
        {
            var nines = $"http://any:{token}@{server.Address.Authority}";
            // The last sample both hold bounds what is asked: the sender is always a little behind.
            var end = await HeldByBothAsync(client, peer);
            var start = end - 2;
            foreach (var (arguments, ordered) in Asks(start, end))
            {
                var expected = await AskAsync(arguments, peer.ToString().TrimEnd('/'));
                var actual = await AskAsync(arguments, nines);
                expected.Lines.ShouldNotBeEmpty(string.Join(' ', arguments));
                actual.Error.ShouldBe(expected.Error);
                if (!ordered)
                {
                    expected.Lines.Sort(StringComparer.Ordinal);
                    actual.Lines.Sort(StringComparer.Ordinal);
                }
                (actual.Lines.Count == expected.Lines.Count && actual.Lines.Zip(expected.Lines).All(l => Same(l.First, l.Second)))
                    .ShouldBeTrue($"{string.Join(' ', arguments)}\n{string.Join('\n', expected.Lines)}\nbut Nines says\n{string.Join('\n', actual.Lines)}");
            }
        }
        finally
        {
            process.Kill();
            await process.WaitForExitAsync(Stop);
            Directory.Delete(directory, recursive: true);
        }
    }

    private static IEnumerable<(string[] Arguments, bool Ordered)> Asks(long start, long end)
    {
        foreach (var query in (string[])["requests_total", "sum by (code) (requests_total)", "rate(requests_total[3s])", "histogram_quantile(0.9, latency_bucket)",
            "up", "1 / 3", "scalar(up)", "topk(1, requests_total)", "requests_total[2s]", "label_replace(up, \"x\", \"é$1\", \"job\", \"(.*)\")", "special"])
        {
            yield return (["query", "instant", $"--time={end}", "@", query], false);
        }
        foreach (var query in (string[])["requests_total", "sum(rate(requests_total[3s]))", "special > 0"])
        {
            yield return (["query", "range", $"--start={start}", $"--end={end}", "--step=1s", "@", query], true);
        }
        yield return (["query", "series", "--match=requests_total", "--match=special", $"--start={start}", $"--end={end}", "@"], false);
        yield return (["query", "labels", $"--start={start}", $"--end={end}", "@", "code"], true);
        yield return (["query", "labels", $"--start={start}", $"--end={end}", "@", "__name__"], true);
    }

    // Word by word; what was computed may differ in the last digits, since the order of a sum is not fixed.
    private static bool Same(string a, string b)
    {
        var (left, right) = (a.Split(' '), b.Split(' '));
        return left.Length == right.Length && left.Zip(right).All(w => w.First == w.Second
            || (double.TryParse(w.First, out var x) && double.TryParse(w.Second, out var y) && Math.Abs(x - y) <= 1e-12 * Math.Max(Math.Abs(x), Math.Abs(y))));
    }

    private static async Task<long> HeldByBothAsync(HttpClient nines, Uri peer)
    {
        using var plain = new HttpClient { BaseAddress = peer };
        var first = 0L;
        while (true)
        {
            var newest = await NewestAsync(nines);
            if (newest > 0 && await NewestAsync(plain) > 0)
            {
                first = first == 0 ? newest : first;
                // Past the first seconds: how a rate is extrapolated to a counter's beginning differs between 2.42 and 3.
                if (newest >= first + 9)
                {
                    return newest - 1;
                }
            }
            await Task.Delay(TimeSpan.FromMilliseconds(200), TimeProvider.System, Stop);
        }
    }

    // Seconds of the newest sample of the scrape's last series.
    private static async Task<long> NewestAsync(HttpClient client)
    {
        try
        {
            var answer = await client.GetStringAsync("/api/v1/query?query=floor(max(timestamp(scrape_series_added)))", Stop);
            return System.Text.Json.Nodes.JsonNode.Parse(answer)!["data"]!["result"]!.AsArray() is [{ } one, ..] ? long.Parse((string)one["value"]![1]!) : 0;
        }
        catch (HttpRequestException)
        {
            return 0;
        }
    }

    private static async Task<(List<string> Lines, string Error)> AskAsync(string[] arguments, string server)
    {
        using var tool = Process.Start(new ProcessStartInfo(Promtool!, arguments.Select(a => a == "@" ? server : a))
        {
            UseShellExecute = false,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        })!;
        var (output, error) = (tool.StandardOutput.ReadToEndAsync(Stop), tool.StandardError.ReadToEndAsync(Stop));
        await tool.WaitForExitAsync(Stop);
        return ([.. (await output).Split('\n', StringSplitOptions.RemoveEmptyEntries)], await error);
    }

    private static async Task<WebApplication> TargetAsync()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        builder.Logging.ClearProviders();
        var app = builder.Build();
        var count = 0;
        app.MapGet("/metrics", () =>
        {
            var n = Interlocked.Increment(ref count);
            var text = new StringBuilder("# TYPE requests_total counter\n# TYPE latency histogram\n");
            foreach (var code in (int[])[200, 404, 500])
            {
                text.Append($"requests_total{{code=\"{code}\",path=\"/a\\\"b\"}} {n * code / 7.0}\n");
            }
            text.Append($"latency_bucket{{le=\"0.1\"}} {n}\nlatency_bucket{{le=\"1\"}} {3 * n}\nlatency_bucket{{le=\"+Inf\"}} {4 * n}\nlatency_sum {n}\nlatency_count {4 * n}\n");
            return text.Append("special{kind=\"inf\"} +Inf\nspecial{kind=\"tiny\"} 1e-9\nspecial{kind=\"huge\"} 1.5e+25\nspecial{kind=\"ünï\"} -0.25\n").ToString();
        });
        await app.StartAsync(Stop);
        return app;
    }

    private static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }

    private static string? Program(string name) =>
        (Environment.GetEnvironmentVariable("PATH") ?? "").Split(':').Select(d => Path.Combine(d, name)).FirstOrDefault(File.Exists);
}
