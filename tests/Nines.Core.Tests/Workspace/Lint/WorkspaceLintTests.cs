using System.Runtime.CompilerServices;
using System.Text;
using Nines.Core.Workspace;

namespace Nines.Core.Tests.Workspace.Lint;

public sealed class WorkspaceLintTests
{
    private const string Service = """
        apiVersion: openslo/v1
        kind: Service
        metadata: { name: shop }
        spec: { description: "" }

        """;

    [Fact]
    public void Check_RulesOfTheSecondSeed_NamesItsErrorsLineByLine() =>
        OfSeed("002_fc23f956ff839bfa.txt", Slo("a", "0.999", "bad", "http_requests_total{status=~\"5..\"}", window: "28d")).ShouldBe(
        [
            "194 factor-of-thirty-days",    // E-05
            "194 hard-coded-burn",          // E-18
            "194 page-without-objective",
            "194 single-window",            // E-18
            "208 page-without-objective",   // E-30
            "208 up-is-not-absent",         // E-22
            "218 no-runbook",               // E-31
            "218 percentile",               // E-16, E-29
            "230 page-without-objective",   // E-30
        ]);

    [Fact]
    public void Check_RulesOfTheThirdSeed_NamesItsErrorsLineByLine() => OfSeed("003_9d863428a5fec499.txt", "").ShouldBe(
        [
            "80 average-of-ratios",         // E-17
            "85 percentile",                // E-16
            "92 percentile",                // E-16
            "140 nan-never-fires",          // E-19
            "140 value-is-not-the-budget",  // E-20
            "151 nan-never-fires",          // E-19
            "151 no-runbook",
            "151 page-without-objective",
            "151 value-is-not-the-budget",  // E-20
        ]);

    [Theory]
    [InlineData("severity: page", "", "no-runbook page-without-objective")]                                    // E-30, RTE-02
    [InlineData("severity: critical", "", "no-runbook page-without-objective")]
    [InlineData("severity: ticket", "", "")]
    [InlineData("severity: page", "runbook_url: r", "page-without-objective")]
    [InlineData("severity: page", "runbook_url: r, objective: shop/a", "")]
    [InlineData("severity: page", "runbook_url: r, objective: shop/b", "page-without-objective")]
    [InlineData("severity: page", "runbook_url: r, nines_page_exception: the disk is gone by morning", "")]
    [InlineData("severity: page, sloth_slo: a", "runbook_url: r", "")]
    public void Check_RulesThatWakePeople_SayWhatToDoAndForWhichPromise(string labels, string annotations, string codes) =>
        Codes(Service + Slo("a", "0.999", "bad", "r_total{code=~\"5..\"}") + $$"""
            ---
            groups:
              - name: g
                rules:
                  - { alert: Full, expr: disk > 9, labels: { {{labels}} }, annotations: { {{annotations}} } }

            """).ShouldBe(codes.Split(' ', StringSplitOptions.RemoveEmptyEntries));

    [Theory]
    [InlineData("severity: P1", "no-runbook page-without-objective")]
    [InlineData("severity: critical", "")]                                                                     // an alias of a level that does not page
    [InlineData("severity: warning", "unknown-severity")]                                                      // E-33
    [InlineData("severity: '{{ $labels.severity }}'", "")]
    [InlineData("team: data", "")]
    public void Check_SeveritiesOfRules_AreOnTheLadder(string labels, string codes) => Codes($$$"""
        apiVersion: nines/v1
        kind: SeverityLadder
        metadata: { name: l }
        spec: { levels: [{ name: P1 }, { name: P2, aliases: [critical], pages: false }] }
        ---
        groups:
          - name: g
            rules:
              - { alert: Full, expr: disk > 9, labels: { {{{labels}}} } }
        """).ShouldBe(codes.Split(' ', StringSplitOptions.RemoveEmptyEntries));

    [Fact]
    public void Check_APageWithoutARunbookBesideOthersWithOne_IsToldOnce() => Codes("""
        groups:
          - name: g
            rules:
              - { alert: A, expr: disk > 9, labels: { severity: page }, annotations: { nines_page_exception: why } }
              - { alert: B, expr: disk > 8, labels: { severity: ticket }, annotations: { runbook_url: r } }
        """).ShouldBe(["no-runbook"]);

