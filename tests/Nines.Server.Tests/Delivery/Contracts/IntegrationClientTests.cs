using System.Globalization;
using System.Text;
using Microsoft.AspNetCore.Http;
using Nines.Core.Alerting.Routing;
using Nines.Core.Delivery;
using Nines.Core.Tests.Delivery.Integrations;

namespace Nines.Server.Tests.Delivery.Contracts;

/// <summary>Every kind of receiver against its vendor's published rules, and every way in which a receiver can fail.</summary>
public class IntegrationClientTests
{
    // Its address is fixed: what it gets is judged without a server.
    private const string Elsewhere = "pushover";
    private static readonly string[] OnlyOurs = ["mattermost", "ntfy", "incidentio", "sms"];

    public static TheoryData<string> Kinds => [.. VendorContract.All.Keys.Where(k => k != Elsewhere)];

    [Theory]
    [MemberData(nameof(Kinds))]
    public async Task EveryNotification_KeepsTheVendorsRules(string kind)
    {
        await using var world = await ContractWorld.StartAsync(kind);
        var integrations = OnlyOurs.Contains(kind) ? [world.Ours()] : new[] { world.Ours(), world.Alertmanager() };
        foreach (var integration in integrations)
        {
            foreach (var (name, notification) in Groups.All)
            {
                foreach (var marks in new[] { Groups.Plain, new DeliveryMarks(3, true, true, Groups.At) })
                {
                    var outcome = await world.SendAsync(integration, notification, marks);
                    outcome.Verdict.ShouldBe(SendVerdict.Sent, $"{kind}, {name}: {outcome.Detail}");
                    outcome.Detail.ShouldMatch(kind is "telegram" or "pagerduty" ? "^HTTP 20[0-9], message .+$" : "^HTTP 20[0-9]$", $"{kind}, {name}");
                    var arrived = await world.Sink.NextAsync();
                    world.Contract.Check(arrived).Where(p => p.Length > 0).ShouldBeEmpty($"{kind}, {name}: {arrived.Body[..Math.Min(400, arrived.Body.Length)]}");
                    arrived.Key.ShouldBe(notification.Key);
                    if (kind != "webhook" && integration == integrations[0])
                    {
                        arrived.Body.ShouldNotContain("\\u202E", Case.Insensitive);
                    }
                }
            }
        }
    }

    [Theory]
    [MemberData(nameof(Kinds))]
    public async Task EveryKindSays_WhatBrokeHowBadAndThatItMayBeARepeat(string kind)
    {
        Assert.SkipWhen(kind is "sms", "an SMS holds the headline only");
        await using var world = await ContractWorld.StartAsync(kind);
        await world.SendAsync(world.Ours(), Groups.All["one"], new DeliveryMarks(2, false, true, null));
        var body = (await world.Sink.NextAsync()).Body;
        body.ShouldContain("Checkout fails on a");
        body.ShouldContain("page", Case.Insensitive);
        body.ShouldContain("possible repeat");
        body.ShouldContain("checkout");
    }

    [Theory]
    [MemberData(nameof(Kinds))]
    public async Task Answers_BecomeVerdicts_AndNoSecretIsSaid(string kind)
    {
        await using var world = await ContractWorld.StartAsync(kind);
        async Task<SendOutcome> Answered(int status, string body, string? retryAfter = null)
        {
            world.Sink.Answer = async context =>
            {
                context.Response.StatusCode = status;
                if (retryAfter is not null)
                {
                    context.Response.Headers.RetryAfter = retryAfter;
                }
                await context.Response.WriteAsync(body);
            };
            var outcome = await world.SendAsync(world.Ours(), Groups.All["one"]);
            await world.Sink.NextAsync();
            outcome.Detail.ShouldNotContain(ContractWorld.Token);
            return outcome;
        }

        (await Answered(429, "slow down", "30")).ShouldBe(new SendOutcome(SendVerdict.Retry, "HTTP 429: slow down", TimeSpan.FromSeconds(30)));
        (await Answered(429, "", ManualTime.Start.AddSeconds(90).ToString("R", CultureInfo.InvariantCulture))).RetryAfter.ShouldBe(TimeSpan.FromSeconds(90));
        (await Answered(500, $"no {ContractWorld.Token} no")).Verdict.ShouldBe(SendVerdict.Retry);
        (await Answered(503, "<html>")).Verdict.ShouldBe(SendVerdict.Retry);
        (await Answered(404, "")).Verdict.ShouldBe(SendVerdict.Failed);
        (await Answered(302, "")).Verdict.ShouldBe(SendVerdict.Failed);
    }

