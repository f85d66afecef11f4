using System.Globalization;
using Nines.Core.Alerting;
using Nines.Metrics;

namespace Nines.Core.Objectives;

/// <summary>Something about an objective that is an alert while it holds.</summary>
/// <param name="Id">Which: <c>page</c>, <c>ticket</c>, <c>risk</c> or <c>lost</c>.</param>
/// <param name="Severity">What it asks of people.</param>
/// <param name="SinceMs">Since when it holds, ms since the Unix epoch; null when it does not.</param>
public sealed record BurnCondition(string Id, BurnSeverity Severity, long? SinceMs);

/// <summary>Turns verdicts on objectives into alerts: one for each severity that burns, one for a budget at risk, one for a lost
/// signal. Pure.</summary>
public static class BurnAlerts
{
    /// <summary>A firing alert ends by itself when it is not posted again for this long.</summary>
    public const long LastsMs = 5 * 60_000;

    /// <summary>The conditions of an objective, those that do not hold included, a page before its ticket.</summary>
    /// <param name="objective">The objective.</param>
    /// <param name="rules">Its rules as last judged.</param>
    /// <param name="lostSinceMs">Since when there is no signal.</param>
    /// <param name="atRiskSinceMs">Since when the budget is likely to be gone before the window ends.</param>
    public static IEnumerable<BurnCondition> Conditions(
        Objective objective, IReadOnlyList<BurnRuleReading> rules, long? lostSinceMs, long? atRiskSinceMs)
    {
        // Where nobody is paged, what would page is a ticket; it must not be two alerts of one name.
        if (objective.Pages)
        {
            yield return new BurnCondition("page", BurnSeverity.Page, Since(rules.Where(r => r.Rule.Severity == BurnSeverity.Page)));
        }
        yield return new BurnCondition("ticket", BurnSeverity.Ticket,
            Since(rules.Where(r => r.Rule.Severity == BurnSeverity.Ticket || !objective.Pages)));
        yield return new BurnCondition("risk", BurnSeverity.Ticket, atRiskSinceMs);
        // A lost signal asks for what the objective's worst burn would ask for: silence is not health.
        var worst = objective.BurnPolicy.Rules.Select(r => r.Severity).DefaultIfEmpty(BurnSeverity.Ticket).Max();
        yield return new BurnCondition("lost", objective.Pages ? worst : BurnSeverity.Ticket, lostSinceMs);
    }

    /// <summary>
    /// The alert of a condition at a moment; ended when the condition does not hold. Page and ticket of a burn are two alerts, since Alertmanager's routes go
    /// by the label <c>severity</c>, but one story: whoever is told of the page is not told of the ticket beside it.
    /// </summary>
    /// <param name="report">The objective's report.</param>
    /// <param name="condition">The condition.</param>
    /// <param name="nowMs">The moment.</param>
    /// <param name="publicUrl">Where pages are.</param>
    /// <param name="isPaging">Whether the page of the same burn holds, or ends at this moment.</param>
    public static PostedAlert Post(ObjectiveReport report, BurnCondition condition, long nowMs, Uri publicUrl, bool isPaging = false)
    {
        var objective = report.Objective;
        var ends = condition.SinceMs is null ? nowMs : nowMs + LastsMs;
        return new PostedAlert(LabelsOf(objective, condition), Annotations(report, condition, nowMs),
            (condition.SinceMs ?? nowMs) * 1_000_000, ends * 1_000_000,
            UrlOf(objective, publicUrl))
        {
            ToldWith = condition.Id == "ticket" && isPaging ? LabelsOf(objective, condition with { Id = "page", Severity = BurnSeverity.Page }) : null,
        };
    }

    /// <summary>The address of an objective's page.</summary>
    public static string UrlOf(Objective objective, Uri publicUrl) =>
        new Uri(publicUrl, $"objectives/{Uri.EscapeDataString(objective.Key).Replace("%2F", "/").Replace("%40", "@")}").ToString();

    private static long? Since(IEnumerable<BurnRuleReading> rules) => rules.Where(r => r.Firing).Min(r => r.FiringSinceNs) / 1_000_000;

    private static Labels LabelsOf(Objective objective, BurnCondition condition) => Labels.Of(
        ("alertname", condition.Id switch { "lost" => "SliLost", "risk" => "BudgetAtRisk", _ => "ErrorBudgetBurn" }),
        ("objective", objective.Key), ("service", objective.Service), ("environment", objective.Environment), ("severity", Name(condition.Severity)));

