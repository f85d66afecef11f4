using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Nines.Core.Alerting;
using Nines.Core.Delivery;
using Nines.Metrics;
using Nines.Server.Delivery;
using Nines.Server.State;

namespace Nines.Server.Alerting;

/// <summary>
/// The one door. Alerts live in memory and are recorded before their messages go out; when the store refuses, the messages
/// go out all the same, and the refusal is an alert of its own.
/// </summary>
internal sealed partial class AlertDoor : IAlertDoor, IAlertReports, IHostedService, IDisposable
{
    /// <summary>More alerts than this are not taken; they are counted and logged.</summary>
    public const int MaxAlerts = 20_000;

    /// <summary>The name of the alert that says that the store refuses writes.</summary>
    public const string StoreAlert = "NinesStoreRefusesWrites";

    private const long KeptNs = 86_400L * 1_000_000_000;
    private static readonly TimeSpan Tick = TimeSpan.FromSeconds(1);
    private static readonly Labels StoreLabels = Labels.Of(("alertname", StoreAlert), ("severity", "page"));

    private readonly IStateStore _store;
    private readonly DurableRecorder _recorder;
    private readonly OutboxWorker _outbox;
    private readonly TimeProvider _time;
    private readonly ILogger<AlertDoor> _log;
    private readonly Lock _gate = new();
    private readonly Dictionary<Labels, Entry> _alerts = [];
    private readonly CancellationTokenSource _stop = new();
    private IReadOnlyList<Receiver>? _receivers;
    private Task _ticking = Task.CompletedTask;
    private Task _handedOver = Task.CompletedTask;
    private long _version;
    private long _storeAlertSinceNs;
    private int _ticks;
    private bool _disposed;

    public AlertDoor(IStateStore store, DurableRecorder recorder, OutboxWorker outbox, TimeProvider time, ILogger<AlertDoor> log)
    {
        _store = store;
        _recorder = recorder;
        _outbox = outbox;
        _time = time;
        _log = log;
    }

    /// <inheritdoc/>
    public long Version => Interlocked.Read(ref _version) + _outbox.Book.Version;

    /// <summary>How many alerts were not taken because there were too many.</summary>
    public long NotTaken { get; private set; }

    /// <inheritdoc/>
    public async Task StartAsync(CancellationToken cancellationToken)
    {
        var now = NowNs();
        var (alerts, messages) = await _store.ReadAsync(reader =>
            (AlertStore.Load(reader, now - KeptNs), OutboxStore.Load(reader, now - KeptNs)), cancellationToken);
        lock (_gate)
        {
            foreach (var (state, explanation) in alerts)
            {
                // While this server was down nobody could report: each alert gets a full timeout from now.
                _alerts.TryAdd(state.Labels, new Entry(state, explanation, Deadline(AlertMachine.ResolveTimeoutNs)));
            }
        }
        await _outbox.TakeUpAsync(messages);
        _ticking = Task.Run(TickAsync, CancellationToken.None);
    }

    /// <inheritdoc/>
    public async Task StopAsync(CancellationToken cancellationToken)
    {
        await _stop.CancelAsync();
        await _ticking;
        await _outbox.StopAsync();
    }

    /// <summary>Sets the receivers. One that is new is told of what fires.</summary>
    public void Apply(IReadOnlyList<Receiver> receivers)
    {
        var changes = new List<Change>();
        lock (_gate)
        {
            _receivers = receivers;
            foreach (var entry in _alerts.Values.Where(e => e.State.Firing))
            {
                if (Decided(entry, new AlertDecision(entry.State, null)) is { Notifications.Count: > 0 } change)
                {
                    changes.Add(change);
                }
            }
            if (changes.Count > 0)
            {
                _ = Settle(changes);
            }
        }
        _outbox.Apply(receivers);
    }

    /// <inheritdoc/>
    public async Task PostAsync(IReadOnlyList<PostedAlert> alerts, CancellationToken cancellation)
    {
        cancellation.ThrowIfCancellationRequested();
        var changes = new List<Change>(alerts.Count);
        Task settled;
        lock (_gate)
        {
            var now = NowNs();
            foreach (var posted in alerts)
            {
                if (Receive(posted, now) is { } change)
                {
                    changes.Add(change);
                }
            }
            if (changes.Count == 0)
            {
                return;
            }
            settled = Settle(changes);
        }
        await settled;
        if (_recorder.Refusing)
        {
            await TellOfStoreAsync();
        }
    }

    /// <inheritdoc/>
    public IReadOnlyList<AlertReport> Firing() => Reports(entry => entry.State.Firing);

    /// <inheritdoc/>
    public IReadOnlyList<AlertReport> All() => Reports(_ => true);

