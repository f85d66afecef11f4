using System.Runtime.CompilerServices;
using System.Text.RegularExpressions;
using FsCheck;
using FsCheck.Fluent;

namespace Nines.PromQL.Tests;

public sealed class PromParserTests
{
    [Theory]
    [InlineData("1 + 2 * 3 ^ 2", "(1 + (2 * (3 ^ 2)))")]
    [InlineData("2 ^ 3 ^ 2", "(2 ^ (3 ^ 2))")]
    [InlineData("1 - 2 - 3", "((1 - 2) - 3)")]
    [InlineData("-a ^ 2", "-(a ^ 2)")]
    [InlineData("-a * 2", "(-a * 2)")]
    [InlineData("a or b and c == d + e", "(a or (b and (c == (d + e))))")]
    [InlineData("a unless b and c", "((a unless b) and c)")]
    [InlineData("a atan2 b % c", "((a atan2 b) % c)")]
    [InlineData("a offset 2 ^ 2", "(a offset 2 ^ 2)")]
    public void Parse_Operators_BindAsInPrometheus(string query, string bracketed) => Bracket(Good(query)).ShouldBe(bracketed);

    [Theory]
    [InlineData("sum(a) by (x,y)", "sum by (x, y) (a)")]
    [InlineData("SUM WITHOUT(x,) (a)", "sum without (x) (a)")]
    [InlineData("topk(3, a)", "topk(3, a)")]
    [InlineData("a{b='c',d=~`e\\d`}", "a{b=\"c\", d=~\"e\\\\d\"}")]
    [InlineData("{\"foo.bar\", b!=\"c\"}", "{\"foo.bar\", b!=\"c\"}")]
    [InlineData("rate(a:b[90m] offset -1h)", "rate(a:b[1h30m] offset -1h)")]
    [InlineData("a @ 12.5 offset 5m", "a @ 12.500 offset 5m")]
    [InlineData("max_over_time(rate(a[5m])[1h:] @ end())", "max_over_time(rate(a[5m])[1h:] @ end())")]
    [InlineData("a == bool on(x) group_left(y) b # comment", "a == bool on (x) group_left (y) b")]
    [InlineData("on{by=\"x\"} + sum(bool)", "{\"on\", by=\"x\"} + sum({\"bool\"})")]
    [InlineData("a + fill(0) b", "a + fill_left (0) fill_right (0) b")]
    [InlineData("0x1f + 1e3 + Inf", "31 + 1000 + Inf")]
    [InlineData("increase(a[1m] anchored)", "increase(a[1m] anchored)")]
    public void Parse_Query_PrintsCanonically(string query, string canonical)
    {
        var result = PromParser.Parse(query);
        result.Problems.ShouldBeEmpty();
        result.Expr!.ToString().ShouldBe(canonical);
    }

    [Theory]
    [InlineData("", 0, "no expression found in input")]
    [InlineData("a{b=\"c\"", 7, "unexpected end of input in label matching, expected \",\"")]
    [InlineData("1 and 2", 0, "set operator \"and\" not allowed in binary scalar expression")]
    [InlineData("1 == 2", 0, "comparisons between scalars must use BOOL modifier")]
    [InlineData("rate(a)", 5, "expected type range vector in call to function \"rate\", got instant vector")]
    [InlineData("nope(a)", 0, "unknown function with name \"nope\"")]
    [InlineData("{}", 0, "vector selector must contain at least one non-empty matcher")]
    [InlineData("(a)[5m]", 3, "ranges only allowed for vector selectors")]
    [InlineData("a offset 1m offset 1m", 12, "offset may not be set multiple times")]
    [InlineData("sum()", 0, "no arguments for aggregate expression provided")]
    [InlineData("round()", 0, "expected at least 1 argument(s) in call to \"round\", got 0")]
    [InlineData("a ! b", 2, "unexpected character: '!'")]
    [InlineData("\"abc", 0, "unterminated quoted string")]
    [InlineData("foo{a=~\"(\"}", 7, "invalid")]
    [InlineData("a and on(x) group_left b", 12, "no grouping allowed for \"and\" operation")]
    public void Parse_BadQuery_SaysWhatAndWhere(string query, int start, string message)
    {
        var problems = PromParser.Parse(query).Problems;
        problems.ShouldNotBeEmpty();
        problems[0].Start.ShouldBe(start);
        problems[0].Message.ShouldStartWith(message, Case.Insensitive);
    }

