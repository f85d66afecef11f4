using Nines.Core;
using Nines.Core.Objectives;
using Nines.PromQL;
using Nines.Server.Objectives;
using Nines.Server.Objectives.Sources;
using Microsoft.Extensions.Logging.Abstractions;

namespace Nines.Server.Tests.Objectives.Sources;

/// <summary>The ledger over a source that is somewhere else.</summary>
public sealed class RemoteFeedTests : IAsyncLifetime
{
    private readonly string _directory = Directory.CreateTempSubdirectory("nines-remote-").FullName;
    private readonly ManualTime _time = new();
    private FakePrometheus _prometheus = null!;

    private long NowMs => _time.GetUtcNow().ToUnixTimeMilliseconds();

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync() => _prometheus = await FakePrometheus.StartAsync();

    public async ValueTask DisposeAsync()
    {
        await _prometheus.DisposeAsync();
        Directory.Delete(_directory, recursive: true);
    }

    [Fact]
    public async Task Step_WindowThatIsBehindUs_IsBackFilledWithoutAlertsAndGoesOnAfterAKill()
    {
        // Half a day of a counter that grows by 10 every 30 s, 1 of them bad, and half of them bad for the last two hours: enough to page.
        var (total, bad) = (0.0, 0.0);
        for (var t = NowMs - 43_200_000; t <= NowMs; t += 30_000)
        {
            _prometheus.Add("requests_total", "200", (t, total += 10));
            _prometheus.Add("requests_total", "500", (t, bad += t > NowMs - 7_200_000 ? 5 : 1));
        }
        _prometheus.LongestMs = 3 * 3_600_000;
        _prometheus.Instead.Enqueue((503, "starting"));
        _prometheus.Instead.Enqueue((200, "{\"status\":\"succ"));
        _prometheus.Left = 12;
        var engine = Open(Counted);
        var alerts = new List<string>();
        await StepUntilAsync(engine, alerts, r => r.Progress > 0.1 && r.State == "failing");
        engine.Readers.Status().Items[0].Objectives[0].Progress.ShouldBeLessThan(0.95);
        engine.Engine.Dispose();
        alerts.ShouldBeEmpty("while history is read there is neither a burn nor a lost signal");
        engine.Store.Dispose();

        _prometheus.Left = int.MaxValue;
        engine = Open(Counted);
        await StepUntilAsync(engine, alerts, r => r.State == "live");
        var report = engine.Engine.Find("shop/orders@production")!;
        // The first reading of each series cannot be counted.
        (report.Window.Good, report.Window.Bad).ShouldBe((total - 10, bad - 1));
        engine.Engine.Step(NowMs);
        engine.Engine.Find("shop/orders@production")!.Rules.ShouldContain(r => r.Firing, "what is true of the present pages once it is known");
        var status = engine.Readers.Status().Items.ShouldHaveSingleItem();
        (status.State, status.Error, status.Objectives[0].Series).ShouldBe(("up", null, 2));
        engine.Dispose();
    }

    [Fact]
    public async Task Step_SourceThatIsAway_IsALostSignalAndThenNothingIsMissing()
    {
        _prometheus.Add("requests_total", "200", (NowMs - 45_000, 10), (NowMs - 30_000, 20), (NowMs - 15_000, 30));
        using var engine = Open(Counted);
        await StepUntilAsync(engine, [], r => r.State == "live");
        for (var i = 0; i < 40; i++)
        {
            _prometheus.Instead.Enqueue((502, "bad gateway"));
        }
        var alerts = new List<string>();
        for (var i = 1; i <= 20; i++)
        {
            _prometheus.Add("requests_total", "200", (NowMs, 30 + i));
            await TurnAsync(engine, alerts);
        }
        alerts.ShouldContain("SliLost");
        lock (_prometheus.Stored)
        {
            _prometheus.Instead.Clear();
        }
        await StepUntilAsync(engine, alerts, r => r.State == "live");
        engine.Engine.Find("shop/orders@production")!.Window.Good.ShouldBe(40);
        engine.Engine.Find("shop/orders@production")!.Spans.ShouldBeEmpty("what was missed was read sample by sample");
    }

