using Nines.Core.Objectives;
using Nines.PromQL;

namespace Nines.Core.Workspace.Import;

/// <summary>Reads Pyrra's ServiceLevelObjective (<c>pyrra.dev/v1alpha1</c>). Its metrics are plain selectors of counters.</summary>
internal sealed class PyrraImport(ImportFile import)
{
    // Of a window of 28 days; other windows have the same rules, longer or shorter in proportion, in whole minutes.
    private static readonly (int Factor, int Long, int Short, BurnSeverity Severity)[] Tiers =
        [(14, 60, 5, BurnSeverity.Page), (7, 360, 30, BurnSeverity.Page), (2, 1440, 120, BurnSeverity.Ticket), (1, 5760, 360, BurnSeverity.Ticket)];

    private static readonly string[] Kinds = ["ratio", "latency", "latencyNative", "bool_gauge"];

    public void Add(Fields top)
    {
        var metadata = top.Map("metadata", required: true);
        var name = metadata?.Text("name", required: true);
        if (top.Map("spec", required: true) is not { } spec || name is null)
        {
            return;
        }
        import.Document = $"ServiceLevelObjective {name.Value}";
        import.Unknown(top.Node, ["apiVersion", "kind", "metadata", "spec", "status"]);
        import.Unknown(spec.Node, ["description", "target", "window", "indicator", "alerting", "partial_response_strategy", "performanceOverAccuracy"]);
        var target = Target(spec);
        var window = spec.Text("window", required: true);
        var windowMs = window is null ? null : spec.Duration("window", 3_600_000, 400L * 86_400_000);
        var (indicator, groupBy) = Indicator(spec);
        if (indicator is null || target is null || windowMs is null)
        {
            return;
        }
        var labels = metadata!.Map("labels")?.Node as YamlMap;
        var service = Service(name, metadata, labels);
        if (!import.Claim(name, $"SLO {service}/{name.Value}", $"the SLO {service}/{name.Value} is declared twice"))
        {
            return;
        }
        if (Tree.GetText(labels, "environment") is { } environment)
        {
            import.NeedEnvironment(labels!, environment);
        }
        var policy = Policy(spec, (int)(windowMs.Value / 60_000), target.Value);
        if (spec.Any("partial_response_strategy") is { } partial)
        {
            import.Loss(partial, "partial-response", "partial_response_strategy, which is for Thanos' ruler", "dropped");
        }
        if (spec.Any("performanceOverAccuracy") is { } accuracy)
        {
            import.Loss(accuracy, "weighting", "performanceOverAccuracy", "counts are exact and cheap here");
        }
        Write(spec, name, service, labels, groupBy, indicator, Tree.Share(spec.Any("target")!, target.Value), window!, policy);
    }

    private void Write(Fields spec, YamlText name, string service, YamlMap? labels, IReadOnlyList<string> groupBy, YamlMap indicator, YamlText target,
        YamlText window, string policy)
    {
        var isGauge = Tree.Get(indicator, "thresholdMetric") is not null;
        YamlNode objective = isGauge ? Tree.Map(target, ("target", target), ("op", Tree.Text(target, "gte")), ("value", Tree.Plain(target, "1")))
            : Tree.Map(target, ("target", target));
        import.Made.Add(Tree.Map(name,
            ("apiVersion", Tree.Text(name, "openslo/v1")), ("kind", Tree.Text(name, "SLO")),
            ("metadata", Tree.Map(name, ("name", name), ("labels", labels), ("annotations", groupBy.Count == 0 ? null
                : Tree.Map(name, ("nines.dev/group-by", Tree.Text(name, string.Join(", ", groupBy))))))),
            ("spec", Tree.Map(name,
                ("description", spec.Text("description")), ("service", Tree.Text(name, service)),
                ("indicator", Tree.Map(name, ("metadata", Tree.Map(name, ("name", name))), ("spec", indicator))),
                ("budgetingMethod", Tree.Text(name, "Occurrences")),
                ("timeWindow", SlothImport.Window(window, window.Value)),
                ("objectives", Tree.List(name, [objective])),
                ("alertPolicies", Tree.List(name, [Tree.Text(name, policy)]))))));
    }

    private string Service(YamlText name, Fields metadata, YamlMap? labels)
    {
        var found = Tree.GetText(labels, "pyrra.dev/service") ?? metadata.Text("namespace")?.Value;
        var service = found is { Length: > 0 } ? found : name.Value;
        if (import.Run.Declared.Contains($"Service {service}"))
        {
            return service;
        }
        import.Loss(name, "no-service", "the format names no service",
            $"the service {service} was written, after {(found is null ? "the objective" : "the label pyrra.dev/service or the namespace")}");
        import.NeedService(name, service, isOwn: true);
        return service;
    }

    private decimal? Target(Fields spec)
    {
        if (spec.Number("target", 0, 100, required: true) is not { } percent)
        {
            return null;
        }
        var at = spec.Any("target")!;
        if (percent is <= 0 or >= 100)
        {
            import.File.Error(at, "bad-value", $"target must be between 0 and 100 percent, both excluded, not {percent}", percent == 100
                ? "a target of all leaves no budget" : "");
            return null;
        }
        if (percent < 1)
        {
            import.Loss(at, "suspicious-target", $"nothing; but {percent} is taken as percent, as the original takes it",
                $"write {percent * 100} if that share was meant");
        }
        return percent / 100;
    }

