using System.Runtime.CompilerServices;
using Nines.Core.Alerting;
using Nines.Core.Workspace;

namespace Nines.Core.Tests.Alerting;

/// <summary>Unit tests of rules come to the same verdict here and in promtool.</summary>
public class RuleTestsTests
{
    private const string Rules = """
        groups:
        - name: second
          rules:
          - {alert: B, expr: "r > 3", for: 2m, keep_firing_for: 3m, labels: {level: "{{ $value | humanize }}"}, annotations: {a: "{{ $labels.i }}"}}
        - name: first
          interval: 7m
          rules:
          - {record: r, expr: "sum by (i) (increase(c[3m]))"}
          - {record: n, expr: "count(r) or vector(0)"}
          - {alert: A, expr: "g == 0"}
        """;

    [Fact]
    public async Task GeneratedTests_ComeToPromtoolsVerdict()
    {
        Promtool.SkipUnlessThere();
        using var promtool = new Promtool();
        // What Debian's promtool does not know is left out.
        var rules = Rules.Replace(" keep_firing_for: 3m,", "");
        promtool.Write("rules.yml", rules);
        var groups = Promtool.Rules(rules).Groups;
        var random = new Random(20261121);
        var (passed, differences) = (0, new List<string>());
        for (var i = 0; i < 120; i++)
        {
            var text = Test(random);
            var file = Promtool.Tests(text);
            var failures = RuleTestRunner.Run(file, file.Tests[0], groups);
            // With what we got as what is expected, all passes; with something changed, all fails.
            var got = failures.Select(f => (f.Subject, f.AtMs, f.Got)).ToList();
            if (random.Next(2) == 0)
            {
                text = text.Replace("exp_alerts: []", "exp_alerts: [{exp_labels: {none: such}}]");
                file = Promtool.Tests(text);
            }
            var ok = RuleTestRunner.Run(file, file.Tests[0], groups).Count == 0;
            passed += ok ? 1 : 0;
            var (theirs, output) = await Promtool.RunAsync("test", "rules", promtool.Write("test.yml", text));
            if (ok != theirs)
            {
                differences.Add($"{text}\n{output}\n{string.Join('\n', got)}");
            }
        }
        differences.ShouldBeEmpty();
        passed.ShouldBeInRange(10, 110);
    }

    [Fact]
    public async Task KuadrantsTest_Passes_AndAChangedOneFails()
    {
        var directory = Path.Combine(Environment.GetEnvironmentVariable("NINES_CONFORMANCE") ?? Shared("conformance"), "kuadrant");
        Assert.SkipUnless(Directory.Exists(directory), $"no conformance data at {directory}");
        // The rules are wrapped for the Kubernetes operator; what stands under spec is the rule file.
        var wrapped = await File.ReadAllTextAsync(Path.Combine(directory, "availability-rules.yaml"), TestContext.Current.CancellationToken);
        var rules = string.Join('\n', wrapped.Split("\nspec:\n")[1].Split('\n').Select(l => l.StartsWith("  ", StringComparison.Ordinal) ? l[2..] : l));
        var reading = Promtool.Rules(rules);
        reading.Problems.ShouldBeEmpty();
        var text = await File.ReadAllTextAsync(Path.Combine(directory, "availability-promtool-test.yaml"), TestContext.Current.CancellationToken);
        var file = Promtool.Tests(text);
        file.Tests.SelectMany(t => RuleTestRunner.Run(file, t, reading.Groups)).ShouldBeEmpty();
        var changed = Promtool.Tests(text.Replace("severity: warning", "severity: none"));
        var failure = changed.Tests.SelectMany(t => RuleTestRunner.Run(changed, t, reading.Groups)).ShouldHaveSingleItem();
        (failure.AtMs, failure.Subject).ShouldBe((3_600_000, "alertname: KuadrantAvailabilityHighErrorRate"));
        failure.Expected.ShouldContain("severity=\"none\"");
        failure.Got.ShouldContain("severity=\"warning\"");
    }

    [Theory]
    [InlineData("tests: [{input_series: [{series: x, values: '{{schema:1}}'}]}]", "native histograms")]
    [InlineData("tests: [{input_series: [{series: 'x{', values: '1'}]}]", "x{")]
    [InlineData("tests: [{input_series: [{series: x, values: '1 a'}]}]", "a: not a number")]
    [InlineData("tests: [{intervall: 1m}]", "intervall")]
    [InlineData("tests: [{alert_rule_test: [{eval_time: 1m}]}]", "needs alertname")]
    [InlineData("group_eval_order: [a, a]", "repeated in evaluation order")]
    [InlineData("evaluation_interval: 1 m", "not a duration")]
    [InlineData("- a", "must be a mapping")]
    public void BadTestFile_SaysWhatAndWhere(string text, string message) =>
        RuleTestReader.Read(new WorkspaceFile("t.yml", System.Text.Encoding.UTF8.GetBytes(text))).Problems.ShouldHaveSingleItem().Message.ShouldContain(message);

    private static string Test(Random random)
    {
        string Values() => string.Join(' ', Enumerable.Range(0, 6).Select(_ => random.Next(6) switch
        {
            0 => "_",
            1 => "stale",
            2 => $"{random.Next(3)}x{random.Next(4)}",
            3 => $"_x{random.Next(1, 3)}",
            _ => $"{random.Next(20)}+{random.Next(4)}x{random.Next(5)}",
        }));
        var alerts = Enumerable.Range(0, 2).Select(_ => $"  - {{eval_time: {random.Next(25)}m, alertname: {(random.Next(2) == 0 ? "A" : "B")}, exp_alerts: []}}\n");
        return $"""
            rule_files: [rules.yml]
            evaluation_interval: {random.Next(1, 3)}m
            group_eval_order: [{(random.Next(2) == 0 ? "first, second" : "second, first")}]
            tests:
            - interval: {random.Next(30, 90)}s
              input_series:
              - {'{'}series: 'c{'{'}i="1"{'}'}', values: '{Values()}'{'}'}
              - {'{'}series: 'c{'{'}i="2"{'}'}', values: '{Values()}'{'}'}
              - {'{'}series: 'g', values: '{Values()}'{'}'}
              promql_expr_test:
              - {'{'}expr: 'n', eval_time: {random.Next(25)}m, exp_samples: [{'{'}labels: n, value: {random.Next(3)}{'}'}]{'}'}
              alert_rule_test:

            """ + string.Concat(alerts);
    }

    private static string Shared(string name, [CallerFilePath] string here = "") => Path.GetFullPath(Path.Combine(Path.GetDirectoryName(here)!, "../../../../shared", name));
}
