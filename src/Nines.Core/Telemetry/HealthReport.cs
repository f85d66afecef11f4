namespace Nines.Core.Telemetry;

/// <summary>How a component is: the words of health+json (draft-inadarei-api-health-check-06).</summary>
public enum HealthStatus
{
    /// <summary>As it should be.</summary>
    Pass,
    /// <summary>Works, but not as it should.</summary>
    Warn,
    /// <summary>Does not work.</summary>
    Fail,
}

/// <summary>What a failing check means for the question whether this process should get requests.</summary>
public enum HealthClass
{
    /// <summary>The cause is in this process: it is not ready.</summary>
    HardLocal,
    /// <summary>It works without, less well.</summary>
    Soft,
    /// <summary>Others share the cause, so taking this process out would take all out: it goes on serving.</summary>
    Shared,
}

/// <summary>One thing looked at.</summary>
/// <param name="Component">What, such as <c>state</c>.</param>
/// <param name="Measurement">Which of its sides, such as <c>writable</c>.</param>
/// <param name="ComponentType"><c>datastore</c>, <c>component</c> or <c>system</c>.</param>
/// <param name="Status">How it is.</param>
/// <param name="Class">What a failure means for readiness.</param>
/// <param name="ObservedValue">What was measured, as text or number.</param>
/// <param name="ObservedUnit">Its unit; may be empty.</param>
/// <param name="Output">What is wrong and what to do; empty when nothing is.</param>
/// <param name="AffectedEndpoints">What does not work; empty when everything does.</param>
public sealed record HealthCheck(
    string Component, string Measurement, string ComponentType, HealthStatus Status, HealthClass Class,
    object ObservedValue, string ObservedUnit, string Output, IReadOnlyList<string> AffectedEndpoints);

/// <summary>Judges health checks. Pure.</summary>
public static class HealthEvaluator
{
    /// <summary>The whole is as its worst part; a failing soft or shared part leaves it warning.</summary>
    public static HealthStatus Overall(IEnumerable<HealthCheck> checks) =>
        checks.Select(c => c.Status == HealthStatus.Fail && c.Class != HealthClass.HardLocal ? HealthStatus.Warn : c.Status).DefaultIfEmpty(HealthStatus.Pass)
            .Max();

    /// <summary>Whether the process should get requests: no hard local check fails.</summary>
    public static bool IsReady(IEnumerable<HealthCheck> checks) => !checks.Any(c => c is { Status: HealthStatus.Fail, Class: HealthClass.HardLocal });

    /// <summary>A status in another vocabulary: <c>healthy</c> (healthy, degraded, unhealthy), <c>up</c> (UP, UP, DOWN), <c>ok</c> (ok, warning, error),
    /// else pass, warn, fail.</summary>
    public static string Word(HealthStatus status, string? format) => (format, status) switch
    {
        ("healthy", HealthStatus.Pass) => "healthy",
        ("healthy", HealthStatus.Warn) => "degraded",
        ("healthy", _) => "unhealthy",
        ("up", HealthStatus.Fail) => "DOWN",
        ("up", _) => "UP",
        ("ok", HealthStatus.Pass) => "ok",
        ("ok", HealthStatus.Warn) => "warning",
        ("ok", _) => "error",
        (_, HealthStatus.Pass) => "pass",
        (_, HealthStatus.Warn) => "warn",
        _ => "fail",
    };
}
