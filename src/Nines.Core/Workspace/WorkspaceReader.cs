using System.IO.Enumeration;
using System.Security.Cryptography;
using System.Text;
using Nines.Core.Alerting.Routing;
using Nines.Core.Catalog;
using Nines.Core.Delivery.Integrations;
using Nines.Core.Objectives;
using Nines.Core.Objectives.Sources;
using Nines.Core.Workspace.Alertmanager;
using Nines.Core.Workspace.Lint;

namespace Nines.Core.Workspace;

/// <summary>Reads the files of a workspace into one checked and linked model, or names everything that is wrong with them.</summary>
public static class WorkspaceReader
{
    /// <summary>Most problems that are told at once.</summary>
    public const int MaxProblems = 1000;

    private static readonly System.Buffers.SearchValues<char> NotInNames = System.Buffers.SearchValues.Create("/@{}[] \n\t");

    /// <summary>Reads files. Those that do not end in <c>.yaml</c> or <c>.yml</c> are not looked at.</summary>
    public static WorkspaceReading Read(IReadOnlyList<WorkspaceFile> files)
    {
        var problems = new List<Problem>();
        var found = new Found();
        var read = files.Where(f => f.Path.EndsWith(".yaml", StringComparison.OrdinalIgnoreCase) || f.Path.EndsWith(".yml", StringComparison.OrdinalIgnoreCase))
            .OrderBy(f => f.Path, StringComparer.Ordinal).ToList();
        foreach (var file in read)
        {
            ReadFile(file, found, problems);
        }
        var templates = found.Alertmanager is { } routing ? Templates(routing.Config, files, problems) : [];
        var wishes = WishesReader.Link(found);
        var failover = FailoverReader.Link(found);
        var ladders = SeverityLadderReader.Link(found);
        var receivers = found.Receivers.OrderBy(r => r.Name, StringComparer.Ordinal).Select(r => r with { Words = ladders.Ladders.Count == 0 ? [] : ladders.Meant(r.Severities) });
        var model = Linker.Link(found) with
        {
            Hash = HashOf([.. read, .. templates.Select(t => new WorkspaceFile(t.File, Encoding.UTF8.GetBytes(t.Text)))]),
            // Names that are not unique make no plan.
            Routing = problems.Exists(p => p.Severity == ProblemSeverity.Error) ? RoutingPlan.Empty
                : RoutingPlan.Of([.. receivers], found.Alertmanager, templates) with { Wishes = wishes, Failover = failover, Ladders = ladders },
        };
        if (!problems.Exists(p => p.Severity == ProblemSeverity.Error))
        {
            problems.AddRange(WorkspaceLint.Check(model));
        }
        problems = [.. problems.OrderBy(p => p.Position.File, StringComparer.Ordinal).ThenBy(p => p.Position.Line).ThenBy(p => p.Position.Column)
            .ThenBy(p => p.Code, StringComparer.Ordinal)
            .ThenBy(p => p.Message, StringComparer.Ordinal).Take(MaxProblems)];
        return new(problems.Exists(p => p.Severity == ProblemSeverity.Error) ? null : model, problems);
    }

    private static void ReadFile(WorkspaceFile source, Found found, List<Problem> problems)
    {
        var top = new YamlText(1, 1, "", 0, default);
        if (source.Content.Length > YamlReader.MaxBytes)
        {
            new BindingFile(source.Path, "", problems).Error(top, "yaml", "the file is larger than 1 MiB", "split it");
            return;
        }
        if (YamlReader.Decode(source.Content.Span) is not { } text)
        {
            new BindingFile(source.Path, "", problems).Error(top, "yaml", "the file is not UTF-8");
            return;
        }
        var file = new BindingFile(source.Path, text, problems);
        foreach (var document in new YamlReader(source.Path, text, problems).Read())
        {
            foreach (var node in document.Root is YamlList list ? list.Items : [document.Root])
            {
                ReadObject(file, node, document.Text, found);
            }
        }
    }

