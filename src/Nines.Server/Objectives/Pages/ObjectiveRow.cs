using Nines.Core.Objectives;

namespace Nines.Server.Objectives.Pages;

/// <summary>An objective as a line of a list: its report, its trend over the window and its fastest short burn.</summary>
public sealed record ObjectiveRow(ObjectiveReport Report, IReadOnlyList<CoursePoint> Trend)
{
    /// <summary>The states in the order of lists.</summary>
    public static readonly BudgetState[] WorstFirst = [BudgetState.Exhausted, BudgetState.Freeze, BudgetState.Caution, BudgetState.Unknown, BudgetState.Ok];

    /// <summary>The objective.</summary>
    public Objective Objective => Report.Objective;

    /// <summary>Burn over the last hour, or over the nearest window the policy has.</summary>
    public BurnReading? Burn => Report.Burn.MinBy(b => Math.Abs(b.Minutes - 60));

    /// <summary>Whether a rule that pages fires.</summary>
    public bool Pages => Report.Rules.Any(r => r.Firing && r.Rule.Severity == BurnSeverity.Page);

    /// <summary>All objectives with their trends, worst first: by state, then by budget left.</summary>
    public static IReadOnlyList<ObjectiveRow> All(IObjectiveReports reports, long nowMs)
    {
        var now = LedgerTime.LastEnded(nowMs);
        return [.. reports.All()
            .Select(r => new ObjectiveRow(r,
                reports.Course(r.Objective.Key, now - r.Objective.WindowMinutes, now, Math.Max(1, r.Objective.WindowMinutes / 56))))
            .OrderBy(r => Array.IndexOf(WorstFirst, r.Report.State))
            .ThenBy(r => r.Report.RemainingShare ?? 0)
            .ThenBy(r => r.Objective.Key, StringComparer.Ordinal)];
    }
}
