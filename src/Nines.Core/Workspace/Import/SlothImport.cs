using System.Globalization;
using Nines.Core.Objectives;
using Nines.Core.Objectives.Generate;
using Nines.PromQL;

namespace Nines.Core.Workspace.Import;

/// <summary>Makes objectives of what <see cref="SlothReader"/> read.</summary>
internal static class SlothImport
{
    public static void Add(ImportFile import, ReadSlothDocument document)
    {
        foreach (var read in document.Slos)
        {
            import.Document = $"SLO {read.Slo.Id}";
            Add(import, read);
        }
    }

    private static void Add(ImportFile import, ReadSloth read)
    {
        var slo = read.Slo;
        if (read.IsMetricsQl)
        {
            import.File.Error(read.Queries[0], "unsupported", $"the queries of {slo.Id} are MetricsQL, which is not evaluated here", "write them in PromQL");
            return;
        }
        if (!decimal.TryParse(read.Objective.Value, NumberStyles.Float, CultureInfo.InvariantCulture, out var percent) || percent >= 100)
        {
            import.File.Error(read.Objective, "bad-value", $"objective {read.Objective.Value} leaves no budget", "set it below 100");
            return;
        }
        import.Claim(read.Name, $"SLO {slo.Service}/{slo.Name}", $"the SLO {slo.Service}/{slo.Name} is declared twice");
        var target = percent / 100;
        import.NeedService(read.Service, slo.Service, isOwn: true);
        if (slo.Labels.TryGetValue("environment", out var environment))
        {
            import.NeedEnvironment(read.Name, environment);
        }
        var (indicator, groupBy) = Indicator(import, read);
        var windows = import.Run.Options.Windows.First(w => w.PeriodMs == slo.PeriodMs);
        var policy = Policy(import, read, windows, target);
        Alerting(import, read);
        if (!slo.DisableOptimized && slo.RatioQuery is null)
        {
            import.Loss(read.Name, "weighting", "the mean of five-minute ratios that the original shows for the period",
                "every event weighs the same (guide/slo-rules.md)");
        }
        var at = read.Name;
        var annotations = groupBy.Count == 0 ? null : Tree.Map(at, ("nines.dev/group-by", Tree.Text(at, string.Join(", ", groupBy))));
        import.Made.Add(Tree.Map(at,
            ("apiVersion", Tree.Text(at, "openslo/v1")), ("kind", Tree.Text(at, "SLO")),
            ("metadata", Tree.Map(at, ("name", Tree.Text(at, slo.Name)), ("labels", Tree.Texts(at, slo.Labels)), ("annotations", annotations))),
            ("spec", Tree.Map(at,
                ("description", Tree.Text(at, slo.Description)), ("service", Tree.Text(read.Service, slo.Service)),
                ("indicator", Tree.Map(at, ("metadata", Tree.Map(at, ("name", Tree.Text(at, slo.Name)))),
                    ("spec", Tree.Map(at, ("ratioMetric", indicator))))),
                ("budgetingMethod", Tree.Text(at, "Occurrences")),
                ("timeWindow", Window(at, Durations.Format(slo.PeriodMs))),
                ("objectives", Tree.List(at, [Tree.Map(read.Objective, ("target", Tree.Share(read.Objective, target)))])),
                ("alertPolicies", Tree.List(at, [Tree.Text(at, policy)]))))));
    }

    /// <summary>A rolling window.</summary>
    public static YamlList Window(YamlNode at, string duration) =>
        Tree.List(at, [Tree.Map(at, ("duration", Tree.Text(at, duration)), ("isRolling", Tree.Plain(at, "true")))]);

    /// <summary>A side of a ratio.</summary>
    public static YamlMap Side(YamlText query) => Tree.Map(query, ("metricSource", Tree.Map(query, ("type", Tree.Text(query, "Prometheus")),
        ("spec", Tree.Map(query, ("query", query))))));

    private static (YamlMap Ratio, IReadOnlyList<string> GroupBy) Indicator(ImportFile import, ReadSloth read)
    {
        var at = read.Name;
        if (read.Queries.Count == 1)
        {
            if (Quotient(read.Queries[0]) is var (errors, all))
            {
                return (Tree.Map(at, ("counter", Tree.Plain(at, "true")), ("bad", Side(errors)), ("total", Side(all))), []);
            }
            return (Tree.Map(at, ("raw", Side(read.Queries[0])), ("rawType", Tree.Text(at, "failure"))), []);
        }
        var (bad, total) = (read.Queries[0], read.Queries[1]);
        if (Ungrouped(bad) is var (badInner, badLabels) && Ungrouped(total) is var (totalInner, totalLabels) && badLabels.SequenceEqual(totalLabels,
            StringComparer.Ordinal))
        {
            import.Loss(bad, "grouped-query", $"a series for each {string.Join(", ", badLabels)} under one name",
                "kept apart by nines.dev/group-by, and as a whole");
            (bad, total) = (bad with { Value = badInner, Style = default }, total with { Value = totalInner, Style = default });
            return (Tree.Map(at, ("counter", Tree.Plain(at, "true")), ("bad", Side(bad)), ("total", Side(total))), badLabels);
        }
        return (Tree.Map(at, ("counter", Tree.Plain(at, "true")), ("bad", Side(bad)), ("total", Side(total))), []);
    }

