using System.Text;
using Nines.Core.Alerting;
using Nines.Core.Workspace;
using Nines.Metrics;

namespace Nines.Core.Tests.Workspace;

public sealed class SeverityLadderReaderTests
{
    private const string Office = """
        apiVersion: nines/v1
        kind: Calendar
        metadata: {name: office}
        spec: {timezone: Europe/Berlin, hours: ["Mon-Fri 09:00-17:30"], holidays: [2026-12-25 Christmas Day, 2027-01-01]}
        ---

        """;

    private const string Ladder = """
        apiVersion: nines/v1
        kind: SeverityLadder
        metadata: {name: alerts}
        spec:

        """;

    [Fact]
    public void Levels_HaveRanksPagesAndTimes()
    {
        var ladders = Ladders(Office + Ladder + """
              calendar: office
              levels:
                - {name: P0, aliases: [critical], respondWithin: 0s}
                - {name: high, like: page, respondWithin: 1h30m}
                - {name: P2, pages: true, respondWithin: 30 business minutes}
                - {name: whim, rank: 3, respondWithin: next business day}
                - {name: none}
            """);
        ladders.Ladders.ShouldHaveSingleItem().Levels.Select(l => $"{l.Word} {l.Rank} {l.Pages} {l.RespondWithin?.Text} {l.RespondWithin?.Calendar?.Name} {l.Above}").ShouldBe(
        [
            "P0 60 True 1 min  P0", "high 50 True 1 h 30 min  P0", "P2 40 True 30 business minutes office high", "whim 3 False 1 business day office P2", "none 0 False   whim",
        ]);
        ladders.LevelOf(Of("CRITICAL"))!.Word.ShouldBe("P0");
        ladders.IsPage(Of("p2")).ShouldBeTrue();
        ladders.IsRise("high", Of("P2")).ShouldBeFalse();
        // What is on no ladder means what it usually means.
        (ladders.RankOf(Of("warning")), ladders.IsPage(Of("page")), ladders.RankOf(Of("odd"))).ShouldBe((20, true, null));
        ladders.IsRise("odd", Of("even")).ShouldBeTrue();
    }

    [Fact]
    public void Ladder_OfAService_IsForItsAlertsAlone()
    {
        var ladders = Ladders("""
            apiVersion: openslo/v1
            kind: Service
            metadata: {name: shop}
            spec: {description: ""}
            ---

            """ + Ladder + "  levels: [{name: P0, like: emergency}, {name: P1, like: error}]\n---\n"
            + Ladder.Replace("alerts", "shop", StringComparison.Ordinal) + "  services: [shop]\n  levels: [{name: P1, like: emergency}, {name: P2, like: error}]\n");
        (ladders.RankOf(Of("P1")), ladders.RankOf(Of("P1", "shop")), ladders.RankOf(Of("P0", "shop")), ladders.RankOf(Of("P2", "other"))).ShouldBe((40, 60, 60, 40));
        (ladders.Misses(Of("P2")), ladders.Misses(Of("P2", "other")), ladders.Misses(Of("odd", "shop")), ladders.Misses(Of(""))).ShouldBe((false, true, true, false));
    }

    [Fact]
    public void TheSameWordInTwoLadders_IsNamedAtBothPlaces()
    {
        var problem = Read(Ladder + "  levels: [{name: P0}, {name: P1}]\n---\n"
            + Ladder.Replace("alerts", "other", StringComparison.Ordinal) + "  levels: [{name: P1, like: emergency}]\n").Problems.ShouldHaveSingleItem();
        problem.ToString().ShouldBe("w.yml:11:19: error: P1 has two meanings: rank 60 here, rank 50 at w.yml:5:31 "
            + "(drop one, or say by services whose alerts each ladder is for) [duplicate]");
    }

