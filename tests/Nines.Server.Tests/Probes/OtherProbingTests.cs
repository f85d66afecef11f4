using System.Net;
using System.Net.Sockets;
using System.Text;
using Nines.Core;
using Nines.Core.Probes;

namespace Nines.Server.Tests.Probes;

/// <summary>TCP, scripts and DNS, against small targets of our own.</summary>
public sealed class OtherProbingTests
{
    private static Task<ProbeRun> RunAsync(ProbeCheck check, params string[] conditions) => HttpProbingTests.RunAsync(HttpProbingTests.Probe(check, conditions));

    [Theory]
    [InlineData("PING\r\n\r\n", "+OK", "")]
    [InlineData("PING\r\n\r\n", "+NO", "the other side closed the connection after 6 bytes, without what is expected")]
    [InlineData("PING\r\n\r\n", null, "")]
    public async Task Tcp_says_and_hears(string send, string? expect, string reason)
    {
        await using var target = ProbeTarget.Says("+OK 1\n");
        var run = await RunAsync(new TcpCheck(new("127.0.0.1", target.Port)) { Send = send, Expect = expect });
        run.Reason.ShouldBe(reason);
    }

    [Fact]
    public async Task A_port_may_be_wanted_closed()
    {
        var target = ProbeTarget.Says("");
        var check = new TcpCheck(new("127.0.0.1", target.Port));
        (await RunAsync(check, "[CONNECTED] == false")).Reason.ShouldBe("[CONNECTED] (true) == false does not hold");
        await target.DisposeAsync();
        (await RunAsync(check, "[CONNECTED] == false")).Success.ShouldBeTrue();
        (await RunAsync(check)).Reason.ShouldStartWith("no connection to 127.0.0.1:");
    }

    [Fact]
    public async Task A_script_gets_its_own_environment_and_nothing_else()
    {
        var run = await RunAsync(new ScriptCheck(["/usr/bin/env"]) { Environment = [("TOKEN", new Secret("t"))] });
        run.Success.ShouldBeTrue();
        run.Seen.Text.Split('\n').Select(l => l.Split('=')[0]).Order().ShouldBe(["LANG", "PATH", "TOKEN"]);
    }

    [Theory]
    [InlineData("exit 3", "[STATUS] (3) == 0 does not hold")]
    [InlineData("yes", "it writes more than 65536 bytes")]
    [InlineData("yes >&2 & sleep 100", "no complete answer within 0.5 s")]
    [InlineData("sleep 100", "no complete answer within 0.5 s")]
    public async Task A_script_is_held_to_its_limits(string script, string reason) =>
        (await HttpProbingTests.RunAsync(HttpProbingTests.Probe(new ScriptCheck(["/bin/sh", "-c", script])) with { TimeoutMs = 500 })).Reason.ShouldBe(reason);

    [Fact]
    public async Task A_script_that_is_not_there_is_named() =>
        (await RunAsync(new ScriptCheck(["nines-no-such-command"]))).Reason.ShouldStartWith("nines-no-such-command cannot be started");

    [Fact]
    public async Task What_a_script_prints_can_be_asked_for() =>
        (await RunAsync(new ScriptCheck(["/bin/echo", "{\"rows\": 12}"]), "[STATUS] == 0", "[BODY].rows > 10")).Success.ShouldBeTrue();

    [Theory]
    [InlineData(0, "10.0.0.7", "")]
    [InlineData(3, null, "[DNS_RCODE] (NXDOMAIN) == NOERROR does not hold")]
    [InlineData(2, null, "[DNS_RCODE] (SERVFAIL) == NOERROR does not hold")]
    public async Task Dns_answers_are_read(int code, string? answer, string reason)
    {
        using var server = new UdpClient(new IPEndPoint(IPAddress.Loopback, 0));
        var answering = AnswerAsync(server, code, answer);
        var check = new DnsCheck("shop.example", "A", new("127.0.0.1", ((IPEndPoint)server.Client.LocalEndPoint!).Port), []);
        var run = await RunAsync(check);
        await answering;
        run.Reason.ShouldBe(reason);
        run.Seen.Text.ShouldBe(answer ?? "");
    }

    [Fact]
    public async Task A_dns_answer_that_is_expected_and_missing_is_named()
    {
        using var server = new UdpClient(new IPEndPoint(IPAddress.Loopback, 0));
        var answering = AnswerAsync(server, 0, "10.0.0.7");
        var run = await RunAsync(new DnsCheck("shop.example", "A", new("127.0.0.1", ((IPEndPoint)server.Client.LocalEndPoint!).Port), ["10.0.0.8"]));
        await answering;
        run.Reason.ShouldBe("10.0.0.8 is not among the answers: 10.0.0.7");
    }

    // One answer, as RFC 1035 writes it.
    private static async Task AnswerAsync(UdpClient server, int code, string? address)
    {
        var asked = await server.ReceiveAsync(TestContext.Current.CancellationToken);
        var question = asked.Buffer.AsSpan(12);
        var length = question.IndexOf((byte)0) + 5;
        byte[] head = [asked.Buffer[0], asked.Buffer[1], 0x81, (byte)(0x80 | code), 0, 1, 0, (byte)(address is null ? 0 : 1), 0, 0, 0, 0];
        byte[] record = address is null ? [] : [0xc0, 12, 0, 1, 0, 1, 0, 0, 0, 60, 0, 4, .. IPAddress.Parse(address).GetAddressBytes()];
        await server.SendAsync((byte[])[.. head, .. question[..length], .. record], asked.RemoteEndPoint, TestContext.Current.CancellationToken);
    }

    [Theory]
    [InlineData("+PONG\r\n", "")]
    [InlineData("-NOAUTH Authentication required.\r\n", "Redis refuses PING: NOAUTH Authentication required.")]
    [InlineData("HTTP/1.1 400 Bad Request\r\n", "this is not how Redis answers PING: HTTP/1.1 400 Bad Request")]
    [InlineData("", "the other side closed the connection at PING")]
    public async Task Redis_answers_are_read(string reply, string reason)
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        var serving = Task.Run(async () =>
        {
            using var client = await listener.AcceptTcpClientAsync(TestContext.Current.CancellationToken);
            var buffer = new byte[64];
            (await client.GetStream().ReadAsync(buffer, TestContext.Current.CancellationToken)).ShouldBeGreaterThan(0);
            await client.GetStream().WriteAsync(Encoding.UTF8.GetBytes(reply), TestContext.Current.CancellationToken);
        }, TestContext.Current.CancellationToken);
        (await RunAsync(new RedisCheck(new("127.0.0.1", ((IPEndPoint)listener.LocalEndpoint).Port)))).Reason.ShouldBe(reason);
        await serving;
    }
}