    public void Dispose()
    {
        // The container disposes once for each service it is registered as.
        if (_disposed)
        {
            return;
        }
        _disposed = true;
        _stop.Cancel();
        _stop.Dispose();
    }

    /// <summary>What passes with time: ends nobody reported, the store's recovery, retention. Called every second.</summary>
    internal async Task OnTickAsync()
    {
        await ExpireAsync();
        if (_recorder.Refusing)
        {
            await TellOfStoreAsync();
            if (_ticks % 5 == 0)
            {
                await _recorder.ReconcileAsync();
            }
        }
        if (!_recorder.Refusing && _storeAlertSinceNs != 0)
        {
            _outbox.Reconciled();
            await PostAsync([StorePosting(_storeAlertSinceNs, NowNs(), "The store takes writes again; everything kept is recorded.")], CancellationToken.None);
            _storeAlertSinceNs = 0;
        }
        if (_ticks++ % 3600 == 0)
        {
            await PruneAsync();
        }
    }

    private async Task TickAsync()
    {
        using var timer = new PeriodicTimer(Tick, _time);
        try
        {
            while (await timer.WaitForNextTickAsync(_stop.Token))
            {
                try
                {
                    await OnTickAsync();
                }
                catch (Exception e) when (e is not OperationCanceledException)
                {
                    // One bad tick must not end the watch over all alerts.
                    LogTickFailed(e);
                }
            }
        }
        catch (OperationCanceledException) when (_stop.IsCancellationRequested)
        {
            return;
        }
    }

    private async Task ExpireAsync()
    {
        var changes = new List<Change>();
        Task settled;
        lock (_gate)
        {
            var now = NowNs();
            var timestamp = _time.GetTimestamp();
            foreach (var entry in _alerts.Values)
            {
                if (entry.State.Firing && entry.Deadline <= timestamp)
                {
                    changes.Add(Decided(entry, AlertMachine.Expire(entry.State, now)));
                }
            }
            if (changes.Count == 0)
            {
                return;
            }
            settled = Settle(changes);
        }
        await settled;
    }

    private Change? Receive(PostedAlert posted, long now)
    {
        _alerts.TryGetValue(posted.Labels, out var entry);
        if (entry is null && _alerts.Count >= MaxAlerts)
        {
            NotTaken++;
            LogTooMany(MaxAlerts);
            return null;
        }
        if (AlertMachine.Receive(entry?.State, posted, now) is not { } decision)
        {
            return null;
        }
        if (entry is null)
        {
            _alerts[posted.Labels] = entry = new Entry(decision.State, "", 0);
        }
        // The wall clock may be set; an alert must not end, or go on, for that.
        entry.Deadline = Deadline(decision.State.EndsAtNs - now);
        return Decided(entry, decision, posted.ToldWith is { } story && _alerts.TryGetValue(story, out var other) ? other.State.Notified : []);
    }

    /// <param name="entry">The alert.</param>
    /// <param name="decision">What becomes of it.</param>
    /// <param name="told">Receivers that know of it from another alert of the same story.</param>
    private Change Decided(Entry entry, AlertDecision decision, IReadOnlyList<string>? told = null)
    {
        var state = decision.State;
        var now = NowNs();
        var notifications = new List<Notification>();
        if (decision.Transition is { Resolved: true })
        {
            foreach (var receiver in _receivers ?? [])
            {
                if (receiver.SendResolved && state.Notified.Contains(receiver.Name, StringComparer.Ordinal)
                    && told?.Contains(receiver.Name, StringComparer.Ordinal) != true)
                {
                    notifications.Add(Notification.Of(receiver.Name, state, now));
                }
            }
        }
        else if (state.Firing)
        {
            var fresh = (_receivers ?? []).Where(r => Notification.Takes(r, state.Labels) && !state.Notified.Contains(r.Name, StringComparer.Ordinal)).ToList();
            if (fresh.Count > 0)
            {
                state = state with { Notified = [.. state.Notified.Concat(fresh.Select(r => r.Name)).Order(StringComparer.Ordinal)] };
                fresh.RemoveAll(r => told?.Contains(r.Name, StringComparer.Ordinal) == true);
                notifications.AddRange(fresh.Select(r => Notification.Of(r.Name, state, now)));
            }
        }
        entry.State = state;
        entry.Explanation = decision.Transition?.Explanation ?? entry.Explanation;
        return new Change(state, entry.Explanation, decision.Transition, notifications);
    }

