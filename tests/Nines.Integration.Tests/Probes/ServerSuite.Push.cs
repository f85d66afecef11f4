using System.Net;
using System.Net.Http.Json;
using System.Text;
using System.Text.Json.Nodes;
using Nines.Core.Access;
using Nines.Server.Objectives;
using Nines.Server.Probes.Push;

namespace Nines.Integration.Tests;

/// <summary>Events and heartbeats as their senders see them.</summary>
public abstract partial class ServerSuite
{
    private static readonly Dictionary<string, string> PushWorkspace = new()
    {
        ["rag.yaml"] = """
            apiVersion: openslo/v1
            kind: Service
            metadata: {name: rag}
            ---
            apiVersion: openslo/v1
            kind: SLO
            metadata: {name: thumbs}
            spec:
              service: rag
              budgetingMethod: Occurrences
              timeWindow: [{duration: 28d, isRolling: true}]
              indicator:
                metadata: {name: thumbs}
                spec:
                  ratioMetric:
                    counter: true
                    good: {metricSource: {spec: {query: 'nines_events_total{event="thumbs",service="rag",outcome="good"}'}}}
                    total: {metricSource: {spec: {query: 'nines_events_total{event="thumbs",service="rag",outcome=~"good|bad"}'}}}
              objectives: [{target: 0.9}]
            ---
            apiVersion: nines/v1
            kind: Heartbeat
            metadata: {name: scrape}
            spec: {service: rag, cron: "0 3 * * 0", timezone: Europe/Berlin, grace: 2h, evidence: {rows: {min: 1}}}
            """,
    };

    /// <summary>Good and bad events, sent twice, late and refused, over two restarts: the objective's account is what was sent.</summary>
    [Fact]
    public async Task PushedEvents_AreCountedToTheEventInTheLedger()
    {
        var random = new Random(11);
        var (good, total) = (0, 0);
        string? root = null;
        for (var life = 0; life < 3; life++)
        {
            var server = await StartAsync(PushWorkspace, root);
            using (var client = await server.ClientAsync(Role.Push))
            using (var viewer = await server.ClientAsync(Role.Viewer))
            {
                for (var request = 0; request < 20; request++)
                {
                    var events = Enumerable.Range(0, random.Next(1, 200)).Select(i => random.Next(3)).ToList();
                    var lines = string.Join('\n', events.Select((e, i) => $$"""{"name":"thumbs","service":"rag","outcome":"{{(e == 0 ? "bad" : e == 1 ? "good" : "ignored")}}","key":"{{life}}-{{request}}-{{i}}"}""")
                        .Append("""{"name":"thumbs","service":"rag","value":-1}"""));
                    for (var again = 0; again < 2; again++)
                    {
                        var answer = await client.PostAsync("/nines/v1/events", new StringContent(lines, Encoding.UTF8, "application/x-ndjson"), Stop);
                        answer.StatusCode.ShouldBe(HttpStatusCode.OK);
                        var told = (await answer.Content.ReadFromJsonAsync<PushAnswer>(Stop))!;
                        (told.Accepted, told.Duplicates).ShouldBe(again == 0 ? (events.Count, 0) : (0, events.Count));
                        told.Refused.ShouldHaveSingleItem().Code.ShouldBe("negative");
                    }
                    good += events.Count(e => e == 1);
                    total += events.Count(e => e < 2);
                }
                ObjectiveItem item;
                do
                {
                    await ShopWorkspace.StepAsync(server);
                    item = (await viewer.GetFromJsonAsync<ObjectiveList>("/nines/v1/objectives", Stop))!.Items.Single();
                    item.Total.ShouldBeLessThanOrEqualTo(total);
                }
                while (item.Total < total);
                (item.Good, item.Total).ShouldBe((good, total));
            }
            root = await server.StopAsync();
        }
        Directory.Delete(root!, recursive: true);
    }

    [Fact]
    public async Task PushedEvents_OfOneRequestSentAgain_CountOnceByItsKey()
    {
        await using var server = await StartAsync(PushWorkspace);
        using var client = await server.ClientAsync(Role.Push);
        for (var again = 0; again < 2; again++)
        {
            using var request = new HttpRequestMessage(HttpMethod.Post, "/nines/v1/events")
            {
                // The second time as curl -d sends it.
                Content = new StringContent("""[{"name":"a","outcome":"good"},{"name":"a","outcome":"good"}]""", Encoding.UTF8, again == 0 ? "application/json" : "application/x-www-form-urlencoded"),
                Headers = { { "Idempotency-Key", "once" } },
            };
            var answer = (await (await client.SendAsync(request, Stop)).Content.ReadFromJsonAsync<PushAnswer>(Stop))!;
            (answer.Accepted, answer.Duplicates).ShouldBe(again == 0 ? (2, 0) : (0, 2));
        }
    }

