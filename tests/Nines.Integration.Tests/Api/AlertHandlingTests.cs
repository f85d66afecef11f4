using System.Net;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Microsoft.Extensions.DependencyInjection;
using Nines.Core.Access;
using Nines.Server.State;

namespace Nines.Integration.Tests.Api;

/// <summary>Alerts taken in hand by a page's form, by the API and by a signed request of Slack's.</summary>
public sealed partial class AlertHandlingTests
{
    private static readonly Dictionary<string, string> Routed = new(StringComparer.Ordinal)
    {
        ["alertmanager.yml"] = "route: {receiver: nobody}\nreceivers: [{name: nobody}]\n",
    };

    private const string Secret = "s1gning-secret-of-the-shop";

    [Fact]
    public async Task Api_AcknowledgesOnceResolvesAndSaysWhatIsOver_AndAlertmanagersShapesStay()
    {
        await using var server = await RunningServer.StartAsync(Routed);
        using var client = await server.ClientAsync(Role.Admin);
        var shapes = await PostAsync(client, "Outbox");
        var fingerprint = await FingerprintAsync(client);
        var first = await CallAsync(client, $"/nines/v1/alerts/{fingerprint}/acknowledge", HttpStatusCode.OK);
        ((string)first["state"]!, (bool)first["already"]!, (string)first["acknowledged"]!["by"]!, (string)first["acknowledged"]!["through"]!)
            .ShouldBe(("firing", false, nameof(Role.Admin), "api"));
        ((string)first["acknowledged"]!["actor"]!).ShouldStartWith("token:tok_");
        using var other = await server.ClientAsync(Role.Admin);
        var second = await CallAsync(other, $"/nines/v1/alerts/{fingerprint}/acknowledge", HttpStatusCode.OK);
        ((bool)second["already"]!, second["acknowledged"]!.ToJsonString()).ShouldBe((true, first["acknowledged"]!.ToJsonString()));
        var known = await GetAsync(client, "/nines/v1/alerts/" + fingerprint);
        known["alert"]!["acknowledged"]!.ToJsonString().ShouldBe(first["acknowledged"]!.ToJsonString());
        Shape(await GetAsync(client, "/api/v2/alerts")).ShouldBe(shapes);

        var over = await CallAsync(client, $"/nines/v1/alerts/{fingerprint}/resolve", HttpStatusCode.OK);
        ((string)over["state"]!, (string)over["note"]!).ShouldBe(("resolved", "If its source goes on to report it, it fires again."));
        foreach (var what in (string[])["resolve", "acknowledge"])
        {
            ((string)(await CallAsync(client, $"/nines/v1/alerts/{fingerprint}/{what}", HttpStatusCode.Conflict))["code"]!).ShouldBe("over");
        }
        ((string)(await GetAsync(client, "/nines/v1/alerts/" + fingerprint))["alert"]!["explanation"]!).ShouldBe("Admin said through the API that it is over");
        await PostAsync(client, "Outbox");
        (await GetAsync(client, "/nines/v1/alerts/" + fingerprint))["alert"]!["acknowledged"].ShouldBeNull();
        using var none = await client.PostAsync(new Uri("/nines/v1/alerts/0123456789abcdef/acknowledge", UriKind.Relative), null, TestContext.Current.CancellationToken);
        none.StatusCode.ShouldBe(HttpStatusCode.NotFound);
        (await FactsAsync(server)).ShouldBe([$"alert.acknowledged/1 alert/{fingerprint} api", $"alert.resolved/1 alert/{fingerprint} api"]);
    }

