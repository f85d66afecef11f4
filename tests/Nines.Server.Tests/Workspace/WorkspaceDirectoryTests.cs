using Nines.Server.Workspace;

namespace Nines.Server.Tests.Workspace;

public sealed class WorkspaceDirectoryTests : IDisposable
{
    private static readonly DateTime Before = new(2026, 1, 1, 0, 0, 0, DateTimeKind.Utc);

    private readonly DirectoryInfo _root = Directory.CreateTempSubdirectory("nines-workspace-");
    private readonly WorkspaceDirectory _directory = new();

    public void Dispose() => _root.Delete(recursive: true);

    [Fact]
    public void Read_FilesBelow_AreThoseOfYamlWithoutADotInTheirPath()
    {
        Write("b.yml");
        Write("sub/a.yaml");
        Write("sub/readme.md");
        Write(".git/c.yaml");
        Write("sub/.d.yaml");
        _directory.Read(_root.FullName).Files.Select(f => f.Path).ShouldBe(["b.yml", "sub/a.yaml"]);
    }

    [Fact]
    public void MayHaveChanged_NewGoneAndReplacedInALargeWorkspace_IsToldInTheNextTurn()
    {
        for (var i = 0; i < 100; i++)
        {
            Write($"sub/{i}.yaml");
        }
        Look();
        _directory.MayHaveChanged().ShouldBeFalse();
        Write("sub/new.yaml");
        _directory.MayHaveChanged().ShouldBeTrue();
        Look().ShouldBe(101);
        File.Delete(PathOf("sub/new.yaml"));
        _directory.MayHaveChanged().ShouldBeTrue();
        Look().ShouldBe(100);
        Write(".beside");
        Look();
        File.Move(PathOf(".beside"), PathOf("sub/7.yaml"), overwrite: true);
        _directory.MayHaveChanged().ShouldBeTrue();
        Look();
        _root.CreateSubdirectory("other");
        _directory.MayHaveChanged().ShouldBeTrue();
    }

    [Theory]
    [InlineData(1, 1)]
    [InlineData(100, 6)]
    [InlineData(400, 15)]
    public void MayHaveChanged_ContentsOfAFileThatStays_AreLookedAtAfterSomeTurns(int files, int turns)
    {
        for (var i = 0; i < files; i++)
        {
            Write($"{i}.yaml");
        }
        Look();
        Enumerable.Range(0, turns).Select(_ => _directory.MayHaveChanged()).ShouldBe([.. Enumerable.Repeat(false, turns - 1), true]);
        File.WriteAllText(PathOf("0.yaml"), "other: contents");
        _directory.Read(_root.FullName).Files[0].Content.Length.ShouldBe(15);
    }

    // The clock of the file system is coarse: what was written a moment ago must lie behind.
    private int Look()
    {
        foreach (var directory in _root.EnumerateDirectories("*", SearchOption.AllDirectories).Append(_root))
        {
            directory.LastWriteTimeUtc = Before;
        }
        return _directory.Read(_root.FullName).Files.Count;
    }

    private void Write(string name)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(PathOf(name))!);
        File.WriteAllText(PathOf(name), "a: b");
    }

    private string PathOf(string name) => Path.Combine(_root.FullName, name);
}