    private static void ReadObject(BindingFile file, YamlNode node, string definition, Found found)
    {
        if (node is not YamlMap map)
        {
            file.Error(node, "wrong-type", "a document must be a mapping with apiVersion and kind");
            return;
        }
        bool Has(string key) => map.Entries.Exists(e => e.Key.Value == key);
        if (!Has("kind") && Has("groups"))
        {
            RuleFileReader.Read(new(file, node, "the rule file"), found.RuleGroups);
            return;
        }
        if (!Has("kind") && Has("route") && Has("receivers"))
        {
            ReadAlertmanager(file, map, found);
            return;
        }
        if (!Has("kind") && (Has("targets") || (Has("rule_files") && Has("tests"))))
        {
            // A file of targets that a scrape job discovers is read when it changes; unit tests of rules, which lie beside them, are run by hand or in CI.
            return;
        }
        if (!Has("kind") && (Has("scrape_configs") || Has("global")))
        {
            ScrapeConfigReader.Read(new(file, node, "the Prometheus configuration"), found);
            return;
        }
        var top = new Fields(file, node, "the document");
        var version = top.Text("apiVersion", required: true);
        var kind = top.Text("kind", required: true);
        if (version is null || kind is null)
        {
            return;
        }
        string[] kinds = version.Value switch { "openslo/v1" => OpenSloReader.Kinds, "nines/v1" => NinesKindReader.Kinds, _ => [] };
        if (kinds.Length == 0)
        {
            file.Error(version, "unknown-version", $"apiVersion {version.Value} is not read",
                Near.Hint(version.Value, ["openslo/v1", "nines/v1"]) is { Length: > 0 } hint ? hint : "write openslo/v1 or nines/v1");
            return;
        }
        if (!kinds.Contains(kind.Value, StringComparer.Ordinal))
        {
            file.Error(kind, "unknown-kind", $"{version.Value} has no kind {kind.Value}", Near.Hint(kind.Value, kinds) is { Length: > 0 } hint ? hint
                : $"it has {string.Join(", ", kinds)}");
            return;
        }
        var metadata = top.Map("metadata", required: true);
        var name = metadata?.Text("name", required: true);
        if (name is not null && name.Value.AsSpan().ContainsAny(NotInNames))
        {
            file.Error(name, "bad-value", $"the name \"{name.Value}\" holds a character that keys and addresses cannot", "use letters, digits, - and _");
        }
        if (version.Value == "nines/v1")
        {
            NinesKindReader.Read(kind.Value, top, name, metadata, found);
        }
        else
        {
            OpenSloReader.Read(kind.Value, top, name, metadata, definition, found);
        }
        metadata?.Ignore("displayName", "labels", "annotations");
        metadata?.Done();
        top.Ignore("spec");
        top.Done();
    }

    private static void ReadAlertmanager(BindingFile file, YamlMap map, Found found)
    {
        if (found.Alertmanager is { } first)
        {
            file.Error(map, "duplicate", "a workspace has one routing tree", $"the first is at {first.Config.Root.Position}");
        }
        else if (AlertmanagerReader.Read(file, map, MatcherMode.Fallback) is { } config)
        {
            foreach (var receiver in config.Receivers)
            {
                found.IsNew(file, new YamlText(receiver.Position.Line, receiver.Position.Column, receiver.Name, 0, default), "receiver", receiver.Name);
            }
            found.Alertmanager = (config, ShownText.Of(file.Text, map));
        }
    }

    /// <summary>The files with templates that the routing tree names: paths relative to its own file, with wildcards in the last part.</summary>
    private static List<(string File, string Text)> Templates(AlertmanagerConfig config, IReadOnlyList<WorkspaceFile> files, List<Problem> problems)
    {
        var folder = Path.GetDirectoryName(config.Root.Position.File)?.Replace('\\', '/') ?? "";
        var templates = new List<(string, string)>();
        foreach (var pattern in config.Templates.Select(t => folder.Length == 0 ? t : $"{folder}/{t}"))
        {
            templates.AddRange(files
                .Where(f => Path.GetDirectoryName(f.Path) == Path.GetDirectoryName(pattern)
                    && FileSystemName.MatchesSimpleExpression(Path.GetFileName(pattern), Path.GetFileName(f.Path), ignoreCase: false))
                .Select(f => (f.Path, Encoding.UTF8.GetString(f.Content.Span))));
        }
        problems.AddRange(NotificationTemplates.Read(templates).Errors
            .Select(e => new Problem(new SourcePosition(e.File, 1, 1), ProblemSeverity.Error, "template", e.Error)));
        return templates;
    }

