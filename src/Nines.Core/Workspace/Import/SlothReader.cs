using System.Globalization;
using System.Text.RegularExpressions;
using Nines.Core.Objectives.Generate;

namespace Nines.Core.Workspace.Import;

/// <summary>An objective with the places of its parts.</summary>
internal sealed record ReadSloth(SlothSlo Slo, YamlText Name, YamlText Service, YamlText Objective, IReadOnlyList<YamlText> Queries, Fields? Alerting,
    bool IsMetricsQl);

/// <summary>A document of Sloth with the places of its objectives.</summary>
internal sealed record ReadSlothDocument(SlothDocument Document, IReadOnlyList<ReadSloth> Slos);

/// <summary>
/// Reads Sloth's own two dialects; they say the same in keys of another spelling. The original passes over keys it does not know: those are named, not refused.
/// </summary>
internal sealed partial class SlothReader(ImportFile import, bool camel, long periodMs)
{
    private static readonly string[] Core = ["validate", "sli_rules", "metadata_rules", "alert_rules", "noop", "debug"];
    private const string VictoriaMetrics = "sloth.dev/contrib/validate_victoria_metrics/v1";

    public ReadSlothDocument? Read(Fields top)
    {
        var spec = camel ? top.Map("spec", required: true) : top;
        if (spec is null)
        {
            return null;
        }
        var metadata = camel ? Metadata(top) : null;
        var service = Name(spec, "service");
        var labels = Texts(spec.Map("labels"), checkNames: true);
        var plugins = Plugins(spec.Map(camel ? "sloPlugins" : "slo_plugins"));
        var slos = spec.Maps("slos", "SLO", required: true).Select(s => Slo(s, service, labels, plugins)).ToList();
        if (slos.Count == 0 && spec.Any("slos") is { } none)
        {
            import.File.Error(none, "missing", "slos is empty: at least one SLO is required");
        }
        import.Unknown(spec.Node, camel ? ["service", "labels", "slos", "sloPlugins"] : ["version", "service", "labels", "slos", "slo_plugins"]);
        var whole = slos.OfType<ReadSloth>().ToList();
        return new(new(camel ? SlothDialect.Kubernetes : SlothDialect.Prometheus, [.. whole.Select(s => s.Slo)], metadata), whole);
    }

    private KubernetesMetadata Metadata(Fields top)
    {
        var metadata = top.Map("metadata", required: true);
        var name = metadata?.Text("name", required: true);
        return new(name?.Value ?? "", metadata?.Text("namespace")?.Value ?? "", Texts(metadata?.Map("labels")), Texts(metadata?.Map("annotations")));
    }

    private ReadSloth? Slo(Fields slo, YamlText? service, SortedDictionary<string, string> shared, PluginChain inherited)
    {
        var name = Name(slo, "name");
        var objective = slo.Text("objective", required: true);
        var target = objective is null ? 0 : Objective(objective);
        var labels = SlothRules.Merged(shared, Texts(slo.Map("labels"), checkNames: true));
        var own = Plugins(slo.Map("plugins"));
        var chain = own.Overrides ? own : new PluginChain(false, inherited.DisableOptimized || own.DisableOptimized, inherited.MetricsQl || own.MetricsQl);
        var queries = Queries(slo, chain.MetricsQl);
        var alerting = slo.Map("alerting");
        var (page, ticket) = (Alert(slo, alerting, camel ? "pageAlert" : "page_alert"), Alert(slo, alerting, camel ? "ticketAlert" : "ticket_alert"));
        import.Unknown(slo.Node, ["name", "objective", "description", "labels", "sli", "alerting", "plugins"]);
        if (alerting is not null)
        {
            import.Unknown(alerting.Node, ["name", "labels", "annotations", camel ? "pageAlert" : "page_alert", camel ? "ticketAlert" : "ticket_alert"]);
        }
        if (service is null || name is null || objective is null || target is null || queries is null)
        {
            return null;
        }
        import.Claim(name, $"sloth {service.Value}-{name.Value}", $"the SLO {service.Value}-{name.Value} is declared twice");
        var isRatio = queries.Count == 1;
        return new(new SlothSlo
        {
            Id = $"{service.Value}-{name.Value}",
            Name = name.Value,
            Service = service.Value,
            Description = slo.Text("description")?.Value ?? "",
            Objective = target.Value,
            PeriodMs = periodMs,
            Labels = labels,
            ErrorQuery = isRatio ? null : queries[0].Value,
            TotalQuery = isRatio ? null : queries[1].Value,
            RatioQuery = isRatio ? queries[0].Value : null,
            Page = page,
            Ticket = ticket,
            DisableOptimized = chain.DisableOptimized,
        }, name, service, objective, queries, alerting, chain.MetricsQl);
    }

    private double? Objective(YamlText text)
    {
        if (!double.TryParse(text.Value, NumberStyles.Float, CultureInfo.InvariantCulture, out var value) || !double.IsFinite(value))
        {
            import.File.Error(text, "wrong-type", $"objective must be a number, not {text.Value}");
            return null;
        }
        if (value is <= 0 or > 100)
        {
            import.File.Error(text, "bad-value", $"objective must be above 0 and at most 100 (percent), not {text.Value}");
            return null;
        }
        return value;
    }

