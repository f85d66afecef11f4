using System.Net;
using System.Text;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Microsoft.AspNetCore.Builder;
using Nines.Server;

namespace Nines.Integration.Tests.Alertmanager;

/// <summary>The same requests to Alertmanager and to Nines: status, type and body must be the same.</summary>
public sealed partial class AlertmanagerApiTests : IAsyncLifetime
{
    private const string Times = "\"startsAt\":\"2026-11-22T00:00:00Z\",\"endsAt\":\"2099-01-01T00:00:00Z\",\"createdBy\":\"me\",\"comment\":\"c\"";
    private const string NoId = "8d1e3b5e-0000-4000-8000-000000000000";
    private readonly string _root = Directory.CreateTempSubdirectory("nines-test-").FullName;
    private WebApplication? _ours;

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    private string Config => Path.Combine(_root, "alertmanager.yml");

    public async ValueTask InitializeAsync() => await File.WriteAllTextAsync(Config, OurAlertmanager.Config, Stop);

    public async ValueTask DisposeAsync()
    {
        if (_ours is not null)
        {
            await _ours.DisposeAsync();
        }
        Directory.Delete(_root, true);
    }

    [Fact]
    public async Task Requests_valid_and_odd_are_answered_as_Alertmanager_answers_them()
    {
        RealAlertmanager.SkipUnlessThere();
        await using var real = await RealAlertmanager.StartAsync(Config, Path.Combine(_root, "theirs"));
        using var theirs = Client(real.Address);
        using var ours = await OursAsync();
        var differences = new List<string>();
        foreach (var request in Requests())
        {
            var (expected, answer) = (await AskAsync(theirs, request), await AskAsync(ours, request));
            if (Normal(answer) != Normal(expected))
            {
                differences.Add($"{request}\n  theirs {Normal(expected)}\n  ours   {Normal(answer)}");
            }
        }
        (differences.Count == 0).ShouldBeTrue(string.Join('\n', differences));
    }

    [Fact]
    public async Task Alerts_filtered_silenced_and_inhibited_are_listed_as_Alertmanager_lists_them()
    {
        RealAlertmanager.SkipUnlessThere();
        await using var real = await RealAlertmanager.StartAsync(Config, Path.Combine(_root, "theirs"));
        using var theirs = Client(real.Address);
        using var ours = await OursAsync();
        var random = new Random(28);
        string[] severities = ["critical", "warning"];
        var alerts = Enumerable.Range(0, 60).Select(i => $$$"""
            {"labels":{"alertname":"A{{{random.Next(4)}}}","n":"{{{i}}}","team":"{{{"abm"[random.Next(3)]}}}","cluster":"{{{random.Next(9)}}}","severity":"{{{severities[random.Next(2)]}}}"},
             "annotations":{"x":"<{{{i}}}>&\u2028é"},"startsAt":"2026-11-22T00:00:0{{{random.Next(10)}}}.123Z","endsAt":"2099-01-01T00:00:00Z","generatorURL":"http://x/?a=1&b={{{i}}}"}
            """);
        var body = "[" + string.Join(',', alerts) + "]";
        string[] silences = ["""{"name":"team","value":"a","isRegex":false},{"name":"cluster","value":"[0-3]","isRegex":true}""", """{"name":"alertname","value":"A[12]","isRegex":true,"isEqual":false},{"name":"n","value":"1.*","isRegex":true}"""];
        foreach (var client in (HttpClient[])[theirs, ours])
        {
            (await AskAsync(client, new("POST", "/api/v2/alerts", body))).Status.ShouldBe(200);
            foreach (var matchers in silences)
            {
                (await AskAsync(client, new("POST", "/api/v2/silences", $"{{\"matchers\":[{matchers}],{Times}}}"))).Status.ShouldBe(200);
            }
        }
        await RealAlertmanager.SettleAsync();
        string[] queries =
        [
            "", "active=false", "silenced=false", "inhibited=false", "active=false&inhibited=false", "silenced=false&inhibited=false", "unprocessed=false", "filter=alertname=A1", "filter=team=~%22a%7Cb%22&filter=cluster!=3", "filter=nosuch=%22%22",
            "filter=nosuch!=%22%22", "filter=n!~%221.*%22", "receiver=team-a", "receiver=team.*", "receiver=team", "receiver=muted&silenced=0",
        ];
        foreach (var query in queries)
        {
            (await JsonAsync(ours, $"/api/v2/alerts?{query}")).ShouldBe(await JsonAsync(theirs, $"/api/v2/alerts?{query}"), query);
            (await JsonAsync(ours, $"/api/v2/alerts/groups?{query}")).ShouldBe(await JsonAsync(theirs, $"/api/v2/alerts/groups?{query}"), query);
        }
        (await JsonAsync(ours, "/api/v2/silences")).ShouldBe(await JsonAsync(theirs, "/api/v2/silences"));
    }

