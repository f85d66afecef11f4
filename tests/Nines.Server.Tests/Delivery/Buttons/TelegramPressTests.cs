using System.Collections.Concurrent;
using System.Text.Json.Nodes;
using System.Threading.Channels;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;
using Nines.Core.Alerting.Routing;
using Nines.Core.Delivery;
using Nines.Server.Delivery.Buttons;

namespace Nines.Server.Tests.Delivery.Buttons;

/// <summary>Buttons pressed in Telegram, with a Bot API of ours that holds questions until there is a press.</summary>
public sealed class TelegramPressTests
{
    private const string Token = "123456:t0ken-0123456789abcdef";

    [Fact]
    public async Task Pressed_ActsOnceSaysSoAndBringsTheMessageUpToDate()
    {
        await using var bot = await BotApi.StartAsync();
        IReadOnlyList<DirectReceiver> receivers = [Receiver(bot)];
        await using var world = await AlertWorld.StartAsync(receivers);
        using var presses = PressesOf(world, out var logged);
        presses.Apply(RoutingPlan.Of(receivers));
        var asked = JsonNode.Parse((await bot.NextAsync("getUpdates")).Body)!;
        (asked["allowed_updates"]!.ToJsonString(), (int)asked["offset"]!, (int)asked["timeout"]!).ShouldBe(("[\"callback_query\"]", 0, 50));
        await world.PostAsync(AlertWorld.Alert("Burn", world.Time.NowNs));
        var sent = JsonNode.Parse((await bot.NextAsync("sendMessage")).Body)!;
        ButtonsOf(sent).ShouldBe(["acknowledge", "resolve"]);

        bot.Press(7, sent, "acknowledge");
        var toast = JsonNode.Parse((await bot.NextAsync("answerCallbackQuery")).Body)!;
        ((string)toast["callback_query_id"]!, (string)toast["text"]!).ShouldBe(("q7", "Acknowledged by aiko, 10:00 UTC"));
        var edited = JsonNode.Parse((await bot.NextAsync("editMessageText")).Body)!;
        ((long)edited["chat_id"]!, (int)edited["message_id"]!, (string)edited["text"]!).ShouldBe((42L, 1, (string)sent["text"]! + "\nAcknowledged by aiko, 10:00 UTC"));
        (edited["entities"]!.ToJsonString(), string.Join(' ', ButtonsOf(edited))).ShouldBe((sent["entities"]!.ToJsonString(), "resolve"));
        world.Door.All()[0].Acknowledged!.By.ShouldBe(new("telegram:123", "aiko", "telegram"));
        ((int)JsonNode.Parse((await bot.NextAsync("getUpdates")).Body)!["offset"]!).ShouldBe(8);

        // It comes again, as after a crash before it was confirmed, with the message as it is by now.
        bot.Press(7, edited, "acknowledge", press: Data(sent, "acknowledge"));
        ((string)JsonNode.Parse((await bot.NextAsync("answerCallbackQuery")).Body)!["text"]!).ShouldBe("Acknowledged by aiko, 10:00 UTC");
        ButtonsOf(JsonNode.Parse((await bot.NextAsync("editMessageReplyMarkup")).Body)!).ShouldBe(["resolve"]);

        bot.Press(8, edited, "resolve");
        ((string)JsonNode.Parse((await bot.NextAsync("answerCallbackQuery")).Body)!["text"]!).ShouldStartWith("Resolved by aiko, 10:00 UTC.");
        ButtonsOf(JsonNode.Parse((await bot.NextAsync("editMessageText")).Body)!).ShouldBeEmpty();
        world.Door.Firing().ShouldBeEmpty();
        world.Time.Advance(TimeSpan.FromMinutes(5));
        bot.Press(9, sent, "resolve");
        ((string)JsonNode.Parse((await bot.NextAsync("answerCallbackQuery")).Body)!["text"]!).ShouldBe("It is over since 10:00 UTC");
        await presses.StopAsync(CancellationToken.None).WaitAsync(TimeSpan.FromSeconds(10), TimeProvider.System, TestContext.Current.CancellationToken);
        logged.ShouldBeEmpty();
    }

