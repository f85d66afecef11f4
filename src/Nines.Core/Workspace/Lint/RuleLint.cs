using System.Globalization;
using System.Text.RegularExpressions;
using Nines.Core.Alerting;
using Nines.Core.Objectives;
using Nines.PromQL;

namespace Nines.Core.Workspace.Lint;

/// <summary>Looks at Prometheus rules.</summary>
internal static partial class RuleLint
{
    // Google's workbook derives these from 2 % in 1 h, 5 % in 6 h and 10 % in 1 d of thirty days.
    private static readonly double[] FactorsOfThirtyDays = [14.4];

    /// <param name="groups">The rules.</param>
    /// <param name="windows">The windows of the objectives they stand beside.</param>
    public static IEnumerable<Problem> Check(IEnumerable<RuleGroup> groups, IReadOnlyList<BudgetWindow> windows)
    {
        var rules = groups.SelectMany(g => g.Rules).ToList();
        var records = rules.Where(r => !r.Alerts).ToLookup(r => r.Name, StringComparer.Ordinal);
        var someHaveRunbooks = rules.Exists(r => r.Alerts && HasRunbook(r));
        foreach (var rule in rules)
        {
            foreach (var finding in rule.Alerts ? Alert(rule, records, windows, someHaveRunbooks) : Record(rule, records))
            {
                yield return finding;
            }
        }
    }

    /// <summary>Rules that wake people: each says what to do, and which promise it protects.</summary>
    /// <param name="groups">The rules.</param>
    /// <param name="objectives">Keys of the workspace's objectives.</param>
    /// <param name="ladders">Which severities wake people.</param>
    public static IEnumerable<Problem> Pages(IEnumerable<RuleGroup> groups, IReadOnlyCollection<string> objectives, SeverityLadders ladders)
    {
        var rules = groups.SelectMany(g => g.Rules).Where(r => r.Alerts).ToList();
        var someHaveRunbooks = rules.Exists(HasRunbook);
        foreach (var (rule, labels, annotations) in rules.Select(r => (r, RuleReporting.Written(r.Labels), RuleReporting.Written(r.Annotations))))
        {
            // Where others have one, the lack of it is told of every rule already.
            if (!someHaveRunbooks && RulePolicy.LacksRunbook(labels, annotations, ladders))
            {
                yield return WorkspaceLint.Finding(rule.Position, "no-runbook", $"{rule.Name} has the severity {labels["severity"]} and no runbook_url",
                    "whoever it wakes needs to know what to do: add the annotation runbook_url");
            }
            if (RulePolicy.LacksObjective(labels, annotations, objectives, ladders))
            {
                yield return WorkspaceLint.Finding(rule.Position, "page-without-objective",
                    RulePolicy.ObjectiveOf(labels, annotations) is { Length: > 0 } named
                        ? $"{rule.Name} has the severity {labels["severity"]} and names the objective {named}, which is not declared here"
                        : $"{rule.Name} has the severity {labels["severity"]} and names no objective: it wakes people for a cause, "
                        + "not for a promise that breaks",
                    $"add the annotation objective: SERVICE/SLO, or {RulePolicy.Exception}: \"why\"; or lower the severity and let the objective's burn page");
            }
        }
    }

    /// <summary>Severities that the workspace's ladders do not have. A template is not looked into.</summary>
    public static IEnumerable<Problem> Severities(IEnumerable<RuleGroup> groups, SeverityLadders ladders)
    {
        foreach (var rule in groups.SelectMany(g => g.Rules).Where(r => r.Alerts))
        {
            var labels = RuleReporting.Written(rule.Labels);
            var word = labels["severity"];
            if (!word.Contains("{{", StringComparison.Ordinal) && ladders.Misses(labels))
            {
                var words = ladders.Ladders.SelectMany(l => l.Levels).SelectMany(l => l.Aliases.Prepend(l.Word)).Distinct(StringComparer.Ordinal).ToList();
                yield return WorkspaceLint.Finding(rule.Position, "unknown-severity",
                    $"{rule.Name} has the severity {word}, which is on no ladder: nobody has said whether it pages or how soon it is answered",
                    Near.Hint(word, words) is { Length: > 0 } hint ? hint
                        : $"the ladders have {string.Join(", ", words)}; use one, or make {word} an alias of one");
            }
        }
    }

