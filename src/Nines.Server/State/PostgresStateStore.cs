using System.Data.Common;
using Npgsql;

namespace Nines.Server.State;

/// <summary>The state in a PostgreSQL database, which several servers may share.</summary>
internal sealed class PostgresStateStore : SqlStateStore
{
    private readonly NpgsqlDataSource _source;
    private readonly LeaderLease? _lease;

    private PostgresStateStore(string connectionString, TimeProvider time, LeaderLease? lease, Action<Span<byte>>? random) : base(time, random)
    {
        _lease = lease;
        var builder = new NpgsqlConnectionStringBuilder(connectionString) { MaxAutoPrepare = 50, AutoPrepareMinUsages = 2 };
        // A server that stops amid a transaction, as on a machine that sleeps, must not keep another from taking over.
        builder.Options = $"{builder.Options} -c idle_in_transaction_session_timeout=10000".TrimStart();
        if (builder.CommandTimeout == 30)
        {
            builder.CommandTimeout = 10;
        }
        _source = NpgsqlDataSource.Create(builder);
    }

    /// <inheritdoc/>
    public override string Engine => "PostgreSQL";

    /// <inheritdoc/>
    protected override StateDialect Dialect { get; } = new PostgresDialect();

    /// <summary>Connects and migrates the database as needed.</summary>
    /// <param name="connectionString">The database.</param>
    /// <param name="time">The clock.</param>
    /// <param name="lease">What each transaction checks; null where only one server is.</param>
    /// <param name="random">Fills salts; null takes the system's generator.</param>
    public static PostgresStateStore Open(string connectionString, TimeProvider time, LeaderLease? lease = null, Action<Span<byte>>? random = null)
    {
        var store = new PostgresStateStore(connectionString, time, lease, random);
        store.Start();
        return store;
    }

    /// <inheritdoc/>
    protected override void CheckLead(StateTransaction transaction) => _lease?.Check(transaction);

    /// <inheritdoc/>
    protected override DbConnection OpenWriter() => _source.OpenConnection();

    /// <inheritdoc/>
    protected override DbConnection OpenReader() => _source.OpenConnection();

    /// <inheritdoc/>
    public override async ValueTask DisposeAsync()
    {
        await base.DisposeAsync();
        await _source.DisposeAsync();
    }
}

/// <summary>PostgreSQL, from 13 on.</summary>
internal sealed class PostgresDialect : StateDialect
{
    // Integrity violations and errors in the statement are ours; all else says that the database cannot take it now.
    private static readonly string[] Ours = ["22", "23", "42"];

    public override string Begin => "BEGIN";

    public override string BeginRead => "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY";

    public override string LockRow => " FOR UPDATE";

    public override string JsonTexts => "json_array_elements_text(@p1::json)";

    public override string LockSchema => "SELECT pg_advisory_xact_lock(6077913)";

    // COLLATE "C": ids page in the same order on both engines.
    public override string Schema(string sql) => sql
        .Replace(" BLOB", " BYTEA").Replace("id TEXT NOT NULL,", "id TEXT COLLATE \"C\" NOT NULL,").Replace("{zeros}", "decode(repeat('00', 32), 'hex')");

    public override bool IsRefusal(DbException error) =>
        error is not PostgresException known || !Ours.Contains(known.SqlState[..2], StringComparer.Ordinal);

    public override string? ForeignColumn(DbDataReader fact) => null;
}
