using System.Globalization;
using Nines.Core.Alerting;
using Nines.Core.Alerting.Routing;

namespace Nines.Core.Delivery;

/// <summary>
/// What is to be sent, in one lane per integration and group: in order, one in flight. Decides what to try next and what an outcome means; making attempts,
/// recording and spooling are for the caller. One caller at a time.
/// </summary>
public sealed partial class Outbox
{
    /// <summary>So many attempts at once per receiver: one that hangs in some groups must not stop the others.</summary>
    public const int PerReceiver = 8;

    private const long Second = 1_000_000_000;

    /// <summary>A message is given up after a day of attempts.</summary>
    private const long GiveUpNs = 24 * 3600 * Second;

    private readonly Dictionary<LaneKey, Lane> _lanes = [];
    private readonly PriorityQueue<Lane, (long DueNs, long Order)> _due = new();
    private readonly Dictionary<string, Slots> _slots = new(StringComparer.Ordinal);
    private RoutingPlan? _plan;
    private long _order;

    /// <summary>When an attempt is to be made next, on the steady clock; <see cref="long.MaxValue"/> for never.</summary>
    public long NextNs => _plan is not null && _due.TryPeek(out _, out var at) ? at.DueNs : long.MaxValue;

    private RoutingPlan Plan => _plan ?? RoutingPlan.Empty;

    /// <summary>Sets the receivers; nothing goes out before the first call.</summary>
    public void Apply(RoutingPlan plan) => _plan = plan;

    /// <summary>Takes up what an earlier process left.</summary>
    /// <param name="entries">What the store has.</param>
    /// <param name="spool">What the spool has.</param>
    /// <param name="now">The moment.</param>
    /// <param name="changes">Gets what the store is to know.</param>
    public void TakeUp(IReadOnlyList<OutboxEntry> entries, SpoolContent spool, Moment now, OutboxChanges changes)
    {
        foreach (var entry in entries.OrderBy(e => e.Notification.Sequence))
        {
            var settled = spool.Settled.Contains(entry.Notification.Key);
            var open = entry.State is DeliveryState.Pending or DeliveryState.Sending && !settled;
            changes.Standings.Add(entry with { State = open ? DeliveryState.Pending : settled ? DeliveryState.Sent : entry.State });
            Remember(entry, now);
            if (open)
            {
                var notification = entry.Notification;
                if (spool.Notifications.ContainsKey(notification.Key) && !notification.MayHaveArrived)
                {
                    // The spool is cleared; the doubt is not.
                    notification = notification with { MayHaveArrived = true };
                    changes.Records.Add(new MessageRewritten(notification));
                }
                Put(new Parcel(notification, true, Since(notification, now))
                {
                    Attempts = entry.Attempts,
                    InDoubt = entry.InDoubt || notification.MayHaveArrived,
                }, now);
            }
        }
        var known = entries.Select(e => e.Notification.Key).ToHashSet(StringComparer.Ordinal);
        foreach (var spooled in spool.Notifications.Values.OrderBy(n => n.Sequence))
        {
            var notification = spooled with { MayHaveArrived = true };
            changes.Records.Add(new MessageAdded(notification, false));
            Remember(new(notification, DeliveryState.Pending, 0, "", false), now);
            // One of the day before yesterday, from a spool that nobody read, is no news.
            if (!known.Contains(notification.Key) && !spool.Settled.Contains(notification.Key) && now.WallNs - notification.DecidedAtNs <= GiveUpNs)
            {
                // It was about to go out when the process ended: whether it did is not known.
                var parcel = new Parcel(notification, false, Since(notification, now)) { InDoubt = true };
                changes.Standings.Add(parcel.Standing(DeliveryState.Pending, ""));
                Put(parcel, now);
            }
        }
        changes.Records.AddRange(spool.Settled.Select(key => new MessageMoved(key, DeliveryState.Sent, "")));
    }

    /// <summary>Takes a message; one that is there already is not taken twice.</summary>
    /// <param name="notification">The message; whoever decided it records it.</param>
    /// <param name="now">The moment.</param>
    /// <param name="changes">Gets where it stands, and what stand-ins are to know.</param>
    public void Add(GroupNotification notification, Moment now, OutboxChanges changes)
    {
        changes.Taken.Add(notification);
        var parcel = new Parcel(notification, true, now.SteadyNs);
        if (Put(parcel, now))
        {
            changes.Standings.Add(parcel.Standing(DeliveryState.Pending, ""));
            EndElsewhere(parcel, now, changes);
        }
    }

    /// <summary>The store refused a message that was taken: the spool has it, and it goes out saying so.</summary>
    public void Unrecorded(GroupNotification notification, OutboxChanges changes)
    {
        // Behind what is kept: by the time this is written, the row is there.
        changes.Records.Add(new MessageUnrecorded(notification.Key));
        if (_lanes.GetValueOrDefault(LaneKey.Of(notification))?.Parcels.Find(p => p.Notification.Key == notification.Key) is { } parcel)
        {
            (parcel.Recorded, parcel.Spooled) = (false, true);
        }
    }

