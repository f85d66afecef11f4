using System.Text;
using Nines.Core.Objectives;
using Nines.Core.Workspace;
using Nines.Core.Workspace.Import;

namespace Nines.Core.Tests.Workspace.Import;

public sealed class ImporterTests
{
    private const string Pyrra = """
        apiVersion: pyrra.dev/v1alpha1
        kind: ServiceLevelObjective
        metadata: {name: probe, namespace: web}
        spec:
          target: "99.5"
          window: 4w
          alerting: {burnrates: true, absent: false, name: Mine}
          indicator:
            KIND
        """;

    [Fact]
    public void Pyrra_BoolGauge_BecomesAThreshold_AndTheDifferenceIsNamed()
    {
        var result = Import(Pyrra.Replace("KIND", "bool_gauge: {metric: 'up{job=\"web\"}', grouping: [instance]}"));
        Codes(result).ShouldBe(["7:13 alert-for", "7:39 absent-alert", "7:52 alert-name", "9:26 bool-gauge", "9:53 grouping", "3:18 no-service"], ignoreOrder: true);
        var objective = Model(result).Objectives.ShouldHaveSingleItem();
        (objective.Key, objective.Target, objective.Indicator).ShouldBe(("web/probe@production", 0.995m, objective.Indicator.ShouldBeOfType<Threshold>()));
        objective.BurnPolicy.Rules.Select(r => (r.LongMinutes, r.ShortMinutes)).ShouldBe([(60, 5), (360, 30), (1440, 120), (5760, 360)]);
    }

    [Theory]
    [InlineData("latencyNative: {total: {metric: seconds}, latency: 100ms}", "9:20 native-histogram")]
    [InlineData("latency: {success: {metric: seconds_bucket}, total: {metric: seconds_count}}", "9:33 query")]
    [InlineData("ratio: {errors: {metric: 'sum(errors)'}, total: {metric: all}}", "9:30 query")]
    [InlineData("ratio: {errors: {metric: 'errors{'}, total: {metric: all}}", "9:38 query")]
    [InlineData("{}", "9:5 missing")]
    public void Pyrra_WhatCannotBe_IsRefusedAtItsPlace(string kind, string expected)
    {
        var result = Import(Pyrra.Replace("KIND", kind));
        result.Files.ShouldBeEmpty();
        result.Problems.Select(p => $"{p.Position.Line}:{p.Position.Column} {p.Code}").ShouldContain(expected);
    }

    [Fact]
    public void Pyrra_Grouping_IsKeptByGroup()
    {
        var result = Import(Pyrra.Replace("KIND", "ratio: {errors: {metric: 'r{code=~\"5..\"}'}, total: {metric: r}, grouping: [handler, method]}"));
        Model(result).Objectives.ShouldHaveSingleItem().GroupBy.ShouldBe(["handler", "method"]);
    }

    [Fact]
    public void Sloth_AReadyMadeRatioOfTwoCounts_IsCounted()
    {
        var result = Import("""
            version: prometheus/v1
            service: shop
            labels: {environment: staging}
            slos:
              - name: orders
                objective: 90
                sli: {raw: {error_ratio_query: 'sum(rate(r{code=~"5.."}[{{.window}}])) / (sum(rate(r[{{.window}}])))'}}
                alerting: {name: X, ticket_alert: {disable: true}}
            """);
        var objective = Model(result).Objectives.ShouldHaveSingleItem();
        objective.Key.ShouldBe("shop/orders@staging");
        objective.Pages.ShouldBeTrue();
        objective.Indicator.ShouldBeOfType<CounterRatio>().Part.Query.ShouldBe("sum(rate(r{code=~\"5..\"}[{{.window}}]))");
        // 14.4 times a budget of a tenth is more than everything.
        objective.BurnPolicy.Rules.Select(r => r.LongMinutes).ShouldBe([360]);
        result.Losses.ShouldContain(l => l.Code == "unreachable-rule");
    }

