using System.Security.Cryptography;
using System.Text;
using Nines.Core.Alerting;
using Nines.Metrics;

namespace Nines.Core.Delivery;

/// <summary>Something to tell one receiver: that an alert began, or that it is over.</summary>
/// <param name="Key">Idempotency key: the same for the same change and receiver, whether recorded or not, before and after a crash.</param>
/// <param name="Receiver">Name of the receiver.</param>
/// <param name="GroupKey">Messages of one group go out in order, one at a time.</param>
/// <param name="Resolved">Whether it tells the end, or the beginning.</param>
/// <param name="EpisodeNs">The stretch of firing.</param>
/// <param name="DecidedAtNs">When it was decided, nanoseconds since the Unix epoch.</param>
/// <param name="Alert">The alert at that time.</param>
public sealed record Notification(
    string Key, string Receiver, string GroupKey, bool Resolved, long EpisodeNs, long DecidedAtNs, NotifiedAlert Alert)
{
    /// <summary>The notification of a state to a receiver.</summary>
    public static Notification Of(string receiver, AlertState state, long nowNs)
    {
        var groupKey = GroupKeyOf(state.Labels);
        var resolved = !state.Firing;
        return new Notification(KeyOf(receiver, groupKey, state.EpisodeNs, resolved), receiver, groupKey, resolved, state.EpisodeNs, nowNs,
            new NotifiedAlert(state.Fingerprint, state.Labels, state.Annotations, state.StartsAtNs, resolved ? state.EndsAtNs : 0, state.GeneratorUrl));
    }

    /// <summary>The key: SHA-256 over receiver, group key and place in the group's sequence (the stretch of firing and whether it is over), 32 hex
    /// digits.</summary>
    public static string KeyOf(string receiver, string groupKey, long episodeNs, bool resolved)
    {
        var text = $"{receiver.Length}:{receiver}{groupKey.Length}:{groupKey}{episodeNs}:{(resolved ? "resolved" : "firing")}";
        return Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(text)).AsSpan(0, 16));
    }

    /// <summary>The key of an alert's group. Each alert is a group of its own until there is a routing tree.</summary>
    public static string GroupKeyOf(Labels labels) => "{}:" + labels;

    /// <summary>Whether a receiver takes alerts of this severity. One without severity goes to all.</summary>
    public static bool Takes(Receiver receiver, Labels labels) =>
        receiver.Severities.Count == 0 || labels["severity"].Length == 0 || receiver.Severities.Contains(labels["severity"], StringComparer.Ordinal);
}

/// <summary>The alert a notification tells of.</summary>
/// <param name="Fingerprint">16 hex digits.</param>
/// <param name="StartsAtNs">Since when it fires, nanoseconds since the Unix epoch.</param>
/// <param name="EndsAtNs">When it was over; 0 while it fires.</param>
public sealed record NotifiedAlert(
    string Fingerprint, Labels Labels, Labels Annotations, long StartsAtNs, long EndsAtNs, string GeneratorUrl);

/// <summary>What a message says about its own delivery.</summary>
/// <param name="Attempt">The number of the attempt, from 1.</param>
/// <param name="Unrecorded">The store refused the record of it.</param>
/// <param name="PossibleRepeat">An earlier attempt may have arrived: its outcome is not known.</param>
/// <param name="DelayedSinceNs">When the beginning was to be told that this end now tells as well; null when it was told.</param>
public sealed record DeliveryMarks(int Attempt, bool Unrecorded, bool PossibleRepeat, long? DelayedSinceNs)
{
    /// <summary>The marks as sentences, for people.</summary>
    public IEnumerable<string> Sentences(Notification notification)
    {
        if (DelayedSinceNs is { } since)
        {
            yield return $"fired {Clock.Minute(notification.Alert.StartsAtNs)}, resolved {Clock.Minute(notification.Alert.EndsAtNs)}"
                + (since < notification.DecidedAtNs ? ", delivery was delayed" : "");
        }
        if (Unrecorded)
        {
            yield return "not recorded: the store refuses writes";
        }
        if (PossibleRepeat)
        {
            yield return "possible repeat: the outcome of an earlier attempt is not known";
        }
    }
}
