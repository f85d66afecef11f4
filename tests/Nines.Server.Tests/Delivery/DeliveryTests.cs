using Microsoft.AspNetCore.Http;
using Nines.Core.Alerting;

namespace Nines.Server.Tests.Delivery;

public sealed class DeliveryTests
{
    private static readonly TimeSpan Second = TimeSpan.FromSeconds(1);

    [Fact]
    public async Task Telegram_gets_sendMessage_with_the_key_in_sight()
    {
        await using var sink = await Sink.StartAsync();
        await using var world = await AlertWorld.StartAsync([AlertWorld.Telegram("phone", sink.Url, "12:token")]);
        await world.PostAsync(AlertWorld.Alert("Burn", world.Time.NowNs));
        var call = await sink.NextAsync();
        call.Path.ShouldBe("/bot12:token/sendMessage");
        call.Json.GetProperty("chat_id").GetString().ShouldBe("42");
        call.Json.TryGetProperty("parse_mode", out _).ShouldBeFalse();
        call.Json.GetProperty("link_preview_options").GetProperty("is_disabled").GetBoolean().ShouldBeTrue();
        var text = call.Json.GetProperty("text").GetString()!;
        text.ShouldStartWith("🔴 PAGE · Burn · Burn happens\n");
        text.ShouldEndWith($"ref {call.Key[..8]}");
    }

    [Fact]
    public async Task Fire_delayed_by_429_then_resolved_is_one_message()
    {
        await using var sink = await Sink.StartAsync();
        sink.Answer = context =>
        {
            context.Response.StatusCode = 429;
            context.Response.Headers.RetryAfter = "60";
            return Task.CompletedTask;
        };
        await using var world = await AlertWorld.StartAsync([AlertWorld.Webhook("hook", sink.Url)]);
        var start = world.Time.NowNs;
        await world.PostAsync(AlertWorld.Alert("Burn", start));
        (await sink.NextAsync()).Status.ShouldBe("firing");
        await world.Time.SomeoneWaitsAsync(59 * Second, 60 * Second);
        world.Time.Advance(30 * Second);
        await world.PostAsync(AlertWorld.Alert("Burn", start, world.Time.NowNs));
        sink.Answer = null;
        world.Time.Advance(29 * Second);
        sink.Empty.ShouldBeTrue();
        world.Time.Advance(Second);
        var both = await sink.NextAsync();
        both.Status.ShouldBe("resolved");
        both.Marks.ShouldBe("fired 10:00, resolved 10:00, delivery was delayed");
        await AlertWorld.UntilAsync(() => world.QueryAsync("SELECT state FROM outbox ORDER BY decided_at").GetAwaiter().GetResult() is ["collapsed", "sent"]);
        sink.Empty.ShouldBeTrue();
    }

    [Theory]
    [InlineData(500, 1)]
    [InlineData(503, 1)]
    public async Task Server_error_is_tried_again_with_the_same_key(int status, int wait)
    {
        await using var sink = await Sink.StartAsync();
        sink.Answer = context =>
        {
            context.Response.StatusCode = status;
            return Task.CompletedTask;
        };
        await using var world = await AlertWorld.StartAsync([AlertWorld.Webhook("hook", sink.Url)]);
        await world.PostAsync(AlertWorld.Alert("Burn", world.Time.NowNs));
        var first = await sink.NextAsync();
        await AlertWorld.UntilAsync(() => world.Door.All()[0].Deliveries[0] is { State: DeliveryState.Pending, Attempts: 1 });
        sink.Answer = null;
        var before = world.Time.GetUtcNow();
        await world.PassUntilArrivedAsync(sink);
        (world.Time.GetUtcNow() - before).TotalSeconds.ShouldBeGreaterThanOrEqualTo(wait);
        var second = await sink.NextAsync();
        (second.Key, second.Headers["X-Nines-Attempt"], second.Marks).ShouldBe((first.Key, "2", ""));
    }

