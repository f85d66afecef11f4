using System.Diagnostics;
using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Microsoft.AspNetCore.Http;
using Nines.Core;
using Nines.Core.Probes.Collectors;
using Nines.Core.Telemetry;
using Nines.Metrics;
using Nines.Server.Tests.Telemetry;

namespace Nines.Server.Tests.Probes.Collectors;

/// <summary>Answers that cost only the collector that gets them.</summary>
public sealed class HostileCollectorTests
{
    private const string Token = "t0k3n-s3cr3t";

    private static readonly Dictionary<string, (Func<HttpContext, Task> Answer, string Error)> Answers = new(StringComparer.Ordinal)
    {
        ["not json"] = (c => c.Response.WriteAsync("<html>" + Token), "the answer is not JSON"),
        ["nothing"] = (_ => Task.CompletedTask, "the answer is not JSON"),
        ["nested"] = (c => c.Response.WriteAsync(new string('[', 100_000)), "the answer is not JSON"),
        ["another type"] = (c => c.Response.WriteAsync("{\"a\": {\"b\": \"many\"}}"), "a.b is no number: many"),
        ["not there"] = (c => c.Response.WriteAsync("{\"a\": 1}"), "the answer has nothing at a.b"),
        ["an error"] = (c =>
        {
            c.Response.StatusCode = 503;
            return c.Response.WriteAsync("{\"a\": {\"b\": 1}}");
        }, "HTTP status 503 Service Unavailable"),
        ["a loop"] = (c =>
        {
            c.Response.Redirect("/metrics");
            return Task.CompletedTask;
        }, "HTTP status 302 Found"),
        ["endless"] = (async c =>
        {
            while (!c.RequestAborted.IsCancellationRequested)
            {
                await c.Response.Body.WriteAsync(new byte[65_536], c.RequestAborted);
            }
        }, "the answer is larger than 1 MiB"),
        ["one byte at a time"] = (async c =>
        {
            while (true)
            {
                await c.Response.Body.WriteAsync(" "u8.ToArray(), c.RequestAborted);
                await c.Response.Body.FlushAsync(c.RequestAborted);
                await Task.Delay(TimeSpan.FromMilliseconds(20), TimeProvider.System, c.RequestAborted);
            }
        }, "no complete answer within 1 s"),
        ["never"] = (c => Task.Delay(Timeout.InfiniteTimeSpan, TimeProvider.System, c.RequestAborted), "no complete answer within 1 s"),
    };

    public static readonly TheoryData<string> Names = [.. Answers.Keys];

    [Theory]
    [MemberData(nameof(Names))]
    public async Task Json_HostileAnswer_IsSaid(string name)
    {
        await using var server = await TargetServer.StartAsync();
        using var world = new CollectorWorld(TimeProvider.System);
        server.Answer = Answers[name].Answer;
        var begun = Stopwatch.GetTimestamp();
        (await world.RunAsync(world.Runner(Json(server.Url)))).ShouldBe(Answers[name].Error);
        Stopwatch.GetElapsedTime(begun).ShouldBeLessThan(TimeSpan.FromSeconds(10));
        world.Samples("collector_success").ShouldBe(["0"]);
    }

    [Fact]
    public async Task Json_IsAskedWithItsSecret_WhichIsInNoMessage()
    {
        Environment.SetEnvironmentVariable("NINES_TEST_COLLECTOR_TOKEN", Token);
        await using var server = await TargetServer.StartAsync();
        using var world = new CollectorWorld();
        server.Answer = c => c.Response.WriteAsync(c.Request.Headers.Authorization == $"Bearer {Token}" ? "{\"a\": {\"b\": 5}}" : "{}");
        var work = (JsonWork)Json(server.Url).Work;
        var signed = work with { Access = new HttpAccess { Credentials = new Secret("${env:NINES_TEST_COLLECTOR_TOKEN}") } };
        (await world.RunAsync(world.Runner(CollectorWorld.Collector(signed)))).ShouldBeNull();
        world.Samples("m").ShouldBe(["5"]);
        var lost = work with { Access = new HttpAccess { Credentials = new Secret("${env:NINES_TEST_NOT_SET}") } };
        (await world.RunAsync(world.Runner(CollectorWorld.Collector(lost)))).ShouldBe("the environment variable NINES_TEST_NOT_SET is not set");
        await server.DisposeAsync();
        (await world.RunAsync(world.Runner(CollectorWorld.Collector(signed)))).ShouldNotBeNull().ShouldNotContain(Token);
    }

    [Fact]
    public async Task Certificates_OfServersAndFiles_AndWhatCannotBeReadIsNamed()
    {
        using var world = new CollectorWorld();
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest("CN=shop.example", key, HashAlgorithmName.SHA256);
        using var certificate = request.CreateSelfSigned(world.Clock.GetUtcNow().AddDays(-100), world.Clock.GetUtcNow().AddDays(10));
        var pem = Path.Combine(world.Path, "shop.pem");
        await File.WriteAllTextAsync(pem, certificate.ExportCertificatePem(), TestContext.Current.CancellationToken);
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        using var shown = X509CertificateLoader.LoadPkcs12(certificate.Export(X509ContentType.Pfx), null);
        var serving = ServeAsync(listener, shown);
        var port = ((IPEndPoint)listener.LocalEndpoint).Port;

        var work = new CertificateWork([("127.0.0.1", port), ("127.0.0.1", 1)], [world.Path + "/*.pem", world.Path + "/*.crt"]);
        var error = await world.RunAsync(world.Runner(CollectorWorld.Collector(work)));
        error.ShouldNotBeNull().ShouldSatisfyAllConditions(e => e.ShouldContain("127.0.0.1:1: "), e => e.ShouldContain("no file is"));
        await serving;
        world.Samples("certificate_seconds_left").Select(s => double.Parse(s)).ShouldAllBe(s => Math.Abs(s - 864_000) < 2);
        var series = world.Store.Select([new Matcher("__name__", MatchOp.Equal, "certificate_seconds_left")], 0, long.MaxValue).Select(s => s.Labels).ToList();
        series.Select(s => s["subject"]).ShouldBe(["CN=shop.example", "CN=shop.example"]);
        series.Select(s => s["endpoint"] + s["path"]).Order().ShouldBe([pem, $"127.0.0.1:{port}"]);
    }

    private static async Task ServeAsync(TcpListener listener, X509Certificate2 certificate)
    {
        using var client = await listener.AcceptTcpClientAsync(TestContext.Current.CancellationToken);
        await using var tls = new SslStream(client.GetStream());
        await tls.AuthenticateAsServerAsync(certificate);
    }

    private static Collector Json(Uri url) => CollectorWorld.Collector(
        new JsonWork(url, HttpAccess.Plain, [], [new(JsonPath.Parse("a.b")!, new("m", "", "", ValueMeaning.Number, false), Labels.Empty)]), timeoutSeconds: 1);
}
