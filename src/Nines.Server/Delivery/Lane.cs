using Nines.Core.Delivery;

namespace Nines.Server.Delivery;

/// <summary>A message on its way. Touched by its lane only, once it is in.</summary>
internal sealed class Parcel(GroupNotification notification, bool recorded)
{
    public GroupNotification Notification { get; set; } = notification;

    public bool Recorded { get; } = recorded;

    public int Attempts { get; set; }

    public bool InDoubt { get; set; }

    public long? DelayedSinceNs { get; set; }
}

/// <summary>Whom a lane leads to, and of what it tells.</summary>
internal readonly record struct LaneKey(string Receiver, string Kind, int Index, string Group)
{
    public static LaneKey Of(GroupNotification notification) => new(notification.Receiver, notification.Kind, notification.Index, notification.GroupKey);
}

/// <summary>The messages of one integration and group: in order, one in flight.</summary>
internal sealed class Lane(LaneKey key)
{
    public LaneKey Key { get; } = key;

    public List<Parcel> Parcels { get; } = [];

    public Task? Running { get; set; }

    public CancellationTokenSource? Wait { get; set; }
}
