namespace Nines.Tidy.Tests;

public sealed class TidyTests
{
    private static readonly SourceTree Repository = SourceTree.OfRepository();

    private static readonly (string Name, Func<SourceTree, IEnumerable<Finding>> Check)[] Rules =
    [
        (ProjectMap.Rule, ProjectMap.Check), (Borders.Rule, Borders.Check),
        (Sizes.FileRule, Sizes.Files), (Sizes.MethodRule, Sizes.Methods), (Sizes.LineRule, Sizes.LinesOf),
        (Words.NameRule, Words.Names), (Words.LeftoverRule, Words.Leftovers),
        (Documents.PathRule, Documents.Paths), (Documents.TypeRule, Documents.Types), (Documents.ProofRule, Documents.Proofs),
        (Documents.MachineRule, Documents.Machines), (Documents.LockRule, Documents.Locks),
    ];

    public static TheoryData<string> RuleNames => [.. Rules.Select(r => r.Name)];

    [Theory]
    [MemberData(nameof(RuleNames))]
    public void Repository_keeps_the_rule(string rule)
    {
        var exemptions = Exemption.Read(Repository).Where(e => e.Rule == rule).ToList();
        var findings = Check(rule, Repository);
        string.Join('\n', findings.Where(f => !exemptions.Exists(e => e.Covers(f)))).ShouldBeEmpty();
        exemptions.Where(e => !findings.Exists(e.Covers)).Select(e => e.Path).ShouldBeEmpty("an exception that is not needed any more");
    }

    [Fact]
    public void Every_exception_has_a_rule_and_a_reason()
    {
        foreach (var exception in Exemption.Read(Repository))
        {
            Rules.Select(r => r.Name).ShouldContain(exception.Rule);
            exception.Reason.Length.ShouldBeGreaterThan(15, exception.Path);
        }
    }

    public static TheoryData<string, string, string> PlantedFaults => new()
    {
        { ProjectMap.Rule, "src/Nines.Extra/Nines.Extra.csproj", "<Project/>" },
        { ProjectMap.Rule, "src/Nines.PromQL/Nines.PromQL.csproj", """<Project><ItemGroup><ProjectReference Include="../Nines.Tsdb/Nines.Tsdb.csproj" /></ItemGroup></Project>""" },
        { ProjectMap.Rule, "src/Nines.Core/Nines.Core.csproj", """<Project><ItemGroup><PackageReference Include="Npgsql" /></ItemGroup></Project>""" },
        { ProjectMap.Rule, "src/Nines.Core/Nines.Core.csproj", """<Project><ItemGroup><FrameworkReference Include="Microsoft.AspNetCore.App" /></ItemGroup></Project>""" },
        { ProjectMap.Rule, "tests/Loose/Loose.csproj", "<Project/>" },
        { Borders.Rule, "src/Nines.Core/Alerting/X.cs", "using System.Net.Http;\nnamespace Nines.Core.Alerting;" },
        { Borders.Rule, "src/Nines.Core/Alerting/X.cs", "namespace Nines.Core.Alerting; class X { string F() => File.ReadAllText(\"x\"); }" },
        { Borders.Rule, "src/Nines.Core/Alerting/X.cs", "using Nines.Core.Workspace;\nnamespace Nines.Core.Alerting;" },
        { Borders.Rule, "src/Nines.Server/Alerting/X.cs", "using Nines.Server.Delivery;\nnamespace Nines.Server.Alerting; class X { Inner Of() => null; }" },
        { Borders.Rule, "src/Nines.Server/Alerting/X.cs", "namespace Nines.Server.Delivery;" },
        { Sizes.FileRule, "src/Nines.Core/X.cs", new string('\n', 400) + "x" },
        { Sizes.FileRule, "src/Nines.Tsdb/X.cs", new string('\n', 600) + "x" },
        { Sizes.FileRule, "src/Nines.Server/X.razor", new string('\n', 200) + "x" },
        { Sizes.MethodRule, "src/Nines.Core/X.cs", "class X { void F() {" + new string('\n', 70) + "} }" },
        { Sizes.LineRule, "src/Nines.Core/X.cs", new string('x', 161) },
        { Words.NameRule, "src/Nines.Core/X.cs", "class AlertManager { }" },
        { Words.NameRule, "tests/A.Tests/X.cs", "static class StringUtils { }" },
        { Words.LeftoverRule, "src/Nines.Core/X.cs", "// TO" + "DO: later\nclass X { }" },
        { Words.LeftoverRule, "src/Nines.Core/X.cs", "#reg" + "ion one\nclass X { }\n#endreg" + "ion" },
        { Words.LeftoverRule, "src/Nines.Core/X.cs", "class X {\n// Call(one, two);\n}" },
        { Documents.PathRule, "docs/guide.md", "see `src/Nines.Core/Gone.cs`" },
        { Documents.PathRule, "README.md", "see [this](docs/gone.md)" },
        { Documents.TypeRule, "ARCHITECTURE.md", "the `GoneEngine` does it" },
        { Documents.ProofRule, "docs/reference/requirements.md", "| row | proof |\n|---|---|\n| 1 | `GoneTests.Nothing_is_lost` |" },
        { Documents.MachineRule, "eng/x.sh", "cd /ro" + "ot/nines" },
        { Documents.MachineRule, "eng/web/.npmrc", "registry=https://registry.npm" + "js.org/" },
        { Documents.LockRule, "tests/A.Tests/packages.lock.json", """{ "resolved": "https://example.org/a.tgz" }""" },
    };

    [Theory]
    [MemberData(nameof(PlantedFaults))]
    public void Rule_notices_a_planted_fault(string rule, string path, string text)
    {
        var sound = SourceTree.Of(("src/Nines.Server/Delivery/Inner.cs", "namespace Nines.Server.Delivery;\ninternal sealed class Inner { }\n"));
        Check(rule, sound).ShouldBeEmpty();
        var planted = SourceTree.Of(("src/Nines.Server/Delivery/Inner.cs", sound.Files["src/Nines.Server/Delivery/Inner.cs"]), (path, text));
        Check(rule, planted).ShouldHaveSingleItem().Path.ShouldBe(path);
    }

    private static List<Finding> Check(string rule, SourceTree tree) => [.. Rules.Single(r => r.Name == rule).Check(tree)];
}
