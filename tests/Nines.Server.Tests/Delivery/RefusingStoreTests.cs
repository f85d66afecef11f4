using Nines.Core.Alerting;
using Nines.Server.Alerting;
using Nines.Server.Delivery;

namespace Nines.Server.Tests.Delivery;

public sealed class RefusingStoreTests
{
    [Fact]
    public async Task Store_that_refuses_sends_once_marked_and_alerts_and_is_reconciled()
    {
        await using var sink = await Sink.StartAsync();
        await using var world = await AlertWorld.StartAsync([AlertWorld.Webhook("hook", sink.Url)]);
        world.Store.Fault = StoreFault.Refuse;
        await world.PostAsync(AlertWorld.Alert("Burn", world.Time.NowNs));
        Arrived[] arrived = [await sink.NextAsync(), await sink.NextAsync()];
        arrived.Select(a => a.AlertName).Order(StringComparer.Ordinal).ShouldBe(["Burn", AlertDoor.StoreAlert]);
        arrived.ShouldAllBe(a => a.Marks.Contains("not recorded: the store refuses writes") && a.Headers["X-Nines-Unrecorded"] == "true");
        await AlertWorld.UntilAsync(() => world.Door.All().SelectMany(a => a.Deliveries).All(d => d.State == DeliveryState.Sent));
        world.Store.Fault = StoreFault.None;
        (await world.Recorder.ReconcileAsync()).ShouldBeTrue();
        await world.Door.OnTickAsync();
        var over = await sink.NextAsync();
        (over.AlertName, over.Status, over.Marks).ShouldBe((AlertDoor.StoreAlert, "resolved", ""));
        await AlertWorld.UntilAsync(() => world.QueryAsync("SELECT state FROM outbox").GetAwaiter().GetResult() is ["sent", "sent", "sent"]);
        (await world.QueryAsync("SELECT fingerprint FROM alert_transition")).Count.ShouldBe(3);
        (await world.QueryAsync("SELECT recorded FROM outbox ORDER BY decided_at, recorded")).ShouldBe(["0", "0", "1"]);
        (await world.QueryAsync("SELECT outcome FROM attempt")).ShouldBe(["sent", "sent", "sent"]);
        sink.Empty.ShouldBeTrue();
    }

    [Fact]
    public async Task Kept_record_that_cannot_be_written_is_left_out_and_the_others_are_recorded()
    {
        await using var world = await AlertWorld.StartAsync([]);
        var written = new List<int>();
        world.Store.Fault = StoreFault.Refuse;
        for (var i = 0; i < 5; i++)
        {
            var number = i;
            (await world.Recorder.RecordAsync(_ => written.Add(number == 2 ? throw new InvalidOperationException("a bug") : number))).ShouldBeFalse();
        }

        world.Store.Fault = StoreFault.None;
        (await world.Recorder.ReconcileAsync()).ShouldBeTrue();

        written.Distinct().ShouldBe([0, 1, 3, 4]);
        (world.Recorder.Kept, world.Recorder.Dropped).ShouldBe((0, 1));
    }

    [Fact]
    public async Task Store_that_hangs_holds_a_message_up_for_two_seconds_at_most()
    {
        await using var sink = await Sink.StartAsync();
        await using var world = await AlertWorld.StartAsync([AlertWorld.Webhook("hook", sink.Url)]);
        world.Store.Fault = StoreFault.Hang;
        var post = world.PostAsync(AlertWorld.Alert("Burn", world.Time.NowNs));
        await world.Io.SomeoneWaitsAsync(TimeSpan.FromSeconds(1.9), TimeSpan.FromSeconds(2));
        world.Io.Advance(TimeSpan.FromSeconds(2));
        await post;
        Arrived[] arrived = [await sink.NextAsync(), await sink.NextAsync()];
        arrived.ShouldAllBe(a => a.Marks.Contains("not recorded"));
    }

