using System.Net;
using System.Net.Sockets;
using System.Text;
using Nines.Core;
using Nines.Core.Probes;
using Nines.Core.Telemetry;
using Nines.Server.Probes;

namespace Nines.Server.Tests.Probes;

public sealed class HttpProbingTests
{
    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    internal static Probe Probe(ProbeCheck check, params string[] conditions) => new("shop", check, new("probes.yaml", 1, 1))
    {
        Conditions = [.. conditions.DefaultIfEmpty(check.Usual).Select(c => Condition.Parse(c, out _)!)],
        DefaultConditions = conditions.Length == 0,
        TimeoutMs = 10_000,
    };

    internal static async Task<ProbeRun> RunAsync(Probe probe, ResolveHost? resolve = null)
    {
        using var runner = new ProbeRunner(TimeProvider.System, "/", resolve);
        return (await runner.RunAsync(probe, TimeProvider.System.GetUtcNow().ToUnixTimeMilliseconds(), Stop)).ShouldNotBeNull();
    }

    private static ResolveHost To(params string[] addresses) => (_, _) => Task.FromResult(addresses.Select(IPAddress.Parse).ToArray());

    [Fact]
    public async Task A_good_answer_is_seen_whole()
    {
        await using var target = ProbeTarget.Http(200, "{\"items\":[1,2]}", "application/json", "X-Version: 7\r\n");
        var run = await RunAsync(Probe(new HttpCheck(target.Url()), "[STATUS] == 200", "len([BODY].items) == 2", "[HEADER].x-version == 7", "[IP] == 127.0.0.1", "[CONNECTED] == true", "[RESPONSE_TIME] < 10s"));
        run.Reason.ShouldBe("");
        run.Success.ShouldBeTrue();
    }

    [Fact]
    public async Task A_request_is_sent_as_declared()
    {
        await using var target = ProbeTarget.Http(200, "");
        await RunAsync(Probe(new HttpCheck(target.Url("/a?b=c"))
        {
            Method = "POST", Body = new("{\"x\":1}"), Headers = [("Content-Type", new Secret("application/json")), ("X-Key", new Secret("k"))],
            Access = new HttpAccess { Username = "u", Password = new Secret("p") },
        }));
        var request = target.Requests.ShouldHaveSingleItem();
        request.ShouldStartWith("POST /a?b=c HTTP/1.1");
        request.ShouldContain("Content-Type: application/json");
        request.ShouldContain("X-Key: k");
        request.ShouldContain("Authorization: Basic dTpw");
    }

    [Fact]
    public async Task A_body_that_drips_ends_with_the_timeout()
    {
        await using var target = ProbeTarget.Answers(async (stream, _, stop) =>
        {
            await stream.WriteAsync("HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n"u8.ToArray(), stop);
            while (true)
            {
                await stream.WriteAsync("x"u8.ToArray(), stop);
                await Task.Delay(TimeSpan.FromMilliseconds(20), TimeProvider.System, stop);
            }
        });
        var run = await RunAsync(Probe(new HttpCheck(target.Url()), "[BODY] == x") with { TimeoutMs = 300 });
        run.Reason.ShouldBe("no complete answer within 0.3 s");
        run.Seen.Connected.ShouldBeTrue();
    }

    [Fact]
    public async Task Headers_that_drip_end_with_the_timeout()
    {
        await using var target = ProbeTarget.Answers(async (stream, _, stop) => await Task.Delay(Timeout.InfiniteTimeSpan, TimeProvider.System, stop));
        (await RunAsync(Probe(new HttpCheck(target.Url())) with { TimeoutMs = 200 })).Reason.ShouldBe("no complete answer within 0.2 s");
    }

    [Fact]
    public async Task A_huge_body_is_refused_only_where_a_condition_wants_it()
    {
        await using var target = ProbeTarget.Answers(async (stream, _, stop) =>
        {
            await stream.WriteAsync("HTTP/1.1 200 OK\r\n\r\n"u8.ToArray(), stop);
            var block = new byte[64 * 1024];
            while (true)
            {
                await stream.WriteAsync(block, stop);
            }
        });
        (await RunAsync(Probe(new HttpCheck(target.Url()) { MaxBodyBytes = 1 << 20 }, "[BODY] == x"))).Reason.ShouldBe("the body is larger than 1048576 bytes; maxBodyBytes may be up to 16777216");
        (await RunAsync(Probe(new HttpCheck(target.Url()), "[STATUS] == 200"))).Success.ShouldBeTrue();
    }