    private Task<bool> Record(List<Change> changes) => _recorder.RecordAsync(transaction =>
    {
        foreach (var change in changes)
        {
            AlertStore.Put(transaction, change.State, change.Explanation);
            if (change.Transition is { } transition)
            {
                AlertStore.Append(transaction, transition);
            }
            foreach (var notification in change.Notifications)
            {
                OutboxStore.Insert(transaction, notification, true);
            }
        }
    });

    /// <summary>Records decisions and hands their messages over. Called within the lock, so both have the order of the decisions.</summary>
    private Task Settle(List<Change> changes) => _handedOver = HandOverAsync(changes, Record(changes), _handedOver);

    private async Task HandOverAsync(List<Change> changes, Task<bool> recorded, Task before)
    {
        await before.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing | ConfigureAwaitOptions.ForceYielding);
        bool durable;
        try
        {
            durable = await recorded;
        }
        catch (Exception e)
        {
            // Our bug in recording must not keep a message back.
            LogNotRecorded(e);
            durable = false;
        }
        foreach (var notification in changes.SelectMany(c => c.Notifications))
        {
            if (!durable)
            {
                // Behind the kept changes: by the time this is written, the row is there.
                _ = _recorder.RecordAsync(transaction => OutboxStore.MarkUnrecorded(transaction, notification.Key));
            }
            await _outbox.EnqueueAsync(notification, durable);
        }
        Interlocked.Increment(ref _version);
    }

    /// <summary>Raises the alert about the store once, and keeps it up.</summary>
    private Task TellOfStoreAsync()
    {
        lock (_gate)
        {
            var now = NowNs();
            var known = _alerts.TryGetValue(StoreLabels, out var entry) && entry.State.Firing;
            if (known && now - entry!.State.UpdatedAtNs < 60_000_000_000)
            {
                return Task.CompletedTask;
            }
            _storeAlertSinceNs = _storeAlertSinceNs == 0 ? now : _storeAlertSinceNs;
            var change = Receive(StorePosting(_storeAlertSinceNs, 0,
                $"Alerts are delivered from memory and recorded later. Reason: {_recorder.Reason}"), now);
            return change is null ? Task.CompletedTask : Settle([change]);
        }
    }

    private static PostedAlert StorePosting(long sinceNs, long endsNs, string description) =>
        new(StoreLabels, Labels.Of(("summary", "Nines' store refuses writes"), ("description", description)), sinceNs, endsNs, "");

    private async Task PruneAsync()
    {
        var now = NowNs();
        lock (_gate)
        {
            foreach (var (labels, entry) in _alerts.Where(a => !a.Value.State.Firing && a.Value.State.UpdatedAtNs < now - KeptNs).ToList())
            {
                _alerts.Remove(labels);
                _outbox.Book.Forget(entry.State.Fingerprint);
            }
        }
        if (!_recorder.Refusing)
        {
            await _recorder.RecordAsync(transaction => AlertStore.Prune(transaction, now));
        }
    }

    private List<AlertReport> Reports(Func<Entry, bool> which)
    {
        lock (_gate)
        {
            return [.. _alerts.Values.Where(which)
                .OrderByDescending(e => e.State.Firing).ThenByDescending(e => e.State.StartsAtNs).ThenBy(e => e.State.Fingerprint, StringComparer.Ordinal)
                .Select(e => new AlertReport(e.State.Fingerprint, e.State.Labels, e.State.Annotations, e.State.Firing, e.State.StartsAtNs,
                    e.State.Firing ? null : e.State.EndsAtNs, e.State.UpdatedAtNs, e.State.GeneratorUrl, e.Explanation, _outbox.Book.Of(e.State.Fingerprint)))];
        }
    }

    private long Deadline(long ns) => _time.GetTimestamp() + (long)(ns / 1e9 * _time.TimestampFrequency);

    private long NowNs() => (_time.GetUtcNow() - DateTimeOffset.UnixEpoch).Ticks * 100;

    [LoggerMessage(Level = LogLevel.Error, Message = "There are {Limit} alerts: a new one was not taken")]
    private partial void LogTooMany(int limit);

    [LoggerMessage(Level = LogLevel.Error, Message = "Decisions could not be recorded; their messages go out all the same")]
    private partial void LogNotRecorded(Exception failure);

    [LoggerMessage(Level = LogLevel.Error, Message = "A round over the alerts failed; the next one is in a second")]
    private partial void LogTickFailed(Exception failure);

    private sealed class Entry(AlertState state, string explanation, long deadline)
    {
        public AlertState State { get; set; } = state;

        public string Explanation { get; set; } = explanation;

        public long Deadline { get; set; } = deadline;
    }

    private sealed record Change(AlertState State, string Explanation, AlertTransition? Transition, List<Notification> Notifications);
}
