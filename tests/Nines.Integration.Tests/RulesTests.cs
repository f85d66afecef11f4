using System.Text.Json.Nodes;
using Nines.Core.Access;

namespace Nines.Integration.Tests;

/// <summary>The whole way of a rule: a file in the workspace, a target scraped, a rule that fires, a message delivered.</summary>
public sealed class RulesTests
{
    private static readonly TimeSpan Deadline = TimeSpan.FromSeconds(60);

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Fact]
    public async Task RuleFile_OfTheWorkspace_EndsInAMessage_AndItsEndInAnother()
    {
        await using var sink = await Sink.StartAsync();
        sink.Metrics = "# HELP queue_depth Jobs that wait.\n# TYPE queue_depth gauge\nqueue_depth{queue=\"mail\"} 40\n";
        await using var server = await RunningServer.StartAsync(new Dictionary<string, string>
        {
            ["scrape.yaml"] = $$"""
                global:
                  scrape_interval: 1s
                  external_labels: {site: north}
                scrape_configs:
                  - job_name: jobs
                    static_configs: [{targets: ["{{sink.Address.Authority}}"]}]
                """,
            ["queues.rules.yaml"] = """
                groups:
                  - name: queues
                    interval: 1s
                    labels: {team: post}
                    rules:
                      - record: queue:depth:max
                        expr: max by (queue) (queue_depth)
                      - alert: QueueLong
                        expr: queue:depth:max > 20
                        for: 1s
                        labels: {severity: page}
                        annotations: {summary: "{{ $labels.queue }} at {{ $externalLabels.site }}: {{ $value | humanize }} wait"}
                """,
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
        var fired = await MessageAsync(sink);
        (fired.Status, fired.Summary).ShouldBe(("firing", "mail at north: 40 wait"));
        fired.Labels.ShouldBe(["alertname=QueueLong", "queue=mail", "severity=page", "site=north", "team=post"]);

        using var client = await server.ClientAsync(Role.Viewer);
        var rules = JsonNode.Parse(await client.GetStringAsync("/api/v1/rules?type=alert", Stop))!["data"]!["groups"]![0]!["rules"]![0]!;
        ((string?)rules["name"], (string?)rules["state"], (string?)rules["health"]).ShouldBe(("QueueLong", "firing", "ok"));
        var series = JsonNode.Parse(await client.GetStringAsync("/api/v1/query?query=ALERTS", Stop))!["data"]!["result"]!.AsArray();
        ((string?)series.ShouldHaveSingleItem()!["metric"]!["alertstate"]).ShouldBe("firing");

        var about = JsonNode.Parse(await client.GetStringAsync("/api/v1/metadata?metric=queue_depth", Stop))!["data"]!["queue_depth"]![0]!;
        ((string?)about["type"], (string?)about["help"], (string?)about["unit"]).ShouldBe(("gauge", "Jobs that wait.", ""));

        sink.Metrics = sink.Metrics.Replace("40", "3");
        (await MessageAsync(sink)).Status.ShouldBe("resolved");
    }

    private static async Task<(string? Status, string? Summary, string[] Labels)> MessageAsync(Sink sink)
    {
        var message = JsonNode.Parse(await sink.NextAsync(Stop).WaitAsync(Deadline, TimeProvider.System, Stop))!;
        var alert = message["alerts"]!.AsArray().ShouldHaveSingleItem()!;
        return ((string?)message["status"], (string?)alert["annotations"]!["summary"],
            [.. alert["labels"]!.AsObject().Select(l => $"{l.Key}={l.Value}").Order(StringComparer.Ordinal)]);
    }
}
