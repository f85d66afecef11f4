using Nines.Core.Alerting;
using Nines.Core.Alerting.Routing;

namespace Nines.Core.Delivery;

public sealed partial class Outbox
{
    /// <summary>A stand-in that refused is told again after a minute, while the receiver itself is still tried.</summary>
    private const long AgainNs = 60 * Second;

    /// <summary>A stand-in that refuses for good as well is asked again after 5 minutes: the board, which asks others, does not know of it.</summary>
    private const long StandInAgainNs = 300 * Second;

    /// <summary>What a stand-in is forgotten to have been told after: a day.</summary>
    private const long ForgottenNs = 24 * 3600 * Second;

    /// <summary>What stand-ins know, by the receiver in whose place and the group.</summary>
    private readonly Dictionary<(string Receiver, string Group), Elsewhere> _elsewhere = [];

    // Receivers whose last message was refused for good, or given up.
    private readonly HashSet<string> _refusing = new(StringComparer.Ordinal);

    // Receivers of which it was told that they cannot be reached: since when (wall), and when it was last told (steady).
    private readonly Dictionary<string, (long SinceNs, long ToldNs)> _troubled = new(StringComparer.Ordinal);

    /// <summary>What passes with time: messages that a receiver does not take for too long go to its stand-in. Called every second.</summary>
    /// <param name="now">The moment.</param>
    /// <param name="changes">Gets what is to be recorded, and messages to stand-ins.</param>
    /// <returns>Alerts about receivers that cannot be reached, and their ends.</returns>
    public IReadOnlyList<PostedAlert> Pass(Moment now, OutboxChanges changes)
    {
        var failing = _refusing.Where(Plan.Receivers.ContainsKey).ToHashSet(StringComparer.Ordinal);
        foreach (var lane in _lanes.Values)
        {
            foreach (var parcel in lane.Parcels)
            {
                if (Plan.Failover.TryGetValue(lane.Key.Receiver, out var standIn) && parcel.StandIn is null
                    && now.SteadyNs - parcel.SinceNs >= standIn.AfterMs * 1_000_000 && TellElsewhere(parcel, now, changes) is { } told)
                {
                    parcel.StandIn = told;
                    Move(parcel, lane.Busy && parcel == lane.Parcels[0] ? DeliveryState.Sending : DeliveryState.Pending, parcel.Detail, changes);
                }
                if (parcel.Attempts > 0 && now.SteadyNs - parcel.SinceNs >= DeliveryTrouble.AfterNs && Plan.Receivers.ContainsKey(lane.Key.Receiver))
                {
                    failing.Add(lane.Key.Receiver);
                }
            }
        }
        foreach (var key in _elsewhere.Where(e => e.Value.Open.Count == 0 && now.SteadyNs - e.Value.ToldNs > ForgottenNs).Select(e => e.Key).ToList())
        {
            _elsewhere.Remove(key);
        }
        return [.. failing.Order(StringComparer.Ordinal).Select(receiver => Trouble(receiver, now)).OfType<PostedAlert>(), .. Recovered(failing, now)];
    }

    private PostedAlert? Trouble(string receiver, Moment now)
    {
        if (!_troubled.TryGetValue(receiver, out var known))
        {
            known = (now.WallNs, long.MinValue);
        }
        else if (now.SteadyNs - known.ToldNs < DeliveryTrouble.RefreshNs)
        {
            return null;
        }
        _troubled[receiver] = known with { ToldNs = now.SteadyNs };
        return DeliveryTrouble.Alert(receiver, known.SinceNs, 0);
    }

    private List<PostedAlert> Recovered(HashSet<string> failing, Moment now)
    {
        var over = _troubled.Where(t => !failing.Contains(t.Key)).Select(t => DeliveryTrouble.Alert(t.Key, t.Value.SinceNs, now.WallNs)).ToList();
        over.ForEach(alert => _troubled.Remove(alert.Labels[DeliveryTrouble.ReceiverLabel]));
        return over;
    }

