using FsCheck;
using FsCheck.Fluent;
using Nines.Core.Objectives;

namespace Nines.Core.Tests.Objectives;

public sealed class IndicatorReaderTests
{
    [Theory]
    [InlineData("a_total", "+{__name__=\"a_total\"}")]
    [InlineData("sum(rate(a{x=\"1\"}[5m])) - (b + increase(c[1h]))", "+{__name__=\"a\",x=\"1\"}-{__name__=\"b\"}-{__name__=\"c\"}")]
    [InlineData("sum(rate(a[{{.window}}]))", "+{__name__=\"a\"}")]
    [InlineData("sum(rate(a[5m]) - rate(b[5m]))", "+{__name__=\"a\"}-{__name__=\"b\"}")]
    public void Read_CountersOnly_GivesTerms(string query, string canonical)
    {
        var reading = IndicatorReader.Read(query);
        reading.Problems.ShouldBeEmpty();
        reading.Expression!.Canonical.ShouldBe(canonical);
        reading.Expression.Query.ShouldBe(query);
    }

    [Theory]
    [InlineData("sum by (code) (rate(a[5m]))", 0, "drop by(…)")]
    [InlineData("sum(rate(a[5m])) / sum(rate(b[5m]))", 0, "put good and total in separate queries")]
    [InlineData("a + histogram_quantile(0.9, b)", 4, "count the requests that were fast enough: name_bucket{le=\"0.3\"}")]
    [InlineData("sum(rate(a[5m] offset 1h))", 9, "drop offset")]
    [InlineData("a @ 5", 0, "drop @")]
    [InlineData("{job=\"x\"}", 0, "begin it with the name of a counter")]
    [InlineData("a - sum(a)", 0, "drop both")]
    [InlineData("max(a)", 0, "use sum")]
    [InlineData("a + 1", 4, "write a selector such as http_requests_total{code!~\"5..\"}, or sum(rate(…[5m]))")]
    [InlineData("rate(a[{{.window}}]) + {}", 23, "")]
    public void Read_AnythingElse_SaysWhereAndWhatInstead(string query, int start, string hint)
    {
        var reading = IndicatorReader.Read(query);
        reading.Expression.ShouldBeNull();
        reading.Problems[0].Start.ShouldBe(start);
        reading.Problems[0].Hint.ShouldBe(hint);
    }

    [Fact]
    public void Canonical_SpacesOrderWindowsParentheses_DoNotMatter()
    {
        var choice = Gen.Choose(0, 1);
        Prop.ForAll(Gen.ArrayOf(choice, 6).ToArbitrary(), bits =>
        {
            var matchers = bits[0] == 0 ? "x=\"1\",y!=\"2\"" : " y!=\"2\" , x=\"1\" ";
            var a = $"sum( rate(a{{{matchers}}}[{(bits[1] == 0 ? "5m" : "1d")}]))";
            var b = bits[2] == 0 ? "b" : "(sum(increase(b[1h])))";
            var query = bits[3] == 0 ? $"{a} + {b}" : $"{b}+{a}";
            query = bits[4] == 0 ? query : $"({query})";
            query = bits[5] == 0 ? query : $"sum({query}) # why";
            IndicatorReader.Read(query).Expression!.Canonical.ShouldBe("+{__name__=\"a\",x=\"1\",y!=\"2\"}+{__name__=\"b\"}");
        }).QuickCheckThrowOnFailure();
    }
}
