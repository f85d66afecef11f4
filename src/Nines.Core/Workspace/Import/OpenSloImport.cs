namespace Nines.Core.Workspace.Import;

/// <summary>
/// Carries OpenSLO v1 and v2alpha over: v2alpha says the same under other keys. What is right or wrong within them the workspace's own reader says afterwards.
/// </summary>
internal sealed class OpenSloImport(ImportFile import, bool isV2)
{
    public void Add(YamlMap document, string kind, Fields top)
    {
        var metadata = top.Map("metadata", required: true);
        var name = metadata?.Text("name", required: true);
        var spec = Tree.Get(document, "spec") as YamlMap;
        import.Document = $"{kind} {name?.Value}";
        if (name is null)
        {
            return;
        }
        switch (kind)
        {
            case "Service":
                if (import.Claim(name, $"Service {name.Value}", $"the service {name.Value} is declared twice"))
                {
                    Write(document, kind, metadata!, spec ?? Tree.Map(name));
                }
                break;
            case "SLI" when spec is not null:
                if (import.Claim(name, $"SLI {name.Value}", $"the SLI {name.Value} is declared twice"))
                {
                    Write(document, kind, metadata!, Metric(spec));
                }
                break;
            case "SLO" when spec is not null:
                Slo(document, name, metadata!, spec);
                break;
            case "SLI" or "SLO":
                import.File.Error(document, "missing", $"{kind} needs spec");
                break;
            case "DataSource":
                import.Loss(document, "data-source", $"the data source {name.Value}",
                    "objectives read from the built-in engine; to read elsewhere, declare a DataSource of type Prometheus here and name it in metricSourceRef");
                break;
            default:
                import.Loss(document, "alert-policy", $"{kind} {name.Value}", "burn policies decide when to alert, receivers whom to tell");
                break;
        }
    }

    private void Slo(YamlMap document, YamlText name, Fields metadata, YamlMap spec)
    {
        if (isV2)
        {
            spec = Renamed(spec, ("serviceRef", "service"), ("sli", "indicator"), ("sliRef", "indicatorRef"));
        }
        var service = Tree.Get(spec, "service") as YamlText;
        import.Claim(name, $"SLO {service?.Value}/{name.Value}", $"the SLO {service?.Value}/{name.Value} is declared twice");
        if (service is { Value.Length: > 0 })
        {
            import.NeedService(service, service.Value);
        }
        var labels = metadata.Map("labels")?.Node;
        if ((Tree.Get(labels, "environment") is YamlList { Items: [var first, ..] } ? first : Tree.Get(labels, "environment")) is YamlText environment)
        {
            import.NeedEnvironment(environment, environment.Value);
        }
        if (Tree.Get(spec, "indicator") is YamlMap indicator && Tree.Get(indicator, "spec") is YamlMap inner)
        {
            spec = Tree.With(spec, "indicator", Tree.With(indicator, "spec", Metric(inner)));
        }
        if (Tree.Get(spec, "objectives") is YamlList objectives)
        {
            spec = Tree.With(spec, "objectives", Tree.List(objectives, objectives.Items.Select(Weightless)));
        }
        Write(document, "SLO", metadata, Policies(spec));
    }

    private YamlNode Weightless(YamlNode objective)
    {
        if (Tree.Get(objective, "compositeWeight") is not { } weight)
        {
            return objective;
        }
        import.Loss(weight, "composite", "compositeWeight", "each objective stands by itself");
        return Tree.Without((YamlMap)objective, "compositeWeight");
    }

    private YamlMap Policies(YamlMap spec)
    {
        if (Tree.Get(spec, "alertPolicies") is not YamlList policies)
        {
            return spec;
        }
        var kept = new List<YamlNode>();
        foreach (var policy in policies.Items)
        {
            var reference = policy as YamlText ?? Tree.Get(policy, "alertPolicyRef") as YamlText;
            if (reference is not null && (reference.Value == "default" || import.Run.Declared.Contains($"BurnPolicy {reference.Value}")))
            {
                kept.Add(reference);
            }
            else if (reference is not null && !import.Run.Declared.Contains($"AlertPolicy {reference.Value}"))
            {
                import.File.Error(reference, "unknown-reference", $"there is no alert policy {reference.Value}", "give the file that declares it too");
            }
            else
            {
                import.Loss(policy, "alert-policy",
                    $"the alert policy {reference?.Value ?? Tree.GetText(Tree.Get(policy, "metadata"), "name")}, which looks at one window",
                    "the default burn policy: a long and a short window");
            }
        }
        return kept.Count == 0 ? Tree.Without(spec, "alertPolicies") : Tree.With(spec, "alertPolicies", Tree.List(policies, kept));
    }