    [Theory]
    [InlineData("{name: P1}, {name: P0}", "5:31 order", "P0 has rank 60, not below P1 before it with 50")]
    [InlineData("{name: P1}, {name: high, rank: 50}", "5:43 order", "high has rank 50")]
    [InlineData("{name: P1}, {name: odd}", "5:31 missing", "odd is none of the usual words")]
    [InlineData("{name: P1, like: criticl}", "5:29 unknown-name", "did you mean critical?")]
    [InlineData("{name: P1, like: page, rank: 3}", "5:29 bad-value", "rank or like, not both")]
    [InlineData("{name: P1, rank: 3.5}", "5:29 bad-value", "whole number")]
    [InlineData("{name: P1, rank: 101}", "5:29 bad-value", "between 0 and 100")]
    [InlineData("{name: 'P 1', rank: 3}", "5:19 bad-value", "no word for a label")]
    [InlineData("{name: P1, aliases: [p1]}", "5:33 duplicate", "p1 has two meanings")]
    [InlineData("{name: P1, respondWithin: soon}", "5:38 bad-value", "respondWithin is no time: soon")]
    [InlineData("{name: P1, respondWithin: 5 business weeks}", "5:38 bad-value", "respondWithin is no time")]
    [InlineData("{name: P1, respondWithin: 101 business hours}", "5:38 bad-value", "at most")]
    [InlineData("{name: P1, respondWithin: 1 business day}", "5:38 missing", "1 business day needs a calendar")]
    [InlineData("{name: P1, respondWithin: 1 business day, calendar: ofice}", "5:64 unknown-reference", "there is no calendar ofice")]
    [InlineData("{name: P1, respondWithin: 1h, calendar: office}", "5:52 not-used", "1h passes around the clock")]
    [InlineData("{name: P1, calendar: office}", "5:33 not-used", "the level has no respondWithin")]
    [InlineData("{name: P1, page: true}", "5:23 unknown-key", "did you mean pages?")]
    [InlineData("", "5:11 missing", "1 to 20 levels, not 0")]
    [InlineData("{name: high, like: error, aliases: [critical]}", "5:48 ambiguous", "critical usually wakes people, and with rank 40 it does not")]
    public void Mistakes_AreNamedAtTheirPlace(string levels, string place, string message)
    {
        var problem = Read(Ladder + $"  levels: [{levels}]\n---\n" + Office).Problems.ShouldHaveSingleItem();
        $"{problem.Position.Line}:{problem.Position.Column} {problem.Code}".ShouldBe(place);
        $"{problem.Message} {problem.Hint}".ShouldContain(message);
    }

    [Theory]
    [InlineData("timezone: Europe/Berln, hours: [Mon 09:00-10:00]", "4:18 bad-value", "did you mean Europe/Berlin?")]
    [InlineData("hours: [Mon 09:00-10:00]", "4:7 missing", "spec needs timezone")]
    [InlineData("timezone: UTC, hours: []", "4:30 missing", "hours is empty")]
    [InlineData("timezone: UTC, hours: [Mon 10:00-09:00]", "4:31 bad-value", "these are no hours: Mon 10:00-09:00")]
    [InlineData("timezone: UTC, hours: [Mo 09:00-10:00]", "4:31 bad-value", "these are no hours")]
    [InlineData("timezone: UTC, hours: ['Mon,Mon 09:00-10:00']", "4:31 bad-value", "these are no hours")]
    [InlineData("timezone: UTC, hours: [Mon 09:00-24:01]", "4:31 bad-value", "these are no hours")]
    [InlineData("timezone: UTC, hours: [Mon-Fri 09:00-10:00, Sat-Mon 09:30-11:00]", "4:52 overlap", "on Mon these hours overlap others")]
    [InlineData("timezone: UTC, hours: [Mon 09:00-10:00], holidays: [2026-02-30]", "4:60 bad-value", "this is no day: 2026-02-30")]
    [InlineData("timezone: UTC, hours: [Mon 09:00-10:00], holidays: [2026-02-03, 2026-02-03 again]", "4:72 duplicate", "2026-02-03 is there twice")]
    [InlineData("timezone: UTC, hours: [Mon 09:00-10:00], holiday: []", "4:49 unknown-key", "did you mean holidays?")]
    public void Calendar_Mistakes_AreNamedAtTheirPlace(string spec, string place, string message)
    {
        var problem = Read($"apiVersion: nines/v1\nkind: Calendar\nmetadata: {{name: c}}\nspec: {{{spec}}}\n").Problems.ShouldHaveSingleItem();
        $"{problem.Position.Line}:{problem.Position.Column} {problem.Code}".ShouldBe(place);
        $"{problem.Message} {problem.Hint}".ShouldContain(message);
    }

    [Fact]
    public void Receiver_ThatTakesPages_TakesEachLevelThatPages() => Read(Ladder + """
          levels: [{name: P0, aliases: [critical]}, {name: P2}]
        ---
        apiVersion: nines/v1
        kind: Delivery
        metadata: {name: d}
        spec:
          receivers: [{name: pager, severities: [page], webhook: {url: 'http://127.0.0.1/'}}]
        """).Model!.Routing.Roots[0].Routes[0].Matchers.ShouldHaveSingleItem().ToString().ShouldBe("severity=~\"(?i:page|P0|critical)|\"");

    internal static WorkspaceReading Read(string text) => WorkspaceReader.Read([new("w.yml", Encoding.UTF8.GetBytes(text))]);

    private static SeverityLadders Ladders(string text)
    {
        var reading = Read(text);
        reading.Problems.ShouldBeEmpty();
        return reading.Model!.Routing.Ladders;
    }

    private static Labels Of(string severity, string service = "") => Labels.Of(("severity", severity), ("service", service));
}
