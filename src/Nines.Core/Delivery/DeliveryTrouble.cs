using Nines.Core.Alerting;
using Nines.Metrics;

namespace Nines.Core.Delivery;

/// <summary>The server's own failure to reach a receiver, as an alert like any other. It is told to whoever takes it, except to that receiver.</summary>
public static class DeliveryTrouble
{
    /// <summary>The alert's name.</summary>
    public const string AlertName = "NinesDeliveryFails";

    /// <summary>The label that names the receiver.</summary>
    public const string ReceiverLabel = "receiver";

    /// <summary>A message that is tried for so long without success is trouble: 5 minutes.</summary>
    public const long AfterNs = 300_000_000_000;

    /// <summary>The alert is posted anew so often while it lasts: every minute.</summary>
    public const long RefreshNs = 60_000_000_000;

    /// <summary>The alert about a receiver.</summary>
    /// <param name="receiver">The receiver's name.</param>
    /// <param name="sinceNs">Since when it cannot be reached, nanoseconds since the Unix epoch.</param>
    /// <param name="endsNs">When that was over; 0 while it lasts.</param>
    public static PostedAlert Alert(string receiver, long sinceNs, long endsNs) => new(
        Labels.Of(("alertname", AlertName), (ReceiverLabel, receiver), ("severity", "page")),
        Labels.Of(("summary", $"Messages to {receiver} are not delivered"),
            ("description", endsNs != 0 ? $"A message to {receiver} got through again."
                : $"{receiver} refused a message for good, or takes none for 5 minutes.")),
        sinceNs, endsNs, "");

    /// <summary>Whether an alert says that this very receiver cannot be reached, so that telling it is no use.</summary>
    public static bool IsAbout(Labels alert, string receiver) => alert["alertname"] == AlertName && alert[ReceiverLabel] == receiver;
}
