using System.Runtime.CompilerServices;
using System.Text;
using Nines.Core.Workspace;
using Nines.Core.Workspace.Import;
using Nines.Core.Workspace.Lint;

namespace Nines.Core.Tests.Workspace.Lint;

/// <summary>Five organisations' own documents about their objectives: what is wrong in them is named at its line, and nothing else is.</summary>
public sealed class SeedStatementTests
{
    /// <summary>Every finding of each document but damaged letters, as line and code, with the number of the error in the list of requirements.</summary>
    private static readonly Dictionary<string, string> Expected = new(StringComparer.Ordinal)
    {
        ["000_040344bff1c48d9e.txt"] = """
            7 no-budget                     E-27  0% hallucinations
            7 no-budget                     E-27  100% weekly completion
            7 unreachable-burn              E-07  > 70% satisfaction
            14 alert-after-breach           E-25, E-28
            """,
        ["001_76d617127c6299dd.txt"] = """
            15 uptime-of-what               E-13
            24 budgets-disagree             E-28, E-25
            31 month-is-no-length           E-01
            """,
        ["002_fc23f956ff839bfa.txt"] = """
            18 status-classes               E-13
            22 unreachable-burn             E-07
            25 same-indicator               E-12
            33 downtime-of-events           E-09
            33 month-is-no-length           E-01
            33 two-freeze-lines             E-10
            35 low-traffic                  E-21
            35 stated-count                 E-06
            35 two-targets                  E-14
            36 stated-count                 E-06
            37 month-is-no-length           E-01
            45 band-bounds                  E-10
            46 band-below-zero              E-10
            52 exhaustion-time              E-03
            52 factor-of-thirty-days        E-05
            53 exhaustion-time              E-03
            53 factor-of-thirty-days        E-05
            54 exhaustion-time              E-03
            54 factor-of-thirty-days        E-05
            59 burn-formula                 E-04
            76 budget-left                  E-08
            170 factor-of-thirty-days       E-05
            171 alert-differs-from-rule     E-22
            173 alert-after-breach          E-26
            180 alert-after-breach          E-25
            181 alert-after-breach          E-29
            184 freeze-as-warning           E-11
            184 policy-unwatched            E-11
            194 factor-of-thirty-days       E-05
            194 hard-coded-burn             E-18
            194 single-window               E-18
            208 up-is-not-absent            E-22
            218 no-runbook                  E-31
            218 percentile                  E-16, E-29
            291 stated-burn                 E-37
            333 query-not-encoded           E-24
            617 month-is-no-length          E-01
            """,
        ["003_9d863428a5fec499.txt"] = """
            42 status-classes               E-13
            44 alert-after-breach           E-15
            48 percentile                   E-16
            49 short-window                 E-16
            50 alert-after-breach           E-15, E-29
            54 percentile                   E-16
            55 short-window                 E-16
            56 alert-after-breach           E-15
            61 short-window                 E-16
            62 alert-after-breach           E-15
            80 average-of-ratios            E-17
            85 percentile                   E-16
            92 percentile                   E-16
            104 downtime-of-events          E-09
            111 downtime-of-events          E-09
            111 month-is-no-length          E-01
            112 downtime-of-events          E-09
            112 month-is-no-length          E-01
            113 downtime-of-events          E-09
            113 month-is-no-length          E-01
            122 band-name                   E-10
            127 band-below-zero             E-10
            127 band-name                   E-10
            140 nan-never-fires             E-19
            140 value-is-not-the-budget     E-20
            151 nan-never-fires             E-19
            151 value-is-not-the-budget     E-20
            """,
        ["004_4bd2d2cb97a832fb.txt"] = """
            15 downtime-of-events           E-09
            15 stated-budget                E-02
            25 contract-of-other-percentile E-53
            44 status-classes               E-13
            57 contract-of-other-percentile E-53
            306 alert-after-breach          E-25
            """,
    };

    public static TheoryData<string> Seeds => [.. Expected.Keys];

    [Theory]
    [MemberData(nameof(Seeds))]
    public void Check_ADocument_NamesItsErrorsLineByLine_AndNothingElse(string name) =>
        StatementLint.Check([Seed(name)]).Where(p => p.Code != "double-encoded").Select(p => $"{p.Position.Line} {p.Code}")
            .Order(StringComparer.Ordinal).ShouldBe(Expected[name].Split('\n').Select(l => string.Join(' ', l.Split(' ', StringSplitOptions.RemoveEmptyEntries).Take(2)))
            .Order(StringComparer.Ordinal));

    [Theory]
    [InlineData("002_fc23f956ff839bfa.txt", 43, "✅")]
    [InlineData("002_fc23f956ff839bfa.txt", 52, "🚨")]
    [InlineData("003_9d863428a5fec499.txt", 252, "🚨")]
    [InlineData("003_9d863428a5fec499.txt", 104, "×")]
    public void Check_LettersReadInTheWrongEncoding_AreNamed(string name, int line, string meant) =>                                        // E-59
        StatementLint.Check([Seed(name)]).First(p => p.Code == "double-encoded" && p.Position.Line == line).Message.ShouldContain(meant);

    [Theory]
    [InlineData("000_040344bff1c48d9e.txt")]
    [InlineData("001_76d617127c6299dd.txt")]
    [InlineData("004_4bd2d2cb97a832fb.txt")]
    public void Check_LettersAsTheyWereMeant_AreLeftAlone(string name) =>
        StatementLint.Check([Seed(name)]).ShouldNotContain(p => p.Code == "double-encoded");

    [Fact]
    public void Check_TwoDocumentsThatNameTheAnswersLabelDifferently_SaysThatOneSelectsNothing() =>                                         // E-23
        StatementLint.Check([Seed("002_fc23f956ff839bfa.txt"), Seed("003_9d863428a5fec499.txt")]).ShouldContain(p => p.Code == "status-label");

    [Theory]
    [MemberData(nameof(Seeds))]
    public void Import_ADocument_MakesAWorkspace_AndTellsWhichQueriesAreMissing(string name)
    {
        var result = Importer.Import([Seed(name)], [], ImportOptions.Default);
        result.Ok.ShouldBeTrue(string.Join('\n', result.Problems));
        var reading = WorkspaceReader.Read(result.Files);
        reading.Model.ShouldNotBeNull(string.Join('\n', reading.Problems));
        result.Problems.Count.ShouldBe(StatementLint.Check([Seed(name)]).Count);
        // Each objective is in the workspace, or a comment and a loss.
        result.Losses.Count(l => l.Code == "query-of-rule").ShouldBe(reading.Model.Objectives.Count);
        var comments = result.Files.Sum(f => Encoding.UTF8.GetString(f.Content.Span).Split('\n').Count(l => l == "# kind: SLO"));
        comments.ShouldBe(result.Losses.Count(l => l.Code == "no-query"));
        (comments + reading.Model.Objectives.Count).ShouldBeGreaterThan(3);
    }

    private static WorkspaceFile Seed(string name)
    {
        var path = Path.Combine(Environment.GetEnvironmentVariable("NINES_CONFORMANCE") ?? Root("../shared/conformance"), "../seeds", name);
        Assert.SkipUnless(File.Exists(path), $"no seed document at {path}");
        return new(name, File.ReadAllBytes(path));
    }

    private static string Root(string path, [CallerFilePath] string here = "") => Path.Combine(Path.GetDirectoryName(here)!, "../../../..", path);
}