    /// <summary>One metric whose answers are told apart by two labels: one of them selects nothing, and an empty result never fires.</summary>
    public static IEnumerable<Problem> StatusLabels(IEnumerable<RuleGroup> groups)
    {
        var seen = new Dictionary<string, (string Label, Rule Rule)>(StringComparer.Ordinal);
        var told = new HashSet<string>(StringComparer.Ordinal);
        foreach (var rule in groups.SelectMany(g => g.Rules))
        {
            foreach (var selector in rule.Expr.WithParts().OfType<VectorSelector>().Where(s => s.Name is not null))
            {
                foreach (var label in selector.Matchers.Select(m => m.Name).Where(n => n is "code" or "status" or "status_code" or "http_status"))
                {
                    if (!seen.TryAdd(selector.Name!, (label, rule)) && seen[selector.Name!] is var first && first.Label != label && told.Add(selector.Name!))
                    {
                        yield return WorkspaceLint.Finding(rule.Position, "status-label",
                            $"{rule.Name} asks {selector.Name} for the label {label}, {first.Rule.Name} at {first.Rule.Position} for {first.Label}: "
                            + "where the series have "
                            + "one of them, the other rule selects nothing, and an alert on nothing never fires", "look at the series; relabel one of the two");
                    }
                }
            }
        }
    }

    private static IEnumerable<Problem> Record(Rule rule, ILookup<string, Rule> records)
    {
        if (AveragedRatio(rule.Expr, records) is { } averaged)
        {
            yield return WorkspaceLint.Finding(rule.Position, "average-of-ratios",
                $"{rule.Name} averages the ratio {averaged} over time: a quiet hour weighs as much as a busy one, and one interval without traffic "
                + "(0/0 is NaN) makes it NaN for as long as it reaches back",
                "keep good and total apart and divide last: sum_over_time(good[30d]) / sum_over_time(total[30d]); or declare an SLO, which counts events");
        }
        if (Percentile(rule.Expr) is { } percentile)
        {
            yield return WorkspaceLint.Finding(rule.Position, "percentile",
                $"{rule.Name} keeps a percentile ({percentile}): percentiles cannot be added up over time or instances, so no budget can be kept of it",
                "count the requests that were fast enough instead: name_bucket{le=\"0.5\"} of name_count; keep the percentile for display");
        }
    }

    private static IEnumerable<Problem> Alert(Rule rule, ILookup<string, Rule> records, IReadOnlyList<BudgetWindow> windows, bool someHaveRunbooks)
    {
        var parts = rule.Expr.WithParts().ToList();
        var averaged = parts.OfType<VectorSelector>().SelectMany(s => records[s.Name ?? ""]).FirstOrDefault(r => AveragedRatio(r.Expr, records) is not null);
        if (averaged is not null)
        {
            yield return WorkspaceLint.Finding(rule.Position, "nan-never-fires",
                $"{rule.Name} compares {averaged.Name}, an average of ratios: after one interval without traffic it is NaN, no comparison with NaN is true, "
                + "and the alert cannot fire, not even in a total outage", $"mend {averaged.Name} first ({averaged.Position})");
        }
        var ranges = parts.OfType<MatrixSelector>().Select(m => m.Range.ToString()).Distinct(StringComparer.Ordinal).ToList();
        if (Thresholds(rule.Expr).Any(t => IsRatioOfRates(t.Value)) && ranges.Count == 1)
        {
            yield return WorkspaceLint.Finding(rule.Position, "single-window",
                $"{rule.Name} looks at one window of {ranges[0]}: it goes on firing for as long as the window remembers the outage",
                "join it by \"and\" with the same ratio over a twelfth of the window, which clears soon after the recovery");
        }
        foreach (var (_, limit) in Thresholds(rule.Expr).Where(t => IsRatioOfRates(t.Value)))
        {
            foreach (var finding in Factors(rule, limit, windows))
            {
                yield return finding;
            }
        }
        if (Percentile(rule.Expr) is { } percentile)
        {
            yield return WorkspaceLint.Finding(rule.Position, "percentile",
                $"{rule.Name} compares a percentile ({percentile}) with a limit of its own: it says neither how many were slow nor what of the "
                + "budget they took",
                "alert on the burn of a latency objective: requests slower than the limit against all requests");
        }
        if (UpIsZero(rule.Expr) && !parts.Exists(p => p is Call { Function.Name: "absent" or "absent_over_time" }))
        {
            yield return WorkspaceLint.Finding(rule.Position, "up-is-not-absent",
                $"{rule.Name} needs the series up to be there: when the target leaves discovery the series ends and the alert never fires, and a process that "
                + "answers every request with an error is up", "add \"or absent(up{…})\", or declare an objective: its lost signal pages by itself");
        }
        foreach (var finding in Texts(rule, someHaveRunbooks))
        {
            yield return finding;
        }
    }

