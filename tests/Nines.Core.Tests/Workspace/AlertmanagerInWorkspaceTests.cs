using System.Text;
using Nines.Core.Workspace;
using Nines.Metrics;

namespace Nines.Core.Tests.Workspace;

public sealed class AlertmanagerInWorkspaceTests
{
    private const string Delivery = """
        apiVersion: nines/v1
        kind: Delivery
        metadata: {name: d}
        spec: {receivers: [{name: phone, severities: [page], webhook: {url: 'http://a/'}}]}
        """;

    private const string Tree = """
        route: {receiver: team, group_by: [alertname]}
        receivers: [{name: team, webhook_configs: [{url: 'http://b/s3cr3t'}]}]
        templates: ['tmpl/*.tmpl']
        """;

    [Fact]
    public void Alert_TakesTheTreeAndTheDirectReceivers()
    {
        var plan = Read(("d.yml", Delivery), ("am/alertmanager.yml", Tree), ("am/tmpl/a.tmpl", "{{ define \"a\" }}A{{ end }}"), ("other.tmpl", "{{")).Model.ShouldNotBeNull().Routing;
        plan.Roots.SelectMany(r => r.Match(Labels.Of(("alertname", "A"), ("severity", "page")))).Select(r => r.Receiver).ShouldBe(["phone", "team"]);
        plan.Roots.SelectMany(r => r.Match(Labels.Of(("alertname", "A"), ("severity", "ticket")))).Select(r => r.Receiver).ShouldBe(["", "team"]);
        plan.Receivers.Keys.ShouldBe(["phone", "team"], ignoreOrder: true);
        plan.Templates.ShouldHaveSingleItem().File.ShouldBe("am/tmpl/a.tmpl");
        plan.Text.ShouldNotContain("s3cr3t");
    }

    [Theory]
    [InlineData("b.yml", Tree, "one routing tree")]
    [InlineData("d.yml", "apiVersion: nines/v1\nkind: Delivery\nmetadata: {name: d}\nspec: {receivers: [{name: team, webhook: {url: 'http://a/'}}]}\n", "declared twice")]
    [InlineData("tmpl/a.tmpl", "{{ nope }}", "nope")]
    public void What_CannotBe_IsNamedAtItsPlace(string file, string text, string problem)
    {
        var reading = Read(("alertmanager.yml", Tree), (file, text));
        reading.Model.ShouldBeNull();
        reading.Problems.ShouldContain(p => p.Message.Contains(problem) && p.Position.File == file);
    }

    private static WorkspaceReading Read(params (string Path, string Text)[] files) =>
        WorkspaceReader.Read([.. files.Select(f => new WorkspaceFile(f.Path, Encoding.UTF8.GetBytes(f.Text)))]);
}
