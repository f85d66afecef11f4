namespace Nines.Core.Alerting.Routing;

/// <summary>What an integration was last told of a group.</summary>
public sealed record GroupNotice
{
    /// <summary>Name of the receiver.</summary>
    public required string Receiver { get; init; }

    /// <summary>Kind of the integration.</summary>
    public required string Kind { get; init; }

    /// <summary>Its number among those of its kind within the receiver.</summary>
    public required int Index { get; init; }

    /// <summary>The group.</summary>
    public required string GroupKey { get; init; }

    /// <summary>Counts up with each notification.</summary>
    public required long Sequence { get; init; }

    /// <summary>When, nanoseconds since the Unix epoch.</summary>
    public required long AtNs { get; init; }

    /// <summary>Why; null when no message went out, because the receiver knew it from another alert of the same story.</summary>
    public NoticeReason? Reason { get; init; }

    /// <summary>The alerts that fired then, by fingerprint.</summary>
    public required IReadOnlySet<ulong> Firing { get; init; }

    /// <summary>The alerts that were over then.</summary>
    public required IReadOnlySet<ulong> Resolved { get; init; }

    /// <summary>The alerts whose beginning was told and whose end was not: those whose end is told even when they are quiet by then.</summary>
    public required IReadOnlySet<ulong> Open { get; init; }

    /// <summary>What it was told before that, to go back to when it refuses this; null when it was told nothing.</summary>
    public GroupNotice? Before { get; init; }

    /// <summary>Why an integration has to be told of a group now; null when there is nothing to tell. Alertmanager's rules of deduplication.</summary>
    /// <param name="last">What it was told last; null when nothing yet, or too long ago to be known.</param>
    /// <param name="firing">The alerts that fire now.</param>
    /// <param name="resolved">The alerts that are over now.</param>
    /// <param name="sendsResolved">Whether it is told of ends.</param>
    /// <param name="isLongAgo">Whether the repeat interval is over, so that it is told again without news.</param>
    public static NoticeReason? ReasonToTell(
        GroupNotice? last, IReadOnlySet<ulong> firing, IReadOnlySet<ulong> resolved, bool sendsResolved, bool isLongAgo)
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
            return last.Firing.Count > 0 ? NoticeReason.AllResolved
                : sendsResolved && resolved.Any(a => last.Open.Contains(a)) ? NoticeReason.SomeResolved : null;
        }
        if (sendsResolved && !resolved.IsSubsetOf(last.Resolved))
        {
            return NoticeReason.SomeResolved;
        }
        return isLongAgo ? NoticeReason.Repeat : null;
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
    /// <summary>It is time for the receiver's digest.</summary>
    Digest,
}
