using System.Text;
using Nines.Core.Probes.Collectors;
using Nines.Core.Workspace;
using Nines.Metrics;

namespace Nines.Core.Tests.Workspace;

public sealed class CollectorReaderTests
{
    private const string Head = "apiVersion: nines/v1\nkind: Collector\nmetadata: {name: c}\nspec:\n";

    [Fact]
    public void Host_AllItCanSay()
    {
        var collector = One("""
              type: host
              interval: 30s
              timeout: 5s
              service: bot
              environment: staging
              labels: {job: hosts}
              seriesLimit: 50
              runbook: https://wiki.example/host
              root: /host
              instance: box
              excludeMounts: /mnt/.*
              containers: true
              cgroups: /system\.slice/postgresql.*\.service
              processes:
                - {name: web, match: nginx}
            ---
            apiVersion: openslo/v1
            kind: Service
            metadata: {name: bot}
            spec: {}
            ---
            apiVersion: nines/v1
            kind: Environment
            metadata: {name: staging}
            """);
        (collector.Interval, collector.Timeout, collector.Service, collector.Environment, collector.SeriesLimit, collector.Runbook!.Host).ShouldBe(
            (TimeSpan.FromSeconds(30), TimeSpan.FromSeconds(5), "bot", "staging", 50, "wiki.example"));
        collector.Extra.ShouldBe(Labels.Of(("job", "hosts")));
        var host = collector.Work.ShouldBeOfType<HostWork>();
        (host.Root, host.Instance, host.Processes[0].Name).ShouldBe(("/host", "box", "web"));
        host.Cgroups!.IsMatch("/system.slice/postgresql@15-main.service").ShouldBeTrue();
        host.Cgroups!.IsMatch($"/system.slice/docker-{new string('0', 64)}.scope").ShouldBeTrue();
        host.Cgroups!.IsMatch("/user.slice").ShouldBeFalse();
    }

    [Fact]
    public void Defaults_AreAMinuteAndTenSeconds()
    {
        var collector = One("  type: host");
        (collector.Interval, collector.Timeout, collector.Environment, collector.SeriesLimit).ShouldBe((TimeSpan.FromMinutes(1), TimeSpan.FromSeconds(10), "production", 1000));
        One("  type: host\n  interval: 2s").Timeout.ShouldBe(TimeSpan.FromSeconds(2));
    }

    [Fact]
    public void Sql_QueriesAndPresetsAreOneList()
    {
        var sql = One("""
              type: sql
              database: ${env:DATABASE}
              preset: postgres-connections
              query: SELECT max(scraped_at) AS at FROM deals
              metric: deals_age_seconds
              help: Age of the newest deal.
              as: age
              queries:
                - {query: 'SELECT source, good, bad FROM votes', metric: votes, values: [good, bad], counter: true}
            """).Work.ShouldBeOfType<SqlWork>();
        sql.Queries.Select(q => $"{q.Metric.Name} {q.Metric.Unit} {q.Metric.Meaning} {q.Metric.IsCounter} {string.Join(',', q.Values)}").ShouldBe(
        [
            "votes  Number True good,bad", "deals_age_seconds seconds Age False ", "pg_stat_activity_count  Number False value",
            "pg_settings_max_connections  Number False value", "pg_stat_activity_max_tx_duration seconds Number False value",
        ]);
    }

    [Fact]
    public void Json_OneValueOrMany()
    {
        One("  type: json\n  url: http://localhost:6333/collections/x\n  path: result.points_count\n  metric: points\n  labels: {team: a}\n  bearer_token: ${env:T}")
            .Work.ShouldBeOfType<JsonWork>().Values.ShouldHaveSingleItem().Labels.ShouldBe(Labels.Empty);
        One("  type: json\n  url: http://localhost/x\n  values: [{path: a, metric: m, labels: {q: a}}, {path: b, metric: m, labels: {q: b}}]")
            .Work.ShouldBeOfType<JsonWork>().Values.Select(v => v.Labels["q"]).ShouldBe(["a", "b"]);
    }