    [Fact]
    public void Check_AnAverageWrittenAsSumOverCount_IsOne() => Codes("""
        groups:
          - name: sloth
            rules:
              - record: slo:sli_error:ratio_rate5m
                expr: (sum(rate(bad_total[5m]))) / (sum(rate(all_total[5m])))
              - record: slo:sli_error:ratio_rate30d
                expr: sum_over_time(slo:sli_error:ratio_rate5m[30d]) / ignoring (sloth_window) count_over_time(slo:sli_error:ratio_rate5m[30d])
        """).ShouldBe(["average-of-ratios"]);

    [Fact]
    public void Check_TheCorrectedRules_FindsNothing() => Codes("""
        groups:
          - name: shop
            rules:
              - record: shop:good:increase5m
                expr: sum(increase(http_requests_total{job="shop", code!~"5.."}[5m]))
              - record: shop:total:increase5m
                expr: sum(increase(http_requests_total{job="shop"}[5m]))
              - record: shop:availability:ratio30d
                expr: sum_over_time(shop:good:increase5m[30d]) / sum_over_time(shop:total:increase5m[30d])
              - alert: Burn
                expr: |
                  sum(rate(http_requests_total{job="shop", code=~"5.."}[1h])) / sum(rate(http_requests_total{job="shop"}[1h])) > 0.001 * 13.44
                  and
                  sum(rate(http_requests_total{job="shop", code=~"5.."}[5m])) / sum(rate(http_requests_total{job="shop"}[5m])) > 0.001 * 13.44
                annotations:
                  description: "{{ $value | humanizePercentage }} of the requests fail"
                  runbook_url: https://runbooks.example/burn
              - alert: Budget
                expr: (1 - shop:availability:ratio30d) / 0.001 > 0.5
                annotations:
                  description: "{{ $value | humanizePercentage }} of the budget is consumed"
                  runbook_url: https://runbooks.example/budget
              - alert: Down
                expr: up{job="shop"} == 0 or absent(up{job="shop"})
                annotations: { runbook_url: https://runbooks.example/down }
        """).ShouldBeEmpty();

    [Theory]
    [InlineData("0.999", "bad", "r_total{code=~\"5..\"}", "0.999", "bad", "r_total{code=~\"5..\"}", "same-indicator")]
    [InlineData("0.999", "good", "r_total{code!~\"5..\"}", "0.999", "bad", "r_total{code=~\"5..\"}", "same-indicator")]     // E-12
    [InlineData("0.995", "bad", "r_total{code=~\"5..\"}", "0.95", "bad", "r_total{code=~\"5..\"}", "two-targets")]          // E-14, E-15
    [InlineData("0.999", "good", "r_total{code!~\"5..\"}", "0.99", "bad", "r_total{code=~\"5..\"}", "two-targets")]         // E-28
    [InlineData("0.999", "good", "r_total{code=~\"[23]..\"}", "0.999", "bad", "r_total{code=~\"5..\"}", "failures-disagree")] // E-13
    [InlineData("0.999", "bad", "r_total{code=~\"5..\"}", "0.999", "good", "r_total{le=\"0.3\"}", "")]
    public void Check_TwoObjectivesOverTheSameRequests_ContradictEachOther(string target, string part, string query, string target2, string part2, string query2,
        string code) => Codes(Service + Slo("a", target, part, query) + Slo("b", target2, part2, query2)).ShouldBe(code.Length > 0 ? [code] : []);

    [Theory]
    [InlineData("0.999", "Allows 52.56 minutes/month.", "downtime-of-events stated-budget")]           // E-02, E-09
    [InlineData("0.999", "43.8 minutes per month", "downtime-of-events month-is-no-length")]           // E-01
    [InlineData("0.95", "36 hours a month of downtime", "downtime-of-events month-is-no-length")]
    [InlineData("0.999", "8.76 hours downtime/year", "downtime-of-events")]
    [InlineData("0.999", "about 10 minutes a week", "downtime-of-events")]
    [InlineData("0.999", "Server errors are failures.", "")]
    public void Check_StatedBudgets_AreReckoned(string target, string description, string codes) =>
        Codes(Service + Slo("a", target, "bad", "r_total{code=~\"5..\"}", description)).ShouldBe(codes.Split(' ', StringSplitOptions.RemoveEmptyEntries));

