using System.Text.RegularExpressions;
using Nines.Metrics;
using Nines.Metrics.Tests;
using Nines.PromQL;

namespace Nines.Conformance.Tests.Promql;

/// <summary>What is wrong with a query is said in Prometheus' words and at Prometheus' place.</summary>
public sealed partial class ParseErrorTests
{
    private const string BadNumber = "bad number or duration syntax";

    private static readonly string[] Expressions =
    [
        "sum by (job, instance) (rate(http_requests_total{code=~\"5..\", job!='api'}[5m] offset 1h))", "a + on(x, y) group_left(z) b", "a == bool 1",
        "topk(5, a)", "histogram_quantile(0.9, sum(rate(x_bucket[5m])) by (le))", "-a ^ 2 * (b - 3)", "max_over_time(rate(a[5m])[1h:1m] @ 1700000000)",
        "label_replace(up, \"a\", \"$1\", 'b', `(.*)`)", "a @ end() offset -5m", "a and b or c unless ignoring(x) d", "count_values(\"v\", a)", "1e3 + 0x1f - Inf",
        "absent(a{b=\"é\"}) > 0", "vector(time() % 86400) atan2 1", "sum without() (a) / count(a)", "quantile(0.5, a:b:c)", "{__name__=~\"x.*\", y=\"\"}",
    ];

    private static readonly string[] Pieces =
    [
        "(", ")", "{", "}", "[", "]", ",", ":", "+", "-", "*", "==", "=", "!", "=~", "!=", "@", "\"x\"", "'", "`", "a", "b:c", "by", "on", "sum", "and", "bool", "offset",
        "group_left", "5", "5m", "1.5", "rate", "nope", "#", "&", "é", "ignoring", "start", "inf", "\\", "\"a\\qb\"", "\n", "without", "atan2", "longer_than_ten", "or",
    ];

    [Fact]
    public async Task Parse_MangledExpressions_SaysWhatPrometheusSays()
    {
        var stop = TestContext.Current.CancellationToken;
        await using var prometheus = await PrometheusServer.StartAsync([(Labels.Of([("__name__", "a")]), [new Sample(DataSets.StartMs, 1)])], stop);
        var (compared, differ) = (0, new List<string>());
        foreach (var seed in Fuzz.Seeds(4000))
        {
            var query = Mangled(new Random(seed));
            var ours = PromParser.Parse(query) is { Expr: null } refused ? $"invalid parameter \"query\": {refused.Problems[0].In(query)}" : null;
            var theirs = await prometheus.ErrorAsync(query, stop);
            if (ours is null || theirs is null || NewWords(query, theirs, ours))
            {
                continue;
            }
            compared++;
            if (ours != theirs.Replace("\"<Item 57385>\" <op:@>", "<op:@>"))
            {
                differ.Add($"seed {seed}: {query}\n  theirs: {theirs}\n  ours:   {ours}");
            }
        }
        compared.ShouldBeGreaterThan(2000);
        differ.Count.ShouldBe(0, string.Join('\n', differ.Take(60)));
    }

    // What the language has gained since 2.42, which is what the server here speaks: durations that are expressions and numbers, names in quotes, modifiers,
    // start() and its like; messages that name a pattern without its anchors, more of a number that is none, and tell where nothing stands.
    private static bool NewWords(string query, string theirs, string ours) =>
        query.Length == 0 || (theirs.Contains(BadNumber, StringComparison.Ordinal) && ours.Contains(BadNumber, StringComparison.Ordinal))
            || Changed().IsMatch(theirs) || ours.Contains("step()", StringComparison.Ordinal) || Newer().IsMatch(query)
            || (theirs.Contains("trailing commas", StringComparison.Ordinal) && DurationAfterComma().IsMatch(query));

    private static string Mangled(Random random)
    {
        var tokens = Token().Matches(Expressions[random.Next(Expressions.Length)]).Select(m => m.Value).ToList();
        for (var times = random.Next(1, 4); times > 0; times--)
        {
            var at = random.Next(tokens.Count);
            switch (random.Next(5))
            {
                case 0 when tokens.Count > 1:
                    tokens.RemoveAt(at);
                    break;
                case 1:
                    tokens.Insert(at, Pieces[random.Next(Pieces.Length)]);
                    break;
                case 2:
                    tokens[at] = Pieces[random.Next(Pieces.Length)];
                    break;
                case 3:
                    tokens.RemoveRange(at, Math.Min(tokens.Count - at, random.Next(1, 8)));
                    tokens.Add("");
                    break;
                default:
                    tokens.Insert(at, tokens[random.Next(tokens.Count)]);
                    break;
            }
        }
        return string.Join(random.Next(3) == 0 ? "" : " ", tokens);
    }

    [GeneratedRegex(
        @"expected duration|bad duration|missing unit|in offset|unexpected string .* in label matching|unexpected (string|metric identifier) .* in grouping opts, expected label"
            + "|parsing regexp|unexpected colon", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex Changed();

    [GeneratedRegex(@"smoothed|(start|end)\s*\(", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex Newer();

    [GeneratedRegex(@",\s*[0-9.]+m", RegexOptions.None, 1000)]
    private static partial Regex DurationAfterComma();

    [GeneratedRegex("""[A-Za-z_:][A-Za-z0-9_:]*|[0-9.]+[a-z0-9]*|"[^"]*"|'[^']*'|`[^`]*`|[=!]~|[=!<>]=|\S""", RegexOptions.None, 1000)]
    private static partial Regex Token();
}
