using Nines.Metrics;

namespace Nines.Core.Alerting;

/// <summary>What alerting rules take up after a restart, read from the series they wrote before it.</summary>
public static class RuleRestoring
{
    /// <summary>
    /// The alerts of a rule that fired when it was last evaluated, at most an outage's tolerance and a turn ago. Since when they fire is reckoned from since
    /// when they are active; their annotations are not on record.
    /// </summary>
    internal static IEnumerable<RuleAlert> Fired(Rule rule, ISeriesSource source, long intervalMs, long offsetMs, long atMs)
    {
        var fromMs = atMs - AlertingRule.OutageToleranceMs - intervalMs - offsetMs;
        Matcher[] own = [.. rule.Labels.Where(IsFixed).Select(l => new Matcher(l.Name, MatchOp.Equal, l.Text)), new("alertname", MatchOp.Equal, rule.Name)];
        var since = Named(source, AlertingRule.ForStateSeries, own, fromMs, atMs).ToDictionary(s => s.Labels);
        var columns = new SampleColumns();
        foreach (var series in Named(source, AlertingRule.AlertsSeries, [.. own, new("alertstate", MatchOp.Equal, "firing")], fromMs, atMs))
        {
            if (Last(series, fromMs, atMs, columns) is not { } last || StaleMarker.Is(last.Value))
            {
                continue;
            }
            var alert = new RuleAlert(series.Labels.Without(["alertstate", Labels.MetricName]), Labels.Empty, RuleAlertState.Firing, last.Value, 0);
            var active = since.TryGetValue(AlertingRule.ForState(rule, alert), out var found) ? Last(found, fromMs, atMs, columns)?.Value : null;
            var activeMs = active is { } seconds && double.IsFinite(seconds) ? (long)seconds * 1000 : last.TimeMs - rule.ForMs;
            // It fired at the first turn at which it had been active for long enough.
            yield return alert with { ActiveAtMs = activeMs, FiredAtMs = activeMs + (rule.ForMs + intervalMs - 1) / intervalMs * intervalMs };
        }
    }

    /// <summary>A rule's alerts, those that do not fire yet with the <c>for</c> they had served before.</summary>
    internal static IReadOnlyDictionary<Labels, RuleAlert> Pending(Rule rule, IReadOnlyDictionary<Labels, RuleAlert> alerts, ISeriesSource source, long atMs)
    {
        if (rule.ForMs < AlertingRule.GracePeriodMs || alerts.Values.All(a => a.State != RuleAlertState.Pending))
        {
            return alerts;
        }
        var fromMs = atMs - AlertingRule.OutageToleranceMs;
        var since = Named(source, AlertingRule.ForStateSeries, [new("alertname", MatchOp.Equal, rule.Name)], fromMs, atMs).ToDictionary(s => s.Labels);
        var columns = new SampleColumns();
        return alerts.ToDictionary(a => a.Key, a => a.Value.State == RuleAlertState.Pending
            && since.TryGetValue(AlertingRule.ForState(rule, a.Value), out var found) && Last(found, fromMs, atMs, columns) is { } last
            ? AlertingRule.Restore(rule, a.Value, last, atMs) : a.Value);
    }

    /// <summary>Tells of an alert's labels whether more than one of the rules may have made it. A label from a template may be anything.</summary>
    public static Func<Labels, bool> Shared(IReadOnlyList<RuleGroup> groups)
    {
        var rules = groups.SelectMany(g => g.Rules).Where(r => r.Alerts).ToLookup(r => r.Name, StringComparer.Ordinal);
        return labels => rules[labels["alertname"]].Count(r => r.Labels.Where(IsFixed).All(l => labels[l.Name] == l.Text)) > 1;
    }

    // alertname is the rule's name, and alertstate the state, whatever the labels of the rule say.
    private static bool IsFixed(RuleText label) => label.Template is null && label.Name is not ("alertname" or "alertstate");

    private static IReadOnlyList<ISelectedSeries> Named(ISeriesSource source, string name, IEnumerable<Matcher> matchers, long fromMs, long toMs) =>
        source.Select([new(Labels.MetricName, MatchOp.Equal, name), .. matchers], fromMs, toMs);

    private static Sample? Last(ISelectedSeries series, long fromMs, long toMs, SampleColumns columns)
    {
        columns.Clear();
        series.Read(fromMs, toMs, columns);
        return columns.Count == 0 ? null : new Sample(columns.Times[^1], columns.Values[^1]);
    }
}
