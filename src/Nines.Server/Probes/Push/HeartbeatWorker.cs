using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Nines.Core.Alerting;
using Nines.Core.Probes.Push;
using Nines.Metrics;
using Nines.Server.Alerting;
using Nines.Server.State;
using Nines.Server.Telemetry;

namespace Nines.Server.Probes.Push;

/// <summary>A heartbeat and how it stands.</summary>
/// <param name="Heartbeat">The heartbeat.</param>
/// <param name="State">How it stands.</param>
public sealed record WatchedHeartbeat(Heartbeat Heartbeat, HeartbeatState State);

/// <summary>
/// Takes reports in, lets time pass every 5 s, posts alerts and writes counters. Whatever a report or time changed is stored before it counts. How long it
/// could hear is stored every 15 s: a longer time without such a note is one in which reports may have been lost.
/// </summary>
internal sealed partial class HeartbeatWorker : BackgroundService, IInboundAlerts
{
    private const long RoundMs = 5_000;
    private const long NoteMs = 15_000;
    private const long DeafMs = 45_000;
    private const long RepostMs = 60_000;

    private readonly IStateStore _store;
    private readonly IAlertDoor _door;
    private readonly Uri _publicUrl;
    private readonly TimeProvider _time;
    private readonly PushMeter _meter;
    private readonly ILogger<HeartbeatWorker> _log;
    private readonly OwnSeries _series;
    private readonly SemaphoreSlim _gate = new(1);
    private readonly Dictionary<string, (HeartbeatState State, long AtMs)> _posted = new(StringComparer.Ordinal);
    private readonly HashSet<string> _unstored = new(StringComparer.Ordinal);
    private Dictionary<string, HeartbeatState>? _states;
    private volatile IReadOnlyDictionary<string, WatchedHeartbeat> _watched = new Dictionary<string, WatchedHeartbeat>(StringComparer.Ordinal);
    private long _heardMs;
    private bool _listens;

    public HeartbeatWorker(
        IStateStore store, ISampleSink sink, IAlertDoor door, Uri publicUrl, TimeProvider time, PushMeter meter, ILogger<HeartbeatWorker> log)
    {
        (_store, _door, _publicUrl, _time, _meter, _log) = (store, door, publicUrl, time, meter, log);
        _series = new OwnSeries(sink, RoundMs);
    }

    /// <summary>Where this server is called.</summary>
    public Uri PublicUrl => _publicUrl;

    /// <summary>All heartbeats, in order of name.</summary>
    public IReadOnlyList<WatchedHeartbeat> All() => [.. _watched.Values.OrderBy(w => w.Heartbeat.Name, StringComparer.Ordinal)];

    /// <summary>A heartbeat; null when there is none of the name.</summary>
    public WatchedHeartbeat? Find(string name) => _watched.GetValueOrDefault(name);

    /// <summary>The last runs of a heartbeat, the latest first.</summary>
    /// <exception cref="StoreRefusedException">The store cannot be read.</exception>
    public Task<List<BookedRun>> RunsAsync(string name, int limit, CancellationToken cancellation) =>
        _store.ReadAsync(reader => HeartbeatStore.Runs(reader, name, limit), cancellation);

    /// <inheritdoc/>
    public override async Task StartAsync(CancellationToken cancellationToken)
    {
        await LockedAsync(LoadAsync);
        await base.StartAsync(cancellationToken);
    }

    /// <summary>Sets the heartbeats. One whose schedule changed is expected anew from now on; alerts of those that are gone end.</summary>
    public Task ApplyAsync(IReadOnlyList<Heartbeat> heartbeats) => LockedAsync(async () =>
    {
        await LoadAsync();
        var nowMs = NowMs;
        var watched = new Dictionary<string, WatchedHeartbeat>(StringComparer.Ordinal);
        foreach (var heartbeat in heartbeats)
        {
            var known = _states!.GetValueOrDefault(heartbeat.Name);
            var state = known?.Schedule == heartbeat.Schedule.Text ? known : HeartbeatMachine.Begin(heartbeat, known, nowMs);
            if (state != known)
            {
                _unstored.Add(heartbeat.Name);
            }
            watched.Add(heartbeat.Name, new(heartbeat, state));
        }
        foreach (var (name, state) in _states!.Where(s => s.Value.Schedule.Length > 0 && !watched.ContainsKey(s.Key)).ToList())
        {
            if (_watched.GetValueOrDefault(name) is { } gone)
            {
                await PostAsync([.. HeartbeatAlerts.End(gone.Heartbeat, state, nowMs, _publicUrl)]);
            }
            _states![name] = state with { Schedule = "", Open = [], Missed = null, Failed = null };
            _unstored.Add(name);
            _posted.Remove(name);
        }
        foreach (var one in watched.Values)
        {
            _states![one.Heartbeat.Name] = one.State;
        }
        _watched = watched;
    });