    [Fact]
    public void Import_NextToAWorkspace_DeclaresNothingTwice_AndTwoFilesOfOneNameGetTwo()
    {
        var first = Import(Pyrra.Replace("KIND", "ratio: {errors: {metric: e}, total: {metric: t}}"));
        WorkspaceFile[] more = [File("a/x.yaml", Other("one")), File("b/x.yaml", Other("two"))];
        var second = Importer.Import(more, first.Files, ImportOptions.Default);
        second.Problems.ShouldBeEmpty();
        second.Files.Select(f => f.Path).ShouldBe(["x.yaml", "x-2.yaml"]);
        WorkspaceReader.Read([.. first.Files, .. second.Files]).Model!.Objectives.Count.ShouldBe(3);
    }

    [Fact]
    public void Import_SameObjectiveTwice_IsRefused_AndNothingIsMade()
    {
        var result = Importer.Import([File("a.yaml", Other("one")), File("b.yaml", Other("one"))], [], ImportOptions.Default);
        result.Files.ShouldBeEmpty();
        result.Problems.ShouldHaveSingleItem().ToString().ShouldStartWith("b.yaml:3:18: error: the SLO web/one is declared twice (the first is at a.yaml:3:18)");
    }

    [Fact]
    public void OpenSlo_WhatOurReaderRefuses_IsRefusedWhereTheSourceSaysIt()
    {
        var result = Import("""
            - apiVersion: openslo.com/v2alpha
              kind: SLO
              metadata: {name: a}
              spec:
                serviceRef: web
                sli: {metadata: {name: s}, spec: {ratioMetric: {good: {spec: {query: g}}, total: {spec: {query: t}}}}}
                timeWindow: [{duration: 28d, isRolling: true}]
                objectives:
                  - target: 1.5
            """);
        result.Problems.Select(p => $"{p.Position.Line}:{p.Position.Column} {p.Code}").ShouldBe(["9:17 bad-value"]);
    }

    [Theory]
    [InlineData("kind: Deployment\napiVersion: apps/v1", "unknown-version")]
    [InlineData("a: [", "yaml")]
    [InlineData("", "missing")]
    [InlineData("- - x", "unknown-version")]
    public void Import_WhatIsNoSuchDocument_IsRefused(string text, string code) => Import(text).Problems.ShouldContain(p => p.Code == code);

    [Fact]
    public void YamlScalar_AnyText_IsReadAsItWasWritten()
    {
        string[] parts = ["a", "\n", " ", "  x", "'", "\"", ": ", " #", "|", "\t", "é", "- ", "12", "null", "{{.window}}", "\\", "\r", "~", "%", "*", "&", ",", "yes", "1e5"];
        var random = new Random(5);
        for (var i = 0; i < 20_000; i++)
        {
            var text = string.Concat(Enumerable.Range(0, random.Next(0, 6)).Select(_ => parts[random.Next(parts.Length)]));
            var problems = new List<Problem>();
            var read = new YamlReader("f", $"a:\n  b: {YamlScalar.Of(text, 4)}\nz: 1\n", problems).Read();
            problems.ShouldBeEmpty($"seed 5, turn {i}: {text}");
            var value = Tree.Get(((YamlMap)read[0].Root).Entries[0].Value, "b") as YamlText ?? ((YamlMap)((YamlMap)read[0].Root).Entries[0].Value).Entries[0].Value as YamlText;
            value!.Value.ShouldBe(text, $"seed 5, turn {i}");
            value.Plain.ShouldBe(value.Plain && !decimal.TryParse(text, out _) && text is not ("null" or "~" or "yes"), text);
        }
    }

    private static string Other(string name) => Pyrra.Replace("name: probe", $"name: {name}").Replace("KIND", "ratio: {errors: {metric: e}, total: {metric: t}}");

    private static ImportResult Import(string text) => Importer.Import([File("in.yaml", text)], [], ImportOptions.Default);

    private static WorkspaceFile File(string path, string text) => new(path, Encoding.UTF8.GetBytes(text));

    private static WorkspaceModel Model(ImportResult result)
    {
        result.Problems.ShouldBeEmpty();
        var reading = WorkspaceReader.Read(result.Files);
        reading.Problems.Where(p => p.Severity == ProblemSeverity.Error).ShouldBeEmpty();
        return reading.Model!;
    }

    private static IEnumerable<string> Codes(ImportResult result) => result.Losses.Select(l => $"{l.Position.Line}:{l.Position.Column} {l.Code}");
}
