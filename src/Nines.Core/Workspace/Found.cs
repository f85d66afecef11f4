using Nines.Core.Alerting;
using Nines.Core.Alerting.Routing;
using Nines.Core.Catalog;
using Nines.Core.Delivery;
using Nines.Core.Objectives;
using Nines.Core.Objectives.Sources;
using Nines.Core.Probes.Push;
using Nines.Core.Telemetry;
using Nines.Metrics;

namespace Nines.Core.Workspace;

/// <summary>What the documents declare, before it is linked.</summary>
internal sealed class Found
{
    private readonly Dictionary<string, SourcePosition> _names = new(StringComparer.Ordinal);

    public Dictionary<string, Service> Services { get; } = new(StringComparer.Ordinal);

    public Dictionary<string, DeploymentEnvironment> Environments { get; } = new(StringComparer.Ordinal);

    public Dictionary<string, BurnPolicy> Policies { get; } = new(StringComparer.Ordinal);

    public Dictionary<string, ErrorBudgetPolicy> BudgetPolicies { get; } = new(StringComparer.Ordinal);

    /// <summary>Calendars by name; null for one that has problems of its own.</summary>
    public Dictionary<string, BusinessCalendar?> Calendars { get; } = new(StringComparer.Ordinal);

    public List<DraftLadder> Ladders { get; } = [];

    public List<DraftCollector> Collectors { get; } = [];
    public List<DraftProbe> Probes { get; } = [];

    /// <summary>Indicators by name; null for one that has problems of its own.</summary>
    public Dictionary<string, Indicator?> Indicators { get; } = new(StringComparer.Ordinal);

    /// <summary>Sources by name; null for the built-in engine, and for one that has problems of its own.</summary>
    public Dictionary<string, MetricsSource?> Sources { get; } = new(StringComparer.Ordinal);

    /// <summary>Where sources are named.</summary>
    public List<(BindingFile File, YamlText Name)> SourceReferences { get; } = [];

    public HashSet<string> AlertPolicies { get; } = new(StringComparer.Ordinal);

    public Labels ExternalLabels { get; set; } = Labels.Empty;

    public List<ScrapeJob> Jobs { get; } = [];

    public List<DirectReceiver> Receivers { get; } = [];

    public List<DraftWishes> Wishes { get; } = [];

    public List<DraftFailover> Failovers { get; } = [];

    /// <summary>The routing tree, and the text of its file with secrets hidden.</summary>
    public (AlertmanagerConfig Config, string Text)? Alertmanager { get; set; }

    public List<RuleGroup> RuleGroups { get; } = [];

    public List<DraftObjective> Objectives { get; } = [];

    public List<DraftHeartbeat> Heartbeats { get; } = [];

    public List<OutboundBeat> Beats { get; } = [];

    public bool IsDeclared(string kind, string name) => _names.ContainsKey($"{kind}\n{name}");

    /// <summary>Whether a name is used for the first time; a second use is a problem.</summary>
    public bool IsNew(BindingFile file, YamlNode at, string kind, string name)
    {
        if (_names.TryAdd($"{kind}\n{name}", file.At(at)))
        {
            return true;
        }
        file.Error(at, "duplicate", $"{kind} {name} is declared twice", $"the first is at {_names[$"{kind}\n{name}"]}");
        return false;
    }
}

/// <summary>An objective whose names are not looked up yet. References carry their place.</summary>
internal sealed record DraftObjective(
    BindingFile File, YamlText Name, string Suffix, YamlText? Service, YamlText? Environment, string DisplayName, string Description, decimal Target,
    YamlNode TargetNode, IReadOnlyList<BudgetWindow> Windows, Indicator? Indicator, YamlText? IndicatorRef, YamlNode Node,
    (ThresholdOperator Operator, double Value)? Limit, Slicing? Slices, decimal? Sla, IReadOnlyList<string> GroupBy,
    YamlText? Policy, UnknownTreatment Unknown, string Definition)
{
    public YamlText? BudgetPolicy { get; init; }

    /// <summary>Length of the window that burn limits go by.</summary>
    public int WindowMinutes => Windows[0].NominalMinutes;
}
