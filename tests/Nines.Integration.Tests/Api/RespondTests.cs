using System.Net;
using System.Net.Http.Json;
using System.Text.Json.Nodes;
using Nines.Core.Access;
using Nines.Server.Alerting;
using Nines.Server.Delivery;

namespace Nines.Integration.Tests.Api;

/// <summary>The routing simulator, the delivery ledger and the page of rules over HTTP.</summary>
public sealed class RespondTests
{
    private const string Token = "xoxb-s3cr3t-t0ken";

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Simulator_SaysWhatRoutingThenDoes_AndTheLedgerProvesIt()
    {
        await using var sink = await Sink.StartAsync();
        await using var server = await RunningServer.StartAsync(Files(sink.Address));
        using var client = await server.ClientAsync(Role.Admin);

        var answer = await TryAsync(client, "severity=page alertname=Down cluster=eu");
        answer.Receivers.ShouldBe(["direct", "pager"]);
        answer.Routes.Select(r => $"{r.Receiver} {r.Fate}").ShouldBe(["direct takes", "chat passes", "pager takes", "database differs"]);
        answer.Routes[^1].Why.ShouldBe("service=~\"mysql|postgres\" does not hold: the alert has no service");
        answer.Tellings.ShouldAllBe(t => t.ToldAt == answer.At && t.Quiet == null);

        (await client.PostAsJsonAsync("/api/v2/alerts", new[] { new { labels = new { severity = "page", alertname = "Down", cluster = "eu" } } }, Stop)).EnsureSuccessStatusCode();
        string[] told = [await ReceiverAsync(sink), await ReceiverAsync(sink)];
        told.Order().ShouldBe(["direct", "pager"]);

        DeliveryList list;
        do
        {
            list = (await client.GetFromJsonAsync<DeliveryList>("/nines/v1/deliveries", Stop))!;
        }
        while (list.Items.Any(i => i.State != "sent"));
        list.Items.Select(i => i.Receiver).Order().ShouldBe(["direct", "pager"]);
        list.Items.ShouldAllBe(i => i.Attempts.Single().Outcome == "sent" && i.DeliveredAt != null && i.Recorded && i.Alerts.Single().Fingerprint == answer.Fingerprint);
        list.Items.Single(i => i.Receiver == "pager").GroupKey.ShouldBe(answer.Tellings[1].GroupKey);
        list.Receivers.Select(r => (r.Receiver, r.Sent, r.Waiting)).ShouldBe([("direct", 1, 0), ("pager", 1, 0)]);
        var one = (await client.GetFromJsonAsync<MessageItem>($"/nines/v1/deliveries/{list.Items[0].Key}", Stop))!;
        one.Attempts.Single().StartedAt.ShouldBe(list.Items[0].Attempts.Single().StartedAt);

        // What fires now keeps another quiet, can be tried by its fingerprint, and is told with news of its group.
        var inhibited = await TryAsync(client, "severity=ticket cluster=eu");
        (inhibited.InhibitedBy.Single().Fingerprint, inhibited.Tellings.Single(t => t.Receiver == "chat").ToldAt).ShouldBe((answer.Fingerprint, null));
        (await TryAsync(client, answer.Fingerprint)).Labels["alertname"].ShouldBe("Down");
        var silence = new { matchers = new[] { new { name = "team", value = "x", isRegex = false } }, startsAt = "2020-01-01T00:00:00Z", endsAt = "2099-01-01T00:00:00Z", createdBy = "aiko", comment = "moving" };
        (await client.PostAsJsonAsync("/api/v2/silences", silence, Stop)).EnsureSuccessStatusCode();
        (await TryAsync(client, "severity=low team=x")).Tellings.ShouldAllBe(t => t.SilencedBy.Count == 1 && t.ToldAt == null);
        var weekend = (await TryAsync(client, "service=mysql", "2026-11-21 10:00")).Tellings.Single(t => t.Receiver == "database");
        (weekend.Quiet, weekend.ToldAt).ShouldBe(("muted in weekend", "2026-11-23T00:00:30Z"));
    }

    [Fact]
    public async Task Simulator_ShowsEachMessageAndNoSecret()
    {
        await using var server = await RunningServer.StartAsync(Files(new Uri("http://127.0.0.1:9/")));
        using var client = await server.ClientAsync(Role.Viewer);
        var answer = await TryAsync(client, """{"labels": {"service": "mysql", "alertname": "Slow"}, "annotations": {"summary": "it is slow"}}""");
        var message = answer.Tellings.Single(t => t.Receiver == "database").Messages.Single();
        (message.Kind, message.Title, message.Text).ShouldBe(("slack", "Slow of mysql", "it is slow"));
        message.Body.ShouldContain("\"text\": \"it is slow\"");
        var page = await client.GetStringAsync("/routing?alert=service%3Dmysql", Stop);
        (page + await client.GetStringAsync("/nines/v1/routes/test?alert=service%3Dmysql", Stop)).ShouldNotContain("s3cr3t");
        page.ShouldContain(" of mysql");
    }

