using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;
using System.Text.Json;
using Nines.Metrics;

namespace Nines.Conformance.Tests.Promql;

/// <summary>Debian's Prometheus on loopback, with samples of the past that were given to it as blocks.</summary>
internal sealed class PrometheusServer : IAsyncDisposable
{
    private readonly string _directory;
    private readonly Process _process;
    private readonly HttpClient _client;

    private PrometheusServer(string directory, Process process, Uri address) =>
        (_directory, _process, _client) = (directory, process, new HttpClient { BaseAddress = address });

    /// <summary>Starts one on these series. The test is skipped, by name, where there is no Prometheus; in CI it fails.</summary>
    public static async Task<PrometheusServer> StartAsync(IEnumerable<(Labels Labels, List<Sample> Samples)> series, CancellationToken stop)
    {
        if (Environment.GetEnvironmentVariable("CI") != "true")
        {
            Assert.SkipUnless(File.Exists("/usr/bin/prometheus") && File.Exists("/usr/bin/promtool"), "no prometheus at /usr/bin");
        }
        var directory = Directory.CreateTempSubdirectory("nines-prometheus-").FullName;
        await File.WriteAllTextAsync(Path.Combine(directory, "samples.txt"), OpenMetrics(series), stop);
        await File.WriteAllTextAsync(Path.Combine(directory, "prometheus.yml"), "global: {}\n", stop);
        using (var blocks = Start("/usr/bin/promtool", directory, "tsdb", "create-blocks-from", "openmetrics", "samples.txt", "data"))
        {
            await blocks.WaitForExitAsync(stop);
            blocks.ExitCode.ShouldBe(0);
        }
        var port = FreePort();
        var process = Start("/usr/bin/prometheus", directory, "--config.file=prometheus.yml", "--storage.tsdb.path=data", "--storage.tsdb.retention.time=99y",
            $"--web.listen-address=127.0.0.1:{port}", "--log.level=error");
        var server = new PrometheusServer(directory, process, new Uri($"http://127.0.0.1:{port}"));
        while (!await server.IsReadyAsync(stop))
        {
            process.HasExited.ShouldBeFalse();
        }
        return server;
    }

    /// <summary>A range query: samples by series and time, or null for an error.</summary>
    public async Task<Dictionary<(string Series, long TimeMs), double>?> RangeAsync(string query, long fromMs, long toMs, long stepMs, CancellationToken stop)
    {
        using var form = new FormUrlEncodedContent(new Dictionary<string, string>
        {
            ["query"] = query,
            ["start"] = Seconds(fromMs),
            ["end"] = Seconds(toMs),
            ["step"] = Seconds(stepMs),
        });
        using var response = await _client.PostAsync("/api/v1/query_range", form, stop);
        using var answer = JsonDocument.Parse(await response.Content.ReadAsStreamAsync(stop));
        if (answer.RootElement.GetProperty("status").GetString() != "success")
        {
            return null;
        }
        var samples = new Dictionary<(string, long), double>();
        foreach (var series in answer.RootElement.GetProperty("data").GetProperty("result").EnumerateArray())
        {
            var labels = Labels.Of(series.GetProperty("metric").EnumerateObject().Select(p => (p.Name, p.Value.GetString()!))).ToString();
            foreach (var sample in series.GetProperty("values").EnumerateArray())
            {
                samples[(labels, (long)Math.Round(sample[0].GetDouble() * 1000))] = Number(sample[1].GetString()!);
            }
        }
        return samples;
    }

    /// <summary>What is wrong with a query, as the API says it; null when nothing is.</summary>
    public async Task<string?> ErrorAsync(string query, CancellationToken stop)
    {
        using var form = new FormUrlEncodedContent(new Dictionary<string, string> { ["query"] = query });
        using var response = await _client.PostAsync("/api/v1/query", form, stop);
        using var answer = JsonDocument.Parse(await response.Content.ReadAsStreamAsync(stop));
        return answer.RootElement.TryGetProperty("error", out var error) ? error.GetString() : null;
    }

    public async ValueTask DisposeAsync()
    {
        _process.Kill();
        await _process.WaitForExitAsync();
        _process.Dispose();
        _client.Dispose();
        Directory.Delete(_directory, recursive: true);
    }

    private async Task<bool> IsReadyAsync(CancellationToken stop)
    {
        try
        {
            using var response = await _client.GetAsync("/-/ready", stop);
            return response.IsSuccessStatusCode;
        }
        catch (HttpRequestException)
        {
            return false;
        }
    }

    private static double Number(string text) => text switch
    {
        "+Inf" => double.PositiveInfinity,
        "-Inf" => double.NegativeInfinity,
        _ => double.Parse(text, CultureInfo.InvariantCulture),
    };

    private static string Seconds(long ms) => (ms / 1000m).ToString(CultureInfo.InvariantCulture);

    private static string OpenMetrics(IEnumerable<(Labels Labels, List<Sample> Samples)> all)
    {
        var text = new StringBuilder();
        foreach (var (labels, samples) in all)
        {
            foreach (var (timeMs, value) in samples)
            {
                var number = double.IsPositiveInfinity(value) ? "+Inf" : double.IsNegativeInfinity(value) ? "-Inf" : value.ToString("R", CultureInfo.InvariantCulture);
                // OpenMetrics allows no blank between labels.
                text.Append(labels.ToString().Replace(", ", ",")).Append(' ').Append(number).Append(' ').Append(Seconds(timeMs)).Append('\n');
            }
        }
        return text.Append("# EOF\n").ToString();
    }

    private static Process Start(string program, string directory, params string[] arguments) => Process.Start(new ProcessStartInfo(program, arguments)
    {
        WorkingDirectory = directory,
        UseShellExecute = false,
        RedirectStandardOutput = true,
    })!;

    private static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }
}