    [Theory]
    [InlineData("POST", "/api/v2/alerts", """[{"labels":{"b-c":"é"}}]""", 200, "")]
    [InlineData("POST", "/api/v2/alerts", """[{"labels":{"":"x"}},{"labels":{"alertname":"kept"}}]""", 400, "\"invalid label set: invalid name \\\"\\\"\"\n")]
    [InlineData("POST", "/api/v2/alerts", "[null]", 422, """{"code":602,"message":"0 in body is required"}""")]
    [InlineData("POST", "/api/v2/silences", "{\"matchers\":[{\"name\":\"a\",\"value\":\"\",\"isRegex\":false}]," + Times + "}", 400, "\"invalid silence: at least one matcher must not match the empty string\"\n")]
    [InlineData("DELETE", "/api/v2/silence/" + NoId, null, 404, "")]
    [InlineData("GET", "/api/v1/alerts", null, 410, "{\"status\":\"deprecated\",\"error\":\"The Alertmanager v1 API was deprecated in version 0.16.0 and is removed as of version 0.27.0 - please use the equivalent route in the v2 API\"}\n")]
    public async Task Where_0_28_differs_from_Debians_0_25_its_answer_counts(string method, string path, string? body, int status, string expected)
    {
        using var ours = await OursAsync();
        var answer = await AskAsync(ours, new(method, path, body));
        (answer.Status, answer.Body).ShouldBe((status, expected));
    }

    [Fact]
    public async Task Status_names_0_28_and_the_configuration_without_secrets()
    {
        using var ours = await OursAsync();
        var status = JsonNode.Parse((await AskAsync(ours, new("GET", "/api/v2/status"))).Body)!;
        ((string?)status["versionInfo"]!["version"]).ShouldBe("0.28.0");
        ((string?)status["cluster"]!["status"]).ShouldBe("disabled");
        ((string?)status["config"]!["original"]).ShouldBe(OurAlertmanager.Config.Replace("# a comment with https://hooks.example/old\n", "")
            .Replace("\"http://127.0.0.1:1/hidden\"", "http://<secret>").Replace("\"https://hooks.example/s/hidden\"", "<secret>"));
    }

    [Fact]
    public async Task Answers_are_not_stored_and_scripts_of_any_site_may_read_them()
    {
        using var ours = await OursAsync();
        ours.DefaultRequestHeaders.Add("Origin", "http://elsewhere");
        using var answer = await ours.GetAsync("/api/v2/receivers", Stop);
        answer.Headers.CacheControl!.NoStore.ShouldBeTrue();
        answer.Headers.GetValues("Access-Control-Allow-Origin").ShouldBe(["*"]);
        using var preflight = new HttpRequestMessage(HttpMethod.Options, "/api/v2/alerts");
        preflight.Headers.Add("Access-Control-Request-Method", "POST");
        preflight.Headers.Add("Access-Control-Request-Headers", "content-type");
        using var allowed = await ours.SendAsync(preflight, Stop);
        (allowed.StatusCode, allowed.Headers.GetValues("Access-Control-Allow-Methods").Single()).ShouldBe((HttpStatusCode.NoContent, "POST"));
    }