    [Theory]
    [InlineData("nonsense", 400, "unreadable")]
    [InlineData("[]", 400, "missing")]
    [InlineData("huge", 413, "too-large")]
    [InlineData("many", 413, "too-many-events")]
    public async Task PushedEvents_ThatCannotBeRead_CountNothingAndSayWhy(string body, int status, string code)
    {
        await using var server = await StartAsync(PushWorkspace);
        using var client = await server.ClientAsync(Role.Push);
        var text = body switch { "huge" => new string(' ', (4 << 20) + 1), "many" => string.Concat(Enumerable.Repeat("""{"name":"a","outcome":"good"}""", 5001)), _ => body };
        var answer = await client.PostAsync("/nines/v1/events", new StringContent(text, Encoding.UTF8, "application/json"), Stop);
        ((int)answer.StatusCode, (string?)JsonNode.Parse(await answer.Content.ReadAsStringAsync(Stop))!["code"]).ShouldBe((status, code));
    }

    [Fact]
    public async Task Heartbeat_IsReportedByCurlsRequests_AndShown()
    {
        await using var server = await StartAsync(PushWorkspace);
        using var client = await server.ClientAsync(Role.Push);
        using var viewer = await server.ClientAsync(Role.Viewer);
        var address = "/nines/v1/heartbeats/scrape";
        (await StateAsync(await client.PostAsync(address + "/start", null, Stop))).ShouldBe("running");
        (await StateAsync(await client.GetAsync(address + "/success?rows=120", Stop))).ShouldBe("up");
        // What curl -d sends: JSON under the type of a form.
        (await StateAsync(await client.PostAsync(address, new StringContent("""{"rows": 0}""", Encoding.UTF8, "application/x-www-form-urlencoded"), Stop))).ShouldBe("failed");
        (await StateAsync(await client.PostAsync(address + "/fail", new StringContent("login page changed"), Stop))).ShouldBe("failed");
        var item = (await viewer.GetFromJsonAsync<HeartbeatItem>(address, Stop))!;
        (item.State, item.Reason, item.Last!.Message).ShouldBe(("failed", "login page changed", "login page changed"));
        (await viewer.GetFromJsonAsync<JsonNode>("/nines/v1/alerts", Stop))!["items"]!.AsArray().Select(a => (string?)a!["labels"]!["alertname"]).ShouldContain("HeartbeatFailed");
        (await viewer.GetStringAsync("/heartbeats", Stop)).ShouldContain("Login page changed");
        (await viewer.GetStringAsync("/heartbeats/scrape", Stop)).ShouldContain("How to report");
        (await client.PostAsync(address + "?rows=many", null, Stop)).StatusCode.ShouldBe(HttpStatusCode.BadRequest);
        (await client.PostAsync("/nines/v1/heartbeats/scrap", null, Stop)).StatusCode.ShouldBe(HttpStatusCode.NotFound);
        (await client.GetAsync(address, Stop)).StatusCode.ShouldBe(HttpStatusCode.Forbidden);
        (await viewer.PostAsync(address, null, Stop)).StatusCode.ShouldBe(HttpStatusCode.Forbidden);

        async Task<string?> StateAsync(HttpResponseMessage answer)
        {
            answer.StatusCode.ShouldBe(HttpStatusCode.OK);
            return (await answer.Content.ReadFromJsonAsync<HeartbeatItem>(Stop))!.State;
        }
    }

    [Fact]
    public async Task Watchdog_OfAnotherPrometheus_IsAReportAndNoAlert()
    {
        await using var server = await StartAsync(new Dictionary<string, string>
        {
            ["watchdog.yaml"] = """
                apiVersion: nines/v1
                kind: Heartbeat
                metadata: {name: prometheus}
                spec: {watchdog: {alertname: Watchdog, matchers: ['cluster="eu"']}}
                """,
        });
        using var client = await server.ClientAsync(Role.Admin);
        object Alert(string cluster) => new { labels = new { alertname = "Watchdog", severity = "none", cluster } };
        (await client.PostAsJsonAsync("/api/v2/alerts", new[] { Alert("eu"), Alert("us") }, Stop)).EnsureSuccessStatusCode();
        (await client.GetFromJsonAsync<HeartbeatItem>("/nines/v1/heartbeats/prometheus", Stop))!.Last!.Kind.ShouldBe("success");
        var alerts = JsonNode.Parse(await client.GetStringAsync("/nines/v1/alerts", Stop))!["items"]!.AsArray();
        ((string?)alerts.ShouldHaveSingleItem()!["labels"]!["cluster"]).ShouldBe("us");
    }
}
