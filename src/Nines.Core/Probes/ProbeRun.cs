namespace Nines.Core.Probes;

/// <summary>One run of a probe, judged.</summary>
/// <param name="ScheduledMs">When it was due, ms since the Unix epoch.</param>
/// <param name="StartedMs">When it began.</param>
/// <param name="Success">Whether there was an answer, and every condition holds.</param>
/// <param name="Seen">What was seen.</param>
/// <param name="Conditions">What came of each condition; empty when nothing was there to judge.</param>
/// <param name="Health">What the target's own health body says; null when it has none.</param>
/// <param name="Reason">Why it failed, as a sentence without its full stop; empty after a success.</param>
public sealed record ProbeRun(
    long ScheduledMs, long StartedMs, bool Success, Observation Seen, IReadOnlyList<ConditionResult> Conditions, HealthBody? Health, string Reason)
{
    private const int MostNamed = 5;

    /// <summary>How long after it was due it began, in milliseconds.</summary>
    public long DelayMs => Math.Max(0, StartedMs - ScheduledMs);

    /// <summary>The parts of the target; empty when it names none.</summary>
    public IReadOnlyList<ProbeComponent> Components => Health?.Components ?? [];

    /// <summary>Judges what a run of a probe saw.</summary>
    public static ProbeRun Judge(Probe probe, long scheduledMs, long startedMs, Observation seen)
    {
        var health = probe.Check is HttpCheck ? HealthBody.Read(seen.Json, seen.MediaType) : null;
        // Whether a port is closed can be asked for; nothing else can be judged where there is no answer.
        var judged = seen.Failure is null || (probe.Check is TcpCheck && !seen.Connected && probe.Conditions.Any(c => c.UsesConnected));
        var conditions = judged ? probe.Conditions.Select(c => c.Evaluate(seen)).ToList() : [];
        var says = probe.DefaultConditions && health is { Up: false } ? $"its health body says {health.Status}" : null;
        var reasons = new List<string>();
        var failing = conditions.Where(c => !c.Holds).ToList();
        if (seen.Failure is { } failure && (!judged || failing.Count > 0))
        {
            reasons.Add(failure);
        }
        reasons.AddRange(failing.Take(MostNamed).Select(c => c.Shown + " does not hold"));
        reasons.AddRange(says is null ? [] : (string[])[says]);
        var success = reasons.Count == 0;
        var parts = health?.Components.Where(c => !c.Up).ToList() ?? [];
        if (!success && parts.Count > 0)
        {
            reasons.Add($"failing: {string.Join(", ", parts.Take(MostNamed).Select(c => c.Note.Length > 0 ? $"{c.Name} ({c.Note})" : c.Name))}"
                + (parts.Count > MostNamed ? $" and {parts.Count - MostNamed} more" : ""));
        }
        return new(scheduledMs, startedMs, success, seen, conditions, health, string.Join("; ", reasons));
    }
}