    [Fact]
    public async Task Reload_takes_what_is_right_and_keeps_what_runs_when_it_is_wrong()
    {
        using var ours = await OursAsync();
        await File.WriteAllTextAsync(Config, OurAlertmanager.Config + "  nonsense: 1\n", Stop);
        var refused = await AskAsync(ours, new("POST", "/-/reload"));
        refused.Status.ShouldBe(500);
        refused.Body.ShouldContain("failed to reload config: ");
        refused.Body.ShouldContain("alertmanager.yml:25:");
        (await AskAsync(ours, new("GET", "/api/v2/receivers"))).Body.ShouldContain("team-a");
        await File.WriteAllTextAsync(Config, "route: {receiver: only}\nreceivers: [{name: only}]\n", Stop);
        (await AskAsync(ours, new("POST", "/-/reload"))).Status.ShouldBe(200);
        (await AskAsync(ours, new("GET", "/api/v2/receivers"))).Body.ShouldBe("[{\"name\":\"only\"}]\n");
    }

    [Fact]
    public async Task Prefix_goes_before_each_route()
    {
        _ours = await OurAlertmanager.StartAsync(Config, Path.Combine(_root, "ours"), new AlertmanagerOptions { ConfigFile = Config, StoragePath = Path.Combine(_root, "ours"), RoutePrefix = "/am" });
        using var ours = Client(new Uri(_ours.Urls.First()));
        (await AskAsync(ours, new("GET", "/am/-/ready"))).ShouldBe(new(200, "text/plain; charset=utf-8", "OK"));
        (await AskAsync(ours, new("GET", "/am/api/v2/silences"))).Body.ShouldBe("[]\n");
        (await AskAsync(ours, new("GET", "/api/v2/silences"))).ShouldBe(new(404, "text/plain; charset=utf-8", "404 page not found\n"));
        (await AskAsync(ours, new("GET", "/am/api/v2/nosuch"))).Body.ShouldBe("""{"code":404,"message":"path /am/api/v2/nosuch was not found"}""");
        (await AskAsync(ours, new("GET", "/"))).Status.ShouldBe(302);
    }

    private static IEnumerable<Asked> Requests()
    {
        string[] posted =
        [
            "[]", "", "null", "{", "{\"labels\":{}}", "[{}]", """[{"labels":null}]""", """[{"labels":{}}]""", """[{"labels":{"a":1}}]""", """[{"labels":{"a":null}}]""",
            """[{"labels":{"a":""}},{"labels":{"alertname":"ok"},"endsAt":"2099-01-01T00:00:00Z"},{"labels":{"b":""}}]""", """[{"labels":{"alertname":"x"},"startsAt":"nope"}]""",
            """[{"labels":{"alertname":"x"},"startsAt":"2026-11-22T01:00:00Z","endsAt":"2026-11-22T00:00:00Z"}]""", """[{"labels":{"alertname":"y"},"generatorURL":"not a url"}]""",
            """[{"labels":{"alertname":"y"},"generatorURL":"::"}]""", """[{"labels":{"alertname":"y"},"generatorURL":5}]""", """[{"labels":{"alertname":"y"},"generatorURL":"http://a b/"}]""",
            """[{"unknown":5,"LABELS":{"alertname":"z"},"endsAt":"2099-01-01T00:00:00Z"}]""", """[{"labels":{"alertname":"w"},"endsAt":"2099-01-01T00:00:00Z"}] trailing""",
            """[{"labels":{"alertname":"t1"},"startsAt":"2026-11-22 01:00:00","endsAt":"2099-01-01T00:00:00.500+0100"}]""", """[{"labels":{"alertname":"t2"},"startsAt":"0001-01-01T00:00:00Z","endsAt":"2099-01-01T00:00:00Z"}]""",
        ];
        foreach (var body in posted)
        {
            yield return new("POST", "/api/v2/alerts", body);
        }
        foreach (var type in (string[])["text/plain", "application/json; charset=utf-8", "application/xml", ""])
        {
            yield return new("POST", "/api/v2/alerts", "[]", type);
            yield return new("POST", "/api/v2/silences", "{}", type);
        }
        foreach (var query in (string[])["filter=foo", "filter=", "filter=%7Balertname=%22ok%22%7D", "receiver=(", "receiver=", "filter=a=~%22(%22", "filter=alertname=ok", "active=nope", "active=&filter=alertname=ok", "active=f&active=true&filter=alertname=ok"])
        {
            yield return new("GET", $"/api/v2/alerts?{query}");
            yield return new("GET", $"/api/v2/alerts/groups?{query}");
        }
        foreach (var path in (string[])["/api/v2/receivers", "/api/v2/nosuch", "/api/v2/silence/nope", $"/api/v2/silence/{NoId}", "/api/v2/silence/", "/nosuch", "/-/healthy", "/-/ready", "/-/reload", "/api/v2/silences?filter=foo", "/api/v2/silences?filter=a=~b"])
        {
            yield return new("GET", path);
        }
        yield return new("GET", "/api/v2/receivers", Accept: "text/html");
        yield return new("GET", "/api/v2/silence/nope", Accept: "text/html");
        yield return new("GET", "/api/v2/receivers", Accept: "application/*");
        yield return new("POST", "/api/v2/silences", "{}", Accept: "text/html");
        yield return new("HEAD", "/-/healthy");
        yield return new("HEAD", "/-/ready");
        yield return new("HEAD", "/api/v2/alerts");
        yield return new("PUT", "/api/v2/alerts");
        yield return new("DELETE", "/api/v2/silences");
        yield return new("POST", $"/api/v2/silence/{NoId}");
        yield return new("DELETE", "/api/v2/silence/nope");
        yield return new("POST", "/-/ready");
        yield return new("POST", "/-/reload");
        foreach (var body in Silences())
        {
            yield return new("POST", "/api/v2/silences", body);
        }
        yield return new("GET", "/api/v2/silences");
        yield return new("GET", "/api/v2/silences?filter=a=b");
        yield return new("GET", "/api/v2/silences?filter=b!~x.*");
    }

