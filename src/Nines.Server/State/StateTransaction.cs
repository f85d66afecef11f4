using System.Data.Common;
using System.Text;
using Nines.Core.Journal;

namespace Nines.Server.State;

/// <summary>Writes within the transaction of a batch.</summary>
internal sealed class StateTransaction(DbConnection connection, StateDialect dialect, TimeProvider time, Action<Span<byte>> random)
    : StateReader(connection, dialect)
{
    private JournalHead? _head;
    private JournalHead? _headBefore;
    private bool _headChanged;

    /// <summary>Runs a statement and tells how many rows it changed.</summary>
    public int Execute(string sql, params ReadOnlySpan<object?> values) => Command(sql, values).ExecuteNonQuery();

    /// <summary>Writes or deletes a row if it has the expected version, and gives the new version.</summary>
    /// <exception cref="RowConflictException">It has another.</exception>
    public long Put(RowWrite row)
    {
        var changed = (row.Expected, row.Json) switch
        {
            (0, null) => 0,
            (0, _) => Execute("INSERT INTO aggregate (kind, id, version, key1, key2, json) VALUES (@p1, @p2, 1, @p3, @p4, @p5) ON CONFLICT (kind, id) DO NOTHING",
                row.Kind, row.Id, row.Key1, row.Key2, row.Json),
            (_, null) => Execute("DELETE FROM aggregate WHERE kind = @p1 AND id = @p2 AND version = @p3", row.Kind, row.Id, row.Expected),
            _ => Execute("UPDATE aggregate SET version = version + 1, key1 = @p4, key2 = @p5, json = @p6 WHERE kind = @p1 AND id = @p2 AND version = @p3",
                row.Kind, row.Id, row.Expected, row.Key1, row.Key2, row.Json),
        };
        if (changed == 0)
        {
            throw new RowConflictException(new RowConflict(row.Kind, row.Id, row.Expected, Get(row.Kind, row.Id)?.Version ?? 0));
        }
        return row.Expected + 1;
    }

    /// <summary>Appends a fact to the journal and gives its number.</summary>
    public long Append(Fact fact)
    {
        var head = Head();
        var salt = new byte[FactHash.SaltSize];
        random(salt);
        var now = (time.GetUtcNow() - DateTimeOffset.UnixEpoch).Ticks * 100;
        var stored = FactChain.Link(head, fact, now, salt);
        Execute("""
            INSERT INTO fact (seq, occurred_at, recorded_at, type, subject, actor, source, correlation, kind, payload, salt, payload_hash, hash)
            VALUES (@p1, @p2, @p3, @p4, @p5, @p6, @p7, @p8, @p9, @p10, @p11, @p12, @p13)
            """,
            stored.Seq, stored.OccurredAtNs, stored.RecordedAtNs, fact.Type, fact.Subject, fact.Actor, fact.Source, fact.Correlation,
            Encoding.UTF8.GetString(stored.Kind), stored.Payload, stored.Salt, stored.PayloadHash, stored.Hash);
        _head = new JournalHead(stored.Seq, stored.Hash);
        _headChanged = true;
        return stored.Seq;
    }

    /// <summary>Where the journal ends. Locks the head row, so that no other process appends until this transaction ends.</summary>
    public JournalHead Head() => _head ??= Query(
        "SELECT seq, hash FROM journal_head WHERE one = 1" + Dialect.LockRow,
        row => new JournalHead(row.GetInt64(0), row.GetFieldValue<byte[]>(1))).Single();

    internal void BeginWork()
    {
        Execute("SAVEPOINT work");
        _headBefore = _head;
    }

    internal void EndWork()
    {
        Execute("RELEASE SAVEPOINT work");
    }

    internal void UndoWork()
    {
        Execute("ROLLBACK TO SAVEPOINT work");
        Execute("RELEASE SAVEPOINT work");
        _head = _headBefore;
    }

    internal void BeginBatch()
    {
        Execute(Dialect.Begin);
        _head = null;
        _headBefore = null;
        _headChanged = false;
    }

    internal void CommitBatch()
    {
        if (_headChanged && _head is { } head)
        {
            Execute("UPDATE journal_head SET seq = @p1, hash = @p2 WHERE one = 1", head.Seq, head.Hash);
        }
        Execute("COMMIT");
    }
}
