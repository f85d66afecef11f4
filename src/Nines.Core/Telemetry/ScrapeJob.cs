using Nines.Metrics;

namespace Nines.Core.Telemetry;

/// <summary>One entry of <c>scrape_configs</c>, checked and with all defaults filled in.</summary>
/// <param name="Name">The job's name, unique.</param>
/// <param name="Targets">What to scrape.</param>
/// <param name="Interval">How often. Default 15 s.</param>
/// <param name="Timeout">How long one scrape may take; at most the interval. Default the lesser of 10 s and the interval.</param>
/// <param name="HonorLabels">Whether a target's own <c>job</c> and <c>instance</c> labels win over ours. Default false.</param>
/// <param name="HonorTimestamps">Whether a target's own timestamps are kept. Default true.</param>
/// <param name="BodySizeLimit">Largest uncompressed body in bytes. Default 16 MiB.</param>
/// <param name="SampleLimit">Most samples in one scrape. Default 100,000.</param>
/// <param name="LabelLimit">Most labels of one series. Default 64.</param>
/// <param name="Position">Where it is declared.</param>
public sealed record ScrapeJob(
    string Name,
    IReadOnlyList<ScrapeTarget> Targets,
    TimeSpan Interval,
    TimeSpan Timeout,
    bool HonorLabels,
    bool HonorTimestamps,
    long BodySizeLimit,
    int SampleLimit,
    int LabelLimit,
    SourcePosition Position);

/// <summary>One thing to scrape.</summary>
/// <param name="Url">The address with scheme, path and parameters.</param>
/// <param name="Labels">Labels put on each of its series, <c>job</c> and <c>instance</c> among them.</param>
public sealed record ScrapeTarget(Uri Url, Labels Labels);
