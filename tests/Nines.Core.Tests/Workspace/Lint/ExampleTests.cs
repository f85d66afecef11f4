using System.Runtime.CompilerServices;
using System.Text;
using System.Text.RegularExpressions;
using Nines.Core.Workspace;
using Nines.Core.Workspace.Lint;

namespace Nines.Core.Tests.Workspace.Lint;

/// <summary>What we wrote ourselves has no finding.</summary>
public sealed partial class ExampleTests
{
    public static TheoryData<string> Examples => [.. Directory.GetDirectories(Root("examples")).Where(d => Path.GetFileName(d) != "shop").Select(d => Path.GetFileName(d)).Order(StringComparer.Ordinal)];

    [Theory]
    [MemberData(nameof(Examples))]
    public void Check_AnExample_FindsNothing(string name)
    {
        var reading = WorkspaceReader.Read([.. Directory.GetFiles(Root($"examples/{name}"), "*.yaml").Select(f => new WorkspaceFile(Path.GetFileName(f), File.ReadAllBytes(f)))]);
        string.Join('\n', reading.Problems).ShouldBeEmpty();
        reading.Model!.Objectives.Count.ShouldBeGreaterThan(3);
    }

    [Fact]
    public void Check_OurOwnDocuments_FindsNothing()
    {
        var files = Directory.GetFiles(Root("docs"), "*.md", SearchOption.AllDirectories).Concat(Directory.GetFiles(Root("."), "*.md")).ToList();
        files.Count.ShouldBeGreaterThan(20);
        string.Join('\n', StatementLint.Check([.. files.Select(f => new WorkspaceFile(Path.GetRelativePath(Root("."), f), File.ReadAllBytes(f)))])).ShouldBeEmpty();
    }

    [Fact]
    public void Guide_ShowsWhatComesOut()
    {
        var path = Root("docs/guide/documents.md");
        var guide = File.ReadAllText(path);
        var blocks = Block().Matches(guide).Select(m => m.Groups["text"].Value).ToList();
        var found = StatementLint.Check([new("SLO.md", Encoding.UTF8.GetBytes(blocks[0]))]);
        var text = string.Concat(found.Select(p => $"{p}\n"));
        if (Environment.GetEnvironmentVariable("NINES_UPDATE_SNAPSHOTS") == "1")
        {
            File.WriteAllText(path, guide.Replace(blocks[1], text, StringComparison.Ordinal));
            return;
        }
        blocks[1].ShouldBe(text);
        found.Count.ShouldBeGreaterThan(4);
    }

    [GeneratedRegex("```text\n(?<text>.*?)```", RegexOptions.Singleline | RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex Block();

    private static string Root(string path, [CallerFilePath] string here = "") => Path.GetFullPath(Path.Combine(Path.GetDirectoryName(here)!, "../../../..", path));
}
