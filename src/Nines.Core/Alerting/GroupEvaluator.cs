using Nines.Metrics;
using Nines.PromQL;

namespace Nines.Core.Alerting;

/// <summary>How a rule is doing.</summary>
public sealed record RuleStatus
{
    /// <summary>The rule.</summary>
    public required Rule Rule { get; init; }

    /// <summary>Its alerts, those that are over included; empty for a recording rule.</summary>
    public IReadOnlyDictionary<Labels, RuleAlert> Alerts { get; init; } = new Dictionary<Labels, RuleAlert>();

    /// <summary>When it was last evaluated, in milliseconds since the Unix epoch; 0 before the first.</summary>
    public long EvaluatedAtMs { get; init; }

    /// <summary>How long that took, in seconds.</summary>
    public double TookSeconds { get; init; }

    /// <summary>Why that failed; null when it did not.</summary>
    public string? Error { get; init; }

    /// <summary>The series its last evaluation made.</summary>
    internal IReadOnlySet<Labels> Made { get; init; } = new HashSet<Labels>();

    /// <summary>Whether it has taken up what it was before a restart.</summary>
    internal bool Restored { get; init; } = true;
}

/// <summary>What evaluating a group needs of the world.</summary>
/// <param name="Engine">Answers queries; sees what <paramref name="Sink"/> took.</param>
/// <param name="Source">The store, to restore <c>for</c> from.</param>
/// <param name="Sink">Takes samples.</param>
/// <param name="ExternalUrl">The address people reach the server at, without a slash at its end.</param>
/// <param name="ExternalLabels">Labels that tell this server from others.</param>
/// <param name="Seconds">A clock for durations, in seconds from anywhere.</param>
public sealed record RuleWorld(
    QueryEngine Engine, ISeriesSource Source, ISampleSink Sink, string ExternalUrl, Labels ExternalLabels, Func<double> Seconds);

/// <summary>
/// Evaluates one group: rule after rule, so that a later one sees an earlier one's samples of the same time. Not safe for use by two threads.
/// </summary>
/// <param name="group">The group.</param>
/// <param name="intervalMs">Its interval.</param>
/// <param name="world">What it works on.</param>
/// <param name="restore">Whether it goes on after a restart: see <see cref="TakeUp"/>; <c>for</c> of what did not fire is restored after two
/// evaluations.</param>
public sealed class GroupEvaluator(RuleGroup group, long intervalMs, RuleWorld world, bool restore)
{
    private readonly HashSet<Labels> _ended = [];
    private int _evaluations;

    /// <summary>Whether every rule has taken up what it was before the last restart; false during the first rounds.</summary>
    public bool IsRestored => Array.TrueForAll(_status, s => s.Restored);

    private volatile RuleStatus[] _status = [.. group.Rules.Select(r => new RuleStatus { Rule = r, Restored = !restore || !r.Alerts })];

    /// <summary>The group.</summary>
    public RuleGroup Group => group;

    /// <summary>Its interval in milliseconds.</summary>
    public long IntervalMs => intervalMs;

    private Labels ExternalLabels => world.ExternalLabels;

    /// <summary>How its rules are doing, in order. Safe to read at any time.</summary>
    public IReadOnlyList<RuleStatus> Rules => _status;

    /// <summary>
    /// Takes over the state of rules that an earlier version of the group had too. Series of those it has no longer end at the next evaluation; their
    /// alerts are given back as over, and so are all under external labels that are others now.
    /// </summary>
    public IReadOnlyList<PostedAlert> TakeOver(GroupEvaluator earlier, long atMs)
    {
        var left = earlier._status.GroupBy(s => s.Rule.Identity, StringComparer.Ordinal)
            .ToDictionary(g => g.Key, g => new Queue<RuleStatus>(g), StringComparer.Ordinal);
        _status = [.. group.Rules.Select((r, i) => left.TryGetValue(r.Identity, out var same) && same.TryDequeue(out var status)
            ? status with { Rule = r } : _status[i])];
        _evaluations = earlier._evaluations;
        var gone = left.Values.SelectMany(q => q).ToList();
        _ended.UnionWith(earlier._ended);
        _ended.UnionWith(gone.SelectMany(s => s.Made));
        if (world.ExternalLabels.Equals(earlier.ExternalLabels))
        {
            return Over(gone, atMs);
        }
        _status = [.. _status.Select(s => s with { Alerts = s.Alerts.ToDictionary(a => a.Key, a => a.Value with { LastSentAtMs = 0 }) })];
        return earlier.Over(earlier._status, atMs);
    }

