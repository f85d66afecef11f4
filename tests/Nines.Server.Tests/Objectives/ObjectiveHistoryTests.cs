using Microsoft.Extensions.Logging.Abstractions;
using Nines.Core.Objectives;
using Nines.PromQL;
using Nines.Server.Objectives;
using Nines.Server.State;

namespace Nines.Server.Tests.Objectives;

public sealed class ObjectiveHistoryTests : IAsyncDisposable
{
    private const string Key = "shop/orders@production";
    private readonly string _directory = Directory.CreateTempSubdirectory("nines-history-").FullName;
    private readonly ManualTime _time = new();
    private readonly LedgerEngineTests.FakeSource _source = new();
    private readonly LedgerStore _ledger;
    private readonly LedgerEngine _engine;
    private readonly SqliteStateStore _store;
    private readonly ObjectiveHistory _history;

    public ObjectiveHistoryTests()
    {
        _ledger = LedgerStore.Open(Path.Combine(_directory, "ledger.db"));
        _store = SqliteStateStore.Open(Path.Combine(_directory, "state.db"), _time);
        _engine = new LedgerEngine(_source, new EngineQueries(new QueryEngine(_source, new QueryOptions())), _ledger,
            new Uri("http://nines.example/"), LedgerFault.None, NullLogger.Instance);
        _history = new ObjectiveHistory(_engine, _ledger, new AdjustmentBook(_engine, _engine, _store, _time), _store, _time);
    }

    [Fact]
    public async Task An_edited_indicator_leaves_an_account_that_can_be_opened_and_a_fact()
    {
        var cancel = TestContext.Current.CancellationToken;
        var definitions = new ObjectiveDefinitions(_store, _time, NullLogger<ObjectiveDefinitions>.Instance);
        var before = LedgerEngineTests.Orders("requests_total");
        await definitions.ApplyAsync([before], cancel);
        await definitions.ApplyAsync([before with { Description = "other words" }], cancel);
        (await _history.EditsAsync(Key, cancel)).ShouldBeEmpty();
        _engine.Apply([before]);
        var good = _source.Add("requests_total", ("code", "200"));
        var bad = _source.Add("requests_total", ("code", "500"));
        for (var i = 1; i <= 4; i++)
        {
            Pass(() => good.Samples.Add(new(Now, 100 * i, 0)), () => bad.Samples.Add(new(Now, 5 * i, 0)));
        }
        var spent = _engine.Find(Key)!.Window;
        spent.Bad.ShouldBe(15);

        var after = LedgerEngineTests.Orders("answers_total") with { Target = 0.5m };
        await definitions.ApplyAsync([after], cancel);
        _engine.Apply([after]);
        Pass();
        var answers = _source.Add("answers_total", ("code", "200"));
        Pass(() => answers.Samples.Add(new(Now, 10, 0)));
        Pass(() => answers.Samples.Add(new(Now, 30, 0)));

        var edit = (await _history.EditsAsync(Key, cancel)).ShouldHaveSingleItem().Edit;
        (edit.NewAccount, string.Join(' ', edit.Changes.Select(c => c.What))).ShouldBe((true, "target indicator"));
        var generations = _history.Generations(_engine.Find(Key)!);
        generations.Select(g => g.IsPresent).ShouldBe([true, false]);
        // What the earlier indicator counted is in no figure now, and is told: nothing that was spent disappears.
        (generations[1].BeforePresent.Bad, generations[1].BeforePresent.Total).ShouldBe((spent.Bad, spent.Total));
        var opened = _history.Generation(generations[1].Id)!;
        (opened.Window.Account.Bad, opened.Window.Account.Total).ShouldBe((spent.Bad, spent.Total));
        _history.Generation(99).ShouldBeNull();

        // The indicator returns and finds its account; a third generation does not appear.
        await definitions.ApplyAsync([before], cancel);
        _engine.Apply([before]);
        Pass();
        _engine.Find(Key)!.Window.Bad.ShouldBe(spent.Bad);
        _history.Generations(_engine.Find(Key)!).Count.ShouldBe(2);
        (await _history.EditsAsync(Key, cancel)).Count.ShouldBe(2);
    }

    public async ValueTask DisposeAsync()
    {
        _engine.Dispose();
        _ledger.Dispose();
        await _store.DisposeAsync();
        Directory.Delete(_directory, true);
    }

    private long Now => _time.GetUtcNow().ToUnixTimeMilliseconds();

    private void Pass(params Action[] samples)
    {
        _time.Advance(TimeSpan.FromMinutes(1));
        foreach (var sample in samples)
        {
            sample();
        }
        _engine.Step(Now);
    }
}
