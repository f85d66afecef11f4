using Microsoft.AspNetCore.Http;
using Nines.Core.Alerting.Routing;
using Nines.Core.Delivery;

namespace Nines.Server.Tests.Delivery;

public sealed class FailoverTests
{
    private static readonly TimeSpan Second = TimeSpan.FromSeconds(1);

    [Fact]
    public async Task Refusal_for_good_goes_to_the_stand_in_which_hears_of_the_end_and_the_server_says_that_it_failed()
    {
        await using var phone = await Sink.StartAsync();
        await using var desk = await Sink.StartAsync();
        phone.Answer = Say(400);
        await using var world = await AlertWorld.StartAsync([]);
        world.Apply([AlertWorld.Webhook("phone", phone.Url), AlertWorld.Webhook("desk", desk.Url, true, "ticket")], ("phone", new Failover("desk", 120_000)));
        var start = world.Time.NowNs;
        await world.PostAsync(AlertWorld.Alert("Burn", start));
        var told = await desk.NextAsync();
        (told.AlertName, told.Status, told.Marks).ShouldBe(("Burn", "firing", "phone could not be reached: this is told in its place"));
        told.Key.ShouldNotBe((await phone.NextAsync()).Key);
        await AlertWorld.UntilAsync(() => Query(world, "SELECT receiver || ' ' || state || ' ' || detail FROM outbox ORDER BY receiver") is
            ["desk sent HTTP 200", "phone failedover HTTP 400; desk is told in its place"]);
        await world.PostAsync(AlertWorld.Alert("Burn", start, world.Time.NowNs));
        await world.PassUntilArrivedAsync(desk);
        (await desk.NextAsync()).Status.ShouldBe("resolved");
    }

    [Fact]
    public async Task Receiver_that_takes_nothing_for_two_minutes_is_stood_in_for_and_later_told_itself()
    {
        await using var phone = await Sink.StartAsync();
        await using var desk = await Sink.StartAsync();
        phone.Answer = Say(503);
        await using var world = await AlertWorld.StartAsync([]);
        world.Apply([AlertWorld.Webhook("phone", phone.Url), AlertWorld.Webhook("desk", desk.Url, true, "ticket")], ("phone", new Failover("desk", 120_000)));
        var start = world.Time.GetUtcNow();
        await world.PostAsync(AlertWorld.Alert("Burn", world.Time.NowNs));
        await world.PassUntilArrivedAsync(desk);
        (world.Time.GetUtcNow() - start).TotalSeconds.ShouldBeInRange(120, 130);
        phone.Answer = null;
        await AlertWorld.UntilAsync(() =>
        {
            world.Time.Advance(Second);
            return Query(world, "SELECT state FROM outbox WHERE receiver = 'phone'") is ["sent"];
        });
    }

    [Fact]
    public async Task Trouble_with_a_receiver_is_told_to_the_others_until_a_message_gets_through()
    {
        await using var phone = await Sink.StartAsync();
        await using var desk = await Sink.StartAsync();
        phone.Answer = Say(400);
        await using var world = await AlertWorld.StartAsync([AlertWorld.Webhook("phone", phone.Url), AlertWorld.Webhook("desk", desk.Url)]);
        await world.PostAsync(AlertWorld.Alert("Burn", world.Time.NowNs));
        (await desk.NextAsync()).AlertName.ShouldBe("Burn");
        await AlertWorld.UntilAsync(() => Query(world, "SELECT state FROM outbox WHERE receiver = 'phone'") is ["failed"]);
        world.Time.Advance(Second);
        (await desk.NextAsync()).AlertName.ShouldBe(DeliveryTrouble.AlertName);
        phone.Answer = null;
        await world.PassUntilArrivedAsync(desk);
        var over = await desk.NextAsync();
        (over.AlertName, over.Status).ShouldBe((DeliveryTrouble.AlertName, "resolved"));
        Query(world, "SELECT count(*) FROM outbox WHERE receiver = 'phone' AND json LIKE '%NinesDeliveryFails%'").ShouldBe(["0"]);
    }

    private static Func<HttpContext, Task> Say(int status) => context =>
    {
        context.Response.StatusCode = status;
        return Task.CompletedTask;
    };

    private static List<string> Query(AlertWorld world, string sql) => world.QueryAsync(sql).GetAwaiter().GetResult();
}