    /// <summary>Tells the stand-in of a receiver what a message says that is news to it.</summary>
    /// <returns>The stand-in's name; null when there is none that knows.</returns>
    private string? TellElsewhere(Parcel parcel, Moment now, OutboxChanges changes)
    {
        var notification = parcel.Notification;
        if (!Plan.Failover.TryGetValue(notification.Receiver, out var standIn))
        {
            return null;
        }
        var known = _elsewhere.GetValueOrDefault((notification.Receiver, notification.GroupKey));
        if (known is not null && notification.Sequence <= known.Sequence)
        {
            // Another integration of the receiver had the same news, or later ones, and the stand-in has heard of it.
            return standIn.To;
        }
        bool Knows(NotifiedAlert alert) => known?.Open.Contains(alert.Fingerprint) == true;
        if (notification.Alerts.Any(a => a.EndsAtNs == 0 ? !Knows(a) : Knows(a) || parcel.DelayedSinceNs is not null))
        {
            TellElsewhere(notification, standIn, now, changes);
            return standIn.To;
        }
        // Of an end whose beginning it does not know it is not told.
        return notification.Alerts.All(a => a.EndsAtNs == 0) ? standIn.To : null;
    }

    private void TellElsewhere(GroupNotification notification, Failover standIn, Moment now, OutboxChanges changes)
    {
        foreach (var integration in Plan.Receivers[standIn.To].Integrations)
        {
            var told = notification.InPlace(standIn.To, integration, now.WallNs);
            if (told.Alerts.Count > 0)
            {
                changes.Records.Add(new MessageAdded(told, true));
                changes.StandIns.Add(told);
            }
        }
        Know(notification.Receiver, notification, now);
    }

    /// <summary>Tells a stand-in that knows of the beginning of the end, whether or not the receiver itself can be reached by now.</summary>
    private void EndElsewhere(Parcel parcel, Moment now, OutboxChanges changes)
    {
        var notification = parcel.Notification;
        if (_elsewhere.TryGetValue((notification.Receiver, notification.GroupKey), out var known)
            && notification.Alerts.Any(a => a.EndsAtNs != 0 && known.Open.Contains(a.Fingerprint))
            && Plan.Failover.TryGetValue(notification.Receiver, out var standIn))
        {
            parcel.StandIn = standIn.To;
            TellElsewhere(notification, standIn, now, changes);
        }
    }

    private void Know(string receiver, GroupNotification told, Moment now)
    {
        var key = (receiver, told.GroupKey);
        if (!_elsewhere.TryGetValue(key, out var known))
        {
            _elsewhere[key] = known = new Elsewhere();
        }
        (known.Sequence, known.ToldNs) = (Math.Max(known.Sequence, told.Sequence), now.SteadyNs);
        known.Open.UnionWith(told.Alerts.Where(a => a.EndsAtNs == 0).Select(a => a.Fingerprint));
        known.Open.ExceptWith(told.Alerts.Where(a => a.EndsAtNs != 0).Select(a => a.Fingerprint));
    }

    /// <summary>Takes up what a stand-in knows.</summary>
    private void Remember(OutboxEntry entry, Moment now)
    {
        if (entry.Notification.InPlaceOf is { } receiver && entry.State != DeliveryState.Failed)
        {
            Know(receiver, entry.Notification, now);
        }
    }

    /// <summary>What a stand-in knows of a group.</summary>
    private sealed class Elsewhere
    {
        /// <summary>The place in the group's sequence up to which it was told.</summary>
        public long Sequence { get; set; }

        /// <summary>When it was last told, on the steady clock.</summary>
        public long ToldNs { get; set; }

        /// <summary>Fingerprints of the alerts that fire as far as it knows: it is told of their end too.</summary>
        public HashSet<string> Open { get; } = new(StringComparer.Ordinal);
    }
}
