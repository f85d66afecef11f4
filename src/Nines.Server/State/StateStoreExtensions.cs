using Nines.Core.Journal;

namespace Nines.Server.State;

/// <summary>What rooms do with the store most of the time.</summary>
internal static class StateStoreExtensions
{
    /// <summary>Writes rows and facts together.</summary>
    public static async Task<CommitOutcome> CommitAsync(this IStateStore store, StateChange change, CancellationToken cancellation)
    {
        try
        {
            return await store.WriteAsync<CommitOutcome>(transaction =>
            {
                foreach (var row in change.Rows)
                {
                    transaction.Put(row);
                }
                var last = 0L;
                foreach (var fact in change.Facts)
                {
                    last = transaction.Append(fact);
                }
                return new CommitOutcome.Committed(last);
            }, cancellation);
        }
        catch (RowConflictException e)
        {
            return new CommitOutcome.Conflicted(e.Conflict);
        }
        catch (StoreRefusedException e)
        {
            return new CommitOutcome.Refused(e.Message);
        }
    }

    /// <summary>Writes one row with its facts.</summary>
    public static Task<CommitOutcome> PutAsync(this IStateStore store, RowWrite row, CancellationToken cancellation, params Fact[] facts) =>
        store.CommitAsync(new StateChange([row], facts), cancellation);

    /// <summary>Deletes one row if it has the version.</summary>
    public static Task<CommitOutcome> DeleteAsync(this IStateStore store, string kind, string id, long version, CancellationToken cancellation,
        params Fact[] facts) =>
        store.CommitAsync(new StateChange([new RowWrite(kind, id, version, null)], facts), cancellation);

    /// <summary>One row, or null.</summary>
    public static Task<StateRow?> GetAsync(this IStateStore store, string kind, string id, CancellationToken cancellation) =>
        store.ReadAsync(reader => reader.Get(kind, id), cancellation);

    /// <summary>Rows of a kind in order of id; see <see cref="StateReader.List"/>.</summary>
    public static Task<List<StateRow>> ListAsync(
        this IStateStore store, string kind, CancellationToken cancellation, string? key1 = null, string? key2 = null, string after = "", int limit = 1000) =>
        store.ReadAsync(reader => reader.List(kind, key1, key2, after, limit), cancellation);

    /// <summary>The facts of one type about a subject, the latest first; those whose payload was erased are left out.</summary>
    public static Task<List<RecordedFact>> FactsAsync(this IStateStore store, string subject, string type, int limit, CancellationToken cancellation) =>
        store.ReadAsync(reader => reader.Query(
            "SELECT occurred_at, actor, payload FROM fact WHERE subject = @p1 AND type = @p2 AND payload IS NOT NULL ORDER BY seq DESC LIMIT @p3",
            row => new RecordedFact(row.GetInt64(0), row.GetString(1), row.GetFieldValue<byte[]>(2)), subject, type, (long)limit), cancellation);
}

/// <summary>A fact as it is read back.</summary>
/// <param name="AtNs">When it happened, nanoseconds since the Unix epoch.</param>
/// <param name="Actor">Who did it.</param>
/// <param name="Payload">The payload's bytes.</param>
internal sealed record RecordedFact(long AtNs, string Actor, byte[] Payload);
