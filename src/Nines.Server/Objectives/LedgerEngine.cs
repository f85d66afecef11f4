using Microsoft.Extensions.Logging;
using Nines.Core.Alerting;
using Nines.Core.Objectives;
using Nines.Metrics;
using Nines.Server.Objectives.Sources;
using Nines.Server.State;

namespace Nines.Server.Objectives;

/// <summary>
/// Keeps the ledgers of all objectives: reads increments, closes minutes, judges burn, commits. One thread calls <see cref="Step"/>; reports may be read
/// from any.
/// When the store refuses, counting and judging go on in memory and the changes wait for the next commit.
/// </summary>
internal sealed partial class LedgerEngine(
    ISeriesSource source, IIndicatorQueries queries, LedgerStore store, Uri publicUrl, LedgerFault fault, ILogger logger) : IObjectiveReports, IDisposable
{
    /// <summary>A minute closes this long after its end.</summary>
    public const long SettleMs = 5_000;

    /// <summary>A firing alert is posted again this often, so that the door knows it still holds.</summary>
    private const long RepostMs = 60_000;

    /// <summary>External sources; null when there can be none.</summary>
    public SourceReaders? Sources { get; init; }

    private readonly Lock _gate = new();
    private readonly LedgerCommits _commits = new(store, logger);
    private SortedDictionary<string, TrackedObjective> _tracked = new(StringComparer.Ordinal);
    private volatile IReadOnlyList<Objective>? _wanted;
    private IReadOnlyList<Adjustment> _adjustments = [];
    private long _nowMs;
    private long _storedMs;
    private long _version;

    /// <inheritdoc/>
    public long Version => Interlocked.Read(ref _version);

    /// <summary>How many objectives are counted.</summary>
    public int Count => _tracked.Count;

    /// <summary>Series that objectives count, once for each objective.</summary>
    public int SeriesCount { get; private set; }

    /// <summary>Events that were booked into minutes that had closed, fixed-point; since the server started.</summary>
    public long LateBooked { get; private set; }

    /// <summary>Events that came too late to be booked, fixed-point; since the server started.</summary>
    public long LateDropped { get; private set; }

    /// <summary>Attempts to store that failed.</summary>
    public long FailedCommits => _commits.Failed;

    /// <summary>Why the store refused the last time it was asked; null when it did not.</summary>
    public string? StoreFailure => _commits.Failure;

    /// <summary>When the last step was, ms since the Unix epoch; 0 before the first.</summary>
    public long SteppedMs => Interlocked.Read(ref _nowMs);

    /// <summary>To which minute the account of every objective is closed; 0 before the first.</summary>
    public long ClosedMinute { get; private set; }

    /// <summary>
    /// Samples from here on may still have to be counted, ms since the Unix epoch: what was read before is stored. 0 until the first commit,
    /// <see cref="long.MaxValue"/> when there are no objectives.
    /// </summary>
    public long NeedsSamplesSinceMs => _tracked.Count == 0 && _wanted is null ? long.MaxValue : Interlocked.Read(ref _storedMs);

    /// <summary>The objectives to keep from the next step on.</summary>
    public void Apply(IReadOnlyList<Objective> objectives) => _wanted = objectives;

    /// <summary>The adjustments to reckon with from now on.</summary>
    public void Adjust(IReadOnlyList<Adjustment> adjustments)
    {
        lock (_gate)
        {
            _adjustments = adjustments;
            foreach (var tracked in _tracked.Values.SelectMany(t => t.WithGroups))
            {
                tracked.Adjust(_adjustments);
            }
        }
        Interlocked.Increment(ref _version);
    }

    /// <summary>Each objective with the share of its budget that is left; null while nothing is known or the signal is lost.</summary>
    public IReadOnlyList<(Objective Objective, double? RemainingShare)> Standings()
    {
        lock (_gate)
        {
            return [.. _tracked.Values.Select(t => (t.Objective, t.RemainingShare(_nowMs)))];
        }
    }

    /// <summary>Moves everything to a moment and returns the alerts to post.</summary>
    public IReadOnlyList<PostedAlert> Step(long nowMs)
    {
        var alerts = new List<PostedAlert>();
        var close = LedgerTime.LastEnded(nowMs - SettleMs);
        lock (_gate)
        {
            _nowMs = nowMs;
            if (Interlocked.Exchange(ref _wanted, null) is { } wanted)
            {
                Reconcile(wanted, nowMs, alerts);
            }
            var series = 0;
            foreach (var whole in _tracked.Values)
            {
                series += StepOne(whole, nowMs, close, alerts);
                _commits.CommitMany(_gate, nowMs);
            }
            ClosedMinute = _tracked.Count > 0 ? close : 0;
            SeriesCount = series;
        }
        if (_commits.Commit(_gate, nowMs))
        {
            var taken = _tracked.Values.SelectMany(t => t.WithGroups).Where(t => t.CountsSamples).Select(t => t.TakenMs);
            Interlocked.Exchange(ref _storedMs, taken.DefaultIfEmpty(nowMs).Min());
        }
        Interlocked.Increment(ref _version);
        return alerts;
    }

    /// <summary>Moves one objective and its groups, and tells how many series they count.</summary>
    private int StepOne(TrackedObjective whole, long nowMs, long close, List<PostedAlert> alerts)
    {
        var (complete, series) = (true, 0);
        foreach (var tracked in whole.WithGroups)
        {
            var (lateBooked, lateDropped) = (tracked.Ledger.LateBooked, tracked.Ledger.LateDropped);
            try
            {
                var booked = tracked.Read(nowMs, close);
                TakeOver(tracked, nowMs);
                complete &= UpdateGroups(tracked);
                tracked.Adjust(_adjustments);
                tracked.Judge(nowMs, publicUrl, RepostMs, alerts);
                if (booked > tracked.Ledger.ClosedMinute)
                {
                    tracked.Ledger.Close(booked);
                    _commits.AddDue(tracked, nowMs);
                }
            }
            catch (IOException e)
            {
                // A stored hour that must be added to cannot be read. The others go on; this one is read again at the next step.
                complete = false;
                _commits.Failure = e.Message;
                LogUnread(tracked.Objective.Key, e.Message);
            }
            // Not a sum over the objectives: a counter must not fall when one leaves.
            LateBooked += tracked.Ledger.LateBooked - lateBooked;
            LateDropped += tracked.Ledger.LateDropped - lateDropped;
            series += tracked.Ledger.SeriesCount;
        }
        if (complete)
        {
            whole.Feed?.Booked();
        }
        return series;
    }

    /// <summary>No edit gives budget back: what earlier accounts counted, and the samples that are still there do not tell, is taken over from them.</summary>
    private void TakeOver(TrackedObjective tracked, long nowMs)
    {
        if (tracked.Earlier.Count == 0 || tracked.IsBehind(nowMs))
        {
            return;
        }
        var to = LedgerTime.MinuteOf(nowMs);
        var from = to - tracked.Objective.HistoryMinutes;
        try
        {
            foreach (var earlier in tracked.Earlier)
            {
                _commits.Require(earlier.Id, _gate, nowMs);
                var account = new ObjectiveLedger(new PastIndicator(earlier.Indicator));
                store.Load(earlier.Id, from / 60, account);
                tracked.Ledger.TakeOver(account.Events, from, to);
            }
            tracked.Earlier = [];
        }
        catch (StoreRefusedException e)
        {
            // At the next step.
            _commits.Failure = e.Message;
        }
        catch (InvalidDataException e)
        {
            tracked.Earlier = [];
            LogDamaged(tracked.Objective.Key, e.Message);
        }
    }

    /// <summary>Commits what has not been, as at the end.</summary>
    public void Flush()
    {
        lock (_gate)
        {
            foreach (var tracked in _tracked.Values)
            {
                TakeChanges(tracked, _nowMs);
            }
        }
        _commits.Commit(_gate, _nowMs);
    }

    public void Dispose()
    {
        foreach (var tracked in _tracked.Values)
        {
            tracked.Dispose();
        }
        _commits.Dispose();
    }

    private void Reconcile(IReadOnlyList<Objective> wanted, long nowMs, List<PostedAlert> alerts)
    {
        var next = new SortedDictionary<string, TrackedObjective>(StringComparer.Ordinal);
        var started = new List<TrackedObjective>();
        try
        {
            foreach (var objective in wanted)
            {
                // Only a changed indicator is another account; a longer window needs older hours from the store.
                var goesOn = _tracked.TryGetValue(objective.Key, out var tracked) && tracked.CanBecome(objective);
                TakeChanges(goesOn ? null : tracked, nowMs);
                next[objective.Key] = goesOn ? tracked! : Start(objective, nowMs);
                if (!goesOn)
                {
                    started.Add(next[objective.Key]);
                }
            }
        }
        catch (StoreRefusedException e)
        {
            _commits.Failure = e.Message;
            LogApplyFailed(e.Message);
            // All of them are started anew at the next step; what they follow and read must not go on beside that.
            started.ForEach(s => s.Dispose());
            _wanted ??= wanted;
            return;
        }
        foreach (var (key, old) in _tracked.Where(t => !(next.TryGetValue(t.Key, out var n) && ReferenceEquals(n, t.Value))))
        {
            if (!next.ContainsKey(key))
            {
                foreach (var part in old.WithGroups)
                {
                    part.Resolve(nowMs, publicUrl, alerts);
                }
            }
            TakeChanges(old, nowMs);
            old.Dispose();
        }
        _commits.Commit(_gate, nowMs);
        foreach (var objective in wanted)
        {
            next[objective.Key].Become(objective);
        }
        _tracked = next;
    }

    private void TakeChanges(TrackedObjective? whole, long nowMs)
    {
        foreach (var tracked in whole?.WithGroups ?? [])
        {
            _commits.Add(tracked.TakeChanges(nowMs));
        }
    }

    private bool UpdateGroups(TrackedObjective tracked)
    {
        try
        {
            tracked.Groups?.Update();
            return true;
        }
        catch (StoreRefusedException e)
        {
            // The groups that are new wait for the next step.
            _commits.Failure = e.Message;
            return false;
        }
    }

    private TrackedObjective Start(Objective objective, long nowMs)
    {
        var feed = FeedOf(objective);
        try
        {
            var whole = Start(objective, feed, null, nowMs);
            var countedTo = whole.Ledger.ClosedMinute;
            if (feed is not null && objective.GroupBy.Count > 0)
            {
                var known = store.Keys(objective.Key + "{");
                whole.Groups = new(objective, feed, known, (group, filter) => Start(group, feed, filter, _nowMs));
                // The whole may have been counted before it had groups; these are counted from the beginning.
                countedTo = known.Count == 0 ? 0 : countedTo;
            }
            whole.CatchUp?.Begin(nowMs - objective.HistoryMinutes * LedgerTime.MinuteMs, countedTo * LedgerTime.MinuteMs);
            return whole;
        }
        catch (StoreRefusedException)
        {
            feed?.Dispose();
            throw;
        }
    }

    private ISeriesFeed? FeedOf(Objective objective) => objective.Indicator switch
    {
        CounterRatio { Source: { } name } remote => new RemoteFeed(objective.Key, remote, Sources!, name),
        CounterRatio counted => new SeriesFeed(counted, source),
        _ => null,
    };

    private TrackedObjective Start(Objective objective, ISeriesFeed? feed, Func<Labels, bool>? filter, long nowMs)
    {
        var minutes = feed is null && objective.Indicator.Source is { } name ? new RemoteMinutes(objective.Key, objective.Indicator, Sources!, name) : null;
        var (generation, _) = store.Generation(objective.Key, objective.Indicator.Canonical, nowMs);
        var earlier = store.Generations(objective.Key).Where(g => g.Id != generation).ToList();
        _commits.Require(generation, _gate, nowMs);
        byte[]? Stored(long hour) => _commits.Hour(generation, hour);
        TrackedObjective New() => new(objective, generation, feed, minutes, filter, queries, fault, Stored, nowMs) { Earlier = earlier };
        var tracked = New();
        try
        {
            store.Load(generation, LedgerTime.LastEnded(nowMs) / 60 - objective.HistoryMinutes / 60 - 24, tracked.Ledger);
            return tracked;
        }
        catch (InvalidDataException e)
        {
            // One damaged account must not take the others with it; it is counted again from the samples that are still there.
            LogDamaged(objective.Key, e.Message);
            return New();
        }
    }

    [LoggerMessage(Level = LogLevel.Critical,
        Message = "The stored account of {Objective} is damaged: {Reason}. It is counted again from the samples that are still there.")]
    private partial void LogDamaged(string objective, string reason);

    [LoggerMessage(Level = LogLevel.Error,
        Message = "{Objective} could not be counted: {Reason}. What is new of it is read again at the next step.")]
    private partial void LogUnread(string objective, string reason);

    [LoggerMessage(Level = LogLevel.Error,
        Message = "The new objectives could not be taken over: {Reason}. The old ones go on; it is tried again at the next step.")]
    private partial void LogApplyFailed(string reason);
}
