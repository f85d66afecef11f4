using Nines.Metrics.Templates;
using Nines.PromQL;

namespace Nines.Core.Objectives.Generate;

/// <summary>What is asked of <see cref="SlothRules"/>.</summary>
/// <param name="Windows">The windows of each known period.</param>
/// <param name="ExtraLabels">Labels added to all recorded series.</param>
/// <param name="Recordings">Whether recording rules are wanted.</param>
/// <param name="Alerts">Whether alerts are wanted.</param>
/// <param name="Version">The value of the label <c>sloth_version</c>.</param>
public sealed record SlothOptions(IReadOnlyList<SlothWindows> Windows, SortedDictionary<string, string> ExtraLabels, bool Recordings, bool Alerts,
    string Version);

/// <summary>
/// Makes the rules that Sloth 0.16 makes of the same document: names, groups, labels, expressions, and numbers to the last digit, errors of the method
/// included (docs/guide/slo-rules.md).
/// </summary>
public static class SlothRules
{
    /// <summary>The groups of one document, in the original's order.</summary>
    public static IReadOnlyList<GeneratedGroup> Of(SlothDocument document, SlothOptions options) =>
        [.. document.Slos.SelectMany(slo => Groups(slo, document.Dialect, options)).Where(g => g.Rules.Count > 0)];

    /// <summary>The metadata of the Kubernetes object that holds them.</summary>
    public static KubernetesMetadata MetadataOf(KubernetesMetadata declared) => declared with
    {
        Labels = Merged(declared.Labels, Pairs(("app.kubernetes.io/component", "SLO"), ("app.kubernetes.io/managed-by", "sloth"))),
    };

    private static IEnumerable<GeneratedGroup> Groups(SlothSlo slo, SlothDialect dialect, SlothOptions options)
    {
        var windows = options.Windows.First(w => w.PeriodMs == slo.PeriodMs);
        slo = slo with { Labels = Merged(slo.Labels, options.ExtraLabels) };
        if (options.Recordings)
        {
            yield return new($"sloth-slo-sli-recordings-{slo.Id}", 0, [.. windows.All.Append(slo.PeriodMs).Select(w => Ratio(slo, w, windows))]);
            yield return new($"sloth-slo-meta-recordings-{slo.Id}", 0, [.. Meta(slo, dialect, windows, options)]);
        }
        if (options.Alerts)
        {
            yield return new($"sloth-slo-alerts-{slo.Id}", 0,
            [
                .. slo.Page is { } page ? [Alert(slo, "page", page, windows.PageQuick, windows.PageSlow)] : Array.Empty<GeneratedRule>(),
                .. slo.Ticket is { } ticket ? [Alert(slo, "ticket", ticket, windows.TicketQuick, windows.TicketSlow)] : Array.Empty<GeneratedRule>(),
            ]);
        }
    }

    private static GeneratedRule Ratio(SlothSlo slo, long windowMs, SlothWindows windows)
    {
        var window = Durations.Format(windowMs);
        var filter = Filter(slo);
        var shortest = ErrorMetric(windows.PageQuick.ShortMs);
        var expr = windowMs == slo.PeriodMs && !slo.DisableOptimized
            ? $"sum_over_time({shortest}{filter}[{window}])\n/ ignoring (sloth_window)\ncount_over_time({shortest}{filter}[{window}])\n"
            : slo.RatioQuery is { } ratio ? $"({SlothSlo.WithWindow(ratio, window)})"
            : $"({SlothSlo.WithWindow(slo.ErrorQuery!, window)})\n/\n({SlothSlo.WithWindow(slo.TotalQuery!, window)})\n";
        return Record(ErrorMetric(windowMs), expr, Merged(Identity(slo), Pairs(("sloth_window", window)), slo.Labels));
    }