    [Theory]
    [InlineData("/nines/v1/routes/test", "alert", "Give the labels of an alert")]
    [InlineData("/nines/v1/routes/test?alert=severity%3D~x", "alert", "not matchers")]
    [InlineData("/nines/v1/routes/test?alert=0123456789abcdef", "alert", "fires now")]
    [InlineData("/nines/v1/routes/test?alert=a%3Db&at=soon", "at", "no time")]
    [InlineData("/nines/v1/deliveries?since=soon", "since", "no time")]
    [InlineData("/nines/v1/deliveries?alert=x", "alert", "16 hexadecimal")]
    public async Task Query_ThatCannotBeRead_IsRefusedByField(string path, string field, string hint)
    {
        await using var server = await RunningServer.StartAsync();
        using var client = await server.ClientAsync(Role.Viewer);
        using var answer = await client.GetAsync(new Uri(path, UriKind.Relative), Stop);
        answer.StatusCode.ShouldBe(HttpStatusCode.BadRequest);
        var problem = JsonNode.Parse(await answer.Content.ReadAsStringAsync(Stop))!;
        ((string?)problem["field"]).ShouldBe(field);
        ((string?)problem["hint"]).ShouldNotBeNull().ShouldContain(hint);
    }

    [Fact]
    public async Task Pages_AnswerFullAndEmpty()
    {
        await using var server = await RunningServer.StartAsync(Files(new Uri("http://127.0.0.1:9/")));
        using var client = await server.ClientAsync(Role.Viewer);
        foreach (var (path, status) in new[]
        {
            ("/routing", 200), ("/routing?alert=a", 200), ("/routing?alert=a%3Db&at=soon", 200), ("/deliveries", 200), ("/deliveries?since=soon&limit=0&after=x&trouble=true", 200),
            ("/deliveries/none", 404), ("/nines/v1/deliveries/none", 404), ("/rules", 200), ("/rules?show=findings&q=g", 200), ("/rules?show=7", 200),
        })
        {
            using var answer = await client.GetAsync(new Uri(path, UriKind.Relative), Stop);
            (path, (int)answer.StatusCode).ShouldBe((path, status));
        }
        var rules = await client.GetStringAsync("/rules", Stop);
        rules.ShouldContain("/explore?expr=disk%20%3E%209");
        rules.ShouldContain("It wakes people and names no objective");
        rules.ShouldContain("It wakes people and does not say what to do");
    }

    private static async Task<RouteTestAnswer> TryAsync(HttpClient client, string alert, string at = "") =>
        (await client.GetFromJsonAsync<RouteTestAnswer>($"/nines/v1/routes/test?alert={Uri.EscapeDataString(alert)}&at={Uri.EscapeDataString(at)}", Stop))!;

    private static async Task<string> ReceiverAsync(Sink sink) => (string)JsonNode.Parse(await sink.NextAsync(Stop))!["receiver"]!;

    private static Dictionary<string, string> Files(Uri sink) => new()
    {
        ["delivery.yaml"] = $$"""
            apiVersion: nines/v1
            kind: Delivery
            metadata: {name: all}
            spec:
              receivers:
                - name: direct
                  severities: [page]
                  webhook: {url: "{{sink}}hook"}
            """,
        ["alertmanager.yml"] = $$$"""
            route:
              receiver: chat
              group_wait: 30s
              routes:
              - {receiver: pager, matchers: ['severity="page"'], group_by: [alertname], group_wait: 0s, continue: true}
              - {receiver: database, matchers: ['service=~"mysql|postgres"'], mute_time_intervals: [weekend]}
            inhibit_rules:
            - {source_matchers: ['severity="page"'], target_matchers: ['severity="ticket"'], equal: [cluster]}
            receivers:
            - {name: chat}
            - {name: pager, webhook_configs: [{url: '{{{sink}}}hook'}]}
            - {name: database, slack_configs: [{api_url: 'https://hooks.slack.test/{{{Token}}}', channel: '#db', title: '{{ .CommonLabels.alertname }} of {{ .CommonLabels.service }}', text: '{{ .CommonAnnotations.summary }}'}]}
            time_intervals:
            - {name: weekend, time_intervals: [{weekdays: [saturday, sunday]}]}
            """,
        ["rules.yml"] = """
            groups:
            - name: g
              rules:
              - {alert: Full, expr: disk > 9, labels: {severity: page}}
            """,
    };
}
