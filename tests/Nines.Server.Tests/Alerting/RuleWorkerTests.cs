using System.Collections.Concurrent;
using System.Text;
using Microsoft.Extensions.Logging.Abstractions;
using Nines.Core.Alerting;
using Nines.Core.Workspace;
using Nines.Metrics;
using Nines.PromQL;
using Nines.Server.Alerting;
using Nines.Server.Tests.Delivery;
using Nines.Tsdb;

namespace Nines.Server.Tests.Alerting;

public sealed class RuleWorkerTests : IAsyncDisposable
{
    private readonly ManualTime _time = new();
    private readonly DirectoryInfo _root = Directory.CreateTempSubdirectory("nines-rules-");
    private readonly Door _door = new();
    private TsdbStore _store;
    private RuleWorker _worker;

    public RuleWorkerTests() => (_store, _worker) = Started();

    [Fact]
    public async Task Group_IsEvaluatedOnItsInterval_AndItsAlertsGoThroughTheDoor()
    {
        _worker.Apply(Groups("interval: 10s", "{alert: A, expr: 'x > 0', labels: {severity: page}, annotations: {s: 'x is {{ $value }}'}}"), Labels.Empty);
        Add("x", 3);
        await PassAsync(TimeSpan.FromSeconds(25));
        var post = _door.Posts.ShouldHaveSingleItem();
        post.Labels.ShouldBe(Labels.Of(("alertname", "A"), ("severity", "page")));
        post.Annotations["s"].ShouldBe("x is 3");
        post.GeneratorUrl.ShouldBe("http://nines/explore?expr=x+%3E+0&tab=1");
        (post.StartsAtNs % 10_000_000_000).ShouldBe(_worker.Groups()[0].LastEvaluationMs!.Value * 1_000_000 % 10_000_000_000);
        Add("x", 0);
        await PassAsync(TimeSpan.FromSeconds(11));
        _door.Posts.Count.ShouldBe(2);
        _door.Posts.Last().EndsAtNs.ShouldBeLessThanOrEqualTo(_time.NowNs);
        var report = _worker.Groups()[0];
        (report.IntervalSeconds, report.Rules[0].Health, report.Rules[0].State).ShouldBe((10, RuleHealth.Ok, RuleAlertState.Inactive));
    }

    [Fact]
    public async Task FailingRule_ShowsItsError_AndIsNotForgotten()
    {
        _worker.Apply(Groups("interval: 10s", "{record: a, expr: x, labels: {l: same}}"), Labels.Empty);
        Add("x{l=\"1\"}", 1);
        Add("x{l=\"2\"}", 1);
        await PassAsync(TimeSpan.FromSeconds(11));
        var rule = _worker.Groups()[0].Rules[0];
        (rule.Health, rule.LastError).ShouldBe((RuleHealth.Error, "vector contains metrics with the same labelset after applying rule labels"));
    }

    [Fact]
    public async Task GroupThatIsGone_EndsItsSeriesAndAlerts()
    {
        _worker.Apply(Groups("interval: 10s", "{record: a, expr: x}", "{alert: A, expr: x}"), Labels.Empty);
        Add("x", 1);
        await PassAsync(TimeSpan.FromSeconds(11));
        At("a").ShouldBe([1]);
        _worker.Apply([], Labels.Empty);
        await _worker.StopAsync(TestContext.Current.CancellationToken);
        At("a").ShouldBeEmpty();
        At("ALERTS").ShouldBeEmpty();
        _door.Posts.Last().EndsAtNs.ShouldBe(_time.NowNs);
        _worker.Groups().ShouldBeEmpty();
    }

    [Fact]
    public async Task EditedGroup_KeepsItsPendingAlert()
    {
        _worker.Apply(Groups("interval: 10s", "{alert: A, expr: x > 0, for: 1m}"), Labels.Empty);
        Add("x", 1);
        await PassAsync(TimeSpan.FromSeconds(11));
        var since = _worker.Groups()[0].Rules[0].Alerts.ShouldHaveSingleItem().ActiveAtMs;
        _worker.Apply(Groups("interval: 10s", "{record: new, expr: x}", "{alert: A, expr: x > 0, for: 1m, annotations: {a: b}}"), Labels.Empty);
        await PassAsync(TimeSpan.FromSeconds(60));
        var post = _door.Posts.ShouldHaveSingleItem();
        post.StartsAtNs.ShouldBe((since + 60_000) * 1_000_000);
        post.Annotations["a"].ShouldBe("b");
    }

    [Fact]
    public async Task ExternalLabels_AreOnAlertsAndInTemplates_AndAnEditEndsThoseOfTheOldOnes()
    {
        var groups = Groups("interval: 10s", "{alert: A, expr: x > 0, annotations: {a: '{{ $externalLabels.site }}'}}");
        _worker.Apply(groups, Labels.Of(("site", "north")));
        Add("x", 1);
        await PassAsync(TimeSpan.FromSeconds(11));
        _door.Posts.ShouldHaveSingleItem().ShouldSatisfyAllConditions(p => p.Labels["site"].ShouldBe("north"), p => p.Annotations["a"].ShouldBe("north"));
        _worker.Apply(groups, Labels.Of(("site", "south")));
        await PassAsync(TimeSpan.FromSeconds(11));
        _door.Posts.Skip(1).Select(p => (p.Labels["site"], p.Annotations["a"], p.EndsAtNs > _time.NowNs)).ShouldBe([("north", "north", false), ("south", "south", true)]);
        At("ALERTS{site='north'}".Replace('\'', '"')).ShouldBeEmpty("series of the server itself go without");
    }

