using Nines.Metrics;

namespace Nines.Core.Alerting.Routing;

/// <summary>Keeps alerts quiet for a time, as Alertmanager's silences do.</summary>
public sealed record Silence
{
    /// <summary>Its identity, a UUID.</summary>
    public required string Id { get; init; }

    /// <summary>Conditions on an alert's labels; all must hold. At least one is negative or does not hold for an empty value.</summary>
    public required IReadOnlyList<Matcher> Matchers { get; init; }

    /// <summary>From when, nanoseconds since the Unix epoch.</summary>
    public required long StartsAtNs { get; init; }

    /// <summary>Until when, included.</summary>
    public required long EndsAtNs { get; init; }

    /// <summary>When it was last changed.</summary>
    public required long UpdatedAtNs { get; init; }

    /// <summary>Who made it.</summary>
    public required string CreatedBy { get; init; }

    /// <summary>Why.</summary>
    public required string Comment { get; init; }

    /// <summary>Where it stands at a moment.</summary>
    public SilenceState StateAt(long nowNs) =>
        nowNs < StartsAtNs ? SilenceState.Pending : nowNs > EndsAtNs ? SilenceState.Expired : SilenceState.Active;

    /// <summary>Whether it keeps an alert quiet at a moment.</summary>
    public bool Mutes(Labels alert, long nowNs) => StateAt(nowNs) == SilenceState.Active && Matcher.AllMatch(Matchers, alert);

    /// <summary>
    /// What becomes of silences when one is asked for: changed in place while it means the same, otherwise ended and replaced by one with another identity,
    /// so that what was silenced stays on record.
    /// </summary>
    /// <param name="before">The silence that is to be changed; null for a new one.</param>
    /// <param name="asked">What it should be; a start that is over is moved to now.</param>
    /// <param name="newId">The identity of a new one.</param>
    /// <param name="nowNs">The moment.</param>
    /// <returns>The silences to store, the asked one last, or why it is refused.</returns>
    public static SilenceChange Set(Silence? before, Silence asked, string newId, long nowNs)
    {
        if (Refusal(asked, nowNs) is { } refusal)
        {
            return new([], refusal);
        }
        asked = asked with { UpdatedAtNs = nowNs };
        if (before is not null && CanChange(before, asked, nowNs))
        {
            return new([asked with { Id = before.Id }], null);
        }
        var moved = asked with { Id = newId, StartsAtNs = Math.Max(asked.StartsAtNs, nowNs) };
        return new(before is null || before.StateAt(nowNs) == SilenceState.Expired ? [moved] : [before.Expire(nowNs), moved], null);
    }

    /// <summary>The silence ended at a moment; one that had not begun never begins.</summary>
    public Silence Expire(long nowNs) => StateAt(nowNs) switch
    {
        SilenceState.Expired => this,
        SilenceState.Active => this with { EndsAtNs = nowNs, UpdatedAtNs = nowNs },
        _ => this with { StartsAtNs = nowNs, EndsAtNs = nowNs, UpdatedAtNs = nowNs },
    };

    private static string? Refusal(Silence asked, long nowNs) =>
        asked.Matchers.Count == 0 ? "at least one matcher required"
        : asked.Matchers.All(m => m.Op is MatchOp.Equal or MatchOp.Regex && m.Matches("")) ? "at least one matcher must not match the empty string"
        : asked.StartsAtNs > asked.EndsAtNs ? "end time must not be before start time"
        : asked.EndsAtNs <= nowNs ? "end time can't be in the past"
        : null;

    // An active silence keeps its start to the second, and a pending one may not begin in the past: neither may claim what it did not do.
    private static bool CanChange(Silence before, Silence asked, long nowNs) =>
        MatcherText.Sorted(before.Matchers).SequenceEqual(MatcherText.Sorted(asked.Matchers)) && before.StateAt(nowNs) switch
        {
            SilenceState.Active => before.StartsAtNs / 1_000_000_000 == asked.StartsAtNs / 1_000_000_000 && asked.EndsAtNs >= nowNs,
            SilenceState.Pending => asked.StartsAtNs >= nowNs,
            _ => false,
        };
}

/// <summary>What came of asking for a silence.</summary>
/// <param name="Stored">The silences to store, the asked one last; empty when it is refused.</param>
/// <param name="Refusal">Why it is refused.</param>
public readonly record struct SilenceChange(IReadOnlyList<Silence> Stored, string? Refusal);

/// <summary>Where a silence stands.</summary>
public enum SilenceState
{
    /// <summary>It will begin.</summary>
    Pending,
    /// <summary>It keeps alerts quiet.</summary>
    Active,
    /// <summary>It is over.</summary>
    Expired,
}