    private static IEnumerable<GeneratedRule> Meta(SlothSlo slo, SlothDialect dialect, SlothWindows windows, SlothOptions options)
    {
        var labels = Merged(Identity(slo), slo.Labels);
        var filter = Filter(slo);
        var target = GoFloat.Format(slo.Objective / 100);
        string Burn(long windowMs) =>
            $"{ErrorMetric(windowMs)}{filter}\n/ on(sloth_id, sloth_slo, sloth_service) group_left\nslo:error_budget:ratio{filter}\n";
        yield return Record("slo:objective:ratio", $"vector({target})", labels);
        yield return Record("slo:error_budget:ratio", $"vector(1-{target})", labels);
        yield return Record("slo:time_period:days", $"vector({GoFloat.Format(slo.PeriodMs / 86_400_000d)})", labels);
        yield return Record("slo:current_burn_rate:ratio", Burn(windows.PageQuick.ShortMs), labels);
        yield return Record("slo:period_burn_rate:ratio", Burn(slo.PeriodMs), labels);
        yield return Record("slo:period_error_budget_remaining:ratio", $"1 - slo:period_burn_rate:ratio{filter}", labels);
        var (mode, spec) = dialect switch
        {
            SlothDialect.Prometheus => ("cli-gen-prom", "prometheus/v1"),
            SlothDialect.Kubernetes => ("cli-gen-k8s", "sloth.slok.dev/v1"),
            _ => ("cli-gen-openslo", "openslo/v1alpha"),
        };
        yield return Record("sloth_slo_info", "vector(1)", Merged(labels, Pairs(("sloth_version", options.Version), ("sloth_mode", mode), ("sloth_spec", spec),
            ("sloth_objective", GoFloat.Format(slo.Objective, 'f')))));
    }

    private static GeneratedRule Alert(SlothSlo slo, string severity, SlothAlert alert, SlothWindow quick, SlothWindow slow)
    {
        // Computed from the percentage, not as one less the target: another double.
        var budget = GoFloat.Format((100 - slo.Objective) / 100);
        string Side(SlothWindow window, long length) =>
            $"    max({ErrorMetric(length)}{Filter(slo)} > ({GoFloat.Format(window.Factor(slo.PeriodMs))} * {budget})) without (sloth_window)\n";
        string Pair(SlothWindow window) => $"(\n{Side(window, window.ShortMs)}    and\n{Side(window, window.LongMs)})\n";
        return new(null, alert.Name, $"{Pair(quick)}or\n{Pair(slow)}", Merged(Pairs(("sloth_severity", severity)), alert.Labels), Merged(Pairs(
            ("title", $"({severity}) {{{{$labels.sloth_service}}}} {{{{$labels.sloth_slo}}}} SLO error budget burn rate is too fast."),
            ("summary", "{{$labels.sloth_service}} {{$labels.sloth_slo}} SLO error budget burn rate is over expected.")), alert.Annotations));
    }

    private static GeneratedRule Record(string name, string expr, SortedDictionary<string, string> labels) => new(name, null, expr, labels, Pairs());

    private static string ErrorMetric(long windowMs) => $"slo:sli_error:ratio_rate{Durations.Format(windowMs)}";

    private static string Filter(SlothSlo slo) => $"{{sloth_id=\"{slo.Id}\", sloth_service=\"{slo.Service}\", sloth_slo=\"{slo.Name}\"}}";

    private static SortedDictionary<string, string> Identity(SlothSlo slo) =>
        Pairs(("sloth_id", slo.Id), ("sloth_service", slo.Service), ("sloth_slo", slo.Name));

    /// <summary>Labels in order of name.</summary>
    internal static SortedDictionary<string, string> Pairs(params ReadOnlySpan<(string Name, string Value)> pairs)
    {
        var all = new SortedDictionary<string, string>(StringComparer.Ordinal);
        foreach (var (name, value) in pairs)
        {
            all[name] = value;
        }
        return all;
    }

    /// <summary>All labels; the later set wins.</summary>
    internal static SortedDictionary<string, string> Merged(params ReadOnlySpan<SortedDictionary<string, string>> sets)
    {
        var all = new SortedDictionary<string, string>(StringComparer.Ordinal);
        foreach (var set in sets)
        {
            foreach (var (key, value) in set)
            {
                all[key] = value;
            }
        }
        return all;
    }
}
