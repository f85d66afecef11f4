using Nines.Server.State;
using Npgsql;

namespace Nines.Server.Tests.State;

public sealed class SqliteStateStoreTests : StateStoreSuite, IDisposable
{
    private readonly string _directory = Directory.CreateTempSubdirectory("nines-test-").FullName;

    public void Dispose() => Directory.Delete(_directory, true);

    internal override IStateStore Create() => Reopen();

    internal override IStateStore Reopen() => SqliteStateStore.Open(Path.Combine(_directory, "state.db"), new ManualTime());

    [Fact]
    public void System_library_is_preferred() => SqliteLibrary.Use().ShouldStartWith("SQLite 3.");
}

/// <summary>Each test has a database of its own on the server that NINES_TEST_POSTGRES names (eng/postgres.sh starts one).</summary>
public sealed class PostgresStateStoreTests : StateStoreSuite, IDisposable
{
    private static int Number;
    private readonly string _database = $"nines_test_{Environment.ProcessId}_{Interlocked.Increment(ref Number)}";
    private string? _server;

    public void Dispose()
    {
        if (_server is not null)
        {
            Administer($"DROP DATABASE IF EXISTS {_database} WITH (FORCE)");
        }
    }

    internal override IStateStore Create()
    {
        _server = Environment.GetEnvironmentVariable("NINES_TEST_POSTGRES");
        Assert.SkipWhen(string.IsNullOrEmpty(_server), "NINES_TEST_POSTGRES is not set (eng/postgres.sh start DIR)");
        Administer($"CREATE DATABASE {_database}");
        return Reopen();
    }

    internal override IStateStore Reopen() =>
        PostgresStateStore.Open(new NpgsqlConnectionStringBuilder(_server) { Database = _database }.ToString(), new ManualTime());

    private void Administer(string sql)
    {
        using var connection = new NpgsqlConnection(_server);
        connection.Open();
        using var command = connection.CreateCommand();
#pragma warning disable CA2100
        command.CommandText = sql;
#pragma warning restore CA2100
        command.ExecuteNonQuery();
    }
}