    private YamlText? Name(Fields fields, string key)
    {
        var text = fields.Text(key, required: true);
        if (text is null || ValidName().IsMatch(text.Value))
        {
            return text;
        }
        import.File.Error(text, "bad-name",
            $"{key} \"{text.Value}\" must start and end with a letter or digit and hold only these, '.', '_' and '-', at least two of them");
        return null;
    }

    private List<YamlText>? Queries(Fields slo, bool metricsQl)
    {
        if (slo.Map("sli", required: true) is not { } sli)
        {
            return null;
        }
        var (events, raw, plugin) = (sli.Map("events"), sli.Map("raw"), sli.Map("plugin"));
        import.Unknown(sli.Node, ["events", "raw", "plugin"]);
        if (plugin is not null)
        {
            var id = plugin.Text("id", required: true);
            import.File.Error(id ?? plugin.Node, "sloth-plugin", $"the SLI plugin {id?.Value} is Go source that Sloth runs; it is not run here",
                "run the plugin with Sloth once and write the queries it gives");
            return null;
        }
        if ((events is null) == (raw is null))
        {
            import.File.Error(sli.Node, events is null ? "missing" : "bad-value", events is null ? "an SLI is needed: events or raw"
                : "only one of events and raw is allowed");
            return null;
        }
        string[] keys = events is not null ? camel ? ["errorQuery", "totalQuery"] : ["error_query", "total_query"]
            : [camel ? "errorRatioQuery" : "error_ratio_query"];
        import.Unknown((events ?? raw)!.Node, keys);
        var queries = keys.Select(k => Query((events ?? raw)!, k, metricsQl)).OfType<YamlText>().ToList();
        if (queries.Count == 2 && queries[0].Value == queries[1].Value)
        {
            import.File.Error(queries[0], "bad-value", "the queries for errors and for all events are the same");
            return null;
        }
        return queries.Count == keys.Length ? queries : null;
    }

    private YamlText? Query(Fields fields, string key, bool metricsQl)
    {
        if (fields.Text(key, required: true) is not { } query)
        {
            return null;
        }
        if (!SlothSlo.HasWindow(query.Value))
        {
            import.File.Error(query, "query", $"{key} must hold {{{{.window}}}}", "write the range as [{{.window}}]");
            return null;
        }
        return metricsQl || import.IsPromQl(query) ? query : null;
    }

    private SlothAlert? Alert(Fields slo, Fields? alerting, string key)
    {
        var own = alerting?.Map(key);
        if (own is not null)
        {
            import.Unknown(own.Node, ["disable", "labels", "annotations"]);
        }
        if (own?.Flag("disable", false) == true)
        {
            return null;
        }
        var name = alerting?.Any("name") as YamlText;
        if (name is null or { Value: "" })
        {
            import.ErrorOnce(name ?? alerting?.Node ?? slo.Node, "missing", "alerting needs name", "name the alerts, or disable both of them");
        }
        return new(name?.Value ?? "", SlothRules.Merged(Texts(alerting?.Map("labels"), checkNames: true), Texts(own?.Map("labels"), checkNames: true)),
            SlothRules.Merged(Texts(alerting?.Map("annotations")), Texts(own?.Map("annotations"))));
    }

    private SortedDictionary<string, string> Texts(Fields? map, bool checkNames = false)
    {
        var texts = new SortedDictionary<string, string>(StringComparer.Ordinal);
        foreach (var (key, value) in (map?.Node as YamlMap)?.Entries ?? [])
        {
            if (checkNames && !LabelName().IsMatch(key.Value))
            {
                import.ErrorOnce(key, "bad-name", $"\"{key.Value}\" is no name of a label", "use letters, digits and _, and no digit first");
            }
            else if (value is YamlText text)
            {
                texts[key.Value] = text.IsNull ? "" : text.Value;
            }
            else
            {
                import.ErrorOnce(value, "wrong-type", $"{key.Value} must be a text", "");
            }
        }
        return texts;
    }

    private readonly record struct PluginChain(bool Overrides, bool DisableOptimized, bool MetricsQl);

    /// <summary>The parts Sloth's own rules are made of are known here; those that are Go source of others are not.</summary>
    private PluginChain Plugins(Fields? plugins)
    {
        var chain = new PluginChain(plugins?.Flag("overridePrevious", false) == true, false, false);
        foreach (var plugin in plugins?.Maps("chain", "plugin") ?? [])
        {
            var id = plugin.Text("id", required: true);
            if (id?.Value is VictoriaMetrics)
            {
                chain = chain with { MetricsQl = true };
            }
            else if (id is not null && !Core.Any(c => id.Value == $"sloth.dev/core/{c}/v1"))
            {
                import.File.Error(id, "sloth-plugin", $"the SLO plugin {id.Value} is Go source that Sloth runs; it is not run here",
                    "drop it, or generate with Sloth");
            }
            chain = chain with { DisableOptimized = chain.DisableOptimized || plugin.Map("config")?.Flag("disableOptimized", false) == true };
        }
        return chain;
    }

    [GeneratedRegex(@"\A[A-Za-z0-9][-A-Za-z0-9_.]*[A-Za-z0-9]\z", RegexOptions.CultureInvariant | RegexOptions.NonBacktracking)]
    private static partial Regex ValidName();

    [GeneratedRegex(@"\A[A-Za-z_][A-Za-z0-9_]*\z", RegexOptions.CultureInvariant | RegexOptions.NonBacktracking)]
    private static partial Regex LabelName();
}
