using System.Text;
using Nines.Core.Journal;
using Nines.Core.Workspace;
using Nines.Server.Journal;
using Nines.Server.State;

namespace Nines.Server.Tests.State;

/// <summary>What every state store promises; run against each engine.</summary>
public abstract class StateStoreSuite
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    /// <summary>A store on an empty database.</summary>
    internal abstract IStateStore Create();

    /// <summary>Another store on the same database, as another process would have.</summary>
    internal abstract IStateStore Reopen();

    [Fact]
    public async Task Row_is_written_read_and_deleted_with_versions()
    {
        await using var store = Create();
        (await store.PutAsync(new RowWrite("user", "u1", 0, """{"name":"Ann"}""", "ann", null), Cancel)).ShouldBeOfType<CommitOutcome.Committed>();
        (await store.GetAsync("user", "u1", Cancel)).ShouldBe(new StateRow("user", "u1", 1, """{"name":"Ann"}""", "ann"));
        await store.PutAsync(new RowWrite("user", "u1", 1, "{}", "anna", "k2"), Cancel);
        (await store.GetAsync("user", "u1", Cancel)).ShouldBe(new StateRow("user", "u1", 2, "{}", "anna", "k2"));
        await store.DeleteAsync("user", "u1", 2, Cancel);
        (await store.GetAsync("user", "u1", Cancel)).ShouldBeNull();
    }

    [Theory]
    [InlineData(0, 1)]
    [InlineData(2, 1)]
    public async Task Write_with_another_version_conflicts_and_leaves_nothing(long expected, long actual)
    {
        await using var store = Create();
        await store.PutAsync(new RowWrite("user", "u1", 0, "{}"), Cancel);
        var change = new StateChange([new RowWrite("user", "u2", 0, "{}"), new RowWrite("user", "u1", expected, """{"x":1}""")], [Sample(1)]);
        (await store.CommitAsync(change, Cancel)).ShouldBe(new CommitOutcome.Conflicted(new RowConflict("user", "u1", expected, actual)));
        (await store.GetAsync("user", "u2", Cancel)).ShouldBeNull();
        (await JournalCommands.VerifyAsync(store, Cancel)).Facts.ShouldBe(0);
    }

    [Fact]
    public async Task Conflict_leaves_its_neighbours_in_the_batch_alone()
    {
        await using var store = Create();
        await store.PutAsync(new RowWrite("user", "u0", 0, "{}"), Cancel);
        var writes = Enumerable.Range(0, 50).Select(i => store.PutAsync(new RowWrite("user", $"u{i}", 0, "{}"), Cancel, Sample(i))).ToList();
        var outcomes = await Task.WhenAll(writes);
        outcomes.Count(o => o is CommitOutcome.Committed).ShouldBe(49);
        var verification = await JournalCommands.VerifyAsync(store, Cancel);
        verification.Findings.ShouldBeEmpty();
        verification.Facts.ShouldBe(49);
    }

    [Fact]
    public async Task Rows_list_in_order_by_keys_and_page()
    {
        await using var store = Create();
        foreach (var id in (string[])["b", "a", "C", "d"])
        {
            await store.PutAsync(new RowWrite("token", id, 0, "{}", id == "d" ? "other" : "mine", "k"), Cancel);
        }
        (await store.ListAsync("token", Cancel)).Select(r => r.Id).ShouldBe(["C", "a", "b", "d"]);
        (await store.ListAsync("token", Cancel, key1: "mine")).Select(r => r.Id).ShouldBe(["C", "a", "b"]);
        (await store.ListAsync("token", Cancel, key1: "mine", key2: "k", after: "C", limit: 1)).Select(r => r.Id).ShouldBe(["a"]);
        (await store.ListAsync("token", Cancel, key2: "none")).ShouldBeEmpty();
    }

    [Fact]
    public async Task Many_commits_share_transactions_and_survive_reopening()
    {
        var store = Create();
        await Task.WhenAll(Enumerable.Range(0, 500).Select(i => store.CommitAsync(new StateChange([], [Sample(i)]), Cancel)));
        ((SqlStateStore)store).Batches.ShouldBeLessThan(400);
        await store.DisposeAsync();
        await using var again = Reopen();
        var verification = await JournalCommands.VerifyAsync(again, Cancel);
        verification.Facts.ShouldBe(500);
        verification.Findings.ShouldBeEmpty();
    }

    [Fact]
    public async Task Two_stores_append_without_a_gap()
    {
        await using var one = Create();
        await using var two = Reopen();
        await Task.WhenAll(Enumerable.Range(0, 200).SelectMany(i => new[]
        {
            one.CommitAsync(new StateChange([], [Sample(i)]), Cancel),
            two.CommitAsync(new StateChange([], [Sample(i), Sample(i)]), Cancel),
        }));
        var verification = await JournalCommands.VerifyAsync(one, Cancel);
        verification.Facts.ShouldBe(600);
        verification.Findings.ShouldBeEmpty();
    }

    [Fact]
    public async Task Erased_payload_leaves_the_chain_whole()
    {
        await using var store = Create();
        await store.CommitAsync(new StateChange([], [Sample(1), Sample(2), Sample(3)]), Cancel);
        await store.WriteAsync(transaction =>
        {
            JournalCommands.ErasePayload(transaction, 2);
            return 0;
        }, Cancel);
        var verification = await JournalCommands.VerifyAsync(store, Cancel);
        (verification.Facts, verification.Erased, verification.Whole).ShouldBe((3, 1, true));
    }

    [Theory]
    [InlineData("actor", "'person:amn'")]
    [InlineData("subject", "'sample/4'")]
    [InlineData("correlation", "'x'")]
    [InlineData("occurred_at", "occurred_at + 1")]
    [InlineData("recorded_at", "recorded_at + 1")]
    public async Task Changed_column_is_found_in_the_store(string column, string value)
    {
        await using var store = Create();
        await store.CommitAsync(new StateChange([], [.. Enumerable.Range(1, 5).Select(Sample)]), Cancel);
        await store.WriteAsync(transaction => transaction.Execute($"UPDATE fact SET {column} = {value} WHERE seq = 3"), Cancel);
        var finding = (await JournalCommands.VerifyAsync(store, Cancel)).Findings.ShouldHaveSingleItem();
        finding.Seq.ShouldBe(3);
        finding.Column.ShouldBe(column == "correlation" ? "header" : column);
    }

    [Fact]
    public async Task Work_that_throws_is_undone_and_the_store_goes_on()
    {
        await using var store = Create();
        await Should.ThrowAsync<InvalidDataException>(() => store.WriteAsync<int>(transaction =>
        {
            transaction.Append(Sample(1));
            throw new InvalidDataException("no");
        }, Cancel));
        (await store.CommitAsync(new StateChange([], [Sample(2)]), Cancel)).ShouldBe(new CommitOutcome.Committed(1));
        (await JournalCommands.VerifyAsync(store, Cancel)).Whole.ShouldBeTrue();
    }

    [Fact]
    public async Task Activation_keeps_files_and_is_a_fact_once()
    {
        await using var store = Create();
        var archive = new WorkspaceArchive(store, new ManualTime());
        WorkspaceFile[] files = [new("a.yml", "a: 1"u8.ToArray()), new("sub/b.yml", "b: 2"u8.ToArray())];
        await store.WriteAsync(Once(archive.Activation("h1", files, "system")), Cancel);
        await store.WriteAsync(Once(archive.Activation("h1", files, "system")), Cancel);
        await store.WriteAsync(Once(archive.Activation("h2", files[..1], "system")), Cancel);
        await store.WriteAsync(Once(archive.Activation("h1", files, "system")), Cancel);
        (await archive.ActiveHashAsync(Cancel)).ShouldBe("h1");
        (await archive.FilesAsync("h1", Cancel)).Select(f => (f.Path, Encoding.UTF8.GetString(f.Content.Span))).ShouldBe([("a.yml", "a: 1"), ("sub/b.yml", "b: 2")]);
        (await JournalCommands.VerifyAsync(store, Cancel)).Facts.ShouldBe(3);
    }

    [Fact]
    public async Task Newer_schema_is_refused()
    {
        await using (var store = Create())
        {
            await store.WriteAsync(t => t.Execute("INSERT INTO schema_migration (number, name, checksum, applied_at) VALUES (99, 'future', 'x', 0)"), Cancel);
        }
        Should.Throw<StateSchemaException>(() => Reopen()).Message.ShouldContain("newer version");
    }

    [Fact]
    public async Task Altered_migration_is_refused()
    {
        await using (var store = Create())
        {
            await store.WriteAsync(t => t.Execute("UPDATE schema_migration SET checksum = 'x' WHERE number = 1"), Cancel);
        }
        Should.Throw<StateSchemaException>(() => Reopen()).Message.ShouldContain("other SQL");
    }

    private protected static Core.Journal.Fact Sample(int n) =>
        new("test.sample/1", $"sample/{n}", 1_000 + n, "person:ann", Encoding.UTF8.GetBytes($$"""{"n":{{n}},"text":"größer"}""")) { Correlation = "chain" };

    private static Func<StateTransaction, int> Once(Action<StateTransaction> work) => transaction =>
    {
        work(transaction);
        return 0;
    };
}
