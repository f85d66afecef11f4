using System.Net;
using System.Text.Json.Nodes;
using Microsoft.Extensions.DependencyInjection;
using Nines.Cli;
using Nines.Core.Access;
using Nines.Server.Workspace;

namespace Nines.Integration.Tests;

/// <summary>Collectors in a server as a whole: what they read is asked by PromQL and shown.</summary>
public sealed class CollectorTests
{
    private const string Host = """
        apiVersion: nines/v1
        kind: Collector
        metadata: {name: host, displayName: This host}
        spec: {type: host, interval: 1s}
        ---
        apiVersion: nines/v1
        kind: Collector
        metadata: {name: gone}
        spec: {type: file, interval: 1s, path: /nowhere/at/all/*}

        """;

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Collectors_ReadShowAndAreAsked()
    {
        await using var server = await RunningServer.StartAsync(new Dictionary<string, string> { ["c.yaml"] = Host }, demo: true);
        using var client = await server.ClientAsync(Role.Viewer);
        var host = await UntilAsync(client, "/nines/v1/collectors/host", c => (string?)c["state"] == "ok");
        host["values"]!.AsArray().ShouldContain(v => (string?)v!["metric"] == "node_load1" && (string?)v["labels"]!["job"] == "node");
        var gone = await UntilAsync(client, "/nines/v1/collectors/gone", c => (string?)c["state"] == "failing");
        ((string)gone["error"]!).ShouldContain("/nowhere/at/all");
        JsonNode.Parse(await client.GetStringAsync("/nines/v1/collectors", Stop))!["items"]!.AsArray().Select(i => (string)i!["name"]!).ShouldBe(["gone", "host"]);
        (await client.GetAsync("/nines/v1/collectors/nobody", Stop)).StatusCode.ShouldBe(HttpStatusCode.NotFound);

        var asked = JsonNode.Parse(await client.GetStringAsync("/api/v1/query?query=" + Uri.EscapeDataString("count(node_cpu_seconds_total{mode=\"idle\",collector=\"host\"}) > 0"), Stop))!;
        asked["data"]!["result"]!.AsArray().Count.ShouldBe(1);
        ((string?)JsonNode.Parse(await client.GetStringAsync("/api/v1/metadata?metric=node_load1", Stop))!["data"]!["node_load1"]![0]!["type"]).ShouldBe("gauge");

        (await client.GetStringAsync("/collectors", Stop)).ShouldSatisfyAllConditions(p => p.ShouldContain("1 of 2 collectors fails"), p => p.ShouldContain("node_load1"));
        (await client.GetStringAsync("/collectors/host", Stop)).ShouldContain("node_memory_MemAvailable_bytes");
        (await client.GetStringAsync("/collectors/gone", Stop)).ShouldContain("Last success");
        (await client.GetStringAsync("/", Stop)).ShouldContain("Fullest disk");

        await File.WriteAllTextAsync(Path.Combine(server.Workspace, "c.yaml"), "", Stop);
        await server.App.Services.GetRequiredService<WorkspaceWatcher>().LookAsync(Stop);
        (await client.GetStringAsync("/collectors", Stop)).ShouldContain("The workspace has no collector");
        (await client.GetStringAsync("/", Stop)).ShouldNotContain("Fullest disk");
    }

    [Fact]
    public async Task Collect_PrintsWhatIsRead_AndFailsWhenOneFails()
    {
        var directory = Directory.CreateTempSubdirectory("nines-collect-");
        try
        {
            var file = Path.Combine(directory.FullName, "c.yaml");
            await File.WriteAllTextAsync(file, Host, Stop);
            var (code, output, _) = await RunAsync("collect", file, "--name", "host");
            code.ShouldBe(0);
            output.ShouldContain("# TYPE node_cpu_seconds_total counter\nnode_cpu_seconds_total{collector=\"host\",cpu=\"0\",");
            output.ShouldContain("# HELP node_load1 1m load average.\n# TYPE node_load1 gauge\nnode_load1{");
            (code, output, var error) = await RunAsync("collect", directory.FullName, "--format", "json");
            (code, (bool)JsonNode.Parse(output)!["ok"]!).ShouldBe((1, false));
            error.ShouldContain("nines: gone: ");
            (await RunAsync("collect", directory.FullName, "--name", "nobody")).Error.ShouldContain("there is no collector nobody");
            (await RunAsync("collect", file + ".none")).Code.ShouldBe(3);
        }
        finally
        {
            directory.Delete(recursive: true);
        }
    }

    private static async Task<(int Code, string Output, string Error)> RunAsync(params string[] arguments)
    {
        var (output, error) = (new StringWriter(), new StringWriter());
        var code = await NinesCommand.Create().Parse(arguments).InvokeAsync(new() { Output = output, Error = error }, Stop);
        return (code, output.ToString(), error.ToString());
    }

    private static async Task<JsonNode> UntilAsync(HttpClient client, string path, Func<JsonNode, bool> good)
    {
        for (var attempt = 0; ; attempt++)
        {
            using var response = await client.GetAsync(path, Stop);
            var node = response.IsSuccessStatusCode ? JsonNode.Parse(await response.Content.ReadAsStringAsync(Stop))! : new JsonObject();
            if (good(node))
            {
                return node;
            }
            attempt.ShouldBeLessThan(600, node.ToJsonString());
            await Task.Delay(TimeSpan.FromMilliseconds(50), TimeProvider.System, Stop);
        }
    }
}
