using System.Diagnostics;
using Nines.Core;
using Nines.Core.Probes.Collectors;
using Nines.Metrics;
using Npgsql;

namespace Nines.Server.Tests.Probes.Collectors;

/// <summary>Against the server that NINES_TEST_POSTGRES names (eng/postgres.sh starts one), in a database of its own.</summary>
public sealed class PostgresCollectorTests : IDisposable
{
    private static int Number;
    private readonly string _database = $"nines_collect_{Environment.ProcessId}_{Interlocked.Increment(ref Number)}";
    private readonly string? _server = Environment.GetEnvironmentVariable("NINES_TEST_POSTGRES");
    private readonly CollectorWorld _world = new(TimeProvider.System);

    public PostgresCollectorTests()
    {
        if (!string.IsNullOrEmpty(_server))
        {
            Execute(_server, $"CREATE DATABASE {_database}");
            Execute(Connection, """
                CREATE TABLE deals(id int PRIMARY KEY, source text, price numeric, scraped_at timestamptz, seen timestamp, note jsonb);
                INSERT INTO deals VALUES (1, 'a', 3, now() - interval '2 days', NULL, '{}'), (2, 'b', 4.5, now() - interval '1 hour', NULL, '{}'), (3, NULL, NULL, NULL, NULL, NULL);
                CREATE SEQUENCE numbers;
                """);
        }
    }

    private string Connection => new NpgsqlConnectionStringBuilder(_server) { Database = _database }.ToString();

    public void Dispose()
    {
        _world.Dispose();
        if (!string.IsNullOrEmpty(_server))
        {
            Execute(_server, $"DROP DATABASE IF EXISTS {_database} WITH (FORCE)");
        }
    }

    [Fact]
    public async Task Answers_BecomeSeries()
    {
        (await AskAsync("SELECT count(*) FROM deals")).ShouldBeNull();
        _world.Samples("m").ShouldBe(["3"]);
        (await AskAsync("SELECT source, price FROM deals", "price")).ShouldBeNull();
        _world.Store.Select([new Matcher("__name__", MatchOp.Equal, "price")], 0, long.MaxValue).Select(s => s.Labels["source"]).Order().ShouldBe(["a", "b"]);
        (await AskAsync("SELECT max(scraped_at) FROM deals", "age", ValueMeaning.Age)).ShouldBeNull();
        double.Parse(_world.Samples("age").Single()).ShouldBe(3600, 60);
        (await AskAsync("SELECT max(seen) FROM deals", "nothing", ValueMeaning.Age)).ShouldBeNull();
        _world.Names().ShouldNotContain("nothing");
        (await AskAsync("SELECT true AS ok, 'x'::text AS \"kind\", gen_random_uuid() AS id", "flag")).ShouldBeNull();
        _world.Samples("flag").ShouldBe(["1"]);
    }

    [Fact]
    public async Task Presets_AreAnswered()
    {
        foreach (var (_, queries) in SqlPresets.All)
        {
            (await _world.RunAsync(_world.Runner(CollectorWorld.Collector(new SqlWork(new Secret(Served()), null, queries, 1000))))).ShouldBeNull();
        }
        _world.Names().ShouldBeSubsetOf(["collector_duration_seconds", "collector_success", "pg_database_size_bytes", "pg_table_total_size_bytes", "pg_stat_user_tables_n_live_tup",
            "pg_stat_activity_count", "pg_settings_max_connections", "pg_stat_activity_max_tx_duration"]);
        _world.Store.Select([new Matcher("__name__", MatchOp.Equal, "pg_database_size_bytes"), new Matcher("datname", MatchOp.Equal, _database)], 0, long.MaxValue)
            .ShouldHaveSingleItem();
        _world.Metadata.Read("pg_database_size_bytes", 1, 1).Single().Accounts[0].Unit.ShouldBe("bytes");
    }