    [Theory]
    [MemberData(nameof(Kinds))]
    public async Task ReceiversThatHangOrBreak_LeaveADoubt(string kind)
    {
        await using var world = await ContractWorld.StartAsync(kind);
        var reached = new TaskCompletionSource();
        world.Sink.Answer = async context =>
        {
            reached.TrySetResult();
            await Task.Delay(Timeout.InfiniteTimeSpan, TimeProvider.System, context.RequestAborted).ContinueWith(_ => { }, TestContext.Current.CancellationToken);
        };
        var sending = world.SendAsync(world.Ours(), Groups.All["one"]);
        await reached.Task.WaitAsync(TimeSpan.FromSeconds(20), TimeProvider.System, TestContext.Current.CancellationToken);
        world.Io.Advance(TimeSpan.FromSeconds(11));
        (await sending).ShouldBe(new SendOutcome(SendVerdict.InDoubt, "no answer within 10 s"));

        world.Sink.Answer = context =>
        {
            context.Abort();
            return Task.CompletedTask;
        };
        (await world.SendAsync(world.Ours(), Groups.All["one"])).Verdict.ShouldBe(SendVerdict.InDoubt);
    }

    [Fact]
    public async Task NobodyListens_IsNoDoubt()
    {
        var world = await ContractWorld.StartAsync("webhook");
        var integration = world.Ours();
        await world.Sink.DisposeAsync();
        (await world.SendAsync(integration, Groups.All["one"])).Verdict.ShouldBe(SendVerdict.Retry);
        world.Client.Dispose();
    }

    [Theory]
    [InlineData("""{"ok":false,"error":"ratelimited"}""", SendVerdict.Retry)]
    [InlineData("""{"ok":false,"error":"internal_error"}""", SendVerdict.Retry)]
    [InlineData("""{"ok":false,"error":"invalid_auth"}""", SendVerdict.Failed)]
    [InlineData("""{"ok":false,"error":"channel_not_found"}""", SendVerdict.Failed)]
    [InlineData("<html>login</html>", SendVerdict.Retry)]
    [InlineData("""{"ok":true,"channel":"C1","ts":"1.2"}""", SendVerdict.Sent)]
    public async Task SlacksApi_IsJudgedByWhatItSays_NotByIts200(string answer, SendVerdict verdict)
    {
        await using var world = await ContractWorld.StartAsync("slack");
        world.Sink.Answer = context => context.Response.WriteAsync(answer);
        (await world.SendAsync(Bot(world), Groups.All["one"])).Verdict.ShouldBe(verdict);
    }

    [Fact]
    public async Task ASlackBot_KeepsOneMessageAGroup_NewsInItsThread_AndBeginsAnewAfterTheEnd()
    {
        await using var world = await ContractWorld.StartAsync("slack");
        var count = 0;
        world.Sink.Answer = context => context.Response.WriteAsync($$"""{"ok":true,"channel":"C123","ts":"{{++count}}.000"}""");
        var bot = Bot(world);
        string[] expected = ["chat.postMessage", "chat.postMessage 1.000", "chat.update 1.000", "chat.postMessage 1.000", "chat.update 1.000", "chat.postMessage"];
        var seen = new List<string>();
        foreach (var which in (string[])["one", "several", "resolved", "one"])
        {
            (await world.SendAsync(bot, Groups.All[which])).Verdict.ShouldBe(SendVerdict.Sent);
            while (!world.Sink.Empty)
            {
                var arrived = await world.Sink.NextAsync();
                world.Contract.Check(arrived).Where(p => p.Length > 0).ShouldBeEmpty();
                arrived.Headers["Authorization"].ShouldBe($"Bearer {ContractWorld.Token}");
                var json = arrived.Json;
                var ts = json.TryGetProperty("ts", out var t) ? t.GetString() : json.TryGetProperty("thread_ts", out t) ? t.GetString() : null;
                seen.Add($"{arrived.Path.Split('/')[^1]} {ts}".Trim());
            }
        }
        seen.ShouldBe(expected);
    }

    [Fact]
    public async Task TelegramSaysInTheBody_HowLongToWait()
    {
        await using var world = await ContractWorld.StartAsync("telegram");
        world.Sink.Answer = context =>
        {
            context.Response.StatusCode = 429;
            return context.Response.WriteAsync("""{"ok":false,"error_code":429,"description":"Too Many Requests: retry after 35","parameters":{"retry_after":35}}""");
        };
        (await world.SendAsync(world.Ours(), Groups.All["one"]))
            .ShouldBe(new SendOutcome(SendVerdict.Retry, "HTTP 429: Too Many Requests: retry after 35", TimeSpan.FromSeconds(35)));
    }

