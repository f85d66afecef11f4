using Nines.Core.Telemetry;

namespace Nines.Server;

/// <summary>How a server is started. Fixed until it stops; what a team may change while it runs is in the workspace.</summary>
public sealed record NinesOptions
{
    /// <summary>The directory of workspace files.</summary>
    public required string WorkspaceDirectory { get; init; }

    /// <summary>The directory of the server's own data; created when absent.</summary>
    public required string DataDirectory { get; init; }

    /// <summary>A PostgreSQL connection string for the state, or null for SQLite in the data directory.</summary>
    public string? Postgres { get; init; }

    /// <summary>Where to listen, such as <c>http://127.0.0.1:9999</c>. Port 0 takes any free one.</summary>
    public string Listen { get; init; } = "http://127.0.0.1:9999";

    /// <summary>The address people reach this server at; links in messages start with it. Null takes <see cref="Listen"/>.</summary>
    public Uri? PublicUrl { get; init; }

    /// <summary>How long samples are kept. Default 15 days.</summary>
    public TimeSpan MetricsRetention { get; init; } = TimeSpan.FromDays(15);

    /// <summary>Most bytes the metrics store takes on disk; the oldest samples go first. Default 64 GiB.</summary>
    public long MetricsMaxBytes { get; init; } = 64L << 30;

    /// <summary>Whether visitors from loopback are viewers without signing in.</summary>
    public bool Demo { get; init; }

    /// <summary>How large remote-write requests may be.</summary>
    public RemoteWriteLimits RemoteWrite { get; init; } = new();
}