    /// <summary>Completes what was decided: messages to stand-ins join their lanes, and attempts that are due begin.</summary>
    public void Begin(Moment now, OutboxChanges changes)
    {
        for (var i = 0; i < changes.StandIns.Count; i++)
        {
            Add(changes.StandIns[i], now, changes);
        }
        while (Next(now, changes) is { } attempt)
        {
            changes.Attempts.Add(attempt);
        }
    }

    /// <summary>The attempt to make now; null when none is due.</summary>
    private OutboxAttempt? Next(Moment now, OutboxChanges changes)
    {
        while (_plan is not null && _due.TryPeek(out var lane, out var at) && at.DueNs <= now.SteadyNs)
        {
            _due.Dequeue();
            var slots = SlotsOf(lane.Key.Receiver);
            if (slots.InFlight >= PerReceiver)
            {
                slots.Waiting.Enqueue(lane);
                continue;
            }
            lane.Waits = false;
            var parcel = Merge(lane, changes);
            if (IntegrationOf(lane.Key) is not { } integration)
            {
                lane.Parcels.Clear();
                if (slots.Waiting.TryDequeue(out var waiting))
                {
                    // No attempt of the receiver will end for it.
                    _due.Enqueue(waiting, (now.SteadyNs, _order++));
                }
                Move(parcel, DeliveryState.Failed, "the workspace has no such receiver any more", changes);
                changes.Refused.Add(parcel.Notification with { MayHaveArrived = parcel.InDoubt });
                Rest(lane, now);
                continue;
            }
            lane.Busy = true;
            slots.InFlight++;
            parcel.Attempts++;
            changes.Records.Add(new AttemptBegun(parcel.Notification.Key, parcel.Attempts, now.WallNs));
            changes.Standings.Add(parcel.Standing(DeliveryState.Sending, ""));
            return new OutboxAttempt(lane, parcel, integration);
        }
        return null;
    }

    /// <summary>Takes in what came of an attempt. Another lane of its receiver can go on; its own does nothing more until <see cref="Free"/>.</summary>
    /// <param name="attempt">The attempt.</param>
    /// <param name="outcome">What came of it.</param>
    /// <param name="now">The moment.</param>
    /// <param name="jitter">0 to 1.</param>
    /// <param name="changes">Gets what is to be recorded.</param>
    /// <returns>The outcome as it counts: what is tried for too long is given up.</returns>
    public SendOutcome End(OutboxAttempt attempt, SendOutcome outcome, Moment now, double jitter, OutboxChanges changes)
    {
        var (lane, parcel) = (attempt.Lane, attempt.Parcel);
        Leave(SlotsOf(lane.Key.Receiver), now);
        if (outcome.Verdict is SendVerdict.Retry or SendVerdict.InDoubt && now.SteadyNs - parcel.SinceNs > GiveUpNs)
        {
            outcome = outcome with { Verdict = SendVerdict.Failed, Detail = $"given up after a day; last: {outcome.Detail}" };
        }
        if (outcome.RetryAfter is { } wait)
        {
            outcome = outcome with { Detail = string.Create(CultureInfo.InvariantCulture, $"{outcome.Detail}; asks to wait {wait.TotalSeconds:0.###} s") };
        }
        changes.Records.Add(new AttemptEnded(parcel.Notification.Key, attempt.Number, now.WallNs, outcome));
        var asksAgain = outcome.Verdict == SendVerdict.Failed && parcel.Notification.InPlaceOf is not null && now.SteadyNs - parcel.SinceNs <= GiveUpNs;
        if (asksAgain || outcome.Verdict is SendVerdict.Retry or SendVerdict.InDoubt)
        {
            parcel.InDoubt |= outcome.Verdict == SendVerdict.InDoubt;
            lane.DueNs = now.SteadyNs + (asksAgain ? StandInAgainNs : (long)outcome.WaitAfter(attempt.Number, jitter).TotalNanoseconds);
            if (asksAgain)
            {
                _refusing.Add(parcel.Notification.Receiver);
                parcel.StandIn ??= TellElsewhere(parcel, now, changes);
            }
            Move(parcel, DeliveryState.Pending, outcome.Detail, changes);
        }
        else
        {
            lane.Parcels.Remove(parcel);
            lane.DueNs = long.MinValue;
            Settle(parcel, outcome, now, changes);
        }
        return outcome;
    }

    /// <summary>Lets a lane go on: what came of its attempt is recorded, or cannot be.</summary>
    public void Free(OutboxAttempt attempt, Moment now)
    {
        attempt.Lane.Busy = false;
        Rest(attempt.Lane, now);
    }

    private void Leave(Slots slots, Moment now)
    {
        slots.InFlight--;
        if (slots.Waiting.TryDequeue(out var next))
        {
            _due.Enqueue(next, (now.SteadyNs, _order++));
        }
    }

