using Nines.Metrics;

namespace Nines.Server.Telemetry;

/// <summary>Whether a target answers.</summary>
public enum TargetHealth
{
    /// <summary>Not scraped yet.</summary>
    Unknown,
    /// <summary>The last scrape succeeded.</summary>
    Up,
    /// <summary>The last scrape failed.</summary>
    Down,
}

/// <summary>How the scraping of one target goes.</summary>
/// <param name="Job">The job's name.</param>
/// <param name="Url">The address.</param>
/// <param name="Labels">The target's labels.</param>
/// <param name="Health">Whether it answers.</param>
/// <param name="LastScrape">When the last scrape began, or null.</param>
/// <param name="LastDuration">How long it took.</param>
/// <param name="LastSamples">How many samples it brought.</param>
/// <param name="LastError">Why it failed, or null.</param>
public sealed record TargetStatus(
    string Job,
    Uri Url,
    Labels Labels,
    TargetHealth Health,
    DateTimeOffset? LastScrape,
    TimeSpan LastDuration,
    int LastSamples,
    string? LastError)
{
    /// <summary>Samples of the last scrape that the store refused.</summary>
    public Refusals LastRefused { get; init; }

    /// <summary>Its labels before relabelling.</summary>
    public Labels Discovered { get; init; } = Labels.Empty;

    /// <summary>How often it is scraped.</summary>
    public TimeSpan Interval { get; init; }

    /// <summary>How long one scrape may take.</summary>
    public TimeSpan Timeout { get; init; }
}
