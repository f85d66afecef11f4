using System.Data;
using System.Net;
using Nines.Core.Probes.Collectors;
using Npgsql;

namespace Nines.Server.Probes.Collectors;

/// <summary>Asks PostgreSQL: a connection of its own for each run, one transaction that the server lets only read, each query a single statement.</summary>
internal sealed class PostgresReader(SqlWork work, Collector collector, TimeProvider time) : ICollectorReader
{
    public async Task ReadAsync(CollectedSet set, CancellationToken stop)
    {
        await using var connection = new NpgsqlConnection(ConnectionString());
        await connection.OpenAsync(stop);
        await using (var session = connection.CreateCommand())
        {
            // Of the session too, so that not even a query that ends the transaction could write.
#pragma warning disable CA2100 // A number.
            session.CommandText = $"SET default_transaction_read_only = on; SET statement_timeout = {(long)collector.Timeout.TotalMilliseconds}";
#pragma warning restore CA2100
            await session.ExecuteNonQueryAsync(stop);
        }
        await using var transaction = await connection.BeginTransactionAsync(IsolationLevel.RepeatableRead, stop);
        foreach (var query in work.Queries)
        {
            await AskAsync(connection, transaction, query, set, stop);
        }
    }

    private async Task AskAsync(NpgsqlConnection connection, NpgsqlTransaction transaction, SqlQuery query, CollectedSet set, CancellationToken stop)
    {
        // A command of a batch goes out as it is, so that the server refuses a second statement in it; a plain command would be taken apart.
        await using var batch = new NpgsqlBatch(connection, transaction) { BatchCommands = { new NpgsqlBatchCommand(query.Sql) } };
        try
        {
            await using var reader = await batch.ExecuteReaderAsync(CommandBehavior.SequentialAccess, stop);
            try
            {
                var (columns, rows) = await SqlReader.ReadAsync(reader, i => KindOf(reader.GetFieldType(i)), work.MaxRows, stop);
                SqlAnswer.Read(query, columns, rows, time.GetUtcNow().ToUnixTimeMilliseconds(), set);
            }
            catch (CollectException e)
            {
                // Else closing the answer would read the rest of it.
                batch.Cancel();
                throw new CollectException($"{query.Metric.Name}: {e.Message}");
            }
        }
        catch (Exception e) when (e is InvalidCastException or OverflowException)
        {
            throw new CollectException($"{query.Metric.Name}: a value cannot be read: {e.Message}");
        }
    }

    private string ConnectionString()
    {
        try
        {
            return new NpgsqlConnectionStringBuilder(SecretReader.Resolve(work.Database!))
            {
                Pooling = false,
                ApplicationName = "nines collector " + collector.Name,
                Enlist = false,
                IncludeErrorDetail = false,
            }.ToString();
        }
        catch (Exception e) when (e is ArgumentException or FormatException)
        {
            // What the library says of it may repeat it.
            throw new CollectException("the connection string cannot be read: write it as Host=db;Username=reader;Database=shop, the password as Password=…");
        }
    }

    private static ColumnKind KindOf(Type type) =>
        type == typeof(string) || type == typeof(Guid) || type == typeof(IPAddress) || type == typeof(char) ? ColumnKind.Text
        : type == typeof(DateTime) || type == typeof(DateTimeOffset) || type == typeof(DateOnly) ? ColumnKind.Time
        : type == typeof(TimeSpan) || (type.IsPrimitive && type != typeof(IntPtr)) || type == typeof(decimal) ? ColumnKind.Number
        : ColumnKind.Other;
}
