using System.Text;
using System.Text.Json.Nodes;
using Nines.Core.Access;
using Nines.Core.Alerting;

namespace Nines.Integration.Tests.Api;

/// <summary>A ladder of a workspace from its file to the pages, the API and the receiver.</summary>
public sealed class ResponseTimeTests
{
    [Fact]
    public async Task Alert_OverItsTime_IsShownSo_AndTheReceiverHearsOneLevelUp()
    {
        var stop = TestContext.Current.CancellationToken;
        await using var sink = await Sink.StartAsync();
        await using var server = await RunningServer.StartAsync(new Dictionary<string, string>
        {
            ["alertmanager.yml"] = $"route: {{receiver: hook, group_by: ['...'], group_wait: 0s}}\nreceivers: [{{name: hook, webhook_configs: [{{url: '{sink.Address}hook'}}]}}]\n",
            ["ladder.yaml"] = """
                apiVersion: nines/v1
                kind: SeverityLadder
                metadata: {name: alerts}
                spec:
                  levels: [{name: red, like: emergency}, {name: orange, like: critical, respondWithin: 15m}, {name: yellow, like: warning, respondWithin: 2h}]
                """,
        });
        using var client = await server.ClientAsync(Role.Admin);
        var begun = TimeProvider.System.GetUtcNow().AddMinutes(-20);
        using var content = new StringContent($$"""
            [{"labels": {"alertname": "Slow", "severity": "yellow"}, "startsAt": "{{begun:O}}"},
             {"labels": {"alertname": "Down", "severity": "orange", "service": "shop"}, "startsAt": "{{begun:O}}"}]
            """, Encoding.UTF8, "application/json");
        using var response = await client.PostAsync(new Uri("/api/v2/alerts", UriKind.Relative), content, stop);
        response.EnsureSuccessStatusCode();

        JsonNode message;
        do
        {
            message = JsonNode.Parse(await sink.NextAsync(stop).WaitAsync(TimeSpan.FromSeconds(20), TimeProvider.System, stop))!;
        }
        while ((string?)message["commonLabels"]!["alertname"] != ResponseClock.AlertName);
        var told = message["alerts"]!.AsArray().ShouldHaveSingleItem()!["labels"]!;
        ((string?)told["severity"], (string?)told["alert"], (string?)told["service"]).ShouldBe(("red", "Down", "shop"));

        var items = JsonNode.Parse(await client.GetStringAsync("/nines/v1/alerts", stop))!["items"]!.AsArray();
        JsonNode Of(string name) => items.Single(i => (string?)i!["labels"]!["alertname"] == name)!;
        ((int?)Of("Down")["rank"], (bool?)Of("Down")["pages"], (int?)Of("Slow")["rank"], (bool?)Of("Slow")["pages"]).ShouldBe((50, true, 20, false));
        DateTimeOffset.Parse((string)Of("Down")["acknowledgeBy"]!, System.Globalization.CultureInfo.InvariantCulture).ShouldBe(begun.AddMinutes(15), TimeSpan.FromSeconds(1));
        Of(ResponseClock.AlertName)["acknowledgeBy"].ShouldBeNull();
        ((string?)told["fingerprint"]).ShouldBe((string?)Of("Down")["fingerprint"]);

        var list = await client.GetStringAsync("/alerts", stop);
        list.ShouldContain("Overdue since");
        list.ShouldContain("Acknowledge by");
        // The most urgent first.
        int[] places = [.. new[] { ResponseClock.AlertName, "Down", "Slow" }.Select(name => list.IndexOf($"id=\"r-{Of(name)["fingerprint"]}\"", StringComparison.Ordinal))];
        places.ShouldBeInOrder();
        places[0].ShouldBePositive();
        (await client.GetStringAsync($"/alerts/{Of("Down")["fingerprint"]}", stop)).ShouldContain("Overdue since");
        (await client.GetStringAsync($"/alerts/{Of("Slow")["fingerprint"]}", stop)).ShouldContain("(in 1");
    }
}
