using Nines.Core.Alerting;
using Nines.Core.Alerting.Routing;
using Nines.Core.Delivery;
using Nines.Metrics;

namespace Nines.Core.Tests.Delivery;

/// <summary>The outbox on a virtual clock: what is sent when, to whom, and what is on record afterwards.</summary>
public sealed class OutboxTests
{
    private const long Second = 1_000_000_000;
    private static readonly SourcePosition Nowhere = new("d.yml", 1, 1);
    private readonly Outbox _outbox = new();
    private readonly List<OutboxRecord> _records = [];
    private readonly List<GroupNotification> _standIns = [];
    private readonly Queue<OutboxAttempt> _begun = new();
    private long _steady = 100 * Second;

    // The wall's clock, by how much it was set.
    private long _set;

    public OutboxTests() => _outbox.Apply(Routing(("phone", "desk")));

    [Fact]
    public void News_ThatWaits_TakesOverWhatCouldNotBeDelivered()
    {
        Add(Message("phone", 1, "A+"));
        End(Next()!, new(SendVerdict.Retry, "HTTP 429", TimeSpan.FromSeconds(60)));
        Add(Message("phone", 2, "A-"));
        Next().ShouldBeNull();
        Pass(60);
        var both = Next()!;
        (Text(both.Notification), both.Marks(true).DelayedSinceNs).ShouldBe(("A-", 100 * Second));
        End(both, new(SendVerdict.Sent, ""));
        States().ShouldBe(["m1 Collapsed", "m2 Sent"]);
    }

    [Fact]
    public void Order_IsThatOfTheSequenceAlsoWhereTheClockWasSetBack()
    {
        var changes = new OutboxChanges();
        OutboxEntry[] entries = [Entry(Message("phone", 2, "A-") with { DecidedAtNs = 1 }), Entry(Message("phone", 1, "A+") with { DecidedAtNs = 2 })];
        _outbox.TakeUp(entries, Spool([], []), Now, changes);
        Text(Next()!.Notification).ShouldBe("A-");
    }

    [Fact]
    public void TakenUp_KnowsFromTheSpoolWhatTheStoreDoesNot()
    {
        var changes = new OutboxChanges();
        var (sent, begun, waits) = (Message("phone", 1, "A+"), Message("desk", 1, "A+"), Message("chat", 1, "A+"));
        _outbox.TakeUp([Entry(sent), Entry(begun), Entry(waits)], Spool([begun], [sent.Key]), Now, changes);
        var attempts = new[] { Next()!, Next()! };
        Next().ShouldBeNull();
        attempts.Select(a => (a.Notification.Receiver, a.Marks(true).PossibleRepeat)).ShouldBe([("desk", true), ("chat", false)], ignoreOrder: true);
        changes.Records.ShouldContain(new MessageMoved(sent.Key, DeliveryState.Sent, ""));
    }

    [Fact]
    public void Notices_FollowWhatWentOutWithoutTheStoresKnowing()
    {
        var spool = Spool([Message("phone", 2, "A-", "B+"), Message("desk", 1, "A+")], []);
        GroupNotice Stored(string receiver) => new()
        {
            Receiver = receiver, Kind = "webhook", Index = 0, GroupKey = "g", Sequence = 1, AtNs = 0,
            Firing = new HashSet<ulong>(), Resolved = new HashSet<ulong>(), Open = new HashSet<ulong>(),
        };
        var after = spool.After([Stored("phone"), Stored("desk")]).ToDictionary(n => n.Receiver, StringComparer.Ordinal);
        (after["phone"].Sequence, after["phone"].Firing.Count, after["phone"].Resolved.Count).ShouldBe((2, 1, 1));
        after["desk"].Firing.ShouldBeEmpty();
    }

    [Fact]
    public void Sent_SettlesAlsoWhatItTookOver()
    {
        Add(Message("phone", 1, "A+"));
        Add(Message("phone", 2, "A-"));
        End(Next()!, new(SendVerdict.Sent, "")).Settled.ShouldBe(["m1", "m2"]);
    }

    [Fact]
    public void Receiver_HasEightAttemptsInFlightAtMost()
    {
        for (var i = 0; i < 10; i++)
        {
            Add(Message("phone", 1, "A+") with { Key = $"m{i}", GroupKey = $"g{i}" });
        }
        var inFlight = Enumerable.Range(0, 8).Select(_ => Next()!).ToList();
        Next().ShouldBeNull();
        End(inFlight[0], new(SendVerdict.Sent, ""));
        Next().ShouldNotBeNull();
        Next().ShouldBeNull();
    }

