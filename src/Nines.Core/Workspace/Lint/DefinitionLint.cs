using System.Text.RegularExpressions;
using Nines.Metrics;
using Nines.Core.Workspace.Statements;
using Nines.PromQL;
using static Nines.Core.Workspace.Lint.StatementLint;

namespace Nines.Core.Workspace.Lint;

/// <summary>Looks at how a document defines what it measures, and whether its rules and commands do what its words say.</summary>
internal static partial class DefinitionLint
{
    public static IEnumerable<Problem> Check(SloDocument document) =>
        [.. Classes(document), .. Uptime(document), .. Stated(document), .. Commands(document), .. Probes(document)];

    /// <summary>Status classes that a definition forgets, or counts on the wrong side.</summary>
    private static IEnumerable<Problem> Classes(SloDocument document)
    {
        var cells = document.Text.Tables.SelectMany(t => t.Rows.SelectMany(r => r)).Where(StatementReader.IsUnderObjectives)
            .Concat(document.Text.Passages.Where(StatementReader.IsUnderObjectives)).ToList();
        foreach (var at in cells)
        {
            var classes = Class().Matches(at.Text).Select(m => m.Value[0] - '0')
                .Concat(CodeRange().Matches(at.Text).Select(m => m.Value[0] - '0')).Distinct().ToHashSet();
            if (classes.Count < 2)
            {
                continue;
            }
            var column = at.Column + Math.Min(Index(Class().Match(at.Text)), Index(CodeRange().Match(at.Text)));
            var isGood = classes.Contains(2);
            var negated = Negated().Matches(at.Text).Select(m => m.Groups["class"].Value[0] - '0').ToHashSet();
            var forgotten = Enumerable.Range(3, 2).Where(c => !classes.Contains(c)).ToList();
            if (isGood && (negated.Count > 0 || classes.Contains(5)) && forgotten.Count > 0)
            {
                yield return Finding(document, at, column, "status-classes",
                    $"good and bad answers are named, and {string.Join(" and ", forgotten.Select(c => $"{c}xx"))} are neither",
                    "decide once: usual is that 5xx and timeouts are failures, 4xx are not except perhaps 408 and 429");
            }
            else if (isGood && forgotten.Count > 0)
            {
                var rule = Excluding(document);
                yield return Finding(document, at, column, "status-classes",
                    $"as written, {string.Join(" and ", forgotten.Select(c => $"{c}xx"))} are failures" + (rule is null ? ""
                        : $"; the rule {rule.Name} at line {rule.Position.Line} fails only 5xx, so text and rule count differently"),
                    "name the failures instead of the successes, in the words of the rule");
            }
            else if (!isGood && classes.Contains(4) && classes.Contains(5) && !negated.Contains(4) && !negated.Contains(5))
            {
                yield return Finding(document, at, column, "status-classes",
                    "4xx are counted as failures: a client that asks for what is not there burns the budget",
                    "count 5xx and timeouts; of the 4xx perhaps 408 and 429");
            }
        }
    }

    private static int Index(Match match) => match.Success ? match.Index : int.MaxValue;

    private static Alerting.Rule? Excluding(SloDocument document) => document.Rules.SelectMany(g => g.Rules).FirstOrDefault(r => r.Expr.WithParts()
        .OfType<VectorSelector>().Any(s => s.Matchers.Any(m => m.Op == MatchOp.NotRegex && m.Value is "5.." or "5.*" or "5..$")));

    /// <summary>An availability that is "uptime" and nothing else.</summary>
    private static IEnumerable<Problem> Uptime(SloDocument document)
    {
        var asked = document.Text.Passages.Any(p => Asked().IsMatch(p.Text));
        return document.Text.Passages.Where(p => !asked && p.IsItem && NamesIndicators(p) && BareUptime().IsMatch(p.Text)).Select(p =>
            Finding(document, p, p.Column, "uptime-of-what", $"\"{p.Text.Trim()}\" does not say who asks, what, and how often",
                "count the requests that fail, or name the probe and its interval"));
    }

    private static bool NamesIndicators(Passage passage) =>
        StatementReader.NamesObjectives(passage.Intro) || StatementReader.NamesObjectives(passage.Heading.Text);

