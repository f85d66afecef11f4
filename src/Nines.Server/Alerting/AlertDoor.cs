using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Nines.Core.Alerting;
using Nines.Core.Alerting.Routing;
using Nines.Core.Delivery;
using Nines.Metrics;
using Nines.Server.Delivery;
using Nines.Server.State;

namespace Nines.Server.Alerting;

/// <summary>
/// The one door, and the clock of routing. Alerts live on a board in memory; what it decides is recorded before its messages go out, and when the store
/// refuses, the messages go out all the same, and the refusal is an alert of its own.
/// </summary>
internal sealed partial class AlertDoor : IAlertDoor, IAlertHandling, IAlertReports, IAlertRouting, IAlertExplanations, IAlertLife, IHostedService, IDisposable
{
    /// <summary>More alerts than this do not fire at once: those beyond are not taken; they are counted and logged.</summary>
    public const int MaxAlerts = 200_000;

    /// <summary>The name of the alert that says that the store refuses writes.</summary>
    public const string StoreAlert = "NinesStoreRefusesWrites";

    private const int MaxOver = 20_000;
    private const long KeptNs = 86_400L * 1_000_000_000;
    private const long SilencesKeptNs = 5 * KeptNs;
    private static readonly TimeSpan Tick = TimeSpan.FromSeconds(1);
    private static readonly Labels StoreLabels = Labels.Of(("alertname", StoreAlert), ("severity", "page"));

    private readonly IStateStore _store;
    private readonly DurableRecorder _recorder;
    private readonly OutboxWorker _outbox;
    private readonly TimeProvider _time;
    private readonly ILogger<AlertDoor> _log;
    private readonly AlertBoard _board = new();
    private readonly CancellationTokenSource _stop = new();
    private readonly ITimer _timer;
    private Task _ticking = Task.CompletedTask;
    private long _version;
    private long _storeAlertSinceNs;
    private int _ticks;
    private long _lookedAt;
    private bool _disposed;

