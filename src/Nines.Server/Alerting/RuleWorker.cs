using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Nines.Core.Alerting;
using Nines.Metrics;
using Nines.PromQL;

namespace Nines.Server.Alerting;

/// <summary>
/// Evaluates the workspace's rule groups, each at its own times and never twice at once. A group that is slower than its interval leaves out
/// evaluations, which are counted. Alerts go through the door; one that is not taken is sent again within a minute.
/// </summary>
internal sealed partial class RuleWorker : IRuleReports, IHostedService, IDisposable
{
    private RuleWorld _world;
    private readonly IAlertDoor _door;
    private readonly IAlertReports _reports;
    private readonly TimeProvider _time;
    private readonly ILogger<RuleWorker> _log;
    private readonly RuleMeter _meter;
    private readonly Lock _gate = new();
    private readonly CancellationTokenSource _stop = new();

    // Rules of many groups may be due at once; queries and scrapes need processors too.
    private readonly SemaphoreSlim _slots = new(Math.Max(2, Environment.ProcessorCount / 2));

    private volatile IReadOnlyList<Runner> _runners = [];
    private Task _ending = Task.CompletedTask;
    private bool _started;

    public RuleWorker(ISeriesSource source, ISampleSink sink, IAlertDoor door, IAlertReports reports, Uri publicUrl, TimeProvider time, ILogger<RuleWorker> log)
    {
        _world = new RuleWorld(new QueryEngine(source, new QueryOptions()), source, sink, publicUrl.ToString().TrimEnd('/'), Labels.Empty,
            () => time.GetElapsedTime(0).TotalSeconds);
        (_door, _reports, _time, _log) = (door, reports, time, log);
        _meter = new RuleMeter(() => _runners.Select(r => r.Evaluator));
    }

    /// <summary>Whether every group waits for a turn that is still to come.</summary>
    internal bool IsIdle => _runners.All(r => r.DueMs > NowMs);

    private long NowMs => _time.GetUtcNow().ToUnixTimeMilliseconds();

    /// <inheritdoc/>
    public Task StartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    /// <inheritdoc/>
    public async Task StopAsync(CancellationToken cancellationToken)
    {
        await _stop.CancelAsync();
        // Alerts and series live on: the next start takes them up.
        await Task.WhenAll([_ending, .. _runners.Select(r => r.Loop)]).WaitAsync(cancellationToken);
    }

    /// <summary>Sets the groups, and the labels that tell this server from others. Rules that were there before keep their alerts; what is gone ends.</summary>
    public void Apply(IReadOnlyList<RuleGroup> groups, Labels externalLabels)
    {
        lock (_gate)
        {
            var relabelled = !_world.ExternalLabels.Equals(externalLabels);
            _world = _world with { ExternalLabels = externalLabels };
            var before = _runners.ToDictionary(r => r.Evaluator.Group.Key, StringComparer.Ordinal);
            var after = new List<Runner>();
            var isShared = RuleRestoring.Shared(groups);
            foreach (var group in groups)
            {
                if (before.Remove(group.Key, out var same) && !relabelled && IsSame(same.Evaluator.Group, group))
                {
                    after.Add(same);
                    continue;
                }
                same?.Stop.Cancel();
                var interval = group.IntervalMs == 0 ? RuleGroup.DefaultIntervalMs : group.IntervalMs;
                // Only what ran when the server went down is restored; a rule that is new now begins now.
                var runner = new Runner(new GroupEvaluator(group, interval, _world, restore: !_started || same?.Evaluator.IsRestored == false),
                    CancellationTokenSource.CreateLinkedTokenSource(_stop.Token));
                var takesUp = !_started;
                runner.Loop = Task.Run(() => RunAsync(runner, same, takesUp ? isShared : null), CancellationToken.None);
                after.Add(runner);
            }
            _started = true;
            _runners = after;
            foreach (var gone in before.Values)
            {
                gone.Stop.Cancel();
                _ending = Task.WhenAll(_ending, EndAsync(gone));
            }
        }
    }

    /// <inheritdoc/>
    public IReadOnlyList<RuleGroupReport> Groups() => [.. _runners.Select(r => RuleReporting.Of(r.Evaluator))];

    public void Dispose()
    {
        _stop.Cancel();
        _meter.Dispose();
    }

    private static bool IsSame(RuleGroup a, RuleGroup b) =>
        a.IntervalMs == b.IntervalMs && a.QueryOffsetMs == b.QueryOffsetMs && a.Limit == b.Limit && a.Rules.Count == b.Rules.Count
        && a.Rules.Zip(b.Rules).All(p => p.First.Identity == p.Second.Identity && p.First.Query == p.Second.Query
            && p.First.Annotations.Select(t => (t.Name, t.Text)).SequenceEqual(p.Second.Annotations.Select(t => (t.Name, t.Text))));

