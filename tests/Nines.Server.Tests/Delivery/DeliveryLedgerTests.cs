using Nines.Core.Alerting;
using Nines.Core.Alerting.Routing;
using Nines.Core.Delivery;
using Nines.Metrics;
using Nines.Server.Alerting;
using Nines.Server.Delivery;

namespace Nines.Server.Tests.Delivery;

public sealed class DeliveryLedgerTests
{
    private const long Second = 1_000_000_000;
    private const long Start = 1_795_255_200;

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Ledger_TellsEachAttemptOfAMessageThatArrivedAtTheSecond()
    {
        await using var sink = await Sink.StartAsync();
        sink.Answer = context =>
        {
            context.Response.StatusCode = 503;
            return Task.CompletedTask;
        };
        await using var world = await AlertWorld.StartAsync([AlertWorld.Webhook("hook", sink.Url)]);
        await world.PostAsync(AlertWorld.Alert("Burn", world.Time.NowNs));
        var first = await sink.NextAsync();
        await AlertWorld.UntilAsync(() => world.QueryAsync("SELECT state FROM outbox WHERE attempts = 1").GetAwaiter().GetResult() is ["pending"]);
        sink.Answer = null;
        await world.PassUntilArrivedAsync(sink);
        await AlertWorld.UntilAsync(() => world.QueryAsync("SELECT state FROM outbox").GetAwaiter().GetResult() is ["sent"]);

        var entry = (await new DeliveryLedger(world.Inner).FindAsync(first.Key, Stop)).ShouldNotBeNull();
        entry.Attempts.Select(a => (a.Number, a.Outcome, a.Detail)).ShouldBe([(1, "retry", "HTTP 503"), (2, "sent", "HTTP 200")]);
        entry.Attempts.ShouldAllBe(a => a.FinishedNs >= a.StartedNs);
        (entry.State, entry.Recorded, entry.DeliveredAtNs).ShouldBe(("sent", true, entry.Attempts[1].FinishedNs));
        entry.IsPossibleRepeat(entry.Attempts[1]).ShouldBeFalse();
        entry.Notification.Alerts.Single().Labels["alertname"].ShouldBe("Burn");
        var tally = (await new DeliveryLedger(world.Inner).TallyAsync(world.Time.NowNs, Stop)).ShouldHaveSingleItem();
        (tally.Receiver, tally.Sent, tally.Failed, tally.Waiting).ShouldBe(("hook", 1, 0, 0));
        tally.MedianNs.ShouldBe(entry.DeliveredAtNs - entry.Notification.DecidedAtNs);
        (await new DeliveryLedger(world.Inner).FindAsync("none", Stop)).ShouldBeNull();
    }

    [Fact]
    public async Task Filters_EachKeepsWhatItNames()
    {
        await using var world = await AlertWorld.StartAsync([]);
        await FillAsync(world);
        (await KeysAsync(world, "")).ShouldBe("g f e d c b a");
        (await KeysAsync(world, "receiver=chat")).ShouldBe("f d b");
        (await KeysAsync(world, "state=failed")).ShouldBe("c");
        (await KeysAsync(world, "state=failedover")).ShouldBe("g");
        (await KeysAsync(world, "alert=00000000000000b1")).ShouldBe("f b");
        (await KeysAsync(world, "trouble=true")).ShouldBe("g e d c b");
        (await KeysAsync(world, "since=2026-01-01")).ShouldBe("g f e d c b a");
        (await KeysAsync(world, $"since={Seconds(3)}")).ShouldBe("g f e d");
        (await KeysAsync(world, $"until={Seconds(3)}")).ShouldBe("c b a");
        (await KeysAsync(world, $"receiver=chat&alert=00000000000000b1&since={Seconds(2)}")).ShouldBe("f");
    }

    [Fact]
    public async Task Pages_FollowEachOtherWithoutGapOrRepeatAlsoWithinOneMoment()
    {
        await using var world = await AlertWorld.StartAsync([]);
        await world.Inner.WriteAsync(transaction =>
        {
            foreach (var i in Enumerable.Range(0, 7))
            {
                OutboxStore.Insert(transaction, Message($"k{i}", "chat", 1000 + i / 3), true);
            }
            return 0;
        }, Stop);
        var (seen, after) = (new List<string>(), "");
        do
        {
            var (items, next) = await new DeliveryLedger(world.Inner).PageAsync(Filter($"limit=2&after={after}"), 0, Stop);
            seen.AddRange(items.Select(i => i.Notification.Key));
            after = next;
        }
        while (after is not null);
        string.Join(' ', seen).ShouldBe("k6 k5 k4 k3 k2 k1 k0");
    }

