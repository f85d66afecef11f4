using System.Text;
using Nines.Core.Workspace;
using Nines.Core.Workspace.Import;
using Nines.Core.Workspace.Lint;

namespace Nines.Core.Tests.Workspace.Lint;

/// <summary>Odd and hostile documents: nothing throws, nothing sound is told to be wrong, and what cannot be read is a problem at its place.</summary>
public sealed class StatementTests
{
    private const string Sample = """
        # Checkout SLOs
        | SLI | SLO | Error budget/month | Exhaustion |
        |---|---|---|---|
        | Availability | 99.9% | 43.2 min | 30 d |
        | Response time | < 500ms | 5 min/month | 2 h |
        | Error rate | < 0.1% | 1,000 requests / month | 5M |

        ## Service level objectives
        - **API**: 99.9% availability, p95 < 500ms over 28 days (error rate < 0.1%)
        - Queue (depth < 100, age < 5m): 99.5% success
        Alert if: error rate > 5%, burn rate > 14.4x
        Target: 99.9% uptime (43 minutes downtime/month) 1 in 1,000
        Measurement: requests that are 2xx, not 5xx
        Error budget: 0.1%
        99.9% SLO = 0.1% error budget
        Availability (now): 99.95% (Target: 99.9%)
        Error budget remaining: 75%

        ## Error budget policy
        - Green (50-100%): ship
        - Red (< 10%): freeze

        | Burn rate | Time to exhaustion | Requests/day |
        |---|---|---|
        | 14.4x | 2 days | 10,000 |

        ```
        burn rate = errors / budget * 28 days
        error budget = (1 - SLO) * time
        ```
        ```yaml
        groups:
        - name: a
          rules:
          - alert: Burn
            expr: sum(rate(e{code=~"5.."}[5m])) / sum(rate(t[5m])) > 0.05
        ```
        > check health every 5m
        """;

    [Theory]
    [InlineData("Response time | < 500ms | 5 min/month")]
    [InlineData("Queue depth | < 100 | 7 requests / month")]
    [InlineData("Reports | 100% | 7 requests / month")]
    public void A_budget_beside_a_target_that_is_no_share_is_left_alone(string row) =>
        Codes($"# SLOs over 7 days\nKept over 7 days\n\n| SLI | Target | Error budget |\n|---|---|---|\n| {row} |\n")
            .ShouldNotContain(c => c.StartsWith("stated-", StringComparison.Ordinal) || c == "unreadable" || c == "month-is-no-length");

    [Fact]
    public void A_target_of_all_before_a_list_of_budgets_divides_nothing() =>
        Codes("# Service\nKept over 7 days\n\n100% availability:\n- allowed: 7 requests per month\n").ShouldNotContain("unreadable");