    [Fact]
    public async Task MarkupTelegramCannotRead_GoesAsPlainTextAtOnce()
    {
        await using var world = await ContractWorld.StartAsync("telegram");
        world.Sink.Answer = async context =>
        {
            context.Response.StatusCode = 400;
            await context.Response.WriteAsync("""{"ok":false,"error_code":400,"description":"Bad Request: can't parse entities: unclosed start tag at byte offset 31"}""");
            world.Sink.Answer = c => c.Response.WriteAsync(world.Contract.Answer);
        };
        (await world.SendAsync(world.Alertmanager("    message: '<b>{{ .CommonLabels.alertname }}'"), Groups.All["one"])).Verdict.ShouldBe(SendVerdict.Sent);
        (await world.Sink.NextAsync()).Json.GetProperty("parse_mode").GetString().ShouldBe("HTML");
        var plain = (await world.Sink.NextAsync()).Json;
        plain.TryGetProperty("parse_mode", out _).ShouldBeFalse();
        plain.GetProperty("text").GetString().ShouldBe("HighErrors");
    }

    [Fact]
    public async Task WebhookBody_IsAlertmanagersVersion4()
    {
        await using var world = await ContractWorld.StartAsync("webhook");
        await world.SendAsync(world.Alertmanager("    max_alerts: 2"), Groups.All["several"], new DeliveryMarks(1, false, false, null));
        var body = (await world.Sink.NextAsync()).Json;
        body.EnumerateObject().Select(p => p.Name).ShouldBe(
            ["receiver", "status", "alerts", "groupLabels", "commonLabels", "commonAnnotations", "externalURL", "version", "groupKey", "truncatedAlerts"]);
        body.GetProperty("receiver").GetString().ShouldBe("team\\.x");
        body.GetProperty("status").GetString().ShouldBe("firing");
        body.GetProperty("truncatedAlerts").GetInt32().ShouldBe(1);
        body.GetProperty("commonLabels").EnumerateObject().Select(p => p.Name).ShouldBe(["alertname", "cluster", "service", "severity", "team"]);
        var alerts = body.GetProperty("alerts").EnumerateArray().ToList();
        alerts.Select(a => a.GetProperty("status").GetString()).ShouldBe(["firing", "resolved"]);
        alerts[0].EnumerateObject().Select(p => p.Name).ShouldBe(["status", "labels", "annotations", "startsAt", "endsAt", "generatorURL", "fingerprint"]);
        alerts[0].GetProperty("endsAt").GetString().ShouldBe("0001-01-01T00:00:00Z");
        alerts[1].GetProperty("endsAt").GetString().ShouldBe("2026-11-21T10:00:30Z");
    }

    [Fact]
    public async Task ASignedWebhook_CanBeVerified()
    {
        await using var world = await ContractWorld.StartAsync("webhook");
        await world.SendAsync(world.Ours(new(StringComparer.Ordinal) { ["hmac_secret"] = "It's a Secret to Everybody" }), Groups.All["one"]);
        var arrived = await world.Sink.NextAsync();
        var parts = arrived.Headers["X-Nines-Signature"].Split(',');
        parts[0].ShouldBe($"t={ManualTime.Start.ToUnixTimeSeconds()}");
        var signed = Encoding.UTF8.GetBytes($"{parts[0][2..]}.{arrived.Body}");
        parts[1].ShouldBe("v1=" + Convert.ToHexStringLower(System.Security.Cryptography.HMACSHA256.HashData("It's a Secret to Everybody"u8, signed)));
    }

    [Fact]
    public async Task HttpConfig_IsFollowed()
    {
        await using var world = await ContractWorld.StartAsync("webhook");
        await using var tokens = await Sink.StartAsync();
        tokens.Answer = context => context.Response.WriteAsync("""{"access_token":"tok-1234567","expires_in":3600}""");
        var file = Path.GetTempFileName();
        await File.WriteAllTextAsync(file, "from-a-file\n", TestContext.Current.CancellationToken);

        async Task<Arrived> Sent(string config)
        {
            (await world.SendAsync(world.Alertmanager($"    http_config:\n{config}"), Groups.All["one"])).Verdict.ShouldBe(SendVerdict.Sent);
            return await world.Sink.NextAsync();
        }

        (await Sent("      basic_auth: { username: u, password: p }")).Headers["Authorization"].ShouldBe("Basic dTpw");
        (await Sent($"      authorization: {{ type: Token, credentials_file: {file} }}")).Headers["Authorization"].ShouldBe("Token from-a-file");
        (await Sent($"      http_headers: {{ X-Org: {{ values: [a], files: ['{file}'] }} }}")).Headers["X-Org"].ShouldBe("a, from-a-file");
        (await Sent($"      oauth2: {{ client_id: me, client_secret: you, token_url: '{tokens.Url}', scopes: [a, b] }}")).Headers["Authorization"].ShouldBe("Bearer tok-1234567");
        var asked = await tokens.NextAsync();
        asked.Body.ShouldBe("grant_type=client_credentials&scope=a+b");
        asked.Headers["Authorization"].ShouldBe("Basic " + Convert.ToBase64String("me:you"u8));
        (await Sent($"      proxy_url: {world.Sink.Url}")).Path.ShouldEndWith(ContractWorld.Token);
        File.Delete(file);
        (await world.SendAsync(world.Alertmanager($"    http_config: {{ bearer_token_file: {file} }}"), Groups.All["one"]))
            .ShouldBe(new SendOutcome(SendVerdict.Retry, $"the file {file} cannot be read"));
    }

