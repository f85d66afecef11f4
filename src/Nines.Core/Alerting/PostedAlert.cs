using Nines.Metrics;

namespace Nines.Core.Alerting;

/// <summary>An alert as it enters, with the semantics of Alertmanager's <c>POST /api/v2/alerts</c>.</summary>
/// <param name="Labels">Its identity; <c>alertname</c> among them.</param>
/// <param name="Annotations">What to tell people; not part of the identity.</param>
/// <param name="StartsAtNs">Since when, nanoseconds since the Unix epoch.</param>
/// <param name="EndsAtNs">When it ended (past) or is taken to have ended if nobody says otherwise (future); 0 for now + resolve timeout (5 min).</param>
/// <param name="GeneratorUrl">The page that explains it; may be empty.</param>
public sealed record PostedAlert(Labels Labels, Labels Annotations, long StartsAtNs, long EndsAtNs, string GeneratorUrl)
{
    /// <summary>Another alert of the same story, such as the page that a ticket grew into: whoever was told of that one is not told of the begin or
    /// end of this one. Null when it stands alone.</summary>
    public Labels? ToldWith { get; init; }
}

/// <summary>The one door through which every alert enters: burn, lost signals, rules, probes and inbound APIs alike.</summary>
public interface IAlertDoor
{
    /// <summary>Takes alerts in. When the task completes they are durable, or, if the store refuses, are being delivered from memory.</summary>
    Task PostAsync(IReadOnlyList<PostedAlert> alerts, CancellationToken cancellation);
}
