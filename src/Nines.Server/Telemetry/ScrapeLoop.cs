using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Nines.Core.Telemetry;
using Nines.Metrics;

namespace Nines.Server.Telemetry;

/// <summary>Scrapes all targets of the workspace, each on its own.</summary>
public sealed partial class ScrapeLoop(
    ISampleSink sink, ISeriesSource source, MetadataStore metadata, NinesOptions options, TimeProvider time, ILogger<ScrapeLoop> log)
    : IHostedService, IDisposable
{
    private static readonly TimeSpan AfterABug = TimeSpan.FromSeconds(5);
    private readonly Lock _gate = new();
    private readonly ScrapeClient _client = new(time, options.WorkspaceDirectory);
    private readonly CancellationTokenSource _stop = new();
    private readonly Dictionary<(string Job, Uri Url, Labels Labels), Running> _running = [];
    private readonly List<Task> _ending = [];
    private bool _started;

    /// <summary>The jobs, with the targets that relabelling dropped.</summary>
    public IReadOnlyList<ScrapeJob> Jobs { get; private set; } = [];

    /// <summary>How each target does, in order of job and address.</summary>
    public IReadOnlyList<TargetStatus> Targets
    {
        get
        {
            lock (_gate)
            {
                return [.. _running.Values.Select(r => r.Scraper.Status)
                    .OrderBy(s => s.Job, StringComparer.Ordinal).ThenBy(s => s.Url.AbsoluteUri, StringComparer.Ordinal)];
            }
        }
    }

    /// <summary>Scrapes these jobs from now on. A target that was there before keeps its state; one that is gone has its series ended.</summary>
    public void Apply(IReadOnlyList<ScrapeJob> jobs)
    {
        lock (_gate)
        {
            if (_stop.IsCancellationRequested)
            {
                return;
            }
            Jobs = jobs;
            var wanted = new HashSet<(string, Uri, Labels)>();
            foreach (var job in jobs)
            {
                foreach (var target in job.Targets)
                {
                    var key = (job.Name, target.Url, target.Labels);
                    if (!wanted.Add(key))
                    {
                        continue;
                    }
                    if (_running.TryGetValue(key, out var running))
                    {
                        running.Scraper.Apply(job);
                        continue;
                    }
                    var added = new Running(new TargetScraper(job, target, _client, sink, source, metadata, time),
                        CancellationTokenSource.CreateLinkedTokenSource(_stop.Token));
                    _running.Add(key, added);
                    Start(added);
                }
            }
            _ending.RemoveAll(t => t.IsCompleted);
            foreach (var key in _running.Keys.Where(k => !wanted.Contains(k)).ToArray())
            {
                _running.Remove(key, out var gone);
                _ending.Add(EndAsync(gone!));
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
        // No markers: to a reader a restart of ours must not look like the end of every series.
        await Task.WhenAll(all).WaitAsync(cancellationToken);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _stop.Cancel();
        _client.Dispose();
    }

    private void Start(Running running)
    {
        if (_started)
        {
            running.Task = Task.Run(() => RunAsync(running));
        }
    }

    // Our own bug in one target must not end its scraping for ever, nor go unseen.
    private async Task RunAsync(Running running)
    {
        while (!running.Stop.IsCancellationRequested)
        {
            try
            {
                await running.Scraper.RunAsync(running.Stop.Token);
            }
            catch (Exception e) when (e is not OperationCanceledException)
            {
                ScrapingBroke(log, running.Scraper.Status.Url, e);
                await Task.Delay(AfterABug, time, running.Stop.Token).ContinueWith(_ => { }, TaskScheduler.Default);
            }
        }
    }

    private async Task EndAsync(Running gone)
    {
        await gone.Stop.CancelAsync();
        await gone.Task;
        if (!_stop.IsCancellationRequested)
        {
            gone.Scraper.End();
        }
        gone.Scraper.Dispose();
        gone.Stop.Dispose();
    }

    [LoggerMessage(Level = LogLevel.Error, Message = "scraping {Url} broke and goes on at its next slot")]
    private static partial void ScrapingBroke(ILogger log, Uri url, Exception e);

    private sealed class Running(TargetScraper scraper, CancellationTokenSource stop)
    {
        public TargetScraper Scraper => scraper;
        public CancellationTokenSource Stop => stop;
        public Task Task { get; set; } = Task.CompletedTask;
    }
}
