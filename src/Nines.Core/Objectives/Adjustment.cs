namespace Nines.Core.Objectives;

/// <summary>
/// A time that is taken out of accounts, by people and visibly: the only way to lower what was spent. It counts once a second person approved it,
/// until it is undone.
/// </summary>
public sealed record Adjustment
{
    /// <summary>Its id, <c>adj_…</c>.</summary>
    public required string Id { get; init; }

    /// <summary>The key of the objective it is about; null when it is about all of a service.</summary>
    public string? Objective { get; init; }

    /// <summary>The service whose objectives it is about; null when it is about one objective.</summary>
    public string? Service { get; init; }

    /// <summary>Start, Unix minutes, excluded; may lie in the future.</summary>
    public required long FromMinute { get; init; }

    /// <summary>End, included.</summary>
    public required long ToMinute { get; init; }

    /// <summary>Why, in a sentence.</summary>
    public required string Reason { get; init; }

    /// <summary>What caused the failures, in one word that a policy can name: <c>network</c>, <c>load-test</c>, <c>maintenance</c>.</summary>
    public required string Cause { get; init; }

    /// <summary>Who asked for it.</summary>
    public required string RequestedBy { get; init; }

    /// <summary>When, ms since the Unix epoch.</summary>
    public required long RequestedAtMs { get; init; }

    /// <summary>Who approved it; null while nobody has.</summary>
    public string? ApprovedBy { get; init; }

    /// <summary>When it was approved.</summary>
    public long? ApprovedAtMs { get; init; }

    /// <summary>Who took it back; null while it stands.</summary>
    public string? UndoneBy { get; init; }

    /// <summary>When it was taken back.</summary>
    public long? UndoneAtMs { get; init; }

    /// <summary>Why it was taken back.</summary>
    public string UndoReason { get; init; } = "";

    /// <summary>Whether it counts.</summary>
    public bool Counts => ApprovedBy is not null && UndoneBy is null;

    /// <summary>requested, approved, undone, or withdrawn when it was taken back before anyone approved it.</summary>
    public string Status => (ApprovedBy, UndoneBy) switch { (null, null) => "requested", (_, null) => "approved", (null, _) => "withdrawn", _ => "undone" };

    /// <summary>Whether it is about an objective or about the objective that one is a group of.</summary>
    public bool IsAbout(Objective objective) => Service is not null ? Service == objective.Service
        : Objective == objective.Key || objective.Group is not null && objective.Key.StartsWith(Objective + "{", StringComparison.Ordinal);
}

/// <summary>What is recorded of an adjustment that was asked for.</summary>
public sealed record AdjustmentRequested(string Id, string? Objective, string? Service, long FromMinute, long ToMinute, string Reason, string Cause);

/// <summary>What is recorded of an adjustment that was approved.</summary>
public sealed record AdjustmentApproved(string Id);

/// <summary>What is recorded of an adjustment that was taken back.</summary>
public sealed record AdjustmentUndone(string Id, string Reason);

/// <summary>What comes of a command: the new state, or what is wrong with it.</summary>
/// <param name="State">The adjustment from now on; null when the command is refused.</param>
/// <param name="Field">The field that is wrong; empty when none is.</param>
/// <param name="Wrong">What is wrong; empty when nothing is.</param>
public readonly record struct AdjustmentDecision(Adjustment? State, string Field, string Wrong)
{
    internal static AdjustmentDecision No(string field, string wrong) => new(null, field, wrong);
}

/// <summary>Decides about adjustments. Pure.</summary>
public static class AdjustmentMachine
{
    /// <summary>The fact that one was asked for.</summary>
    public const string Requested = "objective.adjustment-requested/1";

    /// <summary>The fact that one was approved and counts.</summary>
    public const string Approved = "objective.adjusted/1";

    /// <summary>The fact that one was taken back.</summary>
    public const string Undone = "objective.adjustment-undone/1";

    /// <summary>An adjustment lies within so many minutes before and after now, and is no longer: 400 days.</summary>
    public const long ReachMinutes = 400 * 1440;

    /// <summary>Takes in a request. Names in it were looked up already.</summary>
    public static AdjustmentDecision Request(AdjustmentRequested asked, ErrorBudgetPolicy? policy, string actor, long nowMs)
    {
        var now = LedgerTime.MinuteOf(nowMs);
        if (asked.Objective is null == asked.Service is null)
        {
            return AdjustmentDecision.No("objective", "name either an objective or a service");
        }
        if (asked.ToMinute <= asked.FromMinute)
        {
            return AdjustmentDecision.No("to", "it ends before it starts");
        }
        if (asked.FromMinute < now - ReachMinutes || asked.ToMinute > now + ReachMinutes)
        {
            return AdjustmentDecision.No("from", "it must lie within 400 days of now");
        }
        if (asked.Reason.Trim().Length is 0 or > 500)
        {
            return AdjustmentDecision.No("reason", "give a reason of 1 to 500 characters");
        }
        if (asked.Cause.Length is 0 or > 40 || asked.Cause.Any(c => !(char.IsAsciiLetterLower(c) || char.IsAsciiDigit(c) || c == '-')))
        {
            return AdjustmentDecision.No("cause", "give a cause in lower-case letters, digits and -, such as network or load-test");
        }
        if (policy is not null && !policy.LetsGo(asked.Cause))
        {
            return AdjustmentDecision.No("cause", $"the policy {policy.Name} lets only these causes go: {string.Join(", ", policy.NotCounted)}");
        }
        return new(Fold(null, asked, actor, nowMs), "", "");
    }

    /// <summary>Approves one. Whoever asked for it cannot.</summary>
    public static AdjustmentDecision Approve(Adjustment before, string actor, long nowMs) =>
        before.UndoneBy is not null ? AdjustmentDecision.No("id", "it was taken back")
        : before.ApprovedBy is not null ? AdjustmentDecision.No("id", "it is approved already")
        : before.RequestedBy == actor ? AdjustmentDecision.No("id", "whoever asked for it cannot approve it: ask someone else")
        : new(Fold(before, new AdjustmentApproved(before.Id), actor, nowMs), "", "");

    /// <summary>Takes one back, approved or not. The account is then as if it had never been.</summary>
    public static AdjustmentDecision Undo(Adjustment before, string reason, string actor, long nowMs) =>
        before.UndoneBy is not null ? AdjustmentDecision.No("id", "it was taken back already")
        : reason.Length > 500 ? AdjustmentDecision.No("reason", "a reason has at most 500 characters")
        : new(Fold(before, new AdjustmentUndone(before.Id, reason.Trim()), actor, nowMs), "", "");

    /// <summary>What a fact's payload makes of an adjustment; the journal folded gives the rows.</summary>
    public static Adjustment Fold(Adjustment? before, object payload, string actor, long atMs) => payload switch
    {
        AdjustmentRequested r => new()
        {
            Id = r.Id,
            Objective = r.Objective,
            Service = r.Service,
            FromMinute = r.FromMinute,
            ToMinute = r.ToMinute,
            Reason = r.Reason.Trim(),
            Cause = r.Cause,
            RequestedBy = actor,
            RequestedAtMs = atMs,
        },
        AdjustmentApproved => before! with { ApprovedBy = actor, ApprovedAtMs = atMs },
        AdjustmentUndone u => before! with { UndoneBy = actor, UndoneAtMs = atMs, UndoReason = u.Reason },
        _ => throw new ArgumentOutOfRangeException(nameof(payload)),
    };
}
