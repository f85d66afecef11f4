namespace Nines.Core.Probes.Push;

/// <summary>How a heartbeat is, in a word.</summary>
public enum HeartbeatStanding
{
    /// <summary>It has not reported yet, and need not have.</summary>
    Waiting,
    /// <summary>Its last report was in time.</summary>
    Up,
    /// <summary>A run began and is not done.</summary>
    Running,
    /// <summary>A report is expected and still in time.</summary>
    Late,
    /// <summary>No report came in time.</summary>
    Missed,
    /// <summary>The last run failed.</summary>
    Failed,
}

/// <summary>Readings of a heartbeat's state.</summary>
public static class HeartbeatReading
{
    /// <summary>How a heartbeat is.</summary>
    public static HeartbeatStanding Standing(HeartbeatState state, long nowMs) =>
        state.Missed is not null ? HeartbeatStanding.Missed
        : state.Failed is not null ? HeartbeatStanding.Failed
        : state.StartedMs is not null ? HeartbeatStanding.Running
        : state.Open.Any(r => r.DueMs <= nowMs && r.Verdict is null) ? HeartbeatStanding.Late
        : state.Last is null ? HeartbeatStanding.Waiting
        : HeartbeatStanding.Up;

    /// <summary>The run that is expected next: the first of which nothing good was heard.</summary>
    /// <returns>When it is due and when its deadline is; null when there is none.</returns>
    public static (long DueMs, long DeadlineMs)? Next(Heartbeat heartbeat, HeartbeatState state) =>
        state.Open.FirstOrDefault(r => r.Verdict is not { Good: true }) is { } open ? (open.DueMs, open.DeadlineMs)
        : state.NextDueMs == long.MaxValue ? null : (state.NextDueMs, state.NextDueMs + heartbeat.GraceMs);
}
