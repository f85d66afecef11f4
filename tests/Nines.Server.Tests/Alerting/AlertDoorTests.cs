using Nines.Core.Alerting;
using Nines.Core.Alerting.Routing;
using Nines.Server.Tests.Delivery;

namespace Nines.Server.Tests.Alerting;

public sealed class AlertDoorTests
{
    [Fact]
    public async Task Fires_refreshes_and_resolves_with_one_message_each()
    {
        await using var sink = await Sink.StartAsync();
        await using var world = await AlertWorld.StartAsync([AlertWorld.Webhook("hook", sink.Url)]);
        var start = world.Time.NowNs;
        await world.PostAsync(AlertWorld.Alert("Burn", start));
        await world.PostAsync(AlertWorld.Alert("Burn", start));
        var fired = await sink.NextAsync();
        (fired.Status, fired.AlertName, fired.Marks, fired.Headers["X-Nines-Attempt"]).ShouldBe(("firing", "Burn", "", "1"));
        await AlertWorld.UntilAsync(() => world.Door.All()[0].Deliveries[0].State == DeliveryState.Sent);
        world.Time.Advance(TimeSpan.FromSeconds(60));
        await world.PostAsync(AlertWorld.Alert("Burn", start, world.Time.NowNs));
        var over = await sink.NextAsync();
        (over.Status, over.Marks).ShouldBe(("resolved", ""));
        (over.Key == fired.Key).ShouldBeFalse();
        sink.Empty.ShouldBeTrue();
        (await world.QueryAsync("SELECT resolved, explanation FROM alert_transition ORDER BY at")).Count.ShouldBe(2);
        world.Door.Firing().ShouldBeEmpty();
        world.Door.All().ShouldHaveSingleItem().Deliveries.Select(d => d.Resolved).ShouldBe([true, false]);
    }

    /// <summary>A burn is a ticket, grows into a page, falls back and ends; then one that begins and ends as both at once.</summary>
    [Fact]
    public async Task One_story_is_told_once_through_its_tiers()
    {
        await using var both = await Sink.StartAsync();
        await using var tickets = await Sink.StartAsync();
        await using var world = await AlertWorld.StartAsync([AlertWorld.Webhook("both", both.Url), AlertWorld.Webhook("tickets", tickets.Url, true, "ticket")]);
        var start = world.Time.NowNs;
        PostedAlert Page(long ends = 0) => AlertWorld.Alert("Burn", start, ends);
        PostedAlert Ticket(bool isPaging, long ends = 0) => AlertWorld.Alert("Burn", start, ends, "ticket") with { ToldWith = isPaging ? Page().Labels : null };
        async Task<string> NextAsync(Sink sink)
        {
            var message = await sink.NextAsync();
            return message.Status + " " + message.Json.GetProperty("commonLabels").GetProperty("severity").GetString();
        }
        // What waits behind a message whose outcome is not on record would be told in one with it.
        Task TakenAsync() => AlertWorld.UntilAsync(() => world.Door.All().SelectMany(a => a.Deliveries).All(d => d.State == DeliveryState.Sent));
        await world.PostAsync(Ticket(false));
        (await NextAsync(both), await NextAsync(tickets)).ShouldBe(("firing ticket", "firing ticket"));
        await TakenAsync();
        await world.PostAsync(Page(), Ticket(true));
        (await NextAsync(both)).ShouldBe("firing page");
        await TakenAsync();
        world.Time.Advance(TimeSpan.FromSeconds(60));
        await world.PostAsync(Page(world.Time.NowNs), Ticket(true));
        (await NextAsync(both)).ShouldBe("resolved page");
        await TakenAsync();
        world.Time.Advance(TimeSpan.FromSeconds(60));
        await world.PostAsync(Ticket(false, world.Time.NowNs));
        (await NextAsync(both), await NextAsync(tickets)).ShouldBe(("resolved ticket", "resolved ticket"));
        start = world.Time.NowNs + 1_000_000_000;
        await TakenAsync();
        world.Time.Advance(TimeSpan.FromSeconds(60));
        await world.PostAsync(Page(), Ticket(true));
        await TakenAsync();
        world.Time.Advance(TimeSpan.FromSeconds(60));
        await world.PostAsync(Page(world.Time.NowNs), Ticket(true, world.Time.NowNs));
        (await NextAsync(both), await NextAsync(both)).ShouldBe(("firing page", "resolved page"));
        (await NextAsync(tickets), await NextAsync(tickets)).ShouldBe(("firing ticket", "resolved ticket"));
        (both.Empty, tickets.Empty).ShouldBe((true, true));
    }

