using Nines.Metrics;

namespace Nines.Core.Telemetry;

/// <summary>One entry of <c>scrape_configs</c>, checked and with all defaults filled in.</summary>
/// <param name="Name">The job's name, unique.</param>
/// <param name="Targets">What to scrape as the file says it; <see cref="Files"/> may bring more.</param>
/// <param name="Interval">How often. Default 15 s.</param>
/// <param name="Timeout">How long one scrape may take; at most the interval. Default the lesser of 10 s and the interval.</param>
/// <param name="HonorLabels">Whether a target's own <c>job</c> and <c>instance</c> labels win over ours. Default false.</param>
/// <param name="HonorTimestamps">Whether a target's own timestamps are kept. Default true.</param>
/// <param name="BodySizeLimit">Largest uncompressed body in bytes. Default 16 MiB.</param>
/// <param name="SampleLimit">Most samples in one scrape, after relabelling. Default 100,000.</param>
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
    SourcePosition Position)
{
    /// <summary><c>http</c> or <c>https</c>.</summary>
    public string Scheme { get; init; } = "http";

    /// <summary>The path of the metrics, with its slash.</summary>
    public string MetricsPath { get; init; } = "/metrics";

    /// <summary>Parameters of the address, in order of name.</summary>
    public IReadOnlyList<KeyValuePair<string, IReadOnlyList<string>>> Parameters { get; init; } = [];

    /// <summary>Applied to the labels of each target before it is scraped.</summary>
    public IReadOnlyList<RelabelRule> RelabelRules { get; init; } = [];

    /// <summary>Applied to the labels of each series before it is stored.</summary>
    public IReadOnlyList<RelabelRule> MetricRelabelRules { get; init; } = [];

    /// <summary>Files that name targets.</summary>
    public IReadOnlyList<FileDiscovery> Files { get; init; } = [];

    /// <summary>How targets are asked: credentials, TLS.</summary>
    public HttpAccess Access { get; init; } = HttpAccess.Plain;

    /// <summary>Longest label name of a series in UTF-16 units; 0 for any.</summary>
    public int LabelNameLengthLimit { get; init; }

    /// <summary>Longest label value of a series in UTF-16 units; 0 for any.</summary>
    public int LabelValueLengthLimit { get; init; }

    /// <summary>Most targets after relabelling; with more, none is scraped. 0 for any number.</summary>
    public int TargetLimit { get; init; }

    /// <summary>What relabelling dropped of the targets in the file: their labels before it.</summary>
    public IReadOnlyList<Labels> Dropped { get; init; } = [];
}

/// <summary>One thing to scrape.</summary>
/// <param name="Url">The address with scheme, path and parameters.</param>
/// <param name="Labels">Labels put on each of its series, <c>job</c> and <c>instance</c> among them.</param>
public sealed record ScrapeTarget(Uri Url, Labels Labels)
{
    /// <summary>Its labels before relabelling.</summary>
    public Labels Discovered { get; init; } = Labels.Empty;

    /// <summary>How often it is scraped, when relabelling says otherwise than the job.</summary>
    public TimeSpan? Interval { get; init; }

    /// <summary>How long one scrape may take, when relabelling says otherwise than the job.</summary>
    public TimeSpan? Timeout { get; init; }
}

/// <summary>Targets with labels in common, as configuration or discovery gives them.</summary>
/// <param name="Addresses">Each as host:port.</param>
/// <param name="Labels">Labels of all of them.</param>
public sealed record TargetGroup(IReadOnlyList<string> Addresses, Labels Labels);

/// <summary>One entry of <c>file_sd_configs</c>.</summary>
/// <param name="Patterns">Paths of files, the last part perhaps with <c>*</c>; relative to the directory of the file that declares it.</param>
/// <param name="RefreshInterval">How often the files are read even if they seem unchanged. Default 5 min; a change is seen within seconds.</param>
/// <param name="Position">Where it is declared.</param>
public sealed record FileDiscovery(IReadOnlyList<string> Patterns, TimeSpan RefreshInterval, SourcePosition Position);

/// <summary>What a file of targets says, or what is wrong with it.</summary>
/// <param name="Groups">The groups; empty when there are problems.</param>
/// <param name="Problems">What is wrong.</param>
public sealed record TargetFile(IReadOnlyList<TargetGroup> Groups, IReadOnlyList<Problem> Problems);

/// <summary>Reads a file of targets.</summary>
/// <param name="path">Its path, for problems.</param>
/// <param name="content">Its bytes, JSON or YAML.</param>
public delegate TargetFile ReadTargetFile(string path, ReadOnlyMemory<byte> content);
