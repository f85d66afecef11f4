using System.Runtime.CompilerServices;
using System.Text;
using System.Text.RegularExpressions;
using Nines.Core.Objectives;
using Nines.Core.Workspace;

namespace Nines.Core.Tests.Workspace;

public sealed class WorkspaceReaderTests
{
    private const string Good = """
        apiVersion: openslo/v1
        kind: Service
        metadata: { name: shop, displayName: Shop }
        ---
        apiVersion: openslo/v1
        kind: SLO
        metadata:
          name: orders
          displayName: Orders are accepted
        spec:
          service: shop
          indicator:
            metadata: { name: sli }
            spec:
              ratioMetric:
                counter: true
                good:
                  metricSource:
                    type: Prometheus
                    spec:
                      query: |
                        sum(rate(orders_total{code!~"5.."}[5m]))
                total:
                  metricSource: { type: Prometheus, spec: { query: 'sum(rate(orders_total[5m]))' } }
          timeWindow: [{ duration: 28d, isRolling: true }]
          budgetingMethod: Occurrences
          objectives: [{ target: 0.999 }]
        ---
        global: { scrape_interval: 5s }
        scrape_configs:
          - job_name: shop
            static_configs: [{ targets: ["127.0.0.1:8080"], labels: { zone: a } }]
        ---
        apiVersion: nines/v1
        kind: Delivery
        metadata: { name: phones }
        spec:
          receivers:
            - name: team
              telegram: { chatId: "-100", botToken: "${env:TOKEN}" }
        """;

    [Fact]
    public void Read_GoodWorkspace_GivesModel()
    {
        var reading = Read(Good);
        reading.Problems.ShouldBeEmpty();
        var objective = reading.Model!.Objectives.ShouldHaveSingleItem();
        objective.Key.ShouldBe("shop/orders@production");
        objective.Target.ShouldBe(0.999m);
        objective.WindowMinutes.ShouldBe(28 * 1440);
        objective.Definition.ShouldContain("name: orders");
        objective.Definition.ShouldNotContain("scrape_configs");
        var job = reading.Model.ScrapeJobs.ShouldHaveSingleItem();
        job.Interval.ShouldBe(TimeSpan.FromSeconds(5));
        job.Targets[0].Url.ToString().ShouldBe("http://127.0.0.1:8080/metrics");
        job.Targets[0].Labels.ToString().ShouldBe("{instance=\"127.0.0.1:8080\", job=\"shop\", zone=\"a\"}");
        reading.Model.Receivers.Count.ShouldBe(1);
        reading.Model.Hash.Length.ShouldBe(64);
    }

    [Theory]
    [InlineData("service: shop", "service: shopp", "w.yaml:11:12 unknown-reference")]
    [InlineData("target: 0.999", "target: 99.9", "w.yaml:27:26 bad-value")]
    [InlineData("target: 0.999", "targt: 0.999", "w.yaml:27:16 missing|w.yaml:27:18 unknown-key")]
    [InlineData("rate(orders_total{", "max(orders_total{", "w.yaml:22:25 query")]
    [InlineData("'sum(rate(orders_total[5m]))'", "'sum(a{x=\"''\"}) + max(b)'", "w.yaml:24:78 approximate")]
    [InlineData("'sum(rate(orders_total[5m]))'", "'sum(a{x=\"''\"}) + a / b'", "w.yaml:24:78 query")]
    [InlineData("duration: 28d", "duration: 1M", "w.yaml:25:28 bad-value")]
    [InlineData("28d, isRolling: true", "28h, isRolling: false", "w.yaml:25:28 bad-value")]
    [InlineData("isRolling: true", "isRolling: false, calendar: { startTime: x, timeZone: UTC }", "w.yaml:25:74 bad-value")]
    [InlineData("duration: 28d, isRolling: true", "duration: 1M, calendar: { startTime: 2026-01-01, timeZone: Berlin }", "w.yaml:25:77 bad-value")]
    [InlineData("28d", "500d", "w.yaml:25:28 bad-value")]
    [InlineData("Occurrences", "Timeslices", "w.yaml:27:16 missing|w.yaml:27:16 missing")]
    [InlineData("Occurrences", "Timeslice", "w.yaml:26:20 bad-value")]
    [InlineData("\"${env:TOKEN}\"", "abc", "w.yaml:40:45 literal-secret")]
    [InlineData("0.999", "0.5", "w.yaml:27:26 unreachable-rule|w.yaml:27:26 unreachable-rule|w.yaml:27:26 unreachable-rule")]
    [InlineData("kind: Delivery", "kind: Delivry", "w.yaml:35:7 unknown-kind")]
    [InlineData("[{ duration", "*x [{ duration", "w.yaml:25:15 yaml")]
    public void Read_Mistake_IsNamedWithItsPlace(string right, string wrong, string expected)
    {
        var problems = Read(Good.Replace(right, wrong, StringComparison.Ordinal)).Problems;
        string.Join('|', problems.Select(p => $"{p.Position} {p.Code}")).ShouldStartWith(expected);
    }

