using Microsoft.Extensions.Logging.Abstractions;
using Nines.Core.Workspace;
using Nines.Server.Workspace;

namespace Nines.Server.Tests.Workspace;

public sealed class WorkspaceWatcherTests : IDisposable
{
    private const string Good = "apiVersion: openslo/v1\nkind: Service\nmetadata: { name: shop }\n";
    private readonly string _directory = Directory.CreateTempSubdirectory("nines-workspace").FullName;
    private readonly List<string> _activated = [];

    private string FilePath => Path.Combine(_directory, "a.yaml");

    [Fact]
    public async Task Scan_BadEdit_KeepsLastGoodModelAndShowsProblems()
    {
        using var watcher = Watcher(null);
        await File.WriteAllTextAsync(FilePath, Good, TestContext.Current.CancellationToken);
        await watcher.LoadAsync(TestContext.Current.CancellationToken);
        await watcher.ScanAsync(TestContext.Current.CancellationToken);
        _activated.ShouldBe(["shop"]);
        await File.WriteAllTextAsync(FilePath, Good + "x: 1\n", TestContext.Current.CancellationToken);
        await watcher.ScanAsync(TestContext.Current.CancellationToken);
        watcher.State.Pending.ShouldBeTrue();
        watcher.State.Model.Services.Count.ShouldBe(1);
        watcher.State.Problems.ShouldHaveSingleItem().Position.ToString().ShouldBe("a.yaml:4:1");
        await File.WriteAllTextAsync(FilePath, Good, TestContext.Current.CancellationToken);
        await watcher.ScanAsync(TestContext.Current.CancellationToken);
        watcher.State.Pending.ShouldBeFalse();
        watcher.State.Problems.ShouldBeEmpty();
        _activated.ShouldBe(["shop"]);
    }

    [Fact]
    public async Task Load_BadDirectory_RunsLastGoodFiles()
    {
        await File.WriteAllTextAsync(FilePath, "a: [", TestContext.Current.CancellationToken);
        using var watcher = Watcher([new WorkspaceFile("a.yaml", System.Text.Encoding.UTF8.GetBytes(Good))]);
        await watcher.LoadAsync(TestContext.Current.CancellationToken);
        _activated.ShouldBe(["shop"]);
        watcher.State.Pending.ShouldBeTrue();
        watcher.State.Problems.ShouldNotBeEmpty();
    }

    public void Dispose() => Directory.Delete(_directory, true);

    private WorkspaceWatcher Watcher(IReadOnlyList<WorkspaceFile>? lastGood) => new(
        new NinesOptions { WorkspaceDirectory = _directory, DataDirectory = _directory }, TimeProvider.System, _ => Task.FromResult(lastGood),
        [(model, _, _) => { _activated.AddRange(model.Services.Select(s => s.Name)); return Task.CompletedTask; }], NullLogger<WorkspaceWatcher>.Instance);
}
