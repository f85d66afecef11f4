using System.Globalization;
using System.Text.RegularExpressions;
using Nines.Core.Objectives;
using Nines.Metrics;

namespace Nines.Core.Workspace.Lint;

/// <summary>Looks at objectives, each by itself and against the others of its service.</summary>
internal static partial class ObjectiveLint
{
    public static IEnumerable<Problem> Check(WorkspaceModel model)
    {
        foreach (var objective in model.Objectives)
        {
            foreach (var finding in Alone(objective))
            {
                yield return finding;
            }
        }
        // Only objectives of one service that count the same requests can contradict each other.
        var alike = model.Objectives.Where(o => o.Indicator is CounterRatio)
            .GroupBy(o => (o.Service, o.Environment, o.Indicator.Source, ((CounterRatio)o.Indicator).Total.Canonical));
        foreach (var group in alike)
        {
            var ordered = group.OrderBy(o => o.Position.File, StringComparer.Ordinal).ThenBy(o => o.Position.Line).ToList();
            for (var i = 1; i < ordered.Count; i++)
            {
                if (ordered.Take(i).Select(first => Pair(first, ordered[i])).FirstOrDefault(f => f is not null) is { } finding)
                {
                    yield return finding;
                }
            }
        }
    }

    private static IEnumerable<Problem> Alone(Objective objective)
    {
        if (objective.Sla > objective.Target)
        {
            yield return WorkspaceLint.Finding(objective.Position, "sla-stricter-than-slo",
                $"{objective.Key} aims at {Percent(objective.Target)}, and the contract promises {Percent(objective.Sla.Value)}: the contract breaks first",
                "aim at least as high as the contract");
        }
        if (objective.Windows[0] is RollingWindow { Minutes: < 1440 } window)
        {
            yield return WorkspaceLint.Finding(objective.Position, "short-window",
                $"a window of {window.Name} has no budget to speak of: one bad minute of it is {100.0 / window.Minutes:0.#} % of all its time",
                "keep the objective over 28 days; burn rules look at the short windows");
        }
        foreach (var finding in StatedBudget(objective))
        {
            yield return finding;
        }
    }

