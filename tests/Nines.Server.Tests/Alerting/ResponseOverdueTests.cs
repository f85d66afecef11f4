using Nines.Core.Alerting;
using Nines.Core.Alerting.Routing;
using Nines.Core.Delivery;
using Nines.Server.Tests.Delivery;
using NodaTime;

namespace Nines.Server.Tests.Alerting;

public sealed class ResponseOverdueTests
{
    [Fact]
    public async Task Nobody_acknowledges_within_fifteen_minutes_and_the_pager_hears_of_it_until_the_alert_is_over()
    {
        await using var chat = await Sink.StartAsync();
        await using var pager = await Sink.StartAsync();
        await using var world = await AlertWorld.StartAsync([]);
        IReadOnlyList<DirectReceiver> receivers = [AlertWorld.Webhook("chat", chat.Url, true, "P1"), AlertWorld.Webhook("pager", pager.Url, true, "P0")];
        world.Door.Apply(RoutingPlan.Of(receivers) with
        {
            Ladders = new([new("alerts", [], [new("P0", 60, true), new("P1", 50, true) { Above = "P0", RespondWithin = new("15 min", Duration.FromMinutes(15)) }])]),
        });
        var start = world.Time.NowNs;
        await world.PostAsync(AlertWorld.Alert("CheckoutDown", start, start + 86_400_000_000_000, "P1"));
        (await chat.NextAsync()).Status.ShouldBe("firing");
        world.Door.Firing().ShouldHaveSingleItem().Response!.AtNs.ShouldBe(start + 900_000_000_000);

        world.Time.Advance(TimeSpan.FromMinutes(15) - TimeSpan.FromSeconds(1));
        await world.Door.OnTickAsync();
        world.Door.Firing().Count.ShouldBe(1);
        pager.Empty.ShouldBeTrue();

        world.Time.Advance(TimeSpan.FromSeconds(1));
        await world.Door.OnTickAsync();
        var overdue = await pager.NextAsync();
        (overdue.Status, overdue.AlertName).ShouldBe(("firing", ResponseClock.AlertName));
        var alert = overdue.Json.GetProperty("alerts")[0];
        alert.GetProperty("annotations").GetProperty("summary").GetString()
            .ShouldBe("P1 'CheckoutDown' was to be acknowledged within 15 min, by 10:15 UTC; nobody did");
        alert.GetProperty("labels").GetProperty("fingerprint").GetString().ShouldBe(world.Door.Firing().Single(a => a.Labels["alertname"] == "CheckoutDown").Fingerprint);

        world.Time.Advance(TimeSpan.FromMinutes(2));
        await world.PostAsync(AlertWorld.Alert("CheckoutDown", start, world.Time.NowNs, "P1"));
        await world.Door.OnTickAsync();
        (await chat.NextAsync()).Status.ShouldBe("resolved");
        await world.PassUntilArrivedAsync(pager);
        var over = await pager.NextAsync();
        (over.Status, over.AlertName).ShouldBe(("resolved", ResponseClock.AlertName));
        world.Door.Firing().ShouldBeEmpty();
    }
}
