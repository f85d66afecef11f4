using System.Runtime.InteropServices;
using Nines.Core.Probes.Collectors;
using Nines.Core.Probes.Collectors.Host;
using Nines.Metrics;

namespace Nines.Server.Probes.Collectors;

/// <summary>Reads the Linux host from <c>/proc</c>, <c>statvfs</c> and control groups.</summary>
internal sealed class HostReader(HostWork work, TimeProvider time) : ICollectorReader
{
    private const int MostProcesses = 100_000;
    private const int MostGroups = 10_000;

    private readonly ProcessTally? _tally = work.Processes.Count > 0 ? new(work.Processes, Environment.SystemPageSize) : null;

    // A file system that hangs, as one over the network may, blocks its thread: it must not be one that others wait for.
    public Task ReadAsync(CollectedSet set, CancellationToken stop) =>
        Task.Factory.StartNew(() => Read(set, stop), stop, TaskCreationOptions.LongRunning, TaskScheduler.Default);

    private void Read(CollectedSet set, CancellationToken stop)
    {
        if (!OperatingSystem.IsLinux())
        {
            throw new CollectException("the host's figures are read from Linux only");
        }
        var name = Kernel("hostname");
        set.Common = Labels.Of(("instance", work.Instance ?? name), ("job", "node"));
        set.Gauge("node_uname_info", "Labeled system information as provided by the uname system call.", 1, ("sysname", Kernel("ostype")),
            ("release", Kernel("osrelease")), ("version", Kernel("version")), ("machine", Machine()), ("nodename", name), ("domainname", Kernel("domainname")));
        set.Gauge("node_time_seconds", "System time in seconds since epoch (1970).", time.GetUtcNow().ToUnixTimeMilliseconds() / 1000.0);
        HostText.Stat(Needed("proc/stat"), set);
        HostText.Load(Needed("proc/loadavg"), set);
        HostText.Memory(Needed("proc/meminfo"), set);
        HostText.Paging(Text("proc/vmstat") ?? "", set);
        HostText.OpenFiles(Text("proc/sys/fs/file-nr") ?? "", set);
        HostText.Disks(Text("proc/diskstats") ?? "", set);
        // In a container these are the host's; what is said of this process is its own.
        HostText.Network(Text("proc/1/net/dev") ?? Text("proc/net/dev") ?? "", set);
        foreach (var mount in Mount.Read(Text("proc/1/mountinfo") ?? Needed("proc/self/mountinfo"), work.ExcludeMounts))
        {
            stop.ThrowIfCancellationRequested();
            mount.Add(FileSystem.SpaceOf(Path.Join(work.Root, mount.Point)), set);
        }
        _tally?.Look(Processes(stop), set);
        if (work.Cgroups is not null)
        {
            ControlGroups(set, stop);
        }
    }

    private IEnumerable<RunningProcess> Processes(CancellationToken stop)
    {
        foreach (var directory in Directory.EnumerateDirectories(Path.Join(work.Root, "proc"))
            .Where(d => char.IsAsciiDigit(Path.GetFileName(d)[0])).Take(MostProcesses))
        {
            stop.ThrowIfCancellationRequested();
            var id = Path.GetFileName(directory);
            if (Text($"proc/{id}/stat") is { } stat && RunningProcess.Read(stat, Text($"proc/{id}/cmdline") ?? "") is { } process)
            {
                yield return process;
            }
        }
    }

    private void ControlGroups(CollectedSet set, CancellationToken stop)
    {
        var top = Path.Join(work.Root, "sys/fs/cgroup");
        if (!File.Exists(Path.Join(top, "cgroup.controllers")))
        {
            throw new CollectException("this host has no control groups of version 2, which containers and cgroups are read from");
        }
        var options = new EnumerationOptions { RecurseSubdirectories = true, IgnoreInaccessible = true, AttributesToSkip = FileAttributes.ReparsePoint };
        foreach (var directory in Directory.EnumerateDirectories(top, "*", options).Take(MostGroups).Order(StringComparer.Ordinal))
        {
            stop.ThrowIfCancellationRequested();
            var path = directory[top.Length..];
            if (work.Cgroups!.IsMatch(path))
            {
                var configuration = ControlGroup.ContainerId(path) is { } id ? Text($"var/lib/docker/containers/{id}/config.v2.json") : null;
                ControlGroup.Add(path, ControlGroup.NameOf(path, configuration), file => Text($"sys/fs/cgroup{path}/{file}"), set);
            }
        }
    }

    private string Kernel(string what) => Text($"proc/sys/kernel/{what}")?.Trim() ?? "";

    private string Needed(string path) => Text(path) ?? throw new CollectException($"{Path.Join(work.Root, path)} cannot be read");

    // Null when it is not there, or not for us: processes end, and kernels differ.
    private string? Text(string path)
    {
        try
        {
            return File.ReadAllText(Path.Join(work.Root, path));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    private static string Machine() => RuntimeInformation.OSArchitecture switch
    {
        Architecture.X64 => "x86_64",
        Architecture.Arm64 => "aarch64",
        var other => other.ToString().ToLowerInvariant(),
    };

    /// <summary>The system call that tells how full a file system is, inodes included.</summary>
    private static class FileSystem
    {
        public static FileSystemSpace? SpaceOf(string path) => Statvfs(path, out var s) != 0 ? null
            : new((double)s.Blocks * s.FragmentSize, (double)s.BlocksFree * s.FragmentSize, (double)s.BlocksAvailable * s.FragmentSize, s.Files, s.FilesFree);

#pragma warning disable SYSLIB1054 // Generated marshalling would need unsafe code.
        [DllImport("libc", EntryPoint = "statvfs", SetLastError = true, CharSet = CharSet.Ansi, BestFitMapping = false, ThrowOnUnmappableChar = true)]
        [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
        private static extern int Statvfs([MarshalAs(UnmanagedType.LPUTF8Str)] string path, out Statistics statistics);
#pragma warning restore SYSLIB1054

        // struct statvfs of glibc and musl on 64 bits; room behind it for what a libc may add.
        [StructLayout(LayoutKind.Sequential, Size = 256)]
        private struct Statistics
        {
            public ulong BlockSize;
            public ulong FragmentSize;
            public ulong Blocks;
            public ulong BlocksFree;
            public ulong BlocksAvailable;
            public ulong Files;
            public ulong FilesFree;
        }
    }
}
