using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Nines.Core.Alerting;
using Nines.Core.Probes;
using Nines.Metrics;

namespace Nines.Server.Probes;

/// <summary>Runs the workspace's probes, each at its own times and never twice at once.</summary>
internal sealed partial class ProbeWorker : IProbeReports, IHostedService, IDisposable
{
    /// <summary>Most probes that run at once; what waits for its turn longer than its interval is a run missed.</summary>
    public const int MostAtOnce = 32;

    private readonly ProbeWorld _world;
    private readonly ProbeRunner _runner;
    private readonly ILogger<ProbeWorker> _log;
    private readonly Lock _gate = new();
    private readonly CancellationTokenSource _stop = new();
    private readonly SemaphoreSlim _slots = new(MostAtOnce);
    private volatile IReadOnlyDictionary<string, Running> _running = new Dictionary<string, Running>(StringComparer.Ordinal);
    private Task _ending = Task.CompletedTask;
    private bool _started;

    public ProbeWorker(ProbeRunner runner, ISampleSink sink, ISeriesSource source, IAlertDoor door, IAlertReports alerts, Uri publicUrl, TimeProvider time,
        ILogger<ProbeWorker> log)
    {
        (_runner, _log) = (runner, log);
        _world = new(runner, sink, source, door, alerts, publicUrl, time, new ProbeMeter(() => _running.Count, () => MostAtOnce - _slots.CurrentCount));
    }

    /// <summary>Whether every probe waits for a turn that is still to come.</summary>
    internal bool IsIdle => _running.Values.All(r => r.Loop.IsIdle);

    /// <inheritdoc/>
    public IReadOnlyList<ProbeReport> All() => [.. _running.Values.Select(r => r.Loop.Report)
        .OrderBy(r => r.Verdict switch { ProbeVerdict.Down => 0, ProbeVerdict.Unknown => 1, _ => 2 }).ThenBy(r => r.Probe.Name, StringComparer.Ordinal)];

    /// <summary>Sets the probes. One that was there before goes on; of one that is gone series and alerts end.</summary>
    public void Apply(IReadOnlyList<Probe> probes)
    {
        lock (_gate)
        {
            if (_stop.IsCancellationRequested)
            {
                return;
            }
            var (before, after) = (new Dictionary<string, Running>(_running, StringComparer.Ordinal), new Dictionary<string, Running>(StringComparer.Ordinal));
            foreach (var probe in probes)
            {
                var loop = new ProbeLoop(probe, _world);
                before.Remove(probe.Name, out var same);
                if (same is not null && same.Loop.Key.Equals(loop.Key))
                {
                    same.Loop.Apply(probe);
                    after.Add(probe.Name, same);
                    continue;
                }
                // What fired before the server's start is taken up; a probe that is new now begins now.
                var takeUp = !_started;
                if (takeUp)
                {
                    loop.EndOld();
                }
                var running = new Running(loop, CancellationTokenSource.CreateLinkedTokenSource(_stop.Token));
                running.Task = Task.Run(() => RunAsync(running, same, takeUp), CancellationToken.None);
                after.Add(probe.Name, running);
            }
            foreach (var gone in before.Values)
            {
                _ending = Task.WhenAll(_ending, EndAsync(gone, null));
            }
            (_running, _started) = (after, true);
        }
    }

    /// <inheritdoc/>
    public Task StartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    /// <inheritdoc/>
    public async Task StopAsync(CancellationToken cancellationToken)
    {
        Task all;
        lock (_gate)
        {
            _stop.Cancel();
            all = Task.WhenAll([_ending, .. _running.Values.Select(r => r.Task)]);
        }
        // Series and alerts live on: the next start takes them up.
        await all.WaitAsync(cancellationToken);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _stop.Cancel();
        _world.Meter.Dispose();
        _runner.Dispose();
    }

    private async Task RunAsync(Running running, Running? before, bool takeUp)
    {
        if (before is not null)
        {
            await EndAsync(before, running.Loop.Probe);
            running.Loop.TakeOver(before.Loop);
        }
        else if (takeUp)
        {
            await GuardAsync(running, () => running.Loop.TakeUpAsync(running.Stop.Token));
        }
        try
        {
            await running.Loop.RunAsync(_slots, turn => GuardAsync(running, turn), running.Stop.Token);
        }
        catch (OperationCanceledException) when (running.Stop.IsCancellationRequested)
        {
            return;
        }
    }

    private async Task EndAsync(Running gone, Probe? after)
    {
        await gone.Stop.CancelAsync();
        await gone.Task;
        await GuardAsync(gone, () => gone.Loop.EndAsync(after, _stop.Token));
    }

    // Our own bug in one turn must not end a probe for ever, nor go unseen.
    private async Task GuardAsync(Running running, Func<Task> work)
    {
        try
        {
            await work();
        }
        catch (OperationCanceledException) when (running.Stop.IsCancellationRequested)
        {
            return;
        }
#pragma warning disable CA1031
        catch (Exception e)
#pragma warning restore CA1031
        {
            LogFailed(e, running.Loop.Probe.Name);
        }
    }

    [LoggerMessage(Level = LogLevel.Error, Message = "A run of the probe {Probe} broke. It runs again at its next turn.")]
    private partial void LogFailed(Exception exception, string probe);

    private sealed class Running(ProbeLoop loop, CancellationTokenSource stop)
    {
        public ProbeLoop Loop => loop;

        public CancellationTokenSource Stop => stop;

        public Task Task { get; set; } = Task.CompletedTask;
    }
}