    [Theory]
    [InlineData(43, null, "Nothing was done: this is not where that message is answered")]
    [InlineData(42, "acknowledge:ffffffffffffffffffffffffffffffff", "Nothing was done: there is no record of this message")]
    [InlineData(42, "something else", "This button is none of Nines'")]
    public async Task Pressed_InAnotherChatOrOnAnotherButton_DoesNothing(int chat, string? press, string said)
    {
        await using var bot = await BotApi.StartAsync();
        IReadOnlyList<DirectReceiver> receivers = [Receiver(bot)];
        await using var world = await AlertWorld.StartAsync(receivers);
        using var presses = PressesOf(world, out _);
        presses.Apply(RoutingPlan.Of(receivers));
        await world.PostAsync(AlertWorld.Alert("Burn", world.Time.NowNs));
        var sent = JsonNode.Parse((await bot.NextAsync("sendMessage")).Body)!;
        bot.Press(7, sent, "acknowledge", chat, press);
        ((string)JsonNode.Parse((await bot.NextAsync("answerCallbackQuery")).Body)!["text"]!).ShouldBe(said);
        await bot.NextAsync("getUpdates");
        world.Door.All()[0].Acknowledged.ShouldBeNull();
        await presses.StopAsync(CancellationToken.None);
    }

    [Fact]
    public async Task Bot_ThatAnotherProgramAsksToo_IsNamedAndAskedAgain_AndNoTokenIsLogged()
    {
        await using var bot = await BotApi.StartAsync();
        bot.Fails = (409, /*lang=json,strict*/ """{"ok":false,"error_code":409,"description":"Conflict: terminated by other getUpdates request"}""");
        IReadOnlyList<DirectReceiver> receivers = [Receiver(bot)];
        await using var world = await AlertWorld.StartAsync(receivers);
        using var presses = PressesOf(world, out var logged);
        presses.Apply(RoutingPlan.Of(receivers));
        await bot.NextAsync("getUpdates");
        await AlertWorld.UntilAsync(() => !logged.IsEmpty);
        bot.Fails = null;
        var again = bot.NextAsync("getUpdates");
        await AlertWorld.UntilAsync(() =>
        {
            world.Time.Advance(TimeSpan.FromMilliseconds(250));
            return again.IsCompleted;
        });
        logged.ShouldHaveSingleItem().ShouldContain("HTTP 409: Conflict: terminated by other getUpdates request. Another program asks for this bot's updates");
        logged.ShouldNotContain(l => l.Contains(Token));
        await presses.StopAsync(CancellationToken.None);
    }

    [Fact]
    public async Task Bots_OneQuestionForEach_AndNoneWithoutButtons()
    {
        await using var bot = await BotApi.StartAsync();
        await using var world = await AlertWorld.StartAsync([]);
        using var presses = PressesOf(world, out _);
        presses.Apply(RoutingPlan.Of([Receiver(bot, "a"), Receiver(bot, "b"), Receiver(bot, "c", on: false, token: "9:another-token")]));
        (await bot.NextAsync("getUpdates")).Path.ShouldBe($"/bot{Token}/getUpdates");
        presses.Apply(RoutingPlan.Of([Receiver(bot, "a"), Receiver(bot, "c", token: "9:another-token")]));
        (await bot.NextAsync("getUpdates")).Path.ShouldBe("/bot9:another-token/getUpdates");
        presses.Apply(RoutingPlan.Empty);
        await AlertWorld.UntilAsync(() => bot.Held == 0);
        bot.Empty.ShouldBeTrue();
        await presses.StopAsync(CancellationToken.None);
    }

    private static DirectReceiver Receiver(BotApi bot, string name = "phone", bool on = true, string token = Token) => new(name, [], new("telegram", 0, true,
        new Settings(new Dictionary<string, object>(StringComparer.Ordinal)
        {
            ["api_url"] = bot.Url.AbsoluteUri, ["bot_token"] = new Core.Secret(token), ["chat_id"] = "42", ["buttons"] = on,
        }), new("delivery.yml", 1, 1)));

