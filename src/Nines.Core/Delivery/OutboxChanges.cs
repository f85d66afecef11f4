using Nines.Core.Alerting;
using Nines.Core.Alerting.Routing;

namespace Nines.Core.Delivery;

/// <summary>A message of the outbox and where it stands.</summary>
/// <param name="Notification">The message.</param>
/// <param name="State">How far it is.</param>
/// <param name="Attempts">How often it was tried.</param>
/// <param name="Detail">The last error, without secrets; empty when there is none.</param>
/// <param name="Recorded">Whether the store had it before it was sent.</param>
public sealed record OutboxEntry(GroupNotification Notification, DeliveryState State, int Attempts, string Detail, bool Recorded)
{
    /// <summary>Whether an attempt may have arrived of which that is not known.</summary>
    public bool InDoubt { get; init; }
}

/// <summary>What the spool has: what the store refused.</summary>
/// <param name="Notifications">Messages that were about to go out, by key.</param>
/// <param name="Settled">Keys of messages that need not be sent any more.</param>
public sealed record SpoolContent(IReadOnlyDictionary<string, GroupNotification> Notifications, IReadOnlySet<string> Settled)
{
    /// <summary>What integrations were told: as the store has it, and after that by messages that went out without the store's knowing.</summary>
    public IEnumerable<GroupNotice> After(IEnumerable<GroupNotice> notices)
    {
        var told = notices.ToDictionary(n => new LaneKey(n.Receiver, n.Kind, n.Index, n.GroupKey, null));
        foreach (var notification in Notifications.Values.Where(n => n.InPlaceOf is null).OrderBy(n => n.Sequence))
        {
            if (!told.TryGetValue(LaneKey.Of(notification), out var known) || known.Sequence < notification.Sequence)
            {
                told[LaneKey.Of(notification)] = NoticeOf(notification);
            }
        }
        return told.Values;
    }

    private static GroupNotice NoticeOf(GroupNotification notification)
    {
        var firing = notification.Alerts.Where(a => a.EndsAtNs == 0).Select(a => a.Labels.StableHash).ToHashSet();
        return new()
        {
            Receiver = notification.Receiver,
            Kind = notification.Kind,
            Index = notification.Index,
            GroupKey = notification.GroupKey,
            Sequence = notification.Sequence,
            AtNs = notification.DecidedAtNs,
            Firing = firing,
            Resolved = notification.Alerts.Where(a => a.EndsAtNs != 0).Select(a => a.Labels.StableHash).ToHashSet(),
            Open = firing,
        };
    }
}

/// <summary>What the outbox decided: what is to be recorded, in order and all at once, and what follows from it.</summary>
public sealed class OutboxChanges
{
    /// <summary>What is to be recorded, in order.</summary>
    public List<OutboxRecord> Records { get; } = [];

    /// <summary>Where messages stand now, for reports.</summary>
    public List<OutboxEntry> Standings { get; } = [];

    /// <summary>Messages that were refused for good or given up; to be taken back from the board in the same transaction.</summary>
    public List<GroupNotification> Refused { get; } = [];

    /// <summary>Messages to receivers that stand in for others; recorded with the rest.</summary>
    public List<GroupNotification> StandIns { get; } = [];

    /// <summary>Messages that joined their lanes; the spool has to have them when the store does not.</summary>
    public List<GroupNotification> Taken { get; } = [];

    /// <summary>Attempts that begin when this is recorded, or cannot be.</summary>
    public List<OutboxAttempt> Attempts { get; } = [];

    /// <summary>Keys of messages that need not be sent any more; the spool has to know when the store does not.</summary>
    public List<string> Settled { get; } = [];
}

/// <summary>Something the store is to know. Written twice it says the same.</summary>
/// <param name="Key">The message's key.</param>
public abstract record OutboxRecord(string Key);

/// <summary>A message is there, unless it was before.</summary>
/// <param name="Notification">The message.</param>
/// <param name="Recorded">Whether the store has it before it is sent.</param>
public sealed record MessageAdded(GroupNotification Notification, bool Recorded) : OutboxRecord(Notification.Key);

/// <summary>A message tells something else now.</summary>
/// <param name="Notification">The message.</param>
public sealed record MessageRewritten(GroupNotification Notification) : OutboxRecord(Notification.Key);

/// <summary>A message stands elsewhere now.</summary>
/// <param name="Key">The message's key.</param>
/// <param name="State">How far it is.</param>
/// <param name="Detail">Why, without secrets.</param>
public sealed record MessageMoved(string Key, DeliveryState State, string Detail) : OutboxRecord(Key);

/// <summary>A message goes out before the store has it.</summary>
/// <param name="Key">The message's key.</param>
public sealed record MessageUnrecorded(string Key) : OutboxRecord(Key);

/// <summary>An attempt begins; without an outcome later, it is in doubt.</summary>
/// <param name="Key">The message's key.</param>
/// <param name="Number">The attempt, from 1.</param>
/// <param name="AtNs">When, nanoseconds since the Unix epoch.</param>
public sealed record AttemptBegun(string Key, int Number, long AtNs) : OutboxRecord(Key);

/// <summary>What came of an attempt.</summary>
/// <param name="Key">The message's key.</param>
/// <param name="Number">The attempt, from 1.</param>
/// <param name="AtNs">When, nanoseconds since the Unix epoch.</param>
/// <param name="Outcome">The outcome.</param>
public sealed record AttemptEnded(string Key, int Number, long AtNs, SendOutcome Outcome) : OutboxRecord(Key);
