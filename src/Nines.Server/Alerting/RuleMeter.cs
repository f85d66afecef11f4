using System.Diagnostics.Metrics;
using Nines.Core.Alerting;

namespace Nines.Server.Alerting;

/// <summary>What the rules tell of themselves, by group (<c>file;name</c>).</summary>
internal sealed class RuleMeter : IDisposable
{
    private readonly Meter _meter = new("Nines");
    private readonly Counter<long> _evaluations;
    private readonly Counter<long> _failures;
    private readonly Counter<long> _missed;
    private readonly Histogram<double> _durations;

    public RuleMeter(Func<IEnumerable<GroupEvaluator>> groups)
    {
        _evaluations = _meter.CreateCounter<long>("nines_alerting_rule_evaluations_total", null, "Evaluations of rules.");
        _failures = _meter.CreateCounter<long>("nines_alerting_rule_evaluation_failures_total", null, "Evaluations of rules that failed.");
        _missed = _meter.CreateCounter<long>("nines_alerting_rule_missed_iterations_total", null,
            "Evaluations of groups that were left out because the one before took too long.");
        _durations = _meter.CreateHistogram<double>("nines_alerting_rule_group_duration_seconds", "s", "Time to evaluate all rules of a group once.");
        _meter.CreateObservableGauge("nines_alerting_rules", () => groups().Select(g => new Measurement<long>(g.Group.Rules.Count, Tag(g.Group))), null,
            "Rules that are evaluated.");
        _meter.CreateObservableGauge("nines_alerting_rule_last_evaluation_timestamp_seconds",
            () => groups().Select(g => new Measurement<double>(g.Rules.Select(r => r.EvaluatedAtMs).DefaultIfEmpty(0).Max() / 1000d, Tag(g.Group))), "s",
            "When a group was last evaluated; 0 before the first time.");
    }

    public void Evaluated(RuleGroup group, int rules, int failed, TimeSpan took)
    {
        _evaluations.Add(rules, Tag(group));
        _failures.Add(failed, Tag(group));
        _durations.Record(took.TotalSeconds);
    }

    public void Missed(RuleGroup group, long iterations) => _missed.Add(iterations, Tag(group));

    public void Dispose() => _meter.Dispose();

    private static KeyValuePair<string, object?> Tag(RuleGroup group) => new("rule_group", group.Key);
}
