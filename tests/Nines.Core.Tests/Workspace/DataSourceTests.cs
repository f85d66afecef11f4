using System.Text;
using Nines.Core.Workspace;

namespace Nines.Core.Tests.Workspace;

public sealed class DataSourceTests
{
    [Fact]
    public void Read_Prometheus_WithAccessHeadersAndLimits()
    {
        var reading = Read("""
            type: Prometheus
            description: the one of the cluster
            connectionDetails:
              url: https://prometheus.example/tenant
              basic_auth: {username: nines, password: "${env:PROM}"}
              headers: {X-Scope-OrgID: team-a, X-Key: "${file:/run/key}"}
              timeout: 10s
              maxConcurrent: 2
              maxSeries: 500
              maxSamples: 20000
            """);
        reading.Problems.ShouldBeEmpty();
        var source = reading.Model!.Sources.ShouldHaveSingleItem();
        (source.Name, source.Url.ToString(), source.Access.Username, source.Access.Password!.Reference).ShouldBe(("mine", "https://prometheus.example/tenant/", "nines", "${env:PROM}"));
        source.Headers.Select(h => (h.Name, h.Value.Reference)).ShouldBe([("X-Scope-OrgID", "team-a"), ("X-Key", "${file:/run/key}")]);
        (source.Timeout, source.MaxConcurrent, source.MaxSeries, source.MaxSamples).ShouldBe((TimeSpan.FromSeconds(10), 2, 500, 20_000));
        var indicator = reading.Model.Objectives[0].Indicator;
        (indicator.Source, indicator.Canonical).ShouldBe(("mine", "bad=+{__name__=\"b_total\"};total=+{__name__=\"a_total\"};source=mine"));
    }

    [Fact]
    public void Read_TypeNines_IsTheBuiltInEngine()
    {
        var reading = Read("type: Nines");
        reading.Problems.ShouldBeEmpty();
        reading.Model!.Sources.ShouldBeEmpty();
        reading.Model.Objectives[0].Indicator.Source.ShouldBeNull("and the account is the same as without a name");
    }

    [Theory]
    [InlineData("type: Datadog", "sources of type Datadog are not read")]
    [InlineData("type: Prometheus", "the document needs connectionDetails")]
    [InlineData("type: Prometheus\nconnectionDetails: {}", "connectionDetails needs url")]
    [InlineData("type: Prometheus\nconnectionDetails: {url: prometheus}", "url is not an http address: prometheus")]
    [InlineData("type: Prometheus\nconnectionDetails: {url: 'http://u:p@h'}", "url holds credentials")]
    [InlineData("type: Prometheus\nconnectionDetails: {url: 'http://h/api/v1'}", "url ends in /api/v1")]
    [InlineData("type: Prometheus\nconnectionDetails: {url: 'http://h', uri: x}", "connectionDetails has no key uri")]
    [InlineData("type: Prometheus\nconnectionDetails: {url: 'http://h', headers: {Authorization: x}}", "Authorization cannot be set as a header")]
    [InlineData("type: Prometheus\nconnectionDetails: {url: 'http://h', headers: {'a b': x}}", "a b cannot be set as a header")]
    [InlineData("type: Prometheus\nconnectionDetails: {url: 'http://h', maxConcurrent: 0}", "maxConcurrent must be between 1 and 64, not 0")]
    public void Read_WrongSource_IsNamed(string spec, string message) =>
        Read(spec).Problems.Where(p => p.Severity == ProblemSeverity.Error).ShouldHaveSingleItem().Message.ShouldBe(message.Replace("the document", "spec"));

    [Fact]
    public void Read_ReferenceToNoSource_IsAnErrorThatNamesWhatWasMeant()
    {
        var problem = Read("type: Nines", "mines").Problems[0];
        (problem.Code, problem.Message, problem.Hint).ShouldBe(("unknown-reference", "there is no DataSource mines", "did you mean mine?"));
    }

    private static WorkspaceReading Read(string spec, string reference = "mine") => WorkspaceReader.Read([new("w.yaml", Encoding.UTF8.GetBytes($$$$"""
        apiVersion: openslo/v1
        kind: DataSource
        metadata: {name: mine}
        spec:
          {{{{spec.ReplaceLineEndings("\n  ")}}}}
        ---
        apiVersion: openslo/v1
        kind: Service
        metadata: {name: shop}
        spec: {}
        ---
        apiVersion: openslo/v1
        kind: SLO
        metadata: {name: orders}
        spec:
          service: shop
          timeWindow: [{duration: 28d, isRolling: true}]
          indicator:
            metadata: {name: orders}
            spec:
              ratioMetric:
                counter: true
                bad: {metricSource: {type: Prometheus, metricSourceRef: {{{{reference}}}}, spec: {query: b_total}}}
                total: {metricSource: {type: Prometheus, metricSourceRef: {{{{reference}}}}, spec: {query: a_total}}}
          objectives: [{target: 0.99}]
        """))]);
}
