using Nines.Metrics;

namespace Nines.Core.Alerting;

/// <summary>Tells how a group does.</summary>
public static class RuleReporting
{
    /// <summary>The report of a group.</summary>
    public static RuleGroupReport Of(GroupEvaluator group)
    {
        var rules = group.Rules;
        var last = rules.Select(r => r.EvaluatedAtMs).DefaultIfEmpty(0).Max();
        return new RuleGroupReport(group.Group.Name, group.Group.File, group.IntervalMs / 1000d, group.Group.Limit, [.. rules.Select(Of)],
            last == 0 ? null : last, rules.Sum(r => r.TookSeconds));
    }

    private static RuleReport Of(RuleStatus status)
    {
        var rule = status.Rule;
        var alerts = status.Alerts.Values.Where(a => a.State != RuleAlertState.Inactive)
            .OrderBy(a => a.ActiveAtMs).ThenBy(a => a.Labels.ToString(), StringComparer.Ordinal)
            .Select(a => new RuleAlertReport(a.Labels, a.Annotations, a.State, a.ActiveAtMs,
                a.KeepFiringSinceMs == 0 ? null : a.KeepFiringSinceMs, a.Value)).ToList();
        return new RuleReport(rule.Alerts ? RuleKind.Alerting : RuleKind.Recording, rule.Name, rule.Expr.ToString(), rule.ForMs / 1000d,
            rule.KeepFiringForMs / 1000d, Written(rule.Labels), Written(rule.Annotations), alerts,
            alerts.Select(a => a.State).DefaultIfEmpty(RuleAlertState.Inactive).Max(),
            status.EvaluatedAtMs == 0 ? RuleHealth.Unknown : status.Error is null ? RuleHealth.Ok : RuleHealth.Error, status.Error ?? "",
            status.EvaluatedAtMs == 0 ? null : status.EvaluatedAtMs, status.TookSeconds) { Position = rule.Position };
    }

    /// <summary>Labels or annotations as written, templates not filled in.</summary>
    public static Labels Written(IReadOnlyList<RuleText> texts) => Labels.Of(texts.Select(t => (t.Name, t.Text)));
}