    [Fact]
    public void Read_SlicesWindowsAndSla_AreInTheModel()
    {
        var reading = Read(Good.Replace("Occurrences", "Timeslices", StringComparison.Ordinal)
            .Replace("target: 0.999", "target: 0.999, timeSliceWindow: 5m, timeSliceTarget: 0.95", StringComparison.Ordinal)
            .Replace("isRolling: true }", "isRolling: true }, { duration: 1M, calendar: { startTime: 2026-01-01 00:00:00, timeZone: Europe/Berlin } }",
                StringComparison.Ordinal)
            .Replace("  displayName: Orders", "  annotations: { nines.dev/sla: 99.5% }\n  displayName: Orders", StringComparison.Ordinal));
        reading.Problems.ShouldBeEmpty();
        var objective = reading.Model!.Objectives.ShouldHaveSingleItem();
        objective.Slices.ShouldBe(new Slicing(5, 0.95m));
        objective.Windows.Select(w => w.Name).ShouldBe(["28 days", "month, Europe/Berlin"]);
        objective.Sla.ShouldBe(0.995m);
        objective.Indicator.IsApproximate.ShouldBeFalse();
    }

    [Theory]
    [InlineData("thresholdMetric: { metricSource: { spec: { query: 'queue_depth' } } }", "op: lt, value: 50,", "Lt 50~queue_depth")]
    [InlineData("ratioMetric: { counter: true, raw: { metricSource: { spec: { query: 'a / b' } } }, rawType: failure }", "", "failure~a / b")]
    [InlineData("ratioMetric: { counter: false, good: { metricSource: { spec: { query: 'a' } } }, total: { metricSource: { spec: { query: 'b' } } } }", "",
        "good~a;total~b")]
    public void Read_OtherIndicators_AreEvaluated(string sli, string limit, string canonical)
    {
        var reading = Read($$"""
            apiVersion: openslo/v1
            kind: SLO
            metadata: { name: other }
            spec:
              service: shop
              indicator: { spec: { {{sli}} } }
              timeWindow: [{ duration: 28d }]
              objectives: [{ {{limit}} target: 0.99 }]
            ---
            { apiVersion: openslo/v1, kind: Service, metadata: { name: shop }, spec: { description: "" } }
            """);
        reading.Problems.Where(p => p.Severity == ProblemSeverity.Error).ShouldBeEmpty();
        var objective = reading.Model!.Objectives.ShouldHaveSingleItem();
        objective.Indicator.Canonical.ShouldBe(canonical);
        objective.Indicator.IsApproximate.ShouldBeTrue();
        objective.Slices.ShouldBe(limit.Length > 0 ? new Slicing(1, 1) : null);
    }

    [Theory]
    [InlineData("[")]
    [InlineData("- ")]
    [InlineData("a: [1, 2\nb: 3")]
    [InlineData("a: &x [*x]")]
    [InlineData("\t\ta: 1")]
    public void Read_HostileYaml_IsAProblem(string part)
    {
        var reading = Read(part.Length <= 2 ? string.Concat(Enumerable.Repeat(part, 20_000)) : part);
        reading.Model.ShouldBeNull();
        reading.Problems.ShouldNotBeEmpty();
    }

    [Fact]
    public void Read_MutatedWorkspaces_NeverThrows()
    {
        var random = new Random(20261121);
        const string Bits = "{}[]:-\"'|>&*#%\n \t,a0.~\u00e9";
        for (var i = 0; i < 3000; i++)
        {
            var text = new StringBuilder(Good);
            for (var n = random.Next(1, 6); n > 0; n--)
            {
                var at = random.Next(text.Length - 20);
                _ = random.Next(3) switch
                {
                    0 => text.Remove(at, random.Next(1, 20)),
                    1 => text.Insert(at, Bits[random.Next(Bits.Length)]),
                    _ => text.Insert(at, text.ToString(random.Next(text.Length - 20), 20)),
                };
            }
            var reading = Read(text.ToString());
            (reading.Model is null).ShouldBe(reading.Problems.Any(p => p.Severity == ProblemSeverity.Error));
        }
    }

    [Fact]
    public void Read_OpenSloDocumentsOfOthers_GivesModelOrProblems()
    {
        var directory = Path.Combine(Environment.GetEnvironmentVariable("NINES_CONFORMANCE") ?? Root("../shared/conformance"), "openslo");
        Assert.SkipUnless(Directory.Exists(directory), $"no conformance data at {directory}");
        foreach (var path in Directory.GetFiles(directory, "*.*", SearchOption.AllDirectories))
        {
            var reading = WorkspaceReader.Read([new(Path.GetFileName(path) + ".yaml", File.ReadAllBytes(path))]);
            (reading.Model is not null || reading.Problems.All(p => p.Position.Line > 0 && p.Position.Column > 0)).ShouldBeTrue(path);
            reading.Problems.ShouldNotContain(p => p.Code == "yaml", path);
        }
    }

    [Fact]
    public void Reference_NamesEveryKey()
    {
        var reference = File.ReadAllText(Root("docs/reference/workspace.md"));
        foreach (var file in Directory.GetFiles(Root("src/Nines.Core/Workspace"), "*Reader.cs"))
        {
            foreach (Match key in Regex.Matches(File.ReadAllText(file), "\\.(?:Text|Map|Maps|List|Flag|Number|Duration|OneOf|Any|Share)\\(\"(?<key>[^\"]+)\"", RegexOptions.NonBacktracking))
            {
                reference.ShouldContain(key.Groups["key"].Value);
            }
        }
    }

    private static WorkspaceReading Read(string text) => WorkspaceReader.Read([new("w.yaml", Encoding.UTF8.GetBytes(text))]);

    private static string Root(string path, [CallerFilePath] string here = "") => Path.GetFullPath(Path.Combine(Path.GetDirectoryName(here)!, "../../..", path));
}
