using System.Net;
using System.Text.Json.Nodes;
using Nines.Core.Access;
using Nines.Core.Telemetry;

namespace Nines.Integration.Tests.Api;

public sealed class HealthTests
{
    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("/health")]
    [InlineData("/health/live")]
    [InlineData("/health/liveness")]
    [InlineData("/health/ready")]
    [InlineData("/health/readiness")]
    public async Task Health_Anonymous_SaysPassAndVersion(string path)
    {
        await using var server = await RunningServer.StartAsync();
        using var client = await server.ClientAsync();
        using var response = await client.GetAsync(path, Stop);
        response.StatusCode.ShouldBe(HttpStatusCode.OK);
        response.Content.Headers.ContentType!.MediaType.ShouldBe("application/health+json");
        var body = JsonNode.Parse(await response.Content.ReadAsStringAsync(Stop))!;
        ((string?)body["status"]).ShouldBe("pass");
        ((string?)body["version"]).ShouldBe("0.1.0");
        body["checks"].ShouldBeNull();
    }

    [Fact]
    public async Task Detailed_SignedIn_SaysWhatWasObserved()
    {
        await using var server = await RunningServer.StartAsync();
        using var client = await server.ClientAsync(Role.Viewer);
        var body = JsonNode.Parse(await client.GetStringAsync("/health/detailed", Stop))!;
        var check = body["checks"]!["state:writable"]![0]!;
        ((string?)check["componentType"], (string?)check["status"], (string?)check["observedValue"]).ShouldBe(("datastore", "pass", "yes"));
        body["uptime_seconds"].ShouldNotBeNull();
    }

    [Theory]
    [InlineData("healthy", "healthy", "ok")]
    [InlineData("ok", "ok", "ok")]
    [InlineData("up", "UP", "UP")]
    public async Task Health_InOtherWords_NamesComponents(string format, string status, string component)
    {
        await using var server = await RunningServer.StartAsync();
        using var client = await server.ClientAsync();
        var body = JsonNode.Parse(await client.GetStringAsync($"/health?format={format}", Stop))!;
        ((string?)body["status"], (string?)body["components"]!["state"]).ShouldBe((status, component));
    }

    [Fact]
    public async Task Metrics_Anonymous_AreInPrometheusFormat()
    {
        await using var server = await RunningServer.StartAsync(ShopWorkspace.Files(9901));
        await ShopWorkspace.StepAsync(server);
        using var client = await server.ClientAsync();
        var metrics = await client.GetStringAsync("/metrics", Stop);
        metrics.ShouldContain("# TYPE process_cpu_seconds_total counter");
        metrics.ShouldContain("# TYPE nines_objectives_late_events_total counter");
        metrics.ShouldContain("nines_objectives_step_seconds_count");
        var reference = await File.ReadAllTextAsync(Path.Combine(Repository.Root, "docs", "reference", "metrics.md"), Stop);
        foreach (var family in metrics.Split('\n').Where(l => l.StartsWith("# TYPE ", StringComparison.Ordinal)).Select(l => l.Split(' ')[2]))
        {
            reference.ShouldContain($"`{family}`");
        }
    }

    [Fact]
    public void IsReady_SharedDependencyAway_StaysReadyAndWarns()
    {
        HealthCheck Of(HealthClass @class) => new("db", "reachable", "datastore", HealthStatus.Fail, @class, "no", "", "away", []);
        HealthEvaluator.IsReady([Of(HealthClass.Shared)]).ShouldBeTrue();
        HealthEvaluator.Overall([Of(HealthClass.Shared)]).ShouldBe(HealthStatus.Warn);
        HealthEvaluator.IsReady([Of(HealthClass.HardLocal)]).ShouldBeFalse();
        HealthEvaluator.Overall([Of(HealthClass.HardLocal)]).ShouldBe(HealthStatus.Fail);
    }
}
