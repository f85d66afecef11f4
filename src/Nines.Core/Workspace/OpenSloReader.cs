using Nines.Core.Objectives;

namespace Nines.Core.Workspace;

/// <summary>Reads OpenSLO v1 documents.</summary>
internal static class OpenSloReader
{
    public static readonly string[] Kinds = ["Service", "SLO", "SLI", "DataSource", "AlertPolicy", "AlertCondition", "AlertNotificationTarget"];

    public static void Read(string kind, Fields top, YamlText? name, Fields? metadata, string definition, Found found)
    {
        var file = top.File;
        var spec = top.Map("spec", required: kind is "SLO" or "SLI" or "DataSource");
        var displayName = metadata?.Text("displayName")?.Value;
        switch (kind)
        {
            case "Service":
                var description = spec?.Text("description")?.Value ?? "";
                if (name is not null && found.IsNew(file, name, "service", name.Value))
                {
                    found.Services.Add(name.Value, new(name.Value, displayName ?? name.Value, description, file.At(top.Node)));
                }
                spec?.Done();
                break;
            case "SLI":
                var indicator = spec is null ? null : Indicator(spec);
                spec?.Ignore("description");
                spec?.Done();
                if (name is not null && found.IsNew(file, name, "SLI", name.Value))
                {
                    found.Indicators.Add(name.Value, indicator);
                }
                break;
            case "SLO":
                if (spec is not null && name is not null)
                {
                    Objectives(spec, name, displayName, metadata, definition, found);
                }
                break;
            case "DataSource":
                spec?.Ignore("description", "connectionDetails");
                if (spec?.Text("type", required: true) is { } type && type.Value != "Nines")
                {
                    file.Error(type, "unsupported", $"external sources ({type.Value}) are not read in this version",
                        "drop the DataSource: the built-in engine reads what scrape_configs collect; or use type Nines");
                }
                spec?.Done();
                break;
            default:
                file.Warn(top.Node, "not-used", $"{kind} is not used: burn policies decide when to alert",
                    "declare a nines/v1 BurnPolicy and name it in alertPolicies");
                if (kind == "AlertPolicy" && name is not null)
                {
                    found.AlertPolicies.Add(name.Value);
                }
                break;
        }
    }

    private static void Objectives(Fields spec, YamlText name, string? displayName, Fields? metadata, string definition, Found found)
    {
        var file = spec.File;
        var description = spec.Text("description")?.Value ?? "";
        var service = spec.Text("service", required: true);
        var labels = metadata?.Map("labels");
        var annotations = metadata?.Map("annotations");
        var environment = (annotations?.Any("nines.dev/environment") ?? labels?.Any("environment")) is { } e
            ? e as YamlText ?? (e as YamlList)?.Items.FirstOrDefault() as YamlText : null;
        var unknown = annotations?.OneOf("nines.dev/unknown", "ignored", "ignored", "bad", "half") switch
        {
            "bad" => UnknownTreatment.Bad,
            "half" => UnknownTreatment.Half,
            _ => UnknownTreatment.Ignored,
        };
        var inline = spec.Map("indicator");
        var reference = spec.Text("indicatorRef");
        if ((inline is null) == (reference is null) && spec.Any("indicator") is null)
        {
            file.Error(spec.Node, "missing", "an SLO needs indicator or indicatorRef");
        }
        else if (inline is not null && reference is not null)
        {
            file.Error(reference, "bad-value", "indicator and indicatorRef are both given", "drop one");
        }
        var indicator = InlineIndicator(inline);
        if (spec.Text("budgetingMethod") is { } method && method.Value != "Occurrences")
        {
            file.Error(method, "unsupported", $"budgetingMethod {method.Value} is not supported", "write Occurrences: the budget is counted in events");
        }
        var window = Window(spec);
        var policy = Policy(spec, found);
        var drafts = spec.Maps("objectives", "objective", required: true).Select((o, i) => (Fields: o, Index: i)).ToList();
        if (drafts.Count == 0 && spec.Any("objectives") is { } none)
        {
            file.Error(none, "missing", "objectives is empty", "add one with a target");
        }
        foreach (var (objective, index) in drafts)
        {
            var (target, at) = Target(objective);
            var own = objective.Text("displayName")?.Value;
            if (objective.Map("indicator") is not null || objective.Text("indicatorRef") is not null)
            {
                file.Error(objective.Node, "unsupported", "composite objectives are not supported", "write an SLO for each indicator");
            }
            foreach (var key in (string[])["timeSliceTarget", "timeSliceWindow", "op", "value", "compositeWeight"])
            {
                if (objective.Any(key) is { } unused)
                {
                    file.Warn(unused, "not-used", $"{key} is not used: the budget is counted in events", "drop it");
                }
            }
            objective.Done();
            if (target is not null && window is not null)
            {
                var suffix = drafts.Count == 1 ? "" : "/" + (own is { Length: > 0 } ? Slug(own) : (index + 1).ToString());
                var shown = drafts.Count == 1 || own is null ? displayName ?? own ?? name.Value : $"{displayName ?? name.Value}: {own}";
                found.Objectives.Add(new(file, name, suffix, service, environment, shown, description, target.Value, at!, window.Value, indicator, reference,
                    policy, unknown, definition));
            }
        }
        spec.Done();
    }

    private static Indicator? InlineIndicator(Fields? inline)
    {
        if (inline is null)
        {
            return null;
        }
        inline.Ignore("metadata", "kind", "apiVersion");
        var spec = inline.Map("spec", required: true);
        var indicator = spec is null ? null : Indicator(spec);
        spec?.Ignore("description");
        spec?.Done();
        inline.Done();
        return indicator;
    }