    [Theory]
    [InlineData("(")]
    [InlineData("-")]
    [InlineData("sum(")]
    [InlineData("1+")]
    [InlineData("a[1m:]")]
    [InlineData("a[(")]
    [InlineData("2^")]
    [InlineData("- -a offset - ")]
    public void Parse_HostileNesting_IsRefused(string part)
    {
        var query = string.Concat(Enumerable.Repeat(part, 60_000 / part.Length));
        PromParser.Parse(query).Problems.Count.ShouldBe(1);
    }

    [Fact]
    public void Print_AnyExpression_ReadsBackAsItself()
    {
        var atoms = Gen.Elements("a", "a{b=\"c\\n\\\"\"}", "1", "5m", "{\"x y\",z!~\"1|2\"}", "rate(a[5m] offset -2m)", "-b", "time()", "a[1h:5m] @ 3");
        Gen<string> Tree(int depth) => depth == 0 ? atoms : Gen.OneOf(
            atoms,
            Gen.Elements("+", "-", "*", "/", "^", "and", "> bool", "== on(x)", "or").SelectMany(op => Tree(depth - 1).SelectMany(l => Tree(depth - 1).Select(r => $"{l} {op} {r}"))),
            Tree(depth - 1).Select(x => $"({x})"), Tree(depth - 1).Select(x => $"sum by (x) ({x})"), Tree(depth - 1).Select(x => $"-{x}"));
        Prop.ForAll(Tree(4).ToArbitrary(), query =>
        {
            if (PromParser.Parse(query).Expr is not { } expr)
            {
                return;
            }
            var printed = expr.ToString();
            var again = PromParser.Parse(printed);
            again.Problems.ShouldBeEmpty(printed);
            again.Expr!.ToString().ShouldBe(printed);
            Bracket(again.Expr!).ShouldBe(Bracket(expr));
        }).QuickCheckThrowOnFailure();
    }

    [Fact]
    public void Parse_ConformanceScripts_ReadsEveryQuery()
    {
        var directory = Path.Combine(Conformance(), "promql");
        Assert.SkipUnless(Directory.Exists(directory), $"no conformance data at {directory}");
        var refused = new List<string>();
        foreach (var file in Directory.GetFiles(directory, "*.test"))
        {
            var lines = File.ReadAllLines(file);
            for (var i = 0; i < lines.Length; i++)
            {
                var eval = Regex.Match(lines[i], @"^\s*eval(?:_ordered|_warn|_info)? (?:instant at \S+|range from \S+ to \S+ step \S+)\s+(?<query>.*)$", RegexOptions.NonBacktracking);
                var fails = i + 1 < lines.Length && lines.Skip(i + 1).TakeWhile(l => l.TrimStart().StartsWith("expect", StringComparison.Ordinal)).Any(l => l.Contains("expect fail", StringComparison.Ordinal));
                if (eval.Success && !fails && PromParser.Parse(eval.Groups["query"].Value) is { Expr: null } result)
                {
                    refused.Add($"{Path.GetFileName(file)}:{i + 1}: {eval.Groups["query"].Value} → {result.Problems[0]}");
                }
            }
        }
        refused.ShouldBeEmpty();
    }

    private static string Conformance([CallerFilePath] string here = "") =>
        Environment.GetEnvironmentVariable("NINES_CONFORMANCE") ?? Path.GetFullPath(Path.Combine(Path.GetDirectoryName(here)!, "../../../shared/conformance"));

    private static Expr Good(string query)
    {
        var result = PromParser.Parse(query);
        result.Problems.ShouldBeEmpty();
        return result.Expr!;
    }

    private static string Bracket(Expr expr) => expr switch
    {
        BinaryExpr b => $"({Bracket(b.Left)} {b.Op} {Bracket(b.Right)})",
        UnaryExpr u => $"{(u.Negative ? "-" : "+")}{Bracket(u.Inner)}",
        ParenExpr p => Bracket(p.Inner),
        _ => expr.ToString(),
    };
}
