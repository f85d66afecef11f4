using System.Text;
using Nines.Server.State;

namespace Nines.Server.Tests.State;

public sealed class DataDirectoryTests : IDisposable
{
    private readonly string _temp = Directory.CreateTempSubdirectory("nines-test-").FullName;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public void Dispose() => Directory.Delete(_temp, true);

    [Fact]
    public void Second_server_on_it_is_told_so()
    {
        var path = Path.Combine(_temp, "data");
        using (DataDirectory.Open(path))
        {
            Should.Throw<DataDirectoryException>(() => DataDirectory.Open(path)).Message.ShouldContain("another server holds");
            DataDirectory.IsHeld(path).ShouldBeTrue();
            if (!OperatingSystem.IsWindows())
            {
                File.GetUnixFileMode(path).ShouldBe(UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
            }
        }
        DataDirectory.IsHeld(path).ShouldBeFalse();
        DataDirectory.Open(path).Dispose();
    }

    [Theory]
    [InlineData("2", "newer version")]
    [InlineData("x", "damaged")]
    public void Other_format_is_refused(string format, string reason)
    {
        File.WriteAllText(Path.Combine(_temp, "format"), format);
        Should.Throw<DataDirectoryException>(() => DataDirectory.Open(_temp)).Message.ShouldContain(reason);
        DataDirectory.IsHeld(_temp).ShouldBeFalse();
    }

    [Fact]
    public async Task Backup_of_a_running_directory_restores_and_verifies()
    {
        using var directory = DataDirectory.Open(Path.Combine(_temp, "data"));
        await using var store = await FilledAsync(directory);
        var manifest = await BackupAsync(directory.Root, false);
        manifest.Files.Select(f => f.Path).ShouldBe(["format", "keys/key-1.xml", "state.db", "tsdb/log/000001.log"]);
        var target = Path.Combine(_temp, "restored");
        var restored = await Backup.RestoreAsync(Path.Combine(_temp, "b.tgz"), target, true, TimeProvider.System, Cancel);
        restored.Journal!.Facts.ShouldBe(20);
        (await File.ReadAllTextAsync(Path.Combine(target, "tsdb/log/000001.log"), Cancel)).ShouldBe("samples");
        using var opened = DataDirectory.Open(target);
        await using var again = SqliteStateStore.Open(opened.StateFile, TimeProvider.System);
        (await again.CommitAsync(new StateChange([], [Sample(21)]), Cancel)).ShouldBe(new CommitOutcome.Committed(21));
    }

    [Fact]
    public async Task Restore_refuses_a_directory_that_is_not_empty()
    {
        using var directory = DataDirectory.Open(Path.Combine(_temp, "data"));
        await BackupAsync(directory.Root, false);
        var failure = await Should.ThrowAsync<BackupException>(() => Backup.RestoreAsync(Path.Combine(_temp, "b.tgz"), directory.Root, true, TimeProvider.System, Cancel));
        failure.Message.ShouldContain("not empty");
    }

    [Fact]
    public async Task Restore_refuses_a_damaged_journal_and_leaves_nothing()
    {
        using var directory = DataDirectory.Open(Path.Combine(_temp, "data"));
        await using (var store = await FilledAsync(directory))
        {
            await store.WriteAsync(t => t.Execute("UPDATE fact SET actor = 'person:bob' WHERE seq = 7"), Cancel);
        }
        await BackupAsync(directory.Root, false);
        var target = Path.Combine(_temp, "restored");
        var failure = await Should.ThrowAsync<BackupException>(() => Backup.RestoreAsync(Path.Combine(_temp, "b.tgz"), target, true, TimeProvider.System, Cancel));
        failure.Message.ShouldContain("fact 7");
        Directory.EnumerateFileSystemEntries(target).ShouldBeEmpty();
    }

    [Fact]
    public async Task Restore_refuses_a_damaged_file()
    {
        var file = Path.Combine(_temp, "b.tgz");
        await File.WriteAllTextAsync(file, "no backup", Cancel);
        await Should.ThrowAsync<BackupException>(() => Backup.RestoreAsync(file, Path.Combine(_temp, "r"), true, TimeProvider.System, Cancel));
    }

    [Fact]
    public async Task Backup_says_that_state_in_PostgreSQL_is_not_included()
    {
        using var directory = DataDirectory.Open(Path.Combine(_temp, "data"));
        await using var store = await FilledAsync(directory);
        var manifest = await BackupAsync(directory.Root, true);
        manifest.State.ShouldContain("pg_dump");
        manifest.Files.ShouldNotContain(f => f.Path == "state.db");
        var restored = await Backup.RestoreAsync(Path.Combine(_temp, "b.tgz"), Path.Combine(_temp, "r"), true, TimeProvider.System, Cancel);
        restored.Journal.ShouldBeNull();
    }

    private async Task<BackupManifest> BackupAsync(string root, bool postgres)
    {
        await using var to = File.Create(Path.Combine(_temp, "b.tgz"));
        return await Backup.BackupAsync(root, postgres, to, TimeProvider.System, Cancel);
    }

    private static async Task<SqliteStateStore> FilledAsync(DataDirectory directory)
    {
        Directory.CreateDirectory(Path.Combine(directory.TsdbDirectory, "log"));
        await File.WriteAllTextAsync(Path.Combine(directory.TsdbDirectory, "log", "000001.log"), "samples", Cancel);
        await File.WriteAllTextAsync(Path.Combine(directory.KeysDirectory, "key-1.xml"), "<key/>", Cancel);
        var store = SqliteStateStore.Open(directory.StateFile, TimeProvider.System);
        await store.CommitAsync(new StateChange([], [.. Enumerable.Range(1, 20).Select(Sample)]), Cancel);
        return store;
    }

    private static Core.Journal.Fact Sample(int n) => new("test.sample/1", "", n, "system", Encoding.UTF8.GetBytes($"{n}"));
}
