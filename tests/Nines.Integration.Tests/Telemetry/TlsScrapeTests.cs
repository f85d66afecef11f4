using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;
using Nines.Core.Access;

namespace Nines.Integration.Tests.Telemetry;

/// <summary>Scraping a target that speaks TLS with a certificate of an authority of its own, and wants to know who asks.</summary>
public sealed class TlsScrapeTests
{
    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Target_OfAnAuthorityOfItsOwn_IsScraped_AndEachMistakeIsNamed()
    {
        using var authority = Authority("Shop CA");
        using var stranger = Authority("Other CA");
        await using var target = await TargetAsync(authority);
        var address = new Uri(target.Urls.First()).Authority;
        string Job(string name, string rest) => $"""
              - job_name: {name}
                scheme: https
                {rest.ReplaceLineEndings("\n    ")}
                static_configs: [{"{"}targets: ["{address}"]{"}"}]

            """;
        await using var server = await RunningServer.StartAsync(new Dictionary<string, string>
        {
            ["ca.pem"] = authority.ExportCertificatePem(),
            ["stranger.pem"] = stranger.ExportCertificatePem(),
            ["broken.pem"] = "no certificate",
            ["token"] = "open-sesame\n",
            ["scrape.yaml"] = "global: {scrape_interval: 1s}\nscrape_configs:\n"
                + Job("bearer", "authorization: {credentials_file: token}\ntls_config: {ca_file: ca.pem}")
                + Job("basic", "basic_auth: {username: nines, password_file: token}\ntls_config: {ca_file: ca.pem, server_name: localhost}")
                + Job("unsafe", "bearer_token_file: token\ntls_config: {insecure_skip_verify: true}")
                + Job("stranger", "bearer_token_file: token\ntls_config: {ca_file: stranger.pem}")
                + Job("system", "bearer_token_file: token")
                + Job("name", "bearer_token_file: token\ntls_config: {ca_file: ca.pem, server_name: elsewhere}")
                + Job("nobody", "tls_config: {ca_file: ca.pem}")
                + Job("wrong", "basic_auth: {username: nobody, password_file: token}\ntls_config: {ca_file: ca.pem}")
                + Job("absent", "bearer_token_file: token\ntls_config: {ca_file: absent.pem}")
                + Job("broken", "bearer_token_file: token\ntls_config: {ca_file: broken.pem}"),
        });
        var errors = await ScrapedAsync(server, 10);
        errors["bearer"].ShouldBe("");
        errors["basic"].ShouldBe("");
        errors["unsafe"].ShouldBe("");
        errors["stranger"].ShouldStartWith("the certificate is of no authority in stranger.pem (");
        errors["system"].ShouldStartWith("the certificate is of no authority in the system's store; ca_file names others (");
        errors["name"].ShouldStartWith("the certificate is not for elsewhere (");
        errors["nobody"].ShouldBe("HTTP status 401 Unauthorized");
        errors["wrong"].ShouldBe("HTTP status 401 Unauthorized");
        errors["absent"].ShouldContain("the file absent.pem cannot be read");
        errors["broken"].ShouldContain("the file broken.pem cannot be read");
        errors.Values.ShouldAllBe(e => !e.Contains("sesame"), "a secret is not shown");

        using var client = await server.ClientAsync(Role.Viewer);
        var up = JsonNode.Parse(await client.GetStringAsync("/api/v1/query?query=up%3D%3D1", Stop))!["data"]!["result"]!.AsArray();
        up.Select(s => (string?)s!["metric"]!["job"]).Order(StringComparer.Ordinal).ShouldBe(["basic", "bearer", "unsafe"]);
    }

    /// <summary>The error of each job's target, once all were scraped; empty when it is up.</summary>
    private static async Task<Dictionary<string, string>> ScrapedAsync(RunningServer server, int count)
    {
        using var client = await server.ClientAsync(Role.Viewer);
        for (var i = 0; ; i++)
        {
            i.ShouldBeLessThan(600, "not all targets were scraped within 30 s");
            var items = JsonNode.Parse(await client.GetStringAsync("/nines/v1/targets", Stop))!["items"]!.AsArray();
            if (items.Count == count && items.All(t => (string?)t!["health"] != "unknown"))
            {
                return items.ToDictionary(t => (string)t!["job"]!, t => (string?)t!["lastError"] ?? "");
            }
            await Task.Delay(TimeSpan.FromMilliseconds(50), TimeProvider.System, Stop);
        }
    }

    private static async Task<WebApplication> TargetAsync(X509Certificate2 authority)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseKestrelHttpsConfiguration().ConfigureKestrel(k => k.Listen(IPAddress.Loopback, 0, l => l.UseHttps(Issued(authority))));
        var app = builder.Build();
        string[] accepted = ["Bearer open-sesame", "Basic " + Convert.ToBase64String("nines:open-sesame"u8)];
        app.MapGet("/metrics", (HttpRequest request) => accepted.Contains((string?)request.Headers.Authorization)
            ? Results.Text("doors 7\n", "text/plain") : Results.Unauthorized());
        await app.StartAsync(Stop);
        return app;
    }

    private static X509Certificate2 Authority(string name)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest($"CN={name}", key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, false, 0, true));
        request.CertificateExtensions.Add(new X509KeyUsageExtension(X509KeyUsageFlags.KeyCertSign, true));
        var now = TimeProvider.System.GetUtcNow();
        return request.CreateSelfSigned(now.AddHours(-1), now.AddDays(2));
    }

    private static X509Certificate2 Issued(X509Certificate2 authority)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest("CN=shop", key, HashAlgorithmName.SHA256);
        var names = new SubjectAlternativeNameBuilder();
        names.AddDnsName("localhost");
        names.AddIpAddress(IPAddress.Loopback);
        request.CertificateExtensions.Add(names.Build());
        var now = TimeProvider.System.GetUtcNow();
        using var issued = request.Create(authority, now.AddMinutes(-30), now.AddDays(1), [1, 2, 3, 4]);
        return issued.CopyWithPrivateKey(key);
    }
}