    /// <summary>Both sides of a ready-made ratio when both count events: counted instead of estimated.</summary>
    private static (YamlText Errors, YamlText All)? Quotient(YamlText query)
    {
        var text = IndicatorReader.WithWindow(query.Value, "5m");
        if (PromParser.Parse(text).Expr?.Bare() is not BinaryExpr { Op: "/", Matching: null } ratio || text.Length != query.Value.Length)
        {
            return null;
        }
        YamlText Part(Expr side) => query with { Value = query.Value[side.Span.Start..side.Span.End].Trim(), Style = default };
        var (errors, all) = (Part(ratio.Left), Part(ratio.Right));
        return IndicatorReader.Read(errors.Value).Expression is not null && IndicatorReader.Read(all.Value).Expression is not null ? (errors, all) : null;
    }

    /// <summary>A sum by labels without them, when it is nothing else.</summary>
    private static (string Inner, IReadOnlyList<string> Labels)? Ungrouped(YamlText query)
    {
        var text = IndicatorReader.WithWindow(query.Value, "5m");
        if (PromParser.Parse(text).Expr is not AggregateExpr { Op: "sum", HasGrouping: true, Without: false, Grouping.Count: > 0 } sum
            || text.Length != query.Value.Length)
        {
            return null;
        }
        var inner = $"sum({query.Value[sum.Inner.Span.Start..sum.Inner.Span.End].Trim()})";
        return IndicatorReader.Read(inner).Expression is null ? null : (inner, [.. sum.Grouping.Order(StringComparer.Ordinal)]);
    }

    private static string Policy(ImportFile import, ReadSloth read, SlothWindows windows, decimal target)
    {
        BurnRule Rule(SlothWindow w, BurnSeverity severity) => new((int)(w.LongMs / 60_000), (int)(w.ShortMs / 60_000), (decimal)w.BudgetPercent / 100,
            severity);
        BurnRule[] rules =
        [
            .. read.Slo.Page is null ? Array.Empty<BurnRule>() : [Rule(windows.PageQuick, BurnSeverity.Page), Rule(windows.PageSlow, BurnSeverity.Page)],
            .. read.Slo.Ticket is null ? Array.Empty<BurnRule>() : [Rule(windows.TicketQuick, BurnSeverity.Ticket), Rule(windows.TicketSlow,
                BurnSeverity.Ticket)],
        ];
        return Policies.Need(import, read.Objective, "sloth", (int)(read.Slo.PeriodMs / 60_000), rules, target, complete: 4);
    }

    private static void Alerting(ImportFile import, ReadSloth read)
    {
        if (read.Alerting is not { } alerting || (read.Slo.Page is null && read.Slo.Ticket is null))
        {
            return;
        }
        if (alerting.Any("name") is { } name)
        {
            import.Loss(name, "alert-name", $"the name of the alerts, {(name as YamlText)?.Value}", "alerts are named after the objective");
        }
        foreach (var part in new[] { alerting.Node, Tree.Get(alerting.Node, "page_alert"), Tree.Get(alerting.Node, "pageAlert"),
            Tree.Get(alerting.Node, "ticket_alert"), Tree.Get(alerting.Node, "ticketAlert") })
        {
            foreach (var key in (string[])["labels", "annotations"])
            {
                if (Tree.Get(part, key) is YamlMap { Entries.Count: > 0 } map)
                {
                    import.Loss(map, "alert-" + key, $"{key} of alerts: {string.Join(", ", map.Entries.Select(e => e.Key.Value))}",
                        key == "labels" ? "route by service, objective and severity" : "messages say what the objective says");
                }
            }
        }
    }
}

/// <summary>Names burn policies after their rules, so that the same rules are declared once.</summary>
internal static class Policies
{
    /// <summary>Declares the rules that can fire; the others are losses.</summary>
    public static string Need(ImportFile import, YamlNode at, string dialect, int windowMinutes, IReadOnlyList<BurnRule> rules, decimal target, int complete)
    {
        var kept = rules.Where(r => r.IsReachable(target, windowMinutes)).ToList();
        foreach (var rule in rules.Except(kept))
        {
            import.Loss(at, "unreachable-rule",
                $"the alert at {rule.Limit(windowMinutes):0.##} times the budget over {Durations.Format(rule.LongMinutes * 60_000L)}, "
                + "which could never fire: all events bad is "
                + $"{1 / (1 - target):0.##} times", "left out");
        }
        // No minimum of bad events: neither original has one.
        var name = $"{dialect}-{Durations.Format(windowMinutes * 60_000L)}";
        return kept.Count == 0 ? import.NeedPolicy(at, "no-alerts", [], 0)
            : import.NeedPolicy(at, kept.Count == complete ? name : $"{name}-{string.Join("-", kept.Select(r => Durations.Format(r.LongMinutes * 60_000L)))}",
                kept, 0);
    }
}
