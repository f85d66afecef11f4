using System.Net;
using System.Net.Http.Json;
using Nines.Cli;
using Nines.Core.Access;
using Nines.Integration.Tests.Cli;
using Nines.Server.Probes;

namespace Nines.Integration.Tests.Probes;

/// <summary>Probes in a whole server, over its API and pages, and by the command.</summary>
public sealed class ProbesOverHttpTests
{
    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    private static string Files(Uri target) => $$"""
        apiVersion: openslo/v1
        kind: Service
        metadata: {name: chatbot}
        spec: {}
        ---
        apiVersion: nines/v1
        kind: Probe
        metadata: {name: backend, displayName: The backend answers}
        spec:
          service: chatbot
          http: {url: "{{target}}health"}
          conditions: ["[STATUS] == 200", "[BODY].status == pass"]
          interval: 1s
        ---
        apiVersion: nines/v1
        kind: Probe
        metadata: {name: closed}
        spec:
          tcp: {address: "127.0.0.1:1"}
          interval: 1s
          failuresBeforeDown: 1
          labels: {team: core}
        """;

    [Fact]
    public async Task A_server_watches_a_server_and_shows_it()
    {
        await using var watched = await RunningServer.StartAsync();
        await using var server = await RunningServer.StartAsync(new Dictionary<string, string> { ["probes.yaml"] = Files(watched.Address) });
        using var client = await server.ClientAsync(Role.Viewer);
        ProbeList list;
        do
        {
            list = (await client.GetFromJsonAsync<ProbeList>("/nines/v1/probes", Stop))!;
        }
        while (list.Items.Any(i => i.State == "unknown"));
        list.Items.Select(i => (i.Name, i.State)).ShouldBe([("closed", "down"), ("backend", "up")]);
        list.Items[0].LastRun!.Reason.ShouldStartWith("no connection to 127.0.0.1:1");
        var detail = (await client.GetFromJsonAsync<ProbeDetail>("/nines/v1/probes/backend?hours=1", Stop))!;
        detail.Conditions.Select(c => c.Shown).ShouldBe(["[STATUS] (200) == 200", "[BODY].status (pass) == pass"]);
        detail.History.Count.ShouldBe(48);
        detail.History[^1].Succeeded.ShouldBeGreaterThan(0);
        detail.History[0].Known.ShouldBeFalse();
        (await client.GetAsync("/nines/v1/probes/nothing", Stop)).StatusCode.ShouldBe(HttpStatusCode.NotFound);

        var page = await client.GetStringAsync("/probes", Stop);
        page.ShouldContain("The backend answers");
        page.ShouldContain("1 of 2 down");
        (await client.GetStringAsync("/probes/closed?range=1h", Stop)).ShouldContain("No connection to 127.0.0.1:1");
        (await client.GetStringAsync("/probes/backend", Stop)).ShouldContain("[STATUS] (200) == 200");
        string alerts;
        do
        {
            alerts = await client.GetStringAsync("/nines/v1/alerts", Stop);
        }
        while (!alerts.Contains("ProbeFailing", StringComparison.Ordinal));
        alerts.ShouldContain("\"team\":\"core\"");
        var query = await client.GetStringAsync("/api/v1/query?query=" + Uri.EscapeDataString("probe_success{probe=\"backend\",service=\"chatbot\",environment=\"production\"}"), Stop);
        query.ShouldContain("\"1\"]");
    }

    [Fact]
    public async Task The_command_runs_them_once()
    {
        await using var watched = await RunningServer.StartAsync();
        var directory = Directory.CreateTempSubdirectory("nines-probe-").FullName;
        var file = Path.Combine(directory, "probes.yaml");
        // A busy machine may take its time; the timeout is the interval at most.
        var files = Files(watched.Address).Replace("interval: 1s", "interval: 30s", StringComparison.Ordinal);
        await File.WriteAllTextAsync(file, files, Stop);
        var (code, output, _) = await VerbTests.RunAsync("probe", file);
        code.ShouldBe(ExitCode.Problems);
        output.ShouldContain("  yes  [STATUS] (200) == 200");
        output.ShouldContain("closed: fails");
        var (good, json, _) = await VerbTests.RunAsync("probe", directory, "--name", "backend", "--format", "json");
        good.ShouldBe(ExitCode.Ok);
        json.ShouldContain("\"success\": true");
        (await VerbTests.RunAsync("probe", directory, "--name", "backed")).Error.ShouldContain("there is no probe backed; there are: backend, closed");
        await File.WriteAllTextAsync(file, files.Replace("[STATUS]", "[STATUSS]", StringComparison.Ordinal), Stop);
        var (bad, _, error) = await VerbTests.RunAsync("probe", directory);
        bad.ShouldBe(ExitCode.Problems);
        error.ShouldContain("probes.yaml:12:");
        Directory.Delete(directory, recursive: true);
    }

    [Fact]
    public async Task The_guides_documents_pass()
    {
        var guide = await File.ReadAllTextAsync(Path.Combine(Repository.Root, "docs/guide/probes.md"), Stop);
        var blocks = guide.Split("```yaml\n").Skip(1).Select(b => b.Split("```")[0]).ToList();
        var directory = Directory.CreateTempSubdirectory("nines-probe-").FullName;
        await File.WriteAllTextAsync(Path.Combine(directory, "all.yaml"),
            "apiVersion: openslo/v1\nkind: Service\nmetadata: {name: chatbot}\nspec: {}\n---\n" + string.Join("---\n", blocks), Stop);
        var (code, output, _) = await VerbTests.RunAsync("check", directory);
        (code, output).ShouldBe((ExitCode.Ok, ""));
        Directory.Delete(directory, recursive: true);
    }
}