    /// <summary>
    /// Takes up what fired before a restart, ahead of the first evaluation: nobody is paged again for what goes on, and nobody is told that something is
    /// over before its rule has looked.
    /// </summary>
    /// <param name="told">What fires as far as people were told, by labels.</param>
    /// <param name="isShared">Whether more than one rule may have made the alert of these labels.</param>
    /// <param name="atMs">Now.</param>
    /// <returns>Those that people were told of, to post: they go on.</returns>
    public IReadOnlyList<PostedAlert> TakeUp(IReadOnlyDictionary<Labels, AlertReport> told, Func<Labels, bool> isShared, long atMs)
    {
        var posts = new List<PostedAlert>();
        for (var i = 0; i < _status.Length; i++)
        {
            var status = _status[i];
            if (status.Restored)
            {
                continue;
            }
            var alerts = new Dictionary<Labels, RuleAlert>();
            foreach (var alert in RuleRestoring.Fired(status.Rule, world.Source, intervalMs, group.QueryOffsetMs ?? 0, atMs))
            {
                var taken = alert with { HeldUntilMs = atMs + AlertingRule.SettleMs, IsShared = isShared(alert.Labels) };
                if (told.TryGetValue(Post(status.Rule, taken).Labels, out var report))
                {
                    taken = AlertingRule.Told(taken with { Annotations = report.Annotations, FiredAtMs = report.SinceNs / 1_000_000 }, intervalMs, atMs);
                    posts.Add(Post(status.Rule, taken));
                }
                alerts[taken.Labels] = taken;
            }
            Set(i, status with { Alerts = alerts });
        }
        return posts;
    }

    /// <summary>Ends the group: its series end, and its alerts are given back as over.</summary>
    public IReadOnlyList<PostedAlert> End(long atMs)
    {
        Write(_status.SelectMany(s => s.Made).Concat(_ended).ToHashSet(), [], atMs);
        return Over(_status, atMs);
    }

    private PostedAlert[] Over(IEnumerable<RuleStatus> rules, long atMs) =>
        [.. rules.SelectMany(s => s.Alerts.Values.Where(a => a.State == RuleAlertState.Firing && !a.IsShared)
            .Select(a => Post(s.Rule, a with { ResolvedAtMs = atMs })))];

    private PostedAlert Post(Rule rule, RuleAlert alert) => AlertingRule.Post(rule, alert, world.ExternalUrl, world.ExternalLabels);

    /// <summary>
    /// Evaluates all rules at a time and writes what they make; returns the alerts to post. A failure is the rule's, and on show in its status.
    /// </summary>
    public IReadOnlyList<PostedAlert> Evaluate(long atMs, CancellationToken stop = default)
    {
        var posts = new List<PostedAlert>();
        for (var i = 0; i < group.Rules.Count && !stop.IsCancellationRequested; i++)
        {
            var begun = world.Seconds();
            var after = Guarded(_status[i], atMs, stop);
            if (stop.IsCancellationRequested)
            {
                break;
            }
            var (alerts, due) = AlertingRule.Send(after.Alerts, intervalMs, atMs);
            posts.AddRange(due.Select(a => Post(after.Rule, a)));
            Set(i, after with { Alerts = alerts, EvaluatedAtMs = atMs, TookSeconds = world.Seconds() - begun });
        }
        if (_ended.Count > 0)
        {
            _ended.ExceptWith(_status.SelectMany(s => s.Made));
            Write(_ended, [], atMs);
            _ended.Clear();
        }
        // As in Prometheus not before the second evaluation: what an alert rests on may take a round to come back.
        if (++_evaluations == 2 && restore)
        {
            Restore(atMs);
        }
        return posts;
    }