    /// <summary>Lengths of time that a description states as the budget.</summary>
    private static IEnumerable<Problem> StatedBudget(Objective objective)
    {
        foreach (Match match in Stated().Matches(objective.Description))
        {
            var amount = double.Parse(match.Groups["amount"].Value, CultureInfo.InvariantCulture) * (match.Groups["unit"].Value[0] is 'h' or 'H' ? 60 : 1);
            var (period, days) = match.Groups["period"].Value.ToLowerInvariant() switch
            {
                "week" => ("week", new[] { 7.0 }),
                "year" => ("year", [365, 366]),
                "day" => ("day", [1.0]),
                _ => ("month", [28, 30, 31, 365 / 12.0]),
            };
            var budgets = days.Select(d => d * 1440 * (double)(1 - objective.Target)).ToList();
            if (!budgets.Exists(b => Math.Abs(b - amount) < Math.Max(0.006 * b, 0.5)))
            {
                yield return WorkspaceLint.Finding(objective.Position, "stated-budget",
                    $"the description of {objective.Key} allows {match.Value.Trim()}, but {Percent(objective.Target)} of a {period} leaves "
                    + $"{budgets[0]:0.##} min"
                    + (budgets.Count > 1 ? $" ({string.Join(", ", days.Zip(budgets, (d, b) => $"{d:0.##} d: {b:0.##}"))})" : ""),
                    "leave the number out: the page computes it from the window");
            }
            else if (period == "month")
            {
                yield return WorkspaceLint.Finding(objective.Position, "month-is-no-length",
                    $"the description of {objective.Key} counts by the month, and months differ: "
                    + string.Join(", ", days.Zip(budgets, (d, b) => $"{d:0.##} d: {b:0.##} min")), "name the window the number is of");
            }
            if (objective is { Indicator: CounterRatio or EvaluatedRatio, Slices: null })
            {
                yield return WorkspaceLint.Finding(objective.Position, "downtime-of-events",
                    $"{objective.Key} counts events, and its description speaks of time: a share of failed requests is no downtime",
                    "say how many events may fail, or count slices of time (budgetingMethod: Timeslices)");
            }
        }
    }

    /// <summary>What is wrong with two objectives over the same requests, told at the second; null when nothing is.</summary>
    private static Problem? Pair(Objective first, Objective second)
    {
        var relation = Relate((CounterRatio)first.Indicator, (CounterRatio)second.Indicator);
        if (relation == Relation.Same && first.Target != second.Target)
        {
            var (strict, loose) = first.Target > second.Target ? (first, second) : (second, first);
            return WorkspaceLint.Finding(second.Position, "two-targets",
                $"{strict.Key} and {loose.Key} count the same events against {Percent(strict.Target)} and {Percent(loose.Target)}: "
                + $"the looser one breaks only when {Share(loose, strict)} times the budget of the other is gone, so it is no early warning",
                "if one is the contract, write it as nines.dev/sla on the other; to be warned early, rely on the projected end of the budget");
        }
        return relation switch
        {
            Relation.Same => WorkspaceLint.Finding(second.Position, "same-indicator",
                $"{second.Key} counts the same events as {first.Key}: each outage pages twice",
                "keep one of them"),
            Relation.Overlapping => WorkspaceLint.Finding(second.Position, "failures-disagree",
                $"{second.Key} and {first.Key} call different answers of the same requests failures",
                "decide once what a failure is; 429 and 499 are the usual question"),
            _ => null,
        };
    }

    private static string Share(Objective loose, Objective strict) => ((1 - loose.Target) / (1 - strict.Target)).ToString("0.#", CultureInfo.InvariantCulture);

    private enum Relation
    {
        Other,
        Same,
        Overlapping,
    }

    /// <summary>How the failures of two indicators with the same total relate, by their matchers.</summary>
    private static Relation Relate(CounterRatio a, CounterRatio b)
    {
        if (a.Part.Terms.Count != 1 || b.Part.Terms.Count != 1)
        {
            return a.Part.Canonical == b.Part.Canonical && a.Bad is null == b.Bad is null ? Relation.Same : Relation.Other;
        }
        var (x, y) = (Failures(a), Failures(b));
        if (x.Others != y.Others || x.Label != y.Label)
        {
            return Relation.Other;
        }
        return x.Condition == y.Condition ? Relation.Same : x.Label is "code" or "status" or "status_code" ? Relation.Overlapping : Relation.Other;
    }

    /// <summary>What an indicator with one counter calls a failure: the label that tells it, the condition on it, and what else is asked.</summary>
    private static (string Label, string Condition, string Others) Failures(CounterRatio ratio)
    {
        var total = ratio.Total.Terms.SelectMany(t => t.Matchers).Select(m => m.ToString()).ToHashSet(StringComparer.Ordinal);
        var extra = ratio.Part.Terms[0].Matchers.Where(m => !total.Contains(m.ToString())).ToList();
        var rest = string.Join(",", extra.Skip(1).Select(m => m.ToString()).Order(StringComparer.Ordinal));
        if (extra.Count == 0)
        {
            return ("", "", "");
        }
        var isBad = ratio.Bad is not null;
        var negative = extra[0].Op is MatchOp.NotEqual or MatchOp.NotRegex;
        // Good answers that are not 5.. are the same as bad answers that are 5...
        return (extra[0].Name, $"{(isBad == negative ? "not " : "")}{extra[0].Value}", rest);
    }

    private static string Percent(decimal share) => (share * 100).ToString("0.#####", CultureInfo.InvariantCulture) + " %";

    [GeneratedRegex(@"(?i)(?<amount>\d+(?:\.\d+)?)\s*(?<unit>minutes?|mins?|hours?|h)\b[\w\s]{0,20}?(?:/|per|a|each|every)\s*(?<period>month|week|year|day)\b",
        RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex Stated();
}
