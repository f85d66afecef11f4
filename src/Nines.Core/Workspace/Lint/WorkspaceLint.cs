namespace Nines.Core.Workspace.Lint;

/// <summary>
/// Finds what is well-formed and still cannot mean what was meant: numbers that contradict each other, rules that never fire or never stop, ratios that
/// average away the traffic. Each code is explained in docs/reference/lint.md.
/// </summary>
internal static class WorkspaceLint
{
    /// <summary>The findings in a checked model, each at its declaration.</summary>
    public static IEnumerable<Problem> Check(WorkspaceModel model) =>
    [
        .. RuleLint.Check(model.RuleGroups, [.. model.Objectives.Select(o => o.Windows[0])]), .. RuleLint.StatusLabels(model.RuleGroups),
        .. RuleLint.Pages(model.RuleGroups, [.. model.Objectives.Select(o => o.Key)], model.Routing.Ladders),
        .. RuleLint.Severities(model.RuleGroups, model.Routing.Ladders),
        .. ObjectiveLint.Check(model),
    ];

    /// <summary>A finding: a warning, since the workspace can be used as it is.</summary>
    public static Problem Finding(SourcePosition at, string code, string message, string hint) => new(at, ProblemSeverity.Warning, code, message, hint);
}