    private static IEnumerable<string> Silences()
    {
        string[] bodies = ["", "null", "{", "{}", """{"matchers":[]}""", """{"comment":"c"}""", """{"comment":"c","createdBy":"x","endsAt":"2026-11-22T00:00:00Z"}""", """{"comment":"c","createdBy":"x","endsAt":"2026-11-22T00:00:00Z","matchers":[]}"""];
        string[] matchers =
        [
            "", """{"name":"a"}""", """{"value":"x"}""", "{}", """{"name":"a","isRegex":true}""", """{"isRegex":true,"value":"a"}""", """{"name":"a","value":"b","isRegex":"no"}""",
            """{"name":"b","value":"x.*","isRegex":true,"isEqual":false},{"name":"a","value":"b","isRegex":false}""", """{"name":"a","value":"b<","isRegex":false,"isEqual":true}""",
        ];
        const string One = """{"matchers":[{"name":"a","value":"b","isRegex":false}],""";
        return [
            .. bodies, .. matchers.Select(m => $"{{\"matchers\":[{m}],{Times}}}"),
            One + """ "createdBy":"x","startsAt":"2026-11-22T00:00:00Z","endsAt":"2099-01-01T00:00:00Z"}""", One + """ "createdBy":"","comment":"","startsAt":"","endsAt":"2098-01-01T00:00:00Z"}""",
            One + """ "createdBy":"x","comment":"c","endsAt":"2099-01-01T00:00:00Z"}""", One + """ "createdBy":"x","comment":"c","startsAt":"x","endsAt":"2099-01-01T00:00:00Z"}""",
            One + """ "createdBy":"x","comment":"c","startsAt":"2028-01-01T00:00:00Z","endsAt":"2027-01-01T00:00:00Z"}""", One + """ "createdBy":"x","comment":"c","startsAt":"2020-01-01T00:00:00Z","endsAt":"2020-02-01T00:00:00Z"}""",
            One + $"\"id\":\"{NoId}\",{Times}}}", One + $"\"id\":\"nope\",{Times}}}", One + """ "createdBy":"x","comment":"c","startsAt":"2097-01-01T00:00:00Z","endsAt":"2097-02-01T00:00:00Z"}""",
        ];
    }

    private async Task<HttpClient> OursAsync()
    {
        _ours = await OurAlertmanager.StartAsync(Config, Path.Combine(_root, "ours"));
        return Client(new Uri(_ours.Urls.First()));
    }

    private static HttpClient Client(Uri address) => new(new HttpClientHandler { AllowAutoRedirect = false }) { BaseAddress = address };

