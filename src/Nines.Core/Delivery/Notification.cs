using Nines.Core.Alerting;
using Nines.Metrics;

namespace Nines.Core.Delivery;

/// <summary>The alert a notification tells of.</summary>
/// <param name="Fingerprint">16 hex digits.</param>
/// <param name="StartsAtNs">Since when it fires, nanoseconds since the Unix epoch.</param>
/// <param name="EndsAtNs">When it was over; 0 while it fires.</param>
public sealed record NotifiedAlert(
    string Fingerprint, Labels Labels, Labels Annotations, long StartsAtNs, long EndsAtNs, string GeneratorUrl)
{
    /// <summary>The stretch of firing (<see cref="AlertState.EpisodeNs"/>); 0 when it is not known.</summary>
    public long EpisodeNs { get; init; }

    /// <summary>What people call whoever has taken it up; empty when nobody has.</summary>
    public string AcknowledgedBy { get; init; } = "";
}

/// <summary>What a message says about its own delivery.</summary>
/// <param name="Attempt">The number of the attempt, from 1.</param>
/// <param name="Unrecorded">The store refused the record of it.</param>
/// <param name="PossibleRepeat">An earlier attempt may have arrived: its outcome is not known.</param>
/// <param name="DelayedSinceNs">When the beginning was to be told that this end now tells as well; null when it was told.</param>
public sealed record DeliveryMarks(int Attempt, bool Unrecorded, bool PossibleRepeat, long? DelayedSinceNs)
{
    /// <summary>The marks as sentences, for people. Of several alerts: when the first began and when the last was over.</summary>
    public IEnumerable<string> Sentences(GroupNotification notification) =>
    [
        .. notification.InPlaceOf is { } receiver ? [$"{receiver} could not be reached: this is told in its place"] : Array.Empty<string>(),
        .. Sentences(
            notification.DecidedAtNs, notification.Alerts.Min(a => a.StartsAtNs), notification.Resolved ? notification.Alerts.Max(a => a.EndsAtNs) : 0),
    ];

    private IEnumerable<string> Sentences(long decidedAtNs, long startsAtNs, long endsAtNs)
    {
        if (DelayedSinceNs is { } since)
        {
            var over = endsAtNs != 0 ? $", resolved {Clock.Minute(endsAtNs)}" : "";
            yield return $"fired {Clock.Minute(startsAtNs)}{over}" + (since < decidedAtNs ? ", delivery was delayed" : "");
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
