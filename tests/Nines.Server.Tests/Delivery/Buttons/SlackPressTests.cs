using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging.Abstractions;
using Nines.Core.Alerting.Routing;
using Nines.Core.Delivery;
using Nines.Server.Delivery.Buttons;
using Nines.Server.State;

namespace Nines.Server.Tests.Delivery.Buttons;

/// <summary>Buttons pressed in Slack, from the message to what Slack is told of it.</summary>
public sealed class SlackPressTests
{
    private const string SigningSecret = "s1gning-secret-0123456789";
    private const string BotToken = "xoxb-t0ken-0123456789";

    [Fact]
    public async Task Pressed_ActsOnceAndTheMessageSaysSo()
    {
        await using var slack = await SlackAsync();
        await using var world = await AlertWorld.StartAsync([Receiver("slack", slack)]);
        var presses = PressesOf(world);
        await world.PostAsync(AlertWorld.Alert("Burn", world.Time.NowNs));
        var message = await slack.NextAsync();
        ButtonsOf(message).ShouldBe(["acknowledge", "resolve"]);

        (await presses.ReceiveAsync(Request(world, Payload(message, "acknowledge", slack)))).ShouldHaveStatus(200);
        var told = await slack.NextAsync();
        (told.Path, (bool)JsonNode.Parse(told.Body)!["replace_original"]!).ShouldBe(("/respond/1", true));
        (SaidIn(told), string.Join(' ', ButtonsOf(told))).ShouldBe(("Acknowledged by aiko, 10:00 UTC", "resolve"));
        var taken = world.Door.All()[0].Acknowledged.ShouldNotBeNull();
        taken.By.ShouldBe(new("slack:U123", "aiko", "slack"));

        world.Time.Advance(TimeSpan.FromMinutes(2));
        (await presses.ReceiveAsync(Request(world, Payload(message, "acknowledge", slack, "ben")))).ShouldHaveStatus(200);
        SaidIn(await slack.NextAsync()).ShouldBe("Acknowledged by aiko, 10:00 UTC");
        world.Door.All()[0].Acknowledged.ShouldBe(taken);

        (await presses.ReceiveAsync(Request(world, Payload(told, "resolve", slack)))).ShouldHaveStatus(200);
        // The end is told by the way of all messages, too.
        var both = new[] { await slack.NextAsync(), await slack.NextAsync(), await slack.NextAsync() };
        both.Select(b => b.Path).ShouldBe(["/api/chat.postMessage", "/api/chat.update", "/respond/1"], ignoreOrder: true);
        var ended = both.Single(b => b.Path == "/respond/1");
        (SaidIn(ended), ButtonsOf(ended).Count).ShouldBe(("Resolved by aiko, 10:02 UTC. What its source still reports fires again", 0));
        world.Door.Firing().ShouldBeEmpty();

        world.Time.Advance(TimeSpan.FromMinutes(1));
        await presses.ReceiveAsync(Request(world, Payload(message, "resolve", slack)));
        SaidIn(await slack.NextAsync()).ShouldBe("It is over since 10:02 UTC");
        (await world.QueryAsync("SELECT type, actor, source FROM fact ORDER BY seq")).ShouldBe(["alert.acknowledged/1 slack:U123 slack", "alert.resolved/1 slack:U123 slack"]);
        world.Logged.ShouldNotContain(l => l.Contains(SigningSecret) || l.Contains(BotToken));
    }

    [Fact]
    public async Task Pressed_OnAnOldMessageWhileTheAlertFiresAnew_DoesNotTakeItUp()
    {
        await using var slack = await SlackAsync();
        await using var world = await AlertWorld.StartAsync([Receiver("slack", slack)]);
        var start = world.Time.NowNs;
        await world.PostAsync(AlertWorld.Alert("Burn", start));
        var first = await slack.NextAsync();
        await AlertWorld.UntilAsync(() => world.Door.All()[0].Deliveries[0].State == Nines.Core.Alerting.DeliveryState.Sent);
        world.Time.Advance(TimeSpan.FromMinutes(1));
        await world.PostAsync(AlertWorld.Alert("Burn", start, world.Time.NowNs));
        world.Time.Advance(TimeSpan.FromMinutes(1));
        await world.PostAsync(AlertWorld.Alert("Burn", world.Time.NowNs));
        await PressesOf(world).ReceiveAsync(Request(world, Payload(first, "acknowledge", slack)));
        var said = await NextAsync(slack, "/respond/1");
        (SaidIn(said), ButtonsOf(said).Count).ShouldBe(("It was over and fires anew: a newer message tells of it", 0));
        world.Door.Firing().ShouldHaveSingleItem().Acknowledged.ShouldBeNull();
    }

