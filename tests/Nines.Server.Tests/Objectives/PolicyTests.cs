using Microsoft.Extensions.Logging.Abstractions;
using Nines.Core.Alerting;
using Nines.Core.Objectives;
using Nines.PromQL;
using Nines.Server.Objectives;
using Nines.Server.State;

namespace Nines.Server.Tests.Objectives;

public sealed class PolicyTests : IAsyncDisposable
{
    private const string Key = "shop/orders@production";
    private readonly string _directory = Directory.CreateTempSubdirectory("nines-policy-").FullName;
    private readonly ManualTime _time = new();
    private readonly LedgerEngineTests.FakeSource _source = new();
    private readonly LedgerStore _ledger;
    private readonly LedgerEngine _engine;
    private readonly SqliteStateStore _store;
    private readonly Door _door = new();

    public PolicyTests()
    {
        _ledger = LedgerStore.Open(Path.Combine(_directory, "ledger.db"));
        _store = SqliteStateStore.Open(Path.Combine(_directory, "state.db"), _time);
        _engine = new LedgerEngine(_source, new EngineQueries(new QueryEngine(_source, new QueryOptions())), _ledger,
            new Uri("http://nines.example/"), LedgerFault.None, NullLogger.Instance);
        _engine.Apply([LedgerEngineTests.Orders("requests_total") with { Target = 0.9m }]);
    }

    private long NowMs => _time.GetUtcNow().ToUnixTimeMilliseconds();

    [Fact]
    public async Task Bands_change_once_are_on_record_survive_a_restart_and_tell()
    {
        var good = _source.Add("requests_total", ("code", "200"));
        var bad = _source.Add("requests_total", ("code", "500"));
        var (goods, bads) = (0, 0);
        async Task<string[]> PassAsync(BudgetBands bands, int g, int b)
        {
            _time.Advance(TimeSpan.FromMinutes(1));
            (goods, bads) = (goods + g, bads + b);
            good.Samples.Add(new(NowMs - 1000, goods, 1));
            bad.Samples.Add(new(NowMs - 1000, bads, 1));
            _engine.Step(NowMs);
            _door.Posted.Clear();
            await bands.JudgeAsync(TestContext.Current.CancellationToken);
            return [.. _door.Posted.Select(p => $"{p.Labels["band"]} {(p.EndsAtNs <= NowMs * 1_000_000 ? "ends" : "fires")}{(p.ToldWith is null ? "" : " quietly")}")];
        }
        var first = Bands();
        await PassAsync(first, 1, 0);
        (await PassAsync(first, 999, 10)).ShouldBeEmpty();
        (await PassAsync(first, 0, 50)).ShouldBe(["caution fires"]);
        (await PassAsync(first, 0, 25)).ShouldBe(["freeze fires", "caution ends quietly"]);
        first.Of(Key)!.Band.ShouldBe("freeze");
        var second = Bands();
        (await PassAsync(second, 0, 1)).ShouldBe(["freeze fires"]);
        second.Of(Key).ShouldBe(first.Of(Key));
        // 86 of 121 are spent: 28.9 % left is within the hysteresis, 50 % is not enough above 50.
        (await PassAsync(second, 120, 0)).ShouldBe(["freeze fires"]);
        (await PassAsync(second, 600, 0)).ShouldBe(["freeze ends", "caution fires quietly"]);
        (await PassAsync(second, 5000, 0)).ShouldBe(["caution ends"]);
        (await FactsAsync()).ShouldBe([
            "objective.band-changed/1 ok caution", "objective.band-changed/1 caution freeze",
            "objective.band-changed/1 freeze caution", "objective.band-changed/1 caution ok"]);
        var book = new AdjustmentBook(_engine, _engine, _store, _time);
        var history = new ObjectiveHistory(_engine, _ledger, book, _store, _time);
        history.Replay(LedgerEngineTests.Orders("requests_total") with { Target = 0.9m }, 90 * 1440).Stretches.ShouldNotBeEmpty();
        (await history.BandChangesAsync(Key, TestContext.Current.CancellationToken)).Select(c => $"{c.Change.From} {c.Change.To}")
            .ShouldBe(["caution ok", "freeze caution", "caution freeze", "ok caution"]);
    }

