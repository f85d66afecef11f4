using System.Net;
using System.Text.Json.Nodes;
using Microsoft.Extensions.DependencyInjection;
using Nines.Cli;
using Nines.Core.Access;
using Nines.Metrics;
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
    public async Task Host_WhoseDiskFills_IsSaidOnTheOverview()
    {
        var root = Directory.CreateTempSubdirectory("nines-host-").FullName;
        foreach (var (path, text) in ((string, string)[])[("proc/sys/kernel/hostname", "box\n"), ("proc/stat", "cpu0 100 0 0 300\n"), ("proc/loadavg", "0.5 0.4 0.3 1/2 3\n"),
            ("proc/meminfo", "MemTotal: 1000 kB\nMemAvailable: 400 kB\n"), ("proc/1/mountinfo", "27 1 254:0 / / rw - ext4 /dev/vda rw\n")])
        {
            Directory.CreateDirectory(Path.GetDirectoryName(Path.Combine(root, path))!);
            await File.WriteAllTextAsync(Path.Combine(root, path), text, Stop);
        }
        var labels = Labels.Of(("__name__", "node_filesystem_avail_bytes"), ("collector", "host"), ("environment", "production"), ("device", "/dev/vda"), ("fstype", "ext4"),
            ("mountpoint", "/"), ("instance", "box"), ("job", "node"));
        var free = (double)new DriveInfo(root).AvailableFreeSpace;
        await using var server = await RunningServer.StartAsync(
            new Dictionary<string, string> { ["c.yaml"] = $"apiVersion: nines/v1\nkind: Collector\nmetadata: {{name: host}}\nspec: {{type: host, root: {root}}}\n" }, demo: true,
            prepare: app =>
            {
                var nowMs = TimeProvider.System.GetUtcNow().ToUnixTimeMilliseconds();
                for (var hour = 100; hour >= 1; hour--)
                {
                    // A hundredth of what is free goes each day, so it is gone in about a hundred.
                    using var append = app.Services.GetRequiredService<ISampleSink>().Begin();
                    append.Add(append.Series(labels, false, 3_600_000), new CounterSample(nowMs - hour * 3_600_000L, free * (1 + hour / 2400.0), 0));
                    append.Commit();
                }
                return Task.CompletedTask;
            });
        using var client = await server.ClientAsync(Role.Viewer);
        await UntilAsync(client, "/nines/v1/collectors/host", c => (string?)c["state"] == "ok");
        var page = WebUtility.HtmlDecode(await client.GetStringAsync("/", Stop)).Replace('\u00a0', ' ');
        page.ShouldMatch(@"<dt>Full in</dt><dd>(9\d|10\d) d</dd><dd class=""sub"">a line over 4 d; 95 % between \d+ d and \d+ d");
        page.ShouldContain("Host box");
        Directory.Delete(root, recursive: true);
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
