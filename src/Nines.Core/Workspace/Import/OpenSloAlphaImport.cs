using System.Globalization;
using Nines.Core.Objectives.Generate;

namespace Nines.Core.Workspace.Import;

/// <summary>Reads OpenSLO v1alpha, as it stands and as Sloth takes it.</summary>
internal sealed class OpenSloAlphaImport(ImportFile import)
{
    /// <summary>The document in Sloth's terms: counted ratios over the run's period, without alerts.</summary>
    public ReadSlothDocument? ReadAsSloth(Fields top)
    {
        if (Head(top) is not var (name, spec, service))
        {
            return null;
        }
        Period(spec, isSloth: true);
        var slos = new List<ReadSloth>();
        foreach (var (objective, index) in spec.Maps("objectives", "objective", required: true).Select((o, i) => (o, i)))
        {
            var ratio = objective.Map("ratioMetrics", required: true);
            var (good, total) = (Query(ratio?.Map("good", required: true), isSloth: true), Query(ratio?.Map("total", required: true), isSloth: true));
            var target = objective.Number("target", 0, 1, required: true);
            if (good is null || total is null || target is null || service is null)
            {
                continue;
            }
            var slo = $"{name.Value}-{index}";
            import.Claim(objective.Node, $"sloth {service.Value}-{slo}", $"the SLO {service.Value}-{slo} is declared twice");
            slos.Add(new(new SlothSlo
            {
                Id = $"{service.Value}-{slo}",
                Name = slo,
                Service = service.Value,
                Description = spec.Text("description")?.Value ?? "",
                Objective = (double)target.Value * 100,
                PeriodMs = import.Run.Options.PeriodMs,
                Labels = SlothRules.Pairs(),
                RatioQuery = $"\n  1 - (\n    (\n      {good.Value}\n    )\n    /\n    (\n      {total.Value}\n    )\n  )\n",
            }, name, service, (YamlText)objective.Any("target")!, [good, total], null, false));
        }
        return new(new(SlothDialect.OpenSlo, [.. slos.Select(s => s.Slo)], null), slos);
    }

    public void Add(YamlMap document, string kind, Fields top)
    {
        if (kind == "Service")
        {
            new OpenSloImport(import, isV2: false).Add(document, kind, top);
        }
        else if (Head(top) is var (name, spec, service))
        {
            Slo(name, spec, service, top.Map("metadata")!);
        }
    }

    private (YamlText Name, Fields Spec, YamlText? Service)? Head(Fields top)
    {
        var name = top.Map("metadata", required: true)?.Text("name", required: true);
        import.Document = $"SLO {name?.Value}";
        return top.Map("spec", required: true) is { } spec && name is not null ? (name, spec, spec.Text("service", required: true)) : null;
    }

    private void Slo(YamlText name, Fields spec, YamlText? service, Fields metadata)
    {
        var threshold = spec.Map("indicator")?.Map("thresholdMetric");
        var objectives = spec.Maps("objectives", "objective", required: true).ToList();
        var ratios = objectives.Select(o => threshold is null ? o.Map("ratioMetrics", required: true) : null).ToList();
        var windows = Period(spec, ratios.Exists(r => r is not null && IsSloth(r)));
        var method = spec.Text("budgetingMethod");
        if (service is null || windows is null)
        {
            return;
        }
        import.Unknown(spec.Node, ["service", "description", "indicator", "timeWindows", "budgetingMethod", "objectives"]);
        import.NeedService(service, service.Value);
        var made = objectives.Select((o, i) => (o, i)).GroupBy(o => threshold is null ? o.i : 0);
        foreach (var group in made)
        {
            var indicator = threshold is not null ? Threshold(threshold) : Ratio(ratios[group.Key]);
            var suffix = threshold is null && objectives.Count > 1 ? $"-{group.Key}" : "";
            var slo = Tree.Text(name, name.Value + suffix);
            if (indicator is null || !import.Claim(name, $"SLO {service.Value}/{slo.Value}", $"the SLO {service.Value}/{slo.Value} is declared twice"))
            {
                continue;
            }
            if (suffix.Length > 0)
            {
                import.Loss(group.First().o.Node, "several-indicators", "one SLO whose objectives measure different things",
                    $"{slo.Value} was written for this one");
            }
            import.Made.Add(Tree.Map(name,
                ("apiVersion", Tree.Text(name, "openslo/v1")), ("kind", Tree.Text(name, "SLO")),
                ("metadata", Tree.Map(name, ("name", slo), ("displayName", metadata.Any("displayName")), ("labels", metadata.Any("labels")))),
                ("spec", Tree.Map(name, ("description", spec.Any("description")), ("service", service),
                    ("indicator", Tree.Map(name, ("metadata", Tree.Map(name, ("name", slo))), ("spec", indicator))), ("budgetingMethod", method),
                    ("timeWindow", windows), ("objectives", Tree.List(name, group.Select(o => (YamlNode)Objective(o.o, method, threshold is not null))))))));
        }
    }

