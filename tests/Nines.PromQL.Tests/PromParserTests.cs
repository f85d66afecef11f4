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
    [InlineData("by{by=\"x\"} + sum(and)", "{\"by\", by=\"x\"} + sum({\"and\"})")]
    [InlineData("sum(a) by (\"inf\", \"é\", x:y)", "sum by (\"inf\", \"é\", \"x:y\") (a)")]
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
    [InlineData("", "unknown position: parse error: no expression found in input")]
    [InlineData(" # nothing", "1:1: parse error: no expression found in input")]
    [InlineData("a{b=\"c\"", "1:8: parse error: unexpected end of input inside braces")]
    [InlineData("a{b=\"c\" d}", "1:9: parse error: unexpected identifier \"d\" in label matching, expected \",\" or \"}\"")]
    [InlineData("a{\"b\" d}", "1:7: parse error: unexpected identifier \"d\" in label matching, expected \",\" or \"}\"")]
    [InlineData("a{\"b\"}", "1:1: parse error: metric name must not be set twice: \"a\" or \"b\"")]
    [InlineData("a{__name__=\"b\"}", "1:1: parse error: metric name must not be set twice: \"a\" or \"b\"")]
    [InlineData("sum(a", "1:6: parse error: unclosed left parenthesis")]
    [InlineData("sum(a b", "1:7: parse error: unexpected identifier \"b\" in aggregation")]
    [InlineData("a[", "1:3: parse error: unexpected end of input in duration expression")]
    [InlineData("a[5m", "1:5: parse error: unclosed left bracket")]
    [InlineData("a[]", "1:3: parse error: unexpected \"]\" in subquery or range selector, expected number, duration, step(), or range()")]
    [InlineData("a[\"5m\"]", "1:3: parse error: unexpected character in duration expression: '\"'")]
    [InlineData("a[5m x]", "1:6: parse error: unexpected character: 'x', expected ':'")]
    [InlineData("a[-1]", "1:3: parse error: duration must be greater than 0")]
    [InlineData("a[1m:1m:1m]", "1:8: parse error: unexpected colon ':'")]
    [InlineData("a[5m:1m,]", "1:8: parse error: unexpected \",\" in subquery selector, expected \"]\"")]
    [InlineData("a[5m:,]", "1:6: parse error: unexpected \",\" in subquery selector, expected number, duration, step(), range(), or \"]\"")]
    [InlineData("a[5m] OFFSET 1mm", "1:14: parse error: bad number or duration syntax: \"1mm\"")]
    [InlineData("a offset", "1:9: parse error: unexpected end of input in offset, expected number, duration, step(), or range()")]
    [InlineData("a offset 5hs", "1:10: parse error: not a valid duration string: \"5hs\"")]
    [InlineData("a @ b", "1:5: parse error: unexpected identifier \"b\" in @, expected timestamp")]
    [InlineData("a @ 1e20", "1:1: parse error: timestamp out of bounds for @ modifier: 100000000000000000000.000000")]
    [InlineData("1 and 2", "1:1: parse error: set operator \"and\" not allowed in binary scalar expression")]
    [InlineData("1 == 2", "1:3: parse error: comparisons between scalars must use BOOL modifier")]
    [InlineData("rate(a)", "1:6: parse error: expected type range vector in call to function \"rate\", got instant vector")]
    [InlineData("nope(a) !", "1:1: parse error: unknown function with name \"nope\"")]
    [InlineData("{}", "1:1: parse error: vector selector must contain at least one non-empty matcher")]
    [InlineData("(a)[5m]", "1:4: parse error: ranges only allowed for vector selectors")]
    [InlineData("a offset 1m offset 1m", "1:1: parse error: offset may not be set multiple times")]
    [InlineData("sum()", "1:1: parse error: no arguments for aggregate expression provided")]
    [InlineData("round()", "1:1: parse error: expected at least 1 argument(s) in call to \"round\", got 0")]
    [InlineData("a ! b", "1:3: parse error: unexpected character after '!': ' '")]
    [InlineData("a\n  + &", "2:5: parse error: unexpected character: '&'")]
    [InlineData("\"é\" &", "1:6: parse error: unexpected character: '&'")]
    [InlineData("\"abc", "1:1: parse error: unterminated quoted string")]
    [InlineData("\"a\\qb\"", "1:1: parse error: unknown escape sequence U+0071 'q'")]
    [InlineData("a and on(x) group_left b", "1:1: parse error: no grouping allowed for \"and\" operation")]
    [InlineData("a + on", "1:7: parse error: unexpected end of input in grouping opts, expected \"(\"")]
    [InlineData("on{by=\"x\"}", "1:1: parse error: unexpected <on>")]
    [InlineData("\"a\"[5m:1m]", "1:1: parse error: subquery is only allowed on instant vector, got string instead")]
    [InlineData("1e", "1:1: parse error: bad number or duration syntax: \"1e\"")]
    [InlineData("(1e)", "1:2: parse error: error parsing number: strconv.ParseFloat: parsing \"1e\": invalid syntax")]
    [InlineData("info(a, b)", "1:9: parse error: expected label selectors only, got vector selector instead")]
    public void Parse_BadQuery_SaysWhatAndWhere(string query, string message) => PromParser.Parse(query).Problems[0].In(query).ShouldBe(message);

    [Fact]
    public void Parse_BadPattern_NamesItsLabel() => PromParser.Parse("foo{a=~\"(\"}").Problems[0].Start.ShouldBe(4);

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
