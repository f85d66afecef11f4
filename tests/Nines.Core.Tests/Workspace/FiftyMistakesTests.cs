using System.Runtime.CompilerServices;
using Nines.Core.Workspace;

namespace Nines.Core.Tests.Workspace;

public sealed class FiftyMistakesTests
{
    [Fact]
    public void Read_FiftyMistakesInFourFiles_NamesEachOnceWithItsPlace()
    {
        var directory = Here();
        var files = Directory.GetFiles(directory, "*.yaml").Select(f => new WorkspaceFile(Path.GetFileName(f), File.ReadAllBytes(f))).ToList();
        var lines = WorkspaceReader.Read(files).Problems.Select(p => $"{p.Position} {p.Code}").ToList();
        lines.Count.ShouldBe(50);
        lines.ShouldBe(File.ReadAllLines(Path.Combine(directory, "expected.txt")));
    }

    private static string Here([CallerFilePath] string here = "") => Path.Combine(Path.GetDirectoryName(here)!, "fifty");
}
