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
    private readonly Lock _gate = new();
    private readonly Outbox _outbox = new();
    private readonly Dictionary<OutboxAttempt, Task> _running = [];
    private readonly ITimer _timer;
    private readonly CancellationTokenSource _stop = new();
    private Task _stuckAppend = Task.CompletedTask;
    private bool _stopping;
    private bool _disposed;

    public OutboxWorker(
        DurableRecorder recorder, IntegrationClient client, Spool spool, TimeProvider time, IoTime io, Func<double> jitter, DeliveryFault fault,
            ILogger<OutboxWorker> log)
    {
        _recorder = recorder;
        _client = client;
        _spool = spool;
        _time = time;
        _io = io;
        _jitter = jitter;
        _fault = fault;
        _log = log;
        _timer = time.CreateTimer(static worker => ((OutboxWorker)worker!).Go(), this, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
    }

    /// <summary>Where messages stand, for reports.</summary>
    public DeliveryBook Book { get; } = new();

    /// <summary>Hears of messages that were refused for good or given up; records that, and what it makes of it, in one transaction.</summary>
    public Func<IReadOnlyList<GroupNotification>, Action<StateTransaction>, Task<bool>>? Refused { get; set; }

    /// <summary>Sets the receivers and what their messages are made of; nothing goes out before the first call.</summary>
    public void Apply(RoutingPlan plan)
    {
        _client.Templates = NotificationTemplates.Read(plan.Templates).Templates;
        _client.Ladders = plan.Ladders;
        lock (_gate)
        {
            _outbox.Apply(plan);
        }
        Go();
    }

    /// <summary>What was spooled when the server started.</summary>
    public SpoolContent Spooled => _spool.Content;

    /// <summary>Takes up what an earlier process left: its outbox, and its spool.</summary>
    public async Task TakeUpAsync(IReadOnlyList<OutboxEntry> entries)
    {
        Task<bool> recorded;
        lock (_gate)
        {
            var changes = new OutboxChanges();
            _outbox.TakeUp(entries, _spool.Content, _time.Now(), changes);
            recorded = RecordAsync(changes);
        }
        if (await recorded)
        {
            await _spool.ClearAsync();
        }
        Go();
    }

    /// <summary>Takes a message. It goes out at once if its lane is free.</summary>
    /// <param name="recorded">Whether the store has it.</param>
    public async Task EnqueueAsync(GroupNotification notification, bool recorded)
    {
        if (!recorded)
        {
            await SpooledAsync(_spool.AppendAsync(notification), notification.Key);
        }
        lock (_gate)
        {
            var changes = new OutboxChanges();
            _outbox.Add(notification, recorded, _time.Now(), changes);
            _ = RecordAsync(changes);
        }
        Go();
    }

    /// <summary>What passes with time. Gives alerts about receivers that cannot be reached, and their ends.</summary>
    public IReadOnlyList<PostedAlert> Pass()
    {
        lock (_gate)
        {
            var changes = new OutboxChanges();
            var alerts = _outbox.Pass(_time.Now(), changes);
            _ = RecordAsync(changes);
            return alerts;
        }
    }

    /// <summary>The store has everything again.</summary>
    public void Reconciled() => _ = _spool.ClearAsync();

    /// <summary>Starts nothing new and waits for what is in flight, at most 5 s.</summary>
    public async Task StopAsync()
    {
        Task[] running;
        lock (_gate)
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

    /// <summary>Begins all attempts that are due.</summary>
    private void Go()
    {
        lock (_gate)
        {
            while (!_stopping)
            {
                var changes = new OutboxChanges();
                var attempt = _outbox.Next(_time.Now(), changes);
                var recorded = RecordAsync(changes);
                if (attempt is null)
                {
                    break;
                }
                _running[attempt] = Task.Run(() => RunAsync(attempt, recorded));
            }
            if (_outbox.NextNs != long.MaxValue && !_disposed)
            {
                var wait = Math.Max(0, _outbox.NextNs - _time.Now().SteadyNs);
                _timer.Change(TimeSpan.FromMilliseconds((wait + 999_999) / 1_000_000), Timeout.InfiniteTimeSpan);
            }
        }
    }

    private async Task RunAsync(OutboxAttempt attempt, Task<bool> recorded)
    {
        try
        {
            var noted = await recorded;
            if (attempt.IsToBeSpooled(noted))
            {
                await SpooledAsync(_spool.AppendAsync(attempt.Notification), attempt.Notification.Key);
            }
            _fault.BeforeSend();
            var outcome = await SendAsync(attempt, attempt.Marks(noted));
            await FinishAsync(attempt, outcome);
        }
        catch (OperationCanceledException) when (_stop.IsCancellationRequested)
        {
            // The record says "sending": the next start takes it up as in doubt.
            return;
        }
        lock (_gate)
        {
            _running.Remove(attempt);
            _outbox.Free(attempt, _time.Now());
        }
        Go();
    }

    private async Task<SendOutcome> SendAsync(OutboxAttempt attempt, DeliveryMarks marks)
    {
        try
        {
            return await _client.SendAsync(attempt.Integration, attempt.Notification, marks, _stop.Token);
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
        var changes = new OutboxChanges();
        lock (_gate)
        {
            outcome = _outbox.End(attempt, outcome, _time.Now(), _jitter(), changes);
            recorded = RecordAsync(changes);
        }
        if (outcome.Verdict != SendVerdict.Sent)
        {
            LogNotSent(notification.Receiver, notification.Key, attempt.Number, outcome.Verdict, outcome.Detail);
        }
        if (!await recorded)
        {
            foreach (var key in changes.Settled)
            {
                await SpooledAsync(_spool.AppendSentAsync(key), key);
            }
        }
    }

    /// <summary>Records what the outbox decided. Called within the lock, so that all have the order of the decisions. A record that breaks is not worth a
    /// message: it goes out without.</summary>
    private async Task<bool> RecordAsync(OutboxChanges changes)
    {
        changes.Standings.ForEach(Book.Set);
        var durable = await NoteAsync(changes);
        foreach (var notification in changes.StandIns)
        {
            await EnqueueAsync(notification, durable);
        }
        return durable;
    }

    private async Task<bool> NoteAsync(OutboxChanges changes)
    {
        try
        {
            return changes.Refused.Count > 0 && Refused is { } refused ? await refused(changes.Refused, Put)
                : changes.Records.Count == 0 || await _recorder.RecordAsync(Put);
        }
        catch (Exception e) when (!_stop.IsCancellationRequested)
        {
            LogNotNoted(e);
            return false;
        }

        void Put(StateTransaction transaction) => changes.Records.ForEach(record => OutboxStore.Put(transaction, record));
    }

    [LoggerMessage(Level = LogLevel.Error, Message = "What became of messages could not be recorded, by a fault of this server.")]
    private partial void LogNotNoted(Exception exception);

    [LoggerMessage(Level = LogLevel.Warning, Message = "Message {Key} to {Receiver} was not delivered in attempt {Attempt}: {Verdict}: {Detail}")]
    private partial void LogNotSent(string receiver, string key, int attempt, SendVerdict verdict, string detail);

    [LoggerMessage(Level = LogLevel.Error, Message = "The spool's disk hangs: message {Key} goes out without a trace on disk")]
    private partial void LogSpoolHangs(string key);
}
