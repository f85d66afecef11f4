using System.Net;
using System.Net.Sockets;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Nines.Core.Alerting;
using Nines.Metrics;
using Nines.Server;
using Nines.Server.State;
using Npgsql;

namespace Nines.Integration.Tests;

/// <summary>Two servers on one PostgreSQL database, of which one leads.</summary>
public sealed class StandByTests : IAsyncLifetime
{
    private static int Number;
    private readonly string _database = $"nines_pair_{Environment.ProcessId}_{Interlocked.Increment(ref Number)}";
    private readonly string? _server = Environment.GetEnvironmentVariable("NINES_TEST_POSTGRES");
    private readonly DirectoryInfo _root = Directory.CreateTempSubdirectory("nines-pair-");

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        Assert.SkipWhen(string.IsNullOrEmpty(_server), "NINES_TEST_POSTGRES is not set (eng/postgres.sh start DIR)");
        await AdministerAsync(_server, $"CREATE DATABASE {_database}");
    }

    public async ValueTask DisposeAsync()
    {
        if (!string.IsNullOrEmpty(_server))
        {
            await AdministerAsync(_server, $"DROP DATABASE IF EXISTS {_database} WITH (FORCE)");
        }
        _root.Delete(true);
    }

    [Fact]
    public async Task Second_SaysWhoLeads_UntilTheFirstGivesBack()
    {
        var (first, second) = (Options("first"), Options("second"));
        var lease = await LeadAsync(first);
        await using var app = await RunAsync(first, lease);
        var waits = new TaskCompletionSource<string>();
        var led = StandBy.LeadAsync(second, waits.SetResult, Stop);
        (await waits.Task).ShouldBe(first.Listen);

        using var client = new HttpClient { BaseAddress = new Uri(second.Listen) };
        using var ready = await AskAsync(client, "/health/ready");
        ready.StatusCode.ShouldBe(HttpStatusCode.ServiceUnavailable);
        ready.Headers.RetryAfter!.Delta.ShouldBe(TimeSpan.FromSeconds(5));
        var problem = JsonNode.Parse(await ready.Content.ReadAsStringAsync(Stop))!;
        ((string?)problem["code"], (string?)problem["hint"]).ShouldBe(("stands-by", $"This server stands by; {first.Listen} leads."));
        (await client.GetAsync("/health/live", Stop)).StatusCode.ShouldBe(HttpStatusCode.OK);
        led.IsCompleted.ShouldBeFalse();

        await app.StopAsync(Stop);
        await app.DisposeAsync();
        await lease.DisposeAsync();
        await using var next = await led;
        await using var other = await RunAsync(second, next);
        (await client.GetAsync("/health/ready", Stop)).StatusCode.ShouldBe(HttpStatusCode.OK);
    }

    [Fact]
    public async Task Leader_ThatSleptThroughItsLease_WritesAndSendsNothingMore()
    {
        await using var sink = await Sink.StartAsync();
        var (first, second) = (Options("first"), Options("second"));
        foreach (var options in new[] { first, second })
        {
            await File.WriteAllTextAsync(Path.Combine(options.WorkspaceDirectory, "delivery.yml"), $$"""
                apiVersion: nines/v1
                kind: Delivery
                metadata: {name: d}
                spec: {receivers: [{name: desk, webhook: {url: '{{sink.Address}}hook'} }]}
                """, Stop);
        }
        await using var lease = await LeadAsync(first);
        await using var app = await RunAsync(first, lease);
        await AdministerAsync(Connection, "UPDATE lease SET expires_at = 0");
        await using var next = await LeadAsync(second);

        var posted = PostAsync(app, "Stale");
        await Should.ThrowAsync<LeaseLostException>(posted);
        await lease.Lost;
        await app.WaitForShutdownAsync(Stop);

        await using var other = await RunAsync(second, next);
        await PostAsync(other, "Fresh");
        // Messages of one receiver go out in the order of their decision: had the first been sent, it would be here.
        (await sink.NextAsync(Stop)).ShouldContain("Fresh");
    }

    private string Connection => new NpgsqlConnectionStringBuilder(_server) { Database = _database }.ToString();

    private static Task PostAsync(WebApplication app, string name) => app.Services.GetRequiredService<IAlertDoor>()
        .PostAsync([new PostedAlert(Labels.Of(("alertname", name)), Labels.Empty, 0, 0, "")], Stop);

    private static Task<LeaderLease> LeadAsync(NinesOptions options) =>
        StandBy.LeadAsync(options, leader => throw new InvalidOperationException($"{leader} leads"), Stop);

    private static async Task<WebApplication> RunAsync(NinesOptions options, LeaderLease lease)
    {
        var app = NinesApp.Create(options, builder => builder.Logging.ClearProviders(), lease);
        await app.StartAsync(Stop);
        return app;
    }

    private NinesOptions Options(string name)
    {
        var root = _root.CreateSubdirectory(name);
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return new NinesOptions
        {
            WorkspaceDirectory = root.CreateSubdirectory("workspace").FullName,
            DataDirectory = Path.Combine(root.FullName, "data"),
            Listen = $"http://127.0.0.1:{((IPEndPoint)listener.LocalEndpoint).Port}",
            Postgres = Connection,
        };
    }

    private static async Task<HttpResponseMessage> AskAsync(HttpClient client, string path)
    {
        while (true)
        {
            try
            {
                return await client.GetAsync(path, Stop);
            }
            catch (HttpRequestException)
            {
                // It is about to listen.
                await Task.Yield();
            }
        }
    }

    private static async Task AdministerAsync(string server, string sql)
    {
        await using var source = NpgsqlDataSource.Create(server);
        await using var command = source.CreateCommand(sql);
        await command.ExecuteNonQueryAsync(Stop);
    }
}
