using Microsoft.Extensions.Logging.Abstractions;
using Nines.Core.Alerting;
using Nines.Core.Probes.Push;
using Nines.Metrics;
using Nines.Server.Probes.Push;
using Nines.Server.State;
using Nines.Tsdb;
using Npgsql;

namespace Nines.Server.Tests.Probes.Push;

/// <summary>What is promised of events and heartbeats; run against each store.</summary>
public abstract class PushSuite : IDisposable
{
    private const long Minute = 60_000;
    private static readonly Uri Url = new("http://nines.example/");
    private readonly string _directory = Directory.CreateTempSubdirectory("nines-test-").FullName;
    private readonly ManualTime _time = new();
    private readonly List<IDisposable> _meters = [];

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    private long NowMs => _time.GetUtcNow().ToUnixTimeMilliseconds();

    [Fact]
    public async Task Events_CountOnce_InTheSameBatchInAnotherAndAfterARestart()
    {
        await using (var store = Open(_directory, _time))
        {
            using var book = await BookAsync(store);
            var answers = await Task.WhenAll(
                book.CountAsync([Event("thumbs", "good", "a"), Event("thumbs", "good", "a"), Event("thumbs", "bad", "b"), Event("thumbs", "good", null)]),
                book.CountAsync([Event("thumbs", "good", "a"), Event("other", "good", "a"), Event("thumbs", "ignored", "c", 0.25)]));
            answers.Select(a => (a.Accepted, a.Duplicates)).ShouldBe([(3, 1), (2, 1)]);
            (await book.CountAsync([Event("thumbs", "bad", "b")])).Duplicates.ShouldBe(1);
            await book.StopAsync(Stop);
        }
        await using var again = Open(_directory, _time);
        using var after = await BookAsync(again);
        var (accepted, duplicates, _, _) = await after.CountAsync([Event("thumbs", "good", "a"), Event("thumbs", "good", "d")]);
        (accepted, duplicates).ShouldBe((1, 1));
        (await again.ReadAsync(EventStore.Load, Stop)).Select(t => $"{t.Labels["event"]} {t.Labels["outcome"]} {t.Events} {t.Values} {t.Sum}").Order(StringComparer.Ordinal)
            .ShouldBe(["other good 1 0 0", "thumbs bad 1 0 0", "thumbs good 3 0 0", "thumbs ignored 1 1 0.25"]);
        await after.StopAsync(Stop);
    }

    [Fact]
    public async Task Events_BecomeCountersThatGoOnAfterARestart()
    {
        using var tsdb = Tsdb();
        var since = NowMs;
        for (var life = 1; life <= 2; life++)
        {
            await using var store = Open(_directory, _time);
            using var book = await BookAsync(store, tsdb);
            await book.CountAsync([Event("cost", "", null, 0.5), Event("cost", "", null, 1.5), Event("cost", "good", null)]);
            _time.Advance(TimeSpan.FromSeconds(10));
            await book.RoundAsync(NowMs);
            Last(tsdb, "nines_events_total", "good").ShouldBe((life, since));
            Last(tsdb, "nines_event_value_total", "").ShouldBe((2 * life, since));
            Last(tsdb, "nines_event_value_count_total", "").ShouldBe((2 * life, since));
            await book.StopAsync(Stop);
        }
    }

    [Fact]
    public async Task Events_OfTooManySeries_AreRefusedAndTheirKeysStayFree()
    {
        await using var store = Open(_directory, _time);
        using var book = await BookAsync(store);
        var many = Enumerable.Range(0, PushLimits.MaxSeries + 2).Select(i => Event($"e{i}", "good", $"k{i}") with { Index = i }).ToList();
        var answer = await book.CountAsync(many);
        (answer.Accepted, answer.Duplicates).ShouldBe((PushLimits.MaxSeries, 0));
        answer.Refused.Select(r => (r.Index, r.Code)).ShouldBe([(PushLimits.MaxSeries, "too-many-series"), (PushLimits.MaxSeries + 1, "too-many-series")]);
        (await book.CountAsync([Event("e0", "good", "new")])).Accepted.ShouldBe(1);
        (await store.ReadAsync(EventStore.CountKeys, Stop)).ShouldBe(PushLimits.MaxSeries + 1);
        await book.StopAsync(Stop);
    }

    [Fact]
    public async Task Keys_AreForgottenAfterSevenDays()
    {
        await using var store = Open(_directory, _time);
        using var book = await BookAsync(store);
        await book.CountAsync([Event("thumbs", "good", "a")]);
        _time.Advance(TimeSpan.FromDays(7));
        await book.RoundAsync(NowMs);
        (await book.CountAsync([Event("thumbs", "good", "a")])).Duplicates.ShouldBe(1);
        _time.Advance(TimeSpan.FromMinutes(2));
        await book.RoundAsync(NowMs);
        (await book.CountAsync([Event("thumbs", "good", "a")])).Accepted.ShouldBe(1);
        await book.StopAsync(Stop);
    }

