namespace Nines.Core.Probes;

/// <summary>What is held of a probe's target.</summary>
public enum ProbeVerdict
{
    /// <summary>Nobody looked, or not often enough to say.</summary>
    Unknown,
    /// <summary>It works.</summary>
    Up,
    /// <summary>It does not.</summary>
    Down,
}

/// <summary>
/// What a probe's runs add up to. Single failures do not make it down, nor single successes up again (<see cref="Probe.FailuresBeforeDown"/>,
/// <see cref="Probe.SuccessesBeforeUp"/>). A gap, in which Nines did not look, leaves nothing of <c>up</c> and nothing of a streak; what was down stays so
/// until it was seen to work.
/// </summary>
/// <param name="Verdict">What is held of it.</param>
/// <param name="SinceMs">Since when: the first run of the streak that led to it, ms since the Unix epoch; 0 before the first run.</param>
/// <param name="Succeeded">What the last run was.</param>
/// <param name="Streak">How many runs in a row were like it.</param>
/// <param name="StreakSinceMs">When the first of them was.</param>
/// <param name="LastRunMs">When the last run was; 0 before the first.</param>
public sealed record ProbeState(ProbeVerdict Verdict, long SinceMs, bool Succeeded, int Streak, long StreakSinceMs, long LastRunMs)
{
    /// <summary>How long after a run the next one still proves that it was looked at all the time, in intervals.</summary>
    public const double KnownIntervals = 2.5;

    /// <summary>Before the first run.</summary>
    public static readonly ProbeState Initial = new(ProbeVerdict.Unknown, 0, false, 0, 0, 0);

    /// <summary>What an earlier process left down.</summary>
    /// <param name="sinceMs">Since when it was down.</param>
    public static ProbeState LeftDown(long sinceMs) => Initial with { Verdict = ProbeVerdict.Down, SinceMs = sinceMs };

    /// <summary>What an earlier process left up, and saw last at a time.</summary>
    public static ProbeState LeftUp(long sinceMs, long lastRunMs) => new(ProbeVerdict.Up, sinceMs, true, 1, lastRunMs, lastRunMs);

    /// <summary>The state after a run.</summary>
    public ProbeState After(Probe probe, bool success, long timeMs)
    {
        // A clock that was set back leaves no order of runs to go by.
        var gap = IsGap(probe, timeMs) || timeMs <= LastRunMs;
        var goesOn = !gap && Streak > 0 && success == Succeeded;
        var (streak, since) = goesOn ? (Streak + 1, StreakSinceMs) : (1, timeMs);
        var held = gap && Verdict == ProbeVerdict.Up ? ProbeVerdict.Unknown : Verdict;
        var verdict = success
            ? held == ProbeVerdict.Down && streak < probe.SuccessesBeforeUp ? ProbeVerdict.Down : ProbeVerdict.Up
            : streak >= probe.FailuresBeforeDown ? ProbeVerdict.Down : held;
        var sinceMs = verdict == Verdict && held == Verdict && SinceMs > 0 ? SinceMs : verdict == ProbeVerdict.Unknown ? timeMs : since;
        return new(verdict, sinceMs, success, streak, since, timeMs);
    }

    /// <summary>What may be said of it at a time: of what was not looked at for long, nothing.</summary>
    public ProbeVerdict At(Probe probe, long nowMs) => LastRunMs > 0 && !IsGap(probe, nowMs - probe.TimeoutMs) ? Verdict : ProbeVerdict.Unknown;

    private bool IsGap(Probe probe, long timeMs) => timeMs - LastRunMs > probe.IntervalMs * KnownIntervals;
}