    [Theory]
    [InlineData("tampered", 401)]
    [InlineData("old", 401)]
    [InlineData("early", 401)]
    [InlineData("unsigned", 401)]
    [InlineData("other secret", 401)]
    [InlineData("large", 413)]
    [InlineData("no button", 200)]
    [InlineData("no payload", 200)]
    public async Task Request_ThatIsNotAPressOfSlacks_DoesNothing(string what, int status)
    {
        await using var slack = await SlackAsync();
        await using var world = await AlertWorld.StartAsync([Receiver("slack", slack)]);
        await world.PostAsync(AlertWorld.Alert("Burn", world.Time.NowNs));
        var body = Payload(await slack.NextAsync(), "acknowledge", slack);
        var request = what switch
        {
            "tampered" => Request(world, body, altered: body + "&x=1"),
            "old" => Request(world, body, secondsOff: -301),
            "early" => Request(world, body, secondsOff: 301),
            "other secret" => Request(world, body, SigningSecret + "x"),
            "large" => Request(world, body + "&x=" + new string('x', 256 * 1024)),
            "no button" => Request(world, body.Replace("acknowledge%3A", "open%3A", StringComparison.Ordinal)),
            "no payload" => Request(world, "ssl_check=1"),
            _ => Request(world, body, signed: false),
        };
        (await PressesOf(world).ReceiveAsync(request)).ShouldHaveStatus(status);
        world.Door.All()[0].Acknowledged.ShouldBeNull();
        slack.Empty.ShouldBeTrue();
    }

    [Fact]
    public async Task Press_BySomebodyElsesAppOrToAnAddressThatIsNotSlacks_IsNotAnswered()
    {
        await using var slack = await SlackAsync();
        await using var foreign = await Sink.StartAsync();
        await using var world = await AlertWorld.StartAsync([Receiver("mine", slack), Receiver("theirs", slack, "another-secret-0123", "C2")]);
        await world.PostAsync(AlertWorld.Alert("Burn", world.Time.NowNs));
        var all = new[] { await slack.NextAsync(), await slack.NextAsync() };
        var mine = all.Single(m => (string)JsonNode.Parse(m.Body)!["channel"]! == "C1");
        await PressesOf(world).ReceiveAsync(Request(world, Payload(mine, "acknowledge", slack), "another-secret-0123"));
        var refused = JsonNode.Parse((await slack.NextAsync()).Body)!;
        ((string)refused["response_type"]!, (string)refused["text"]!).ShouldBe(("ephemeral", "Nothing was done: this is not where that message is answered"));
        world.Door.All()[0].Acknowledged.ShouldBeNull();

        await PressesOf(world).ReceiveAsync(Request(world, Payload(mine, "acknowledge", foreign)));
        world.Door.All()[0].Acknowledged.ShouldNotBeNull();
        (foreign.Empty, slack.Empty).ShouldBe((true, true));
    }

    [Fact]
    public async Task Request_WhileNoReceiverHasASigningSecret_FindsNothing_AndMessagesHaveNoSuchButtons()
    {
        await using var slack = await SlackAsync();
        await using var world = await AlertWorld.StartAsync([Receiver("slack", slack, secret: null)]);
        await world.PostAsync(AlertWorld.Alert("Burn", world.Time.NowNs));
        var message = await slack.NextAsync();
        ButtonsOf(message).ShouldBeEmpty();
        (await PressesOf(world).ReceiveAsync(Request(world, Payload(message, "acknowledge", slack, press: "acknowledge:0123456789abcdef0123456789abcdef"))))
            .ShouldHaveStatus(404);
    }

    [Fact]
    public async Task Press_WhileTheStoreRefuses_HoldsAndIsRecordedLater()
    {
        await using var slack = await SlackAsync();
        await using var world = await AlertWorld.StartAsync([Receiver("slack", slack)]);
        await world.PostAsync(AlertWorld.Alert("Burn", world.Time.NowNs));
        var message = await slack.NextAsync();
        await AlertWorld.UntilAsync(() => world.Door.All()[0].Deliveries[0].State == Nines.Core.Alerting.DeliveryState.Sent);
        world.Store.Fault = StoreFault.Refuse;
        await PressesOf(world).ReceiveAsync(Request(world, Payload(message, "acknowledge", slack)));
        SaidIn(await NextAsync(slack, "/respond/1")).ShouldBe("Acknowledged by aiko, 10:00 UTC");
        world.Store.Fault = StoreFault.None;
        (await world.Recorder.ReconcileAsync()).ShouldBeTrue();
        (await world.QueryAsync("SELECT type FROM fact")).ShouldBe(["alert.acknowledged/1"]);
        await using var after = await world.KillAndRestartAsync([Receiver("slack", slack)]);
        after.Door.All().Single(a => a.Labels["alertname"] == "Burn").Acknowledged!.By.Name.ShouldBe("aiko");
    }

