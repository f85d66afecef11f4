using System.Globalization;
using Nines.Metrics.Templates;

namespace Nines.Metrics.Tests.Templates;

public class TemplateTests
{
    [Theory]
    [InlineData("a {{- \"x\" -}}  b", "axb")]
    [InlineData("{{range $k, $v := .GroupLabels}}{{$k}}={{$v}},{{end}}", "alertname=Down,empty=,job=api,")]
    [InlineData("{{if .GroupLabels.nope}}y{{else if .Status}}s{{else}}n{{end}}", "s")]
    [InlineData("{{with .GroupLabels.nope}}a{{else with .Status}}{{.}}{{else}}b{{end}}", "firing")]
    [InlineData("{{range 3}}{{.}}{{end}}", "012")]
    [InlineData("{{block \"b\" .Status}}[{{.}}]{{end}}", "[firing]")]
    [InlineData("{{printf \"%05.1f|%-5d|%+d|%q|%v\" 3.14159 7 7 \"a\\n\" 1e21}}", "003.1|7    |+7|\"a\\n\"|1e+21")]
    [InlineData("{{printf \"%d\" \"x\"}}", "%!d(string=x)")]
    [InlineData("{{1000000.0}} {{100000.0}} {{0.00001}}", "1e+06 100000 1e-05")]
    [InlineData("{{print 1 2 \"a\" \"b\" 3 4.5 true}}", "1 2ab3 4.5 true")]
    [InlineData("{{html \"<a href='x'>\"}}", "&lt;a href=&#39;x&#39;&gt;")]
    [InlineData("{{len \"é\"}}{{slice \"hello\" 1 3}}{{index .GroupLabels \"job\"}}", "2elapi")]
    public void Template_Executed_GivesGosText(string template, string expected) =>
        TemplateCases.Execute(template, TemplateCases.Data).ShouldBe(new TemplateOutcome(expected, null));

    [Theory]
    [InlineData("x\n{{.Nope}}", "template: :2:2: executing \"\" at <.Nope>: can't evaluate field Nope in type template.Data")]
    [InlineData("{{index .GroupLabels 1}}", "template: :1:2: executing \"\" at <index .GroupLabels 1>: error calling index: value has type int; should be string")]
    [InlineData("{{nope 1}}", "template: :1: function \"nope\" not defined")]
    [InlineData("a\n{{if 1}}", "template: :2: unexpected EOF")]
    [InlineData("{{$x}}", "template: :1: undefined variable \"$x\"")]
    [InlineData("{{1", "template: :1: unclosed action")]
    public void BadTemplate_NamesPlaceAndReason(string template, string error) =>
        TemplateCases.Execute(template, TemplateCases.Data).Error.ShouldBe(error);

    [Theory]
    [InlineData("{{define \"a\"}}{{template \"a\"}}{{end}}{{template \"a\"}}", "depth")]
    [InlineData("{{range 100000}}{{range 100000}}{{end}}{{end}}", "steps")]
    [InlineData("{{$x := \"aaaaaaaaaaaaaaaa\"}}{{range 64}}{{$x = print $x $x}}{{end}}", "longer than")]
    [InlineData("{{range 1000000}}xxxxxxxxxx{{end}}", "longer than")]
    [InlineData("{{printf \"%1000000d%1000000d%1000000d\" 1 2 3}}", "longer than")]
    [InlineData("{{printf \"%.999999f%.999999f\" 1.0 2.0}}", "longer than")]
    public void HostileTemplate_EndsWithAnError(string template, string reason) =>
        TemplateCases.Execute(template, TemplateCases.Data).Error!.ShouldContain(reason);

    [Fact]
    public void DeeplyNestedTemplate_IsRefused()
    {
        TemplateCases.Execute(string.Concat(Enumerable.Repeat("{{if 1}}", 100_000)), null).Error!.ShouldContain("nested deeper");
        TemplateCases.Execute("{{" + new string('(', 100_000), null).Error!.ShouldNotBeNull();
        TemplateCases.Execute("{{" + new string('(', 1000) + "1" + new string(')', 1000) + "}}", null).Error!.ShouldContain("nested deeper");
    }

    [Fact]
    public void MangledTemplates_NeverThrow()
    {
        var random = new Random(20261121);
        const string Signs = "{}$.|()\"`'-:=, \n%/*1eéxif";
        for (var i = 0; i < 20_000; i++)
        {
            var text = TemplateCases.All[random.Next(TemplateCases.All.Length)];
            for (var edits = random.Next(1, 4); edits > 0 && text.Length > 0; edits--)
            {
                var at = random.Next(text.Length);
                text = random.Next(3) switch
                {
                    0 => text.Remove(at, 1),
                    1 => text.Insert(at, Signs[random.Next(Signs.Length)].ToString()),
                    _ => text[..at] + TemplateCases.All[random.Next(TemplateCases.All.Length)] + text[at..],
                };
            }
            var outcome = TemplateCases.Execute(text, TemplateCases.Data, new TemplateLimits(10_000, 10_000));
            (outcome.Text is null ^ outcome.Error is null).ShouldBeTrue(text);
        }
    }

