using System.Diagnostics;
using Nines.Server.Objectives;
using Nines.Server.State;

namespace Nines.Server.Tests.State;

/// <summary>Real files that cannot be written, on a real disk. Needs root; the proof 02-page shows the same of a whole server.</summary>
public sealed class BrokenDiskTests : IDisposable
{
    private readonly string _directory = Directory.CreateTempSubdirectory("nines-test-").FullName;
    private bool _mounted;

    [Fact]
    public async Task State_FilesImmutable_RefusesWritesAndReadsAndGoesOnAfterwards()
    {
        await using var store = SqliteStateStore.Open(Path.Combine(_directory, "state.db"), TimeProvider.System);
        await PutAsync(store, "before");
        Immutable(true);

        await Should.ThrowAsync<StoreRefusedException>(() => PutAsync(store, "during"));
        await Should.ThrowAsync<StoreRefusedException>(() => store.GetAsync("test", "before", TestContext.Current.CancellationToken));

        Immutable(false);
        await PutAsync(store, "after");
        (await store.GetAsync("test", "before", TestContext.Current.CancellationToken)).ShouldNotBeNull();
        (await store.GetAsync("test", "during", TestContext.Current.CancellationToken)).ShouldBeNull();
    }

    [Fact]
    public async Task State_ClosedWhileImmutable_DoesNotTouchTheFiles()
    {
        var store = SqliteStateStore.Open(Path.Combine(_directory, "state.db"), TimeProvider.System);
        await PutAsync(store, "before");
        Immutable(true);

        await store.DisposeAsync();

        Immutable(false);
        await using var again = SqliteStateStore.Open(Path.Combine(_directory, "state.db"), TimeProvider.System);
        (await again.GetAsync("test", "before", TestContext.Current.CancellationToken)).ShouldNotBeNull();
    }

    [Fact]
    public void Ledger_FilesImmutable_RefusesAndStoresLater()
    {
        using var store = LedgerStore.Open(Path.Combine(_directory, "ledger.db"));
        store.Commit([ChangesOf(1)], 0);
        Immutable(true);
        Should.Throw<StoreRefusedException>(() => store.Commit([ChangesOf(1)], 0));
        Immutable(false);
        store.Commit([ChangesOf(1)], 0);
    }

    [Fact]
    public void Ledger_DiskFull_RefusesAndStoresLater()
    {
        Run("mount", "-t", "tmpfs", "-o", "size=512k", "nines-test", _directory);
        _mounted = true;
        using var store = LedgerStore.Open(Path.Combine(_directory, "ledger.db"));
        store.Commit([ChangesOf(1)], 0);
        var filler = Path.Combine(_directory, "filler");
        Should.Throw<IOException>(() => File.WriteAllBytes(filler, new byte[1 << 20]));

        Should.Throw<StoreRefusedException>(() => store.Commit([ChangesOf(40_000)], 0));
        Should.Throw<StoreRefusedException>(() => store.Commit([ChangesOf(40_000)], 0));

        File.Delete(filler);
        store.Commit([ChangesOf(40_000)], 0);
    }

    public void Dispose()
    {
        if (_mounted)
        {
            Run("umount", _directory);
        }
        Directory.Delete(_directory, true);
    }

    private static Task PutAsync(SqliteStateStore store, string id) => store.WriteAsync(transaction =>
    {
        transaction.Put(new RowWrite("test", id, 0, "{}"));
        return 0;
    }, TestContext.Current.CancellationToken);

    private static LedgerChanges ChangesOf(int bytes) => new(1, [(1, new byte[bytes])], [], [], [1]);

    private void Immutable(bool on) =>
        Run("chattr", [on ? "+i" : "-i", .. Directory.GetFiles(_directory)]);

    private static void Run(string command, params string[] arguments)
    {
        Assert.SkipUnless(Environment.IsPrivilegedProcess && OperatingSystem.IsLinux(), $"{command} needs Linux and root");
        using var process = Process.Start(new ProcessStartInfo(command, arguments) { RedirectStandardError = true, UseShellExecute = false })!;
        process.WaitForExit();
        Assert.SkipUnless(process.ExitCode == 0, $"{command} does not work here");
    }
}
