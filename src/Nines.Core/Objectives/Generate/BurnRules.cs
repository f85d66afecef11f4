using System.Globalization;
using Nines.Metrics;
using Nines.PromQL;

namespace Nines.Core.Objectives.Generate;

/// <summary>Why an objective gets no rules.</summary>
/// <param name="Key">The objective.</param>
/// <param name="Reason">What stands in the way.</param>
public sealed record NotGenerated(string Key, string Reason);

/// <summary>
/// Recording rules and burn alerts of counted objectives for Prometheus. Bad and total events are recorded, summed over a window, and divided last, so
/// that every event weighs the same. Prometheus' <c>increase</c> stays an estimate at the edges of a series; the ledger is exact.
/// </summary>
public static class BurnRules
{
    /// <summary>Distance of two evaluations: also the distance of the recorded increments.</summary>
    public const int IntervalMinutes = 1;

    /// <summary>The rules of objectives, one group each, and those that have none.</summary>
    public static (IReadOnlyList<GeneratedGroup> Groups, IReadOnlyList<NotGenerated> Without) Of(IEnumerable<Objective> objectives)
    {
        var (groups, without) = (new List<GeneratedGroup>(), new List<NotGenerated>());
        foreach (var objective in objectives)
        {
            if (Obstacle(objective) is { } reason)
            {
                without.Add(new(objective.Key, reason));
            }
            else
            {
                groups.Add(new($"nines-slo-{objective.Key}", IntervalMinutes * 60_000L, [.. Rules(objective)]));
            }
        }
        return (groups, without);
    }

    /// <summary>Why an objective has no rules; null when it has.</summary>
    public static string? Obstacle(Objective objective) => objective switch
    {
        { Indicator: not CounterRatio } => "its events are not counters",
        _ when objective.GroupBy.FirstOrDefault(LabelsOf(objective).ContainsKey) is { } label => $"it is grouped by {label}, which is a label of its own",
        { Slices: not null } => "it counts slices of time, which rules cannot",
        _ => null,
    };

    /// <summary>Length in minutes of the increments that are recorded. Shorter windows are read from these: what is scraped once a minute has no two
    /// samples in one.</summary>
    public const int BaseMinutes = 5;

    /// <summary>Bad events below which no rule fires. Prometheus' rules do not reckon with chance, so the least is that of slices unless one is
    /// declared.</summary>
    public static int MinimumBad(Objective objective) => objective.BurnPolicy.MinimumBad ?? BurnPolicy.LeastBadSlices;

    /// <summary>The share of bad events above which a rule fires.</summary>
    public static decimal LimitOf(Objective objective, BurnRule rule) => rule.Share * objective.WindowMinutes / rule.LongMinutes * (1 - objective.Target);

    /// <summary>The name of the alert of a severity.</summary>
    public static string AlertName(BurnSeverity severity) => severity == BurnSeverity.Page ? "ErrorBudgetBurnPage" : "ErrorBudgetBurnTicket";

    /// <summary>The labels of an objective's series and alerts.</summary>
    public static SortedDictionary<string, string> LabelsOf(Objective objective) =>
        SlothRules.Pairs(("environment", objective.Environment), ("objective", objective.Key), ("service", objective.Service));

    /// <summary>The annotations of an objective's alert.</summary>
    public static SortedDictionary<string, string> AnnotationsOf(Objective objective, BurnSeverity severity) => SlothRules.Pairs(
        ("summary", $"{objective.DisplayName}: the error budget of {objective.Windows[0].Name} is spent too fast"),
        ("description", string.Join("; or ", objective.BurnPolicy.Rules.Where(r => r.Severity == severity).Select(r =>
            $"more than {Number(r.Share * 100)} % of it within {Window(r.LongMinutes)}, still going on in the last {Window(r.ShortMinutes)}"))));

