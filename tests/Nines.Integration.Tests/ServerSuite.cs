using System.Net.Http.Json;
using System.Text.Json.Nodes;
using Microsoft.Extensions.DependencyInjection;
using Nines.Core.Access;
using Nines.Server.Workspace;
using Npgsql;

namespace Nines.Integration.Tests;

/// <summary>What the server as a whole does, on each store.</summary>
public abstract partial class ServerSuite
{
    protected static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Edit_ThatIsBad_LeavesTheLastGoodRunningOverARestartToo()
    {
        var server = await StartAsync(ShopWorkspace.Files(9901));
        var good = await StatusAsync(server);
        (good.Objectives, good.Pending, good.Problems.Count).ShouldBe((5, false, 0));

        await File.AppendAllTextAsync(Path.Combine(server.Workspace, "shop.yaml"), "---\napiVersion: openslo/v1\nkind: SLO\nmetadata: {name: broken}\n", Stop);
        await server.App.Services.GetRequiredService<WorkspaceWatcher>().LookAsync(Stop);
        var bad = await StatusAsync(server);
        (bad.Hash, bad.Objectives, bad.Pending).ShouldBe((good.Hash, 5, true));
        bad.Problems.ShouldContain(p => p.File == "shop.yaml" && p.Severity == "error");

        await using var restarted = await StartAsync(root: await server.StopAsync());
        var after = await StatusAsync(restarted);
        (after.Hash, after.Objectives, after.Pending).ShouldBe((good.Hash, 5, true));
    }

    [Fact]
    public async Task Edit_ThatIsGood_IsActivated()
    {
        await using var server = await StartAsync(ShopWorkspace.Files(9901));
        var before = await StatusAsync(server);
        var file = Path.Combine(server.Workspace, "shop.yaml");
        await File.WriteAllTextAsync(file, (await File.ReadAllTextAsync(file, Stop)).Replace("target: 0.995", "target: 0.99"), Stop);
        await server.App.Services.GetRequiredService<WorkspaceWatcher>().LookAsync(Stop);
        var after = await StatusAsync(server);
        after.Hash.ShouldNotBe(before.Hash);
        after.Pending.ShouldBeFalse();
    }

    [Fact]
    public async Task Alert_PostedAsToAlertmanager_ReachesTheWebhookAndTheApi()
    {
        await using var sink = await Sink.StartAsync();
        await using var server = await StartAsync(new Dictionary<string, string>
        {
            ["delivery.yaml"] = $$"""
                apiVersion: nines/v1
                kind: Delivery
                metadata: {name: all}
                spec:
                  receivers:
                    - name: hook
                      webhook:
                        url: "{{sink.Address}}hook"
                """,
        });
        using var client = await server.ClientAsync(Role.Admin);
        var posted = await client.PostAsJsonAsync("/api/v2/alerts", new[] { new { labels = new { alertname = "Fire", severity = "page" }, annotations = new { summary = "it burns" } } }, Stop);
        posted.EnsureSuccessStatusCode();
        var message = JsonNode.Parse(await sink.NextAsync(Stop))!;
        ((string?)message["version"], (string?)message["status"], (string?)message["alerts"]![0]!["labels"]!["alertname"]).ShouldBe(("4", "firing", "Fire"));
        var alerts = JsonNode.Parse(await client.GetStringAsync("/nines/v1/alerts", Stop))!["items"]!.AsArray();
        ((string?)alerts.ShouldHaveSingleItem()!["state"]).ShouldBe("firing");
        (await client.PostAsync("/api/v2/alerts", new StringContent("not json", System.Text.Encoding.UTF8, "application/json"), Stop)).StatusCode.ShouldBe(System.Net.HttpStatusCode.BadRequest);
    }

    private protected abstract Task<RunningServer> StartAsync(IReadOnlyDictionary<string, string>? files = null, string? root = null);

    private static async Task<WorkspaceStatus> StatusAsync(RunningServer server)
    {
        using var client = await server.ClientAsync(Role.Viewer);
        return (await client.GetFromJsonAsync<WorkspaceStatus>("/nines/v1/workspace", Stop))!;
    }
}

public sealed class SqliteServerTests : ServerSuite
{
    private protected override Task<RunningServer> StartAsync(IReadOnlyDictionary<string, string>? files = null, string? root = null) =>
        RunningServer.StartAsync(files, root: root);
}

/// <summary>Each test has a database of its own on the server that NINES_TEST_POSTGRES names (eng/postgres.sh starts one).</summary>
public sealed class PostgresServerTests : ServerSuite, IAsyncLifetime
{
    private static int Number;
    private readonly string _database = $"nines_whole_{Environment.ProcessId}_{Interlocked.Increment(ref Number)}";
    private readonly string? _server = Environment.GetEnvironmentVariable("NINES_TEST_POSTGRES");

    public async ValueTask InitializeAsync()
    {
        if (!string.IsNullOrEmpty(_server))
        {
            await AdministerAsync($"CREATE DATABASE {_database}");
        }
    }

    public async ValueTask DisposeAsync()
    {
        if (!string.IsNullOrEmpty(_server))
        {
            await AdministerAsync($"DROP DATABASE IF EXISTS {_database} WITH (FORCE)");
        }
    }

    private protected override Task<RunningServer> StartAsync(IReadOnlyDictionary<string, string>? files = null, string? root = null)
    {
        Assert.SkipWhen(string.IsNullOrEmpty(_server), "NINES_TEST_POSTGRES is not set (eng/postgres.sh start DIR)");
        return RunningServer.StartAsync(files, root: root, postgres: new NpgsqlConnectionStringBuilder(_server) { Database = _database }.ToString());
    }

    private async Task AdministerAsync(string sql)
    {
        await using var source = NpgsqlDataSource.Create(_server!);
        await using var command = source.CreateCommand(sql);
        await command.ExecuteNonQueryAsync(Stop);
    }
}
