using System.Net;
using System.Text;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Microsoft.Extensions.DependencyInjection;
using Nines.Cli;
using Nines.Core.Access;
using Nines.Server.Delivery.Integrations;

namespace Nines.Integration.Tests.Api;

/// <summary>The pages and the API about alerts and silences, over HTTP as a browser and a program use them.</summary>
public sealed partial class AlertPagesTests
{
    private const string Routing = """
        route:
          receiver: hook
          group_by: [alertname]
          group_wait: 0s
          routes: [{receiver: tickets, matchers: [severity="ticket"]}]
        receivers: [{name: hook, webhook_configs: [{url: 'SINK/hook'}]}, {name: tickets}]
        """;

    [Fact]
    public async Task Alert_Told_IsExplainedWithItsMessageAndEveryAttempt()
    {
        var stop = TestContext.Current.CancellationToken;
        await using var sink = await Sink.StartAsync();
        await using var server = await StartAsync(sink);
        using var client = await server.ClientAsync(Role.Admin);
        await PostAsync(client, """{"alertname": "Outbox", "service": "checkout", "severity": "page"}""");
        await sink.NextAsync(stop);
        var fingerprint = (string)(await GetAsync(client, "/nines/v1/alerts"))["items"]![0]!["fingerprint"]!;
        var known = await UntilAsync(client, fingerprint, k => (string?)k["messages"]!.AsArray().FirstOrDefault()?["state"] == "sent");
        var telling = known["explanation"]!["routes"]![0]!["integrations"]![0]!;
        ((string)telling["state"]!, (string)telling["text"]!).ShouldSatisfyAllConditions(t => t.Item1.ShouldBe("told"), t => t.Item2.ShouldContain("as the first news of its group"));
        var message = known["messages"]![0]!;
        ((string)message["key"]!).ShouldBe((string)telling["messageKey"]!);
        var attempt = message["attempts"]!.AsArray().ShouldHaveSingleItem()!;
        ((int)attempt["number"]!, (string)attempt["outcome"]!, (string)attempt["detail"]!).ShouldBe((1, "sent", "HTTP 200"));
        ((string)known["explanation"]!["otherRoutes"]![0]!["text"]!).ShouldBe("severity=\"ticket\" does not hold: it has severity=\"page\".");
        known["transitions"]!.AsArray().Count.ShouldBe(1);

        foreach (var which in (string[])[fingerprint, "service=\"checkout\""])
        {
            var (code, output) = await ExplainAsync(server, client, which);
            code.ShouldBe(ExitCode.Ok);
            output.ShouldContain("Told: hook at ");
            output.ShouldContain("sent, HTTP 200");
        }
        (await ExplainAsync(server, client, "service=\"nobody\"")).Code.ShouldBe(ExitCode.Problems);
        (await ExplainAsync(server, client, "checkout")).Code.ShouldBe(ExitCode.Usage);

        foreach (var path in (string[])["/alerts", "/alerts?by=receiver", "/alerts?state=quiet", "/alerts?q=%7B", $"/alerts/{fingerprint}", "/silences", "/silences/new"])
        {
            using var page = await client.GetAsync(new Uri(path, UriKind.Relative), stop);
            (path, page.StatusCode).ShouldBe((path, HttpStatusCode.OK));
        }
        foreach (var path in (string[])["/alerts/0123456789abcdef", "/alerts/x", "/nines/v1/alerts/x", "/silences/x"])
        {
            using var none = await client.GetAsync(new Uri(path, UriKind.Relative), stop);
            (path, none.StatusCode).ShouldBe((path, HttpStatusCode.NotFound));
        }
        server.App.Services.GetRequiredService<IntegrationClient>().LinksToPages.ShouldBeTrue();
    }