    private static string Slug(string text) =>
        string.Join('-', new string([.. text.ToLowerInvariant().Select(c => char.IsAsciiLetterOrDigit(c) ? c : ' ')])
            .Split(' ', StringSplitOptions.RemoveEmptyEntries));

    private static (decimal? Target, YamlNode? At) Target(Fields objective)
    {
        var target = objective.Any("target");
        var percent = objective.Any("targetPercent");
        if ((target is null) == (percent is null))
        {
            objective.File.Error(objective.Node, target is null ? "missing" : "bad-value", target is null ? "an objective needs target or targetPercent"
                : "target and targetPercent are both given");
            return (null, null);
        }
        var value = target is not null ? objective.Number("target", decimal.MinValue, decimal.MaxValue)
            : objective.Number("targetPercent", decimal.MinValue, decimal.MaxValue) / 100;
        if (value is <= 0 or >= 1)
        {
            var hint = target is not null && value is > 1 and < 100 ? "write it as a share, such as 0.999, or use targetPercent" : value is 1
                ? "a target of all leaves no budget" : "";
            objective.File.Error((target ?? percent)!, "bad-value", target is not null ? "target must be between 0 and 1, both excluded"
                : "targetPercent must be between 0 and 100, both excluded", hint);
            return (null, null);
        }
        return (value, target ?? percent);
    }

    private static int? Window(Fields spec)
    {
        var windows = spec.Maps("timeWindow", "timeWindow", required: true).ToList();
        if (windows.Count != 1)
        {
            if (spec.Any("timeWindow") is YamlList list)
            {
                spec.File.Error(list, "bad-value", $"timeWindow must have one entry, not {list.Items.Count}");
            }
            return null;
        }
        var window = windows[0];
        if (!window.Flag("isRolling", true) || window.Any("calendar") is not null)
        {
            spec.File.Error(window.Any("calendar") ?? window.Node, "unsupported",
                "calendar windows are not supported yet", "use isRolling: true with a duration such as 28d");
        }
        var ms = window.Duration("duration", 3_600_000, 400L * 86_400_000, required: true);
        window.Done();
        return (int?)(ms / 60_000);
    }

    private static YamlText? Policy(Fields spec, Found found)
    {
        YamlText? policy = null;
        foreach (var node in spec.List("alertPolicies"))
        {
            if (node is YamlText text)
            {
                if (policy is not null)
                {
                    spec.File.Error(text, "bad-value", "an objective has one burn policy", "put all rules into one BurnPolicy");
                }
                policy ??= text;
            }
            else if (node is YamlMap map)
            {
                var entry = new Fields(spec.File, map, "alertPolicy");
                var reference = entry.Text("alertPolicyRef");
                if (reference is null)
                {
                    spec.File.Warn(node, "not-used", "inline alert policies are not used: burn policies decide when to alert",
                        "declare a nines/v1 BurnPolicy and name it here");
                }
                policy ??= reference;
            }
            else
            {
                spec.File.Error(node, "wrong-type", "an alert policy must be the name of a BurnPolicy");
            }
        }
        return policy;
    }

    private static Indicator? Indicator(Fields spec)
    {
        if (spec.Any("thresholdMetric") is { } threshold)
        {
            spec.File.Error(threshold, "unsupported", "thresholdMetric does not count events", "use ratioMetric with counters of good and total events");
            return null;
        }
        var ratio = spec.Map("ratioMetric", required: true);
        if (ratio is null)
        {
            return null;
        }
        if (ratio.Any("raw") is { } raw)
        {
            ratio.File.Error(raw, "unsupported", "a raw ratio does not count events", "give good (or bad) and total as counters");
            return null;
        }
        if (!ratio.Flag("counter", true))
        {
            ratio.File.Error(ratio.Any("counter")!, "unsupported", "gauges do not count events", "use counters with counter: true");
        }
        var good = ratio.Map("good");
        var bad = ratio.Map("bad");
        if ((good is null) == (bad is null))
        {
            ratio.File.Error(ratio.Node, good is null ? "missing" : "bad-value", good is null ? "ratioMetric needs good or bad"
                : "ratioMetric has both good and bad", good is null ? "" : "drop one: the other is what is left of total");
        }
        var (goodQuery, badQuery) = (Query(good), Query(bad));
        var total = Query(ratio.Map("total", required: true));
        ratio.Done();
        return total is null || (goodQuery is null) == (badQuery is null) ? null : new(goodQuery, badQuery, total);
    }

    private static CounterExpression? Query(Fields? side)
    {
        var source = side?.Map("metricSource", required: true);
        side?.Done();
        if (source is null)
        {
            return null;
        }
        var file = source.File;
        var type = source.Text("type");
        source.Ignore("metricSourceRef");
        var spec = source.Map("spec", required: true);
        source.Done();
        if (type is not null && type.Value is not ("Prometheus" or "prometheus" or "Nines"))
        {
            file.Error(type, "unsupported", $"external sources ({type.Value}) are not read in this version", "write the query in PromQL with type Prometheus");
            return null;
        }
        var query = spec?.Text("query", required: true);
        spec?.Done();
        if (query is null)
        {
            return null;
        }
        var reading = IndicatorReader.Read(query.Value);
        foreach (var problem in reading.Problems)
        {
            var (line, column) = YamlReader.Locate(file.Text, query, problem.Start);
            file.Problems.Add(new(new(file.Path, line, column), ProblemSeverity.Error, "query", problem.Message, problem.Hint));
        }
        return reading.Expression;
    }
}
