using System.Text.RegularExpressions;
using Nines.Core.Telemetry;
using Nines.Metrics;

namespace Nines.Core.Probes.Collectors;

/// <summary>Something whose figures Nines reads itself, at an interval, into ordinary series.</summary>
/// <param name="Name">Its name, unique in the workspace; the label <c>collector</c> of all its series.</param>
/// <param name="DisplayName">What people call it; the name when nothing else is given.</param>
/// <param name="Interval">How far apart its runs are meant to be.</param>
/// <param name="Timeout">After which a run has failed; at most the interval.</param>
/// <param name="Work">What it reads.</param>
/// <param name="Position">Where it is declared.</param>
public sealed record Collector(string Name, string DisplayName, TimeSpan Interval, TimeSpan Timeout, CollectorWork Work, SourcePosition Position)
{
    /// <summary>The most series unless the workspace says otherwise.</summary>
    public const int DefaultSeriesLimit = 1_000;

    /// <summary>The service it belongs to; empty when the workspace does not say.</summary>
    public string Service { get; init; } = "";

    /// <summary>The environment it belongs to.</summary>
    public string Environment { get; init; } = Catalog.DeploymentEnvironment.Default;

    /// <summary>Labels that each of its series gets and that say nothing of the collector; a label of the figure itself wins.</summary>
    public Labels Extra { get; init; } = Labels.Empty;

    /// <summary>Most series of one run; what is more is refused.</summary>
    public int SeriesLimit { get; init; } = DefaultSeriesLimit;

    /// <summary>Where to look when it fails; null when the workspace does not say.</summary>
    public Uri? Runbook { get; init; }

    /// <summary>The text of the file that declares it: while that is the same, so is the collector.</summary>
    public string Definition { get; init; } = "";

    /// <summary>The labels that name it: <c>collector</c>, <c>service</c>, <c>environment</c>.</summary>
    public Labels Identity => Labels.Of(("collector", Name), ("service", Service), ("environment", Environment));

    /// <summary>When in its interval it runs: the same in every process, spread evenly over names.</summary>
    /// <returns>Milliseconds from 0 to less than the interval.</returns>
    public long OffsetMs
    {
        get
        {
            // FNV's low bits are the weak ones; fold before the remainder.
            var hash = Labels.Of(("collector", Name)).StableHash;
            hash = (hash ^ hash >> 29) * 0xbf58476d1ce4e5b9UL;
            return (long)((hash ^ hash >> 32) % (ulong)Interval.TotalMilliseconds);
        }
    }
}

/// <summary>What a collector reads.</summary>
/// <param name="Type">The word for it in the workspace.</param>
public abstract record CollectorWork(string Type);

/// <summary>The Linux host: processors, memory, swap, disks, file systems, network, and, where asked for, processes and containers.</summary>
public sealed record HostWork() : CollectorWork("host")
{
    /// <summary>Where the host's root directory is; not <c>/</c> when Nines runs in a container that has it mounted.</summary>
    public string Root { get; init; } = "/";

    /// <summary>The label <c>instance</c>; null for the host's name.</summary>
    public string? Instance { get; init; }

    /// <summary>Mount points that are left out; null when none is.</summary>
    public Regex? ExcludeMounts { get; init; }

    /// <summary>Groups of processes that are measured together.</summary>
    public IReadOnlyList<ProcessGroup> Processes { get; init; } = [];

    /// <summary>Control groups (v2) whose path, such as <c>/system.slice/docker-….scope</c>, is measured; null for none.</summary>
    public Regex? Cgroups { get; init; }
}

/// <summary>Processes that are measured together.</summary>
/// <param name="Name">The label <c>groupname</c>.</param>
/// <param name="Pattern">What a process' name or command line holds.</param>
public sealed record ProcessGroup(string Name, Regex Pattern);

/// <summary>A database that is asked with queries that only read.</summary>
/// <param name="Database">The connection string of PostgreSQL; null when it is an SQLite file.</param>
/// <param name="File">The SQLite file; null when it is PostgreSQL.</param>
/// <param name="Queries">The queries, in order.</param>
/// <param name="MaxRows">Most rows of one answer; with more it fails.</param>
public sealed record SqlWork(Secret? Database, string? File, IReadOnlyList<SqlQuery> Queries, int MaxRows) : CollectorWork("sql");

/// <summary>A query and what its answer becomes.</summary>
/// <param name="Sql">One statement.</param>
/// <param name="Metric">What the values are.</param>
/// <param name="Values">The columns with values; empty for the only one that holds numbers.</param>
public sealed record SqlQuery(string Sql, MetricDefinition Metric, IReadOnlyList<string> Values);

/// <summary>A document of JSON that is fetched.</summary>
/// <param name="Url">Its address.</param>
/// <param name="Access">How it is asked.</param>
/// <param name="Headers">What is sent with each request.</param>
/// <param name="Values">What is read of it.</param>
public sealed record JsonWork(Uri Url, HttpAccess Access, IReadOnlyList<(string Name, Secret Value)> Headers, IReadOnlyList<JsonValue> Values)
    : CollectorWork("json")
{
    /// <summary>Largest document, in bytes.</summary>
    public const int MaxBytes = 1 << 20;
}

/// <summary>One number of a document.</summary>
/// <param name="Path">Where it stands.</param>
/// <param name="Metric">What it is.</param>
/// <param name="Labels">Labels that tell it from others of the same metric.</param>
public sealed record JsonValue(JsonPath Path, MetricDefinition Metric, Labels Labels);

/// <summary>Files of which the newest one's age, size and the count are told.</summary>
/// <param name="Paths">Patterns: <c>*</c> and <c>?</c> within a part of a path, <c>**</c> for any number of directories.</param>
public sealed record FileWork(IReadOnlyList<string> Paths) : CollectorWork("file");

/// <summary>Certificates of servers and files.</summary>
/// <param name="Endpoints">Servers whose TLS handshake shows one, as host and port.</param>
/// <param name="Files">Patterns of PEM files.</param>
public sealed record CertificateWork(IReadOnlyList<(string Host, int Port)> Endpoints, IReadOnlyList<string> Files) : CollectorWork("certificate");

/// <summary>How a value that was read becomes a sample.</summary>
public enum ValueMeaning
{
    /// <summary>A number as it is.</summary>
    Number,
    /// <summary>A time, as the seconds that have passed since.</summary>
    Age,
}

/// <summary>What the workspace says of a metric that a collector makes.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Help">What it is, in words; may be empty.</param>
/// <param name="Unit">Its unit, such as <c>seconds</c>; may be empty.</param>
/// <param name="Meaning">How values become samples.</param>
/// <param name="IsCounter">Whether it only goes up.</param>
public sealed record MetricDefinition(string Name, string Help, string Unit, ValueMeaning Meaning, bool IsCounter);
