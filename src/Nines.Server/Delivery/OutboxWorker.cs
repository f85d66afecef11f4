using Microsoft.Extensions.Logging;
using Nines.Core.Alerting;
using Nines.Core.Alerting.Routing;
using Nines.Core.Delivery;
using Nines.Core.Delivery.Integrations;
using Nines.Server.Delivery.Integrations;
using Nines.Server.State;

namespace Nines.Server.Delivery;

/// <summary>
/// Delivers: makes the attempts that <see cref="Outbox"/> decides. What is to be sent is in memory; the store has the same as a record, so that nothing is
/// lost with the process; a store that refuses holds nothing up.
/// </summary>
internal sealed partial class OutboxWorker : IDisposable
{
    /// <summary>How long a message waits for the spool: on a disk that hangs it goes out without.</summary>
    private static readonly TimeSpan SpoolPatience = TimeSpan.FromMilliseconds(500);

    private readonly DurableRecorder _recorder;
    private readonly IntegrationClient _client;
    private readonly Spool _spool;
    private readonly TimeProvider _time;
    private readonly IoTime _io;
    private readonly Func<double> _jitter;
    private readonly ILogger<OutboxWorker> _log;
    private readonly DeliveryFault _fault;
    private readonly LeaderLease? _lease;
    private readonly Outbox _outbox = new();
    private readonly Dictionary<OutboxAttempt, Task> _running = [];
    private readonly ITimer _timer;
    private readonly CancellationTokenSource _stop = new();
    private Task _stuckAppend = Task.CompletedTask;
    private bool _stopping;
    private bool _disposed;

