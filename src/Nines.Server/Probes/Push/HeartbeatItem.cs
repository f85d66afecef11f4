using Nines.Core.Probes.Push;

namespace Nines.Server.Probes.Push;

/// <summary>The answer of <c>GET /nines/v1/heartbeats</c>.</summary>
/// <param name="Items">What is expected to report, in order of name.</param>
/// <param name="Sent">The signs of life that Nines sends outside, in order of name.</param>
public sealed record HeartbeatList(IReadOnlyList<HeartbeatItem> Items, IReadOnlyList<SentBeat> Sent);

/// <summary>A heartbeat.</summary>
/// <param name="Name">Its name.</param>
/// <param name="DisplayName">What people read.</param>
/// <param name="Service">The service it belongs to; null for none.</param>
/// <param name="Environment">The environment.</param>
/// <param name="Schedule">When it is expected, as written.</param>
/// <param name="GraceSeconds">How long after that a report is in time.</param>
/// <param name="State"><c>waiting</c>, <c>up</c>, <c>running</c>, <c>late</c>, <c>missed</c> or <c>failed</c>.</param>
/// <param name="Reason">What is wrong; null when nothing is.</param>
/// <param name="NextDue">When the next report is expected; null when none is any more.</param>
/// <param name="NextDeadline">Until when it is in time.</param>
/// <param name="Last">The last report.</param>
/// <param name="LastSuccess">When a run was last done.</param>
/// <param name="Good">Runs booked as good.</param>
/// <param name="Bad">Runs booked as bad.</param>
/// <param name="Unknown">Runs of which Nines could not have heard.</param>
public sealed record HeartbeatItem(
    string Name, string DisplayName, string? Service, string Environment, string Schedule, double GraceSeconds, string State, string? Reason,
    DateTimeOffset? NextDue, DateTimeOffset? NextDeadline, PingItem? Last, DateTimeOffset? LastSuccess, long Good, long Bad, long Unknown)
{
    /// <summary>The last runs, the latest first; null in a list.</summary>
    public IReadOnlyList<RunItem>? Runs { get; init; }

    internal static HeartbeatItem Of(WatchedHeartbeat watched, long nowMs)
    {
        var (heartbeat, state) = watched;
        var next = HeartbeatReading.Next(heartbeat, state);
        return new(
            heartbeat.Name, heartbeat.DisplayName, heartbeat.Service.Length > 0 ? heartbeat.Service : null, heartbeat.Environment, heartbeat.Schedule.Text,
            heartbeat.GraceMs / 1000d, HeartbeatReading.Standing(state, nowMs).ToString().ToLowerInvariant(), (state.Missed ?? state.Failed)?.Text,
            At(next?.DueMs), At(next?.DeadlineMs), state.Last is { } last ? PingItem.Of(last) : null, At(state.LastSuccess?.AtMs),
            state.Good, state.Bad, state.Unknown);
    }

    internal static DateTimeOffset? At(long? ms) => ms is { } at ? DateTimeOffset.FromUnixTimeMilliseconds(at) : null;
}

/// <summary>A report.</summary>
/// <param name="Kind"><c>start</c>, <c>success</c> or <c>fail</c>.</param>
/// <param name="At">When it arrived.</param>
/// <param name="Rows">How many rows were written; null when it did not say.</param>
/// <param name="Message">What it said; may be empty.</param>
public sealed record PingItem(string Kind, DateTimeOffset At, long? Rows, string Message)
{
    internal static PingItem Of(HeartbeatPing ping) =>
        new(ping.Kind.ToString().ToLowerInvariant(), DateTimeOffset.FromUnixTimeMilliseconds(ping.AtMs), ping.Rows, ping.Message);
}

/// <summary>An expected run as it was booked.</summary>
/// <param name="Due">When it was expected.</param>
/// <param name="Deadline">When it was booked.</param>
/// <param name="Outcome"><c>good</c>, <c>bad</c> or <c>unknown</c>.</param>
/// <param name="Started">When it began; null when that was not reported.</param>
/// <param name="Finished">When its end was reported; null when it was not.</param>
/// <param name="Rows">How many rows it wrote; null when it did not say.</param>
/// <param name="Reason">Why it was not good, or its message.</param>
public sealed record RunItem(
    DateTimeOffset Due, DateTimeOffset Deadline, string Outcome, DateTimeOffset? Started, DateTimeOffset? Finished, long? Rows, string Reason)
{
    internal static RunItem Of(BookedRun run) => new(
        DateTimeOffset.FromUnixTimeMilliseconds(run.DueMs), DateTimeOffset.FromUnixTimeMilliseconds(run.DeadlineMs), run.Outcome.ToString().ToLowerInvariant(),
        HeartbeatItem.At(run.StartedMs), HeartbeatItem.At(run.FinishedMs), run.Rows, run.Reason);
}
