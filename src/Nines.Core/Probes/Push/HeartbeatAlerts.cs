using Nines.Core.Alerting;
using Nines.Metrics;

namespace Nines.Core.Probes.Push;

/// <summary>Turns what is wrong with heartbeats into alerts.</summary>
public static class HeartbeatAlerts
{
    /// <summary>No report came in time.</summary>
    public const string Missed = "HeartbeatMissed";

    /// <summary>A run failed, took too long or wrote too little.</summary>
    public const string Failed = "HeartbeatFailed";

    /// <summary>A firing alert ends by itself when it is not posted again for this long.</summary>
    public const long LastsMs = 5 * 60_000;

    /// <summary>What is to be posted of a heartbeat: what holds, and what held before and is over.</summary>
    /// <param name="heartbeat">The heartbeat.</param>
    /// <param name="before">How it stood when it was last posted; null for the first time.</param>
    /// <param name="after">How it stands.</param>
    /// <param name="nowMs">Now.</param>
    /// <param name="publicUrl">Where pages are.</param>
    public static IEnumerable<PostedAlert> Of(Heartbeat heartbeat, HeartbeatState? before, HeartbeatState after, long nowMs, Uri publicUrl) =>
        new[]
        {
            Post(heartbeat, Missed, before?.Missed, after.Missed, "no report in time", nowMs, publicUrl),
            Post(heartbeat, Failed, before?.Failed, after.Failed, "the last run failed", nowMs, publicUrl),
        }.OfType<PostedAlert>();

    /// <summary>The same alerts, ended, because the heartbeat is gone.</summary>
    public static IEnumerable<PostedAlert> End(Heartbeat heartbeat, HeartbeatState state, long nowMs, Uri publicUrl) =>
        Of(heartbeat, state, state with { Missed = null, Failed = null }, nowMs, publicUrl);

    private static PostedAlert? Post(
        Heartbeat heartbeat, string name, HeartbeatTrouble? before, HeartbeatTrouble? now, string summary, long nowMs, Uri publicUrl) =>
        (now ?? before) is not { } trouble ? null : new PostedAlert(
            Labels.Of(("alertname", name), ("heartbeat", heartbeat.Name), ("service", heartbeat.Service), ("environment", heartbeat.Environment),
                ("severity", heartbeat.Severity)),
            Labels.Of(("summary", $"{heartbeat.DisplayName}: {(now is null ? "reports again" : summary)}"), ("description", trouble.Text),
                ("expected", heartbeat.Schedule.Text), ("runbook_url", heartbeat.Runbook?.ToString() ?? "")),
            trouble.SinceMs * 1_000_000, (now is null ? nowMs : nowMs + LastsMs) * 1_000_000,
            new Uri(publicUrl, $"heartbeats/{Uri.EscapeDataString(heartbeat.Name)}").ToString());
}
