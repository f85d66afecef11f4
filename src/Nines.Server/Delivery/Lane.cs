using Nines.Core.Delivery;

namespace Nines.Server.Delivery;

/// <summary>A message on its way. Touched by its lane only, once it is in.</summary>
internal sealed class Parcel(Notification notification, bool recorded)
{
    public Notification Notification { get; } = notification;

    public bool Recorded { get; } = recorded;

    public int Attempts { get; set; }

    public bool InDoubt { get; set; }

    public long? DelayedSinceNs { get; set; }
}

/// <summary>The messages of one receiver and group: in order, one in flight.</summary>
internal sealed class Lane(string receiver, string group)
{
    public string Receiver { get; } = receiver;

    public string Group { get; } = group;

    public List<Parcel> Parcels { get; } = [];

    public Task? Running { get; set; }

    public CancellationTokenSource? Wait { get; set; }
}
