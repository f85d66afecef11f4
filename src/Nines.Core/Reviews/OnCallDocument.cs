using Nines.Core.Alerting.Routing;
using static Nines.Core.Reviews.MarkdownText;

namespace Nines.Core.Reviews;

/// <summary>ON_CALL.md: how urgent what is, within which time somebody answers, and who is told how.</summary>
public static class OnCallDocument
{
    /// <summary>The document.</summary>
    /// <param name="plan">How alerts are routed.</param>
    public static string Of(RoutingPlan plan)
    {
        var text = new MarkdownText("On call");
        text.Heading(2, "Priorities");
        if (plan.Ladders.Ladders.Count == 0)
        {
            text.Paragraph("The words of severity are the usual ones: page and critical wake somebody, everything else is looked at in working hours. "
                + "No response times are set.");
        }
        foreach (var ladder in plan.Ladders.Ladders)
        {
            text.Paragraph(ladder.Services.Count == 0 ? $"Ladder {Plain(ladder.Name)}, for all services that have none of their own."
                : $"Ladder {Plain(ladder.Name)}, for {string.Join(", ", ladder.Services.Select(Plain))}.");
            text.Table(["priority", "also called", "wakes somebody", "answered within"], ladder.Levels.Select(level => (IReadOnlyList<string>)[
                Plain(level.Word), string.Join(", ", level.Aliases.Select(Plain)), level.Pages ? "yes" : "no",
                level.RespondWithin is { } time ? Plain(time.Text) : "no time set"]));
        }
        text.Paragraph("Whoever takes an alert up acknowledges it, on its page, by the button of its message or through the API. "
            + "One that is not acknowledged in time becomes an alert of its own, one level up.");
        text.Heading(2, "Who is told");
        text.Table(["receiver", "by", "of", "otherwise"], Receivers(plan));
        if (plan.Text.Length > 0)
        {
            text.Paragraph($"Beside these, the routing tree of `alertmanager.yml`; `nines routes show` prints it, and `/routing` says where an alert goes.");
        }
        text.Heading(2, "Hand-over");
        text.Paragraph("Whoever hands over says, and whoever takes over asks:");
        text.List([
            "Which alerts fire, who has taken them up, and what was tried? (`/alerts`)",
            "Which silences end during the next shift, and may they? (`/silences`)",
            "Which objectives are below half of their budget? (`/objectives`)",
            "Which messages were not delivered? (`/deliveries`)",
            "What was changed, and what is planned?",
        ]);
        return text.ToString();
    }

    private static IEnumerable<IReadOnlyList<string>> Receivers(RoutingPlan plan) =>
        plan.Receivers.Values.OrderBy(r => r.Name, StringComparer.Ordinal).Select(receiver =>
    {
        var routes = plan.Roots.SelectMany(r => r.All()).Where(r => r.Receiver == receiver.Name).Select(RouteText.Matchers).Distinct(StringComparer.Ordinal);
        var wishes = plan.WishesOf(receiver.Name);
        var otherwise = new List<string>();
        if (wishes.Urgent.Count > 0)
        {
            otherwise.Add($"at once: {MatcherText.Print(wishes.Urgent)}");
        }
        if (wishes.Digest is { } digest)
        {
            otherwise.Add($"the rest in a digest, {digest.Text} {digest.Zone.Id}");
        }
        if (wishes.CooldownMs > 0)
        {
            otherwise.Add($"not again within {Minutes(wishes.CooldownMs / 60_000.0)}");
        }
        if (plan.Failover.TryGetValue(receiver.Name, out var failover))
        {
            otherwise.Add($"{failover.To} stands in");
        }
        return (IReadOnlyList<string>)[Plain(receiver.Name), string.Join(", ", receiver.Integrations.Select(i => i.Kind).Distinct(StringComparer.Ordinal)),
            Plain(string.Join("; ", routes)), Plain(string.Join("; ", otherwise))];
    });
}
