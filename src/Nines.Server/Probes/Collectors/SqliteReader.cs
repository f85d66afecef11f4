using Microsoft.Data.Sqlite;
using Nines.Core.Probes.Collectors;
using Nines.Server.State;

namespace Nines.Server.Probes.Collectors;

/// <summary>Asks an SQLite file that is opened for reading only.</summary>
internal sealed class SqliteReader(SqlWork work, string file, TimeProvider time) : ICollectorReader
{
    // The library never waits asynchronously: it has a thread of its own, and is interrupted when time is up.
    public Task ReadAsync(CollectedSet set, CancellationToken stop) =>
        Task.Factory.StartNew(() => ReadOnThreadAsync(set, stop), stop, TaskCreationOptions.LongRunning, TaskScheduler.Default).Unwrap();

    private async Task ReadOnThreadAsync(CollectedSet set, CancellationToken stop)
    {
        SqliteLibrary.Use();
        await using var connection = new SqliteConnection(
            new SqliteConnectionStringBuilder { DataSource = file, Mode = SqliteOpenMode.ReadOnly, Pooling = false }.ToString());
        await connection.OpenAsync(stop);
        await using var interrupt = stop.Register(() => SQLitePCL.raw.sqlite3_interrupt(connection.Handle));
        foreach (var query in work.Queries)
        {
            await using var command = connection.CreateCommand();
#pragma warning disable CA2100 // The workspace's own query, on a connection that cannot write.
            command.CommandText = query.Sql;
#pragma warning restore CA2100
            try
            {
                await using var reader = await command.ExecuteReaderAsync(stop);
                var (columns, rows) = await SqlReader.ReadAsync(reader, _ => ColumnKind.Any, work.MaxRows, stop);
                SqlAnswer.Read(query, columns, rows, time.GetUtcNow().ToUnixTimeMilliseconds(), set);
            }
            catch (CollectException e)
            {
                throw new CollectException($"{query.Metric.Name}: {e.Message}");
            }
            catch (SqliteException) when (stop.IsCancellationRequested)
            {
                throw new OperationCanceledException(stop);
            }
        }
    }
}