    [Fact]
    public void Undelivered_ForTwoMinutes_GoesToTheStandInOnceAndIsTriedOn()
    {
        Add(Message("phone", 1, "A+"));
        End(Next()!, new(SendVerdict.Retry, "HTTP 500"));
        Pass(119);
        _standIns.ShouldBeEmpty();
        Pass(1);
        Pass(60);
        var told = _standIns.ShouldHaveSingleItem();
        (told.Receiver, told.InPlaceOf, Text(told)).ShouldBe(("desk", "phone", "A+"));
        told.Key.ShouldNotBe("m1");
        new DeliveryMarks(1, false, false, null).Sentences(told).ShouldContain("phone could not be reached: this is told in its place");
        _records.OfType<MessageMoved>().Last().ShouldBe(new("m1", DeliveryState.Pending, "HTTP 500; desk is told in its place"));
        End(Next()!, new(SendVerdict.Sent, ""));
        States().ShouldContain("m1 Sent");
    }

    [Fact]
    public void Refused_ForGood_GoesToTheStandInAtOnceAndItHearsOfTheEnd()
    {
        Add(Message("phone", 1, "A+"));
        End(Next()!, new(SendVerdict.Failed, "HTTP 400")).Refused.ShouldHaveSingleItem().Key.ShouldBe("m1");
        States().ShouldContain("m1 FailedOver");
        Add(Message("phone", 2, "A+"));
        End(Next()!, new(SendVerdict.Failed, "HTTP 400"));
        Add(Message("phone", 3, "A-"));
        _standIns.Select(Text).ShouldBe(["A+", "A-"]);
        _standIns.Select(n => n.InPlaceOf).ShouldBe(["phone", "phone"]);
    }

    [Fact]
    public void Refused_ForGoodWithoutAStandIn_IsForTheBoardToDecideAnew()
    {
        Add(Message("desk", 1, "A+"));
        End(Next()!, new(SendVerdict.Failed, "HTTP 400")).Refused.ShouldHaveSingleItem().Key.ShouldBe("desk1");
        States().ShouldBe(["desk1 Failed"]);
    }

    [Fact]
    public void StandIn_ThatRefusesAsWell_IsAskedAgainAfterFiveMinutes()
    {
        Add(Message("phone", 1, "A+"));
        End(Next()!, new(SendVerdict.Failed, "HTTP 400"));
        Add(_standIns[0]);
        End(Next()!, new(SendVerdict.Failed, "HTTP 403")).Refused.ShouldBeEmpty();
        Pass(299);
        Next().ShouldBeNull();
        Pass(1);
        Next()!.Notification.Key.ShouldBe(_standIns.ShouldHaveSingleItem().Key);
    }

    [Fact]
    public void AfterARestart_TheStandInIsNotToldAgainButOfTheEnd()
    {
        var waits = Message("phone", 1, "A+");
        var told = waits.InPlace("desk", new("webhook", 0, true, new(new Dictionary<string, object>()), Nowhere), 1);
        _outbox.TakeUp([Entry(waits), Entry(told) with { State = DeliveryState.Sent }], Spool([], []), Now, new());
        End(Next()!, new(SendVerdict.Retry, "HTTP 500"));
        Pass(200);
        _standIns.ShouldBeEmpty();
        Add(Message("phone", 2, "A-"));
        Text(_standIns.ShouldHaveSingleItem()).ShouldBe("A-");
    }

    [Fact]
    public void Trouble_IsOneAlertForAReceiverKeptUpUntilAMessageGetsThrough()
    {
        Add(Message("phone", 1, "A+"));
        End(Next()!, new(SendVerdict.Retry, "HTTP 500"));
        Pass(299).ShouldBeEmpty();
        var raised = Pass(1).ShouldHaveSingleItem();
        (raised.Labels["alertname"], raised.Labels["receiver"], raised.Labels["severity"], raised.EndsAtNs).ShouldBe((DeliveryTrouble.AlertName, "phone", "page", 0));
        Pass(59).ShouldBeEmpty();
        Pass(1).ShouldHaveSingleItem().StartsAtNs.ShouldBe(raised.StartsAtNs);
        End(Next()!, new(SendVerdict.Sent, ""));
        Pass(1).ShouldHaveSingleItem().EndsAtNs.ShouldBe(_steady);
        Pass(100).ShouldBeEmpty();
    }

    [Fact]
    public void Trouble_ComesAtOnceWithARefusalForGoodUnlessTheReceiverIsGone()
    {
        Add(Message("phone", 1, "A+"));
        Add(Message("gone", 1, "A+") with { Key = "g" });
        End(Next()!, new(SendVerdict.Failed, "HTTP 400"));
        Next().ShouldBeNull();
        Pass(1).ShouldHaveSingleItem().Labels["receiver"].ShouldBe("phone");
    }

