using System.Threading.Channels;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Nines.Core.Probes.Push;
using Nines.Metrics;
using Nines.Server.State;
using Nines.Server.Telemetry;

namespace Nines.Server.Probes.Push;

/// <summary>What came of events.</summary>
/// <param name="Accepted">How many were counted.</param>
/// <param name="Duplicates">How many had been counted before.</param>
/// <param name="Late">How many of the counted happened in an earlier minute.</param>
/// <param name="Refused">Those that cannot be counted.</param>
internal sealed record PushOutcome(int Accepted, int Duplicates, int Late, IReadOnlyList<RefusedEvent> Refused);

/// <summary>
/// Counts events. What waits is written in one transaction, totals and keys together, so that an answered event is durable and counts once; it goes to the
/// store one transaction at a time, so that alerts never wait behind a flood of events. Every 5 s the totals become samples.
/// </summary>
internal sealed partial class EventBook : BackgroundService
{
    private const long WriteMs = 5_000;
    private const int MaxBatch = 10_000;
    private const int MaxWaiting = 100_000;

    private readonly IStateStore _store;
    private readonly TimeProvider _time;
    private readonly PushMeter _meter;
    private readonly ILogger<EventBook> _log;
    private readonly OwnSeries _series;
    private readonly Channel<Request> _requests = Channel.CreateUnbounded<Request>(new UnboundedChannelOptions { SingleReader = true });
    private readonly Lock _gate = new();
    private Dictionary<Labels, EventTotal> _totals = [];
    private int _waiting;
    private long _keys;
    private long _prunedMs;

    public EventBook(IStateStore store, ISampleSink sink, TimeProvider time, PushMeter meter, ILogger<EventBook> log)
    {
        (_store, _time, _meter, _log) = (store, time, meter, log);
        _series = new OwnSeries(sink, WriteMs);
        meter.Watch(() => _totals.Count, () => Interlocked.Read(ref _keys));
    }

    /// <inheritdoc/>
    public override async Task StartAsync(CancellationToken cancellationToken)
    {
        var (totals, keys) = await _store.ReadAsync(reader => (EventStore.Load(reader), EventStore.CountKeys(reader)), cancellationToken);
        _totals = totals.ToDictionary(t => t.Labels);
        _keys = keys;
        await base.StartAsync(cancellationToken);
    }

    /// <summary>Counts events; when the task completes they are durable.</summary>
    /// <exception cref="StoreRefusedException">Nothing was counted: the store takes no writes, or too much waits.</exception>
    public async Task<PushOutcome> CountAsync(IReadOnlyList<PushedEvent> events)
    {
        if (Interlocked.Add(ref _waiting, events.Count) > MaxWaiting)
        {
            Interlocked.Add(ref _waiting, -events.Count);
            throw new StoreRefusedException($"{MaxWaiting} events are waiting already", null);
        }
        try
        {
            var request = new Request(events, new(TaskCreationOptions.RunContinuationsAsynchronously));
            if (!_requests.Writer.TryWrite(request))
            {
                throw new StoreRefusedException("the server stops", null);
            }
            return await request.Done.Task;
        }
        finally
        {
            Interlocked.Add(ref _waiting, -events.Count);
        }
    }

    /// <inheritdoc/>
    public override async Task StopAsync(CancellationToken cancellationToken)
    {
        _requests.Writer.TryComplete();
        await base.StopAsync(cancellationToken);
    }

    /// <inheritdoc/>
    protected override Task ExecuteAsync(CancellationToken stoppingToken) => Task.WhenAll(
        Task.Run(CountWaitingAsync, CancellationToken.None),
        Rounds.RunAsync(_time, WriteMs, RoundAsync, stoppingToken));

    /// <summary>Writes the totals as samples of a time, and once a minute forgets old keys.</summary>
    internal async Task RoundAsync(long nowMs)
    {
        WriteSeries(nowMs);
        if (nowMs - _prunedMs >= 60_000 && _keys > 0)
        {
            _prunedMs = nowMs;
            try
            {
                var pruned = await _store.WriteAsync(t => EventStore.Prune(t, nowMs - PushLimits.KeyMs, _keys - PushLimits.MaxKeys), CancellationToken.None);
                Interlocked.Add(ref _keys, -pruned);
            }
            catch (StoreRefusedException e)
            {
                LogNotPruned(e.Message);
            }
        }
    }

