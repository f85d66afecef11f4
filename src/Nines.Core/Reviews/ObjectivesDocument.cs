using System.Globalization;
using Nines.Core.Catalog;
using Nines.Core.Objectives;
using static Nines.Core.Reviews.MarkdownText;

namespace Nines.Core.Reviews;

/// <summary>SLOs.md: what is promised, how it is counted, what is allowed, and what happens when that is spent.</summary>
public static class ObjectivesDocument
{
    /// <summary>The document.</summary>
    /// <param name="services">The services, in order.</param>
    /// <param name="objectives">All objectives.</param>
    public static string Of(IReadOnlyList<Service> services, IReadOnlyList<Objective> objectives)
    {
        var text = new MarkdownText("Objectives");
        text.Paragraph("What is promised to users, how it is counted, and what happens when the budget is spent. "
            + "Minutes that nobody observed are unknown, not good.");
        text.Table(["service", "promise", "target", "over", "allowed"], objectives.OrderBy(o => o.Service, StringComparer.Ordinal)
            .Select(o => (IReadOnlyList<string>)[o.Service, Plain(o.DisplayName), Percent(o.Target), o.Windows[0].Name, Allowed(o)]));
        foreach (var service in services.Where(s => objectives.Any(o => o.Service == s.Name)))
        {
            text.Heading(2, Plain(service.DisplayName)).Paragraph(Plain(service.Description));
            text.List([
                .. service.Owner.Length > 0 ? [$"Owner: {Plain(service.Owner)}"] : Array.Empty<string>(),
                .. service.Runbook is { } runbook ? [$"Runbook: <{runbook.AbsoluteUri}>"] : Array.Empty<string>(),
                .. service.DependsOn.Count > 0 ? [$"Needs: {string.Join(", ", service.DependsOn.Select(Plain))}"] : Array.Empty<string>(),
            ]);
            foreach (var objective in objectives.Where(o => o.Service == service.Name))
            {
                One(text, objective);
            }
        }
        foreach (var policy in objectives.Select(o => o.ErrorBudgetPolicy).DistinctBy(p => p.Name, StringComparer.Ordinal)
            .OrderBy(p => p.Name, StringComparer.Ordinal))
        {
            Policy(text, policy);
        }
        return text.ToString();
    }

    private static void One(MarkdownText text, Objective objective)
    {
        text.Heading(3, Plain(objective.DisplayName)).Paragraph(Plain(objective.Description));
        text.List([
            $"Key: {Quoted(objective.Key)}",
            $"Target: {Percent(objective.Target)} over {string.Join(", and over ", objective.Windows.Select(w => w.Name))}; {Allowed(objective)} may fail."
                + (objective.Sla is { } sla ? $" A contract promises {Percent(sla)}." : ""),
            $"Counted: {Counted(objective)}",
            .. objective.GroupBy.Count > 0 ? [$"Kept apart by: {string.Join(", ", objective.GroupBy)}"] : Array.Empty<string>(),
            .. objective.Unknown != UnknownTreatment.Ignored
                ? [$"A minute without data counts as {(objective.Unknown == UnknownTreatment.Bad ? "bad" : "half bad")}."] : Array.Empty<string>(),
            $"When the budget is spent: policy {Plain(objective.ErrorBudgetPolicy.Name)}, below.",
        ]);
        text.Code("promql", string.Join('\n', objective.Indicator.Queries));
        text.Table(["alert", "when it is spent so fast", "in", "and still in", "a total outage is found after"], objective.BurnPolicy.Rules.Select(rule =>
        {
            var reaction = BurnReaction.Of(objective, rule, default)[0];
            var severity = rule.Severity == BurnSeverity.Page && objective.Pages ? "page" : "ticket";
            return (IReadOnlyList<string>)[severity,
                string.Create(CultureInfo.InvariantCulture,
                    $"{rule.Share * 100:0.##} % of the budget, {rule.Limit(objective.WindowMinutes):0.##} times the even rate"),
                Minutes(rule.LongMinutes), Minutes(rule.ShortMinutes), reaction.DetectMinutes is { } minutes ? Minutes(minutes) : "never"];
        }));
    }

    private static void Policy(MarkdownText text, ErrorBudgetPolicy policy)
    {
        text.Heading(2, $"Policy {Plain(policy.Name)}");
        text.Table(["band", "budget left", "what it means"],
            policy.Bands.Select((band, i) => (IReadOnlyList<string>)[Plain(band.Name), Left(policy, i), Plain(band.Means)]));
        text.List([
            .. policy.Exceptions.Count > 0 ? [$"Always go on: {string.Join(", ", policy.Exceptions.Select(Plain))}."] : Array.Empty<string>(),
            .. policy.NotCounted.Count > 0
                ? [$"May be adjusted out of the account: {string.Join(", ", policy.NotCounted.Select(Plain))}."] : Array.Empty<string>(),
            .. policy.Owner.Length > 0 ? [$"Decides: {Plain(policy.Owner)}."] : Array.Empty<string>(),
        ]);
    }

    private static string Left(ErrorBudgetPolicy policy, int index) => (policy.Bands[index].Above, index) switch
    {
        ({ } above, 0) => $"above {Share(above)}",
        ({ } above, _) => $"above {Share(above)}, up to {Share(policy.Bands[index - 1].Above!.Value)}",
        (null, 0) => "any",
        (null, _) => $"up to {Share(policy.Bands[index - 1].Above!.Value)}",
    };

    private static string Share(double share) => Percent((decimal)share);

    // Time can be told in minutes; of events only their share is known beforehand.
    private static string Allowed(Objective objective)
    {
        var share = 1 - objective.Target;
        return objective.Slices is not null || objective.Indicator is EvaluatedShare
            ? $"{Minutes((double)share * objective.WindowMinutes)} of {objective.Windows[0].Name}"
            : string.Create(CultureInfo.InvariantCulture, $"1 of {1 / share:0.##} events");
    }

    private static string Counted(Objective objective) => objective.Indicator switch
    {
        _ when objective.Slices is { } slices => $"slices of {Minutes(slices.Minutes)}, each good or bad",
        CounterRatio { Good: not null } => "events, exactly: the first counts the good ones, the second all",
        CounterRatio => "events, exactly: the first counts the bad ones, the second all",
        EvaluatedRatio => "events, estimated once a minute",
        _ => "a share, asked for once a minute",
    };
}
