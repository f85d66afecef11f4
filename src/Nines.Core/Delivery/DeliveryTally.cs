namespace Nines.Core.Delivery;

/// <summary>A message as it is counted.</summary>
/// <param name="Receiver">Name of the receiver.</param>
/// <param name="State">Where it stands: <c>pending</c>, <c>sending</c>, <c>sent</c>, <c>failed</c>, <c>collapsed</c>, …</param>
/// <param name="DecidedAtNs">When it was decided, nanoseconds since the Unix epoch.</param>
/// <param name="DeliveredAtNs">When the receiver had taken it; null when it has not, or that is not known.</param>
public readonly record struct CountedMessage(string Receiver, string State, long DecidedAtNs, long? DeliveredAtNs);

/// <summary>How delivery to a receiver goes.</summary>
/// <param name="Receiver">Name of the receiver.</param>
/// <param name="Sent">Messages it took.</param>
/// <param name="Failed">Messages that were refused for good or given up.</param>
/// <param name="Waiting">Messages on their way.</param>
/// <param name="Other">Messages with another end, such as those that a later one tells as well.</param>
/// <param name="MedianNs">Half of those it took were there within this time after the decision; null when it took none.</param>
/// <param name="P99Ns">99 % of them were.</param>
/// <param name="OldestWaitingNs">When the oldest that is on its way was decided, nanoseconds since the Unix epoch; null when none is.</param>
public sealed record DeliveryTally(string Receiver, int Sent, int Failed, int Waiting, int Other, long? MedianNs, long? P99Ns, long? OldestWaitingNs)
{
    /// <summary>Counts messages by receiver; those in trouble first, then by name.</summary>
    public static IReadOnlyList<DeliveryTally> Of(IEnumerable<CountedMessage> messages) =>
    [
        .. messages.GroupBy(m => m.Receiver, StringComparer.Ordinal).Select(g => Of(g.Key, [.. g]))
            .OrderByDescending(t => t.Failed > 0).ThenByDescending(t => t.Waiting > 0).ThenBy(t => t.Receiver, StringComparer.Ordinal),
    ];

    private static DeliveryTally Of(string receiver, List<CountedMessage> messages)
    {
        var took = messages.Where(m => m.State == "sent" && m.DeliveredAtNs is not null).Select(m => Math.Max(0, m.DeliveredAtNs!.Value - m.DecidedAtNs))
            .Order().ToList();
        var waiting = messages.Where(m => IsWaiting(m.State)).ToList();
        var (sent, failed) = (messages.Count(m => m.State == "sent"), messages.Count(m => m.State == "failed"));
        return new(receiver, sent, failed, waiting.Count, messages.Count - sent - failed - waiting.Count, Quantile(took, 0.5), Quantile(took, 0.99),
            waiting.Count == 0 ? null : waiting.Min(m => m.DecidedAtNs));
    }

    /// <summary>Whether a message in this state is on its way.</summary>
    public static bool IsWaiting(string state) => state is "pending" or "sending";

    /// <summary>The smallest value that no fewer than this share do not exceed (nearest rank).</summary>
    private static long? Quantile(List<long> sorted, double share) =>
        sorted.Count == 0 ? null : sorted[Math.Max(0, (int)Math.Ceiling(share * sorted.Count) - 1)];
}