    public AlertDoor(IStateStore store, DurableRecorder recorder, OutboxWorker outbox, TimeProvider time, ILogger<AlertDoor> log)
    {
        _store = store;
        _recorder = recorder;
        _outbox = outbox;
        _time = time;
        _log = log;
        _timer = time.CreateTimer(static door => ((AlertDoor)door!).OnTimer(), this, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
        outbox.Refused = OnRefused;
    }

    /// <inheritdoc/>
    public long Version => Interlocked.Read(ref _version) + _outbox.Book.Version;

    /// <summary>How many alerts were not taken because there were too many.</summary>
    public long NotTaken { get; private set; }

    /// <inheritdoc/>
    public RoutingPlan Plan => _board.Plan ?? RoutingPlan.Empty;

    /// <inheritdoc/>
    public async Task StartAsync(CancellationToken cancellationToken)
    {
        var since = Now().WallNs - KeptNs;
        var (alerts, silences, notices, messages) = await _store.ReadAsync(reader => (AlertStore.Load(reader, since),
            AlertStore.LoadSilences(reader, since - SilencesKeptNs), AlertStore.LoadNotices(reader), OutboxStore.Load(reader, since)), cancellationToken);
        var told = _outbox.Spooled.After(notices).ToList();
        lock (_outbox.Gate)
        {
            _board.Load(alerts.Select(a => (a.State, a.Explanation)), silences, told, Now());
        }
        // What only the spool knew is on record before the spool is cleared: a second crash must not decide the same under the same key again.
        var spooled = told.Except(notices).ToList();
        await _outbox.TakeUpAsync(messages, transaction => spooled.ForEach(notice => AlertStore.Put(transaction, notice)));
        _ticking = Task.Run(TickAsync, CancellationToken.None);
    }

    /// <inheritdoc/>
    public async Task StopAsync(CancellationToken cancellationToken)
    {
        await _stop.CancelAsync();
        await _ticking;
        await _outbox.StopAsync();
    }

    /// <summary>Puts a configuration in force. A receiver that is new is told of what fires.</summary>
    public void Apply(RoutingPlan plan)
    {
        _outbox.Apply(plan);
        lock (_outbox.Gate)
        {
            _board.Apply(plan, Now());
            _ = Settle(new BoardChanges());
        }
    }

    /// <inheritdoc/>
    public async Task PostAsync(IReadOnlyList<PostedAlert> alerts, CancellationToken cancellation)
    {
        cancellation.ThrowIfCancellationRequested();
        Task settled;
        lock (_outbox.Gate)
        {
            var changes = new BoardChanges();
            var left = _board.Receive(alerts, Now(), MaxAlerts, changes);
            if (left > 0)
            {
                NotTaken += left;
                LogTooMany(left, MaxAlerts);
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
    public IReadOnlyList<AlertReport> Firing() => Reports(state => state.Firing);

    /// <inheritdoc/>
    public IReadOnlyList<AlertReport> All() => Reports(_ => true);

    /// <inheritdoc/>
    public AlertReport? Find(string fingerprint) =>
        AlertMachine.HashOf(fingerprint) is { } hash ? Reports(state => state.Labels.StableHash == hash).FirstOrDefault() : null;

    /// <inheritdoc/>
    public Explanation? Explain(string fingerprint) =>
        AlertMachine.HashOf(fingerprint) is { } hash ? Locked(now => _board.Explain(hash, now, _outbox.Book.Of(fingerprint))) : null;

    /// <inheritdoc/>
    public IReadOnlyList<RoutedAlert> Alerts() => Locked(now => _board.Alerts(now.WallNs));

    /// <inheritdoc/>
    public IReadOnlyList<GroupReport> Groups() => Locked(_board.Groups);

    /// <inheritdoc/>
    public IReadOnlyList<Silence> Silences() => Locked(_ => _board.Silences());

    /// <inheritdoc/>
    public async Task<SilenceChange?> SetSilenceAsync(string id, Silence asked, Responder by, CancellationToken cancellation)
    {
        cancellation.ThrowIfCancellationRequested();
        SilenceChange? change;
        Task settled;
        lock (_outbox.Gate)
        {
            var changes = new BoardChanges { SilencedBy = by };
            change = _board.SetSilence(id, asked, Guid.CreateVersion7(_time.GetUtcNow()).ToString(), Now(), changes);
            settled = Settle(changes);
        }
        await settled;
        return change;
    }

    /// <inheritdoc/>
    public async Task<bool> ExpireSilenceAsync(string id, Responder by, CancellationToken cancellation)
    {
        cancellation.ThrowIfCancellationRequested();
        bool known;
        Task settled;
        lock (_outbox.Gate)
        {
            var changes = new BoardChanges { SilencedBy = by };
            known = _board.ExpireSilence(id, Now(), changes);
            settled = Settle(changes);
        }
        await settled;
        return known;
    }

    public void Dispose()
    {
        // The container disposes once for each service it is registered as.
        if (_disposed)
        {
            return;
        }
        _disposed = true;
        _timer.Dispose();
        _stop.Cancel();
        _stop.Dispose();
    }

    /// <summary>What passes with time: ends nobody reported, groups to look at, the store's recovery, retention. Called every second.</summary>
    internal async Task OnTickAsync()
    {
        await PassAsync(_outbox.Pass());
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
            // Before it is told: while that is written the store may refuse again, which is another time.
            var since = _storeAlertSinceNs;
            _storeAlertSinceNs = 0;
            _outbox.Reconciled();
            await PostAsync([StorePosting(since, Now().WallNs, "The store takes writes again; everything kept is recorded.")], CancellationToken.None);
        }
        if (_ticks % 60 == 0)
        {
            await PruneAsync(_ticks % 3600 == 0);
        }
        _ticks++;
        Volatile.Write(ref _lookedAt, _time.GetTimestamp());
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

    /// <summary>Something is to be done before the next tick.</summary>
    private void OnTimer()
    {
        if (!_stop.IsCancellationRequested)
        {
            _ = LookAsync();
        }

        async Task LookAsync()
        {
            try
            {
                await PassAsync([]);
            }
            catch (Exception e)
            {
                LogTickFailed(e);
            }
        }
    }

    /// <param name="own">Alerts of this server about itself: there is always room for them.</param>
    private Task<bool> PassAsync(IReadOnlyList<PostedAlert> own)
    {
        lock (_outbox.Gate)
        {
            var changes = new BoardChanges();
            _board.Receive([.. own, .. _board.Overdue(Now())], Now(), int.MaxValue, changes);
            return Settle(changes);
        }
    }

    /// <summary>What was refused is taken back in the transaction that says so: a crash between the two would leave an alert of which nobody is told.
    /// Called within the lock.</summary>
    private Task<bool> OnRefused(OutboxChanges refusing)
    {
        var changes = new BoardChanges();
        refusing.Refused.ForEach(refused => _board.Undo(refused, Now(), changes));
        return Settle(changes, refusing);
    }

    /// <summary>Does what is due, records all decisions and hands their messages over. Called within the lock, so that all have the order of the decisions.
    /// </summary>
    /// <param name="changes">What was decided so far.</param>
    /// <param name="refusing">What else is recorded with it.</param>
    /// <returns>Whether it is durable.</returns>
    private Task<bool> Settle(BoardChanges changes, OutboxChanges? refusing = null)
    {
        var now = Now();
        _board.Pass(now, changes);
        var wait = TimeSpan.FromMilliseconds(Math.Max(1, (_board.NextNs - now.SteadyNs) / 1_000_000 + 1));
        if (wait <= Tick)
        {
            // What is due later, a tick will find.
            _timer.Change(wait, Timeout.InfiniteTimeSpan);
        }
        if (changes.Empty && refusing is null)
        {
            return Task.FromResult(true);
        }
        var begun = _outbox.Take(changes.Notifications);
        // A message to a receiver that the outbox does not know.
        begun.Refused.ForEach(refused => _board.Undo(refused, now, changes));
        return DoneAsync(_outbox.GoOn(begun, _recorder.RecordAsync(transaction =>
        {
            if (refusing is not null)
            {
                OutboxWorker.Put(transaction, refusing);
            }
            AlertStore.Put(transaction, changes);
            OutboxWorker.Put(transaction, begun);
        })));
    }

    private async Task<bool> DoneAsync(Task<bool> recorded)
    {
        var durable = await recorded;
        Interlocked.Increment(ref _version);
        return durable;
    }

    /// <summary>Raises the alert about the store once, and keeps it up.</summary>
    private Task TellOfStoreAsync()
    {
        lock (_outbox.Gate)
        {
            var now = Now();
            if (_board.Find(StoreLabels) is { Firing: true } known && now.WallNs - known.UpdatedAtNs < 60_000_000_000)
            {
                return Task.CompletedTask;
            }
            _storeAlertSinceNs = _storeAlertSinceNs == 0 ? now.WallNs : _storeAlertSinceNs;
            var changes = new BoardChanges();
            // There is always room for this one.
            _board.Receive([StorePosting(_storeAlertSinceNs, 0, $"Alerts are delivered from memory and recorded later. Reason: {_recorder.Reason}")],
                now, int.MaxValue, changes);
            return Settle(changes);
        }
    }

    private static PostedAlert StorePosting(long sinceNs, long endsNs, string description) =>
        new(StoreLabels, Labels.Of(("summary", "Nines' store refuses writes"), ("description", description)), sinceNs, endsNs, "");

    /// <param name="storeToo">Whether the store's rows are looked at as well.</param>
    private async Task PruneAsync(bool storeToo)
    {
        var now = Now();
        lock (_outbox.Gate)
        {
            foreach (var fingerprint in _board.Prune(now, MaxOver, KeptNs, SilencesKeptNs))
            {
                _outbox.Book.Forget(fingerprint);
            }
        }
        if (storeToo && !_recorder.Refusing)
        {
            await _recorder.RecordAsync(transaction => AlertStore.Prune(transaction, now.WallNs, SilencesKeptNs));
        }
    }

    private List<AlertReport> Reports(Func<AlertState, bool> which) => Locked(_ => _board.All().Where(a => which(a.State)).ToList())
        .OrderByDescending(a => a.State.Firing).ThenByDescending(a => a.State.StartsAtNs).ThenBy(a => a.State.Fingerprint, StringComparer.Ordinal)
        .Select(a => new AlertReport(a.State.Fingerprint, a.State.Labels, a.State.Annotations, a.State.Firing, a.State.StartsAtNs,
            a.State.Firing ? null : a.State.EndsAtNs, a.State.UpdatedAtNs, a.State.GeneratorUrl, a.Explanation, _outbox.Book.Of(a.State.Fingerprint))
            .By(Plan.Ladders, a.State))
        .ToList();

    private T Locked<T>(Func<Moment, T> read)
    {
        lock (_outbox.Gate)
        {
            return read(Now());
        }
    }

    private Moment Now() => _time.Now();

    [LoggerMessage(Level = LogLevel.Error, Message = "{Left} new alerts were not taken: {Limit} fire")]
    private partial void LogTooMany(int left, int limit);

    [LoggerMessage(Level = LogLevel.Error, Message = "A round over the alerts failed; the next one is in a second")]
    private partial void LogTickFailed(Exception failure);
}