    [Fact]
    public async Task Record_that_breaks_stops_neither_its_message_nor_the_next_and_repeats_none()
    {
        await using var sink = await Sink.StartAsync();
        sink.Answer = context =>
        {
            context.Response.StatusCode = 503;
            return Task.CompletedTask;
        };
        await using var world = await AlertWorld.StartAsync([AlertWorld.Webhook("hook", sink.Url)]);
        var began = world.Time.NowNs;
        await world.PostAsync(AlertWorld.Alert("Burn", began));
        await sink.NextAsync();
        await AlertWorld.UntilAsync(() => world.Door.All()[0].Deliveries[0] is { State: DeliveryState.Pending, Attempts: 1 });
        sink.Answer = null;
        world.Store.Fault = StoreFault.Break;
        await world.PassUntilArrivedAsync(sink);
        (await sink.NextAsync()).Status.ShouldBe("firing");
        await AlertWorld.UntilAsync(() => world.Door.All()[0].Deliveries[0].State == DeliveryState.Sent);
        world.Store.Fault = StoreFault.None;
        await world.PostAsync(AlertWorld.Alert("Burn", began) with { EndsAtNs = world.Time.NowNs });
        (await sink.NextAsync()).Status.ShouldBe("resolved");
        sink.Empty.ShouldBeTrue();
    }

    [Fact]
    public async Task Refusal_for_good_is_failed_and_visible()
    {
        await using var sink = await Sink.StartAsync();
        sink.Answer = context =>
        {
            context.Response.StatusCode = 400;
            return context.Response.WriteAsync("""{"ok":false,"description":"Bad Request: chat not found"}""");
        };
        await using var world = await AlertWorld.StartAsync([AlertWorld.Telegram("phone", sink.Url, "t")]);
        await world.PostAsync(AlertWorld.Alert("Burn", world.Time.NowNs));
        await AlertWorld.UntilAsync(() => world.Door.All()[0].Deliveries[0].State == DeliveryState.Failed);
        world.Door.All()[0].Deliveries[0].Detail.ShouldContain("chat not found");
        await AlertWorld.UntilAsync(() => world.QueryAsync("SELECT outcome FROM attempt").GetAwaiter().GetResult() is ["failed"]);
    }

    [Fact]
    public async Task Hanging_receiver_delays_no_other_and_is_tried_again_as_possible_repeat()
    {
        await using var hanging = await Sink.StartAsync();
        await using var healthy = await Sink.StartAsync();
        hanging.Answer = context => Task.Delay(Timeout.InfiniteTimeSpan, TimeProvider.System, context.RequestAborted);
        await using var world = await AlertWorld.StartAsync([AlertWorld.Webhook("a-hangs", hanging.Url), AlertWorld.Webhook("b-works", healthy.Url)]);
        await world.PostAsync([.. Enumerable.Range(0, 20).Select(i => AlertWorld.Alert($"A{i}", world.Time.NowNs))]);
        for (var i = 0; i < 20; i++)
        {
            await healthy.NextAsync();
        }
        var first = await hanging.NextAsync();
        await AlertWorld.UntilAsync(() => world.Door.All().SelectMany(a => a.Deliveries).Count(d => d is { Receiver: "a-hangs", State: DeliveryState.Sending }) == 8);
        hanging.Answer = null;
        world.Io.Advance(10 * Second);
        await AlertWorld.UntilAsync(() => !hanging.Empty);
        Arrived again;
        do
        {
            await world.PassUntilArrivedAsync(hanging);
            again = await hanging.NextAsync();
        }
        while (again.Key != first.Key || again.Headers["X-Nines-Attempt"] == "1");
        again.Marks.ShouldContain("possible repeat");
    }

