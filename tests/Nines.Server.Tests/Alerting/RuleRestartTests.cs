using System.Text;
using Microsoft.Extensions.Logging.Abstractions;
using Nines.Core.Workspace;
using Nines.Metrics;
using Nines.Server.Alerting;
using Nines.Server.Tests.Delivery;
using Nines.Tsdb;

namespace Nines.Server.Tests.Alerting;

/// <summary>Rules and the door over a restart: whoever was paged is not paged again, and is told of the end once.</summary>
public sealed class RuleRestartTests : IDisposable
{
    private readonly DirectoryInfo _root = Directory.CreateTempSubdirectory("nines-rules-");

    [Theory]
    [InlineData("15s", "6m", 4)]
    [InlineData("30m", "0s", 10)]
    [InlineData("2m", "5m", 50)]
    public async Task Alert_IsPagedOnceOverARestart_AndItsEndOnce(string interval, string lasts, int downMinutes)
    {
        await using var sink = await Sink.StartAsync();
        var receivers = new[] { AlertWorld.Webhook("hook", sink.Url) };
        await using var before = await AlertWorld.StartAsync(receivers);
        await using (var rules = new Rules(before, _root.FullName, interval, lasts))
        {
            for (var i = 0; i < 120 && sink.Empty; i++)
            {
                await rules.PassAsync(1, TimeSpan.FromSeconds(60));
                await AlertWorld.UntilAsync(() => before.Door.Firing().All(a => a.Deliveries.All(d => d.State == Core.Alerting.DeliveryState.Sent)));
            }
            (await sink.NextAsync()).Status.ShouldBe("firing");
            // A message whose outcome is not on disk when the process dies is sent once more, which is not what this is about.
            await AlertWorld.UntilAsync(() => before.QueryAsync("SELECT state FROM outbox WHERE state <> 'sent'").GetAwaiter().GetResult().Count == 0);
        }
        await using var after = await before.KillAndRestartAsync(receivers, TimeSpan.FromMinutes(downMinutes));
        await using (var rules = new Rules(after, _root.FullName, interval, lasts))
        {
            await AlertWorld.UntilAsync(() => rules.Worker.IsIdle);
            for (var i = 0; i < 45; i++)
            {
                await rules.PassAsync(1, TimeSpan.FromSeconds(60));
                sink.Empty.ShouldBeTrue($"minute {i}");
                after.Door.Firing().ShouldHaveSingleItem();
            }
            for (var i = 0; i < 40 && sink.Empty; i++)
            {
                await rules.PassAsync(0, TimeSpan.FromSeconds(60));
                await AlertWorld.UntilAsync(() => after.Door.All().All(a => a.Deliveries.All(d => d.State == Core.Alerting.DeliveryState.Sent)));
            }
            (await sink.NextAsync()).Status.ShouldBe("resolved");
            await rules.PassAsync(0, TimeSpan.FromMinutes(6));
            sink.Empty.ShouldBeTrue();
            after.Door.All().ShouldHaveSingleItem().Deliveries.Count.ShouldBe(2);
        }
    }

    public void Dispose() => _root.Delete(recursive: true);

    /// <summary>A rule over x in a store of its own, at a world's door.</summary>
    private sealed class Rules : IAsyncDisposable
    {
        private readonly AlertWorld _world;
        private readonly TsdbStore _store;

        public Rules(AlertWorld world, string root, string interval, string lasts)
        {
            _world = world;
            _store = new TsdbStore(new TsdbOptions { Directory = root, Time = world.Time });
            Worker = new RuleWorker(_store, _store, world.Door, world.Door, new Uri("http://nines/"), world.Time, NullLogger<RuleWorker>.Instance);
            var text = $"groups:\n- name: g\n  interval: {interval}\n  rules:\n  - {{alert: A, expr: x > 0, for: {lasts}, labels: {{severity: page}}}}\n";
            Worker.Apply(RuleFileReader.Read(new WorkspaceFile("r.yml", Encoding.UTF8.GetBytes(text))).Groups, Labels.Empty);
        }

        public RuleWorker Worker { get; }

        /// <summary>Lets time pass by 15 s with a sample at each step.</summary>
        public async Task PassAsync(double value, TimeSpan span)
        {
            for (var passed = TimeSpan.Zero; passed < span; passed += TimeSpan.FromSeconds(15))
            {
                await AlertWorld.UntilAsync(() => Worker.IsIdle);
                using (var append = _store.Begin())
                {
                    append.Add(append.Series(Labels.Of((Labels.MetricName, "x")), false, 0), new CounterSample(_world.Time.NowNs / 1_000_000, value, 0));
                    append.Commit();
                }
                _world.Time.Advance(TimeSpan.FromSeconds(15));
                await AlertWorld.UntilAsync(() => Worker.IsIdle);
                await _world.Door.OnTickAsync();
            }
        }

        public async ValueTask DisposeAsync()
        {
            await Worker.StopAsync(CancellationToken.None);
            Worker.Dispose();
            await _store.DisposeAsync();
        }
    }
}