    private static TelegramPresses PressesOf(AlertWorld world, out ConcurrentQueue<string> logged)
    {
        logged = [];
        return new(new PressedButtons(world.Door, world.Door, world.Store, world.Time), world.Client, world.Time, () => 0.5, new Lines(logged));
    }

    private static List<string> ButtonsOf(JsonNode message) => [.. (message["reply_markup"]?["inline_keyboard"]?.AsArray() ?? [])
        .SelectMany(row => row!.AsArray()).Where(b => b!["callback_data"] is not null).Select(b => ((string)b!["callback_data"]!).Split(':')[0])];

    private static string Data(JsonNode message, string button) => message["reply_markup"]!["inline_keyboard"]!.AsArray().SelectMany(row => row!.AsArray())
        .Select(b => (string?)b!["callback_data"]).First(d => d?.StartsWith(button, StringComparison.Ordinal) == true)!;

    /// <summary>Telegram's side.</summary>
    private sealed class BotApi(Sink sink) : IAsyncDisposable
    {
        private readonly Channel<string> _updates = Channel.CreateUnbounded<string>();
        private int _held;

        public Uri Url => sink.Url;

        public (int Status, string Body)? Fails { get; set; }

        public int Held => Volatile.Read(ref _held);

        public bool Empty => sink.Empty;

        public static async Task<BotApi> StartAsync()
        {
            var sink = await Sink.StartAsync();
            var bot = new BotApi(sink);
            sink.Answer = bot.AnswerAsync;
            return bot;
        }

        public async Task<Arrived> NextAsync(string method)
        {
            while (true)
            {
                if (await sink.NextAsync() is var arrived && arrived.Path.EndsWith("/" + method, StringComparison.Ordinal))
                {
                    return arrived;
                }
            }
        }

        public void Press(int update, JsonNode message, string button, int chat = 42, string? press = null)
        {
            var shown = new JsonObject
            {
                ["message_id"] = 1, ["chat"] = new JsonObject { ["id"] = chat, ["type"] = "group" }, ["text"] = message["text"]!.DeepClone(),
                ["entities"] = message["entities"]!.DeepClone(), ["reply_markup"] = message["reply_markup"]!.DeepClone(),
            };
            var query = new JsonObject
            {
                ["id"] = $"q{update}", ["from"] = new JsonObject { ["id"] = 123, ["first_name"] = "Aiko", ["username"] = "aiko" }, ["message"] = shown,
                ["data"] = press ?? Data(message, button),
            };
            _updates.Writer.TryWrite(new JsonObject
            {
                ["ok"] = true, ["result"] = new JsonArray(new JsonObject { ["update_id"] = update, ["callback_query"] = query }),
            }.ToJsonString());
        }

        public ValueTask DisposeAsync() => sink.DisposeAsync();

        private async Task AnswerAsync(HttpContext context)
        {
            if (!context.Request.Path.Value!.EndsWith("/getUpdates", StringComparison.Ordinal))
            {
                await context.Response.WriteAsync("""{"ok":true,"result":{"message_id":1}}""");
                return;
            }
            if (Fails is { } fails)
            {
                context.Response.StatusCode = fails.Status;
                await context.Response.WriteAsync(fails.Body);
                return;
            }
            Interlocked.Increment(ref _held);
            try
            {
                await context.Response.WriteAsync(await _updates.Reader.ReadAsync(context.RequestAborted));
            }
            catch (OperationCanceledException)
            {
                context.Abort();
            }
            finally
            {
                Interlocked.Decrement(ref _held);
            }
        }
    }

    private sealed class Lines(ConcurrentQueue<string> lines) : ILogger<TelegramPresses>
    {
        public IDisposable? BeginScope<TState>(TState state) where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) =>
            lines.Enqueue(formatter(state, exception) + exception);
    }
}
