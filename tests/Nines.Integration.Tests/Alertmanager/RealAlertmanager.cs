using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Nines.Core.Alerting;
using Nines.Core.Alerting.Routing;
using Nines.Server;

namespace Nines.Integration.Tests.Alertmanager;

/// <summary>Debian's Alertmanager, to compare with.</summary>
internal sealed class RealAlertmanager : IAsyncDisposable
{
    public const string Binary = "/usr/bin/prometheus-alertmanager";

    private readonly Process _process;

    private RealAlertmanager(Process process, Uri address)
    {
        _process = process;
        Address = address;
    }

    public Uri Address { get; }

    public static void SkipUnlessThere() => Assert.SkipUnless(File.Exists(Binary), "Alertmanager is not installed (Debian: prometheus-alertmanager)");

    public static async Task<RealAlertmanager> StartAsync(string config, string storage)
    {
        var address = new Uri($"http://127.0.0.1:{FreePort()}");
        var process = Process.Start(new ProcessStartInfo(Binary,
            [$"--config.file={config}", $"--storage.path={storage}", $"--web.listen-address={address.Authority}", "--cluster.listen-address=", "--web.ui-path=/tmp", "--log.level=error"]))!;
        using var client = new HttpClient { BaseAddress = address };
        for (var i = 0; ; i++)
        {
            try
            {
                (await client.GetAsync("/-/ready", TestContext.Current.CancellationToken)).EnsureSuccessStatusCode();
                return new(process, address);
            }
            catch (HttpRequestException) when (i < 200)
            {
                await Task.Delay(TimeSpan.FromMilliseconds(50), TimeProvider.System, TestContext.Current.CancellationToken);
            }
        }
    }

    /// <summary>It groups and inhibits behind the answer to a POST: waits until it must have.</summary>
    public static Task SettleAsync() => Task.Delay(TimeSpan.FromMilliseconds(500), TimeProvider.System, TestContext.Current.CancellationToken);

    public async ValueTask DisposeAsync()
    {
        _process.Kill();
        await _process.WaitForExitAsync();
        _process.Dispose();
    }

    private static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }
}

/// <summary>Our server in Alertmanager's place, with the plain board behind its API.</summary>
internal static class OurAlertmanager
{
    public const string Config = """
        # a comment with https://hooks.example/old
        route:
          receiver: default
          group_by: [alertname]
          group_wait: 1s
          group_interval: 5s
          repeat_interval: 1h
          routes:
          - receiver: team-a
            matchers: [team="a"]
            group_by: [alertname, cluster]
            continue: true
          - receiver: muted
            matchers: [team="m"]
        inhibit_rules:
        - source_matchers: [severity="critical"]
          target_matchers: [severity="warning"]
          equal: [cluster]
        receivers:
        - name: default
          webhook_configs: [{url: "http://127.0.0.1:1/hidden"}]
        - name: team-a
          slack_configs: [{api_url: "https://hooks.example/s/hidden", channel: "#x"}]
        - name: muted

        """;

    public static async Task<WebApplication> StartAsync(string config, string storage, AlertmanagerOptions? options = null)
    {
        var board = new PlainBoard();
        var app = AlertmanagerApp.Create((options ?? new AlertmanagerOptions { ConfigFile = config, StoragePath = storage }) with { Listen = ["127.0.0.1:0"] }, builder =>
        {
            builder.Logging.ClearProviders();
            builder.Services.AddSingleton<IAlertRouting>(board);
            builder.Services.AddSingleton<IAlertDoor>(board);
            builder.Services.AddSingleton<ApplyRouting>(board.Apply);
        });
        await app.StartAsync(TestContext.Current.CancellationToken);
        return app;
    }
}
