using Nines.Core.Alerting;
using Nines.PromQL;

namespace Nines.Core.Probes.Push;

/// <summary>
/// What reports and passing time make of a heartbeat. Each expected run is booked once, at its deadline: good when the last word about it was good, bad when
/// it was bad or nothing was heard, unknown when nothing was heard and Nines could not have heard it.
/// </summary>
public static class HeartbeatMachine
{
    /// <summary>A heartbeat that is expected from now on: the first run is one that can be reported in all of its time.</summary>
    /// <param name="heartbeat">The heartbeat.</param>
    /// <param name="before">Where it stood; null when it is new. Its counters go on; its runs are no longer expected.</param>
    /// <param name="nowMs">Now.</param>
    public static HeartbeatState Begin(Heartbeat heartbeat, HeartbeatState? before, long nowMs)
    {
        var due = heartbeat.Schedule.NextMs(nowMs);
        while (due != long.MaxValue && heartbeat.Schedule.OpensMs(due) < nowMs)
        {
            due = heartbeat.Schedule.NextMs(due);
        }
        return (before ?? new("", 0, [], nowMs)) with { Schedule = heartbeat.Schedule.Text, NextDueMs = due, Open = [], StartedMs = null, RunLimitMs = null };
    }

    /// <summary>Lets time pass.</summary>
    /// <param name="heartbeat">The heartbeat.</param>
    /// <param name="state">How it stands.</param>
    /// <param name="nowMs">Now.</param>
    /// <param name="deafness">When nobody could report since the last time; null when it could be heard all along.</param>
    /// <returns>How it stands then, the same object when nothing changed, and what was booked, in order.</returns>
    public static (HeartbeatState State, IReadOnlyList<BookedRun> Booked) Pass(Heartbeat heartbeat, HeartbeatState state, long nowMs, Deafness? deafness = null)
    {
        var open = state.Open.ToList();
        var next = state.NextDueMs;
        for (; next != long.MaxValue && heartbeat.Schedule.OpensMs(next) <= nowMs; next = heartbeat.Schedule.NextMs(next))
        {
            open.Add(new(next, heartbeat.Schedule.OpensMs(next), next + heartbeat.GraceMs));
        }
        var limit = state.RunLimitMs;
        if (deafness is { } deaf)
        {
            for (var i = 0; i < open.Count; i++)
            {
                if (open[i].Verdict is null && open[i].OpensMs < deaf.ToMs && open[i].DeadlineMs >= deaf.FromMs)
                {
                    open[i] = open[i] with { Cut = true, DeadlineMs = Math.Max(open[i].DeadlineMs, deaf.ToMs + heartbeat.CatchUpMs) };
                }
            }
            // Its end may have been reported to nobody: that it takes long is not known.
            limit = limit >= deaf.FromMs ? null : limit;
        }
        var booked = new List<BookedRun>();
        var missed = state.Missed;
        if (limit < nowMs)
        {
            Book(open, limit.Value, booked, ref missed);
            var reason = $"began at {Clock.Text(state.StartedMs!.Value * 1_000_000)} and was not done within {Durations.Format(heartbeat.MaxRuntimeMs!.Value)}";
            Settle(open, new(false, null, state.StartedMs, null, reason), limit.Value);
            state = state with { RunLimitMs = null, Failed = state.Failed ?? new(limit.Value, reason) };
        }
        else if (limit != state.RunLimitMs)
        {
            state = state with { RunLimitMs = limit };
        }
        Book(open, nowMs, booked, ref missed);
        if (booked.Count == 0 && next == state.NextDueMs && open.SequenceEqual(state.Open))
        {
            return (state, booked);
        }
        return (state with
        {
            NextDueMs = next,
            Open = open,
            Good = state.Good + booked.Count(b => b.Outcome == RunOutcome.Good),
            Bad = state.Bad + booked.Count(b => b.Outcome == RunOutcome.Bad),
            Unknown = state.Unknown + booked.Count(b => b.Outcome == RunOutcome.Unknown),
            Missed = missed,
        }, booked);
    }

    /// <summary>Takes a report in. Time must have passed to its moment before.</summary>
    public static HeartbeatState Take(Heartbeat heartbeat, HeartbeatState state, HeartbeatPing ping)
    {
        if (ping.Kind == PingKind.Start)
        {
            return state with { Last = ping, StartedMs = ping.AtMs, RunLimitMs = ping.AtMs + heartbeat.MaxRuntimeMs };
        }
        var tooFew = ping.Kind == PingKind.Success && heartbeat.MinRows is { } least && !(ping.Rows >= least);
        var tooLong = ping.AtMs - state.StartedMs > heartbeat.MaxRuntimeMs;
        var done = ping.Kind == PingKind.Success && !tooFew;
        var reason = ping.Kind == PingKind.Fail ? ping.Message.Length > 0 ? ping.Message : "the run reported that it failed"
            : tooFew ? (ping.Rows is { } rows ? $"{rows} rows were written" : "the run did not say how many rows it wrote")
                + $", at least {heartbeat.MinRows} are expected"
            : tooLong ? $"took {Durations.Format((ping.AtMs - state.StartedMs!.Value) / 1000 * 1000)}, "
                + $"longer than {Durations.Format(heartbeat.MaxRuntimeMs!.Value)}"
            : ping.Message;
        var open = state.Open.ToList();
        Settle(open, new(done && !tooLong, ping.AtMs, state.StartedMs, ping.Rows, reason), ping.AtMs);
        return state with
        {
            Open = open,
            Last = ping,
            LastSuccess = done ? ping : state.LastSuccess,
            StartedMs = null,
            RunLimitMs = null,
            Missed = done ? null : state.Missed,
            Failed = done ? null : state.Failed is { } failed ? failed with { Text = reason } : new(ping.AtMs, reason),
        };
    }

    /// <summary>Says something of the runs it is about: those expected by now that were not reported as good; else of the next, when it can be reported
    /// already; else of the last.</summary>
    private static void Settle(List<ExpectedRun> open, RunVerdict verdict, long atMs)
    {
        var wanting = open.Where(r => r.DueMs <= atMs && r.Verdict is not { Good: true }).ToList();
        if (wanting.Count == 0 && (open.Find(r => r.DueMs > atMs && r.OpensMs <= atMs) ?? open.FindLast(r => r.DueMs <= atMs)) is { } other)
        {
            wanting.Add(other);
        }
        foreach (var run in wanting)
        {
            open[open.IndexOf(run)] = run with { Verdict = verdict };
        }
    }

    private static void Book(List<ExpectedRun> open, long nowMs, List<BookedRun> booked, ref HeartbeatTrouble? missed)
    {
        foreach (var run in open.Where(r => r.DeadlineMs < nowMs))
        {
            var outcome = run.Verdict is { } said ? said.Good ? RunOutcome.Good : RunOutcome.Bad : run.Cut ? RunOutcome.Unknown : RunOutcome.Bad;
            var reason = run.Verdict?.Reason ?? (run.Cut
                ? $"not heard of the run expected at {Clock.Text(run.DueMs * 1_000_000)}; Nines could not listen all the time, so whether it ran is unknown"
                : $"the run expected at {Clock.Text(run.DueMs * 1_000_000)} was not reported by {Clock.Text(run.DeadlineMs * 1_000_000)}");
            booked.Add(new(run.DueMs, run.DeadlineMs, outcome, run.Verdict?.StartedMs, run.Verdict?.FinishedMs, run.Verdict?.Rows, reason));
            missed ??= run.Verdict is null ? new(run.DeadlineMs, reason) : null;
        }
        open.RemoveAll(r => r.DeadlineMs < nowMs);
    }
}