    [Fact]
    public void Units_are_read_in_upper_case_and_an_upper_case_m_is_a_million()
    {
        Codes("# SLOs\nKept over 28 days\n\n| Burn rate | Exhaustion |\n|---|---|\n| 14.4X | 50 H |\n").ShouldContain("exhaustion-time");
        var queue = "# SLOs\n| SLI | Target |\n|---|---|\n| Queue depth | < {0} |\n\n## Alerts\nAlert if: queue depth > 6M\n";
        Check(queue.Replace("{0}", "5M", StringComparison.Ordinal)).ShouldContain(p => p.Message.Contains("1.2 times", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("Failed requests are 5xx, not 4xx", "")]
    [InlineData("Failed requests are 5xx; 4xx are excluded", "")]
    [InlineData("Failed requests are 5xx, excluding 4xx", "")]
    [InlineData("Failed requests are 4xx and 5xx", "4xx are counted as failures")]
    [InlineData("Good: 2xx, bad: 5xx", "3xx and 4xx are neither")]
    [InlineData("Successful requests are 2xx and 3xx", "as written, 4xx are failures")]
    public void Classes_that_a_definition_excludes_are_not_counted(string says, string told) =>
        string.Concat(Check($"# SLOs\n\n{says}\n").Where(p => p.Code == "status-classes").Select(p => p.Message)).ShouldMatch(told.Length == 0 ? "^$" : told);

    [Theory]
    [InlineData("Error budget alert: 50% consumed", false)]
    [InlineData("Error budget policy: freeze at 25%", false)]
    [InlineData("Deploys freeze when 50% of the budget is gone", false)]
    [InlineData("Error budget: 0.5%", true)]
    public void A_share_of_the_budget_is_not_taken_for_the_budget(string says, bool isWrong) =>
        Codes($"# SLO\n\nTarget: 99.9% availability\n\n{says}\n").Contains("stated-budget").ShouldBe(isWrong);

    [Fact]
    public void What_is_left_of_a_budget_in_a_table_is_not_taken_for_the_budget() =>
        Codes("# SLOs\n| Service | SLO | Budget remaining |\n|---|---|---|\n| API | 99.9% | 75% |\n").ShouldNotContain("stated-budget");

    public static TheoryData<string> Hostile => new()
    {
        "# SLOs\n- " + new string(' ', 100_000) + "x",
        "# SLOs\nTarget: " + new string('1', 100_000),
        "# SLOs\nTarget: " + new string('1', 3999),
        "# SLOs\na(" + new string('1', 3900),
        "# SLOs\n" + "budget of " + new string('1', 40) + " minutes per month, " + string.Concat(Enumerable.Repeat("111,", 12)) + "111 d",
        "# SLOs\n99.9% SLO = " + new string('9', 40) + "% error budget, 0.1% is 1 in " + new string('9', 40),
        "# SLOs\nTarget: 99.9%, p99." + new string('9', 40) + " < 5s\nDowntime: ٣ minutes per month, ٣ %",
        "## Error budget policy\n- Green (" + new string('9', 40) + "%-٣%): x\n- Red (< 5%): y",
        "# SLOs\n| Burn rate | Exhaustion |\n|---|---|\n| 14.4x | 0 h |",
        "# SLOs\n- Queue depth ≤ 0\n\n## Alerts\nAlert if: queue depth > 5",
        "# SLOs\n- API: error rate < 0.1%\n- API: 99.5% availability\n- API: 100% availability\n",
        "# SLOs\n```\nburn rate = x * 1234567890123 days\n```",
        "# SLOs\nKept over 999999 weeks\n\n- API: 99.9% uptime\n\nProbe every 1 s\n",
    };

    [Theory]
    [MemberData(nameof(Hostile))]
    public void A_hostile_document_is_read_to_its_end(string text) => Codes(text).ShouldNotContain("unreadable");

    [Fact]
    public void An_alert_on_what_may_not_be_at_all_comes_after_the_breach() =>
        Check("# SLOs\n- Queue depth ≤ 0\n\nAlert if: queue depth > 5\n").ShouldContain(p => p.Message.Contains("tells above the limit", StringComparison.Ordinal));

    [Fact]
    public void Nesting_that_is_too_deep_is_a_problem_at_its_line()
    {
        var problem = Check("# SLOs\n\nfine\n\n" + new string('>', 5000) + " x\n").ShouldHaveSingleItem();
        (problem.Code, problem.Position.Line).ShouldBe(("too-deep", 5));
        Check("# SLOs\n\n````markdown\n# a\n\n" + new string('>', 5000) + " x\n````\n").ShouldHaveSingleItem().Position.Line.ShouldBe(6);
    }

    [Fact]
    public void Blocks_of_rules_have_a_limit()
    {
        var problems = Check(string.Concat(Enumerable.Repeat("```\ngroups:\n```\n", 50_000)));
        problems.Count(p => p.Code == "too-large").ShouldBe(1);
    }

    [Fact]
    public void Mangled_documents_never_throw()
    {
        string[] pieces = ["%", "|", ">", "X", "`", "```", "\n", "\n\n", "99", "0", "100%", "M", "#", ":", "(", ")", "- ", "  ", "≤", "٣", "\t", "'", "ſ", "\u2028",
            "12345678901234567890123456789012345", "1,000,000,000,000,000,000,000,000,000,000", "0.000000000000000000000001", "> > > > ", "x", "0 h", "|---|"];
        var random = new Random(20_261);
        for (var i = 0; i < 2000; i++)
        {
            var text = new StringBuilder(Sample.ReplaceLineEndings("\n"));
            for (var edits = random.Next(1, 40); edits > 0; edits--)
            {
                var at = random.Next(text.Length);
                var length = Math.Min(random.Next(1, 30), text.Length - at);
                _ = random.Next(4) switch
                {
                    0 => text.Remove(at, Math.Min(length, text.Length - 1)),
                    1 => text.Insert(random.Next(text.Length), text.ToString(at, length)),
                    2 => text.Insert(at, pieces[random.Next(pieces.Length)], random.Next(1, 4)),
                    _ => text.Remove(at, 1).Insert(at, pieces[random.Next(pieces.Length)]),
                };
            }
            var document = text.ToString();
            Codes(document).ShouldNotContain("unreadable", $"document {i}:\n{document}");
            if (i % 10 == 0)
            {
                Importer.Import([File(document)], [], ImportOptions.Default).Problems.ShouldNotContain(p => p.Code == "unreadable", $"document {i}:\n{document}");
            }
        }
    }

    private static WorkspaceFile File(string text) => new("slos.md", Encoding.UTF8.GetBytes(text));

    private static IReadOnlyList<Problem> Check(string text) => StatementLint.Check([File(text)]);

    private static List<string> Codes(string text) => [.. Check(text).Select(p => p.Code ?? "")];
}