    [Fact]
    public void Check_ContractStricterThanTarget_AndShortWindow_AreNamed()
    {
        Codes(Service + Slo("a", "0.99", "bad", "r_total{code=~\"5..\"}", sla: "99.5%")).ShouldBe(["sla-stricter-than-slo"]);
        Codes(Service + Slo("a", "0.999", "bad", "r_total{code=~\"5..\"}", window: "1h")).ShouldContain("short-window");               // E-16
    }

    [Fact]
    public void Reference_ExplainsEveryCode()
    {
        var reference = File.ReadAllText(Root("docs/reference/lint.md"));
        var codes = Directory.GetFiles(Root("src/Nines.Core/Workspace/Lint"), "*.cs")
            .SelectMany(f => System.Text.RegularExpressions.Regex.Matches(File.ReadAllText(f), "Finding\\([^\"]*?\"(?<code>[a-z-]+)\"", System.Text.RegularExpressions.RegexOptions.NonBacktracking))
            .Select(m => m.Groups["code"].Value).Distinct(StringComparer.Ordinal).ToList();
        codes.Count.ShouldBeGreaterThan(40);
        codes.Where(c => !reference.Contains($"\n## `{c}`", StringComparison.Ordinal)).ShouldBeEmpty();
    }

    private static string Slo(string name, string target, string part, string query, string description = "", string? sla = null, string window = "28d") => $$$"""
        ---
        apiVersion: openslo/v1
        kind: SLO
        metadata: { name: {{{name}}}{{{(sla is null ? "" : $", annotations: {{ nines.dev/sla: {sla} }}")}}} }
        spec:
          service: shop
          description: "{{{description}}}"
          timeWindow: [{ duration: {{{window}}}, isRolling: true }]
          objectives: [{ target: {{{target}}} }]
          indicator:
            spec:
              ratioMetric:
                {{{part}}}: { metricSource: { spec: { query: '{{{query}}}' } } }
                total: { metricSource: { spec: { query: '{{{(query.Contains("le=", StringComparison.Ordinal) ? "r_total" : query[..query.IndexOf('{', StringComparison.Ordinal)])}}}' } } }

        """;

    private static IEnumerable<string> Codes(string text)
    {
        var reading = WorkspaceReader.Read([new("w.yaml", Encoding.UTF8.GetBytes(text))]);
        reading.Model.ShouldNotBeNull(string.Join('\n', reading.Problems));
        return reading.Problems.Select(p => p.Code).Where(c => c != "unreachable-rule").Order(StringComparer.Ordinal);
    }

    /// <summary>The findings in a document's YAML blocks as they stand, by the document's lines.</summary>
    private static IEnumerable<string> OfSeed(string name, string beside)
    {
        var path = Path.Combine(Environment.GetEnvironmentVariable("NINES_CONFORMANCE") ?? Root("../shared/conformance"), "../seeds", name);
        Assert.SkipUnless(File.Exists(path), $"no seed document at {path}");
        var files = new List<WorkspaceFile> { new("beside.yaml", Encoding.UTF8.GetBytes(beside.Length > 0 ? Service + beside : "")) };
        var (lines, start) = (File.ReadAllLines(path), -1);
        for (var i = 0; i < lines.Length; i++)
        {
            if (lines[i].StartsWith("```", StringComparison.Ordinal))
            {
                if (start >= 0 && lines[start..i].Any(l => l.TrimEnd() == "groups:"))
                {
                    // Blank lines before the block keep the document's numbers.
                    files.Add(new($"{start}.yaml", Encoding.UTF8.GetBytes(new string('\n', start) + string.Join('\n', lines[start..i]))));
                }
                start = start < 0 ? i + 1 : -1;
            }
        }
        var reading = WorkspaceReader.Read(files);
        reading.Model.ShouldNotBeNull(string.Join('\n', reading.Problems));
        return reading.Problems.Where(p => p.Position.File != "beside.yaml").OrderBy(p => p.Position.Line).ThenBy(p => p.Code, StringComparer.Ordinal)
            .Select(p => $"{p.Position.Line} {p.Code}");
    }

    private static string Root(string path, [CallerFilePath] string here = "") => Path.Combine(Path.GetDirectoryName(here)!, "../../../..", path);
}
