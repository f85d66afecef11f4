using Microsoft.Extensions.Logging.Abstractions;
using Nines.Core.Probes;
using Nines.Metrics;
using Nines.Server.Probes;
using Nines.Server.Tests.Delivery;
using Nines.Server.Tests.Telemetry;
using Nines.Tsdb;

namespace Nines.Server.Tests.Probes;

/// <summary>Probes of real targets at a real door, with a store of their own and a clock in the test's hand.</summary>
internal sealed class ProbeBench : IAsyncDisposable
{
    private readonly AlertWorld _world;

    public ProbeBench(AlertWorld world, string root, params Probe[] probes)
    {
        _world = world;
        Store = new TsdbStore(new TsdbOptions { Directory = root, Time = world.Time });
        Worker = new ProbeWorker(new ProbeRunner(world.Time, "/"), Store, Store, world.Door, world.Door, new Uri("http://nines/"), world.Time, NullLogger<ProbeWorker>.Instance);
        Worker.Apply(probes);
    }

    public TsdbStore Store { get; }

    public ProbeWorker Worker { get; }

    public ProbeReport Report => Worker.All()[0];

    public long NowMs => _world.Time.GetUtcNow().ToUnixTimeMilliseconds();

    /// <summary>Lets time pass by steps; what is due in each runs before the next.</summary>
    public async Task PassAsync(TimeSpan span, int stepSeconds = 5)
    {
        for (var passed = TimeSpan.Zero; passed < span; passed += TimeSpan.FromSeconds(stepSeconds))
        {
            await AlertWorld.UntilAsync(() => Worker.IsIdle);
            _world.Time.Advance(TimeSpan.FromSeconds(stepSeconds));
            await AlertWorld.UntilAsync(() => Worker.IsIdle);
            await _world.Door.OnTickAsync();
        }
    }

    public List<Sample> Samples(string name, string probe = "shop") =>
        [.. Store.Select([new(Labels.MetricName, MatchOp.Equal, name), new("probe", MatchOp.Equal, probe)], 0, long.MaxValue).SelectMany(s => s.Samples())];

    public async ValueTask DisposeAsync()
    {
        await Worker.StopAsync(CancellationToken.None);
        Worker.Dispose();
        await Store.DisposeAsync();
    }
}