    private static string HashOf(IEnumerable<WorkspaceFile> files)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        foreach (var file in files)
        {
            // Lengths part names from contents: moving a byte between them changes the hash.
            var name = Encoding.UTF8.GetBytes(file.Path);
            hash.AppendData(BitConverter.GetBytes((long)name.Length));
            hash.AppendData(name);
            hash.AppendData(BitConverter.GetBytes((long)file.Content.Length));
            hash.AppendData(file.Content.Span);
        }
        return Convert.ToHexStringLower(hash.GetHashAndReset());
    }
}

/// <summary>Looks names up and makes the model.</summary>
internal static class Linker
{
    public static WorkspaceModel Link(Found found)
    {
        found.Environments.TryAdd(DeploymentEnvironment.Default, new(DeploymentEnvironment.Default, "Production", true, default));
        foreach (var (file, name) in found.SourceReferences)
        {
            Known(file, name, "DataSource", found.Sources.Keys, "declare it in an openslo/v1 document of kind DataSource; without metricSourceRef the built-in engine is read");
        }
        var objectives = new SortedDictionary<string, Objective>(StringComparer.Ordinal);
        foreach (var draft in found.Objectives)
        {
            if (Objective(draft, found) is { } objective && !objectives.TryAdd(objective.Key, objective))
            {
                draft.File.Error(draft.Name, "duplicate", $"objective {objective.Key} is declared twice",
                    $"the first is at {objectives[objective.Key].Position}");
            }
        }
        return new()
        {
            Services = [.. found.Services.Values.OrderBy(s => s.Name, StringComparer.Ordinal)],
            Environments = [.. found.Environments.Values.OrderBy(e => e.Name, StringComparer.Ordinal)],
            Objectives = [.. objectives.Values],
            Sources = [.. found.Sources.Values.OfType<MetricsSource>().OrderBy(s => s.Name, StringComparer.Ordinal)],
            ErrorBudgetPolicies = [.. found.BudgetPolicies.Values.OrderBy(p => p.Name, StringComparer.Ordinal)],
            Collectors = CollectorReader.Link(found),
            ScrapeJobs = [.. found.Jobs.OrderBy(j => j.Name, StringComparer.Ordinal)],
            RuleGroups = found.RuleGroups,
            ExternalLabels = found.ExternalLabels,
            OutboundBeats = [.. found.Beats.OrderBy(b => b.Name, StringComparer.Ordinal)],
            Heartbeats = HeartbeatReader.Link(found, (file, service, environment) => Place(file, service, environment, found)),
            Receivers = [.. found.Receivers.OrderBy(r => r.Name, StringComparer.Ordinal)],
            Probes = ProbeReader.Link(found),
        };
    }