    private static async Task<Answer> AskAsync(HttpClient client, Asked asked)
    {
        using var request = new HttpRequestMessage(new HttpMethod(asked.Method), asked.Path);
        if (asked.Body is not null)
        {
            request.Content = new ByteArrayContent(Encoding.UTF8.GetBytes(asked.Body));
            request.Content.Headers.TryAddWithoutValidation("Content-Type", asked.Type);
        }
        if (asked.Accept is not null)
        {
            request.Headers.Accept.ParseAdd(asked.Accept);
        }
        using var response = await client.SendAsync(request, Stop);
        return new((int)response.StatusCode, response.Content.Headers.ContentType?.ToString() ?? "", await response.Content.ReadAsStringAsync(Stop));
    }

    // What is not the same from run to run, and what 0.28 says in other words than 0.25.
    private static Answer Normal(Answer answer)
    {
        var body = Moment().Replace(Identity().Replace(answer.Body, "ID"), "TIME");
        body = body.Replace("\"mutedBy\":[],", "").Replace("silence invalid: ", "invalid silence: ").Replace("\"error parsing regexp:", "\"invalid regular expression");
        // The original lists silences that end at the same moment in any order.
        body = body.StartsWith("[{\"id\":\"ID\"", StringComparison.Ordinal)
            ? string.Join('\n', JsonNode.Parse(body)!.AsArray().Select(s => s!.ToJsonString()).Order(StringComparer.Ordinal)) : body;
        return answer with { Body = Allowed().Replace(OwnWords().Replace(body, "${what} …"), "but […]") };
    }

    private static async Task<string> JsonAsync(HttpClient client, string path)
    {
        var answer = await AskAsync(client, new("GET", path));
        answer.Status.ShouldBe(200, path);
        var json = JsonNode.Parse(answer.Body)!.AsArray();
        foreach (var alert in json.SelectMany(n => n!["alerts"] is JsonArray inside ? inside.ToList() : [n]))
        {
            alert!["status"]?.AsObject().Remove("mutedBy");
            alert["updatedAt"] = "";
            var status = alert["status"]!.AsObject();
            status["silencedBy"] = new JsonArray([.. (status["silencedBy"]?.AsArray() ?? []).Select(_ => (JsonNode?)"ID")]);
            // The original names one source, Nines all of them.
            status["inhibitedBy"] = status["inhibitedBy"]?.AsArray().Count > 0;
        }
        foreach (var group in json.Where(n => n!["alerts"] is not null))
        {
            group!["alerts"] = new JsonArray([.. group["alerts"]!.AsArray().OrderBy(a => (string?)a!["fingerprint"], StringComparer.Ordinal).Select(a => a!.DeepClone())]);
        }
        foreach (var silence in json.Where(n => n!["matchers"] is not null))
        {
            (silence!["id"], silence["startsAt"]) = ("", "");
        }
        if (json.Any(n => n!["matchers"] is not null))
        {
            // In any order those that end at the same moment; the others as they come.
            var ends = json.Select(n => $"{n!["status"]!["state"]} {n["endsAt"]}").ToList();
            return string.Join('\n', json.Select((n, i) => (At: ends.IndexOf(ends[i]), Text: n!.ToJsonString())).OrderBy(s => s.At)
                .ThenBy(s => s.Text, StringComparer.Ordinal).Select(s => s.Text));
        }
        return json.ToJsonString();
    }

    [GeneratedRegex("[0-9a-f]{8}-[0-9a-f-]{27}", RegexOptions.NonBacktracking | RegexOptions.ExplicitCapture)]
    private static partial Regex Identity();

    [GeneratedRegex(@"2\d{3}-\d\d-\d\dT[0-9:.]+(Z|[+-]\d\d:\d\d)", RegexOptions.NonBacktracking | RegexOptions.ExplicitCapture)]
    private static partial Regex Moment();

    [GeneratedRegex("(?<what>failed, because|receiver param:|error parsing regexp:|invalid regular expression).*", RegexOptions.Singleline | RegexOptions.NonBacktracking | RegexOptions.ExplicitCapture)]
    private static partial Regex OwnWords();

    [GeneratedRegex(@"but \[[A-Z,]+\]", RegexOptions.NonBacktracking | RegexOptions.ExplicitCapture)]
    private static partial Regex Allowed();

    private sealed record Asked(string Method, string Path, string? Body = null, string Type = "application/json", string? Accept = null);

    private sealed record Answer(int Status, string Type, string Body);
}
