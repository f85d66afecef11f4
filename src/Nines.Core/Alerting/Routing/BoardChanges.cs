using Nines.Core.Delivery;

namespace Nines.Core.Alerting.Routing;

/// <summary>What is to be recorded, all at once, and then sent.</summary>
public sealed class BoardChanges
{
    /// <summary>Alerts as they are now, each with the reason for its state.</summary>
    public List<(AlertState State, string Explanation)> Alerts { get; } = [];

    /// <summary>Begins and ends.</summary>
    public List<AlertTransition> Transitions { get; } = [];

    /// <summary>What people did about alerts.</summary>
    public List<AlertHandled> Handled { get; } = [];

    /// <summary>Silences as they are now.</summary>
    public List<Silence> Silences { get; } = [];

    /// <summary>Who set or ended the silences.</summary>
    public Responder? SilencedBy { get; init; }

    /// <summary>What integrations are told.</summary>
    public List<GroupNotice> Notices { get; } = [];

    /// <summary>The messages, in order.</summary>
    public List<GroupNotification> Notifications { get; } = [];

    /// <summary>Whether there is nothing.</summary>
    public bool Empty => Alerts.Count + Transitions.Count + Silences.Count + Notices.Count + Notifications.Count == 0;
}