    [Fact]
    public async Task Silence_resolves_after_the_timeout_but_not_when_the_wall_clock_is_set()
    {
        await using var sink = await Sink.StartAsync();
        await using var world = await AlertWorld.StartAsync([AlertWorld.Webhook("hook", sink.Url)]);
        await world.PostAsync(AlertWorld.Alert("Burn", world.Time.NowNs));
        await sink.NextAsync();
        await AlertWorld.UntilAsync(() => world.Door.All()[0].Deliveries[0].State == DeliveryState.Sent);
        world.Time.StepWallClock(TimeSpan.FromDays(1));
        world.Time.Advance(TimeSpan.FromSeconds(290));
        await world.Door.OnTickAsync();
        world.Door.Firing().ShouldHaveSingleItem();
        world.Time.Advance(TimeSpan.FromSeconds(11));
        await world.Door.OnTickAsync();
        (await sink.NextAsync()).Status.ShouldBe("resolved");
        world.Door.All()[0].Explanation.ShouldContain("nobody has reported it");
    }

    [Fact]
    public async Task Severities_choose_receivers_and_an_alert_without_one_goes_to_all()
    {
        await using var pages = await Sink.StartAsync();
        await using var tickets = await Sink.StartAsync();
        await using var world = await AlertWorld.StartAsync(
            [AlertWorld.Webhook("pages", pages.Url, true, "page"), AlertWorld.Webhook("tickets", tickets.Url, true, "ticket")]);
        await world.PostAsync(AlertWorld.Alert("A", world.Time.NowNs));
        await world.PostAsync(AlertWorld.Alert("B", world.Time.NowNs, severity: ""));
        string[] toPages = [(await pages.NextAsync()).AlertName, (await pages.NextAsync()).AlertName];
        toPages.Order(StringComparer.Ordinal).ShouldBe(["A", "B"]);
        (await tickets.NextAsync()).AlertName.ShouldBe("B");
        tickets.Empty.ShouldBeTrue();
    }

    [Fact]
    public async Task New_receiver_is_told_of_what_fires()
    {
        await using var first = await Sink.StartAsync();
        await using var second = await Sink.StartAsync();
        await using var world = await AlertWorld.StartAsync([AlertWorld.Webhook("a", first.Url)]);
        await world.PostAsync(AlertWorld.Alert("Burn", world.Time.NowNs));
        await first.NextAsync();
        world.Door.Apply(RoutingPlan.Of([AlertWorld.Webhook("a", first.Url), AlertWorld.Webhook("b", second.Url)]));
        (await second.NextAsync()).Status.ShouldBe("firing");
        first.Empty.ShouldBeTrue();
    }

    [Fact]
    public async Task Posts_that_race_reach_each_receiver_in_order()
    {
        await using var sink = await Sink.StartAsync();
        await using var world = await AlertWorld.StartAsync([AlertWorld.Webhook("hook", sink.Url)]);
        var start = world.Time.NowNs;
        var posts = new List<Task>();
        for (var i = 0; i < 40; i++)
        {
            posts.Add(world.PostAsync(AlertWorld.Alert($"A{i}", start)));
            posts.Add(world.PostAsync(AlertWorld.Alert($"A{i}", start, start)));
        }
        await Task.WhenAll(posts);
        await AlertWorld.UntilAsync(() => world.Door.All().All(a => a.Deliveries is { Count: 2 } all && all[0].State == DeliveryState.Sent));
        var last = new Dictionary<string, string>(StringComparer.Ordinal);
        while (!sink.Empty)
        {
            var message = await sink.NextAsync();
            last[message.AlertName] = message.Status;
        }
        last.Count.ShouldBe(40);
        last.Values.ShouldAllBe(status => status == "resolved");
    }

    [Fact]
    public async Task Receiver_that_wants_no_end_gets_none()
    {
        await using var sink = await Sink.StartAsync();
        await using var world = await AlertWorld.StartAsync([AlertWorld.Webhook("hook", sink.Url, resolved: false)]);
        var start = world.Time.NowNs;
        await world.PostAsync(AlertWorld.Alert("Burn", start));
        await sink.NextAsync();
        world.Time.Advance(TimeSpan.FromSeconds(5));
        await world.PostAsync(AlertWorld.Alert("Burn", start, world.Time.NowNs));
        (await world.QueryAsync("SELECT count(*) FROM outbox")).ShouldBe(["1"]);
    }

    [Fact]
    public async Task Restart_keeps_what_fires_and_gives_its_source_time_to_report()
    {
        await using var sink = await Sink.StartAsync();
        var receivers = new[] { AlertWorld.Webhook("hook", sink.Url) };
        await using var before = await AlertWorld.StartAsync(receivers);
        await before.PostAsync(AlertWorld.Alert("Burn", before.Time.NowNs));
        await sink.NextAsync();
        await AlertWorld.UntilAsync(() => before.QueryAsync("SELECT state FROM outbox").GetAwaiter().GetResult() is ["sent"]);
        await using var after = await before.KillAndRestartAsync(receivers, TimeSpan.FromHours(2));
        await after.Door.OnTickAsync();
        after.Door.Firing().ShouldHaveSingleItem().Deliveries.ShouldHaveSingleItem().State.ShouldBe(DeliveryState.Sent);
        sink.Empty.ShouldBeTrue();
    }
}
