namespace Nines.Metrics.Tests;

public class Re2Tests
{
    [Theory]
    [InlineData("foo", "foo", true)]
    [InlineData("foo", "foo\n", false)]
    [InlineData("foo$", "foo\n", false)]
    [InlineData("a|b", "b", true)]
    [InlineData("a|bc", "ac", false)]
    [InlineData(".*", "a\nb", true)]
    [InlineData("(?-s).*", "a\nb", false)]
    [InlineData("(?i)get", "GET", true)]
    [InlineData("(?i:g)et", "Get", true)]
    [InlineData("(?i:g)et", "GET", false)]
    [InlineData("(?m)a$\nb", "a\nb", true)]
    [InlineData(@"\pN+", "12½", true)]
    [InlineData(@"\p{Lu}\P{Lu}\p{^Lu}", "Aab", true)]
    [InlineData("[[:alpha:]]+", "abc", true)]
    [InlineData("[[:^alpha:]_]+", "1_2", true)]
    [InlineData("[[:word:].]+", "a.b_1", true)]
    [InlineData(@"a\z", "a", true)]
    [InlineData(@"\Qa.b*\E+", "a.b**", true)]
    [InlineData(@"\Qa.b", "axb", false)]
    [InlineData("(?P<n>a)(?<m>b)", "ab", true)]
    [InlineData(@"\d+", "٣", false)]
    [InlineData(@"\w+", "é", false)]
    [InlineData(@"[^\D]", "7", true)]
    [InlineData(@"[\W\d]", "_", false)]
    [InlineData(@"\x41\x{1F600}", "A😀", true)]
    [InlineData(@"\101\.", "A.", true)]
    [InlineData("[a-z-[aeiou]]", "-]", true)]
    [InlineData("[a-z-[aeiou]]", "b", false)]
    [InlineData("[]a]+", "]a", true)]
    [InlineData("[a-]", "-", true)]
    [InlineData("a{2}", "aa", true)]
    [InlineData("a{,2}", "a{,2}", true)]
    [InlineData("", "", true)]
    [InlineData("(?U)a+", "aaa", true)]
    public void Anchored_Pattern_MatchesAsRe2Does(string pattern, string text, bool matches) => Re2.Anchored(pattern).IsMatch(text).ShouldBe(matches);

    [Theory]
    [InlineData("(?=a)")]
    [InlineData("(?!a)")]
    [InlineData("(?<=a)")]
    [InlineData("(?<!a)")]
    [InlineData("(?>a)")]
    [InlineData("(?#c)")]
    [InlineData(@"(a)\1")]
    [InlineData(@"\k<n>")]
    [InlineData(@"\Z")]
    [InlineData(@"\u0041")]
    [InlineData("a)(b")]
    [InlineData("(a")]
    [InlineData("a**")]
    [InlineData("*a")]
    [InlineData("a{1001}")]
    [InlineData("a{2,1}")]
    [InlineData("[b-a]")]
    [InlineData("[a")]
    [InlineData("[")]
    [InlineData("[^")]
    [InlineData("[[:nope:]]")]
    [InlineData(@"\p{Nope}")]
    [InlineData(@"\x{110000}")]
    [InlineData(@"\x")]
    [InlineData(@"a\")]
    [InlineData(@"[a\")]
    public void Anchored_WhatRe2Refuses_IsRefusedWithThePattern(string pattern) =>
        Should.Throw<ArgumentException>(() => Re2.Anchored(pattern)).Message.ShouldContain($"\"{pattern}\"");

    [Fact]
    public void Anchored_RandomPatterns_ThrowNothingElse()
    {
        var random = new Random(7);
        const string alphabet = @"ab\Qx{}[]()^$*+?|.:-P<>iE,1pzd";
        for (var i = 0; i < 20_000; i++)
        {
            var pattern = string.Concat(Enumerable.Range(0, random.Next(1, 9)).Select(_ => alphabet[random.Next(alphabet.Length)]));
            try
            {
                Re2.Anchored(pattern);
            }
            catch (ArgumentException)
            {
                continue;
            }
        }
    }
}