    private static Objective? Objective(DraftObjective draft, Found found)
    {
        var file = draft.File;
        var environment = draft.Environment?.Value ?? DeploymentEnvironment.Default;
        Place(file, draft.Service, draft.Environment, found);
        var indicator = draft.Indicator;
        if (draft.IndicatorRef is { } reference && Known(file, reference, "SLI", found.Indicators.Keys, "declare it in a document of kind SLI"))
        {
            indicator ??= found.Indicators[reference.Value];
        }
        if (indicator?.Source is { } named && found.Sources.GetValueOrDefault(named) is null)
        {
            indicator = indicator with { Source = null };
        }
        if (indicator is Threshold threshold)
        {
            if (draft.Limit is not { } limit)
            {
                file.Error(draft.Node, "missing", "an objective of a thresholdMetric needs op and value", "write op: lte and value: 0.5");
                return null;
            }
            indicator = threshold with { Operator = limit.Operator, Limit = limit.Value };
        }
        else if (draft.Limit is not null)
        {
            file.Warn(draft.Node, "not-used", "op and value are not used: the SLI is a ratio", "drop them; the target says what is enough");
        }
        if (indicator is not (null or CounterRatio) && draft.GroupBy.Count > 0)
        {
            file.Error(draft.Name, "unsupported", "only counted indicators can be kept by group: this one is evaluated as a whole",
                "drop nines.dev/group-by, or write the queries as sums of counters");
        }
        if (draft.Service is null || indicator is null || !found.Environments.TryGetValue(environment, out var place))
        {
            Policy(draft, found);
            return null;
        }
        return new()
        {
            Key = $"{draft.Service.Value}/{draft.Name.Value}{draft.Suffix}@{environment}",
            Service = draft.Service.Value,
            Environment = environment,
            DisplayName = draft.DisplayName,
            Description = draft.Description,
            Target = draft.Target,
            Windows = draft.Windows,
            Indicator = indicator,
            // A value is judged at every sample; a minute is good when all of them are.
            Slices = draft.Slices ?? (indicator is Threshold ? new Slicing(1, 1) : null),
            Sla = draft.Sla,
            GroupBy = draft.GroupBy,
            BurnPolicy = Policy(draft, found),
            ErrorBudgetPolicy = BudgetPolicy(draft, found),
            Unknown = draft.Unknown,
            Pages = place.Pages,
            Position = file.At(draft.Name),
            Definition = draft.Definition,
        };
    }

    private static void Place(BindingFile file, YamlText? service, YamlText? environment, Found found)
    {
        Known(file, service, "service", found.Services.Keys, "declare it in a document of kind Service");
        Known(file, environment, "environment", found.Environments.Keys, "declare it in a nines/v1 document of kind Environment");
    }

    private static ErrorBudgetPolicy BudgetPolicy(DraftObjective draft, Found found)
    {
        // A policy named default is that of all objectives that name none.
        var known = found.BudgetPolicies.GetValueOrDefault("default", ErrorBudgetPolicy.Default);
        return draft.BudgetPolicy is { Value: not "default" } name
            && Known(draft.File, name, "error budget policy", found.BudgetPolicies.Keys, "declare it in a nines/v1 document of kind ErrorBudgetPolicy")
            ? found.BudgetPolicies[name.Value] : known;
    }

    private static BurnPolicy Policy(DraftObjective draft, Found found)
    {
        var policy = BurnPolicy.Default;
        var declared = draft.Policy is not null && found.Policies.TryGetValue(draft.Policy.Value, out policy!);
        if (!declared && draft.Policy is { Value: not "default" } name && !found.AlertPolicies.Contains(name.Value))
        {
            Known(draft.File, name, "burn policy", found.Policies.Keys, "declare it in a nines/v1 document of kind BurnPolicy");
        }
        policy ??= BurnPolicy.Default;
        var unreachable = policy.Rules.Where(r => !r.IsReachable(draft.Target, draft.WindowMinutes)).ToList();
        foreach (var rule in unreachable)
        {
            var message = $"the rule {rule.Share:0.##%} in {PromQL.Durations.Format(rule.LongMinutes * 60_000L)} of burn policy {policy.Name} can never fire: it needs a burn rate above {rule.Limit(draft.WindowMinutes):0.#}, "
                + $"and with target {draft.Target} over {PromQL.Durations.Format(draft.WindowMinutes * 60_000L)} the limit is {1 / (1 - draft.Target):0.#}";
            if (declared)
            {
                draft.File.Error(draft.TargetNode, "unreachable-rule", message, "lower the share, lengthen the rule's window, or raise the target");
            }
            else
            {
                draft.File.Warn(draft.TargetNode, "unreachable-rule", message + "; it is left out", "declare a BurnPolicy that suits this target");
            }
        }
        return unreachable.Count == 0 ? policy : policy with { Rules = [.. policy.Rules.Except(unreachable)] };
    }

    internal static bool Known(BindingFile file, YamlText? name, string kind, IEnumerable<string> names, string otherwise)
    {
        if (name is null || names.Contains(name.Value, StringComparer.Ordinal))
        {
            return name is not null;
        }
        file.Error(name, "unknown-reference", $"there is no {kind} {name.Value}", Near.Hint(name.Value, names) is { Length: > 0 } hint ? hint : otherwise);
        return false;
    }
}
