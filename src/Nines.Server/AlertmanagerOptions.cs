using Nines.Core.Alerting.Routing;

namespace Nines.Server;

/// <summary>How a server is started that is nothing but an Alertmanager.</summary>
public sealed record AlertmanagerOptions
{
    /// <summary>The path of <c>alertmanager.yml</c>.</summary>
    public required string ConfigFile { get; init; }

    /// <summary>The data directory; created when absent.</summary>
    public required string StoragePath { get; init; }

    /// <summary>Where to listen: <c>host:port</c>, <c>:port</c> for all addresses; port 0 takes any free one.</summary>
    public IReadOnlyList<string> Listen { get; init; } = [":9093"];

    /// <summary>The address people reach this server at; null takes the one it listens on.</summary>
    public Uri? ExternalUrl { get; init; }

    /// <summary>What the path of each route begins with, such as <c>/alertmanager</c>; empty for nothing.</summary>
    public string RoutePrefix { get; init; } = "";

    /// <summary>Which grammar of matchers and label names counts.</summary>
    public MatcherMode Matchers { get; init; } = MatcherMode.Fallback;

    /// <summary>The address the status names as the only peer of a cluster of one; null when it says that there is no cluster.</summary>
    public string? ClusterAddress { get; init; }

    /// <summary>How long silences that are over, and what was notified, are kept. Default 120 h.</summary>
    public TimeSpan Retention { get; init; } = TimeSpan.FromHours(120);
}
