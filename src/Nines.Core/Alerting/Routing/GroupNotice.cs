namespace Nines.Core.Alerting.Routing;

/// <summary>What an integration was last told of a group.</summary>
/// <param name="AtNs">When, nanoseconds since the Unix epoch.</param>
/// <param name="Firing">The alerts that fired then, by fingerprint.</param>
/// <param name="Resolved">The alerts that were over then.</param>
public sealed record GroupNotice(long AtNs, IReadOnlySet<ulong> Firing, IReadOnlySet<ulong> Resolved)
{
    /// <summary>Why an integration has to be told of a group now; null when there is nothing to tell. Alertmanager's rules of deduplication.</summary>
    /// <param name="last">What it was told last; null when nothing yet, or too long ago to be known.</param>
    /// <param name="firing">The alerts that fire now.</param>
    /// <param name="resolved">The alerts that are over now.</param>
    /// <param name="sendsResolved">Whether it is told of ends.</param>
    /// <param name="repeatMs">After which it is told again without news.</param>
    /// <param name="nowNs">The moment.</param>
    public static NoticeReason? ReasonToTell(
        GroupNotice? last, IReadOnlySet<ulong> firing, IReadOnlySet<ulong> resolved, bool sendsResolved, long repeatMs, long nowNs)
    {
        if (last is null)
        {
            // The end of what nobody was told of is no news.
            return firing.Count > 0 ? NoticeReason.First : null;
        }
        if (!firing.IsSubsetOf(last.Firing))
        {
            return NoticeReason.NewAlerts;
        }
        if (firing.Count == 0)
        {
            // Also where ends are not told: what fires next is new then.
            return last.Firing.Count > 0 ? NoticeReason.AllResolved : null;
        }
        if (sendsResolved && !resolved.IsSubsetOf(last.Resolved))
        {
            return NoticeReason.SomeResolved;
        }
        return last.AtNs < nowNs - repeatMs * 1_000_000 ? NoticeReason.Repeat : null;
    }
}

/// <summary>Why an integration is told of a group.</summary>
public enum NoticeReason
{
    /// <summary>It was not told of the group yet.</summary>
    First,
    /// <summary>Alerts fire of which it was not told.</summary>
    NewAlerts,
    /// <summary>Some alerts are over, others fire on.</summary>
    SomeResolved,
    /// <summary>Nothing fires any more.</summary>
    AllResolved,
    /// <summary>The repeat interval is over.</summary>
    Repeat,
}