    private YamlMap Objective(Fields objective, YamlText? method, bool isThreshold)
    {
        var at = objective.Node;
        import.Unknown(at, ["displayName", "value", "op", "target", "ratioMetrics", "timeSliceTarget", "timeSliceWindow"]);
        var window = objective.Any("timeSliceWindow");
        if (window is null && method?.Value == "Timeslices")
        {
            import.Loss(at, "slice-window", "the length of a time slice, which the document does not give", "1m was written");
            window = Tree.Text(at, "1m");
        }
        return Tree.Map(at, ("displayName", objective.Any("displayName")), ("target", objective.Any("target")),
            ("op", isThreshold ? objective.Any("op") : null), ("value", isThreshold ? objective.Any("value") : null),
            ("timeSliceTarget", objective.Any("timeSliceTarget")), ("timeSliceWindow", window));
    }

    private YamlMap? Threshold(Fields threshold) => Query(threshold, isSloth: false) is { } query
        ? Tree.Map(query, ("thresholdMetric", SlothImport.Side(query))) : null;

    private YamlMap? Ratio(Fields? ratio)
    {
        var (good, total) = (Query(ratio?.Map("good", required: true), isSloth: false), Query(ratio?.Map("total", required: true), isSloth: false));
        var counter = ratio?.Any("incremental") ?? ratio?.Any("counter");
        return good is null || total is null ? null
            : Tree.Map(good, ("ratioMetric", Tree.Map(good, ("counter", counter ?? Tree.Plain(good, "true")), ("good", SlothImport.Side(good)), ("total",
                SlothImport.Side(total)))));
    }

    private YamlText? Query(Fields? side, bool isSloth)
    {
        if (side?.Text("query", required: true) is not { } query)
        {
            return null;
        }
        if (side.Text("source") is { } source && source.Value.ToLowerInvariant() is not ("prometheus" or "sloth"))
        {
            import.File.Error(source, "unsupported-source", $"queries for {source.Value} cannot be evaluated", "write them in PromQL for a Prometheus source");
            return null;
        }
        if (isSloth && side.Text("queryType") is { } type && type.Value != "promql")
        {
            import.File.Error(type, "unsupported-source", $"queries of type {type.Value} cannot be evaluated", "write promql");
            return null;
        }
        if (isSloth && !SlothSlo.HasWindow(query.Value))
        {
            import.File.Error(query, "query", "the query must hold {{.window}}", "write the range as [{{.window}}]");
            return null;
        }
        return import.IsPromQl(query) ? query : null;
    }

    private static bool IsSloth(Fields ratio) =>
        HasWindow(Tree.Get(ratio.Node, "good")) || HasWindow(Tree.Get(ratio.Node, "total"));

    private static bool HasWindow(YamlNode? side) => Tree.GetText(side, "query") is { } query && SlothSlo.HasWindow(query);

    /// <summary>The windows in v1's terms. A document for Sloth is for the period of its run: another one is refused, as its alerts would be for other
    /// windows.</summary>
    private YamlList? Period(Fields spec, bool isSloth)
    {
        var options = import.Run.Options;
        var written = new List<YamlNode>();
        foreach (var window in spec.Maps("timeWindows", "time window"))
        {
            var (count, unit) = (window.Number("count", 1, 100_000, required: true), window.Text("unit", required: true));
            if (count is null || unit is null)
            {
                return null;
            }
            var letter = unit.Value.ToLowerInvariant() switch
            {
                "minute" => "m",
                "hour" => "h",
                "day" => "d",
                "week" => "w",
                "month" => "M",
                "quarter" => "Q",
                "year" => "Y",
                _ => null,
            };
            if (letter is null || (isSloth && letter != "d"))
            {
                import.File.Error(unit, "bad-value", isSloth ? "Sloth takes windows of days only"
                    : $"unit must be Minute, Hour, Day, Week, Month, Quarter or Year, not {unit.Value}");
                return null;
            }
            if (isSloth && count * 86_400_000 != options.PeriodMs)
            {
                import.File.Error(window.Any("count")!, "sloth-period", $"the window is {count} days and Sloth's period is {options.PeriodMs / 86_400_000}",
                    $"give --default-slo-period {count}d, or set the window to the period");
                return null;
            }
            var calendar = window.Any("calendar");
            written.Add(Tree.Map(window.Node, ("duration", Tree.Text(unit, count.Value.ToString(CultureInfo.InvariantCulture) + letter)),
                ("isRolling", window.Any("isRolling") ?? Tree.Plain(unit, calendar is null ? "true" : "false")), ("calendar", calendar)));
        }
        if (isSloth && written.Count > 1)
        {
            import.File.Error(spec.Any("timeWindows")!, "bad-value", "Sloth takes one time window");
            return null;
        }
        return written.Count > 0 ? Tree.List(spec.Any("timeWindows")!, written)
            : SlothImport.Window(spec.Node, $"{options.PeriodMs / 86_400_000}d");
    }
}