    private static IEnumerable<GeneratedRule> Rules(Objective objective)
    {
        var indicator = (CounterRatio)objective.Indicator;
        var labels = LabelsOf(objective);
        var filter = $"{{{new Matcher("objective", MatchOp.Equal, objective.Key)}}}";
        var (bad, total) = ($"nines_slo:bad_events:increase{Window(BaseMinutes)}", $"nines_slo:events:increase{Window(BaseMinutes)}");
        GeneratedRule Record(string name, string expr) => new(name, null, expr, labels, SlothRules.Pairs());
        var (part, all) = (Increase(indicator.Part, objective.GroupBy), Increase(indicator.Total, objective.GroupBy));
        yield return Record(total, all);
        // A counter of failures that never moved does not exist yet: it counts as nothing while there are events at all.
        var recorded = $"sum{By(objective.GroupBy)}({total}{filter})";
        yield return Record(bad, indicator.Good is null ? $"{part}\nor\n0 * {recorded}" : $"{recorded}\n-\n({part}\nor\n0 * {recorded})");
        foreach (var minutes in objective.BurnPolicy.Rules.SelectMany(r => new[] { r.ShortMinutes, r.LongMinutes }).Select(m => Math.Max(m,
            BaseMinutes)).Distinct().Order())
        {
            yield return Record(RatioName(minutes), minutes == BaseMinutes ? $"{bad}{filter}\n/\n({total}{filter} > 0)"
                : $"sum_over_time({bad}{filter}[{Window(minutes)}])\n/\n(sum_over_time({total}{filter}[{Window(minutes)}]) > 0)");
        }
        foreach (var window in objective.Windows.OfType<RollingWindow>())
        {
            yield return Record($"nines_slo:error_budget_remaining:ratio{Window(window.Minutes)}",
                $"1 -\nsum_over_time({bad}{filter}[{Window(window.Minutes)}])\n/\n"
                + $"(sum_over_time({total}{filter}[{Window(window.Minutes)}]) > 0)\n/\n{Number(1 - objective.Target)}");
        }
        foreach (var severity in new[] { BurnSeverity.Page, BurnSeverity.Ticket })
        {
            var rules = objective.BurnPolicy.Rules.Where(r => r.Severity == severity).ToList();
            if (rules.Count > 0)
            {
                yield return new(null, AlertName(severity), string.Join("or\n", rules.Select(r => Condition(objective, r, bad, filter))),
                    SlothRules.Merged(labels, SlothRules.Pairs(("severity", severity == BurnSeverity.Page ? "page" : "ticket"))), AnnotationsOf(objective,
                        severity));
            }
        }
    }

    private static string Condition(Objective objective, BurnRule rule, string bad, string filter)
    {
        var limit = Number(LimitOf(objective, rule));
        var enough = MinimumBad(objective) == 0 ? ""
            : $"  and\n  sum_over_time({bad}{filter}[{Window(rule.LongMinutes)}]) / {BaseMinutes / IntervalMinutes} >= {MinimumBad(objective)}\n";
        return $"(\n  {RatioName(rule.LongMinutes)}{filter} > {limit}\n  and\n  {RatioName(rule.ShortMinutes)}{filter} > {limit}\n{enough})\n";
    }

    private static string RatioName(int minutes) => $"nines_slo:error_ratio:window{Window(Math.Max(minutes, BaseMinutes))}";

    private static string Window(int minutes) => Durations.Format(minutes * 60_000L);

    private static string Number(decimal value) => value.ToString("0.################", CultureInfo.InvariantCulture);

    // Terms are summed apart: one that has no series yet must not take the others with it.
    private static string Increase(CounterExpression counted, IReadOnlyList<string> groupBy)
    {
        string Of(CounterTerm term) => $"sum{By(groupBy)}(increase({Selector(term)}[{Window(BaseMinutes)}]))";
        var (plus, minus) = (counted.Terms.Where(t => t.Sign > 0).Select(Of).ToList(), counted.Terms.Where(t => t.Sign < 0).Select(Of).ToList());
        var (added, taken) = (Together(plus), Together(minus));
        return minus.Count == 0 ? added : $"({added} - ({taken} or 0 * {added}))";
    }

    private static string By(IReadOnlyList<string> labels) => labels.Count == 0 ? "" : $" by ({string.Join(", ", labels)}) ";

    private static string Together(List<string> terms) => terms.Aggregate("", (all, term) => all.Length == 0 ? term : $"(({all} + {term}) or {all} or {term})");

    private static string Selector(CounterTerm term)
    {
        var name = term.Matchers.FirstOrDefault(m => m.Name == Labels.MetricName && m.Op == MatchOp.Equal && IsPlain(m.Value));
        var others = string.Join(",", term.Matchers.Where(m => !m.Equals(name)).Select(m => m.ToString()));
        return name is not null && others.Length == 0 ? name.Value : $"{name?.Value}{{{others}}}";
    }

    private static bool IsPlain(string name) => name.Length > 0 && name.All(c => char.IsAsciiLetterOrDigit(c) || c is '_' or ':')
        && !char.IsAsciiDigit(name[0]);
}
