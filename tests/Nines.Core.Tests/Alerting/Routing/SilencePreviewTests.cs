using Nines.Core.Alerting;
using Nines.Core.Alerting.Routing;
using Nines.Metrics;

namespace Nines.Core.Tests.Alerting.Routing;

public sealed class SilencePreviewTests
{
    private const long Hour = 3600L * 1_000_000_000;
    private static readonly Labels Page = Labels.Of(("alertname", "Outbox"), ("service", "checkout"), ("severity", "critical"));
    private static readonly Labels Ticket = Labels.Of(("alertname", "Disk"), ("service", "search"), ("severity", "ticket"));

    [Fact]
    public void Of_TellsWhatItWouldKeepQuietNowAndWouldHave()
    {
        var preview = Of("service=\"checkout\"", 1, [Ticket, Page], [new(Page, 1), new(Ticket, 2), new(Page, 3)]);
        preview.Now.ShouldBe([Page]);
        preview.Past.Select(p => p.AtNs).ShouldBe([3, 1]);
        (preview.Pages, preview.PastPages).ShouldBe((1, 2));
        preview.Warnings.ShouldBe(["It silences a page that fires now."]);
    }

    [Theory]
    [InlineData("service=\"search\"", 1, "")]
    [InlineData("service=~\"checkout|search\"", 1, "It silences a page|everything that fires: all 2|No condition names one value")]
    [InlineData("alertname!=\"\"", 1, "It silences a page|everything that fires: all 2|No condition names one value")]
    [InlineData("service=\"search\"", 9 * 24, "It lasts 9 days")]
    [InlineData("service=\"serach\"", 1, "Nothing matches it now")]
    public void Of_WhatIsBroadOrInVain_Warns(string matchers, int hours, string warnings)
    {
        var all = Of(matchers, hours, [Page, Ticket], []).Warnings;
        string[] expected = warnings.Length == 0 ? [] : warnings.Split('|');
        all.Count.ShouldBe(expected.Length, string.Join('\n', all));
        foreach (var (warning, part) in all.Zip(expected))
        {
            warning.ShouldContain(part);
        }
    }

    [Fact]
    public void Of_ManyKindsOfAlerts_Warns()
    {
        PastFiring Began(string name) => new(Labels.Of(("alertname", name), ("zone", "a")), 1);
        Of("zone=\"a\"", 1, [], [Began("A"), Began("B"), Began("C"), Began("A")]).Warnings.ShouldBeEmpty();
        Of("zone=\"a\"", 1, [], [Began("A"), Began("B"), Began("C"), Began("D")]).Warnings.ShouldHaveSingleItem().ShouldContain("4 kinds of alerts");
    }

    private static SilencePreview Of(string matchers, int hours, IReadOnlyList<Labels> firing, IReadOnlyList<PastFiring> past) =>
        SilencePreview.Of(MatcherText.Read(matchers).Matchers!, hours * Hour, firing, past, SeverityLadders.Default);
}
