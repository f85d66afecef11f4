namespace Nines.Server.State;

/// <summary>
/// The server's state: rows, journal, alerts and outbox, on SQLite or PostgreSQL. All writing goes through one thread that
/// puts whatever waits into one transaction, so commits that arrive together share one fsync.
/// </summary>
internal interface IStateStore : IAsyncDisposable
{
    /// <summary>Which engine it runs on, for the log and health pages.</summary>
    string Engine { get; }

    /// <summary>Runs a read on a connection of its own.</summary>
    Task<T> ReadAsync<T>(Func<StateReader, T> read, CancellationToken cancellation);

    /// <summary>
    /// Runs a write; when the task completes it is durable. Work that throws is rolled back and leaves its neighbours alone.
    /// Fails with <see cref="StoreRefusedException"/> when the store cannot take writes.
    /// </summary>
    Task<T> WriteAsync<T>(Func<StateTransaction, T> work, CancellationToken cancellation);
}

/// <summary>The store cannot take writes now: disk full, files read-only, database away, too much waiting.</summary>
public sealed class StoreRefusedException(string message, Exception? inner) : Exception(message, inner);

/// <summary>A row has another version than expected.</summary>
internal sealed class RowConflictException(RowConflict conflict) : Exception($"{conflict.Kind} {conflict.Id} was changed by someone else")
{
    public RowConflict Conflict { get; } = conflict;
}

/// <summary>The state of an aggregate.</summary>
/// <param name="Kind">What it is: <c>user</c>, <c>token</c>, …</param>
/// <param name="Version">Counts up from 1 with each write.</param>
/// <param name="Key1">A value to find it by; null when the kind needs none.</param>
/// <param name="Key2">Another value to find it by.</param>
internal sealed record StateRow(string Kind, string Id, long Version, string Json, string? Key1 = null, string? Key2 = null);

/// <summary>A row to write: it becomes version <paramref name="Expected"/> + 1. Null JSON deletes it.</summary>
/// <param name="Expected">The version it must have now; 0 when it must not exist.</param>
internal sealed record RowWrite(string Kind, string Id, long Expected, string? Json, string? Key1 = null, string? Key2 = null);

/// <summary>What belongs together: either all of it is written, or nothing.</summary>
internal sealed record StateChange(IReadOnlyList<RowWrite> Rows, IReadOnlyList<Core.Journal.Fact> Facts);

/// <summary>The row that was not as expected.</summary>
/// <param name="Actual">The version found; 0 when it does not exist.</param>
internal sealed record RowConflict(string Kind, string Id, long Expected, long Actual);

/// <summary>What came of a commit.</summary>
internal abstract record CommitOutcome
{
    private CommitOutcome()
    {
    }

    /// <summary>It is durable.</summary>
    /// <param name="LastSeq">Where the journal ends with it.</param>
    internal sealed record Committed(long LastSeq) : CommitOutcome;

    /// <summary>Someone else was first; nothing was written.</summary>
    internal sealed record Conflicted(RowConflict Conflict) : CommitOutcome;

    /// <summary>The store takes no writes; try again later.</summary>
    internal sealed record Refused(string Reason) : CommitOutcome;
}