    [Fact]
    public async Task Heartbeat_MissedPagesAndItsReportEndsIt()
    {
        await using var store = Open(_directory, _time);
        using var tsdb = Tsdb();
        var door = new Door(_time);
        using var worker = Worker(store, tsdb, door);
        await worker.ApplyAsync([Hourly]);
        await PassAsync(worker, 71);
        door.Posted.ShouldHaveSingleItem().Labels["alertname"].ShouldBe("HeartbeatMissed");
        Last(tsdb, "nines_expected_runs_total", "bad").Value.ShouldBe(1);
        Last(tsdb, "nines_expected_runs_total", "good").Value.ShouldBe(0);
        await worker.TakeAsync("job", PingKind.Success, null, "");
        door.Posted.Count.ShouldBe(2);
        door.Posted[1].EndsAtNs.ShouldBe(_time.NowNs);
        (await worker.RunsAsync("job", 10, Stop)).ShouldHaveSingleItem().Outcome.ShouldBe(RunOutcome.Bad);
        await PassAsync(worker, 60);
        Last(tsdb, "nines_expected_runs_total", "good").Value.ShouldBe(1);
        (await worker.TakeAsync("jobb", PingKind.Success, null, "")).ShouldBeNull();
    }

    [Fact]
    public async Task Heartbeat_GoesOnAfterARestart_AndWhatNobodyCouldHearIsUnknown()
    {
        var door = new Door(_time);
        await using (var store = Open(_directory, _time))
        {
            using var worker = Worker(store, new ForgottenSink(), door);
            await worker.ApplyAsync([Hourly, Hourly with { Name = "reported" }]);
            await PassAsync(worker, 20);
            await worker.TakeAsync("reported", PingKind.Success, 5, "done");
        }
        // Nines is down from 10:20 to 11:30: the deadline of 11:00 passes.
        _time.Advance(TimeSpan.FromMinutes(70));
        await using var again = Open(_directory, _time);
        using var after = Worker(again, new ForgottenSink(), door);
        await after.ApplyAsync([Hourly, Hourly with { Name = "reported" }]);
        await PassAsync(after, 1);
        var state = after.Find("reported")!.State;
        (state.Good, state.Bad, state.Unknown, state.LastSuccess!.Rows).ShouldBe((1, 0, 0, 5));
        // The other may still report late; then nothing is known.
        after.Find("job")!.State.Open[0].Cut.ShouldBeTrue();
        door.Posted.ShouldBeEmpty();
        await PassAsync(after, 11);
        state = after.Find("job")!.State;
        (state.Good, state.Bad, state.Unknown).ShouldBe((0, 0, 1));
        door.Posted.ShouldHaveSingleItem().Annotations["description"].ShouldContain("whether it ran is unknown");
    }

    [Fact]
    public async Task Heartbeat_WhenTheStoreRefuses_IsNotTakenAndThatTimeIsUnknown()
    {
        await using var inner = Open(_directory, _time);
        var store = new RefusingStore(inner);
        using var worker = Worker(store, new ForgottenSink(), new Door(_time));
        await worker.ApplyAsync([Hourly]);
        await PassAsync(worker, 10);
        store.Refuses = true;
        await Should.ThrowAsync<StoreRefusedException>(worker.TakeAsync("job", PingKind.Success, null, ""));
        worker.Find("job")!.State.Last.ShouldBeNull();
        await PassAsync(worker, 65);
        store.Refuses = false;
        await PassAsync(worker, 12);
        var state = worker.Find("job")!.State;
        (state.Good, state.Bad, state.Unknown).ShouldBe((0, 0, 1));
    }

    [Fact]
    public async Task Heartbeat_ThatIsGone_EndsItsAlertAndKeepsItsCounters()
    {
        await using var store = Open(_directory, _time);
        var door = new Door(_time);
        using var worker = Worker(store, new ForgottenSink(), door);
        await worker.ApplyAsync([Hourly]);
        await PassAsync(worker, 71);
        await worker.ApplyAsync([]);
        door.Posted.Count.ShouldBe(2);
        door.Posted[1].EndsAtNs.ShouldBe(_time.NowNs);
        await PassAsync(worker, 600);
        await worker.ApplyAsync([Hourly]);
        await PassAsync(worker, 1);
        var state = worker.Find("job")!.State;
        (state.Bad, state.Unknown, state.Missed).ShouldBe((1, 0, null));
    }

    public virtual void Dispose()
    {
        _meters.ForEach(m => m.Dispose());
        Directory.Delete(_directory, true);
        GC.SuppressFinalize(this);
    }

    /// <summary>The store of this test, as each process has it.</summary>
    internal abstract IStateStore Open(string directory, TimeProvider time);

    // ManualTime begins at 10:00; the first run is expected at 11:00 and in time until 11:10.
    private static readonly Heartbeat Hourly = new("job", new EverySchedule(60 * Minute), 10 * Minute);

    private static PushedEvent Event(string name, string outcome, string? key, double? value = null) =>
        new(0, Labels.Of(("event", name), ("outcome", outcome), ("environment", "production")), value, key, false);