    /// <summary>Takes a report in; when the task completes it is durable.</summary>
    /// <returns>How the heartbeat stands then; null when there is none of the name.</returns>
    /// <exception cref="StoreRefusedException">It is not taken: the store takes no writes.</exception>
    public async Task<WatchedHeartbeat?> TakeAsync(string name, PingKind kind, long? rows, string message)
    {
        WatchedHeartbeat? after = null;
        await LockedAsync(async () =>
        {
            var nowMs = NowMs;
            if (!_listens || nowMs - _heardMs > DeafMs)
            {
                await PassAsync(nowMs);
            }
            if (Find(name) is not var (heartbeat, state))
            {
                return;
            }
            var (passed, booked) = HeartbeatMachine.Pass(heartbeat, state, nowMs);
            await StoreAsync([(name, HeartbeatMachine.Take(heartbeat, passed, new(kind, nowMs, rows, message)), booked)], nowMs);
            _meter.Ping(kind.ToString().ToLowerInvariant());
            after = Find(name);
            await PostAsync(nowMs);
        });
        return after;
    }

    /// <inheritdoc/>
    public async Task<IReadOnlyList<PostedAlert>> HearAsync(IReadOnlyList<PostedAlert> alerts)
    {
        var nowNs = NowMs * 1_000_000;
        foreach (var (heartbeat, _) in _watched.Values.Where(w => w.Heartbeat.Watchdog.Count > 0))
        {
            var meant = alerts.Where(a => Matcher.AllMatch(heartbeat.Watchdog, a.Labels)).ToList();
            alerts = meant.Count == 0 ? alerts : [.. alerts.Except(meant)];
            if (meant.Exists(a => a.EndsAtNs == 0 || a.EndsAtNs > nowNs))
            {
                try
                {
                    await TakeAsync(heartbeat.Name, PingKind.Success, null, "");
                }
                catch (StoreRefusedException e)
                {
                    LogNotStored(e.Message);
                }
            }
        }
        return alerts;
    }

    /// <inheritdoc/>
    protected override Task ExecuteAsync(CancellationToken stoppingToken) => Rounds.RunAsync(_time, RoundMs, RoundAsync, stoppingToken);

    /// <summary>Lets time pass for all heartbeats, and writes their counters.</summary>
    internal async Task RoundAsync(long atMs)
    {
        try
        {
            await LockedAsync(async () =>
            {
                var nowMs = Math.Max(atMs, NowMs);
                await PassAsync(nowMs);
                await PostAsync(nowMs);
                WriteSeries(atMs);
            });
        }
        catch (StoreRefusedException e)
        {
            LogNotStored(e.Message);
        }
#pragma warning disable CA1031 // Without its rounds nothing that falls silent would be noticed.
        catch (Exception e)
#pragma warning restore CA1031
        {
            LogFailed(e);
        }
    }

    private async Task LoadAsync()
    {
        if (_states is null)
        {
            (_states, _heardMs) = await _store.ReadAsync(reader => (HeartbeatStore.Load(reader), HeartbeatStore.Heard(reader)), CancellationToken.None);
        }
    }

