using System.Data.Common;
using Nines.Core.Journal;
using Nines.Server.State;

namespace Nines.Server.Journal;

/// <summary>What the command line and the proofs do with a journal. A running server need not be stopped for it.</summary>
public static class JournalCommands
{
    internal const string Columns =
        "seq, occurred_at, recorded_at, type, subject, actor, source, correlation, kind, payload, salt, payload_hash, hash";

    /// <summary>Verifies the journal of a data directory, or of a PostgreSQL database.</summary>
    /// <param name="postgres">A connection string, or null for SQLite in the data directory.</param>
    /// <exception cref="DataDirectoryException">There is no state to verify.</exception>
    public static async Task<JournalVerification> VerifyAsync(string dataDirectory, string? postgres, TimeProvider time, CancellationToken cancellation)
    {
        await using var store = OpenExisting(dataDirectory, postgres, time);
        return await VerifyAsync(store, cancellation);
    }

    /// <summary>Appends facts of the same payload, each batch in one transaction. For proofs.</summary>
    /// <returns>The number of the last one.</returns>
    public static async Task<long> AppendManyAsync(
        string dataDirectory, string? postgres, TimeProvider time, int count, int batch, ReadOnlyMemory<byte> payload, CancellationToken cancellation)
    {
        await using IStateStore store = postgres is null
            ? SqliteStateStore.Open(DataDirectory.StateFileOf(Path.GetFullPath(dataDirectory)), time)
            : PostgresStateStore.Open(postgres, time);
        var last = 0L;
        for (var done = 0; done < count; done += batch)
        {
            var size = Math.Min(batch, count - done);
            last = await store.WriteAsync(transaction =>
            {
                var seq = 0L;
                for (var i = 0; i < size; i++)
                {
                    seq = transaction.Append(new Fact("proof.appended/1", "proof/journal", time.GetUtcNow()
                        .ToUnixTimeMilliseconds() * 1_000_000, "system", payload)
                    {
                        Kind = FactKind.Test,
                        Correlation = "proof/append",
                    });
                }
                return seq;
            }, cancellation);
        }
        return last;
    }

    internal static Task<JournalVerification> VerifyAsync(IStateStore store, CancellationToken cancellation) =>
        store.ReadAsync(reader => Verify(reader, cancellation), cancellation);

    private static JournalVerification Verify(StateReader reader, CancellationToken cancellation)
    {
        var verifier = new JournalVerifier();
        // One snapshot: a running server may append meanwhile.
        reader.Query(reader.Dialect.BeginRead, _ => 0);
        try
        {
            var head = reader.Query("SELECT seq, hash FROM journal_head", row => new JournalHead(row.GetInt64(0), row.GetFieldValue<byte[]>(1)))
                .FirstOrDefault()
                ?? FactChain.Empty;
            reader.Each($"SELECT {Columns} FROM fact ORDER BY seq", row =>
            {
                cancellation.ThrowIfCancellationRequested();
                verifier.Add(FactOf(row, reader.Dialect));
            });
            return verifier.Finish(head);
        }
        finally
        {
            reader.Query("COMMIT", _ => 0);
        }
    }

    /// <summary>Erases a fact's payload; the chain still verifies.</summary>
    internal static void ErasePayload(StateTransaction transaction, long seq) =>
        transaction.Execute("UPDATE fact SET payload = NULL, salt = NULL WHERE seq = @p1", seq);

    internal static StoredFact FactOf(DbDataReader row, StateDialect dialect) => new()
    {
        Seq = row.GetInt64(0),
        OccurredAtNs = row.GetInt64(1),
        RecordedAtNs = row.GetInt64(2),
        Type = Bytes(row, 3) ?? [],
        Subject = Bytes(row, 4) ?? [],
        Actor = Bytes(row, 5) ?? [],
        Source = Bytes(row, 6) ?? [],
        Correlation = Bytes(row, 7) ?? [],
        Kind = Bytes(row, 8) ?? [],
        Payload = Bytes(row, 9),
        Salt = Bytes(row, 10),
        PayloadHash = Bytes(row, 11) ?? [],
        Hash = Bytes(row, 12) ?? [],
        ForeignColumn = dialect.ForeignColumn(row),
    };

    private static byte[]? Bytes(DbDataReader row, int column) => row.IsDBNull(column) ? null : row.GetFieldValue<byte[]>(column);

    private static SqlStateStore OpenExisting(string dataDirectory, string? postgres, TimeProvider time)
    {
        if (postgres is not null)
        {
            return PostgresStateStore.Open(postgres, time);
        }
        var file = DataDirectory.StateFileOf(Path.GetFullPath(dataDirectory));
        return File.Exists(file)
            ? SqliteStateStore.Open(file, time)
            : throw new DataDirectoryException($"there is no state in {dataDirectory} (no {Path.GetFileName(file)})");
    }
}