    private async Task PassAsync(HeartbeatWorker worker, int minutes)
    {
        for (var i = 0; i < minutes; i++)
        {
            _time.Advance(TimeSpan.FromSeconds(30));
            await worker.RoundAsync(NowMs);
            _time.Advance(TimeSpan.FromSeconds(30));
            await worker.RoundAsync(NowMs);
        }
    }

    private async Task<EventBook> BookAsync(IStateStore store, ISampleSink? sink = null)
    {
        var meter = new PushMeter();
        _meters.Add(meter);
        var book = new EventBook(store, sink ?? new ForgottenSink(), _time, meter, NullLogger<EventBook>.Instance);
        await book.StartAsync(Stop);
        return book;
    }

    private HeartbeatWorker Worker(IStateStore store, ISampleSink sink, IAlertDoor door)
    {
        var meter = new PushMeter();
        _meters.Add(meter);
        return new HeartbeatWorker(store, sink, door, Url, _time, meter, NullLogger<HeartbeatWorker>.Instance);
    }

    private TsdbStore Tsdb() => new(new TsdbOptions { Directory = Path.Combine(_directory, "tsdb"), Time = _time, MaintenanceInterval = Timeout.InfiniteTimeSpan });

    private static (double Value, long StartMs) Last(TsdbStore tsdb, string name, string outcome)
    {
        using var tracked = tsdb.Track([new(Labels.MetricName, MatchOp.Equal, name), new("outcome", MatchOp.Equal, outcome)]);
        var samples = new CounterSample[10_000];
        var last = samples[tracked.Handles.ShouldHaveSingleItem().Read(0, long.MaxValue, samples) - 1];
        return (last.Value, last.StartMs);
    }

    /// <summary>Keeps what is new: begins and ends, not that something goes on.</summary>
    private sealed class Door(ManualTime time) : IAlertDoor
    {
        private readonly Dictionary<Labels, bool> _over = [];

        public List<PostedAlert> Posted { get; } = [];

        public Task PostAsync(IReadOnlyList<PostedAlert> alerts, CancellationToken cancellation)
        {
            foreach (var alert in alerts)
            {
                var over = alert.EndsAtNs <= time.NowNs;
                if (_over.GetValueOrDefault(alert.Labels, true) != over)
                {
                    Posted.Add(alert);
                    _over[alert.Labels] = over;
                }
            }
            return Task.CompletedTask;
        }
    }

    private sealed class ForgottenSink : ISampleSink
    {
        public IAppend Begin() => new Append();

        private sealed class Append : IAppend
        {
            public long Series(Labels labels, bool bornInKnownTarget, long intervalMs, out Refusal refusal)
            {
                refusal = Refusal.None;
                return 1;
            }

            public Refusal Add(long series, CounterSample sample) => Refusal.None;

            public Committed Commit() => default;

            public void Dispose()
            {
            }
        }
    }

    private sealed class RefusingStore(IStateStore inner) : IStateStore
    {
        public bool Refuses { get; set; }

        public string Engine => inner.Engine;

        public Task<T> ReadAsync<T>(Func<StateReader, T> read, CancellationToken cancellation) => inner.ReadAsync(read, cancellation);

        public Task<T> WriteAsync<T>(Func<StateTransaction, T> work, CancellationToken cancellation) =>
            Refuses ? Task.FromException<T>(new StoreRefusedException("disk full", null)) : inner.WriteAsync(work, cancellation);

        public ValueTask DisposeAsync() => ValueTask.CompletedTask;
    }
}

public sealed class SqlitePushTests : PushSuite
{
    internal override IStateStore Open(string directory, TimeProvider time) => SqliteStateStore.Open(Path.Combine(directory, "state.db"), time);
}

/// <summary>Each test has a database of its own on the server that NINES_TEST_POSTGRES names (eng/postgres.sh starts one).</summary>
public sealed class PostgresPushTests : PushSuite
{
    private static int Number;
    private readonly string _database = $"nines_push_{Environment.ProcessId}_{Interlocked.Increment(ref Number)}";
    private readonly string? _server = Environment.GetEnvironmentVariable("NINES_TEST_POSTGRES");
    private bool _made;

    internal override IStateStore Open(string directory, TimeProvider time)
    {
        Assert.SkipWhen(string.IsNullOrEmpty(_server), "NINES_TEST_POSTGRES is not set (eng/postgres.sh start DIR)");
        if (!_made)
        {
            Administer($"CREATE DATABASE {_database}");
            _made = true;
        }
        return PostgresStateStore.Open(new NpgsqlConnectionStringBuilder(_server) { Database = _database }.ToString(), time);
    }

    public override void Dispose()
    {
        if (_made)
        {
            Administer($"DROP DATABASE IF EXISTS {_database} WITH (FORCE)");
        }
        base.Dispose();
    }

    private void Administer(string sql)
    {
        using var source = NpgsqlDataSource.Create(_server!);
        using var command = source.CreateCommand(sql);
        command.ExecuteNonQuery();
    }
}