    public OutboxWorker(
        DurableRecorder recorder, IntegrationClient client, Spool spool, TimeProvider time, IoTime io, Func<double> jitter, DeliveryFault fault,
            ILogger<OutboxWorker> log, LeaderLease? lease = null)
    {
        _lease = lease;
        _recorder = recorder;
        _client = client;
        _spool = spool;
        _time = time;
        _io = io;
        _jitter = jitter;
        _fault = fault;
        _log = log;
        _timer = time.CreateTimer(static worker => ((OutboxWorker)worker!).OnTimer(), this, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
    }

    /// <summary>Where messages stand, for reports.</summary>
    public DeliveryBook Book { get; } = new();

    /// <summary>Hears of messages that were refused for good or given up; records that, and what it makes of it, in one transaction.</summary>
    public Func<OutboxChanges, Task<bool>>? Refused { get; set; }

    /// <summary>Held while the outbox decides, and while the board does: what one decides, the other takes at once.</summary>
    public Lock Gate { get; } = new();

    /// <summary>Sets the receivers and what their messages are made of; nothing goes out before the first call.</summary>
    public void Apply(RoutingPlan plan)
    {
        _client.Templates = NotificationTemplates.Read(plan.Templates).Templates;
        _client.Ladders = plan.Ladders;
        lock (Gate)
        {
            _outbox.Apply(plan);
            _ = Record(new OutboxChanges());
        }
    }

    /// <summary>What was spooled when the server started.</summary>
    public SpoolContent Spooled => _spool.Content;

    /// <summary>Takes up what an earlier process left: its outbox, and its spool.</summary>
    /// <param name="entries">What the store has.</param>
    /// <param name="record">What else is recorded before the spool is cleared.</param>
    public async Task TakeUpAsync(IReadOnlyList<OutboxEntry> entries, Action<StateTransaction> record)
    {
        Task<bool> recorded;
        lock (Gate)
        {
            var changes = new OutboxChanges();
            _outbox.TakeUp(entries, _spool.Content, _time.Now(), changes);
            Begin(changes);
            recorded = GoOn(changes, _recorder.RecordAsync(transaction =>
            {
                record(transaction);
                Put(transaction, changes);
            }));
        }
        if (await recorded)
        {
            await _spool.ClearAsync();
        }
    }

    /// <summary>Takes messages that were decided. What can go out at once begins: that is recorded in the transaction of the decision, so that a message
    /// waits for the disk once. Called within <see cref="Gate"/>.</summary>
    /// <returns>What to record with the decision by <see cref="Put"/>, and to hand to <see cref="GoOn"/> then.</returns>
    public OutboxChanges Take(IReadOnlyList<GroupNotification> decided)
    {
        var (changes, now) = (new OutboxChanges(), _time.Now());
        foreach (var notification in decided)
        {
            _outbox.Add(notification, now, changes);
        }
        Begin(changes);
        return changes;
    }

    /// <summary>Records what the outbox decided.</summary>
    public static void Put(StateTransaction transaction, OutboxChanges changes) =>
        changes.Records.ForEach(record => OutboxStore.Put(transaction, record));

    /// <summary>Goes on as decided when it is known whether the store has it: spools what it does not have, and sends. Called within
    /// <see cref="Gate"/>.</summary>
    /// <returns>Whether the store has it.</returns>
    public Task<bool> GoOn(OutboxChanges changes, Task<bool> recorded)
    {
        var noted = NotedAsync(changes, recorded);
        foreach (var attempt in changes.Attempts)
        {
            _running[attempt] = Task.Run(() => RunAsync(attempt, noted));
        }
        return noted;
    }

    /// <summary>What passes with time. Gives alerts about receivers that cannot be reached, and their ends.</summary>
    public IReadOnlyList<PostedAlert> Pass()
    {
        lock (Gate)
        {
            var changes = new OutboxChanges();
            var alerts = _outbox.Pass(_time.Now(), changes);
            _ = Record(changes);
            return alerts;
        }
    }

    /// <summary>The store has everything again.</summary>
    public void Reconciled() => _ = _spool.ClearAsync();

    /// <summary>Starts nothing new and waits for what is in flight, at most 5 s.</summary>
    public async Task StopAsync()
    {
        Task[] running;
        lock (Gate)
        {
            _stopping = true;
            running = [.. _running.Values];
        }
        try
        {
            await Task.WhenAll(running).WaitAsync(TimeSpan.FromSeconds(5), _io.Provider);
        }
        catch (TimeoutException)
        {
            await _stop.CancelAsync();
        }
    }

    public void Dispose()
    {
        if (_disposed)
        {
            return;
        }
        _disposed = true;
        _timer.Dispose();
        _stop.Cancel();
        _stop.Dispose();
    }

    /// <summary>Waits for the spool, once per hang.</summary>
    private async Task SpooledAsync(Task append, string key)
    {
        if (!_stuckAppend.IsCompleted)
        {
            return;
        }
        try
        {
            await append.WaitAsync(SpoolPatience, _io.Provider);
        }
        catch (TimeoutException)
        {
            _stuckAppend = append;
            LogSpoolHangs(key);
        }
    }

    private void OnTimer()
    {
        try
        {
            lock (Gate)
            {
                _ = Record(new OutboxChanges());
            }
        }
        catch (Exception e)
        {
            // Our bug must not end the process.
            LogNotNoted(e);
        }
    }

    /// <summary>Begins all attempts that are due, and has itself called when the next one is.</summary>
    private void Begin(OutboxChanges changes)
    {
        if (!_stopping)
        {
            _outbox.Begin(_time.Now(), changes);
        }
        changes.Standings.ForEach(Book.Set);
        if (_outbox.NextNs != long.MaxValue && !_disposed)
        {
            var wait = Math.Max(0, _outbox.NextNs - _time.Now().SteadyNs);
            _timer.Change(TimeSpan.FromMilliseconds((wait + 999_999) / 1_000_000), Timeout.InfiniteTimeSpan);
        }
    }

    /// <summary>Begins what is due after a decision, and records both. Called within the lock, so that all have the order of the decisions.</summary>
    private Task<bool> Record(OutboxChanges changes)
    {
        Begin(changes);
        return GoOn(changes, changes.Refused.Count > 0 && Refused is { } refused ? refused(changes)
            : changes.Records.Count == 0 ? Task.FromResult(true) : _recorder.RecordAsync(transaction => Put(transaction, changes)));
    }

    /// <summary>A record that breaks is not worth a message: it goes out without. Only where another server leads, nothing does.</summary>
    private async Task<bool> NotedAsync(OutboxChanges changes, Task<bool> recorded)
    {
        try
        {
            if (await recorded)
            {
                return true;
            }
        }
        catch (Exception e) when (e is not LeaseLostException && !_stop.IsCancellationRequested)
        {
            LogNotNoted(e);
        }
        if (_lease is not null)
        {
            await _lease.AskAsync();
        }
        if (changes.Taken.Count + changes.Settled.Count > 0)
        {
            await SpooledAsync(Task.WhenAll([.. changes.Taken.Select(_spool.AppendAsync), .. changes.Settled.Select(_spool.AppendSentAsync)]),
                changes.Taken.FirstOrDefault()?.Key ?? changes.Settled[0]);
        }
        if (changes.Taken.Count > 0)
        {
            lock (Gate)
            {
                var unrecorded = new OutboxChanges();
                changes.Taken.ForEach(notification => _outbox.Unrecorded(notification, unrecorded));
                _ = Record(unrecorded);
            }
        }
        return false;
    }

    private async Task RunAsync(OutboxAttempt attempt, Task<bool> recorded)
    {
        try
        {
            await FinishAsync(attempt, await SendAsync(attempt, await recorded));
        }
        catch (OperationCanceledException) when (_stop.IsCancellationRequested)
        {
            // The record says "sending": the next start takes it up as in doubt.
            return;
        }
        catch (LeaseLostException)
        {
            // Another server tells, and this one ends.
            return;
        }
        catch (Exception e)
        {
            // Our bug must not hold the receiver's lane.
            LogNotNoted(e);
        }
        lock (Gate)
        {
            _running.Remove(attempt);
            _outbox.Free(attempt, _time.Now());
            _ = Record(new OutboxChanges());
        }
    }

    private async Task<SendOutcome> SendAsync(OutboxAttempt attempt, bool noted)
    {
        try
        {
            if (attempt.IsToBeSpooled(noted))
            {
                await SpooledAsync(_spool.AppendAsync(attempt.Notification), attempt.Notification.Key);
            }
            _fault.BeforeSend();
            return await _client.SendAsync(attempt.Integration, attempt.Notification, attempt.Marks(noted), _stop.Token);
        }
        catch (Exception e) when (!_stop.IsCancellationRequested)
        {
            // Our bug, or a kind of failure nobody thought of: the message must not be lost for it. Its text may hold the address.
            return new SendOutcome(SendVerdict.InDoubt, $"unexpected failure ({e.GetType().Name})");
        }
    }

    private async Task FinishAsync(OutboxAttempt attempt, SendOutcome outcome)
    {
        var notification = attempt.Notification;
        Task<bool> recorded;
        lock (Gate)
        {
            var changes = new OutboxChanges();
            outcome = _outbox.End(attempt, outcome, _time.Now(), _jitter(), changes);
            recorded = Record(changes);
        }
        if (outcome.Verdict != SendVerdict.Sent)
        {
            LogNotSent(notification.Receiver, notification.Key, attempt.Number, outcome.Verdict, outcome.Detail);
        }
        await recorded;
    }

    [LoggerMessage(Level = LogLevel.Error, Message = "What became of messages could not be recorded, by a fault of this server.")]
    private partial void LogNotNoted(Exception exception);

    [LoggerMessage(Level = LogLevel.Warning, Message = "Message {Key} to {Receiver} was not delivered in attempt {Attempt}: {Verdict}: {Detail}")]
    private partial void LogNotSent(string receiver, string key, int attempt, SendVerdict verdict, string detail);

    [LoggerMessage(Level = LogLevel.Error, Message = "The spool's disk hangs: message {Key} goes out without a trace on disk")]
    private partial void LogSpoolHangs(string key);
}