    [Fact]
    public async Task Silence_SetChangedAndEnded_IsOnRecordWithWhoDidIt()
    {
        var stop = TestContext.Current.CancellationToken;
        await using var server = await RunningServer.StartAsync(Routed);
        using var client = await server.ClientAsync(Role.Admin);
        async Task<string> SetAsync(string id, string to)
        {
            using var body = new StringContent($$"""
                {"id":"{{id}}","matchers":[{"name":"alertname","value":"Outbox","isRegex":false}],"startsAt":"2097-01-01T00:00:00Z","endsAt":"{{to}}",
                 "createdBy":"aiko","comment":"a drill"}
                """, Encoding.UTF8, "application/json");
            using var answer = await client.PostAsync(new Uri("/api/v2/silences", UriKind.Relative), body, stop);
            return (string)JsonNode.Parse(await answer.Content.ReadAsStringAsync(stop))!["silenceID"]!;
        }
        var id = await SetAsync("", "2098-01-01T00:00:00Z");
        (await SetAsync(id, "2099-01-01T00:00:00Z")).ShouldBe(id);
        using var gone = await client.DeleteAsync(new Uri("/api/v2/silence/" + id, UriKind.Relative), stop);
        gone.StatusCode.ShouldBe(HttpStatusCode.OK);
        (await FactsAsync(server)).ShouldBe([$"silence.set/1 silence/{id} api", $"silence.set/1 silence/{id} api", $"silence.ended/1 silence/{id} api"]);
    }

    [Fact]
    public async Task Page_Form_AcknowledgesWhatItShowedAndSaysByWhom()
    {
        var stop = TestContext.Current.CancellationToken;
        await using var server = await RunningServer.StartAsync(Routed);
        using var client = await server.ClientAsync(Role.Admin);
        await PostAsync(client, "Outbox");
        var fingerprint = await FingerprintAsync(client);
        var page = await client.GetStringAsync("/alerts/" + fingerprint, stop);
        var shown = Value(page, "alert");
        shown.ShouldStartWith(fingerprint + ".");
        (await FormAsync("/alerts/acknowledge", page, shown, "/alerts/" + fingerprint)).ShouldBe((HttpStatusCode.Found, "/alerts/" + fingerprint));
        (await client.GetStringAsync("/alerts/" + fingerprint, stop)).ShouldContain("Acknowledged by <b>Admin</b> on its page");
        (await client.GetStringAsync("/alerts", stop)).ShouldContain("Acknowledged by Admin");
        // Its stretch is over and another began: the old page does not end that.
        await FormAsync("/alerts/resolve", page, shown, "https://elsewhere.test/alerts");
        await PostAsync(client, "Outbox");
        (await FormAsync("/alerts/resolve", page, shown, "/alertsx")).ShouldBe((HttpStatusCode.Found, "/alerts"));
        ((string)(await GetAsync(client, "/nines/v1/alerts"))["items"]![0]!["state"]!).ShouldBe("firing");
        using var viewer = await server.ClientAsync(Role.Viewer);
        (await viewer.GetStringAsync("/alerts/" + fingerprint, stop)).ShouldNotContain("/alerts/acknowledge");

        async Task<(HttpStatusCode, string)> FormAsync(string path, string from, string alert, string back)
        {
            using var content = new FormUrlEncodedContent(
                [new("alert", alert), new("back", back), new("__RequestVerificationToken", Value(from, "__RequestVerificationToken"))]);
            using var response = await client.PostAsync(new Uri(path, UriKind.Relative), content, stop);
            return (response.StatusCode, response.Headers.Location?.ToString() ?? "");
        }
    }