    private async Task EndAsync(Runner gone)
    {
        await gone.Loop;
        await GuardAsync(gone, () => PostAsync(gone.Evaluator.End(NowMs)));
    }

    private async Task RunAsync(Runner runner, Runner? before, Func<Labels, bool>? takeUp)
    {
        if (takeUp is not null)
        {
            await GuardAsync(runner, () => PostAsync(runner.Evaluator.TakeUp(_reports.Firing().ToDictionary(a => a.Labels), takeUp, NowMs)));
        }
        if (before is not null)
        {
            await before.Loop;
            await GuardAsync(runner, () => PostAsync(runner.Evaluator.TakeOver(before.Evaluator, NowMs)));
        }
        var (group, interval, stop) = (runner.Evaluator.Group, runner.Evaluator.IntervalMs, runner.Stop.Token);
        var next = group.NextMs(NowMs, interval);
        try
        {
            while (true)
            {
                // A clock that was set back must not silence the rules until it has caught up.
                next = Math.Min(next, group.NextMs(NowMs, interval));
                var wait = Task.Delay(TimeSpan.FromMilliseconds(Math.Max(0, next - NowMs)), _time, stop);
                runner.DueMs = next;
                await wait;
                runner.DueMs = 0;
                if (NowMs < next)
                {
                    continue;
                }
                await _slots.WaitAsync(stop);
                try
                {
                    await GuardAsync(runner, () => EvaluateAsync(runner, next, stop));
                }
                finally
                {
                    _slots.Release();
                }
                var missed = Math.Max(0, (NowMs - next) / interval - 1);
                _meter.Missed(group, missed);
                next += (missed + 1) * interval;
            }
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
            return;
        }
    }

    private async Task EvaluateAsync(Runner runner, long atMs, CancellationToken stop)
    {
        var begun = _time.GetTimestamp();
        var posts = runner.Evaluator.Evaluate(atMs, stop);
        if (stop.IsCancellationRequested)
        {
            return;
        }
        var failed = runner.Evaluator.Rules.Where(r => r.Error is not null).ToList();
        _meter.Evaluated(runner.Evaluator.Group, runner.Evaluator.Rules.Count, failed.Count, _time.GetElapsedTime(begun));
        foreach (var rule in failed.Where(r => runner.Told.Add($"{r.Rule.Name}\n{r.Error}")))
        {
            LogRuleFailed(rule.Rule.Name, rule.Rule.Position.ToString(), rule.Error!);
        }
        if (failed.Count == 0)
        {
            runner.Told.Clear();
        }
        await PostAsync(posts);
    }

    private Task PostAsync(IReadOnlyList<PostedAlert> posts) => posts.Count == 0 ? Task.CompletedTask : _door.PostAsync(posts, _stop.Token);

    // Without its loop a group would page nobody any more: the loop outlives a bug in one evaluation.
    private async Task GuardAsync(Runner runner, Func<Task> work)
    {
        try
        {
            await work();
        }
        catch (OperationCanceledException) when (_stop.IsCancellationRequested)
        {
            return;
        }
#pragma warning disable CA1031
        catch (Exception e)
#pragma warning restore CA1031
        {
            _meter.Evaluated(runner.Evaluator.Group, 1, 1, TimeSpan.Zero);
            LogGroupFailed(e, runner.Evaluator.Group.Key);
        }
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "Rule {Rule} at {Position} fails: {Error}")]
    private partial void LogRuleFailed(string rule, string position, string error);

    [LoggerMessage(Level = LogLevel.Error, Message = "An evaluation of the rule group {Group} failed. It is tried again at its next turn.")]
    private partial void LogGroupFailed(Exception exception, string group);

    /// <summary>A group and the loop that evaluates it.</summary>
    private sealed class Runner(GroupEvaluator evaluator, CancellationTokenSource stop)
    {
        private long _dueMs;

        public GroupEvaluator Evaluator => evaluator;

        public CancellationTokenSource Stop => stop;

        /// <summary>The turn it waits for; 0 while it works.</summary>
        public long DueMs
        {
            get => Interlocked.Read(ref _dueMs);
            set => Interlocked.Exchange(ref _dueMs, value);
        }

        public Task Loop { get; set; } = Task.CompletedTask;

        /// <summary>Failures that are in the log already.</summary>
        public HashSet<string> Told { get; } = new(StringComparer.Ordinal);
    }
}
