using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using Nines.Core;
using Nines.Core.Probes;
using Npgsql;

namespace Nines.Server.Tests.Probes;

/// <summary>PostgreSQL, Redis and RabbitMQ as they really answer.</summary>
public sealed class RealServerTests
{
    private static Task<ProbeRun> RunAsync(ProbeCheck check, params string[] conditions) => HttpProbingTests.RunAsync(HttpProbingTests.Probe(check, conditions));

    [Fact]
    public async Task Postgres_is_signed_in_to_and_asked_read_only()
    {
        var server = Environment.GetEnvironmentVariable("NINES_TEST_POSTGRES");
        Assert.SkipWhen(string.IsNullOrEmpty(server), "NINES_TEST_POSTGRES is not set (eng/postgres.sh start DIR)");
        var settings = new NpgsqlConnectionStringBuilder(server);
        var check = new PostgresCheck(new(settings.Host!, settings.Port)) { Database = settings.Database!, Username = settings.Username! };
        (await RunAsync(check)).Reason.ShouldBe("");
        (await RunAsync(check with { Query = "SELECT count(*) FROM pg_class" }, "[BODY] > 100")).Reason.ShouldBe("");
        (await RunAsync(check with { Query = "CREATE TABLE probed (a int)" })).Reason.ShouldBe("PostgreSQL refuses: cannot execute CREATE TABLE in a read-only transaction (25006)");
        (await RunAsync(check with { Username = "nobody-here" })).Reason.ShouldContain("nobody-here");
        (await RunAsync(check with { Database = "nowhere" })).Reason.ShouldBe("PostgreSQL refuses: database \"nowhere\" does not exist (3D000)");
        (await HttpProbingTests.RunAsync(HttpProbingTests.Probe(check with { Query = "SELECT pg_sleep(100)" }) with { TimeoutMs = 500 })).Reason.ShouldBe("no complete answer within 0.5 s");
    }

    [Fact]
    public async Task A_closed_port_is_no_postgres() =>
        (await RunAsync(new PostgresCheck(new("127.0.0.1", FreePort())))).Reason.ShouldStartWith("no answer from PostgreSQL at 127.0.0.1:");

    [Fact]
    public async Task A_closed_port_is_no_rabbitmq() =>
        (await RunAsync(new RabbitMqCheck(new("127.0.0.1", FreePort())))).Reason.ShouldStartWith("no answer from RabbitMQ at 127.0.0.1:");

    [Fact]
    public async Task Redis_is_signed_in_to_and_pinged()
    {
        const string Program = "/usr/bin/redis-server";
        Assert.SkipUnless(File.Exists(Program), "redis-server is not installed (Debian: redis-server)");
        var port = FreePort();
        using var server = Process.Start(new ProcessStartInfo(Program, ["--port", $"{port}", "--bind", "127.0.0.1", "--save", "", "--appendonly", "no", "--requirepass", "open"])
        {
            UseShellExecute = false, RedirectStandardOutput = true, WorkingDirectory = "/tmp",
        })!;
        try
        {
            while (await server.StandardOutput.ReadLineAsync(TestContext.Current.CancellationToken) is { } line && !line.Contains("Ready to accept connections", StringComparison.Ordinal))
            {
                server.HasExited.ShouldBeFalse();
            }
            var check = new RedisCheck(new("127.0.0.1", port));
            (await RunAsync(check with { Password = new Secret("open") })).Reason.ShouldBe("");
            (await RunAsync(check with { Password = new Secret("open"), Username = "default" })).Reason.ShouldBe("");
            (await RunAsync(check with { Password = new Secret("shut") })).Reason.ShouldStartWith("Redis refuses signing in: WRONGPASS");
            (await RunAsync(check)).Reason.ShouldStartWith("Redis refuses PING: NOAUTH");
        }
        finally
        {
            server.Kill();
        }
    }

    /// <summary>RabbitMQ takes long to start, so that it is started from outside: NINES_TEST_RABBITMQ names host:port of one with its default user.</summary>
    [Fact]
    public async Task RabbitMq_is_signed_in_to()
    {
        var server = Environment.GetEnvironmentVariable("NINES_TEST_RABBITMQ");
        Assert.SkipWhen(string.IsNullOrEmpty(server), "NINES_TEST_RABBITMQ is not set (host:port of a RabbitMQ with its default user)");
        var check = new RabbitMqCheck(new(server!.Split(':')[0], int.Parse(server.Split(':')[1])));
        (await RunAsync(check, "[CONNECTED] == true", "[BODY] == pat(3.*)")).Reason.ShouldBe("");
        (await RunAsync(check with { Password = new Secret("wrong") })).Reason.ShouldStartWith("RabbitMQ refuses: ");
        (await RunAsync(check with { VirtualHost = "/nowhere" })).Reason.ShouldStartWith("RabbitMQ refuses: ");
    }

    private static int FreePort()
    {
        using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        socket.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        return ((IPEndPoint)socket.LocalEndPoint!).Port;
    }
}