    [Fact]
    public async Task Alert_OverAndForgottenInMemory_IsStillShownFromTheRecord()
    {
        var stop = TestContext.Current.CancellationToken;
        await using var sink = await Sink.StartAsync();
        await using var server = await StartAsync(sink);
        using var client = await server.ClientAsync(Role.Admin);
        await PostAsync(client, """{"alertname": "Outbox", "severity": "page"}""");
        await sink.NextAsync(stop);
        var fingerprint = (string)(await GetAsync(client, "/nines/v1/alerts"))["items"]![0]!["fingerprint"]!;
        await UntilAsync(client, fingerprint, k => (string?)k["messages"]!.AsArray().FirstOrDefault()?["state"] == "sent");
        // As if days had passed: what is in the record only.
        var store = server.App.Services.GetRequiredService<Nines.Server.State.IStateStore>();
        await using var other = await RunningServer.StartAsync();
        var rows = await store.ReadAsync(reader => reader.Query("SELECT fingerprint, json FROM alert", row => (row.GetString(0), row.GetString(1))), stop);
        await other.App.Services.GetRequiredService<Nines.Server.State.IStateStore>().WriteAsync(transaction => rows.Select(r =>
            transaction.Execute("INSERT INTO alert (fingerprint, firing, updated_at, json) VALUES (@p1, 0, 1, @p2)", r.Item1, r.Item2)).ToList(), stop);
        using var viewer = await other.ClientAsync(Role.Viewer);
        var known = await GetAsync(viewer, "/nines/v1/alerts/" + fingerprint);
        known["explanation"].ShouldBeNull();
        ((string)known["alert"]!["labels"]!["alertname"]!).ShouldBe("Outbox");
        (await viewer.GetStringAsync("/alerts/" + fingerprint, stop)).ShouldContain("no longer in memory");
    }

    [Fact]
    public async Task Silence_Form_IsRefusedWithoutPreviewOrReasonThenMadeExtendedAndEnded()
    {
        var stop = TestContext.Current.CancellationToken;
        await using var sink = await Sink.StartAsync();
        await using var server = await StartAsync(sink);
        using var client = await server.ClientAsync(Role.Admin);
        await PostAsync(client, """{"alertname": "Outbox", "service": "checkout", "severity": "page"}""");
        await sink.NextAsync(stop);
        const string match = "service=\"checkout\"";
        var form = await client.GetStringAsync("/silences/new?match=" + Uri.EscapeDataString(match), stop);
        form.ShouldContain("Silence 1 alert");
        form.ShouldContain("It silences a page that fires now.");
        form.ShouldContain("1 begin of 1 alert, 1 of pages");
        var token = Token().Match(form).Groups["token"].Value;

        (await FormAsync("/silences", ("match", match), ("for", "60"), ("previewed", match + "||60|"))).ShouldSatisfyAllConditions(
            a => a.Status.ShouldBe(HttpStatusCode.UnprocessableEntity), a => a.Text.ShouldContain("Say why."));
        (await FormAsync("/silences", ("match", "alertname=~\".+\""), ("for", "60"), ("comment", "drill"), ("previewed", match + "||60|"))).ShouldSatisfyAllConditions(
            a => a.Status.ShouldBe(HttpStatusCode.UnprocessableEntity), a => a.Text.ShouldContain("changed since you last saw its effect"), a => a.Text.ShouldContain("No condition names one value"));
        (await FormAsync("/silences", ("match", "a=~\".*\""), ("for", "60"), ("comment", "drill"))).Text.ShouldContain("It matches everything");
        (await FormAsync("/silences", ("match", match), ("until", "2020-01-01T00:00"), ("comment", "drill"))).Text.ShouldContain("It would be over already");
        (await FormAsync("/silences/preview", ("match", match), ("for", "60"))).ShouldSatisfyAllConditions(
            a => a.Status.ShouldBe(HttpStatusCode.OK), a => a.Text.ShouldContain("Silence 1 alert"));
        (await GetAsync(client, "/api/v2/silences")).AsArray().ShouldBeEmpty();

        var made = await FormAsync("/silences", ("match", match), ("for", "60"), ("comment", " drill "), ("previewed", match + "||60|"));
        made.Status.ShouldBe(HttpStatusCode.Found);
        var silence = (await GetAsync(client, "/api/v2/silences")).AsArray().ShouldHaveSingleItem()!;
        made.Location.ShouldBe("/silences/" + (string)silence["id"]!);
        ((string)silence["createdBy"]!, (string)silence["comment"]!).ShouldBe((nameof(Role.Admin), "drill"));
        var ends = (DateTimeOffset)silence["endsAt"]!;
        (await FormAsync(made.Location + "/extend", ("minutes", "60"))).Status.ShouldBe(HttpStatusCode.Found);
        ((DateTimeOffset)(await GetAsync(client, "/api/v2/silences"))[0]!["endsAt"]!).ShouldBe(ends.AddHours(1));
        (await client.GetStringAsync("/silences/new?id=" + (string)silence["id"]!, stop)).ShouldContain("Change the silence");
        (await client.GetStringAsync("/alerts", stop)).ShouldContain($"Silence by {nameof(Role.Admin)}: drill");
        (await client.GetStringAsync(made.Location, stop)).ShouldContain("What fires and nobody is told of");
        (await FormAsync(made.Location + "/expire")).Status.ShouldBe(HttpStatusCode.Found);
        ((string)(await GetAsync(client, "/api/v2/silences"))[0]!["status"]!["state"]!).ShouldBe("expired");
        (await FormAsync(made.Location + "/extend", ("minutes", "60"))).Status.ShouldBe(HttpStatusCode.NotFound);

        async Task<(HttpStatusCode Status, string Text, string Location)> FormAsync(string path, params (string Name, string Value)[] fields)
        {
            using var content = new FormUrlEncodedContent(fields.Append(("__RequestVerificationToken", token)).Select(f => KeyValuePair.Create(f.Item1, f.Item2)));
            using var response = await client.PostAsync(new Uri(path, UriKind.Relative), content, stop);
            return (response.StatusCode, WebUtility.HtmlDecode(await response.Content.ReadAsStringAsync(stop)), response.Headers.Location?.ToString() ?? "");
        }
    }

