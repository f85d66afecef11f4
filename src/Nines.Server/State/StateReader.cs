using System.Data.Common;

namespace Nines.Server.State;

/// <summary>Reads on one connection. Parameters are <c>@p1</c>, <c>@p2</c>, … in the SQL.</summary>
internal class StateReader(DbConnection connection, StateDialect dialect) : IDisposable
{
    private const string RowColumns = "SELECT kind, id, version, json, key1, key2 FROM aggregate";
    private readonly Dictionary<string, DbCommand> _commands = new(StringComparer.Ordinal);

    /// <summary>Where the engines differ.</summary>
    public StateDialect Dialect => dialect;

    public List<T> Query<T>(string sql, Func<DbDataReader, T> map, params ReadOnlySpan<object?> values)
    {
        var rows = new List<T>();
        using var reader = Command(sql, values).ExecuteReader();
        while (reader.Read())
        {
            rows.Add(map(reader));
        }
        return rows;
    }

    /// <summary>Hands each row over without keeping any.</summary>
    public void Each(string sql, Action<DbDataReader> take, params ReadOnlySpan<object?> values)
    {
        using var reader = Command(sql, values).ExecuteReader();
        while (reader.Read())
        {
            take(reader);
        }
    }

    /// <summary>One row of an aggregate, or null.</summary>
    public StateRow? Get(string kind, string id) =>
        Query($"{RowColumns} WHERE kind = @p1 AND id = @p2", RowOf, kind, id).FirstOrDefault();

    /// <summary>Rows of a kind in order of id.</summary>
    /// <param name="key1">Only rows with this first key; null takes all.</param>
    /// <param name="key2">Only rows with this second key; null takes all.</param>
    /// <param name="after">Only rows whose id is greater; for paging.</param>
    /// <param name="limit">At most so many.</param>
    public List<StateRow> List(string kind, string? key1 = null, string? key2 = null, string after = "", int limit = 1000)
    {
        var sql = $"{RowColumns} WHERE kind = @p1 AND id > @p2"
            + (key1 is null ? "" : " AND key1 = @p4") + (key2 is null ? "" : $" AND key2 = @p{(key1 is null ? 4 : 5)}") + " ORDER BY id LIMIT @p3";
        object?[] values = [kind, after, (long)limit, .. new object?[] { key1, key2 }.Where(k => k is not null)];
        return Query(sql, RowOf, values);
    }

    protected DbCommand Command(string sql, ReadOnlySpan<object?> values)
    {
        if (!_commands.TryGetValue(sql, out var command))
        {
            command = connection.CreateCommand();
#pragma warning disable CA2100 // All SQL is constant text of this assembly; values are parameters.
            command.CommandText = sql;
#pragma warning restore CA2100
            for (var i = 0; i < values.Length; i++)
            {
                var parameter = command.CreateParameter();
                parameter.ParameterName = $"@p{i + 1}";
                command.Parameters.Add(parameter);
            }
            _commands.Add(sql, command);
        }
        for (var i = 0; i < values.Length; i++)
        {
            command.Parameters[i].Value = values[i] ?? DBNull.Value;
        }
        return command;
    }

    public void Dispose()
    {
        foreach (var command in _commands.Values)
        {
            command.Dispose();
        }
        GC.SuppressFinalize(this);
    }

    private static StateRow RowOf(DbDataReader row) =>
        new(row.GetString(0), row.GetString(1), row.GetInt64(2), row.GetString(3),
            row.IsDBNull(4) ? null : row.GetString(4), row.IsDBNull(5) ? null : row.GetString(5));
}
