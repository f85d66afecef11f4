using Nines.Core.Alerting.Routing;

namespace Nines.Core.Delivery;

/// <summary>A message on its way.</summary>
internal sealed class Parcel(GroupNotification notification, bool recorded, long sinceNs)
{
    public GroupNotification Notification { get; set; } = notification;

    public bool Recorded { get; set; } = recorded;

    /// <summary>Since when what it tells was to be told, on the steady clock.</summary>
    public long SinceNs { get; set; } = sinceNs;

    public int Attempts { get; set; }

    public bool InDoubt { get; set; }

    public long? DelayedSinceNs { get; set; }

    /// <summary>Who was told in the receiver's place; null while nobody was.</summary>
    public string? StandIn { get; set; }

    /// <summary>What the last attempt said.</summary>
    public string Detail { get; set; } = "";

    /// <summary>Keys of the messages that it took over.</summary>
    public List<string> TookOver { get; } = [];

    /// <summary>Whether the spool has it.</summary>
    public bool Spooled { get; set; } = !recorded;

    public OutboxEntry Standing(Alerting.DeliveryState state, string detail) => new(Notification, state, Attempts, detail, Recorded);
}

/// <summary>Whom a lane leads to, and of what it tells.</summary>
internal readonly record struct LaneKey(string Receiver, string Kind, int Index, string Group, string? InPlaceOf)
{
    public static LaneKey Of(GroupNotification notification) =>
        new(notification.Receiver, notification.Kind, notification.Index, notification.GroupKey, notification.InPlaceOf);
}

/// <summary>The messages of one integration and group: in order, one in flight.</summary>
internal sealed class Lane(LaneKey key)
{
    public LaneKey Key { get; } = key;

    /// <summary>In order of their sequence.</summary>
    public List<Parcel> Parcels { get; } = [];

    /// <summary>Whether an attempt is in flight.</summary>
    public bool Busy { get; set; }

    /// <summary>Whether it waits for its time, or for its receiver.</summary>
    public bool Waits { get; set; }

    /// <summary>Before that nothing is tried, on the steady clock.</summary>
    public long DueNs { get; set; } = long.MinValue;
}

/// <summary>An attempt that is to be made now: in flight until it is handed to <see cref="Outbox.End"/> and to <see cref="Outbox.Free"/>.</summary>
public sealed class OutboxAttempt
{
    internal OutboxAttempt(Lane lane, Parcel parcel, Integration integration)
    {
        (Lane, Parcel, Integration, Notification, Number) = (lane, parcel, integration, parcel.Notification, parcel.Attempts);
    }

    /// <summary>Whom to tell.</summary>
    public Integration Integration { get; }

    /// <summary>What to tell.</summary>
    public GroupNotification Notification { get; }

    /// <summary>The number of the attempt, from 1.</summary>
    public int Number { get; }

    internal Lane Lane { get; }

    internal Parcel Parcel { get; }

    /// <summary>Whether the spool has to have the message before it goes out: the store does not know of the attempt.</summary>
    /// <param name="noted">Whether the store knows that the attempt begins.</param>
    public bool IsToBeSpooled(bool noted)
    {
        var first = !noted && !Parcel.Spooled;
        Parcel.Spooled |= first;
        return first;
    }

    /// <summary>What the message says about its own delivery.</summary>
    /// <param name="noted">Whether the store knows that the attempt begins.</param>
    public DeliveryMarks Marks(bool noted) => new(Number, !Parcel.Recorded || !noted, Parcel.InDoubt, Parcel.DelayedSinceNs);
}