    private static Labels Annotations(ObjectiveReport report, BurnCondition condition, long nowMs)
    {
        var left = report.RemainingShare is { } share ? Percent(share) : "unknown";
        var (summary, description) = condition.Id switch
        {
            "lost" => Lost(condition, nowMs),
            "risk" => Risk(report, condition),
            _ => Burn(report, condition),
        };
        return Labels.Of([
            ("summary", $"{report.Objective.DisplayName}: {summary}"),
            .. description.Length > 0 ? new[] { ("description", description) } : [],
            ("budget_left", left), ("target", Percent((double)report.Objective.Target)),
            .. condition.Id is "page" or "ticket" && Worst(report, condition) is { } worst
                ? new[] { ("burn", Factor(worst.LongRate)), ("window", Span(report.Objective.WindowMinutes)) } : [],
        ]);
    }

    private static (string Summary, string Description) Lost(BurnCondition condition, long nowMs) => condition.SinceMs is { } since
        ? ($"no signal for {(nowMs - since) / 60_000} min",
            "No reading of its events arrives, so nothing is known of this promise. Nothing is counted as good.")
        : ("the signal is back", "Its events are counted again. What the counters tell of the gap is in the account.");

    private static (string Summary, string Description) Risk(ObjectiveReport report, BurnCondition condition)
    {
        if (condition.SinceMs is null)
        {
            return ("the budget is likely to last", "");
        }
        if (report.Forecast is not { } forecast || report.RemainingShare <= 0)
        {
            return ("the budget is gone", "More events failed in the window than the target allows.");
        }
        var gone = forecast.GoneMinute is { } at ? $"on {Day(at)}" : $"by {Day(forecast.UntilMinute)}";
        return ($"at this pace the budget is gone {gone}",
            $"Drawn from the last {forecast.Days} days: between {(forecast.EarliestMinute is { } first ? Day(first) : "now")} and "
            + $"{(forecast.LatestMinute is { } last ? Day(last) : "after the window")}; gone before {Day(forecast.UntilMinute)} with a probability of "
            + $"{forecast.Probability.ToString("0 %", CultureInfo.InvariantCulture)}.");
    }

    private static (string Summary, string Description) Burn(ObjectiveReport report, BurnCondition condition)
    {
        if (condition.SinceMs is null || Worst(report, condition) is not { } worst)
        {
            return (report.Rules.Any(r => r.Firing) ? "it burns slower; it goes on as a ticket" : "the burn is over", "");
        }
        var account = report.Burn.First(b => b.Minutes == worst.Rule.LongMinutes).Account;
        return ($"the budget burns {Factor(worst.LongRate)} as fast as it may",
            $"{Count(account.Bad)} of {Count(account.Total)} events failed in the last {Span(worst.Rule.LongMinutes)}"
            + (account.KnownMinutes < worst.Rule.LongMinutes * 0.95 ? $" ({Math.Floor(account.KnownMinutes)} min of it known)" : "")
            + $"; {Factor(worst.ShortRate)} over the last {Span(worst.Rule.ShortMinutes)}, limit {Factor(worst.Limit)}.");
    }

    private static BurnRuleReading? Worst(ObjectiveReport report, BurnCondition condition) => report.Rules
        .Where(r => r.Firing && (r.Rule.Severity == condition.Severity || !report.Objective.Pages)).OrderByDescending(r => r.LongRate ?? 0).FirstOrDefault();

    private static string Day(long minute) =>
        DateTimeOffset.FromUnixTimeSeconds(minute * 60).UtcDateTime.ToString("d MMMM yyyy", CultureInfo.InvariantCulture);

    private static string Name(BurnSeverity severity) => severity == BurnSeverity.Page ? "page" : "ticket";

    private static string Factor(double? rate) => rate is { } r ? r.ToString(r >= 100 ? "0" : r >= 10 ? "0.0" : "0.00", CultureInfo.InvariantCulture) + "×"
        : "unknown";

    private static string Percent(double share) => (share * 100).ToString("0.###", CultureInfo.InvariantCulture).Replace('-', '−') + " %";

    private static string Count(double events) => events.ToString("#,0", CultureInfo.InvariantCulture);

    private static string Span(int minutes) => minutes % 1440 == 0 ? $"{minutes / 1440} d" : minutes % 60 == 0 ? $"{minutes / 60} h" : $"{minutes} min";
}