    [Fact]
    public async Task Slack_SignedRequest_NeedsNoLoginAndActsOnWhatTheMessageShowed()
    {
        var stop = TestContext.Current.CancellationToken;
        await using var sink = await Sink.StartAsync();
        await using var server = await RunningServer.StartAsync(new Dictionary<string, string>
        {
            ["delivery.yml"] = $$"""
                apiVersion: nines/v1
                kind: Delivery
                metadata: {name: chat}
                spec:
                  receivers:
                  - name: chat
                    slack: {api_url: '{{sink.Address}}hook', signing_secret: {{Secret}}}
                """,
        });
        using var client = await server.ClientAsync(Role.Admin);
        await PostAsync(client, "Outbox");
        var blocks = JsonNode.Parse(await sink.NextAsync(stop))!["blocks"]!;
        var press = new JsonObject
        {
            ["type"] = "block_actions", ["user"] = new JsonObject { ["id"] = "U1", ["username"] = "aiko" }, ["response_url"] = sink.Address + "hook",
            ["message"] = new JsonObject { ["blocks"] = blocks.DeepClone() },
            ["actions"] = new JsonArray(new JsonObject { ["value"] = blocks[1]!["elements"]![0]!["value"]!.DeepClone() }),
        };
        var body = "payload=" + Uri.EscapeDataString(press.ToJsonString());
        using var anybody = await server.ClientAsync();
        (await SlackAsync(anybody, body, "a secret of another app")).ShouldBe(HttpStatusCode.Unauthorized);
        (await SlackAsync(anybody, body, Secret)).ShouldBe(HttpStatusCode.OK);
        (await sink.NextAsync(stop)).ShouldContain("Acknowledged by aiko, ");
        ((string)(await GetAsync(client, "/nines/v1/alerts"))["items"]![0]!["acknowledged"]!["actor"]!).ShouldBe("slack:U1");
    }

    private static async Task<HttpStatusCode> SlackAsync(HttpClient client, string body, string secret)
    {
        var at = TimeProvider.System.GetUtcNow().ToUnixTimeSeconds();
        using var request = new HttpRequestMessage(HttpMethod.Post, "/nines/v1/integrations/slack")
        {
            Content = new StringContent(body, Encoding.UTF8, "application/x-www-form-urlencoded"),
        };
        request.Headers.Add("X-Slack-Request-Timestamp", $"{at}");
        request.Headers.Add("X-Slack-Signature",
            "v0=" + Convert.ToHexStringLower(HMACSHA256.HashData(Encoding.UTF8.GetBytes(secret), Encoding.UTF8.GetBytes($"v0:{at}:{body}"))));
        using var response = await client.SendAsync(request, TestContext.Current.CancellationToken);
        return response.StatusCode;
    }

    private static async Task<string> PostAsync(HttpClient client, string name)
    {
        using var content = new StringContent($$"""[{"labels": {"alertname": "{{name}}", "severity": "page"} }]""", Encoding.UTF8, "application/json");
        using var response = await client.PostAsync(new Uri("/api/v2/alerts", UriKind.Relative), content, TestContext.Current.CancellationToken);
        response.StatusCode.ShouldBe(HttpStatusCode.OK);
        return Shape(await GetAsync(client, "/api/v2/alerts"));
    }

    private static string Shape(JsonNode alerts) => string.Join(' ', alerts[0]!.AsObject().Select(p => p.Key).Concat(alerts[0]!["status"]!.AsObject().Select(p => p.Key)));

    private static async Task<string> FingerprintAsync(HttpClient client) => (string)(await GetAsync(client, "/nines/v1/alerts"))["items"]![0]!["fingerprint"]!;

    private static async Task<JsonNode> CallAsync(HttpClient client, string path, HttpStatusCode status)
    {
        using var response = await client.PostAsync(new Uri(path, UriKind.Relative), null, TestContext.Current.CancellationToken);
        response.StatusCode.ShouldBe(status);
        return JsonNode.Parse(await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken))!;
    }

    private static async Task<JsonNode> GetAsync(HttpClient client, string path) =>
        JsonNode.Parse(await client.GetStringAsync(path, TestContext.Current.CancellationToken))!;

    private static Task<List<string>> FactsAsync(RunningServer server) => server.App.Services.GetRequiredService<IStateStore>().ReadAsync(
        reader => reader.Query("SELECT type, subject, source FROM fact WHERE type LIKE 'alert.%' OR type LIKE 'silence.%' ORDER BY seq",
            row => $"{row.GetString(0)} {row.GetString(1)} {row.GetString(2)}"), TestContext.Current.CancellationToken);

    private static string Value(string page, string name) => Input().Matches(page).First(m => m.Groups["name"].Value == name).Groups["value"].Value;

    [GeneratedRegex("name=\"(?<name>[^\"]+)\" value=\"(?<value>[^\"]+)\"", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex Input();
}