    [Fact]
    public async Task Prune_DropsMessagesAndAttemptsAfterNinetyDaysButNoneOnItsWay()
    {
        await using var world = await AlertWorld.StartAsync([]);
        await FillAsync(world);
        await world.Inner.WriteAsync(transaction =>
        {
            AlertStore.Prune(transaction, (Start + 90L * 86_400 + 6) * Second, 0);
            return 0;
        }, Stop);
        (await KeysAsync(world, "")).ShouldBe("g e d");
        (await world.QueryAsync("SELECT COUNT(*) FROM attempt")).ShouldBe(["0"]);
    }

    [Theory]
    [InlineData("since=soon", "since")]
    [InlineData("alert=%", "alert")]
    [InlineData("limit=501", "limit")]
    [InlineData("after=nowhere", "after")]
    public void Filter_ThatCannotBeRead_NamesItsField(string query, string field) => Filter(query).Problems.Keys.ShouldBe([field]);

    [Fact]
    public void Filter_StandsInTheAddress()
    {
        var filter = Filter("receiver=a b&state=sent&alert=00000000000000B1&since=2026-03-12 03:14&trouble=on&after=5-x&limit=7");
        filter.Url.ShouldBe("/deliveries?receiver=a%20b&state=sent&alert=00000000000000b1&since=2026-03-12%2003%3A14%3A00&trouble=true&after=5-x&limit=7");
        Filter("").Url.ShouldBe("/deliveries");
    }

    // a sent; b sent at its second attempt; c failed; d in doubt; e waits for long; f sent; g in a state of a later version.
    private static Task FillAsync(AlertWorld world) => world.Inner.WriteAsync(transaction =>
    {
        void Add(string key, string receiver, string alert, int second, DeliveryState? state, params string[] outcomes)
        {
            OutboxStore.Insert(transaction, Message(key, receiver, (Start + second) * Second, alert), true);
            foreach (var (outcome, i) in outcomes.Select((o, i) => (o, i)))
            {
                OutboxStore.Put(transaction, new AttemptBegun(key, i + 1, (Start + second) * Second));
                if (Enum.TryParse<SendVerdict>(outcome, out var verdict))
                {
                    OutboxStore.Put(transaction, new AttemptEnded(key, i + 1, (Start + 1 + second) * Second, new(verdict, "")));
                    OutboxStore.Put(transaction, new MessageMoved(key, state ?? DeliveryState.Pending, ""));
                }
            }
        }
        Add("a", "mail", "a1", 0, DeliveryState.Sent, "Sent");
        Add("b", "chat", "b1", 1, DeliveryState.Sent, "Retry", "Sent");
        Add("c", "mail", "c1", 2, DeliveryState.Failed, "Failed");
        Add("d", "chat", "d1", 3, null, "unknown");
        Add("e", "mail", "e1", 4, null);
        Add("f", "chat", "b1", 5, DeliveryState.Sent, "Sent");
        Add("g", "mail", "g1", 6, null);
        transaction.Execute("UPDATE outbox SET state = 'failedover' WHERE idempotency_key = 'g'");
        return 0;
    }, Stop);

    private static async Task<string> KeysAsync(AlertWorld world, string query)
    {
        var filter = Filter(query);
        filter.Problems.ShouldBeEmpty();
        // Half an hour later: what is on its way has been so for long.
        var (items, next) = await new DeliveryLedger(world.Inner).PageAsync(filter, (Start + 1800) * Second, Stop);
        next.ShouldBeNull();
        return string.Join(' ', items.Select(i => i.Notification.Key));
    }

    private static DeliveryFilter Filter(string query)
    {
        var parameters = query.Split('&', StringSplitOptions.RemoveEmptyEntries).Select(p => p.Split('=', 2)).ToDictionary(p => p[0], p => p[1], StringComparer.Ordinal);
        return DeliveryFilter.Read(name => parameters.GetValueOrDefault(name));
    }

    private static string Seconds(int second) => DateTimeOffset.FromUnixTimeSeconds(Start + second).ToString("yyyy-MM-dd HH:mm:ss", System.Globalization.CultureInfo.InvariantCulture);

    private static GroupNotification Message(string key, string receiver, long decidedNs, string alert = "a1") => new(key, receiver, "webhook", 0, "{}:{}", Labels.Empty, 1,
        NoticeReason.First, decidedNs, [new(alert.PadLeft(16, '0'), Labels.Of(("alertname", "A")), Labels.Empty, decidedNs, 0, "")]);
}