    private async Task PassAsync(long nowMs)
    {
        // What was sent between two processes was heard by neither, however short it was.
        Deafness? deafness = _heardMs > 0 && (!_listens || nowMs - _heardMs > DeafMs) ? new(_heardMs, nowMs) : null;
        var changes = new List<(string, HeartbeatState, IReadOnlyList<BookedRun>)>();
        foreach (var (name, (heartbeat, state)) in _watched)
        {
            var (after, booked) = HeartbeatMachine.Pass(heartbeat, state, nowMs, deafness);
            if (!ReferenceEquals(after, state) || _unstored.Contains(name))
            {
                changes.Add((name, after, booked));
            }
        }
        changes.AddRange(_unstored.Where(name => !_watched.ContainsKey(name)).Select(name => (name, _states![name], (IReadOnlyList<BookedRun>)[])));
        // A clock that was set back hears again at once.
        if (changes.Count > 0 || (_watched.Count > 0 && (!_listens || Math.Abs(nowMs - _heardMs) >= NoteMs)))
        {
            await StoreAsync(changes, nowMs);
        }
        _listens = true;
    }

    /// <summary>Stores what changed, and then goes by it.</summary>
    private async Task StoreAsync(IReadOnlyList<(string Name, HeartbeatState State, IReadOnlyList<BookedRun> Booked)> changes, long nowMs)
    {
        await _store.WriteAsync(transaction =>
        {
            foreach (var (name, state, booked) in changes)
            {
                HeartbeatStore.Put(transaction, name, state, booked);
            }
            HeartbeatStore.PutHeard(transaction, nowMs);
            return 0;
        }, CancellationToken.None);
        _heardMs = nowMs;
        var watched = new Dictionary<string, WatchedHeartbeat>(_watched, StringComparer.Ordinal);
        foreach (var (name, state, _) in changes)
        {
            _unstored.Remove(name);
            _states![name] = state;
            if (watched.TryGetValue(name, out var before))
            {
                watched[name] = before with { State = state };
            }
        }
        _watched = watched;
    }

    /// <summary>Posts what is new or over, and once a minute what goes on.</summary>
    private Task PostAsync(long nowMs)
    {
        var posts = new List<PostedAlert>();
        foreach (var (name, (heartbeat, state)) in _watched)
        {
            var (before, atMs) = _posted.GetValueOrDefault(name);
            if (before is null || before.Missed != state.Missed || before.Failed != state.Failed || nowMs - atMs >= RepostMs)
            {
                posts.AddRange(HeartbeatAlerts.Of(heartbeat, before, state, nowMs, _publicUrl));
                _posted[name] = (state, nowMs);
            }
        }
        return PostAsync(posts);
    }

    private Task PostAsync(List<PostedAlert> posts) => posts.Count == 0 ? Task.CompletedTask : _door.PostAsync(posts, CancellationToken.None);

    private void WriteSeries(long atMs)
    {
        var samples = new List<OwnSample>();
        foreach (var (heartbeat, state) in _watched.Values)
        {
            var labels = Labels.Of((Labels.MetricName, "nines_expected_runs_total"), ("heartbeat", heartbeat.Name), ("service", heartbeat.Service),
                ("environment", heartbeat.Environment));
            foreach (var (outcome, count) in new[] { ("good", state.Good), ("bad", state.Bad), ("unknown", state.Unknown) })
            {
                samples.Add(new(labels.With("outcome", outcome), count, state.SinceMs));
            }
        }
        var refused = _series.Write(atMs, samples);
        if (refused.Total > 0)
        {
            LogRefused(refused.ToString());
        }
    }

    private long NowMs => _time.GetUtcNow().ToUnixTimeMilliseconds();

    private async Task LockedAsync(Func<Task> work)
    {
        await _gate.WaitAsync();
        try
        {
            await work();
        }
        finally
        {
            _gate.Release();
        }
    }

    /// <inheritdoc/>
    public override void Dispose()
    {
        _gate.Dispose();
        base.Dispose();
    }

    [LoggerMessage(Level = LogLevel.Warning, 
        Message = "How heartbeats stand cannot be stored: {Reason}. Until it can, reports are refused, and what is expected in between is unknown.")]
    private partial void LogNotStored(string reason);

    [LoggerMessage(Level = LogLevel.Error, Message = "A round over the heartbeats failed; the next one is in 5 s")]
    private partial void LogFailed(Exception failure);

    [LoggerMessage(Level = LogLevel.Warning, Message = "The metrics store refused counters of heartbeats: {Refused}. They are written again in 5 s.")]
    private partial void LogRefused(string refused);
}
