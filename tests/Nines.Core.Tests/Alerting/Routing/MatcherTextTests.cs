using Nines.Core.Alerting.Routing;

namespace Nines.Core.Tests.Alerting.Routing;

public sealed class MatcherTextTests
{
    [Theory]
    [InlineData("foo=bar", "foo=\"bar\"")]
    [InlineData(" foo =~ \"a|b\" ", "foo=~\"a|b\"")]
    [InlineData("{}", "")]
    [InlineData("", "")]
    [InlineData("{a=\"1\",b!=\"2\",}", "a=\"1\",b!=\"2\"")]
    [InlineData("{a=\"x,y\", b!~\"}\"}", "a=\"x,y\",b!~\"}\"")]
    [InlineData("a=\"say \\\"hi\\\"\"", "a=\"say \\\"hi\\\"\"")]
    [InlineData("a=\"back\\\\slash\"", "a=\"back\\\\slash\"")]
    public void Read_WhatBothGrammarsHave_IsTheSameInAllModes(string text, string printed)
    {
        foreach (var mode in Enum.GetValues<MatcherMode>())
        {
            var reading = MatcherText.Read(text, mode);
            reading.Error.ShouldBeNull();
            reading.Warning.ShouldBeNull();
            string.Join(',', reading.Matchers!).ShouldBe(printed, mode.ToString());
        }
    }

    [Theory]
    [InlineData("foo=", "foo=\"\"")]                                  // no value
    [InlineData("a=\"lone\\d\"", "a=\"lone\\\\d\"")]                  // a lone backslash stands for itself
    [InlineData("a=x=y", "a=\"x=y\"")]
    [InlineData("{a=\"1\"", "a=\"1\"")]                               // half a pair of braces
    [InlineData("a=b c", "a=\"b c\"")]
    public void Read_WhatOnlyTheOldGrammarHas_CountsWithAWarningAndNotInStrictMode(string text, string printed)
    {
        var reading = MatcherText.Read(text);
        string.Join(',', reading.Matchers!).ShouldBe(printed);
        reading.Warning.ShouldNotBeNull().ShouldContain(printed);
        MatcherText.Read(text, MatcherMode.Utf8Strict).Matchers.ShouldBeNull();
        MatcherText.Read(text, MatcherMode.Classic).Warning.ShouldBeNull();
    }

    [Theory]
    [InlineData("Προμηθεύς=\"ναι\"", "Προμηθεύς=\"ναι\"")]
    [InlineData("\"dotted.name\"=x", "dotted.name=\"x\"")]
    [InlineData("a.b=~c", "a.b=~\"c\"")]
    public void Read_WhatOnlyTheNewGrammarHas_IsAnErrorInClassicMode(string text, string printed)
    {
        var reading = MatcherText.Read(text);
        string.Join(',', reading.Matchers!).ShouldBe(printed);
        reading.Warning.ShouldBeNull();
        MatcherText.Read(text, MatcherMode.Classic).Error.ShouldBe($"bad matcher format: {text}");
    }

    [Fact]
    public void Read_WhatTheyReadDifferently_CountsAsBefore()
    {
        var text = "qux=\"\\xf0\\x9f\\x99\\x82\"";
        MatcherText.Read(text, MatcherMode.Utf8Strict).Matchers!.Single().Value.ShouldBe("🙂");
        var reading = MatcherText.Read(text);
        reading.Matchers!.Single().Value.ShouldBe("\\xf0\\x9f\\x99\\x82");
        reading.Warning.ShouldNotBeNull().ShouldContain("differently");
    }

    [Theory]
    [InlineData("foo", "end of input: expected an operator such as = or =~")]
    [InlineData("foo!bar", "4: expected = or ~ after !")]
    [InlineData("=bar", "1: =: expected a label's name")]
    [InlineData("foo=bar baz=x", "9: baz: expected a comma or the end")]
    [InlineData("foo=\"bar", "5: the quoted text does not end")]
    [InlineData("{foo=bar", "the closing brace is missing")]
    [InlineData("foo=bar}", "there is a closing brace without an opening one")]
    [InlineData("{foo=bar,,}", "10: ,: expected a label's name")]
    [InlineData("foo='bar'", "5: ': invalid input")]
    public void Read_Strict_SaysWhereItEnds(string text, string error) => MatcherText.Read(text, MatcherMode.Utf8Strict).Error.ShouldBe(error);

    [Theory]
    [InlineData("a=~\"(\"")]
    [InlineData("a=~\"(?=x)\"")]
    public void Read_AnExpressionThatRe2Refuses_IsAnErrorInAllModes(string text) =>
        Enum.GetValues<MatcherMode>().ShouldAllBe(mode => MatcherText.Read(text, mode).Error!.Contains("invalid regular expression"));
}