    [Fact]
    public async Task Adjustments_count_when_a_second_person_approves_and_undo_restores()
    {
        var cancel = TestContext.Current.CancellationToken;
        var good = _source.Add("requests_total", ("code", "200"));
        var bad = _source.Add("requests_total", ("code", "500"));
        (int Good, int Bad)[] course = [(1, 0), (900, 0), (950, 100), (1000, 100)];
        for (var i = 0; i < course.Length; i++)
        {
            _time.Advance(TimeSpan.FromMinutes(1));
            good.Samples.Add(new(NowMs, course[i].Good, 1));
            bad.Samples.Add(new(NowMs, course[i].Bad, 1));
            _engine.Step(NowMs);
        }
        var minute = LedgerTime.LastEnded(NowMs);
        var book = new AdjustmentBook(_engine, _engine, _store, _time);
        await book.StartAsync(cancel);
        var before = _engine.Find(Key)!.Windows[0];
        before.Account.Bad.ShouldBe(100);
        var asked = await book.RequestAsync(Key, null, minute - 2, minute - 1, "the uplink was down", "network", "person:a", cancel);
        _engine.Find(Key)!.Windows[0].ShouldBe(before);
        (await book.ApproveAsync(asked.Adjustment!.Id, "person:a", cancel)).Status.ShouldBe(409);
        (await book.ApproveAsync(asked.Adjustment.Id, "person:b", cancel)).Status.ShouldBe(200);
        var with = _engine.Find(Key)!.Windows[0];
        (with.Excluded.Good, with.Excluded.Bad, with.Account.Bad).ShouldBe((50, 100, 0));
        (with.RemainingShare, with.RemainingShareWithout).ShouldBe((1, before.RemainingShare));
        // After a restart it still counts.
        _engine.Adjust([]);
        var again = new AdjustmentBook(_engine, _engine, _store, _time);
        await again.StartAsync(cancel);
        _engine.Find(Key)!.Windows[0].ShouldBe(with);
        (await book.ApproveAsync(asked.Adjustment.Id, "person:c", cancel)).Status.ShouldBe(409);
        (await again.UndoAsync(asked.Adjustment.Id, "it was us", "person:a", cancel)).Adjustment!.Status.ShouldBe("undone");
        _engine.Find(Key)!.Windows[0].ShouldBe(before);
        (await again.UndoAsync("adj_none", "", "person:a", cancel)).Status.ShouldBe(404);
        (await again.RequestAsync("shop/none@production", null, 1, 2, "r", "c", "person:a", cancel)).Field.ShouldBe("objective");
        (await FactsAsync()).Select(f => f.Split(' ')[0]).ShouldBe(
            ["objective.adjustment-requested/1", "objective.adjusted/1", "objective.adjustment-undone/1"]);
    }

    [Fact]
    public async Task A_request_for_a_service_keeps_to_the_policy_of_each_of_its_objectives()
    {
        var cancel = TestContext.Current.CancellationToken;
        var free = LedgerEngineTests.Orders("requests_total");
        var strict = free with { Key = "shop/payments@production", ErrorBudgetPolicy = ErrorBudgetPolicy.Default with { Name = "strict", NotCounted = ["network"] } };
        _engine.Apply([free, strict]);
        _engine.Step(NowMs);
        var book = new AdjustmentBook(_engine, _engine, _store, _time);
        var minute = LedgerTime.LastEnded(NowMs);
        Task<AdjustmentOutcome> AskAsync(string? objective, string? service, string cause) =>
            book.RequestAsync(objective, service, minute - 5, minute - 3, "the uplink was down", cause, "person:a", cancel);
        var refused = await AskAsync(null, "shop", "drill");
        (refused.Status, refused.Field, refused.Wrong).ShouldBe((422, "cause", "the policy strict lets only these causes go: network"));
        (await AskAsync(null, "shop", "network")).Status.ShouldBe(200);
        (await AskAsync(strict.Key, null, "drill")).Status.ShouldBe(422);
        (await AskAsync(free.Key, null, "drill")).Status.ShouldBe(200);
    }

    [Fact]
    public async Task A_stored_band_that_cannot_be_read_is_judged_anew()
    {
        var cancel = TestContext.Current.CancellationToken;
        await _store.PutAsync(new RowWrite("budget_band", Key, 0, "[]", null, null), cancel);
        var good = _source.Add("requests_total", ("code", "200"));
        for (var i = 0; i < 3; i++)
        {
            _time.Advance(TimeSpan.FromMinutes(1));
            good.Samples.Add(new(NowMs - 1000, 10 * i, 1));
            _engine.Step(NowMs);
        }
        using var bands = Bands();
        await bands.StartAsync(cancel);
        await bands.JudgeAsync(cancel);
        bands.Of(Key)!.Band.ShouldBe("ok");
        await bands.StopAsync(cancel);
        using var again = Bands();
        await again.JudgeAsync(cancel);
        again.Of(Key).ShouldBe(bands.Of(Key));
    }

    public async ValueTask DisposeAsync()
    {
        _engine.Dispose();
        _ledger.Dispose();
        await _store.DisposeAsync();
        Directory.Delete(_directory, true);
    }

    private BudgetBands Bands() =>
        new(_engine, _store, _door, new Uri("http://nines.example/"), _time, NullLogger<BudgetBands>.Instance);

    private Task<List<string>> FactsAsync() => _store.ReadAsync(reader => reader.Query("SELECT type, payload FROM fact ORDER BY seq", row =>
    {
        using var payload = System.Text.Json.JsonDocument.Parse(row.GetFieldValue<byte[]>(1));
        return row.GetString(0) + (payload.RootElement.TryGetProperty("from", out var from) ? $" {from} {payload.RootElement.GetProperty("to")}" : "");
    }), TestContext.Current.CancellationToken);

    private sealed class Door : IAlertDoor
    {
        public List<PostedAlert> Posted { get; } = [];

        public Task PostAsync(IReadOnlyList<PostedAlert> alerts, CancellationToken cancellation)
        {
            Posted.AddRange(alerts);
            return Task.CompletedTask;
        }
    }
}
