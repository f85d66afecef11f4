using System.Text;
using Nines.Core.Workspace;

namespace Nines.Core.Tests.Workspace;

public sealed class HeartbeatReaderTests
{
    private const string Around = """
        apiVersion: openslo/v1
        kind: Service
        metadata: {name: scraper}
        ---
        apiVersion: nines/v1
        kind: Environment
        metadata: {name: staging}
        ---
        apiVersion: nines/v1
        kind: Heartbeat
        metadata: {name: weekly, displayName: Weekly scrape}
        spec:

        """;

    [Fact]
    public void Read_Everything()
    {
        var weekly = Read("""
              service: scraper
              cron: "0 3 * * 0"
              timezone: Europe/Berlin
              grace: 2h
              maxRuntime: 4h
              evidence: {rows: {min: 1}}
              severity: critical
              runbook: https://wiki.example/scraper
            """).Model!.Heartbeats.ShouldHaveSingleItem();
        (weekly.Name, weekly.DisplayName, weekly.Service, weekly.Environment, weekly.Severity).ShouldBe(("weekly", "Weekly scrape", "scraper", "production", "critical"));
        (weekly.Schedule.Text, weekly.GraceMs, weekly.MaxRuntimeMs, weekly.MinRows).ShouldBe(("0 3 * * 0 (Europe/Berlin)", 7_200_000, 14_400_000, 1));
        weekly.Runbook.ShouldBe(new Uri("https://wiki.example/scraper"));
    }

    [Theory]
    [InlineData("  every: 1h", "every 1h page 300000")]
    [InlineData("  {every: 1h, environment: staging}", "every 1h ticket 300000")]
    [InlineData("  {every: 1h, environment: staging, severity: page, grace: 2h}", "every 1h page 7200000")]
    [InlineData("  watchdog: {alertname: Watchdog, matchers: ['cluster=\"eu\"']}", "every 1m page 300000")]
    public void Read_Defaults(string spec, string wanted)
    {
        var heartbeat = Read(spec).Model!.Heartbeats.ShouldHaveSingleItem();
        $"{heartbeat.Schedule.Text} {heartbeat.Severity} {heartbeat.GraceMs}".ShouldBe(wanted);
    }

    [Theory]
    [InlineData("  service: scraper", "missing", "a heartbeat needs every or cron")]
    [InlineData("  {every: 1h, cron: '0 3 * * *'}", "bad-value", "every and cron are both given")]
    [InlineData("  {cron: '0 3 * *', timezone: UTC}", "bad-value", "cron 0 3 * * is no schedule: five fields are needed")]
    [InlineData("  {cron: '0 3 30 2 *', timezone: UTC}", "bad-value", "it never comes")]
    [InlineData("  {cron: '0 3 * * *', timezone: Europe/Berlni}", "bad-value", "there is no time zone Europe/Berlni")]
    [InlineData("  {cron: '0 3 * * *', timezone: Europe/Berlin, grace: 23h}", "bad-value", "grace 23h reaches into the next run, 23h later")]
    [InlineData("  {every: 1h, service: scrapper}", "unknown-reference", "there is no service scrapper")]
    [InlineData("  {every: 1h, environment: stagging}", "unknown-reference", "there is no environment stagging")]
    [InlineData("  {every: 1h, evidence: {rows: {min: 0}}}", "bad-value", "min must be between 1")]
    [InlineData("  {every: 1h, runbook: wiki}", "bad-value", "runbook must be an address")]
    [InlineData("  {watchdog: {alertname: W, matchers: ['=']}}", "bad-value", "this is no matcher")]
    [InlineData("  {every: 1h, gracee: 5m}", "unknown-key", "spec has no key gracee")]
    public void Read_Mistakes_AreNamed(string spec, string code, string message)
    {
        var reading = Read(spec);
        reading.Model.ShouldBeNull();
        var problem = reading.Problems.Where(p => p.Severity == ProblemSeverity.Error).ShouldHaveSingleItem();
        problem.Code.ShouldBe(code);
        problem.Message.ShouldContain(message);
    }

    [Fact]
    public void Read_CronWithoutAZone_IsWarnedOf() => Read("  cron: '0 3 * * *'").Problems.ShouldContain(p => p.Code == "no-timezone");

    private static WorkspaceReading Read(string spec) => WorkspaceReader.Read([new("w.yaml", Encoding.UTF8.GetBytes(Around + spec))]);
}
