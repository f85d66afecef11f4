using Nines.Core.Objectives;
using Nines.Server.State;
using Nines.Server.Web;

namespace Nines.Server.Objectives.Pages;

/// <summary>What an objective's page shows beside its report: policy, adjustments, edits.</summary>
/// <param name="Band">The band it is in; null before it was judged.</param>
/// <param name="Changes">Recorded changes of band, the latest first.</param>
/// <param name="Replay">Its policy over the last 90 days by the ledger.</param>
/// <param name="Edits">Recorded edits, the latest first.</param>
/// <param name="Generations">The generations of its account, the present one first.</param>
/// <param name="Adjustments">Adjustments about it, the latest first.</param>
/// <param name="Causes">What the causes they name have to answer for in the window.</param>
/// <param name="Unreadable">Why some of it cannot be read now; null when all of it was.</param>
public sealed record ObjectiveDetail(
    BandState? Band, IReadOnlyList<RecordedBand> Changes, PolicyReplay Replay, IReadOnlyList<RecordedEdit> Edits, IReadOnlyList<LedgerGeneration> Generations,
    IReadOnlyList<Adjustment> Adjustments, IReadOnlyList<CauseAttribution> Causes, string? Unreadable)
{
    /// <summary>How many days the policy is replayed over.</summary>
    public const int ReplayDays = 90;

    /// <summary>Reads it; what a store refuses is left out and said.</summary>
    internal static async Task<ObjectiveDetail> ReadAsync(
        ObjectiveReport report, IObjectiveReports reports, IObjectiveHistory history, IBudgetBands bands, AdjustmentBook adjustments,
        CancellationToken cancellation)
    {
        var objective = report.Objective;
        var about = adjustments.About(objective);
        var detail = new ObjectiveDetail(bands.Of(objective.Key), [], new([], []), [], [], about,
            about.Count == 0 ? [] : reports.Causes(objective.Key, report.Window.FromMinute, report.Window.ToMinute), null);
        try
        {
            detail = detail with { Replay = history.Replay(objective, ReplayDays * 1440), Generations = history.Generations(report) };
            return detail with
            {
                Changes = await history.BandChangesAsync(objective.Key, cancellation),
                Edits = await history.EditsAsync(objective.Key, cancellation),
            };
        }
        catch (StoreRefusedException e)
        {
            return detail with { Unreadable = e.Message };
        }
    }

    /// <summary>The edits that a chart marks: another account, or another target.</summary>
    internal IReadOnlyList<CourseSeam> Seams =>
        [.. Edits.Where(e => e.Edit.NewAccount || e.Edit.Changes.Any(c => c.What == "target")).Take(12)
            .Select(e => new CourseSeam(e.AtMs / 1000, Words(e.Edit)))];

    private static string Words(ObjectiveEdited edit)
    {
        var target = edit.Changes.FirstOrDefault(c => c.What == "target");
        return target is null ? "indicator edited" : $"target {target.Before.Replace(" %", "")} → {target.After.Replace(" %", "\u202f%")}"
            + (edit.NewAccount ? ", indicator edited" : "");
    }
}

/// <summary>A stretch in one band, to be drawn.</summary>
/// <param name="State">The value of <c>data-state</c>.</param>
/// <param name="Name">The band, as shown.</param>
/// <param name="FromMs">Start.</param>
/// <param name="ToMs">End.</param>
/// <param name="Share">Share of budget left when it began; null when not known.</param>
public sealed record BandSpan(string State, string Name, long FromMs, long ToMs, double? Share)
{
    /// <summary>The stretches of a replay.</summary>
    public static IReadOnlyList<BandSpan> Of(ErrorBudgetPolicy policy, IEnumerable<BandStretch> stretches) =>
        [.. stretches.Select(s => Of(policy, s.Band, s.FromMinute * LedgerTime.MinuteMs, s.ToMinute * LedgerTime.MinuteMs, s.RemainingShare))];

    /// <summary>The stretches that recorded changes tell of, oldest first, from a moment to now.</summary>
    /// <param name="policy">The policy.</param>
    /// <param name="changes">The changes, the latest first.</param>
    /// <param name="state">The present band; tells of the time when there were no changes.</param>
    /// <param name="fromMs">Start.</param>
    /// <param name="nowMs">End.</param>
    public static IReadOnlyList<BandSpan> Of(ErrorBudgetPolicy policy, IReadOnlyList<RecordedBand> changes, BandState? state, long fromMs, long nowMs)
    {
        var spans = new List<BandSpan>();
        var end = nowMs;
        foreach (var (at, change) in changes)
        {
            if (end > fromMs && end > at)
            {
                spans.Insert(0, Of(policy, change.To, Math.Max(at, fromMs), end, change.RemainingShare));
            }
            end = Math.Min(end, at);
        }
        if (changes.Count == 0 ? state is not null : changes[^1].Change.From.Length > 0)
        {
            var since = changes.Count == 0 ? Math.Max(state!.SinceMs, fromMs) : fromMs;
            if (end > since)
            {
                spans.Insert(0, Of(policy, changes.Count == 0 ? state!.Band : changes[^1].Change.From, since, end, null));
            }
        }
        return spans;
    }

    private static BandSpan Of(ErrorBudgetPolicy policy, string band, long fromMs, long toMs, double? share) => new(
        Format.State(policy.Bands.FirstOrDefault(b => b.Name == band)?.Level ?? BudgetState.Unknown).Attribute, Format.Band(policy, band), fromMs, toMs, share);
}
