using Nines.Metrics;

namespace Nines.Core.Probes.Push;

/// <summary>Something that is expected to report, each time by a deadline.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Schedule">When it is expected.</param>
/// <param name="GraceMs">How long after it is expected a report is still in time.</param>
public sealed record Heartbeat(string Name, HeartbeatSchedule Schedule, long GraceMs)
{
    /// <summary>How long reports that were lost while Nines was down are waited for after it is back, ms.</summary>
    public long CatchUpMs => Math.Min(GraceMs, 10 * 60_000);

    /// <summary>What people read.</summary>
    public string DisplayName { get; init; } = Name;

    /// <summary>The service it belongs to; empty for none.</summary>
    public string Service { get; init; } = "";

    /// <summary>The environment it runs in.</summary>
    public string Environment { get; init; } = Catalog.DeploymentEnvironment.Default;

    /// <summary>How long a run that reported its start may take; null for no limit.</summary>
    public long? MaxRuntimeMs { get; init; }

    /// <summary>The rows a run has to report to be good; null when it need not report any.</summary>
    public long? MinRows { get; init; }

    /// <summary>The severity of its alerts.</summary>
    public string Severity { get; init; } = "page";

    /// <summary>What to do; null for none.</summary>
    public Uri? Runbook { get; init; }

    /// <summary>Alerts that count as its reports: the always firing alert of another monitoring system. Empty when it is called by HTTP only.</summary>
    public IReadOnlyList<Matcher> Watchdog { get; init; } = [];

    /// <summary>Where it is declared.</summary>
    public SourcePosition Position { get; init; }
}

/// <summary>What is reported.</summary>
public enum PingKind
{
    /// <summary>A run began.</summary>
    Start,
    /// <summary>A run is done.</summary>
    Success,
    /// <summary>A run failed.</summary>
    Fail,
}

/// <summary>A report.</summary>
/// <param name="Kind">What is reported.</param>
/// <param name="AtMs">When it arrived, ms since the Unix epoch.</param>
/// <param name="Rows">How many rows were written; null when it does not say.</param>
/// <param name="Message">What it says; may be empty.</param>
public sealed record HeartbeatPing(PingKind Kind, long AtMs, long? Rows = null, string Message = "");

/// <summary>What came of an expected run.</summary>
public enum RunOutcome
{
    /// <summary>It was reported as done in time.</summary>
    Good,
    /// <summary>It was reported as failed, took too long, wrote too little, or was not reported.</summary>
    Bad,
    /// <summary>Nines could not have heard of it.</summary>
    Unknown,
}

/// <summary>What a report says of a run.</summary>
/// <param name="Good">Whether it was as it should be.</param>
/// <param name="FinishedMs">When its end was reported; null when it takes too long.</param>
/// <param name="StartedMs">When the run began; null when that was not reported.</param>
/// <param name="Rows">How many rows it wrote; null when it does not say.</param>
/// <param name="Reason">Why it was not good, or its message.</param>
public sealed record RunVerdict(bool Good, long? FinishedMs, long? StartedMs, long? Rows, string Reason);

/// <summary>A run that is expected and not booked yet. It is settled from <paramref name="OpensMs"/> to <paramref name="DeadlineMs"/>, both included.</summary>
/// <param name="DueMs">When it is expected.</param>
/// <param name="OpensMs">From when on a report counts for it.</param>
/// <param name="DeadlineMs">When it is booked; later than due + grace when Nines was down in between.</param>
/// <param name="Cut">Whether a report could have been lost because Nines was down.</param>
/// <param name="Verdict">What was last said of it; null when nothing was.</param>
public sealed record ExpectedRun(long DueMs, long OpensMs, long DeadlineMs, bool Cut = false, RunVerdict? Verdict = null);

/// <summary>A run as it is booked, once.</summary>
/// <param name="DueMs">When it was expected.</param>
/// <param name="DeadlineMs">When it was booked.</param>
/// <param name="Outcome">What came of it.</param>
/// <param name="StartedMs">When it began; null when that was not reported.</param>
/// <param name="FinishedMs">When its end was reported; null when it was not.</param>
/// <param name="Rows">How many rows it wrote; null when it did not say.</param>
/// <param name="Reason">Why it is not good, or its message.</param>
public sealed record BookedRun(long DueMs, long DeadlineMs, RunOutcome Outcome, long? StartedMs, long? FinishedMs, long? Rows, string Reason);

/// <summary>Something about a heartbeat that is an alert while it holds.</summary>
/// <param name="SinceMs">Since when.</param>
/// <param name="Text">What is wrong.</param>
public sealed record HeartbeatTrouble(long SinceMs, string Text);

/// <summary>A time in which nobody could report: Nines was down, asleep, or could not store; or its clock was set.</summary>
/// <param name="FromMs">When it was last known to listen.</param>
/// <param name="ToMs">When it listened again.</param>
public readonly record struct Deafness(long FromMs, long ToMs);

/// <summary>How a heartbeat stands.</summary>
/// <param name="Schedule">The schedule it was last expected by; empty when it was not expected, being gone from the workspace.</param>
/// <param name="NextDueMs">The first run that is not in <paramref name="Open"/> yet.</param>
/// <param name="Open">The runs not booked yet, in order.</param>
/// <param name="SinceMs">When its counters were at zero.</param>
public sealed record HeartbeatState(string Schedule, long NextDueMs, IReadOnlyList<ExpectedRun> Open, long SinceMs)
{
    /// <summary>Runs booked as good.</summary>
    public long Good { get; init; }

    /// <summary>Runs booked as bad.</summary>
    public long Bad { get; init; }

    /// <summary>Runs booked as unknown.</summary>
    public long Unknown { get; init; }

    /// <summary>When the run that is going on began; null when none is.</summary>
    public long? StartedMs { get; init; }

    /// <summary>When the run that is going on takes too long; null when it has no limit or is over it.</summary>
    public long? RunLimitMs { get; init; }

    /// <summary>The last report; null before the first.</summary>
    public HeartbeatPing? Last { get; init; }

    /// <summary>The last report of a run that was done; null before the first.</summary>
    public HeartbeatPing? LastSuccess { get; init; }

    /// <summary>That no report came in time; null when that is not so.</summary>
    public HeartbeatTrouble? Missed { get; init; }

    /// <summary>That the last run failed; null when that is not so.</summary>
    public HeartbeatTrouble? Failed { get; init; }
}
