using System.Globalization;
using System.Text;
using Nines.Metrics;
using Nines.PromQL;

namespace Nines.Core.Objectives.Generate;

/// <summary>
/// Writes promtool unit tests that prove generated rules: silent while all is well, a page within the computed time of a total outage, silent again after
/// it, and a ticket without a page while the budget burns slowly.
/// </summary>
public static class BurnRuleTests
{
    private const int HealthyMinutes = 180;

    /// <summary>Minutes of a total outage until a rule fires: what its long window needs, the blur of the recorded increments, and one evaluation.</summary>
    public static int DetectionMinutes(Objective objective, BurnRule rule) =>
        (int)Math.Ceiling(BurnRules.LimitOf(objective, rule) * rule.LongMinutes) + BurnRules.BaseMinutes + 2;

    /// <summary>One file of tests for the rules of objectives.</summary>
    /// <param name="objectives">The objectives.</param>
    /// <param name="ruleFile">The file that <see cref="BurnRules"/> went to, as seen from the file of tests.</param>
    public static (string Text, IReadOnlyList<NotGenerated> Without) Write(IEnumerable<Objective> objectives, string ruleFile)
    {
        var text = new StringBuilder($"rule_files:\n  - {YamlScalar.Of(ruleFile, 4)}\nevaluation_interval: {BurnRules.IntervalMinutes}m\ntests:");
        var without = new List<NotGenerated>();
        var any = false;
        foreach (var objective in objectives.Where(o => BurnRules.Obstacle(o) is null))
        {
            if (objective.BurnPolicy.Rules.Count == 0)
            {
                without.Add(new(objective.Key, "it has no burn alerts"));
            }
            else if (SampleSeries.Of((CounterRatio)objective.Indicator, objective.GroupBy) is { } series)
            {
                foreach (var test in new[] { Healthy(objective), Outage(objective), SlowBurn(objective) }.OfType<BurnTest>())
                {
                    Write(text.Append(any ? "" : "\n"), objective, series, test);
                    any = true;
                }
            }
            else
            {
                without.Add(new(objective.Key, "no series could be made up for its selectors"));
            }
        }
        return (text.Append(any ? "" : " []\n").ToString(), without);
    }

    private sealed record BurnTest(string Name, IReadOnlyList<(int Minutes, decimal BadShare)> Phases, IReadOnlyList<(int Minute, BurnSeverity Severity,
        bool Fires)> Expected);

    private static BurnTest Healthy(Objective objective) => new("nothing fires while all is well", [(HealthyMinutes, 0m)],
        [.. Severities(objective).Select(s => (HealthyMinutes, s, false))]);

    private static BurnTest Outage(Objective objective)
    {
        var severity = Severities(objective)[0];
        var rules = objective.BurnPolicy.Rules.Where(r => r.Severity == severity).ToList();
        var first = rules.MinBy(r => DetectionMinutes(objective, r))!;
        var (detection, silent) = (DetectionMinutes(objective, first), Math.Max(rules.Max(r => r.ShortMinutes),
            BurnRules.BaseMinutes) + BurnRules.BaseMinutes + 2);
        var outage = detection + 10;
        return new($"a total outage fires within {detection} minutes, and not after it",
            [(first.LongMinutes, 0m), (outage, 1m), (silent, 0m)],
            [(first.LongMinutes, severity, false), (first.LongMinutes + detection, severity, true), (first.LongMinutes + outage + silent, severity, false)]);
    }

    private static BurnTest? SlowBurn(Objective objective)
    {
        var pages = objective.BurnPolicy.Rules.Where(r => r.Severity == BurnSeverity.Page).Select(r => BurnRules.LimitOf(objective, r)).DefaultIfEmpty(1).Min();
        var tickets = objective.BurnPolicy.Rules.Where(r => r.Severity == BurnSeverity.Ticket).Select(r => BurnRules.LimitOf(objective, r)).Where(l
            => l < pages).ToList();
        return tickets.Count == 0 || Severities(objective).Count < 2 ? null
            : new("a slow burn makes a ticket and no page", [(HealthyMinutes, (tickets.Max() + pages) / 2)],
                [(HealthyMinutes, BurnSeverity.Page, false), (HealthyMinutes, BurnSeverity.Ticket, true)]);
    }

    private static List<BurnSeverity> Severities(Objective objective) => [.. objective.BurnPolicy.Rules.Select(r => r.Severity).Distinct().OrderDescending()];

    private static void Write(StringBuilder text, Objective objective, SampleSeries series, BurnTest test)
    {
        // Enough traffic for the least number of bad events, in the slowest of the tests.
        var least = test.Phases.Select(p => p.BadShare).Where(s => s > 0).DefaultIfEmpty(1).Min();
        var rate = Math.Max(1000m, Math.Ceiling(BurnRules.MinimumBad(objective) / least));
        text.Append($"  - name: {YamlScalar.Of($"{objective.Key}: {test.Name}", 4)}\n    interval: 1m\n    input_series:\n");
        foreach (var labels in series.Good.Concat(series.Bad).Distinct())
        {
            var moves = test.Phases.Select(p => (p.Minutes, Step: rate * ((series.Good.Contains(labels) ? 1 - p.BadShare : 0) + (series.Bad.Contains(labels)
                ? p.BadShare : 0))));
            text.Append($"      - series: {YamlScalar.Of(labels.ToString(), 8)}\n        values: '{Values(moves)}'\n");
        }
        // Asked of the series ALERTS, by objective: others may count the same made-up series.
        text.Append("    promql_expr_test:\n");
        foreach (var (minute, severity, fires) in test.Expected)
        {
            Matcher[] alert = [new("alertname", MatchOp.Equal, BurnRules.AlertName(severity)), new("alertstate", MatchOp.Equal, "firing"), new("objective",
                MatchOp.Equal, objective.Key)];
            text.Append($"      - expr: {YamlScalar.Of($"ALERTS{{{string.Join(",", alert.Select(a
                => a.ToString()))}}}", 8)}\n        eval_time: {Durations.Format(minute * 60_000L)}\n"
                + $"        exp_samples:{(fires ? "" : " []")}\n");
            if (fires)
            {
                var labels = SlothRules.Merged(BurnRules.LabelsOf(objective), SlothRules.Pairs([.. objective.GroupBy.Select(g => (g, series.Good[0][g]))]),
                    SlothRules.Pairs((Labels.MetricName, "ALERTS"), ("alertname", BurnRules.AlertName(severity)), ("alertstate", "firing"),
                        ("severity", severity == BurnSeverity.Page ? "page" : "ticket")));
                var sample = Labels.Of([.. labels.Where(l => l.Value.Length > 0).Select(l => (l.Key, l.Value))]).ToString();
                text.Append($"          - labels: {YamlScalar.Of(sample, 12)}\n            value: 1\n");
            }
        }
    }

    private static string Values(IEnumerable<(int Minutes, decimal Step)> moves)
    {
        var (text, value) = (new StringBuilder("0"), 0m);
        foreach (var (minutes, step) in moves)
        {
            text.Append(string.Create(CultureInfo.InvariantCulture,
                $" {(value + step).ToString("0.######", CultureInfo.InvariantCulture)}+{step:0.######}x{minutes - 1}"));
            value += step * minutes;
        }
        return text.ToString();
    }
}
