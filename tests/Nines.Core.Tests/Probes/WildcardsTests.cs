using FsCheck;
using FsCheck.Fluent;
using System.Text.RegularExpressions;
using Nines.Core.Probes;

namespace Nines.Core.Tests.Probes;

public sealed class WildcardsTests
{
    [Theory]
    [InlineData("*", "", true)]
    [InlineData("a*c", "abbbc", true)]
    [InlineData("a*c", "abbbd", false)]
    [InlineData("a?c", "abc", true)]
    [InlineData("a?c", "ac", false)]
    [InlineData("[a-c]x", "bx", true)]
    [InlineData("[^a-c]x", "bx", false)]
    [InlineData(@"\*", "*", true)]
    [InlineData(@"\*", "a", false)]
    [InlineData("/a/*", "a/b", true)]
    [InlineData("*a*b*c*", "xxaxxbxxcxx", true)]
    [InlineData("[", "[", false)]
    public void Patterns_match_whole_texts(string pattern, string text, bool matches) => Wildcards.IsMatch(pattern, text).ShouldBe(matches);

    [Fact]
    public void Stars_and_marks_agree_with_an_expression()
    {
        var letters = Gen.Elements('a', 'b', '*', '?').ListOf().Select(c => new string([.. c]));
        Check.One(Config.QuickThrowOnFailure.WithMaxTest(2_000), Prop.ForAll(Arb.From(letters), Arb.From(letters), (pattern, text) =>
        {
            var expected = Regex.IsMatch(text, @"\A" + Regex.Escape(pattern).Replace(@"\*", "(?s:.*)").Replace(@"\?", "(?s:.)") + @"\z", RegexOptions.NonBacktracking);
            return Wildcards.IsMatch(pattern, text) == expected;
        }));
    }

    [Fact]
    public void A_hostile_text_costs_no_more_than_its_length_times_the_pattern() =>
        Wildcards.IsMatch("*a*a*a*a*a*a*a*a*b", new string('a', 100_000)).ShouldBeFalse();
}
