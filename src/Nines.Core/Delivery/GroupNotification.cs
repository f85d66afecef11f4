using System.Security.Cryptography;
using System.Text;
using Nines.Core.Alerting.Routing;
using Nines.Metrics;

namespace Nines.Core.Delivery;

/// <summary>Something to tell one integration of a receiver: how a group of alerts stands.</summary>
/// <param name="Key">Idempotency key: the same for the same news and integration, whether recorded or not, before and after a crash.</param>
/// <param name="Receiver">Name of the receiver.</param>
/// <param name="Kind">Kind of the integration: <c>slack</c>, <c>webhook</c>, …</param>
/// <param name="Index">Its number among those of its kind within the receiver.</param>
/// <param name="GroupKey">Messages of one group go out in order, one at a time.</param>
/// <param name="GroupLabels">The labels by which the alerts are grouped.</param>
/// <param name="Sequence">Counts up with each notification of this group to this integration.</param>
/// <param name="Reason">Why it is told.</param>
/// <param name="DecidedAtNs">When it was decided, nanoseconds since the Unix epoch.</param>
/// <param name="Alerts">The whole group at that time, in Alertmanager's order (job, instance, other labels); at least one.</param>
public sealed record GroupNotification(
    string Key, string Receiver, string Kind, int Index, string GroupKey, Labels GroupLabels, long Sequence, NoticeReason Reason, long DecidedAtNs,
    IReadOnlyList<NotifiedAlert> Alerts)
{
    /// <summary>The receiver that could not be reached, in whose place this one is told; null when it is told for itself.</summary>
    public string? InPlaceOf { get; init; }

    /// <summary>Whether an attempt may have arrived, of this message or of one that it took over, of which that is not known.</summary>
    public bool MayHaveArrived { get; init; }

    /// <summary>Whether it took over messages that were not delivered.</summary>
    public bool TookOver { get; init; }

    /// <summary>Fingerprints of alerts whose end those were to tell.</summary>
    public IReadOnlyList<string> UntoldEnds { get; init; } = [];

    /// <summary>Whether none of the alerts fires any more.</summary>
    public bool Resolved => Alerts.All(a => a.EndsAtNs != 0);

    /// <summary>The labels that all alerts have with the same value.</summary>
    public Labels CommonLabels => Common(a => a.Labels);

    /// <summary>The annotations that all alerts have with the same value.</summary>
    public Labels CommonAnnotations => Common(a => a.Annotations);

    /// <summary>The key: SHA-256 over integration, group key and place in the group's sequence, 32 hex digits.</summary>
    public static string KeyOf(string receiver, string kind, int index, string groupKey, long sequence)
    {
        var text = $"{receiver.Length}:{receiver}{kind}/{index}:{groupKey.Length}:{groupKey}{sequence}";
        return Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(text)).AsSpan(0, 16));
    }

    /// <summary>This notification with what an earlier one that was not delivered had to tell: alerts that are no longer in the group.</summary>
    public GroupNotification With(GroupNotification earlier)
    {
        var known = Alerts.Select(a => a.Fingerprint).ToHashSet(StringComparer.Ordinal);
        return this with
        {
            Alerts = [.. Alerts, .. earlier.Alerts.Where(a => !known.Contains(a.Fingerprint))],
            TookOver = true,
            UntoldEnds = [.. UntoldEnds.Concat(earlier.UntoldEnds).Concat(earlier.Alerts.Where(a => a.EndsAtNs != 0).Select(a => a.Fingerprint))
                .Distinct(StringComparer.Ordinal)],
        };
    }

    /// <summary>The same for a stand-in. It has no alerts when there is nothing that the integration is told of.</summary>
    /// <param name="receiver">The stand-in's name.</param>
    /// <param name="integration">How it is told.</param>
    /// <param name="nowNs">When that was decided, nanoseconds since the Unix epoch.</param>
    public GroupNotification InPlace(string receiver, Integration integration, long nowNs) => this with
    {
        Key = KeyOf(receiver, integration.Kind, integration.Index, $"{GroupKey} in place of {Receiver}/{Kind}/{Index}", Sequence),
        Receiver = receiver,
        Kind = integration.Kind,
        Index = integration.Index,
        DecidedAtNs = nowNs,
        InPlaceOf = Receiver,
        Alerts = integration.SendsResolved ? Alerts : [.. Alerts.Where(a => a.EndsAtNs == 0)],
    };

    private Labels Common(Func<NotifiedAlert, Labels> of) => Alerts.Count == 1
        ? of(Alerts[0])
        : Labels.Of([.. of(Alerts[0]).Pairs.ToArray().Where(pair => Alerts.All(a => of(a)[pair.Key] == pair.Value)).Select(pair => (pair.Key, pair.Value))]);
}
