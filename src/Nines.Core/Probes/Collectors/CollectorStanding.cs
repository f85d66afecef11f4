using System.Globalization;
using Nines.Core.Alerting;
using Nines.Metrics;

namespace Nines.Core.Probes.Collectors;

/// <summary>How one run went.</summary>
/// <param name="ScheduledMs">When it was due, ms since the Unix epoch.</param>
/// <param name="StartedMs">When it began.</param>
/// <param name="Seconds">How long it took.</param>
/// <param name="Series">Series that it wrote.</param>
/// <param name="Error">Why it failed, or what of it was refused; null when all is well.</param>
public sealed record CollectorRun(long ScheduledMs, long StartedMs, double Seconds, int Series, string? Error);

/// <summary>How a collector does.</summary>
/// <param name="LastRun">Its last run; null before the first.</param>
/// <param name="LastSuccessMs">When it last succeeded; null when it has not since the server started.</param>
/// <param name="Failures">Runs that failed one after the other, up to the last one.</param>
/// <param name="FailingSinceMs">When the first of them was due; null when the last run succeeded.</param>
/// <param name="MissedRuns">Runs that did not happen since the server started: the machine slept, or was too busy.</param>
/// <param name="AlertSinceMs">Since when it is an alert; null when it is none.</param>
public sealed record CollectorStanding(CollectorRun? LastRun, long? LastSuccessMs, int Failures, long? FailingSinceMs, long MissedRuns, long? AlertSinceMs)
{
    /// <summary>Before the first run.</summary>
    public static readonly CollectorStanding New = new(null, null, 0, null, 0, null);

    /// <summary>Failures one after the other, and intervals since the first of them, after which somebody is told.</summary>
    public const int FailuresToTell = 3;

    /// <summary>The name of the alert.</summary>
    public const string AlertName = "CollectorFailing";

    private const long ShortestMs = 5 * 60_000;

    /// <summary>How it does after a run.</summary>
    /// <param name="collector">The collector.</param>
    /// <param name="run">The run.</param>
    /// <param name="slotBeforeMs">When the run before this one was due; null for the first.</param>
    public CollectorStanding After(Collector collector, CollectorRun run, long? slotBeforeMs)
    {
        var intervalMs = (long)collector.Interval.TotalMilliseconds;
        // The first run is not on the grid, so that a slot counts as missed only when it is wholly over.
        var missed = slotBeforeMs is { } before ? Math.Max(0, (run.ScheduledMs - before) / intervalMs - 1) : 0;
        if (run.Error is null)
        {
            return new(run, run.StartedMs, 0, null, MissedRuns + missed, null);
        }
        var since = FailingSinceMs ?? run.ScheduledMs;
        // A run that is due at the end of an interval may begin a little early.
        var told = Failures + 1 >= FailuresToTell && run.StartedMs - since + intervalMs >= FailuresToTell * intervalMs - intervalMs / 10;
        return new(run, LastSuccessMs, Failures + 1, since, MissedRuns + missed, AlertSinceMs ?? (told ? run.StartedMs : null));
    }

    /// <summary>What is posted after a run that led from another standing to this one: the alert while it fails, its end once;
    /// null when there is nothing.</summary>
    public PostedAlert? Alert(Collector collector, CollectorStanding before, long nowMs, Uri publicUrl)
    {
        if ((AlertSinceMs ?? before.AlertSinceMs) is not { } since)
        {
            return null;
        }
        // It holds until two more runs have had time to say so again.
        var ends = AlertSinceMs is null ? nowMs
            : nowMs + Math.Max(ShortestMs, (long)(2 * collector.Interval + collector.Timeout).TotalMilliseconds);
        var error = (AlertSinceMs is null ? before : this).LastRun?.Error ?? "it is gone from the workspace";
        return new PostedAlert(
            AlertLabels(collector),
            Labels.Of(("summary", $"The collector {collector.DisplayName} fails: {error}"),
                ("description", $"{Failing(before)}Its series have ended, so rules and objectives on them see no data. It is tried again every "
                    + $"{PromQL.Durations.Format((long)collector.Interval.TotalMilliseconds)}."),
                ("runbook", collector.Runbook?.ToString() ?? "")),
            Math.Min(since, ends) * 1_000_000, ends * 1_000_000, new Uri(publicUrl, "/collectors/" + Uri.EscapeDataString(collector.Name)).ToString());
    }

    /// <summary>The labels of a collector's alert.</summary>
    public static Labels AlertLabels(Collector collector) => Labels.Of(("alertname", AlertName), ("severity", "ticket"), ("collector", collector.Name),
        ("service", collector.Service), ("environment", collector.Environment));

    private string Failing(CollectorStanding before)
    {
        var (count, since) = AlertSinceMs is null ? (before.Failures, before.FailingSinceMs) : (Failures, FailingSinceMs);
        return since is { } ms ? string.Create(CultureInfo.InvariantCulture,
            $"{count} runs failed, the first at {DateTimeOffset.FromUnixTimeMilliseconds(ms):yyyy-MM-dd HH:mm} UTC. ") : "";
    }
}