    [Fact]
    public void Certificate_EndpointsAreHostAndPort() =>
        One("  type: certificate\n  endpoints: ['example.org:443', '[::1]:8443']\n  files: [/etc/ssl/*.pem]")
            .Work.ShouldBeOfType<CertificateWork>().Endpoints.ShouldBe([("example.org", 443), ("::1", 8443)]);

    [Theory]
    [InlineData("  type: hosts", "5:9 bad-value", "did you mean host?")]
    [InlineData("  interval: 1m", "5:3 missing", "a Collector needs type")]
    [InlineData("  type: host\n  interval: 10s\n  timeout: 20s", "7:12 bad-value", "timeout must not be longer than interval")]
    [InlineData("  type: host\n  service: nobody", "6:12 unknown-reference", "there is no service nobody")]
    [InlineData("  type: host\n  labels: {collector: x}", "6:12 bad-value", "the label collector is set by Nines")]
    [InlineData("  type: host\n  labels: {a-b: x}", "6:12 bad-value", "this is no name of a label: a-b")]
    [InlineData("  type: host\n  root: host", "6:9 bad-value", "root must be an absolute path")]
    [InlineData("  type: host\n  excludeMounts: '('", "6:18 bad-value", "no regular expression")]
    [InlineData("  type: host\n  query: SELECT 1", "6:3 unknown-key", "spec has no key query")]
    [InlineData("  type: sql\n  query: SELECT 1\n  metric: m", "5:3 missing", "database or file, one of them")]
    [InlineData("  type: sql\n  file: /a.db\n  database: x\n  query: SELECT 1\n  metric: m", "5:3 missing", "database or file, one of them")]
    [InlineData("  type: sql\n  file: /a.db", "5:3 missing", "needs query, queries or preset")]
    [InlineData("  type: sql\n  file: /a.db\n  query: SELECT 1", "5:3 missing", "spec needs metric")]
    [InlineData("  type: sql\n  file: /a.db\n  query: SELECT 1\n  metric: 1m", "8:11 bad-value", "this is no name of a metric: 1m")]
    [InlineData("  type: sql\n  file: /a.db\n  preset: postgres-size", "7:11 bad-value", "asks PostgreSQL")]
    [InlineData("  type: sql\n  database: ${env:D}\n  preset: postgres-sise", "7:11 bad-value", "did you mean postgres-size?")]
    [InlineData("  type: sql\n  database: Host=x;Password=y\n  preset: postgres-size", "6:13 literal-secret", "database holds a password")]
    [InlineData("  type: json\n  url: http://a:b@c/\n  path: x\n  metric: m", "6:8 bad-value", "url holds credentials")]
    [InlineData("  type: json\n  url: http://c/", "5:3 missing", "needs path or values")]
    [InlineData("  type: json\n  url: http://c/\n  path: a..b\n  metric: m", "7:9 bad-value", "this is no path to a value: a..b")]
    [InlineData("  type: file", "5:3 missing", "needs path or paths")]
    [InlineData("  type: file\n  path: backup/*", "6:9 bad-value", "begins with /")]
    [InlineData("  type: certificate\n  endpoints: [example.org]", "6:15 bad-value", "write it as example.org:443")]
    public void Mistakes_AreNamedAtTheirPlace(string spec, string place, string message)
    {
        var problem = Read(spec).Problems.ShouldHaveSingleItem();
        $"{problem.Position.Line}:{problem.Position.Column} {problem.Code}".ShouldBe(place);
        $"{problem.Message} {problem.Hint}".ShouldContain(message);
    }

    [Fact]
    public void SameName_Twice_IsAnError() =>
        Read("  type: host\n---\n" + Head + "  type: host").Problems.ShouldHaveSingleItem().Message.ShouldBe("collector c is declared twice");

    private static Collector One(string spec)
    {
        var reading = Read(spec);
        reading.Problems.ShouldBeEmpty();
        return reading.Model!.Collectors.ShouldHaveSingleItem();
    }

    private static WorkspaceReading Read(string spec) => WorkspaceReader.Read([new("w.yaml", Encoding.UTF8.GetBytes(Head + spec + "\n"))]);
}