    [Fact]
    public async Task SlowGroup_LeavesOutTurns_AndNeverRunsTwiceAtOnce()
    {
        var turns = new ConcurrentQueue<long>();
        _door.OnPost = _ =>
        {
            turns.Enqueue((_time.NowNs / 1_000_000) % 1_000_000);
            // The first posting takes 35 s: three turns pass.
            _door.OnPost = _ => { };
            _time.Advance(TimeSpan.FromSeconds(35));
        };
        _worker.Apply(Groups("interval: 10s", "{alert: A, expr: 'x'}", "{record: t, expr: 'time()'}"), Labels.Empty);
        Add("x", 1);
        await PassAsync(TimeSpan.FromSeconds(60));
        var columns = new SampleColumns();
        _store.Select([new Matcher("__name__", MatchOp.Equal, "t")], 0, long.MaxValue)[0].Read(0, long.MaxValue, columns);
        var times = columns.Times.ToArray();
        times.Zip(times.Skip(1), (a, b) => (b - a) / 1000).Take(2).ShouldBe([30, 10]);
        turns.Count.ShouldBe(1);
    }

    [Fact]
    public async Task Restart_TakesUpForWhereItStood()
    {
        var groups = Groups("interval: 1m", "{alert: A, expr: x > 0, for: 30m}");
        _worker.Apply(groups, Labels.Empty);
        for (var i = 0; i < 16; i++)
        {
            Add("x", 1);
            await PassAsync(TimeSpan.FromMinutes(1));
        }
        var active = _worker.Groups()[0].Rules[0].Alerts[0].ActiveAtMs;
        await _worker.StopAsync(TestContext.Current.CancellationToken);
        _worker.Dispose();
        await _store.DisposeAsync();
        _time.Advance(TimeSpan.FromMinutes(5));
        (_store, _worker) = Started();
        _worker.Apply(groups, Labels.Empty);
        for (var i = 0; i < 20; i++)
        {
            Add("x", 1);
            await PassAsync(TimeSpan.FromMinutes(1));
        }
        // Half an hour of holding, without the five to seven minutes nobody looked.
        var post = _door.Posts.First();
        (post.StartsAtNs / 1_000_000 - active).ShouldBeInRange(35 * 60_000, 38 * 60_000);
    }

    public async ValueTask DisposeAsync()
    {
        await _worker.StopAsync(CancellationToken.None);
        _worker.Dispose();
        await _store.DisposeAsync();
        _root.Delete(recursive: true);
    }

    private (TsdbStore, RuleWorker) Started()
    {
        var store = new TsdbStore(new TsdbOptions { Directory = _root.FullName, Time = _time });
        return (store, new RuleWorker(store, store, _door, _door, new Uri("http://nines/"), _time, NullLogger<RuleWorker>.Instance));
    }

    private static IReadOnlyList<RuleGroup> Groups(string options, params string[] rules)
    {
        var text = $"groups:\n- name: g\n  {options}\n  rules:\n{string.Concat(rules.Select(r => $"  - {r}\n"))}";
        var reading = RuleFileReader.Read(new WorkspaceFile("r.yml", Encoding.UTF8.GetBytes(text)));
        reading.Problems.ShouldBeEmpty();
        return reading.Groups;
    }

    /// <summary>Lets time pass by the second, and at each what is due be done.</summary>
    private async Task PassAsync(TimeSpan span)
    {
        for (var second = 0; second < span.TotalSeconds; second++)
        {
            await AlertWorld.UntilAsync(() => _worker.IsIdle);
            _time.Advance(TimeSpan.FromSeconds(1));
        }
        await AlertWorld.UntilAsync(() => _worker.IsIdle);
    }

    private void Add(string series, double value)
    {
        using var append = _store.Begin();
        append.Add(append.Series(Nines.PromQL.Scripts.SeriesNotation.ParseLabels(series), false, 0), new CounterSample(_time.NowNs / 1_000_000, value, 0));
        append.Commit();
    }

    private IEnumerable<double> At(string query) =>
        ((VectorValue)new QueryEngine(_store, new QueryOptions()).Instant(query, _time.NowNs / 1_000_000, TestContext.Current.CancellationToken).Value!)
            .Samples.Select(s => s.Sample.Value);

    private sealed class Door : IAlertDoor, IAlertReports
    {
        public long Version => 0;

        public IReadOnlyList<AlertReport> Firing() => [];

        public IReadOnlyList<AlertReport> All() => [];

        public AlertReport? Find(string fingerprint) => null;

        public ConcurrentQueue<PostedAlert> Posts { get; } = [];

        public Action<PostedAlert> OnPost { get; set; } = _ => { };

        public Task PostAsync(IReadOnlyList<PostedAlert> alerts, CancellationToken cancellation)
        {
            foreach (var alert in alerts)
            {
                Posts.Enqueue(alert);
                OnPost(alert);
            }
            return Task.CompletedTask;
        }
    }
}
