using Nines.Core.Alerting;

namespace Nines.Core.Tests.Alerting;

/// <summary>What YAML has beyond plain values, in rule files.</summary>
public class RuleYamlTests
{
    private const string Shared = """
        groups:
        - name: g
          rules:
          - alert: A
            expr: &query x > 0
            for: &wait 5m
            labels: &page {severity: page, team: &owner shop}
          - alert: B
            expr: *query
            for: *wait
            labels:
              severity: ticket
              <<: *page
            annotations: &told {a: "1", b: "2"}
          - alert: C
            expr: y
            labels: *page
            annotations:
              <<: [{b: "3", *owner : me}, *told]
        """;

    [Fact]
    public async Task Aliases_StandForWhatTheyName_AsForPromtool()
    {
        var reading = Promtool.Rules(Shared);
        reading.Problems.ShouldBeEmpty();
        var (a, b, c) = (reading.Groups[0].Rules[0], reading.Groups[0].Rules[1], reading.Groups[0].Rules[2]);
        (b.Query, b.ForMs).ShouldBe((a.Query, a.ForMs));
        Texts(a.Labels).ShouldBe("severity=page team=shop");
        Texts(b.Labels).ShouldBe("severity=ticket team=shop");
        Texts(c.Labels).ShouldBe("severity=page team=shop");
        Texts(c.Annotations).ShouldBe("a=1 b=3 shop=me");
        Promtool.SkipUnlessThere();
        using var promtool = new Promtool();
        // Prometheus 2 takes the alias of an expr for the query itself: *query asks for the metric query.
        promtool.Write("rules.yml", Shared.Replace("expr: *query", "expr: x > 0"));
        var tests = promtool.Write("tests.yml", """
            rule_files: [rules.yml]
            evaluation_interval: 1m
            tests:
            - interval: 1m
              input_series: [{series: x, values: 1x20}, {series: y, values: 1x20}]
              alert_rule_test:
              - {eval_time: 10m, alertname: B, exp_alerts: [{exp_labels: {severity: ticket, team: shop}, exp_annotations: {a: "1", b: "2"}}]}
              - {eval_time: 10m, alertname: C, exp_alerts: [{exp_labels: {severity: page, team: shop}, exp_annotations: {a: "1", b: "3", shop: me}}]}
            """);
        (await Promtool.RunAsync("test", "rules", tests)).ShouldSatisfyAllConditions(r => r.Ok.ShouldBeTrue(r.Output));
    }

    [Theory]
    [InlineData("groups: *nowhere", "1:9", "nothing is named &nowhere")]
    [InlineData("groups: &g [{name: a, rules: *g}]", "1:30", "inside what it stands for")]
    [InlineData("groups:\n- name: a\n  rules:\n  - record: a\n    expr: x\n    labels:\n      <<: [1]", "7:12", "<< at line 7 takes a mapping")]
    [InlineData("groups: [{name: a, rules: [{record: a, expr: &q 'x * / 2'}, {record: b, expr: *q}]}]", "1:54", "could not parse expression")]
    [InlineData("groups: [{name: a, rules: [{record: a, expr: !!str x * / 2}]}]", "1:56", "could not parse expression")]
    public void Mistakes_HaveTheirPlace(string text, string place, string message)
    {
        var problem = Promtool.Rules(text).Problems[0];
        $"{problem.Position.Line}:{problem.Position.Column}".ShouldBe(place, problem.Message);
        problem.Message.ShouldContain(message);
    }

    [Fact]
    public void AliasesOfAliases_AreRefusedWhereTheyPassTheLimit()
    {
        var text = "a: &a0 [1, 2, 3, 4, 5, 6, 7, 8, 9]\n" + string.Concat(Enumerable.Range(1, 12).Select(i =>
            $"b{i}: &a{i} [{string.Join(", ", Enumerable.Repeat($"*a{i - 1}", 9))}]\n"));
        var problem = Promtool.Rules(text).Problems[0];
        problem.Message.ShouldBe("with *a4 written out there are more than 100000 values");
        (problem.Position.Line, problem.Position.File).ShouldBe((6, "rules.yml"));
    }

    [Fact]
    public void AliasesWithinAliases_AreRefusedWhereTheyPassTheDepth()
    {
        var text = "a: &a0 [1]\n" + string.Concat(Enumerable.Range(1, 200).Select(i => $"b{i}: &a{i} [[*a{i - 1}]]\n"));
        var problem = Promtool.Rules(text).Problems[0];
        problem.Message.ShouldContain("nested deeper than 64");
        problem.Position.Line.ShouldBeInRange(31, 33);
    }

    [Fact]
    public void SeriesWithNamesOfAnySigns_CanBeAskedAndTold()
    {
        var rule = """{alert: A, expr: '{"http.requests", "http.status"="500"}', annotations: {a: '{{ index $labels "http.status" }}'}}""";
        Promtool.Rules($"groups: [{{name: g, rules: [{rule}]}}]").Problems.ShouldBeEmpty();
        Promtool.Rules("groups: [{name: g, rules: [{record: http.requests, expr: x}]}]").Problems.ShouldHaveSingleItem().Code.ShouldBe("bad-name");
    }

    private static string Texts(IReadOnlyList<RuleText> texts) => string.Join(' ', texts.Select(t => $"{t.Name}={t.Text}").Order(StringComparer.Ordinal));
}
