using System.Globalization;
using Nines.Core.Alerting;
using Nines.Metrics;

namespace Nines.Core.Objectives;

/// <summary>Something about an objective that is an alert while it holds.</summary>
/// <param name="Id">Which: <c>page</c>, <c>ticket</c> or <c>lost</c>.</param>
/// <param name="Severity">What it asks of people.</param>
/// <param name="SinceMs">Since when it holds, ms since the Unix epoch; null when it does not.</param>
public sealed record BurnCondition(string Id, BurnSeverity Severity, long? SinceMs);

/// <summary>Turns verdicts on objectives into alerts: one for each severity that burns, one for a lost signal. Pure.</summary>
public static class BurnAlerts
{
    /// <summary>A firing alert ends by itself when it is not posted again for this long.</summary>
    public const long LastsMs = 5 * 60_000;

    /// <summary>The conditions of an objective, those that do not hold included.</summary>
    public static IEnumerable<BurnCondition> Conditions(Objective objective, IReadOnlyList<BurnRuleReading> rules, long? lostSinceMs)
    {
        foreach (var severity in (BurnSeverity[])[BurnSeverity.Page, BurnSeverity.Ticket])
        {
            yield return new BurnCondition(Name(severity), Effective(objective, severity),
                rules.Where(r => r.Firing && r.Rule.Severity == severity).Min(r => r.FiringSinceNs) / 1_000_000);
        }
        // A lost signal asks for what the objective's worst burn would ask for: silence is not health.
        var worst = objective.BurnPolicy.Rules.Select(r => r.Severity).DefaultIfEmpty(BurnSeverity.Ticket).Max();
        yield return new BurnCondition("lost", Effective(objective, worst), lostSinceMs);
    }

    /// <summary>The alert of a condition at a moment; ended when the condition does not hold.</summary>
    public static PostedAlert Post(ObjectiveReport report, BurnCondition condition, long nowMs, Uri publicUrl)
    {
        var objective = report.Objective;
        var labels = Labels.Of(
            ("alertname", condition.Id == "lost" ? "SliLost" : "ErrorBudgetBurn"),
            ("objective", objective.Key), ("service", objective.Service), ("environment", objective.Environment),
            ("severity", Name(condition.Severity)));
        var ends = condition.SinceMs is null ? nowMs : nowMs + LastsMs;
        return new PostedAlert(labels, Annotations(report, condition, nowMs), (condition.SinceMs ?? nowMs) * 1_000_000, ends * 1_000_000,
            new Uri(publicUrl, $"objectives/{Uri.EscapeDataString(objective.Key).Replace("%2F", "/").Replace("%40", "@")}").ToString());
    }

    private static Labels Annotations(ObjectiveReport report, BurnCondition condition, long nowMs)
    {
        var objective = report.Objective;
        var left = report.RemainingShare is { } share ? Percent(share) : "unknown";
        if (condition.Id == "lost")
        {
            var minutes = condition.SinceMs is { } since ? (nowMs - since) / 60_000 : 0;
            return Labels.Of(
                ("summary", condition.SinceMs is null ? $"{objective.DisplayName}: the signal is back"
                    : $"{objective.DisplayName}: no signal for {minutes} min"),
                ("description", condition.SinceMs is null
                    ? "Its events are counted again. What the counters tell of the gap is in the account."
                    : "No reading of its events arrives, so nothing is known of this promise. Nothing is counted as good."),
                ("budget_left", left), ("target", Percent((double)objective.Target)));
        }
        var worst = report.Rules.Where(r => r.Firing).OrderByDescending(r => r.LongRate ?? 0).FirstOrDefault();
        if (condition.SinceMs is null || worst is null)
        {
            return Labels.Of(("summary", $"{objective.DisplayName}: the burn is over"), ("budget_left", left), ("target", Percent((double)objective.Target)));
        }
        var account = report.Burn.First(b => b.Minutes == worst.Rule.LongMinutes).Account;
        return Labels.Of(
            ("summary", $"{objective.DisplayName}: the budget burns {Factor(worst.LongRate)} as fast as it may"),
            ("description", $"{Count(account.Bad)} of {Count(account.Total)} events failed in the last {Span(worst.Rule.LongMinutes)}"
                + (account.KnownMinutes < worst.Rule.LongMinutes * 0.95 ? $" ({Math.Floor(account.KnownMinutes)} min of it known)" : "")
                + $"; {Factor(worst.ShortRate)} over the last {Span(worst.Rule.ShortMinutes)}, limit {Factor(worst.Limit)}."),
            ("burn", Factor(worst.LongRate)), ("budget_left", left), ("target", Percent((double)objective.Target)), ("window", Span(objective.WindowMinutes)));
    }

    private static BurnSeverity Effective(Objective objective, BurnSeverity severity) => objective.Pages ? severity : BurnSeverity.Ticket;

    private static string Name(BurnSeverity severity) => severity == BurnSeverity.Page ? "page" : "ticket";

    private static string Factor(double? rate) => rate is { } r ? r.ToString(r >= 100 ? "0" : r >= 10 ? "0.0" : "0.00", CultureInfo.InvariantCulture) + "×"
        : "unknown";

    private static string Percent(double share) => (share * 100).ToString("0.###", CultureInfo.InvariantCulture).Replace('-', '−') + " %";

    private static string Count(double events) => events.ToString("#,0", CultureInfo.InvariantCulture);

    private static string Span(int minutes) => minutes % 1440 == 0 ? $"{minutes / 1440} d" : minutes % 60 == 0 ? $"{minutes / 60} h" : $"{minutes} min";
}