    [Fact]
    public async Task Refused_message_that_was_killed_before_it_went_out_is_sent_from_the_spool_with_the_same_key()
    {
        await using var sink = await Sink.StartAsync();
        var receivers = new[] { AlertWorld.Webhook("hook", sink.Url) };
        await using var before = await AlertWorld.StartAsync(receivers, () => throw new InvalidOperationException("killed"));
        before.Store.Fault = StoreFault.Refuse;
        await before.PostAsync(AlertWorld.Alert("Burn", before.Time.NowNs));
        var keys = before.Door.All().SelectMany(a => a.Deliveries).Select(d => d.Key).Order(StringComparer.Ordinal).ToList();
        keys.Count.ShouldBe(2);
        await using var after = await before.KillAndRestartAsync(receivers);
        Arrived[] arrived = [await sink.NextAsync(), await sink.NextAsync()];
        arrived.Select(a => a.Key).Order(StringComparer.Ordinal).ShouldBe(keys);
        arrived.ShouldAllBe(a => a.Marks.Contains("possible repeat"));
    }

    [Fact]
    public async Task Refused_message_that_went_out_is_not_sent_again_after_a_kill_but_recorded()
    {
        await using var sink = await Sink.StartAsync();
        var receivers = new[] { AlertWorld.Webhook("hook", sink.Url) };
        await using var before = await AlertWorld.StartAsync(receivers);
        before.Store.Fault = StoreFault.Refuse;
        await before.PostAsync(AlertWorld.Alert("Burn", before.Time.NowNs));
        await AlertWorld.UntilAsync(() => before.Door.All() is { Count: 2 } all && all.SelectMany(a => a.Deliveries).All(d => d.State == DeliveryState.Sent));
        await sink.NextAsync();
        await sink.NextAsync();
        await using var after = await before.KillAndRestartAsync(receivers);
        await AlertWorld.UntilAsync(() => after.QueryAsync("SELECT state FROM outbox").GetAwaiter().GetResult() is ["sent", "sent"]);
        sink.Empty.ShouldBeTrue();
    }

    /// <summary>The real thing: every file of the directory immutable, the open ones too.</summary>
    [Fact]
    public async Task Immutable_files_hold_no_message_up_and_nothing_is_lost_when_they_are_writable_again()
    {
        await using var sink = await Sink.StartAsync();
        await using var world = await AlertWorld.StartAsync([AlertWorld.Webhook("hook", sink.Url)]);
        await world.PostAsync(AlertWorld.Alert("Before", world.Time.NowNs));
        (await sink.NextAsync()).Marks.ShouldBe("");
        await AlertWorld.UntilAsync(() => world.QueryAsync("SELECT state FROM outbox").GetAwaiter().GetResult() is ["sent"]);
        Assert.SkipUnless(Chattr("+i", world.Root), "chattr +i is not possible here");
        try
        {
            await world.PostAsync(AlertWorld.Alert("During", world.Time.NowNs));
            Arrived[] arrived = [await sink.NextAsync(), await sink.NextAsync()];
            arrived.Select(a => a.AlertName).Order(StringComparer.Ordinal).ShouldBe(["During", AlertDoor.StoreAlert]);
            arrived.ShouldAllBe(a => a.Marks.Contains("not recorded"));
        }
        finally
        {
            Chattr("-i", world.Root);
        }
        (await world.Recorder.ReconcileAsync()).ShouldBeTrue(world.Recorder.Reason);
        (await world.QueryAsync("SELECT count(*) FROM alert_transition")).ShouldBe(["3"]);
    }

    private static bool Chattr(string flag, string directory)
    {
        try
        {
            using var process = System.Diagnostics.Process.Start(new System.Diagnostics.ProcessStartInfo("chattr", ["-R", flag, directory]) { RedirectStandardError = true, UseShellExecute = false })!;
            process.WaitForExit();
            return process.ExitCode == 0;
        }
        catch (System.ComponentModel.Win32Exception)
        {
            return false;
        }
    }

    [Fact]
    public async Task Spool_without_a_directory_keeps_nothing_and_does_not_fail()
    {
        using var spool = Spool.Open("/nonexistent/spool");
        await spool.AppendSentAsync("k");
        await spool.ClearAsync();
        spool.Lost.ShouldBe(1);
    }
}