    [Fact]
    public void Numbers_ReadBackAsTheyWereWritten()
    {
        var random = new Random(1);
        foreach (var format in "egxb".ToCharArray())
        {
            for (var i = 0; i < 20_000; i++)
            {
                var value = BitConverter.Int64BitsToDouble(random.NextInt64());
                var text = GoFloat.Format(value, format);
                if (format == 'b')
                {
                    continue;
                }
                GoFloat.TryParse(text, out var read).ShouldBeTrue(text);
                BitConverter.DoubleToInt64Bits(read).ShouldBe(BitConverter.DoubleToInt64Bits(double.IsNaN(value) ? double.NaN : value), text);
            }
        }
    }

    [Fact]
    public void RoundedNumbers_AreTheNearestDecimals()
    {
        var random = new Random(2);
        for (var i = 0; i < 5000; i++)
        {
            // A decimal holds these numbers exactly, and rounds half to even.
            var value = random.Next(-1_000_000, 1_000_000) / (double)(1 << random.Next(0, 11));
            var places = random.Next(0, 6);
            var expected = Math.Round((decimal)value, places, MidpointRounding.ToEven).ToString("F" + places, CultureInfo.InvariantCulture);
            GoFloat.Format(value, 'f', places).TrimStart('-').ShouldBe(expected.TrimStart('-'), value.ToString(CultureInfo.InvariantCulture));
        }
    }

    [Theory]
    [InlineData("0x1p-2", 0.25)]
    [InlineData("0x1.8p1", 3)]
    [InlineData("0x1.fffffffffffff8p0", 2)]
    [InlineData("0x1p-1074", 5e-324)]
    [InlineData("0x1p-1075", 0)]
    [InlineData("1_000.5", 1000.5)]
    [InlineData("+Inf", double.PositiveInfinity)]
    [InlineData("-infinity", double.NegativeInfinity)]
    [InlineData(".5", 0.5)]
    [InlineData("5.", 5)]
    [InlineData("1e3", 1000)]
    [InlineData("-0", -0.0)]
    public void GoNumber_IsRead(string text, double expected)
    {
        GoFloat.TryParse(text, out var value).ShouldBeTrue();
        value.ShouldBe(expected);
    }

    [Theory]
    [InlineData("")]
    [InlineData("+")]
    [InlineData("1e400")]
    [InlineData("0x1")]
    [InlineData("_1")]
    [InlineData("1_")]
    [InlineData("1__0")]
    [InlineData("1 ")]
    [InlineData(" 1")]
    [InlineData("1e")]
    [InlineData("++1")]
    [InlineData("-nan")]
    [InlineData("0xp1")]
    [InlineData("1,000")]
    public void NotAGoNumber_IsRefused(string text) => GoFloat.TryParse(text, out _).ShouldBeFalse();

    [Theory]
    [InlineData(0, "0s")]
    [InlineData(1, "1ns")]
    [InlineData(1_500, "1.5µs")]
    [InlineData(100_000_000, "100ms")]
    [InlineData(1_500_000_000, "1.5s")]
    [InlineData(5_400_000_000_000, "1h30m0s")]
    [InlineData(-60_000_000_000, "-1m0s")]
    [InlineData(long.MinValue, "-2562047h47m16.854775808s")]
    public void Duration_PrintsAsGoDoes(long nanoseconds, string text)
    {
        new GoDuration(nanoseconds).ToString().ShouldBe(text);
        if (nanoseconds != long.MinValue)
        {
            GoDuration.TryParse(text, out var read).ShouldBeTrue();
            read.Nanoseconds.ShouldBe(nanoseconds);
        }
    }

    [Theory]
    [InlineData("a(x*)b", "${1}W", "-ab-axxb-", "-W-xxW-")]
    [InlineData("a(x*)b", "$1W", "-ab-axxb-", "---")]
    [InlineData("(?P<n>.)c", "<$n$$>", "abc", "a<b$>")]
    [InlineData("x*", "-", "abxc", "-a-b-c-")]
    public void ReplaceAll_FollowsGo(string pattern, string replacement, string text, string expected) =>
        GoText.ReplaceAll(pattern, replacement, text, 1000).ShouldBe(expected);

    [Theory]
    [InlineData("2006-01-02 15:04:05", "2022-03-04 15:06:07")]
    [InlineData("Mon, 02 Jan 2006 15:04:05 MST", "Fri, 04 Mar 2022 15:06:07 UTC")]
    [InlineData("3:04PM Monday _2 January", "3:06PM Friday  4 March")]
    [InlineData("2006-01-02T15:04:05.000Z07:00", "2022-03-04T15:06:07.120Z")]
    [InlineData("15:04:05.999999 -0700 002", "15:06:07.12 +0000 063")]
    public void Time_Formatted_FollowsGosLayout(string layout, string expected) =>
        new GoTime(1_646_406_367_120_000_000).Format(layout).ShouldBe(expected);
}