    private static Task<RunningServer> StartAsync(Sink sink) => RunningServer.StartAsync(
        new Dictionary<string, string> { ["alertmanager.yml"] = Routing.Replace("SINK", sink.Address.ToString().TrimEnd('/'), StringComparison.Ordinal) });

    private static async Task PostAsync(HttpClient client, string labels)
    {
        using var content = new StringContent($$"""[{"labels": {{labels}}}]""", Encoding.UTF8, "application/json");
        using var response = await client.PostAsync(new Uri("/api/v2/alerts", UriKind.Relative), content, TestContext.Current.CancellationToken);
        response.StatusCode.ShouldBe(HttpStatusCode.OK);
    }

    private static async Task<JsonNode> GetAsync(HttpClient client, string path) =>
        JsonNode.Parse(await client.GetStringAsync(path, TestContext.Current.CancellationToken))!;

    // Another thread delivers: waits in real time, at most 10 s.
    private static async Task<JsonNode> UntilAsync(HttpClient client, string fingerprint, Func<JsonNode, bool> reached)
    {
        for (var i = 0; ; i++)
        {
            var known = await GetAsync(client, "/nines/v1/alerts/" + fingerprint);
            if (reached(known))
            {
                return known;
            }
            i.ShouldBeLessThan(500, known.ToJsonString());
            await Task.Delay(TimeSpan.FromMilliseconds(20), TimeProvider.System, TestContext.Current.CancellationToken);
        }
    }

    private static async Task<(int Code, string Output)> ExplainAsync(RunningServer server, HttpClient client, string which)
    {
        var output = new StringWriter();
        var code = await NinesCommand.Create().Parse(["explain", which, "--server", server.Address.ToString(), "--token", client.DefaultRequestHeaders.Authorization!.Parameter!])
            .InvokeAsync(new() { Output = output, Error = TextWriter.Null }, TestContext.Current.CancellationToken);
        return (code, output.ToString());
    }

    [GeneratedRegex("name=\"__RequestVerificationToken\" value=\"(?<token>[^\"]+)\"", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex Token();
}
