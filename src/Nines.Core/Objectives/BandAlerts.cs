using System.Globalization;
using Nines.Core.Alerting;
using Nines.Metrics;

namespace Nines.Core.Objectives;

/// <summary>Turns the band of a budget into alerts at ticket level: one for every band but the best, which needs none. Pure.</summary>
public static class BandAlerts
{
    /// <summary>What is posted when a budget was in one band and is in another, or in the same.</summary>
    /// <param name="objective">The objective.</param>
    /// <param name="before">Its band so far; null before the first.</param>
    /// <param name="after">Its band now; null while it is not known.</param>
    /// <param name="share">Share of budget left; null while it is not known.</param>
    /// <param name="nowMs">The moment.</param>
    /// <param name="publicUrl">Where pages are.</param>
    public static IEnumerable<PostedAlert> Of(Objective objective, BandState? before, BandState? after, double? share, long nowMs, Uri publicUrl)
    {
        var ended = before is not null && before.Band != after?.Band ? Alert(objective, before.Band, share, nowMs, nowMs, publicUrl) : null;
        var held = after is null ? null : Alert(objective, after.Band, share, after.SinceMs, nowMs + BurnAlerts.LastsMs, publicUrl);
        // Whoever hears of one of the two need not hear of the other: the worse one is told.
        PostedAlert?[] told = Index(objective, after) > Index(objective, before) ? [held, ended is null ? null : ended with { ToldWith = held?.Labels }]
            : [ended, held is null ? null : held with { ToldWith = ended?.Labels }];
        return told.OfType<PostedAlert>();
    }

    private static PostedAlert? Alert(Objective objective, string name, double? share, long sinceMs, long endsMs, Uri publicUrl)
    {
        var policy = objective.ErrorBudgetPolicy;
        if (policy.Bands.FirstOrDefault(b => b.Name == name) is not { } band || band == policy.Bands[0])
        {
            return null;
        }
        var left = share is { } s ? (s * 100).ToString("0.#", CultureInfo.InvariantCulture) + " %" : "unknown";
        return new PostedAlert(
            Labels.Of(("alertname", "ErrorBudgetBand"), ("band", band.Name), ("objective", objective.Key), ("service", objective.Service),
                ("environment", objective.Environment), ("severity", "ticket")),
            Labels.Of(("summary", $"{objective.DisplayName}: budget policy {policy.Name} is in {band.Name}"),
                ("description", band.Means + (policy.Exceptions.Count > 0 ? $" Always allowed: {string.Join(", ", policy.Exceptions)}." : "")
                    + (policy.Owner.Length > 0 ? $" {policy.Owner} decides when people disagree." : "")),
                ("budget_left", left)),
            Math.Min(sinceMs, endsMs) * 1_000_000, endsMs * 1_000_000, BurnAlerts.UrlOf(objective, publicUrl));
    }

    private static int Index(Objective objective, BandState? state) => objective.ErrorBudgetPolicy.Bands.ToList().FindIndex(b => b.Name == state?.Band);
}
