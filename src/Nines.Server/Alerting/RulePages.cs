using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Routing;
using Nines.Core.Alerting;
using Nines.Core.Alerting.Routing;
using Nines.Core.Objectives;
using Nines.Server.Alerting.Pages;
using Nines.Server.Web;

namespace Nines.Server.Alerting;

/// <summary>A rule and what is wrong with it.</summary>
/// <param name="Rule">The rule.</param>
/// <param name="Activity">What its alerts did.</param>
/// <param name="Findings">What is wrong, worst first.</param>
public sealed record RuleStanding(RuleReport Rule, RuleActivity Activity, IReadOnlyList<RuleFinding> Findings)
{
    /// <summary>Whether it wakes people.</summary>
    public bool Pages { get; init; }
}

/// <summary>Which rules are shown.</summary>
public enum RuleView
{
    /// <summary>All.</summary>
    All,
    /// <summary>Those with something to mend.</summary>
    Findings,
    /// <summary>Those that fire or are about to.</summary>
    Firing,
    /// <summary>Those whose last evaluation failed.</summary>
    Failing,
}

/// <summary>The page of rules.</summary>
internal static class RulePages
{
    /// <summary><c>/rules</c>.</summary>
    public static void MapRulePages(this IEndpointRouteBuilder pages) =>
        pages.MapGet("/rules", async (string? q, string? show, IRuleReports rules, IObjectiveReports objectives, IAlertRouting routing,
            RuleHistoryStore store, ShellSource shell, TimeProvider time, HttpContext context) =>
        {
            var nowMs = time.GetUtcNow().ToUnixTimeMilliseconds();
            var history = await store.ReadAsync(nowMs, context.RequestAborted);
            var keys = objectives.All().Select(o => o.Objective.Key).ToHashSet(StringComparer.Ordinal);
            return new RazorComponentResult<RulesPage>(new
            {
                Groups = rules.Groups().Select(g => (g, (IReadOnlyList<RuleStanding>)
                    [.. g.Rules.Select(r => Standing(g, r, history.Of(r), keys, routing.Plan.Ladders))])).ToList(),
                Query = q?.Trim() ?? "",
                View = Enum.TryParse<RuleView>(show, ignoreCase: true, out var view) && Enum.IsDefined(view) ? view : RuleView.All,
                Shell = shell.For(context),
                NowMs = nowMs,
            });
        });

    private static RuleStanding Standing(
        RuleGroupReport group, RuleReport rule, RuleActivity activity, HashSet<string> objectives, SeverityLadders ladders) =>
        new(rule, activity, RuleFindings.Of(group, rule, activity, objectives, ladders)) { Pages = RulePolicy.Pages(rule.Labels, ladders) };
}