    [Fact]
    public void Refused_AfterItTookOverAnother_SaysWhatWasNeverTold()
    {
        Add(Message("desk", 1, "A-"));
        End(Next()!, new(SendVerdict.InDoubt, "no answer"));
        Add(Message("desk", 2, "A+", "B+"));
        Pass(60);
        var refused = End(Next()!, new(SendVerdict.Failed, "HTTP 400")).Refused.ShouldHaveSingleItem();
        (refused.TookOver, refused.MayHaveArrived, string.Join(' ', refused.UntoldEnds)).ShouldBe((true, true, "A"));
    }

    [Fact]
    public void Doubt_OutlivesTheSpoolAndTheRestart()
    {
        var (message, changes) = (Message("desk", 1, "A+"), new OutboxChanges());
        _outbox.TakeUp([Entry(message)], Spool([message], []), Now, changes);
        changes.Records.OfType<MessageRewritten>().ShouldHaveSingleItem().Notification.MayHaveArrived.ShouldBeTrue();
    }

    [Theory]
    [InlineData(3600)]
    [InlineData(-3600)]
    public void WallClock_SetChangesNoWait(int seconds)
    {
        Add(Message("phone", 1, "A+"));
        End(Next()!, new(SendVerdict.Retry, "HTTP 429", TimeSpan.FromSeconds(30)));
        _set += seconds * Second;
        Pass(29).ShouldBeEmpty();
        Next().ShouldBeNull();
        _outbox.NextNs.ShouldBe(_steady + Second);
        Pass(1);
        Next().ShouldNotBeNull();
        _standIns.ShouldBeEmpty();
    }

    private Moment Now => new(_steady + _set, _steady);

    private void Add(GroupNotification message) => Note(changes => _outbox.Add(message, Now, changes));

    private OutboxAttempt? Next()
    {
        Note(changes => _outbox.Begin(Now, changes));
        return _begun.TryDequeue(out var attempt) ? attempt : null;
    }

    private OutboxChanges End(OutboxAttempt attempt, SendOutcome outcome)
    {
        var changes = Note(c => _outbox.End(attempt, outcome, Now, 0.5, c));
        _outbox.Free(attempt, Now);
        return changes;
    }

    private IReadOnlyList<PostedAlert> Pass(int seconds)
    {
        _steady += seconds * Second;
        IReadOnlyList<PostedAlert> alerts = [];
        Note(changes => alerts = _outbox.Pass(Now, changes));
        return alerts;
    }

    private OutboxChanges Note(Action<OutboxChanges> act)
    {
        var changes = new OutboxChanges();
        act(changes);
        _records.AddRange(changes.Records);
        _standIns.AddRange(changes.StandIns);
        changes.Attempts.ForEach(_begun.Enqueue);
        return changes;
    }

    private List<string> States() =>
        [.. _records.OfType<MessageMoved>().GroupBy(m => m.Key).Select(g => $"{g.Key} {g.Last().State}").Order(StringComparer.Ordinal)];

    /// <summary>A message of a group; <c>A+</c> fires, <c>A-</c> is over.</summary>
    private GroupNotification Message(string receiver, long sequence, params string[] alerts) => new(
        $"{(receiver == "phone" ? "m" : receiver)}{sequence}", receiver, "webhook", 0, "g", Labels.Empty, sequence, NoticeReason.First, _steady,
        [.. alerts.Select(a => new NotifiedAlert(a[..1], Labels.Of(("alertname", a[..1])), Labels.Empty, 1, a[1] == '+' ? 0 : 2, ""))]);

    private static string Text(GroupNotification message) => string.Concat(message.Alerts.Select(a => a.Fingerprint + (a.EndsAtNs == 0 ? "+" : "-")));

    private static OutboxEntry Entry(GroupNotification message) => new(message, DeliveryState.Pending, 0, "", true);

    private static SpoolContent Spool(GroupNotification[] messages, string[] settled) =>
        new(messages.ToDictionary(m => m.Key, StringComparer.Ordinal), settled.ToHashSet(StringComparer.Ordinal));

    private static RoutingPlan Routing(params (string Receiver, string To)[] failovers) => RoutingPlan.Of(
        [.. new[] { "phone", "desk", "chat" }.Select(name =>
            new DirectReceiver(name, [], new("webhook", 0, true, new(new Dictionary<string, object>()), Nowhere)))])
        with
    { Failover = failovers.ToDictionary(f => f.Receiver, f => new Failover(f.To, 120_000), StringComparer.Ordinal) };
}