    private static async Task<Sink> SlackAsync()
    {
        var sink = await Sink.StartAsync();
        sink.Answer = context => context.Response.WriteAsync(
            context.Request.Path.StartsWithSegments("/api", StringComparison.Ordinal) ? /*lang=json,strict*/ """{"ok":true,"channel":"C1","ts":"1.1"}""" : "ok");
        return sink;
    }

    private static DirectReceiver Receiver(string name, Sink slack, string? secret = SigningSecret, string channel = "C1")
    {
        var settings = new Dictionary<string, object>(StringComparer.Ordinal)
        {
            ["api_url"] = new Core.Secret(slack.Url + "api/chat.postMessage"), ["bot_token"] = new Core.Secret(BotToken), ["channel"] = channel,
        };
        if (secret is not null)
        {
            settings["signing_secret"] = new Core.Secret(secret);
        }
        return new(name, [], new("slack", 0, true, new Settings(settings), new("delivery.yml", 1, 1)));
    }

    private static SlackPresses PressesOf(AlertWorld world) => new(
        new PressedButtons(world.Door, world.Door, world.Store, world.Time), world.Client, world.Time, new IoTime(world.Io), NullLogger<SlackPresses>.Instance);

    private static async Task<Arrived> NextAsync(Sink sink, string path)
    {
        while (true)
        {
            if (await sink.NextAsync() is var arrived && arrived.Path == path)
            {
                return arrived;
            }
        }
    }

    private static List<string> ButtonsOf(Arrived message) => [.. JsonNode.Parse(message.Body)!["blocks"]!.AsArray()
        .Where(b => (string)b!["type"]! == "actions").SelectMany(b => b!["elements"]!.AsArray())
        .Where(e => e!["value"] is not null).Select(e => (string)e!["action_id"]!)];

    private static string SaidIn(Arrived message) => (string)JsonNode.Parse(message.Body)!["blocks"]!.AsArray()
        .Last(b => (string)b!["type"]! == "context")!["elements"]![0]!["text"]!;

    private static string Payload(Arrived message, string button, Sink answerTo, string user = "aiko", string? press = null)
    {
        var shown = JsonNode.Parse(message.Body)!;
        press ??= (string)shown["blocks"]!.AsArray().Single(b => (string)b!["type"]! == "actions")!["elements"]!.AsArray()
            .Single(e => (string)e!["action_id"]! == button)!["value"]!;
        var payload = new JsonObject
        {
            ["type"] = "block_actions",
            ["user"] = new JsonObject { ["id"] = "U123", ["username"] = user },
            ["response_url"] = answerTo.Url + "respond/1",
            ["message"] = new JsonObject { ["text"] = "Burn", ["blocks"] = shown["blocks"]!.DeepClone() },
            ["actions"] = new JsonArray(new JsonObject { ["action_id"] = button, ["value"] = press, ["type"] = "button" }),
        };
        return "payload=" + Uri.EscapeDataString(payload.ToJsonString());
    }

    private static DefaultHttpContext Request(
        AlertWorld world, string body, string secret = SigningSecret, int secondsOff = 0, bool signed = true, string? altered = null)
    {
        var context = new DefaultHttpContext();
        var at = world.Time.GetUtcNow().ToUnixTimeSeconds() + secondsOff;
        context.Request.Body = new MemoryStream(Encoding.UTF8.GetBytes(altered ?? body));
        if (signed)
        {
            context.Request.Headers["X-Slack-Request-Timestamp"] = at.ToString(System.Globalization.CultureInfo.InvariantCulture);
            context.Request.Headers["X-Slack-Signature"] =
                "v0=" + Convert.ToHexStringLower(HMACSHA256.HashData(Encoding.UTF8.GetBytes(secret), Encoding.UTF8.GetBytes($"v0:{at}:{body}")));
        }
        return context;
    }
}

internal static class Statuses
{
    public static void ShouldHaveStatus(this IResult result, int status) => (((IStatusCodeHttpResult)result).StatusCode ?? 200).ShouldBe(status);
}
