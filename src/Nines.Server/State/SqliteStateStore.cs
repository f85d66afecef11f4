using System.Data.Common;
using Microsoft.Data.Sqlite;

namespace Nines.Server.State;

/// <summary>The state in one SQLite file: WAL, every commit on disk before it is answered.</summary>
internal sealed class SqliteStateStore : SqlStateStore
{
    private readonly string _path;
    private readonly string _writer;
    private readonly string _reader;

    private SqliteStateStore(string path, TimeProvider time, Action<Span<byte>>? random) : base(time, random)
    {
        _path = path;
        Engine = SqliteLibrary.Use();
        var builder = new SqliteConnectionStringBuilder { DataSource = path, DefaultTimeout = 5, Pooling = false };
        _writer = builder.ToString();
        builder.Pooling = true;
        _reader = builder.ToString();
    }

    /// <inheritdoc/>
    public override string Engine { get; }

    /// <inheritdoc/>
    protected override StateDialect Dialect { get; } = new SqliteDialect();

    /// <summary>Opens the file, creating and migrating it as needed.</summary>
    public static SqliteStateStore Open(string path, TimeProvider time, Action<Span<byte>>? random = null)
    {
        var store = new SqliteStateStore(path, time, random);
        store.Start();
        return store;
    }

    /// <inheritdoc/>
    protected override DbConnection OpenWriter()
    {
        var connection = new SqliteConnection(_writer);
        connection.Open();
        using var command = connection.CreateCommand();
        command.CommandText = "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;";
        command.ExecuteNonQuery();
        return connection;
    }

    /// <inheritdoc/>
    protected override DbConnection OpenReader()
    {
        var connection = new SqliteConnection(_reader);
        connection.Open();
        return connection;
    }

    /// <inheritdoc/>
    protected override string? Untouchable() => SqliteFiles.Refusal(_path);

    /// <inheritdoc/>
    public override async ValueTask DisposeAsync()
    {
        await base.DisposeAsync();
        if (Untouchable() is not null)
        {
            return;
        }
        using var connection = new SqliteConnection(_reader);
        SqliteConnection.ClearPool(connection);
    }
}

/// <summary>SQLite, from 3.35 on.</summary>
internal sealed class SqliteDialect : StateDialect
{
    private const int Error = 1, Constraint = 19, Mismatch = 20, Range = 25;
    private static readonly string[] Texts = ["type", "subject", "actor", "source", "correlation", "kind"];
    private static readonly string[] Blobs = ["payload", "salt", "payload_hash", "hash"];

    public override string Begin => "BEGIN IMMEDIATE";

    public override string BeginRead => "BEGIN";

    public override string LockRow => "";

    public override string JsonTexts => "json_each(@p1)";

    public override string LockSchema => "SELECT 1";

    public override string Schema(string sql) => sql.Replace("{zeros}", "zeroblob(32)");

    public override bool IsRefusal(DbException error) =>
        error is not SqliteException { SqliteErrorCode: Error or Constraint or Mismatch or Range };

    public override string? ForeignColumn(DbDataReader fact)
    {
        for (var i = 0; i < 3; i++)
        {
            if (fact.GetFieldType(i) != typeof(long))
            {
                return fact.GetName(i);
            }
        }
        for (var i = 0; i < Texts.Length; i++)
        {
            if (fact.GetFieldType(3 + i) != typeof(string))
            {
                return Texts[i];
            }
        }
        for (var i = 0; i < Blobs.Length; i++)
        {
            if (!fact.IsDBNull(9 + i) && fact.GetFieldType(9 + i) != typeof(byte[]))
            {
                return Blobs[i];
            }
        }
        return null;
    }
}