    [Fact]
    public async Task Step_EvaluatedIndicator_IsEvaluatedThereMinuteByMinute()
    {
        var query = new EvaluatedQuery("up", "up");
        _prometheus.Instead.Enqueue((500, "not now"));
        using var engine = Open(new EvaluatedShare(query, false) { Source = "p" });
        await StepUntilAsync(engine, [], r => r.State == "live");
        var report = engine.Engine.Find("shop/orders@production")!;
        (report.Window.Good, report.Window.Bad).ShouldBe((report.ClosedMinute - report.Window.FromMinute, 0), "each minute once");
        report.Window.Good.ShouldBeGreaterThan(1430);
    }

    private static CounterRatio Counted => new(null, IndicatorReader.Read("""requests_total{code="500"}""").Expression!, IndicatorReader.Read("requests_total").Expression!) { Source = "p" };

    private Opened Open(Indicator indicator)
    {
        var readers = new SourceReaders(_directory, _time);
        readers.Apply([new("p", _prometheus.Address, new SourcePosition("w.yaml", 1, 1))]);
        var store = LedgerStore.Open(Path.Combine(_directory, "ledger.db"));
        var nothing = new MemorySeriesSource();
        var engine = new LedgerEngine(nothing, new EngineQueries(new QueryEngine(nothing, new QueryOptions())), store, new Uri("http://nines/"), LedgerFault.None, NullLogger.Instance)
        {
            Sources = readers,
        };
        engine.Apply([new()
        {
            Key = "shop/orders@production",
            Service = "shop",
            Environment = "production",
            DisplayName = "Orders",
            Target = 0.99m,
            Windows = [new RollingWindow(1440)],
            Indicator = indicator,
            BurnPolicy = BurnPolicy.Default with { Rules = [.. BurnPolicy.Default.Rules.Where(r => r.IsReachable(0.99m, 1440))] },
            Position = new SourcePosition("w.yaml", 1, 1),
        }]);
        return new(engine, store, readers);
    }

    /// <summary>Lets a reader read what it can, then steps the ledger.</summary>
    private async Task TurnAsync(Opened engine, List<string> alerts)
    {
        alerts.AddRange(engine.Engine.Step(NowMs).Select(a => a.Labels["alertname"]));
        // The reader waits for a turn, for a retry or for the ledger.
        await _time.SomeoneWaitsAsync(TimeSpan.FromMilliseconds(1), TimeSpan.FromSeconds(16)).WaitAsync(TimeSpan.FromSeconds(30), Stop);
        _time.Advance(TimeSpan.FromSeconds(15));
    }

    private async Task StepUntilAsync(Opened engine, List<string> alerts, Func<SourceReading, bool> reached)
    {
        for (var i = 0; i < 200; i++)
        {
            alerts.AddRange(engine.Engine.Step(NowMs).Select(a => a.Labels["alertname"]));
            if (engine.Readers.Status().Items[0].Objectives is [var reading, ..] && reached(reading))
            {
                return;
            }
            await _time.SomeoneWaitsAsync(TimeSpan.FromMilliseconds(1), TimeSpan.FromSeconds(16)).WaitAsync(TimeSpan.FromSeconds(30), Stop);
            _time.Advance(TimeSpan.FromSeconds(1));
        }
        throw new InvalidOperationException($"not reached: {engine.Readers.Status().Items[0]}");
    }

    private sealed record Opened(LedgerEngine Engine, LedgerStore Store, SourceReaders Readers) : IDisposable
    {
        public void Dispose()
        {
            Engine.Dispose();
            Readers.Dispose();
            Store.Dispose();
        }
    }
}
