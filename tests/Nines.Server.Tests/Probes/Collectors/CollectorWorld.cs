using Microsoft.Extensions.Logging.Abstractions;
using Nines.Core;
using Nines.Core.Alerting;
using Nines.Core.Probes.Collectors;
using Nines.Metrics;
using Nines.Server.Probes.Collectors;
using Nines.Server.Telemetry;
using Nines.Server.Tests.Telemetry;
using Nines.Tsdb;

namespace Nines.Server.Tests.Probes.Collectors;

/// <summary>Collectors with a real store, a clock that only the test moves, and a door that keeps what is posted.</summary>
internal sealed class CollectorWorld : IAlertDoor, IAlertReports, IDisposable
{
    private readonly TempDirectory _directory = new();
    private readonly CollectorReaders _readers;

    public CollectorWorld(TimeProvider? clock = null)
    {
        Clock = clock ?? Time;
        _readers = new(new HttpAccessClients(_directory.Path), Clock);
        Store = new(new TsdbOptions { Directory = System.IO.Path.Combine(_directory.Path, "tsdb"), Time = Clock });
    }

    public ManualTime Time { get; } = new();

    public TimeProvider Clock { get; }

    public TsdbStore Store { get; }

    public MetadataStore Metadata { get; } = new();

    public List<PostedAlert> Posted { get; } = [];

    public List<AlertReport> Known { get; } = [];

    public string Path => _directory.Path;

    public long NowMs => Clock.GetUtcNow().ToUnixTimeMilliseconds();

    public long Version => 0;

    public static Collector Collector(CollectorWork work, double timeoutSeconds = 10, double intervalSeconds = 60) =>
        new("c", "C", TimeSpan.FromSeconds(intervalSeconds), TimeSpan.FromSeconds(timeoutSeconds), work, new SourcePosition("w.yaml", 3, 1)) { Service = "shop" };

    public CollectorRunner Runner(Collector collector) => new(collector, Tools);

    public CollectorLoop Loop() => new(Store, Metadata, this, this, new Uri("http://nines/"), Path, Clock, NullLogger<CollectorLoop>.Instance);

    /// <summary>Runs now and lets an interval pass.</summary>
    public async Task<string?> RunAsync(CollectorRunner runner)
    {
        await runner.OnceAsync(NowMs, TestContext.Current.CancellationToken);
        Time.Advance(runner.Collector.Interval);
        return runner.Standing.LastRun!.Error;
    }

    /// <summary>The samples of a metric as they are in the store; a series that ended has the value <c>end</c>.</summary>
    public List<string> Samples(string metric) =>
        [.. Store.Select([new Matcher(Labels.MetricName, MatchOp.Equal, metric)], 0, long.MaxValue)
            .SelectMany(s => s.Samples().Select(v => StaleMarker.Is(v.Value) ? "end" : FormattableString.Invariant($"{v.Value}")))];

    public string[] Names() => [.. Store.LabelValues(Labels.MetricName, [], 0, long.MaxValue)];

    public Task PostAsync(IReadOnlyList<PostedAlert> alerts, CancellationToken cancellation)
    {
        Posted.AddRange(alerts);
        return Task.CompletedTask;
    }

    public IReadOnlyList<AlertReport> Firing() => Known;

    public IReadOnlyList<AlertReport> All() => Known;

    public AlertReport? Find(string fingerprint) => null;

    public void Dispose()
    {
        Store.Dispose();
        _readers.Dispose();
        _directory.Dispose();
    }

    private CollectorTools Tools => new(_readers, Store, Metadata, this, this, new Uri("http://nines/"), Clock, NullLogger.Instance);
}
