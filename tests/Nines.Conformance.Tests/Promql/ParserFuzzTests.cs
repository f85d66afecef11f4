using System.Text;
using System.Text.RegularExpressions;
using Nines.Metrics.Tests;
using Nines.PromQL;

namespace Nines.Conformance.Tests.Promql;

/// <summary>The parser under fuzz: expressions of Prometheus' own scripts, changed in a few places.</summary>
public sealed partial class ParserFuzzTests
{
    [Fact]
    public void Parse_ChangedExpressions_NeverThrowsAndPrintsWhatItReads()
    {
        var corpus = Corpus();
        corpus.Count.ShouldBeGreaterThan(1000);
        foreach (var seed in Fuzz.Seeds(20_000))
        {
            var random = new Random(seed);
            byte[] Any() => Encoding.UTF8.GetBytes(corpus[random.Next(corpus.Count)]);
            var query = Encoding.UTF8.GetString(seed < corpus.Count ? Encoding.UTF8.GetBytes(corpus[seed]) : Fuzz.Mutate(Any(), Any(), random));
            var parsed = PromParser.Parse(query);
            (parsed.Expr is null).ShouldBe(parsed.Problems.Count > 0, $"seed {seed}: {query}");
            parsed.Problems.ShouldAllBe(p => p.Start >= 0 && p.Start <= p.End && p.Start <= query.Length, $"seed {seed}: {query}");
            if (parsed.Expr is { } expr)
            {
                var printed = expr.ToString();
                var again = PromParser.Parse(printed);
                again.Expr.ShouldNotBeNull($"seed {seed}: {query}\nprinted as {printed}\n{string.Join('\n', again.Problems)}");
                again.Expr.ToString().ShouldBe(printed, $"seed {seed}: {query}");
            }
        }
    }

    [Theory]
    [InlineData("(", "1", ")")]
    [InlineData("-", "1", "")]
    [InlineData("sum(", "x", ")")]
    [InlineData("1+(", "1", ")")]
    [InlineData("x{a=\"", "b", "\"}")]
    [InlineData("rate(", "x[5m]", "[5m:])")]
    public void Parse_DeepOrLong_IsReadOrRefused(string open, string middle, string close)
    {
        foreach (var depth in (int[])[10, 100, 1000, 10_000, 60_000])
        {
            var query = string.Concat(Enumerable.Repeat(open, depth)) + middle + string.Concat(Enumerable.Repeat(close, depth));
            var parsed = PromParser.Parse(query);
            (parsed.Expr is not null || parsed.Problems.Count > 0).ShouldBeTrue();
        }
    }

    private static List<string> Corpus() =>
        [.. Directory.GetFiles(OutsideData.Folder("promql"), "*.test").Order(StringComparer.Ordinal).SelectMany(File.ReadAllLines)
            .Select(l => Eval().Match(l)).Where(m => m.Success).Select(m => m.Groups["query"].Value).Distinct(StringComparer.Ordinal)];

    [GeneratedRegex(@"^\s*eval\w*\s+(?:instant\s+at\s+\S+|range\s+from\s+\S+\s+to\s+\S+\s+step\s+\S+)\s+(?<query>.+)$", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex Eval();
}