    [Fact]
    public async Task Kill_between_decision_and_send_sends_after_restart_with_the_same_key_once()
    {
        await using var sink = await Sink.StartAsync();
        var receivers = new[] { AlertWorld.Webhook("hook", sink.Url) };
        await using var before = await AlertWorld.StartAsync(receivers, () => throw new InvalidOperationException("killed"));
        await before.PostAsync(AlertWorld.Alert("Burn", before.Time.NowNs));
        await AlertWorld.UntilAsync(() => before.QueryAsync("SELECT state FROM outbox").GetAwaiter().GetResult() is ["sending"]);
        var key = (await before.QueryAsync("SELECT idempotency_key FROM outbox"))[0];
        await using var after = await before.KillAndRestartAsync(receivers);
        var sent = await sink.NextAsync();
        (sent.Key, sent.Headers["X-Nines-Possible-Repeat"]).ShouldBe((key, "true"));
        await AlertWorld.UntilAsync(() => after.QueryAsync("SELECT state FROM outbox").GetAwaiter().GetResult() is ["sent"]);
        await after.PostAsync(AlertWorld.Alert("Burn", after.Time.NowNs));
        sink.Empty.ShouldBeTrue();
    }

    [Fact]
    public async Task Secrets_stay_out_of_logs_errors_and_rows()
    {
        await using var sink = await Sink.StartAsync();
        sink.Answer = context =>
        {
            context.Response.StatusCode = 403;
            return context.Response.WriteAsync($"no access for {context.Request.Path} {context.Request.Headers.Authorization}");
        };
        Environment.SetEnvironmentVariable("NINES_TEST_TOKEN", "s3cr3t-planted");
        var hook = AlertWorld.Webhook("hook", new Core.Secret(sink.Url + "${env:NINES_TEST_TOKEN}"), new Core.Secret("s3cr3t-bearer"));
        var dead = AlertWorld.Webhook("dead", new Core.Secret("http://127.0.0.1:1/s3cr3t-dead"));
        var wrong = AlertWorld.Webhook("wrong", new Core.Secret("s3cr3t-no-url"));
        await using var world = await AlertWorld.StartAsync([hook, dead, wrong, AlertWorld.Telegram("phone", sink.Url, "s3cr3t-bot")]);
        await world.PostAsync(AlertWorld.Alert("Burn", world.Time.NowNs));
        await AlertWorld.UntilAsync(() => world.Door.All()[0].Deliveries is { Count: 4 } all && all.All(d => d.Detail.Length > 0));
        await AlertWorld.UntilAsync(() => world.QueryAsync("SELECT detail FROM attempt WHERE detail <> ''").GetAwaiter().GetResult().Count == 4);
        string[] everything =
        [
            .. world.Logged, .. world.Door.All()[0].Deliveries.Select(d => d.ToString()),
            .. await world.QueryAsync("SELECT detail FROM attempt"), .. await world.QueryAsync("SELECT json || detail FROM outbox"),
        ];
        everything.ShouldNotBeEmpty();
        everything.ShouldAllBe(line => !line.Contains("s3cr3t"));
        (await sink.NextAsync()).Body.ShouldNotContain("s3cr3t");
    }

    [Fact]
    public async Task Missing_secret_names_its_reference_and_is_tried_again()
    {
        await using var sink = await Sink.StartAsync();
        var file = Path.GetTempFileName();
        File.Delete(file);
        var receiver = AlertWorld.Webhook("hook", new Core.Secret(sink.Url + "hook"), new Core.Secret($"${{file:{file}}}"));
        await using var world = await AlertWorld.StartAsync([receiver]);
        await world.PostAsync(AlertWorld.Alert("Burn", world.Time.NowNs));
        await AlertWorld.UntilAsync(() => world.Door.All()[0].Deliveries[0].Detail.Contains(file));
        await File.WriteAllTextAsync(file, "rotated\n", TestContext.Current.CancellationToken);
        await world.PassUntilArrivedAsync(sink);
        (await sink.NextAsync()).Headers["Authorization"].ShouldBe("Bearer rotated");
        File.Delete(file);
    }
}