    [Fact]
    public async Task Huge_headers_are_refused()
    {
        await using var target = ProbeTarget.Says("HTTP/1.1 200 OK\r\n" + string.Concat(Enumerable.Repeat("X-A: " + new string('a', 1000) + "\r\n", 100)) + "\r\n");
        var run = await RunAsync(Probe(new HttpCheck(target.Url())));
        run.Success.ShouldBeFalse();
        run.Reason.ShouldContain("32768");
    }

    [Theory]
    [InlineData("", "the connection broke: ")]
    [InlineData("SSH-2.0-OpenSSH_9.2\r\n", "the answer is not HTTP: ")]
    [InlineData("HTTP/1.1 200 OK\r\nContent-Length: 50\r\n\r\nshort", "the connection broke within the body: ")]
    public async Task A_broken_answer_fails_with_a_sentence(string bytes, string reason)
    {
        await using var target = ProbeTarget.Says(bytes);
        var run = await RunAsync(Probe(new HttpCheck(target.Url()), "[BODY] == x"));
        run.Success.ShouldBeFalse();
        run.Reason.ShouldStartWith(reason);
    }

    [Fact]
    public async Task A_reset_connection_fails_with_a_sentence()
    {
        using var listener = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        listener.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        listener.Listen();
        var reset = Task.Run(async () =>
        {
            using var client = await listener.AcceptAsync(Stop);
            (await client.ReceiveAsync(new byte[64], Stop)).ShouldBeGreaterThan(0);
            client.LingerState = new(true, 0);
        }, Stop);
        var run = await RunAsync(Probe(new HttpCheck(new($"http://127.0.0.1:{((IPEndPoint)listener.LocalEndPoint!).Port}/"))));
        await reset;
        run.Reason.ShouldStartWith("the connection broke");
    }

    [Fact]
    public async Task A_closed_port_is_named()
    {
        await using var target = ProbeTarget.Http(200, "");
        var (url, address) = (target.Url(), $"127.0.0.1:{target.Port}");
        await target.DisposeAsync();
        var run = await RunAsync(Probe(new HttpCheck(url)));
        run.Reason.ShouldStartWith($"no connection to {address}: ");
        run.Conditions.ShouldBeEmpty();
    }

    [Fact]
    public async Task Redirects_are_followed_up_to_the_limit()
    {
        await using var target = ProbeTarget.Answers(async (stream, head, stop) =>
        {
            var n = int.Parse(head.Split(' ')[1].TrimStart('/'));
            await stream.WriteAsync(Encoding.UTF8.GetBytes(n == 0 ? ProbeTarget.Text(200, "end") : ProbeTarget.Text(302, "", headers: $"Location: /{n - 1}\r\n")), stop);
        });
        (await RunAsync(Probe(new HttpCheck(target.Url("/5")), "[BODY] == end"))).Reason.ShouldBe("");
        (await RunAsync(Probe(new HttpCheck(target.Url("/6"))))).Reason.ShouldStartWith("more than 5 redirects");
        (await RunAsync(Probe(new HttpCheck(target.Url("/6")) { MaxRedirects = 0 }, "[STATUS] == 302"))).Success.ShouldBeTrue();
    }

    [Theory]
    [InlineData("http://169.254.169.254/latest/meta-data/", "169.254.169.254, which is link-local")]
    [InlineData("http://[::ffff:169.254.169.254]/", "::ffff:169.254.169.254, which is link-local")]
    [InlineData("http://10.0.0.1/", "10.0.0.1, which is private, and a redirect may not lead there")]
    [InlineData("http://localhost:1/", "localhost is 127.0.0.1, which is this machine, and a redirect may not lead there")]
    [InlineData("file:///etc/passwd", "a redirect leads to file, which is not HTTP")]
    public async Task A_redirect_to_what_the_document_did_not_write_is_refused(string location, string reason)
    {
        await using var target = ProbeTarget.Http(302, "", headers: $"Location: {location}\r\n");
        (await RunAsync(Probe(new HttpCheck(target.Url())), To("127.0.0.1"))).Reason.ShouldStartWith(reason);
    }

