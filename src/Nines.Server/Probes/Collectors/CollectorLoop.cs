using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Nines.Core.Alerting;
using Nines.Core.Probes.Collectors;
using Nines.Metrics;
using Nines.Server.Telemetry;

namespace Nines.Server.Probes.Collectors;

/// <summary>Runs all collectors of the workspace, each on its own.</summary>
internal sealed partial class CollectorLoop : IHostedService, IDisposable
{
    private static readonly TimeSpan AfterABug = TimeSpan.FromSeconds(5);
    private readonly Lock _gate = new();
    private readonly CancellationTokenSource _stop = new();
    private readonly Dictionary<string, Running> _running = new(StringComparer.Ordinal);
    private readonly List<Task> _ending = [];
    private readonly CollectorTools _tools;
    private bool _started;

    /// <summary>A loop without collectors.</summary>
    public CollectorLoop(ISampleSink sink, MetadataStore metadata, IAlertDoor door, IAlertReports alerts, Uri publicUrl, string directory, TimeProvider time,
        ILogger<CollectorLoop> log) =>
        _tools = new(new(new HttpAccessClients(directory), time), sink, metadata, door, alerts, publicUrl, time, log);

    /// <summary>The collectors, in order of name.</summary>
    public IReadOnlyList<CollectorRunner> Collectors
    {
        get
        {
            lock (_gate)
            {
                return [.. _running.Values.Select(r => r.Runner).OrderBy(r => r.Collector.Name, StringComparer.Ordinal)];
            }
        }
    }

    /// <summary>Runs these collectors from now on. One that is as it was goes on; one that changed begins anew where the other ended; of one that is gone
    /// series and alert end.</summary>
    public void Apply(IReadOnlyList<Collector> collectors)
    {
        lock (_gate)
        {
            if (_stop.IsCancellationRequested)
            {
                return;
            }
            _ending.RemoveAll(t => t.IsCompleted);
            foreach (var collector in collectors)
            {
                _running.TryGetValue(collector.Name, out var before);
                if (before is null || !IsSame(before.Runner.Collector, collector))
                {
                    var added = new Running(new CollectorRunner(collector, _tools), CancellationTokenSource.CreateLinkedTokenSource(_stop.Token), before);
                    _running[collector.Name] = added;
                    Start(added);
                }
            }
            var wanted = collectors.Select(c => c.Name).ToHashSet(StringComparer.Ordinal);
            foreach (var name in _running.Keys.Where(k => !wanted.Contains(k)).ToArray())
            {
                _running.Remove(name, out var gone);
                _ending.Add(GoneAsync(gone!));
            }
        }
    }

    /// <inheritdoc/>
    public Task StartAsync(CancellationToken cancellationToken)
    {
        lock (_gate)
        {
            _started = true;
            foreach (var running in _running.Values)
            {
                Start(running);
            }
        }
        return Task.CompletedTask;
    }

    /// <inheritdoc/>
    public async Task StopAsync(CancellationToken cancellationToken)
    {
        Task[] all;
        lock (_gate)
        {
            _stop.Cancel();
            all = [.. _running.Values.Select(r => r.Task), .. _ending];
        }
        // No markers: a restart of ours is no end of what is measured.
        await Task.WhenAll(all).WaitAsync(cancellationToken);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _stop.Cancel();
        _tools.Readers.Dispose();
    }

    private static bool IsSame(Collector a, Collector b) => a.Definition == b.Definition && a.Position == b.Position;

    private void Start(Running running)
    {
        if (_started)
        {
            running.Task = Task.Run(() => RunAsync(running));
        }
    }

    // Our own bug in one collector must not end it for ever, nor go unseen.
    private async Task RunAsync(Running running)
    {
        while (running.Before is not null || !running.Stop.IsCancellationRequested)
        {
            try
            {
                if (running.Before is { } before)
                {
                    running.Before = null;
                    await StopAsync(before);
                    await running.Runner.TakeOverAsync(before.Runner, CancellationToken.None);
                }
                await running.Runner.RunAsync(running.Stop.Token);
            }
            catch (Exception e) when (e is not OperationCanceledException)
            {
                LogBroke(_tools.Log, running.Runner.Collector.Name, e);
                await Task.Delay(AfterABug, _tools.Time, running.Stop.Token).ContinueWith(_ => { }, TaskScheduler.Default);
            }
            catch (OperationCanceledException) when (running.Stop.IsCancellationRequested)
            {
            }
        }
    }

    private async Task GoneAsync(Running gone)
    {
        await StopAsync(gone);
        if (!_stop.IsCancellationRequested)
        {
            await gone.Runner.EndAsync(CancellationToken.None);
        }
    }

    private static async Task StopAsync(Running running)
    {
        await running.Stop.CancelAsync();
        await running.Task;
        running.Stop.Dispose();
    }

    [LoggerMessage(Level = LogLevel.Error, Message = "the collector {Collector} broke and goes on at its next time")]
    private static partial void LogBroke(ILogger log, string collector, Exception e);

    private sealed class Running(CollectorRunner runner, CancellationTokenSource stop, Running? before)
    {
        public CollectorRunner Runner => runner;
        public CancellationTokenSource Stop => stop;
        public Running? Before { get; set; } = before;
        public Task Task { get; set; } = Task.CompletedTask;
    }
}