    // A rule that throws is our bug, and that rule's alone: the alerts of its neighbours must go out.
    private RuleStatus Guarded(RuleStatus before, long atMs, CancellationToken stop)
    {
        var reached = before;
        try
        {
            (reached, var samples) = Evaluate(before, atMs, stop);
            return reached.Error is not null || stop.IsCancellationRequested ? reached : reached with { Made = Write(before.Made, samples, atMs) };
        }
        catch (Exception e) when (e is not OperationCanceledException)
        {
            return reached with { Error = $"{e.GetType().Name}: {e.Message}" };
        }
    }

    private (RuleStatus After, IReadOnlyList<VectorSample> Samples) Evaluate(RuleStatus before, long atMs, CancellationToken stop)
    {
        var rule = before.Rule;
        var offset = group.QueryOffsetMs ?? 0;
        var result = world.Engine.Instant(rule.Expr, atMs - offset, stop);
        var samples = result.Value switch
        {
            VectorValue vector => vector.Samples,
            ScalarValue scalar => [new VectorSample(Labels.Empty, scalar.Sample)],
            _ => null,
        };
        if (samples is null)
        {
            return (before with { Error = result.Error?.Message ?? "rule result is not a vector or scalar" }, []);
        }
        if (!rule.Alerts)
        {
            var error = Record(rule, samples, atMs - offset, out var recorded);
            return (before with { Error = error }, recorded);
        }
        var functions = new RuleFunctions(text => world.Engine.Instant(text, atMs, stop), atMs, world.ExternalUrl, world.ExternalLabels);
        var step = AlertingRule.Step(rule, before.Alerts, samples, atMs, group.Limit, functions);
        var after = before with { Alerts = step.Alerts, Error = step.Error };
        // A pending alert is not shown before it is restored: its short time would overwrite the long one.
        var shown = before.Restored ? step.Alerts.Values : step.Alerts.Values.Where(a => a.State == RuleAlertState.Firing);
        return (after, step.Error is null ? [.. AlertingRule.Series(rule, shown, atMs - offset)] : []);
    }

    private string? Record(Rule rule, IReadOnlyList<VectorSample> samples, long atMs, out IReadOnlyList<VectorSample> recorded)
    {
        var own = rule.Labels.Select(l => l.Name).Append(Labels.MetricName).ToArray();
        var made = new Dictionary<Labels, double>(samples.Count);
        recorded = [];
        foreach (var sample in samples)
        {
            var kept = sample.Labels.Without(own).Pairs.ToArray().Select(p => (p.Key, p.Value));
            var labels = Labels.Of(kept.Concat(rule.Labels.Select(l => (l.Name, l.Text))).Append((Labels.MetricName, rule.Name)));
            if (!made.TryAdd(labels, sample.Sample.Value))
            {
                return "vector contains metrics with the same labelset after applying rule labels";
            }
        }
        if (group.Limit > 0 && made.Count > group.Limit)
        {
            return $"exceeded limit of {group.Limit} with {made.Count} series";
        }
        recorded = [.. made.Select(m => new VectorSample(m.Key, new Sample(atMs, m.Value)))];
        return null;
    }

    /// <summary>Writes samples, and the end of series that were made before and are not any more.</summary>
    private HashSet<Labels> Write(IReadOnlySet<Labels> before, IReadOnlyList<VectorSample> samples, long atMs)
    {
        var made = samples.Select(s => s.Labels).ToHashSet();
        var ended = before.Where(l => !made.Contains(l)).ToList();
        if (samples.Count + ended.Count > 0)
        {
            using var append = world.Sink.Begin();
            foreach (var sample in samples)
            {
                append.Add(append.Series(sample.Labels, false, intervalMs), new CounterSample(sample.Sample.TimeMs, sample.Sample.Value, 0));
            }
            foreach (var labels in ended)
            {
                append.Add(append.Series(labels, false, intervalMs), new CounterSample(atMs - (group.QueryOffsetMs ?? 0), StaleMarker.Value, 0));
            }
            append.Commit();
        }
        return made;
    }

    private void Restore(long atMs)
    {
        for (var i = 0; i < _status.Length; i++)
        {
            var status = _status[i];
            if (!status.Restored)
            {
                Set(i, status with { Alerts = RuleRestoring.Pending(status.Rule, status.Alerts, world.Source, atMs), Restored = true });
            }
        }
    }

    private void Set(int i, RuleStatus status)
    {
        RuleStatus[] all = [.. _status];
        all[i] = status;
        _status = all;
    }
}