    [Fact]
    public async Task A_public_name_that_leads_to_this_machine_is_refused_and_nothing_is_sent()
    {
        await using var target = ProbeTarget.Http(200, "");
        var probe = Probe(new HttpCheck(target.Url(host: "shop.example")));
        (await RunAsync(probe, To("127.0.0.1"))).Reason.ShouldBe("shop.example is 127.0.0.1, which is this machine, and a public name may not lead there; write allowPrivate: true if it is meant");
        target.Requests.ShouldBeEmpty();
        (await RunAsync(probe with { AllowPrivate = true }, To("127.0.0.1"))).Success.ShouldBeTrue();
        (await RunAsync(Probe(new HttpCheck(target.Url(host: "backend"))), To("127.0.0.1"))).Success.ShouldBeTrue();
    }

    [Fact]
    public async Task A_name_that_changes_between_check_and_connection_gains_nothing()
    {
        await using var target = ProbeTarget.Http(200, "");
        var asked = 0;
        // The first answer is public and goes nowhere; a second look would lead home.
        Task<IPAddress[]> Rebinding(string host, CancellationToken stop) => Task.FromResult<IPAddress[]>([IPAddress.Parse(asked++ == 0 ? "192.0.2.1" : "127.0.0.1")]);
        var run = await RunAsync(Probe(new HttpCheck(target.Url(host: "rebind.example"))) with { TimeoutMs = 500 }, Rebinding);
        run.Success.ShouldBeFalse();
        asked.ShouldBe(1);
        target.Requests.ShouldBeEmpty();
    }

    [Fact]
    public async Task Credentials_stay_with_the_host_of_the_document()
    {
        await using var other = ProbeTarget.Http(200, "");
        await using var target = ProbeTarget.Http(307, "", headers: $"Location: {other.Url("/stolen")}\r\n");
        var check = new HttpCheck(target.Url()) { Headers = [("X-Key", new Secret("k"))], Body = new("secret"), Method = "POST", Access = new HttpAccess { Credentials = new Secret("t") } };
        (await RunAsync(Probe(check) with { AllowPrivate = true })).Success.ShouldBeTrue();
        target.Requests.Single().ShouldContain("Bearer t");
        var stolen = other.Requests.Single();
        (stolen.Contains("X-Key", StringComparison.Ordinal) || stolen.Contains("Authorization", StringComparison.Ordinal) || stolen.Contains("secret", StringComparison.Ordinal)).ShouldBeFalse();
    }

    [Fact]
    public async Task A_certificate_that_is_not_believed_fails_and_its_end_is_seen_all_the_same()
    {
        await using var target = ProbeTarget.Says(ProbeTarget.Text(200, ""), ProbeTarget.Certificate(days: 10));
        var run = await RunAsync(Probe(new HttpCheck(target.Url())));
        run.Reason.ShouldStartWith("the certificate is not believed");
        run.Seen.CertificateLeftMs.ShouldNotBeNull().ShouldBeInRange(9 * 86_400_000.0, 10 * 86_400_000.0);
        var trusting = new HttpAccess { Tls = new() { InsecureSkipVerify = true } };
        (await RunAsync(Probe(new HttpCheck(target.Url()) { Access = trusting }, "[CERTIFICATE_EXPIRATION] > 48h"))).Reason.ShouldBe("");
        (await RunAsync(Probe(new HttpCheck(target.Url()) { Access = trusting }, "[CERTIFICATE_EXPIRATION] > 336h"))).Reason.ShouldContain("does not hold");
    }

    [Fact]
    public async Task A_certificate_that_is_over_has_less_than_nothing_left()
    {
        await using var target = ProbeTarget.Says(ProbeTarget.Text(200, ""), ProbeTarget.Certificate(days: -3));
        (await RunAsync(Probe(new HttpCheck(target.Url())))).Seen.CertificateLeftMs.ShouldNotBeNull().ShouldBeLessThan(0);
    }

    [Fact]
    public async Task Plain_text_where_tls_is_expected_fails_with_a_sentence()
    {
        await using var target = ProbeTarget.Http(200, "");
        (await RunAsync(Probe(new HttpCheck(new($"https://127.0.0.1:{target.Port}/"))))).Reason.ShouldStartWith("no TLS");
    }

    [Fact]
    public async Task A_secret_that_is_not_there_is_named_and_not_sent()
    {
        await using var target = ProbeTarget.Http(200, "");
        (await RunAsync(Probe(new HttpCheck(target.Url()) { Headers = [("X-Key", new Secret("${env:NINES_NOT_SET}"))] }))).Reason.ShouldBe("the environment variable NINES_NOT_SET is not set");
        target.Requests.ShouldBeEmpty();
    }
}
