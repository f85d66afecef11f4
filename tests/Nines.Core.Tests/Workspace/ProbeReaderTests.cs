using System.Text;
using Nines.Core.Probes;
using Nines.Core.Workspace;

namespace Nines.Core.Tests.Workspace;

public sealed class ProbeReaderTests
{
    private static WorkspaceReading Read(string text) => WorkspaceReader.Read([new("probes.yaml", Encoding.UTF8.GetBytes(text))]);

    private static string Probe(string spec) => "apiVersion: nines/v1\nkind: Probe\nmetadata: {name: shop}\nspec:\n" + string.Join('\n', spec.Split('\n').Select(l => "  " + l)) + "\n";

    [Fact]
    public void A_whole_probe_is_read()
    {
        var reading = Read("""
            apiVersion: openslo/v1
            kind: Service
            metadata: {name: checkout}
            spec: {}
            ---
            apiVersion: nines/v1
            kind: Probe
            metadata: {name: shop, displayName: The shop answers}
            spec:
              service: checkout
              http:
                url: https://shop.example/health
                method: POST
                headers: {X-Key: "${env:KEY}"}
                body: '{"ping": true}'
                maxRedirects: 2
                maxBodyBytes: 2097152
                basic_auth: {username: probe, password: "${file:/etc/nines/pw}"}
              conditions: ["[STATUS] == 200", "[RESPONSE_TIME] < 2s"]
              interval: 5m
              timeout: 20s
              failuresBeforeDown: 3
              successesBeforeUp: 2
              severity: critical
              runbook: https://wiki.example/shop
              certificate: {warnBefore: 14d}
              allowPrivate: true
              labels: {team: core}
            """);
        reading.Problems.ShouldBeEmpty();
        var probe = reading.Model!.Probes.ShouldHaveSingleItem();
        (probe.DisplayName, probe.Service, probe.Environment, probe.Severity, probe.IntervalMs, probe.TimeoutMs).ShouldBe(("The shop answers", "checkout", "production", "critical", 300_000L, 20_000L));
        (probe.FailuresBeforeDown, probe.SuccessesBeforeUp, probe.WarnBeforeMs, probe.AllowPrivate).ShouldBe((3, 2, 14 * 86_400_000L, true));
        probe.Conditions.Select(c => c.Text).ShouldBe(["[STATUS] == 200", "[RESPONSE_TIME] < 2s"]);
        probe.Identity.ToString().ShouldBe("{environment=\"production\", probe=\"shop\", service=\"checkout\", team=\"core\"}");
        var http = probe.Check.ShouldBeOfType<HttpCheck>();
        (http.Method, http.MaxRedirects, http.MaxBodyBytes, http.Access.Username).ShouldBe(("POST", 2, 2_097_152, "probe"));
    }

    [Theory]
    [InlineData("http: {url: http://127.0.0.1:8080/}", "[STATUS] < 400")]
    [InlineData("tcp: {address: 'db:5432'}", "[CONNECTED] == true")]
    [InlineData("dns: {name: shop.example, server: 1.1.1.1}", "[DNS_RCODE] == NOERROR")]
    [InlineData("postgres: {address: 'db.internal', database: shop}", "[CONNECTED] == true")]
    [InlineData("redis: {address: '[::1]:6380'}", "[BODY] == PONG")]
    [InlineData("rabbitmq: {address: mq}", "[CONNECTED] == true")]
    [InlineData("script: {command: [/bin/true]}", "[STATUS] == 0")]
    public void Each_kind_has_a_condition_of_its_own(string check, string condition)
    {
        var reading = Read(Probe(check));
        reading.Problems.ShouldBeEmpty();
        reading.Model!.Probes.Single().Conditions.Single().Text.ShouldBe(condition);
    }

    [Theory]
    [InlineData("interval: 1m", 5, 3, "a probe needs to know what to do")]
    [InlineData("http: {url: http://a/}\ntcp: {address: 'a:1'}", 5, 3, "a probe does one thing, not http and tcp")]
    [InlineData("http: {url: shop}", 5, 15, "url is not an http address")]
    [InlineData("http: {url: 'http://u:p@shop/'}", 5, 15, "url holds credentials")]
    [InlineData("http: {url: http://a/}\nconditions: [\"[STATUSS] == 200\"]", 6, 17, "there is no [STATUSS]")]
    [InlineData("http: {url: http://a/}\nconditions: [\"[RESPONSE_TIME] < fast\"]", 6, 35, "< compares numbers and durations, and fast is neither")]
    [InlineData("http: {url: http://a/}\nconditions:\n  - '[STATUS]==200'", 7, 8, "this is no condition: [STATUS]==200")]
    [InlineData("http: {url: http://a/}\ninterval: 5s\ntimeout: 10s", 7, 12, "timeout is longer than interval")]
    [InlineData("http: {url: http://a/}\nservice: chekout", 6, 12, "there is no service chekout")]
    [InlineData("http: {url: http://a/}\nenvironment: moon", 6, 16, "there is no environment moon")]
    [InlineData("tcp: {address: 'a:1'}\ncertificate: {warnBefore: 14d}", 6, 16, "a tcp probe without TLS sees no certificate")]
    [InlineData("tcp: {address: shop}", 5, 18, "address is not host:port: shop")]
    [InlineData("http: {url: http://a/}\nlabels: {probe: x}", 6, 12, "probe cannot be a label of a probe")]
    [InlineData("http: {url: http://a/}\nfailures: 3", 6, 3, "spec has no key failures")]
    [InlineData("script: {command: []}", 5, 21, "command names no program")]
    public void Mistakes_have_a_place(string spec, int line, int column, string message)
    {
        var problem = Read(Probe(spec)).Problems.ShouldHaveSingleItem();
        (problem.Position.Line, problem.Position.Column, problem.Message).ShouldBe((line, column, message));
    }

    [Fact]
    public void A_near_placeholder_is_named() =>
        Read(Probe("http: {url: http://a/}\nconditions: [\"[STATUSS] == 200\"]")).Problems.Single().Hint.ShouldBe("did you mean [STATUS]?");

    [Fact]
    public void Two_of_one_name_are_refused() =>
        Read(Probe("http: {url: http://a/}") + "---\n" + Probe("http: {url: http://b/}")).Problems.Single().Message.ShouldBe("probe shop is declared twice");

    [Fact]
    public void Where_nobody_is_paged_a_probe_makes_tickets() =>
        Read("apiVersion: nines/v1\nkind: Environment\nmetadata: {name: staging}\n---\n" + Probe("environment: staging\nhttp: {url: http://a/}"))
            .Model!.Probes.Single().Severity.ShouldBe("ticket");
}
