using Nines.Metrics;

namespace Nines.Browser.Tests;

/// <summary>Probes as a small host has them: one that works, one that is down, one with parts, one that never ran; with twelve hours behind them.</summary>
internal sealed class ProbeScene : IAsyncDisposable
{
    private const string Files = """
        apiVersion: openslo/v1
        kind: Service
        metadata: {name: chatbot}
        spec: {}
        ---
        apiVersion: nines/v1
        kind: Probe
        metadata: {name: backend, displayName: The backend answers}
        spec: {service: chatbot, script: {command: [/bin/echo, '{"status":"pass","age":12}']}, conditions: ["[STATUS] == 0", "[BODY].age < 300"], interval: 5m, runbook: "https://wiki.example/backend"}
        ---
        apiVersion: nines/v1
        kind: Probe
        metadata: {name: scraper, displayName: The scraper's page is there}
        spec: {service: chatbot, http: {url: "http://127.0.0.1:1/page-with-a-long-name/that/goes/on/and/on"}, interval: 5m, failuresBeforeDown: 1, severity: ticket}
        ---
        apiVersion: nines/v1
        kind: Probe
        metadata: {name: cache}
        spec: {http: {url: "HEALTH"}, interval: 5m, certificate: {warnBefore: 14d}}
        """;

    private readonly Sink _health;

    private ProbeScene(Site site, Sink health) => (Site, _health) = (site, health);

    public Site Site { get; }

    public static async Task<ProbeScene> StartAsync()
    {
        var health = await Sink.StartAsync("""{"status":"warn","checks":{"postgres:connections":[{"status":"pass"}],"redis:ping":[{"status":"fail","output":"connection refused"}]}}""");
        var site = await Site.StartAsync(files: ("probes.yaml", Files.Replace("HEALTH", health.Url, StringComparison.Ordinal)));
        var now = ShiftedTime.Start.ToUnixTimeMilliseconds();
        site.Store(append =>
        {
            foreach (var (probe, service, odd) in ((string, string, int)[])[("backend", "chatbot", 97), ("scraper", "chatbot", 7), ("cache", "", 1000)])
            {
                (string, string)[] labels = [("probe", probe), ("environment", "production"), .. service.Length > 0 ? [("service", service)] : Array.Empty<(string, string)>()];
                var (success, took) = (append.Series(Labels.Of([.. labels, (Labels.MetricName, "probe_success")]), false, 300_000),
                    append.Series(Labels.Of([.. labels, (Labels.MetricName, "probe_duration_seconds")]), false, 300_000));
                for (var i = 0; i < 143; i++)
                {
                    if (i is > 60 and < 75)
                    {
                        continue;
                    }
                    var at = now - (144 - i) * 300_000L;
                    append.Add(success, new CounterSample(at, i % odd == odd - 1 || (probe == "scraper" && i > 110) ? 0 : 1, 0));
                    append.Add(took, new CounterSample(at, 0.05 + i * 37 % 50 / 400.0, 0));
                }
            }
        });
        await site.UntilRanAsync(3);
        return new(site, health);
    }

    public async ValueTask DisposeAsync()
    {
        await Site.DisposeAsync();
        await _health.DisposeAsync();
    }

    /// <summary>A server that always says the same.</summary>
    private sealed class Sink : IAsyncDisposable
    {
        private readonly System.Net.HttpListener _listener = new();

        public string Url { get; private set; } = "";

        public static Task<Sink> StartAsync(string body)
        {
            using var free = new System.Net.Sockets.TcpListener(System.Net.IPAddress.Loopback, 0);
            free.Start();
            var sink = new Sink { Url = $"http://127.0.0.1:{((System.Net.IPEndPoint)free.LocalEndpoint).Port}/" };
            free.Stop();
            sink._listener.Prefixes.Add(sink.Url);
            sink._listener.Start();
            _ = Task.Run(async () =>
            {
                while (sink._listener.IsListening)
                {
                    var context = await sink._listener.GetContextAsync();
                    context.Response.ContentType = "application/health+json";
                    await context.Response.OutputStream.WriteAsync(System.Text.Encoding.UTF8.GetBytes(body));
                    context.Response.Close();
                }
            });
            return Task.FromResult(sink);
        }

        public ValueTask DisposeAsync()
        {
            _listener.Stop();
            return ValueTask.CompletedTask;
        }
    }
}
