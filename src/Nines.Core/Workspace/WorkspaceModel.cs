using Nines.Core.Alerting;
using Nines.Core.Alerting.Routing;
using Nines.Core.Catalog;
using Nines.Core.Delivery;
using Nines.Core.Objectives;
using Nines.Core.Objectives.Sources;
using Nines.Core.Probes.Collectors;
using Nines.Core.Probes.Push;
using Nines.Core.Telemetry;
using Nines.Core.Probes;
using Nines.Metrics;

namespace Nines.Core.Workspace;

/// <summary>Everything the files of a workspace say, checked and linked. Immutable; swapped as a whole.</summary>
public sealed record WorkspaceModel
{
    /// <summary>A workspace without files.</summary>
    public static readonly WorkspaceModel Empty = new();

    /// <summary>SHA-256 over the files' names and contents, in lower-case hex; empty for <see cref="Empty"/>.</summary>
    public string Hash { get; init; } = "";

    /// <summary>The services, in order of name.</summary>
    public IReadOnlyList<Service> Services { get; init; } = [];

    /// <summary>The environments, in order of name; <c>production</c> is always there.</summary>
    public IReadOnlyList<DeploymentEnvironment> Environments { get; init; } = [];

    /// <summary>The objectives, in order of key.</summary>
    public IReadOnlyList<Objective> Objectives { get; init; } = [];

    /// <summary>The external sources that objectives are read from, in order of name.</summary>
    public IReadOnlyList<MetricsSource> Sources { get; init; } = [];

    /// <summary>The error budget policies, in order of name.</summary>
    public IReadOnlyList<ErrorBudgetPolicy> ErrorBudgetPolicies { get; init; } = [];

    /// <summary>What Nines reads itself, in order of name.</summary>
    public IReadOnlyList<Collector> Collectors { get; init; } = [];

    /// <summary>What to scrape, in order of name.</summary>
    public IReadOnlyList<ScrapeJob> ScrapeJobs { get; init; } = [];

    /// <summary>What is expected to report, in order of name.</summary>
    public IReadOnlyList<Heartbeat> Heartbeats { get; init; } = [];

    /// <summary>The signs of life that are sent outside, in order of name.</summary>
    public IReadOnlyList<OutboundBeat> OutboundBeats { get; init; } = [];

    /// <summary>The rules to evaluate, in order of file, then as declared.</summary>
    public IReadOnlyList<RuleGroup> RuleGroups { get; init; } = [];

    /// <summary>Labels that tell this server from others; put on the alerts of rules.</summary>
    public Labels ExternalLabels { get; init; } = Labels.Empty;

    /// <summary>Where messages go, in order of name.</summary>
    public IReadOnlyList<DirectReceiver> Receivers { get; init; } = [];

    /// <summary>What is probed, in order of name.</summary>
    public IReadOnlyList<Probe> Probes { get; init; } = [];

    /// <summary>Who is told of which alerts: those receivers, and the routing tree of an <c>alertmanager.yml</c>.</summary>
    public RoutingPlan Routing { get; init; } = RoutingPlan.Empty;
}

/// <summary>A file of a workspace.</summary>
/// <param name="Path">Relative to the workspace's root, with forward slashes.</param>
/// <param name="Content">Its bytes.</param>
public sealed record WorkspaceFile(string Path, ReadOnlyMemory<byte> Content);

/// <summary>What came of reading a workspace: all problems, and the model when none of them is an error.</summary>
/// <param name="Model">The model, or null when a problem is an error.</param>
/// <param name="Problems">All problems, in order of position.</param>
public sealed record WorkspaceReading(WorkspaceModel? Model, IReadOnlyList<Problem> Problems);