    private void WriteSeries(long nowMs)
    {
        EventTotal[] totals;
        lock (_gate)
        {
            totals = [.. _totals.Values];
        }
        if (totals.Length == 0)
        {
            return;
        }
        var samples = new List<OwnSample>();
        foreach (var total in totals)
        {
            if (total.Labels["outcome"].Length > 0)
            {
                samples.Add(new(total.Labels.With(Labels.MetricName, "nines_events_total"), total.Events, total.SinceMs));
            }
            if (total.Values > 0)
            {
                samples.Add(new(total.Labels.With(Labels.MetricName, "nines_event_value_total"), total.Sum, total.SinceMs));
                samples.Add(new(total.Labels.With(Labels.MetricName, "nines_event_value_count_total"), total.Values, total.SinceMs));
            }
        }
        Refusals refused;
        lock (_series)
        {
            refused = _series.Write(nowMs, samples);
        }
        if (refused.Total > 0)
        {
            LogRefused(refused.ToString());
        }
    }

    private async Task CountWaitingAsync()
    {
        var batch = new List<Request>();
        while (await _requests.Reader.WaitToReadAsync())
        {
            for (var events = 0; events < MaxBatch && _requests.Reader.TryRead(out var next); events += next.Events.Count)
            {
                batch.Add(next);
            }
            try
            {
                var nowMs = _time.GetUtcNow().ToUnixTimeMilliseconds();
                var counted = await _store.WriteAsync(transaction => Count(transaction, batch, nowMs), CancellationToken.None);
                Adopt(counted);
                foreach (var (request, outcome) in batch.Zip(counted.Outcomes))
                {
                    request.Done.SetResult(outcome);
                }
            }
#pragma warning disable CA1031 // Who asked is told; the loop must live.
            catch (Exception e)
#pragma warning restore CA1031
            {
                batch.ForEach(request => request.Done.SetException(e));
            }
            batch.Clear();
        }
    }

    private void Adopt(Counted counted)
    {
        lock (_gate)
        {
            foreach (var total in counted.Totals)
            {
                _totals[total.Labels] = total;
            }
        }
        Interlocked.Add(ref _keys, counted.NewKeys);
        foreach (var outcome in counted.Outcomes)
        {
            _meter.Events("accepted", outcome.Accepted);
            _meter.Events("late", outcome.Late);
            _meter.Events("duplicate", outcome.Duplicates);
            _meter.Events("refused", outcome.Refused.Count);
        }
    }

    private Counted Count(StateTransaction transaction, IReadOnlyList<Request> batch, long nowMs)
    {
        var added = new HashSet<Labels>();
        bool Fits(PushedEvent e) => _totals.ContainsKey(e.Labels) || added.Contains(e.Labels)
            || (_totals.Count + added.Count < PushLimits.MaxSeries && added.Add(e.Labels));
        var fitting = batch.Select(request => request.Events.Select(e => (Event: e, Fits: Fits(e), Key: KeyOf(e))).ToList()).ToList();
        var keys = fitting.SelectMany(r => r).Where(e => e is { Fits: true, Key: not null }).Select(e => e.Key!).ToHashSet(StringComparer.Ordinal);
        var fresh = EventStore.Claim(transaction, keys, nowMs);
        var newKeys = fresh.Count;
        var more = new Dictionary<Labels, EventTotal>();
        var outcomes = new List<PushOutcome>();
        foreach (var events in fitting)
        {
            var (accepted, duplicates, late, refused) = (0, 0, 0, new List<RefusedEvent>());
            foreach (var (e, fits, key) in events)
            {
                if (!fits)
                {
                    refused.Add(new(e.Index, "too-many-series", "labels", $"events are counted under {PushLimits.MaxSeries} sets of labels already",
                        "drop a label that has many values, such as an id"));
                }
                else if (key is not null && !fresh.Remove(key))
                {
                    duplicates++;
                }
                else
                {
                    (accepted, late) = (accepted + 1, late + (e.IsLate ? 1 : 0));
                    var sum = more.GetValueOrDefault(e.Labels) ?? new EventTotal(e.Labels, 0, 0, 0, nowMs);
                    more[e.Labels] = sum with { Events = sum.Events + 1, Values = sum.Values + (e.Value is null ? 0 : 1), Sum = sum.Sum + (e.Value ?? 0) };
                }
            }
            outcomes.Add(new(accepted, duplicates, late, refused));
        }
        return new(outcomes, [.. more.Values.Select(m => EventStore.Add(transaction, m))], newKeys);
    }

    private static string? KeyOf(PushedEvent e) => e.Key is null ? null : EventStore.KeyOf(e.Labels["event"], e.Key);

    [LoggerMessage(Level = LogLevel.Warning, Message = "Old keys of events could not be deleted: {Reason}. It is tried again in a minute.")]
    private partial void LogNotPruned(string reason);

    [LoggerMessage(Level = LogLevel.Warning, Message = "The metrics store refused totals of events: {Refused}. They are written again in 5 s.")]
    private partial void LogRefused(string refused);

    private sealed record Request(IReadOnlyList<PushedEvent> Events, TaskCompletionSource<PushOutcome> Done);

    private sealed record Counted(IReadOnlyList<PushOutcome> Outcomes, IReadOnlyList<EventTotal> Totals, int NewKeys);
}