    private static IEnumerable<Problem> Texts(Rule rule, bool someHaveRunbooks)
    {
        var divides = rule.Expr.WithParts().Any(p => p is BinaryExpr { Op: "/" });
        foreach (var text in rule.Annotations)
        {
            if (text.Text.Contains("$value", StringComparison.Ordinal) && SaysConsumed().IsMatch(text.Text) && !divides)
            {
                yield return WorkspaceLint.Finding(rule.Position, "value-is-not-the-budget",
                    $"the {text.Name} of {rule.Name} calls $value the consumed budget, but it is the error ratio: at 60 % of a 0.1 % budget it reads 0.06 %",
                    "divide the query by the budget, such as (1 - ratio) / 0.001");
            }
        }
        if (someHaveRunbooks && !HasRunbook(rule))
        {
            yield return WorkspaceLint.Finding(rule.Position, "no-runbook", $"{rule.Name} has no runbook_url, though other alerts here have one",
                "whoever it wakes needs to know what to do: add the annotation runbook_url");
        }
    }

    private static IEnumerable<Problem> Factors(Rule rule, Expr limit, IReadOnlyList<BudgetWindow> windows)
    {
        var numbers = limit.WithParts().OfType<NumberLiteral>().Select(n => n.Value).ToList();
        var factor = numbers.FirstOrDefault(n => n > 1);
        var shown = factor.ToString("0.###", CultureInfo.InvariantCulture);
        if (factor > 1 && rule.Annotations.FirstOrDefault(a => HardCoded().Matches(a.Text).Any(m => m.Groups["factor"].Value == shown)) is { } text)
        {
            yield return WorkspaceLint.Finding(rule.Position, "hard-coded-burn", $"the {text.Name} of {rule.Name} says {shown}x whatever the burn is",
                "print what was measured: {{ $value }} divided by the budget");
        }
        var other = windows.FirstOrDefault(w => w.NominalMinutes != 30 * 1440);
        if (FactorsOfThirtyDays.Contains(factor) && other is not null && windows.All(w => w.NominalMinutes == other.NominalMinutes))
        {
            var right = 0.02 * other.NominalMinutes / 60;
            yield return WorkspaceLint.Finding(rule.Position, "factor-of-thirty-days",
                $"{shown} is 2 % of a budget of 30 days in an hour; over the {other.Name} declared here the same share is "
                + $"{right.ToString("0.##", CultureInfo.InvariantCulture)}", "derive the factor: share × window ÷ alert window");
        }
    }

    /// <summary>The ratio that an expression averages over time; null when it averages none.</summary>
    private static string? AveragedRatio(Expr expr, ILookup<string, Rule> records)
    {
        var calls = expr.WithParts().OfType<Call>().ToList();
        // A sum divided by the count is an average as well; so Sloth writes it.
        var isDivided = calls.Exists(c => c.Function.Name == "count_over_time");
        foreach (var call in calls.Where(c => c.Function.Name is "avg_over_time" or "quantile_over_time" || (isDivided && c.Function.Name == "sum_over_time")))
        {
            var over = call.Arguments[^1];
            if (over is SubqueryExpr subquery && IsRatioOfRates(subquery.Inner))
            {
                return subquery.Inner.ToString();
            }
            if (over is MatrixSelector { Selector.Name: { } name } && records[name].Any(r => IsRatioOfRates(r.Expr)))
            {
                return name;
            }
        }
        return null;
    }

    private static bool IsRatioOfRates(Expr expr) =>
        expr.WithParts().Any(p => p is BinaryExpr { Op: "/" } ratio && CountsEvents(ratio.Left) && CountsEvents(ratio.Right));

    private static bool CountsEvents(Expr expr) => expr.WithParts().Any(p => p is Call { Function.Name: "rate" or "increase" or "irate" });

    private static string? Percentile(Expr expr) => expr.WithParts().OfType<Call>().FirstOrDefault(c => c.Function.Name == "histogram_quantile") is { } call
        && call.Arguments[0].Bare() is NumberLiteral share ? $"p{(share.Value * 100).ToString("0.##", CultureInfo.InvariantCulture)}" : null;

    /// <summary>Comparisons of a value with a limit that a failure exceeds.</summary>
    private static IEnumerable<(Expr Value, Expr Limit)> Thresholds(Expr expr) =>
        expr.WithParts().OfType<BinaryExpr>().Where(b => b.Op is ">" or ">=" && b.Right.Kind == ValueKind.Scalar).Select(b => (b.Left, b.Right));

    private static bool UpIsZero(Expr expr) => expr.WithParts().Any(p => p is BinaryExpr { Op: "==" } binary
        && binary.Left.Bare() is VectorSelector { Name: "up" } && binary.Right.Bare() is NumberLiteral { Value: 0 });

    private static bool HasRunbook(Rule rule) => RulePolicy.HasRunbook(RuleReporting.Written(rule.Annotations));

    [GeneratedRegex(@"(?i)\bbudget\b.{0,40}\bconsumed\b", RegexOptions.NonBacktracking)]
    private static partial Regex SaysConsumed();

    [GeneratedRegex(@"\b(?<factor>[0-9]+(?:\.[0-9]+)?)\s?[x×]\b", RegexOptions.ExplicitCapture | RegexOptions.NonBacktracking)]
    private static partial Regex HardCoded();
}
