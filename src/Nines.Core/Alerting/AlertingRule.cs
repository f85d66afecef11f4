using Nines.Metrics;
using Nines.Metrics.Templates;
using Nines.PromQL;

namespace Nines.Core.Alerting;

/// <summary>An alert of a rule. Times are milliseconds since the Unix epoch, 0 for never.</summary>
/// <param name="Labels">Its identity, <c>alertname</c> included.</param>
/// <param name="Annotations">What it tells people.</param>
/// <param name="State">How far it is.</param>
/// <param name="Value">The sample's value at the last evaluation that gave one.</param>
/// <param name="ActiveAtMs">Since when the query gives a sample.</param>
public sealed record RuleAlert(Labels Labels, Labels Annotations, RuleAlertState State, double Value, long ActiveAtMs)
{
    /// <summary>Since when it fires.</summary>
    public long FiredAtMs { get; init; }

    /// <summary>Since when it is over.</summary>
    public long ResolvedAtMs { get; init; }

    /// <summary>Since when it goes on though the query gives no sample.</summary>
    public long KeepFiringSinceMs { get; init; }

    /// <summary>When it was last told.</summary>
    public long LastSentAtMs { get; init; }

    /// <summary>When it is taken to be over if nobody says otherwise; set when it is told.</summary>
    public long ValidUntilMs { get; init; }

    /// <summary>Until when it does not end for want of a sample: set when it is taken up after a restart, 0 from the first sample on.</summary>
    public long HeldUntilMs { get; init; }

    /// <summary>Whether, taken up after a restart, it may be another rule's: without a sample here it is dropped and nobody is told.</summary>
    public bool IsShared { get; init; }
}

/// <summary>What an evaluation of an alerting rule came to.</summary>
/// <param name="Alerts">The rule's alerts from now on.</param>
/// <param name="Error">Why the evaluation failed, or null.</param>
public readonly record struct AlertingStep(IReadOnlyDictionary<Labels, RuleAlert> Alerts, string? Error);

/// <summary>The state machine of alerting rules, with Prometheus' semantics. Pure.</summary>
public static class AlertingRule
{
    /// <summary>The series that say which alerts there are.</summary>
    public const string AlertsSeries = "ALERTS";

    /// <summary>The series that say since when, in seconds since the Unix epoch; what <c>for</c> is restored from.</summary>
    public const string ForStateSeries = "ALERTS_FOR_STATE";

    /// <summary>How long an alert that is over is told: 15 min.</summary>
    public const long ResolvedRetentionMs = 15 * 60_000;

    /// <summary>How long after a sending the same is sent again: 1 min.</summary>
    public const long ResendMs = 60_000;

    /// <summary>How far back <c>for</c> is restored: 1 h.</summary>
    public const long OutageToleranceMs = 3_600_000;

    /// <summary>A restored alert fires at the earliest so long after the start; one with a shorter <c>for</c> that did not fire begins anew: 10 min.</summary>
    public const long GracePeriodMs = 600_000;

    /// <summary>So long after a restart an alert that fired before does not end for want of a sample, since what it rests on has to come back: 2 min.</summary>
    public const long SettleMs = 120_000;

    private const string SameLabels = "vector contains metrics with the same labelset after applying alert labels";

    /// <summary>Takes in what the query gave at a time.</summary>
    public static AlertingStep Step(
        Rule rule, IReadOnlyDictionary<Labels, RuleAlert> before, IReadOnlyList<VectorSample> samples, long atMs, int limit, RuleFunctions functions)
    {
        var found = new Dictionary<Labels, RuleAlert>(samples.Count);
        foreach (var sample in samples)
        {
            var labels = LabelsOf(rule, sample, functions);
            var annotations = Expanded(rule.Annotations, sample, functions);
            if (!found.TryAdd(labels, new RuleAlert(labels, Labels.Of(annotations), RuleAlertState.Pending, sample.Sample.Value, atMs)))
            {
                return new(before, SameLabels);
            }
        }
        var alerts = new Dictionary<Labels, RuleAlert>(found.Count);
        foreach (var (labels, alert) in found)
        {
            var known = before.TryGetValue(labels, out var old) && old.State != RuleAlertState.Inactive
                ? old with { Value = alert.Value, Annotations = alert.Annotations, KeepFiringSinceMs = 0, HeldUntilMs = 0, IsShared = false }
                : alert;
            alerts.Add(labels, Fire(rule, known, atMs));
        }
        var active = alerts.Count;
        foreach (var (labels, alert) in before)
        {
            if (!found.ContainsKey(labels) && Vanished(rule, alert, atMs) is { } left)
            {
                alerts.Add(labels, left);
                active += left.State == RuleAlertState.Firing ? 1 : 0;
            }
        }
        return limit > 0 && active > limit ? new(new Dictionary<Labels, RuleAlert>(), $"exceeded limit of {limit} with {active} alerts") : new(alerts, null);
    }

    /// <summary>The series that say which alerts there are and since when.</summary>
    public static IEnumerable<VectorSample> Series(Rule rule, IEnumerable<RuleAlert> alerts, long atMs)
    {
        foreach (var alert in alerts.Where(a => a.State != RuleAlertState.Inactive))
        {
            var state = alert.State == RuleAlertState.Firing ? "firing" : "pending";
            yield return new(alert.Labels.With("alertstate", state).With(Labels.MetricName, AlertsSeries), new Sample(atMs, 1));
            yield return new(ForState(rule, alert), new Sample(atMs, Math.Floor(alert.ActiveAtMs / 1000d)));
        }
    }

