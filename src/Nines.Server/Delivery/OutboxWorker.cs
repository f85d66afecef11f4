using Microsoft.Extensions.Logging;
using Nines.Core.Alerting;
using Nines.Core.Alerting.Routing;
using Nines.Core.Delivery;
using Nines.Core.Delivery.Integrations;
using Nines.Server.Delivery.Integrations;
using Nines.Server.State;

namespace Nines.Server.Delivery;

/// <summary>
/// Delivers. What is to be sent is in memory, in one lane per receiver and group: in order, one in flight. The store has
/// the same as a record, so that nothing is lost with the process; a store that refuses holds nothing up.
/// </summary>
internal sealed partial class OutboxWorker : IDisposable
{
    /// <summary>A message is given up after a day of attempts.</summary>
    private const long GiveUpNs = 24 * 3_600_000_000_000;

    /// <summary>How long a message waits for the spool: on a disk that hangs it goes out without.</summary>
    private static readonly TimeSpan SpoolPatience = TimeSpan.FromMilliseconds(500);

    /// <summary>So many attempts at once per receiver: one that hangs in some groups must not stop the others.</summary>
    private const int PerReceiver = 8;

    private readonly DurableRecorder _recorder;
    private readonly IntegrationClient _client;
    private readonly Spool _spool;
    private readonly TimeProvider _time;
    private readonly IoTime _io;
    private readonly Func<double> _jitter;
    private readonly ILogger<OutboxWorker> _log;
    private readonly DeliveryFault _fault;
    private readonly Lock _gate = new();
    private readonly Dictionary<LaneKey, Lane> _lanes = [];
    private readonly Dictionary<string, SemaphoreSlim> _slots = new(StringComparer.Ordinal);
    private readonly CancellationTokenSource _stop = new();
    private IReadOnlyDictionary<string, AlertReceiver>? _receivers;
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
    }

    /// <summary>Where messages stand, for reports.</summary>
    public DeliveryBook Book { get; } = new();

    /// <summary>Hears of each message that was refused for good or given up.</summary>
    public Action<GroupNotification>? Refused { get; set; }

    /// <summary>Sets the receivers and what their messages are made of; nothing goes out before the first call.</summary>
    public void Apply(RoutingPlan plan)
    {
        _client.Templates = NotificationTemplates.Read(plan.Templates).Templates;
        lock (_gate)
        {
            _receivers = plan.Receivers;
            foreach (var (_, lane) in _lanes)
            {
                StartLane(lane);
            }
        }
    }

    /// <summary>Takes up what an earlier process left: its outbox, and its spool.</summary>
    public async Task TakeUpAsync(IReadOnlyList<OutboxEntry> entries)
    {
        var delivered = _spool.Sent.Select(n => n.Key).ToHashSet(StringComparer.Ordinal);
        foreach (var entry in entries)
        {
            var open = entry.State is DeliveryState.Pending or DeliveryState.Sending && !delivered.Contains(entry.Notification.Key);
            Book.Set(entry.Notification, open ? DeliveryState.Pending : delivered.Contains(entry.Notification.Key) ? DeliveryState.Sent
                : entry.State, entry.Attempts, entry.Detail, entry.Recorded);
            if (open)
            {
                Enqueue(new Parcel(entry.Notification, true) { Attempts = entry.Attempts, InDoubt = entry.State == DeliveryState.Sending });
            }
        }
        var known = entries.Select(e => e.Notification.Key).ToHashSet(StringComparer.Ordinal);
        var durable = true;
        foreach (var notification in _spool.Unsent.Where(n => !known.Contains(n.Key)))
        {
            durable &= await _recorder.RecordAsync(transaction => OutboxStore.Insert(transaction, notification, false));
            // It was about to go out when the process ended: whether it did is not known.
            Enqueue(new Parcel(notification, false) { InDoubt = true });
        }
        foreach (var notification in _spool.Sent)
        {
            durable &= await _recorder.RecordAsync(transaction =>
            {
                OutboxStore.Insert(transaction, notification, false);
                OutboxStore.Mark(transaction, notification.Key, DeliveryState.Sent, "");
            });
        }
        if (durable)
        {
            await _spool.ClearAsync();
        }
    }

    /// <summary>Takes a message. It goes out at once if its lane is free.</summary>
    /// <param name="recorded">Whether the store has it.</param>
    public async Task EnqueueAsync(GroupNotification notification, bool recorded)
    {
        if (!recorded)
        {
            await SpooledAsync(_spool.AppendAsync(notification), notification.Key);
        }
        Enqueue(new Parcel(notification, recorded));
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
            running = [.. _lanes.Values.Select(l => l.Running).OfType<Task>()];
        }
        foreach (var lane in Waiting())
        {
            await lane.CancelAsync();
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
        _stop.Cancel();
        _stop.Dispose();
        foreach (var slot in _slots.Values)
        {
            slot.Dispose();
        }
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

    private CancellationTokenSource[] Waiting()
    {
        lock (_gate)
        {
            return [.. _lanes.Values.Select(l => l.Wait).OfType<CancellationTokenSource>()];
        }
    }

    private void Enqueue(Parcel parcel)
    {
        var notification = parcel.Notification;
        lock (_gate)
        {
            var key = LaneKey.Of(notification);
            if (!_lanes.TryGetValue(key, out var lane))
            {
                _lanes[key] = lane = new Lane(key);
            }
            if (lane.Parcels.Any(p => p.Notification.Key == notification.Key))
            {
                return;
            }
            lane.Parcels.Add(parcel);
            Book.Set(notification, DeliveryState.Pending, parcel.Attempts, "", parcel.Recorded);
            StartLane(lane);
        }
    }

    private void StartLane(Lane lane)
    {
        if (lane.Running is null && _receivers is not null && !_stopping && lane.Parcels.Count > 0)
        {
            lane.Running = Task.Run(() => RunAsync(lane));
        }
    }

    private async Task RunAsync(Lane lane)
    {
        try
        {
            while (Next(lane) is { } parcel)
            {
                var wait = await AttemptAsync(lane, parcel);
                if (wait > TimeSpan.Zero)
                {
                    await WaitAsync(lane, wait);
                }
            }
        }
        catch (OperationCanceledException) when (_stop.IsCancellationRequested)
        {
            // The record says "sending": the next start takes it up as in doubt.
        }
    }

    /// <summary>The message to try now: the latest, with what those before it had to tell. Null when the lane is done.</summary>
    private Parcel? Next(Lane lane)
    {
        var collapsed = new List<Parcel>();
        Parcel? head;
        lock (_gate)
        {
            while (lane.Parcels is [var earlier, var later, ..])
            {
                var untold = earlier.Notification.Alerts.Where(a => a.EndsAtNs == 0).Select(a => a.Fingerprint).ToHashSet(StringComparer.Ordinal);
                if (later.Notification.Alerts.Any(a => a.EndsAtNs != 0 && untold.Contains(a.Fingerprint)))
                {
                    later.DelayedSinceNs = earlier.Attempts > 0 ? earlier.Notification.DecidedAtNs : later.Notification.DecidedAtNs;
                }
                later.DelayedSinceNs = Earliest(later.DelayedSinceNs, earlier.DelayedSinceNs);
                later.Notification = later.Notification.With(earlier.Notification);
                later.InDoubt |= earlier.InDoubt;
                collapsed.Add(earlier);
                lane.Parcels.RemoveAt(0);
            }
            head = _stopping ? null : lane.Parcels.FirstOrDefault();
            if (head is null)
            {
                lane.Running = null;
                if (lane.Parcels.Count == 0)
                {
                    _lanes.Remove(lane.Key);
                }
            }
        }
        foreach (var parcel in collapsed)
        {
            const string detail = "news came before this could be delivered; one message tells both";
            Book.Set(parcel.Notification, DeliveryState.Collapsed, parcel.Attempts, detail, parcel.Recorded);
            _ = _recorder.RecordAsync(transaction => OutboxStore.Mark(transaction, parcel.Notification.Key, DeliveryState.Collapsed, detail));
        }
        if (collapsed.Count > 0 && head is not null)
        {
            var merged = head.Notification;
            _ = _recorder.RecordAsync(transaction => OutboxStore.Rewrite(transaction, merged));
        }
        return head;
    }

    private static long? Earliest(long? a, long? b) => a is { } x && b is { } y ? Math.Min(x, y) : a ?? b;

    /// <summary>Tries once and gives the time to wait before the lane goes on.</summary>
    private async Task<TimeSpan> AttemptAsync(Lane lane, Parcel parcel)
    {
        var notification = parcel.Notification;
        AlertReceiver? receiver = null;
        _receivers?.TryGetValue(notification.Receiver, out receiver);
        if (receiver?.Integrations.FirstOrDefault(i => i.Kind == notification.Kind && i.Index == notification.Index) is not { } integration)
        {
            await FinishAsync(lane, parcel, new SendOutcome(SendVerdict.Failed, "the workspace has no such receiver any more"));
            return TimeSpan.Zero;
        }
        var slot = SlotOf(receiver.Name);
        await slot.WaitAsync(_stop.Token);
        SendOutcome outcome;
        try
        {
            parcel.Attempts++;
            var attempt = parcel.Attempts;
            var now = NowNs();
            var noted = await NoteAsync(transaction => OutboxStore.Begin(transaction, notification.Key, attempt, now), receiver.Name);
            Book.Set(notification, DeliveryState.Sending, attempt, "", parcel.Recorded);
            _fault.BeforeSend();
            var marks = new DeliveryMarks(attempt, !parcel.Recorded || !noted, parcel.InDoubt, parcel.DelayedSinceNs);
            outcome = await SendAsync(integration, notification, marks);
        }
        finally
        {
            slot.Release();
        }
        return await FinishAsync(lane, parcel, outcome);
    }

    private async Task<SendOutcome> SendAsync(Integration integration, GroupNotification notification, DeliveryMarks marks)
    {
        try
        {
            return await _client.SendAsync(integration, notification, marks, _stop.Token);
        }
        catch (Exception e) when (!_stop.IsCancellationRequested)
        {
            // Our bug, or a kind of failure nobody thought of: the message must not be lost for it. Its text may hold the address.
            return new SendOutcome(SendVerdict.InDoubt, $"unexpected failure ({e.GetType().Name})");
        }
    }

    /// <summary>Records an attempt. A record that breaks is not worth a message: it, and all behind it in its lane, go out without.</summary>
    private async Task<bool> NoteAsync(Action<StateTransaction> work, string receiver)
    {
        try
        {
            return await _recorder.RecordAsync(work);
        }
        catch (Exception e) when (!_stop.IsCancellationRequested)
        {
            LogNotNoted(receiver, e);
            return false;
        }
    }

    private async Task<TimeSpan> FinishAsync(Lane lane, Parcel parcel, SendOutcome outcome)
    {
        var notification = parcel.Notification;
        var now = NowNs();
        var again = outcome.Verdict is SendVerdict.Retry or SendVerdict.InDoubt;
        if (again && now - notification.DecidedAtNs > GiveUpNs)
        {
            outcome = outcome with { Verdict = SendVerdict.Failed, Detail = $"given up after a day; last: {outcome.Detail}" };
            again = false;
        }
        var state = again ? DeliveryState.Pending : outcome.Verdict == SendVerdict.Sent ? DeliveryState.Sent : DeliveryState.Failed;
        parcel.InDoubt |= outcome.Verdict == SendVerdict.InDoubt;
        if (!again)
        {
            // Before anything is written down, which may fail: what was sent must not be sent again for that.
            lock (_gate)
            {
                lane.Parcels.Remove(parcel);
            }
        }
        if (!parcel.Recorded && outcome.Verdict == SendVerdict.Sent)
        {
            await SpooledAsync(_spool.AppendSentAsync(notification.Key), notification.Key);
        }
        Book.Set(notification, state, parcel.Attempts, outcome.Detail, parcel.Recorded);
        if (outcome.Verdict != SendVerdict.Sent)
        {
            LogNotSent(notification.Receiver, notification.Key, parcel.Attempts, outcome.Verdict, outcome.Detail);
        }
        var attempt = parcel.Attempts;
        await NoteAsync(transaction => OutboxStore.End(transaction, notification.Key, attempt, now, outcome, state), notification.Receiver);
        if (state == DeliveryState.Failed)
        {
            Refused?.Invoke(notification);
        }
        return again ? outcome.WaitAfter(attempt, _jitter()) : TimeSpan.Zero;
    }

    private async Task WaitAsync(Lane lane, TimeSpan wait)
    {
        using var cancel = CancellationTokenSource.CreateLinkedTokenSource(_stop.Token);
        lock (_gate)
        {
            if (_stopping)
            {
                return;
            }
            lane.Wait = cancel;
        }
        try
        {
            await Task.Delay(wait, _time, cancel.Token);
        }
        catch (OperationCanceledException) when (!_stop.IsCancellationRequested)
        {
            // Stopping: the lane looks up and ends.
        }
        finally
        {
            lock (_gate)
            {
                lane.Wait = null;
            }
        }
    }

    private SemaphoreSlim SlotOf(string receiver)
    {
        lock (_gate)
        {
            if (!_slots.TryGetValue(receiver, out var slot))
            {
                _slots[receiver] = slot = new SemaphoreSlim(PerReceiver);
            }
            return slot;
        }
    }

    private long NowNs() => (_time.GetUtcNow() - DateTimeOffset.UnixEpoch).Ticks * 100;

    [LoggerMessage(Level = LogLevel.Error, Message = "An attempt to tell {Receiver} could not be recorded, by a fault of this server.")]
    private partial void LogNotNoted(string receiver, Exception exception);

    [LoggerMessage(Level = LogLevel.Warning, Message = "Message {Key} to {Receiver} was not delivered in attempt {Attempt}: {Verdict}: {Detail}")]
    private partial void LogNotSent(string receiver, string key, int attempt, SendVerdict verdict, string detail);

    [LoggerMessage(Level = LogLevel.Error, Message = "The spool's disk hangs: message {Key} goes out without a trace on disk")]
    private partial void LogSpoolHangs(string key);
}
