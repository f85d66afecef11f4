using System.Text;
using Nines.Core.Alerting.Routing;
using Nines.Core.Workspace;

namespace Nines.Core.Tests.Workspace;

public sealed class FailoverReaderTests
{
    private const string Tree = """
        route: {receiver: chat}
        receivers: [{name: chat, webhook_configs: [{url: 'http://c/'}]}]
        """;

    [Fact]
    public void Failover_NamesReceiversOfDocumentsAndOfTheTree()
    {
        var reading = Read("{receiver: phone, to: chat}, {receiver: chat, to: desk, after: 30s}");
        reading.Problems.ShouldBeEmpty();
        reading.Model!.Routing.Failover.ShouldBe(
            new Dictionary<string, Failover> { ["phone"] = new("chat", 120_000), ["chat"] = new("desk", 30_000) }, ignoreOrder: true);
    }

    [Theory]
    [InlineData("{receiver: phome, to: desk}", "d.yml:6:25 unknown-receiver there is no receiver phome did you mean phone?")]
    [InlineData("{receiver: phone, to: nobody}", "d.yml:6:36 unknown-receiver there is no receiver nobody ")]
    [InlineData("{receiver: phone, to: phone}", "d.yml:6:36 bad-value in the end phone stands in for itself: phone → phone let the last of them have no failover")]
    [InlineData("{receiver: phone, to: desk}, {receiver: phone, to: chat}", "d.yml:6:54 duplicate phone has a receiver that stands in for it already ")]
    [InlineData("{receiver: phone, to: desk, after: 0s}", "d.yml:6:49 bad-value after must be between 1s and 1d, not 0s ")]
    [InlineData("{receiver: phone, to: desk, later: 1m}", "d.yml:6:42 unknown-key failover has no key later ")]
    public void Failover_ThatCannotBe_IsNamedAtItsPlace(string failover, string problem)
    {
        var reading = Read(failover);
        reading.Model.ShouldBeNull();
        reading.Problems.Select(p => $"{p.Position} {p.Code} {p.Message} {p.Hint}").ShouldContain(problem);
    }

    [Fact]
    public void Loop_IsNamedAtEachOfItsMembers()
    {
        var problems = Read("{receiver: phone, to: desk}, {receiver: desk, to: phone}, {receiver: chat, to: phone}").Problems;
        problems.Select(p => p.Message).ShouldBe(
            ["in the end phone stands in for itself: phone → desk → phone", "in the end desk stands in for itself: desk → phone → desk"]);
    }

    private static WorkspaceReading Read(string failover) => WorkspaceReader.Read(
    [
        new("alertmanager.yml", Encoding.UTF8.GetBytes(Tree)),
        new("d.yml", Encoding.UTF8.GetBytes($$$"""
            apiVersion: nines/v1
            kind: Delivery
            metadata: {name: d}
            spec:
              receivers: [{name: phone, webhook: {url: 'http://a/'}}, {name: desk, webhook: {url: 'http://b/'}}]
              failover: [{{{failover}}}]
            """)),
    ]);
}