    /// <summary>A table of alerts whose condition is not that of the rule of the same name.</summary>
    private static IEnumerable<Problem> Stated(SloDocument document)
    {
        var rules = document.Rules.SelectMany(g => g.Rules).Where(r => r.Alerts).ToLookup(r => r.Name, StringComparer.Ordinal);
        foreach (var table in document.Text.Tables)
        {
            var (name, condition) = (table.Find(h => h is "alert" or "alert name" or "name"), table.Find(h => h is "condition" or "alert condition"));
            foreach (var row in name < 0 || condition < 0 ? [] : table.Rows)
            {
                if (rules[row[name].Text.Trim()].FirstOrDefault() is not { } rule
                    || Quantity.In(row[condition].Text).FirstOrDefault(q => q.Op is '<' or '>') is not { } stated)
                {
                    continue;
                }
                var numbers = rule.Expr.WithParts().OfType<NumberLiteral>().Select(n => n.Value).ToList();
                double[] same = [(double)stated.Value, (double)stated.Value / 100, 1 - (double)stated.Value / 100, (double)stated.Value / 1000];
                if (!numbers.Exists(n => Array.Exists(same, s => Math.Abs(n - s) < 1e-9)))
                {
                    yield return Finding(document, row[condition], row[condition].Column + stated.Index, "alert-differs-from-rule",
                        $"{rule.Name} is \"{row[condition].Text.Trim()}\" here, and its rule at line {rule.Position.Line} "
                        + $"asks {rule.Query.ReplaceLineEndings(" ").Trim()}",
                        "say one thing: let the table be made of the rules, or mend the rule");
                }
            }
        }
    }

    /// <summary>Queries in shell commands that no server understands as they arrive.</summary>
    private static IEnumerable<Problem> Commands(SloDocument document)
    {
        foreach (var fence in document.Text.Fences.Where(f => f.Info is "bash" or "sh" or "shell" or "console"))
        {
            foreach (var at in fence.Lines)
            {
                if (RawQuery().Match(at.Text) is { Success: true } match)
                {
                    yield return Finding(document, at, match.Index + 1, "query-not-encoded",
                        "PromQL stands raw in an address: a shell takes its parentheses, curl its braces and brackets"
                        + (at.Text.Contains("\\\"", StringComparison.Ordinal) ? ", and the backslashes reach the server" : ""),
                        "curl -G URL/api/v1/query --data-urlencode 'query=…'");
                }
            }
        }
    }

    /// <summary>Checks too rare for the budget they are to keep.</summary>
    private static IEnumerable<Problem> Probes(SloDocument document)
    {
        var strictest = document.Statements.Objectives.Where(o => o.IsUptime && o.Good < 1).MaxBy(o => o.Good);
        foreach (var passage in strictest is null ? [] : document.Text.Passages)
        {
            if (Every().Match(passage.Text) is not { Success: true } match || Quantity.First(match.Groups["every"].Value, QuantityUnit.Time) is not { } every)
            {
                continue;
            }
            var column = passage.Column + match.Groups["every"].Index;
            var budget = document.Statements.Days * 86_400_000 * (1 - strictest!.Good!.Value);
            if (every.Value > budget / 20)
            {
                yield return Finding(document, passage, column, "probe-too-rare",
                    $"{Percent(strictest.Good!.Value)} over {Number(document.Statements.Days)} days leaves {Length(budget)}, "
                    + $"and a check every {Length(every.Value)} sees it in steps of "
                    + $"1/{budget / every.Value:0.#}", $"ask at least every {Length(budget / 20)}");
            }
        }
    }

    [GeneratedRegex(@"(?<!\w)[2345]xx\b", RegexOptions.IgnoreCase, 1000)]
    private static partial Regex Class();

    [GeneratedRegex(@"\b(?:200-299|300-399|400-499|500-599)\b", RegexOptions.None, 1000)]
    private static partial Regex CodeRange();

    // "not 4xx", "excluding HTTP 4xx", "4xx are excluded", "4xx do not count".
    [GeneratedRegex(@"\b(?:not|never|no|except|excluding|excludes?|without|ignoring|ignores?|other than)\s{1,3}(?:[a-z]{1,10}\s{1,3})?(?<class>[2345])xx"
        + @"|(?<!\w)(?<class>[2345])xx\b[^.;,\d]{0,30}\b(?:excluded|ignored|not|don't|never)\b", RegexOptions.ExplicitCapture | RegexOptions.IgnoreCase, 1000)]
    private static partial Regex Negated();

    [GeneratedRegex(@"^\s*availability\s*:\s*uptime\b[^\d]*$", RegexOptions.IgnoreCase, 1000)]
    private static partial Regex BareUptime();

    [GeneratedRegex(@"/health|health check|probe|readiness|ping\b", RegexOptions.IgnoreCase, 1000)]
    private static partial Regex Asked();

    [GeneratedRegex(@"[?&]query=[^'""&\s]*[{(\[]", RegexOptions.IgnoreCase, 1000)]
    private static partial Regex RawQuery();

    [GeneratedRegex(@"\b(?:checks?|probes?|monitor|health)\b.*\bevery (?<every>\d{1,6} ?(?:s|seconds?|m|min|minutes?|hours?|h)\b)",
        RegexOptions.ExplicitCapture | RegexOptions.IgnoreCase, 1000)]
    private static partial Regex Every();
}