    private static long Since(GroupNotification notification, Moment now) => Math.Min(now.SteadyNs, now.SteadyOf(notification.DecidedAtNs));

    private bool Put(Parcel parcel, Moment now)
    {
        var key = LaneKey.Of(parcel.Notification);
        if (!_lanes.TryGetValue(key, out var lane))
        {
            _lanes[key] = lane = new Lane(key);
        }
        if (lane.Parcels.Exists(p => p.Notification.Key == parcel.Notification.Key))
        {
            return false;
        }
        // The times of decision lie as the wall's clock was set; the sequence does not.
        lane.Parcels.Insert(lane.Parcels.FindLastIndex(p => p.Notification.Sequence <= parcel.Notification.Sequence) + 1, parcel);
        Rest(lane, now);
        return true;
    }

    /// <summary>Lets a lane wait for its time, or forgets it when it has nothing to tell.</summary>
    private void Rest(Lane lane, Moment now)
    {
        if (lane.Busy || lane.Waits)
        {
            return;
        }
        if (lane.Parcels.Count == 0)
        {
            _lanes.Remove(lane.Key);
            return;
        }
        lane.Waits = true;
        _due.Enqueue(lane, (Math.Max(lane.DueNs, now.SteadyNs), _order++));
    }

    /// <summary>The message to try now: the latest, with what those before it had to tell.</summary>
    private static Parcel Merge(Lane lane, OutboxChanges changes)
    {
        var merged = lane.Parcels.Count > 1;
        while (lane.Parcels is [var earlier, var later, ..])
        {
            var untold = earlier.Notification.Alerts.Where(a => a.EndsAtNs == 0).Select(a => a.Fingerprint).ToHashSet(StringComparer.Ordinal);
            if (later.Notification.Alerts.Any(a => a.EndsAtNs != 0 && untold.Contains(a.Fingerprint)))
            {
                later.DelayedSinceNs = earlier.Attempts > 0 ? earlier.Notification.DecidedAtNs : later.Notification.DecidedAtNs;
            }
            later.DelayedSinceNs = Earliest(later.DelayedSinceNs, earlier.DelayedSinceNs);
            later.InDoubt |= earlier.InDoubt;
            later.Notification = later.Notification.With(earlier.Notification) with { MayHaveArrived = later.InDoubt };
            later.SinceNs = Math.Min(later.SinceNs, earlier.SinceNs);
            later.TookOver.AddRange(earlier.TookOver);
            later.TookOver.Add(earlier.Notification.Key);
            lane.Parcels.RemoveAt(0);
            Move(earlier, DeliveryState.Collapsed, "news came before this could be delivered; one message tells both", changes);
        }
        if (merged)
        {
            changes.Records.Add(new MessageRewritten(lane.Parcels[0].Notification));
        }
        return lane.Parcels[0];
    }

    private static long? Earliest(long? a, long? b) => a is { } x && b is { } y ? Math.Min(x, y) : a ?? b;

    /// <summary>Ends a message's way.</summary>
    private void Settle(Parcel parcel, SendOutcome outcome, Moment now, OutboxChanges changes)
    {
        var notification = parcel.Notification;
        if (outcome.Verdict == SendVerdict.Sent)
        {
            _refusing.Remove(notification.Receiver);
            Move(parcel, DeliveryState.Sent, outcome.Detail, changes);
            changes.Settled.AddRange([.. parcel.TookOver, notification.Key]);
            return;
        }
        _refusing.Add(notification.Receiver);
        parcel.StandIn ??= TellElsewhere(parcel, now, changes);
        Move(parcel, parcel.StandIn is null ? DeliveryState.Failed : DeliveryState.FailedOver, outcome.Detail, changes);
        if (notification.InPlaceOf is null)
        {
            changes.Refused.Add(parcel.Notification with { MayHaveArrived = parcel.InDoubt });
        }
    }

    private static void Move(Parcel parcel, DeliveryState state, string detail, OutboxChanges changes)
    {
        parcel.Detail = detail;
        detail = parcel.StandIn is { } standIn ? $"{detail}{(detail.Length > 0 ? "; " : "")}{standIn} is told in its place" : detail;
        changes.Records.Add(new MessageMoved(parcel.Notification.Key, state, detail));
        changes.Standings.Add(parcel.Standing(state, detail));
    }

    private Integration? IntegrationOf(LaneKey key) =>
        Plan.Receivers.GetValueOrDefault(key.Receiver)?.Integrations.FirstOrDefault(i => i.Kind == key.Kind && i.Index == key.Index);

    private Slots SlotsOf(string receiver)
    {
        if (!_slots.TryGetValue(receiver, out var slots))
        {
            _slots[receiver] = slots = new Slots();
        }
        return slots;
    }

    /// <summary>The attempts of a receiver that are in flight, and the lanes that wait for one to end.</summary>
    private sealed class Slots
    {
        public int InFlight { get; set; }

        public Queue<Lane> Waiting { get; } = new();
    }
}
