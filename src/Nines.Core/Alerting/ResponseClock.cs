using Nines.Metrics;

namespace Nines.Core.Alerting;

/// <summary>By when an alert is to be acknowledged.</summary>
/// <param name="Level">Its level, which says so.</param>
/// <param name="AtNs">The end of its time, nanoseconds since the Unix epoch.</param>
public sealed record ResponseDue(SeverityLevel Level, long AtNs)
{
    /// <summary>Within which time, in words.</summary>
    public string Within => Level.RespondWithin?.Text ?? "";
}

/// <summary>
/// The clock of an alert whose level says within which time somebody acknowledges. It runs from the start of this stretch of firing, as its source first told
/// it, until the alert is acknowledged or over. When the time is over, that is an alert of its own, one level more urgent.
/// </summary>
public static class ResponseClock
{
    /// <summary>The name of the alert that says that nobody acknowledged another in time.</summary>
    public const string AlertName = "NinesResponseOverdue";

    /// <summary>Its label with the fingerprint of the other.</summary>
    public const string FingerprintLabel = "fingerprint";

    /// <summary>Its label with the name of the other.</summary>
    public const string NameLabel = "alert";

    /// <summary>It is posted anew so often while it lasts: every minute.</summary>
    public const long RefreshNs = 60_000_000_000;

    /// <summary>By when an alert is to be acknowledged; null when its level does not say so. What this clock raises has no clock.</summary>
    public static ResponseDue? DueOf(AlertState alert, SeverityLadders ladders) =>
        alert.Labels["alertname"] != AlertName && ladders.LevelOf(alert.Labels) is { RespondWithin: { } within } level
            ? new(level, within.DueNs(alert.EpisodeNs)) : null;

    /// <summary>The time begins anew.</summary>
    internal static ResponseDue From(ResponseDue due, long nowNs) => due with { AtNs = due.Level.RespondWithin?.DueNs(nowNs) ?? due.AtNs };

    /// <summary>Whether the time is over and nobody has acknowledged.</summary>
    /// <param name="alert">The alert.</param>
    /// <param name="due">Its time.</param>
    /// <param name="nowNs">The moment by the wall's clock, nanoseconds since the Unix epoch.</param>
    public static bool IsOverdue(AlertState alert, ResponseDue due, long nowNs) => alert.Firing && alert.Acknowledged is null && due.AtNs <= nowNs;

    /// <summary>The labels of the alert that says so: those of the other, so that routes lead it the same way, one level more urgent.</summary>
    public static Labels LabelsOf(AlertState alert, ResponseDue due) => alert.Labels.With("alertname", AlertName)
        .With("severity", due.Level.Above == due.Level.Word ? alert.Labels["severity"] : due.Level.Above)
        .With(NameLabel, alert.Labels["alertname"]).With(FingerprintLabel, alert.Fingerprint);

    /// <summary>The alert that says so, as it lasts.</summary>
    public static PostedAlert Alert(AlertState alert, ResponseDue due, long nowNs) => new(LabelsOf(alert, due),
        Labels.Of(
            ("summary", $"{due.Level.Word} '{alert.Labels["alertname"]}' was to be acknowledged within {due.Within}, by {By(alert, due)} UTC; nobody did"),
            ("description", alert.Annotations["summary"]),
            ("runbook_url", alert.Annotations["runbook_url"])),
        due.AtNs, nowNs + AlertMachine.ResolveTimeoutNs, alert.GeneratorUrl);

    /// <summary>Its end.</summary>
    /// <param name="own">Its labels.</param>
    /// <param name="why">Why it is over, in a sentence.</param>
    /// <param name="nowNs">When, nanoseconds since the Unix epoch.</param>
    public static PostedAlert End(Labels own, string why, long nowNs) => new(own,
        Labels.Of(("summary", $"'{own[NameLabel]}' waits for nobody to acknowledge it any more"), ("description", why)), 0, nowNs, "");

    private static string By(AlertState alert, ResponseDue due)
    {
        var text = Clock.Text(due.AtNs)[..16];
        return text[..10] == Clock.Text(alert.EpisodeNs)[..10] ? text[11..] : text;
    }
}
