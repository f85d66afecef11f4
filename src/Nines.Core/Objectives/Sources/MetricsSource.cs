using Nines.Core.Telemetry;

namespace Nines.Core.Objectives.Sources;

/// <summary>A server with Prometheus' HTTP API that objectives are read from: Prometheus, Thanos, Mimir, VictoriaMetrics.</summary>
/// <param name="Name">What <c>metricSourceRef</c> names; unique.</param>
/// <param name="Url">Where <c>api/v1/query</c> is, with a slash at its end.</param>
/// <param name="Position">Where it is declared.</param>
public sealed record MetricsSource(string Name, Uri Url, SourcePosition Position)
{
    /// <summary>How it is asked: credentials, TLS.</summary>
    public HttpAccess Access { get; init; } = HttpAccess.Plain;

    /// <summary>Headers of each request, such as the tenant's.</summary>
    public IReadOnlyList<(string Name, Secret Value)> Headers { get; init; } = [];

    /// <summary>How long one answer may take. Default 30 s.</summary>
    public TimeSpan Timeout { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>Requests at the same time, 1 to 64. Default 4.</summary>
    public int MaxConcurrent { get; init; } = 4;

    /// <summary>Most series that one objective reads. Default 10,000.</summary>
    public int MaxSeries { get; init; } = 10_000;

    /// <summary>Most samples of one answer. Default 1,000,000.</summary>
    public int MaxSamples { get; init; } = 1_000_000;
}
