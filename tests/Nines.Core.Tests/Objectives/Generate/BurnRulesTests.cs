using System.Text;
using Nines.Core.Alerting;
using Nines.Core.Objectives;
using Nines.Core.Objectives.Generate;
using Nines.Core.Tests.Alerting;
using Nines.Core.Workspace;

namespace Nines.Core.Tests.Objectives.Generate;

/// <summary>Generated rules pass their generated tests, by promtool's judgement and by ours, and rules that are wrong do not.</summary>
public sealed class BurnRulesTests
{
    private const string Workspace = """
        apiVersion: openslo/v1
        kind: Service
        metadata: {name: shop}
        spec: {}
        ---
        apiVersion: nines/v1
        kind: BurnPolicy
        metadata: {name: quick}
        spec:
          minimumBad: 5
          rules:
            - {long: 15m, short: 1m, share: 2%}
            - {long: 6h, short: 30m, share: 10%, severity: ticket}
        ---
        apiVersion: openslo/v1
        kind: SLO
        metadata: {name: orders}
        spec:
          service: shop
          indicator: {metadata: {name: i}, spec: {ratioMetric: {bad: {metricSource: {type: Prometheus, spec: {query: 'orders_total{code=~"5..|429",path!="/health"}'}}},
            total: {metricSource: {type: Prometheus, spec: {query: 'orders_total{path!="/health"}'}}}}}}
          timeWindow: [{duration: 28d, isRolling: true}, {duration: 7d, isRolling: true}]
          objectives: [{target: 0.999}]
        ---
        apiVersion: openslo/v1
        kind: SLO
        metadata: {name: fast, annotations: {nines.dev/group-by: route}}
        spec:
          service: shop
          indicator: {metadata: {name: i}, spec: {ratioMetric: {good: {metricSource: {type: Prometheus, spec: {query: 'seconds_bucket{le="0.3"}'}}},
            total: {metricSource: {type: Prometheus, spec: {query: 'seconds_count'}}}}}}
          timeWindow: [{duration: 30d, isRolling: true}]
          objectives: [{target: 0.99}]
          alertPolicies: [quick]
        ---
        apiVersion: openslo/v1
        kind: SLO
        metadata: {name: slow}
        spec:
          service: shop
          indicator: {metadata: {name: i}, spec: {ratioMetric: {bad: {metricSource: {type: Prometheus, spec: {query: 'sum(rate(seconds_count[5m])) - sum(rate(seconds_bucket{le="0.3"}[5m]))'}}},
            total: {metricSource: {type: Prometheus, spec: {query: 'seconds_count'}}}}}}
          timeWindow: [{duration: 30d, isRolling: true}]
          objectives: [{target: 0.9}]
        ---
        apiVersion: openslo/v1
        kind: SLO
        metadata: {name: sliced}
        spec:
          service: shop
          indicator: {metadata: {name: i}, spec: {thresholdMetric: {metricSource: {type: Prometheus, spec: {query: temperature}}}}}
          timeWindow: [{duration: 30d, isRolling: true}]
          objectives: [{target: 0.9, op: lte, value: 30}]
        """;

    [Fact]
    public void EveryCountedObjective_HasRules_TheOthersAreNamed()
    {
        var (groups, without) = BurnRules.Of(Objectives());
        groups.Select(g => g.Name).ShouldBe(["nines-slo-shop/fast@production", "nines-slo-shop/orders@production", "nines-slo-shop/slow@production"]);
        without.ShouldBe([new NotGenerated("shop/sliced@production", "its events are not counters")]);
        var orders = groups[1].Rules;
        orders.ShouldContain(r => r.Record == "nines_slo:error_budget_remaining:ratio1w");
        // 2 % of 28 days in an hour: 13.44 times 0.1 %.
        orders.Single(r => r.Alert == "ErrorBudgetBurnPage").Expr.ShouldContain("> 0.01344");
    }

    [Fact]
    public async Task Rules_PassTheirTests_ByPromtoolAndByUs()
    {
        Promtool.SkipUnlessThere();
        using var promtool = new Promtool();
        var (rules, tests) = Written();
        var rulesPath = promtool.Write("rules.yaml", rules);
        var (checkedOk, checkedOutput) = await Promtool.RunAsync("check", "rules", rulesPath);
        checkedOk.ShouldBeTrue(checkedOutput);
        var (ok, output) = await Promtool.RunAsync("test", "rules", promtool.Write("tests.yaml", tests));
        ok.ShouldBeTrue(output);
        Failures(rules, tests).ShouldBeEmpty();
    }

    [Theory]
    [InlineData("alert: ErrorBudgetBurnPage", "alert: Another", "no page")]
    [InlineData("> 0.01344", "> 0.0000001", "a page on a slow burn")]
    [InlineData("window30m{objective=\"shop/orders@production\"} > 0.0056", "window6h{objective=\"shop/orders@production\"} > 0.0056", "no short window: fires after the outage")]
    [InlineData("alert: ErrorBudgetBurnTicket", "alert: Another", "no ticket")]
    [InlineData("code=~\"5..|429\"", "code=~\"4..\"", "counts other events")]
    public void Rules_ThatAreWrong_FailTheirTests(string right, string wrong, string what)
    {
        var (rules, tests) = Written();
        rules.ShouldContain(right);
        Failures(rules.Replace(right, wrong, StringComparison.Ordinal), tests).ShouldNotBeEmpty(what);
    }

    private static IReadOnlyList<Objective> Objectives()
    {
        var reading = WorkspaceReader.Read([new("w.yaml", Encoding.UTF8.GetBytes(Workspace))]);
        reading.Problems.Where(p => p.Severity == ProblemSeverity.Error).ShouldBeEmpty();
        return reading.Model!.Objectives;
    }

    private static (string Rules, string Tests) Written()
    {
        var (tests, without) = BurnRuleTests.Write(Objectives(), "rules.yaml");
        without.ShouldBeEmpty();
        return (RuleFileWriter.Write(BurnRules.Of(Objectives()).Groups), tests);
    }

    private static List<RuleTestFailure> Failures(string rules, string tests)
    {
        var reading = Promtool.Rules(rules);
        reading.Problems.ShouldBeEmpty();
        var file = Promtool.Tests(tests);
        return [.. file.Tests.SelectMany(t => RuleTestRunner.Run(file, t, reading.Groups))];
    }
}
