using Nines.Core.Alerting;

namespace Nines.Core.Tests.Alerting;

public sealed class SeverityTests
{
    [Theory]
    [InlineData("info", "warning")]
    [InlineData("warning", "error")]
    [InlineData("Error", "CRITICAL")]
    [InlineData("ticket", "page")]
    [InlineData("P3", "P2")]
    [InlineData("P1", "P0")]
    [InlineData("SEV-3", "sev1")]
    [InlineData("low", "high")]
    public void IsRise_WithinALadder_GoesByUrgency(string less, string more)
    {
        Severity.IsRise(less, more).ShouldBeTrue();
        Severity.IsRise(more, less).ShouldBeFalse();
        Severity.IsRise(more, more).ShouldBeFalse();
    }

    [Theory]
    [InlineData("", "critical", true)]
    [InlineData("blue", "red", true)]
    [InlineData("blue", "Blue", false)]
    [InlineData("", "", false)]
    public void IsRise_WordsInNoLadder_EachChangeCounts(string from, string to, bool isRise) => Severity.IsRise(from, to).ShouldBe(isRise);

    [Theory]
    [InlineData("P9")]
    [InlineData("Pager")]
    [InlineData("SEV")]
    [InlineData("")]
    public void RankOf_OtherWords_IsUnknown(string word) => Severity.RankOf(word).ShouldBeNull();
}