    // Each would write, lock or leave the transaction if it could.
    [Theory]
    [InlineData("INSERT INTO deals VALUES (9) RETURNING id", "cannot execute INSERT in a read-only transaction (25006)")]
    [InlineData("WITH gone AS (DELETE FROM deals RETURNING id) SELECT count(*) FROM gone", "in a read-only transaction (25006)")]
    [InlineData("SELECT nextval('numbers')", "cannot execute nextval() in a read-only transaction (25006)")]
    [InlineData("SELECT price FROM deals FOR UPDATE", "cannot execute SELECT FOR UPDATE in a read-only transaction (25006)")]
    [InlineData("COMMIT; DELETE FROM deals", "cannot insert multiple commands into a prepared statement (42601)")]
    [InlineData("SELECT 1; SELECT 2", "cannot insert multiple commands into a prepared statement (42601)")]
    [InlineData("SELECT set_config('transaction_read_only', 'off', false)::text, 1 AS n", "transaction read-write mode must be set before any query (25001)")]
    [InlineData("COMMIT", "it answers no rows")]
    [InlineData("SET TRANSACTION READ WRITE", "it answers no rows")]
    [InlineData("SELEC 1", "syntax error at or near \"SELEC\" (42601)")]
    public async Task WhatWouldWrite_IsRefusedByTheServer(string sql, string message)
    {
        (await AskAsync(sql)).ShouldNotBeNull().ShouldContain(message);
        await using var connection = new NpgsqlConnection(Connection);
        await connection.OpenAsync(TestContext.Current.CancellationToken);
        await using var command = new NpgsqlCommand("SELECT count(*) FROM deals", connection);
        (await command.ExecuteScalarAsync(TestContext.Current.CancellationToken)).ShouldBe(3L);
    }

    [Theory]
    [InlineData("SELECT 1 AS n FROM pg_sleep(60)", "within 1 s|statement timeout")]
    [InlineData("SELECT generate_series(1, 1000000000)::text AS id, 1 AS n", "m: more than 100 rows")]
    [InlineData("SELECT repeat('x', 100000000) AS id, 1 AS n", "m: a text in the column id is longer than 1024 characters")]
    [InlineData("SELECT 'x'::bytea AS blob, 1 AS n", "m: the column blob is neither a text nor a number")]
    [InlineData("SELECT '2 months'::interval AS n", "m: a value cannot be read")]
    [InlineData("SELECT 10::numeric ^ 1000 AS n", "m: a value cannot be read")]
    [InlineData("SELECT 'NaN'::float8 AS n, 'a' AS id UNION ALL SELECT 1, 'a'", "m has two values for {id=\"a\"}")]
    public async Task HostileAnswers_AreCutOff(string sql, string message)
    {
        var begun = Stopwatch.GetTimestamp();
        var error = (await AskAsync(sql, timeoutSeconds: message.Contains('|') ? 1 : 10)).ShouldNotBeNull();
        message.Split('|').ShouldContain(m => error.Contains(m), error);
        Stopwatch.GetElapsedTime(begun).ShouldBeLessThan(TimeSpan.FromSeconds(9));
    }

    [Fact]
    public async Task ConnectionStrings_ThatAreWrong_AreNotRepeated()
    {
        (await AskAsync("SELECT 1", connection: "postgres://u:s3cr3t@h/db")).ShouldNotBeNull().ShouldSatisfyAllConditions(e => e.ShouldNotContain("s3cr3t"), e => e.ShouldContain("Host=db"));
        (await AskAsync("SELECT 1", connection: "Host=127.0.0.1;Port=1;Username=u;Password=s3cr3t")).ShouldNotBeNull().ShouldNotContain("s3cr3t");
    }

    private Task<string?> AskAsync(string sql, string metric = "m", ValueMeaning meaning = ValueMeaning.Number, double timeoutSeconds = 10, string? connection = null) =>
        _world.RunAsync(_world.Runner(CollectorWorld.Collector(
            new SqlWork(new Secret(connection ?? Served(), Verbatim: true), null, [new(sql, new(metric, "", "", meaning, false), [])], 100), timeoutSeconds)));

    private string Served()
    {
        Assert.SkipWhen(string.IsNullOrEmpty(_server), "NINES_TEST_POSTGRES is not set (eng/postgres.sh start DIR)");
        return Connection;
    }

    private static void Execute(string connectionString, string sql)
    {
        using var connection = new NpgsqlConnection(connectionString);
        connection.Open();
        using var command = connection.CreateCommand();
#pragma warning disable CA2100
        command.CommandText = sql;
#pragma warning restore CA2100
        command.ExecuteNonQuery();
    }
}