    /// <summary>The series that says since when an alert is active.</summary>
    public static Labels ForState(Rule rule, RuleAlert alert) =>
        alert.Labels.With("alertname", rule.Name).With(Labels.MetricName, ForStateSeries);

    /// <summary>An alert with the <c>for</c> it had served before a restart.</summary>
    /// <param name="rule">Its rule.</param>
    /// <param name="alert">The alert after the first evaluations.</param>
    /// <param name="last">The last sample of its <see cref="ForStateSeries"/> before the start, at most <see cref="OutageToleranceMs"/> old.</param>
    /// <param name="nowMs">The time of restoring.</param>
    public static RuleAlert Restore(Rule rule, RuleAlert alert, Sample last, long nowMs)
    {
        if (rule.ForMs < GracePeriodMs || StaleMarker.Is(last.Value) || !double.IsFinite(last.Value))
        {
            return alert;
        }
        var activeMs = (long)last.Value * 1000;
        var remaining = rule.ForMs - (last.TimeMs / 1000 * 1000 - activeMs);
        return alert with
        {
            ActiveAtMs = remaining <= 0 ? activeMs
                : remaining < GracePeriodMs ? nowMs + GracePeriodMs - rule.ForMs
                : activeMs + nowMs - last.TimeMs / 1000 * 1000,
        };
    }

    /// <summary>What to tell now: alerts that fire or are over, again each minute. The alerts change only in when they were told.</summary>
    public static (IReadOnlyDictionary<Labels, RuleAlert> Alerts, IReadOnlyList<RuleAlert> Due) Send(
        IReadOnlyDictionary<Labels, RuleAlert> alerts, long intervalMs, long atMs)
    {
        var due = new List<RuleAlert>();
        var after = new Dictionary<Labels, RuleAlert>(alerts.Count);
        foreach (var (labels, alert) in alerts)
        {
            // A clock that was set back must not silence an alert until it has caught up; one taken up that the door does not know waits for its sample.
            var isDue = alert.State != RuleAlertState.Pending && (alert.LastSentAtMs == 0 ? alert.HeldUntilMs == 0
                : alert.LastSentAtMs > atMs || alert.ResolvedAtMs > alert.LastSentAtMs || alert.LastSentAtMs + ResendMs < atMs);
            var sent = isDue ? Told(alert, intervalMs, atMs) : alert;
            after.Add(labels, sent);
            if (isDue)
            {
                due.Add(sent);
            }
        }
        return (after, due);
    }

    /// <summary>An alert that is told now: it holds until four more turns, or four minutes, have passed without a word.</summary>
    public static RuleAlert Told(RuleAlert alert, long intervalMs, long atMs) =>
        alert with { LastSentAtMs = atMs, ValidUntilMs = atMs + 4 * Math.Max(ResendMs, intervalMs) };

    /// <summary>An alert as it goes through the door.</summary>
    public static PostedAlert Post(Rule rule, RuleAlert alert, string externalUrl, Labels externalLabels)
    {
        var labels = alert.Labels;
        foreach (var (name, value) in externalLabels.Pairs)
        {
            labels = labels[name].Length == 0 ? labels.With(name, value) : labels;
        }
        return new PostedAlert(labels, alert.Annotations, alert.FiredAtMs * 1_000_000,
            (alert.ResolvedAtMs != 0 ? alert.ResolvedAtMs : alert.ValidUntilMs) * 1_000_000,
            $"{externalUrl}/explore?expr={GoText.QueryEscape(rule.Query)}&tab=1");
    }

    private static Labels LabelsOf(Rule rule, VectorSample sample, RuleFunctions functions)
    {
        var own = Expanded(rule.Labels, sample, functions).ToDictionary(StringComparer.Ordinal);
        own["alertname"] = rule.Name;
        return Labels.Of(sample.Labels.Pairs.ToArray().Where(p => p.Key != Labels.MetricName && !own.ContainsKey(p.Key)).Select(p => (p.Key, p.Value))
            .Concat(own.Select(p => (p.Key, p.Value))));
    }

    private static IEnumerable<(string Name, string Value)> Expanded(IReadOnlyList<RuleText> texts, VectorSample sample, RuleFunctions functions) =>
        texts.Select(t => (t.Name, t.Template?.Expand(sample.Labels, sample.Sample.Value, functions) ?? t.Text));

    private static RuleAlert Fire(Rule rule, RuleAlert alert, long atMs) =>
        alert.State == RuleAlertState.Pending && atMs - alert.ActiveAtMs >= rule.ForMs
            ? alert with { State = RuleAlertState.Firing, FiredAtMs = atMs } : alert;

    private static RuleAlert? Vanished(Rule rule, RuleAlert alert, long atMs)
    {
        if (alert.State == RuleAlertState.Pending || (alert.ResolvedAtMs != 0 && atMs - alert.ResolvedAtMs > ResolvedRetentionMs))
        {
            return null;
        }
        if (alert.State == RuleAlertState.Inactive)
        {
            return alert;
        }
        if (atMs < alert.HeldUntilMs)
        {
            return alert;
        }
        if (alert.IsShared)
        {
            return null;
        }
        var since = rule.KeepFiringForMs == 0 ? 0 : alert.KeepFiringSinceMs == 0 ? atMs : alert.KeepFiringSinceMs;
        return rule.KeepFiringForMs > 0 && atMs - since < rule.KeepFiringForMs ? alert with { KeepFiringSinceMs = since }
            : alert with { State = RuleAlertState.Inactive, ResolvedAtMs = atMs, KeepFiringSinceMs = since };
    }
}