    private (YamlMap? Indicator, IReadOnlyList<string> GroupBy) Indicator(Fields spec)
    {
        if (spec.Map("indicator", required: true) is not { } indicator)
        {
            return default;
        }
        import.Unknown(indicator.Node, Kinds);
        var given = Kinds.Where(k => indicator.Map(k) is not null).ToList();
        if (given.Count != 1)
        {
            import.File.Error(indicator.Node, given.Count == 0 ? "missing" : "bad-value",
                "exactly one of ratio, latency, latencyNative and bool_gauge must be set");
            return default;
        }
        var kind = indicator.Map(given[0])!;
        var groupBy = kind.List("grouping").OfType<YamlText>().Select(t => t.Value).ToList();
        switch (given[0])
        {
            case "ratio":
            {
                var (errors, total) = (Metric(kind, "errors"), Metric(kind, "total"));
                return (errors is null || total is null ? null : Ratio("bad", errors, total), groupBy);
            }
            case "latency":
            {
                var (success, total) = (Metric(kind, "success", isBucket: true), Metric(kind, "total"));
                return (success is null || total is null ? null : Ratio("good", success, total), groupBy);
            }
            case "latencyNative":
                import.File.Error(kind.Node, "native-histogram", "latencyNative reads a native histogram, which is not counted here",
                    "expose a classic histogram with a bucket at the threshold and use latency");
                return default;
            default:
                return (Gauge(kind, groupBy), []);
        }
    }

    private YamlMap? Gauge(Fields kind, List<string> groupBy)
    {
        if (Metric(kind.Node, kind.Text("metric", required: true), isBucket: false) is not { } gauge)
        {
            return null;
        }
        import.Loss(gauge, "bool-gauge", "the share of samples that are 1", "the share of minutes in which all samples of all series are at least 1");
        if (groupBy.Count > 0)
        {
            import.Loss(kind.Any("grouping")!, "grouping", $"one objective for each {string.Join(", ", groupBy)}", "one objective for all of them");
        }
        return Tree.Map(gauge, ("thresholdMetric", Tree.Map(gauge, ("metricSource",
            Tree.Map(gauge, ("type", Tree.Text(gauge, "Prometheus")), ("spec", Tree.Map(gauge, ("query", gauge))))))));
    }

    private static YamlMap Ratio(string part, YamlText counted, YamlText total) => Tree.Map(counted,
        ("ratioMetric", Tree.Map(counted, ("counter", Tree.Plain(counted, "true")), (part, SlothImport.Side(counted)), ("total", SlothImport.Side(total)))));

    private YamlText? Metric(Fields kind, string key, bool isBucket = false) =>
        kind.Map(key, required: true) is { } side ? Metric(side.Node, side.Text("metric", required: true), isBucket) : null;

    private YamlText? Metric(YamlNode at, YamlText? metric, bool isBucket)
    {
        if (metric is null || !import.IsPromQl(metric))
        {
            return null;
        }
        if (PromParser.Parse(metric.Value).Expr is not VectorSelector selector)
        {
            import.File.Error(metric, "query", "the metric must be a plain selector, as the original asks", "write name{label=\"value\"}");
            return null;
        }
        if (isBucket && !selector.Matchers.Any(m => m.Name == "le"))
        {
            import.File.Error(metric, "query", "the metric of a latency must select one bucket", "add le=\"0.3\", a bound the histogram has");
            return null;
        }
        return metric;
    }

    private string Policy(Fields spec, int windowMinutes, decimal target)
    {
        var alerting = spec.Map("alerting");
        if (alerting is not null)
        {
            import.Unknown(alerting.Node, ["disabled", "burnrates", "absent", "name", "absentName", "severities"]);
        }
        var burns = alerting?.Flag("burnrates", true) != false && alerting?.Flag("disabled", false) != true;
        foreach (var (key, code) in new[] { ("name", "alert-name"), ("absentName", "alert-name"), ("severities", "alert-severity") })
        {
            if (alerting?.Any(key) is { } named)
            {
                import.Loss(named, code, $"alerting.{key}", key == "severities" ? "the severities are page and ticket"
                    : "alerts are named after the objective");
            }
        }
        if (alerting?.Any("absent") is { } absent && !alerting.Flag("absent", true))
        {
            import.Loss(absent, "absent-alert", "absent: false", "an objective whose signal is lost always says so");
        }
        if (burns)
        {
            import.Loss(alerting?.Node ?? spec.Node, "alert-for", "the time each alert waits (for) before it fires", "the long window alone decides");
        }
        int Scaled(int minutes) => Math.Max(1, (int)Math.Round((double)minutes * windowMinutes / 40_320, MidpointRounding.AwayFromZero));
        var rules = !burns ? [] : Tiers.Select(t => new BurnRule(Scaled(t.Long), Scaled(t.Short), (decimal)t.Factor * Scaled(t.Long) / windowMinutes,
            t.Severity))
            .Where(r => r.LongMinutes > r.ShortMinutes && r.Share <= 1).ToList();
        return Policies.Need(import, spec.Any("target")!, "pyrra", windowMinutes, rules, target, complete: 4);
    }
}
