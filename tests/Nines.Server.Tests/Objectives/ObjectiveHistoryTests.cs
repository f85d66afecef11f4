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
        // There are no samples to count the past anew, so what the earlier indicator counted stays in the figures.
        (generations[1].Carried.Bad, generations[1].Carried.Total).ShouldBe((spent.Bad, spent.Total));
        (_engine.Find(Key)!.Window.Bad, _engine.Find(Key)!.Window.Total).ShouldBe((spent.Bad, spent.Total));
        var opened = _history.Generation(generations[1].Id)!;
        (opened.Window.Account.Bad, opened.Window.Account.Total).ShouldBe((spent.Bad, spent.Total));
        _history.Generation(99).ShouldBeNull();

        // The indicator returns and finds its account; a third generation does not appear.
        await definitions.ApplyAsync([before], cancel);
        _engine.Apply([before]);
        Pass();
        (_engine.Find(Key)!.Window.Bad, _engine.Find(Key)!.Window.Total).ShouldBe((spent.Bad, spent.Total));
        _history.Generations(_engine.Find(Key)!).Count.ShouldBe(2);
        (await _history.EditsAsync(Key, cancel)).Count.ShouldBe(2);
    }

    [Fact]
    public void What_is_not_read_or_stored_yet_is_not_missing()
    {
        var before = LedgerEngineTests.Orders("requests_total") with { Target = 0.5m, Unknown = UnknownTreatment.Bad };
        _engine.Apply([before]);
        var good = _source.Add("requests_total", ("code", "200"));
        var bad = _source.Add("requests_total", ("code", "500"));
        for (var i = 1; i <= 4; i++)
        {
            Pass(() => good.Samples.Add(new(Now, 100 * i, 0)), () => bad.Samples.Add(new(Now, 5 * i, 0)));
        }
        _time.Advance(TimeSpan.FromSeconds(62));
        _engine.Step(Now);
        var left = _engine.Find(Key)!.Windows[0].RemainingShare;
        left.ShouldNotBeNull();
        _history.Replay(before, 1440).Points[^1].RemainingShare!.Value.ShouldBe(1 - 15 / 157.5, 1e-9);
        var minute = LedgerTime.LastEnded(Now);
        var one = new Adjustment
        {
            Id = "adj_1", Objective = Key, FromMinute = minute - 900, ToMinute = minute - 890, Reason = "r", Cause = "drill", RequestedBy = "person:a", RequestedAtMs = Now,
        };
        var effect = _engine.Effect(Key, one)!;
        effect.With.ShouldBe(left);
        effect.Without.ShouldBe(left);
        _engine.Course(Key, minute - 10, minute + 1, 1)[^1].RemainingShare!.Value.ShouldBe(left.Value, 1e-9);

        _engine.Apply([LedgerEngineTests.Orders("answers_total") with { Target = 0.5m, Unknown = UnknownTreatment.Bad }]);
        _time.Advance(TimeSpan.FromHours(2));
        _engine.Step(Now);
        var earlier = _history.Generations(_engine.Find(Key)!).Single(g => !g.IsPresent);
        var opened = _history.Generation(earlier.Id)!;
        opened.Window.RemainingShare!.Value.ShouldBe(1 - 15 / 157.5, 1e-9);
        opened.Course[^1].RemainingShare!.Value.ShouldBe(1 - 15 / 157.5, 1e-9);
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