    private void Write(YamlMap document, string kind, Fields metadata, YamlMap spec)
    {
        import.Unknown(document, ["apiVersion", "kind", "metadata", "spec"]);
        import.Unknown(metadata.Node, ["name", "displayName", "labels", "annotations"]);
        import.Made.Add(Tree.Map(document, ("apiVersion", Tree.Text(document, "openslo/v1")), ("kind", Tree.Text(document, kind)),
            ("metadata", Tree.Map(metadata.Node, ("name", metadata.Any("name")), ("displayName", metadata.Any("displayName")), ("labels",
                metadata.Any("labels")),
                ("annotations", metadata.Any("annotations")))), ("spec", spec)));
    }

    /// <summary>The spec of an SLI, its sources made plain queries.</summary>
    private YamlMap Metric(YamlMap spec)
    {
        if (Tree.Get(spec, "thresholdMetric") is YamlMap threshold && Source(threshold) is { } read)
        {
            spec = Tree.With(spec, "thresholdMetric", read);
        }
        if (Tree.Get(spec, "ratioMetric") is YamlMap ratio)
        {
            foreach (var side in (string[])["good", "bad", "total", "raw"])
            {
                ratio = Tree.Get(ratio, side) is YamlMap written && Source(written) is { } plain ? Tree.With(ratio, side, plain) : ratio;
            }
            spec = Tree.With(spec, "ratioMetric", ratio);
        }
        return spec;
    }

    private YamlMap? Source(YamlMap side)
    {
        var source = Tree.Get(side, "metricSource") as YamlMap ?? side;
        var reference = Tree.Get(source, isV2 ? "dataSourceRef" : "metricSourceRef") as YamlText;
        var type = (Tree.Get(source, "type") ?? Tree.Get(Tree.Get(source, "dataSourceSpec"), "type")) as YamlText
            ?? (reference is null ? null : import.Run.DataSources.GetValueOrDefault(reference.Value));
        if (type is { Value: var kind } && !Ours(kind))
        {
            import.ErrorOnce(Tree.Get(source, "type") ?? reference ?? type, "unsupported-source", $"queries for {kind} cannot be evaluated",
                "write them in PromQL for a Prometheus source");
            return null;
        }
        var spec = Tree.Get(source, "spec") as YamlMap;
        if ((Tree.Get(spec, "query") ?? Tree.Get(spec, "promql")) is not YamlText query)
        {
            import.File.Error(spec ?? source, "missing", type is null ? $"the data source {reference?.Value} is not declared, and there is no query"
                : "spec needs query",
                "only queries in PromQL can be evaluated");
            return null;
        }
        if (!import.IsPromQl(query))
        {
            return null;
        }
        if (reference is not null)
        {
            import.Loss(reference, "data-source", $"the source {reference.Value}{(type is null ? ", which is not declared and taken for a Prometheus" : "")}",
                "read from the built-in engine");
        }
        foreach (var (key, _) in spec!.Entries.Where(e => e.Key.Value is not ("query" or "promql" or "queryType")))
        {
            import.Loss(key, "unknown-field", $"{key.Value} of the query", "dropped");
        }
        return SlothImport.Side(query);
    }

    private static bool Ours(string type) => type.ToLowerInvariant() is "prometheus" or "nines" or "thanos" or "mimir" or "victoriametrics" or "promql";

    private static YamlMap Renamed(YamlMap map, params ReadOnlySpan<(string From, string To)> names)
    {
        var entries = map.Entries.ToList();
        foreach (var (from, to) in names)
        {
            var at = entries.FindIndex(e => e.Key.Value == from);
            if (at >= 0)
            {
                entries[at] = (entries[at].Key with { Value = to }, entries[at].Value);
            }
        }
        return map with { Entries = entries };
    }
}