    [Fact]
    public async Task ATokenTakenBackEarly_IsAskedForAgain()
    {
        await using var world = await ContractWorld.StartAsync("webhook");
        await using var tokens = await Sink.StartAsync();
        var given = 0;
        tokens.Answer = context => context.Response.WriteAsync($$"""{"access_token":"token-{{++given}}","expires_in":3600}""");
        var integration = world.Alertmanager($"    http_config: {{ oauth2: {{ client_id: me, client_secret: you, token_url: '{tokens.Url}' }} }}");
        world.Sink.Answer = context =>
        {
            context.Response.StatusCode = context.Request.Headers.Authorization == "Bearer token-1" ? 401 : 200;
            return Task.CompletedTask;
        };
        (await world.SendAsync(integration, Groups.All["one"])).Verdict.ShouldBe(SendVerdict.Retry);
        (await world.SendAsync(integration, Groups.All["one"])).Verdict.ShouldBe(SendVerdict.Sent);
        (await world.SendAsync(integration, Groups.All["one"])).Verdict.ShouldBe(SendVerdict.Sent);
        given.ShouldBe(2);
    }

    [Fact]
    public async Task ARedirect_KeepsThePost_AndLosesTheTokenOnItsWayElsewhere()
    {
        await using var world = await ContractWorld.StartAsync("webhook");
        await using var other = await Sink.StartAsync();
        world.Sink.Answer = context =>
        {
            context.Response.StatusCode = 308;
            context.Response.Headers.Location = new Uri(other.Url, "/there").ToString();
            return Task.CompletedTask;
        };
        (await world.SendAsync(world.Alertmanager("    http_config: { authorization: { credentials: hidden-token } }"), Groups.All["one"])).Verdict.ShouldBe(SendVerdict.Sent);
        (await world.Sink.NextAsync()).Headers["Authorization"].ShouldBe("Bearer hidden-token");
        var arrived = await other.NextAsync();
        arrived.Path.ShouldBe("/there");
        arrived.Headers.ContainsKey("Authorization").ShouldBeFalse();
        arrived.Json.GetProperty("version").GetString().ShouldBe("4");
        (await world.SendAsync(world.Alertmanager("    http_config: { follow_redirects: false }"), Groups.All["one"])).Verdict.ShouldBe(SendVerdict.Failed);
    }

    [Fact]
    public async Task AReceiverOfOnesOwn_IsData()
    {
        await using var world = await ContractWorld.StartAsync("webhook");
        world.Sink.Answer = context => context.Response.WriteAsync("""{"status":{"code":"busy"},"wait":7}""");
        var settings = new Settings(new Dictionary<string, object>(StringComparer.Ordinal)
        {
            ["url"] = world.Sink.Url.ToString(), ["body"] = """{"text": {{ .T | toJson }}, "key": "{{ .K.api_key }}"}""", ["secrets"] = new List<string> { "api_key" },
            ["api_key"] = ContractWorld.Token, ["ok_field"] = "status.code", ["ok_value"] = "\"fine\"", ["error_field"] = "status.code",
            ["retry_errors"] = new List<string> { "busy" }, ["retry_after_field"] = "wait",
        });
        (await world.SendAsync(new Integration("http", 0, true, settings, default!), Groups.All["one"]))
            .ShouldBe(new SendOutcome(SendVerdict.Retry, "HTTP 200: busy", TimeSpan.FromSeconds(7)));
        var json = (await world.Sink.NextAsync()).Json;
        json.GetProperty("text").GetString().ShouldBe("🔴 PAGE · checkout · Checkout fails on a");
        json.GetProperty("key").GetString().ShouldBe(ContractWorld.Token);
    }

    private static Integration Bot(ContractWorld world) => new("slack", 0, true, new Settings(new Dictionary<string, object>(StringComparer.Ordinal)
    {
        ["api_url"] = new Uri(world.Sink.Url, "/api/chat.postMessage").ToString(), ["bot_token"] = ContractWorld.Token, ["channel"] = "#alerts",
    }), default!);
}
