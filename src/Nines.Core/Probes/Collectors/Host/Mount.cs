using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;

namespace Nines.Core.Probes.Collectors.Host;

/// <summary>A mounted file system.</summary>
/// <param name="Device">What is mounted, such as <c>/dev/sda1</c>.</param>
/// <param name="Point">Where.</param>
/// <param name="Type">Its type, such as <c>ext4</c>.</param>
/// <param name="ReadOnly">Whether nothing can be written.</param>
public sealed record Mount(string Device, string Point, string Type, bool ReadOnly)
{
    // What the kernel, systemd and container engines mount for themselves holds no data of anybody's.
    private static readonly HashSet<string> NotReal = new(
    [
        "autofs", "binfmt_misc", "bpf", "cgroup", "cgroup2", "configfs", "debugfs", "devpts", "devtmpfs", "efivarfs", "erofs", "fusectl", "fuse.gvfsd-fuse",
        "fuse.lxcfs", "fuse.portal", "fuse.snapfuse", "hugetlbfs", "iso9660", "mqueue", "nsfs", "overlay", "proc", "procfs", "pstore", "ramfs", "rpc_pipefs",
        "securityfs", "selinuxfs", "squashfs", "sysfs", "tmpfs", "tracefs",
    ], StringComparer.Ordinal);

    private static readonly string[] NotDirectories = ["/dev", "/proc", "/sys", "/run/credentials", "/var/lib/docker", "/var/lib/containers/storage"];

    /// <summary>The real file systems of a <c>mountinfo</c>, each mount point once: what was mounted over is hidden.</summary>
    /// <param name="text">The file's text.</param>
    /// <param name="exclude">Mount points that are left out; null when none is.</param>
    public static IReadOnlyList<Mount> Read(string text, Regex? exclude)
    {
        var mounts = new Dictionary<string, Mount>(StringComparer.Ordinal);
        foreach (var fields in HostText.Lines(text))
        {
            var dash = Array.IndexOf(fields, "-");
            if (dash < 6 || fields.Length < dash + 3)
            {
                continue;
            }
            var point = Plain(fields[4]);
            mounts[point] = new(Plain(fields[dash + 2]), point, fields[dash + 1],
                Has(fields[5], "ro") || (fields.Length > dash + 3 && Has(fields[dash + 3], "ro")));
        }
        return [.. mounts.Values.Where(m => !NotReal.Contains(m.Type) && exclude?.IsMatch(m.Point) != true
            && !NotDirectories.Any(d => m.Point.StartsWith(d + "/", StringComparison.Ordinal)
                || (m.Point == d && !d.StartsWith("/var", StringComparison.Ordinal))))];
    }

    /// <summary>Adds the figures of a file system.</summary>
    /// <param name="space">What the kernel tells of it; null when it could not be asked.</param>
    /// <param name="set">Where they go.</param>
    public void Add(FileSystemSpace? space, CollectedSet set)
    {
        (string, string)[] labels = [("device", Device), ("fstype", Type), ("mountpoint", Point)];
        set.Gauge("node_filesystem_device_error", "Whether an error occurred while getting statistics for the given device.", space is null ? 1 : 0, labels);
        if (space is not { } known)
        {
            return;
        }
        set.Gauge("node_filesystem_size_bytes", "Filesystem size in bytes.", known.SizeBytes, labels);
        set.Gauge("node_filesystem_free_bytes", "Filesystem free space in bytes.", known.FreeBytes, labels);
        set.Gauge("node_filesystem_avail_bytes", "Filesystem space available to non-root users in bytes.", known.AvailableBytes, labels);
        set.Gauge("node_filesystem_files", "Filesystem total file nodes.", known.Files, labels);
        set.Gauge("node_filesystem_files_free", "Filesystem total free file nodes.", known.FilesFree, labels);
        set.Gauge("node_filesystem_readonly", "Filesystem read-only status.", ReadOnly ? 1 : 0, labels);
    }

    private static bool Has(string options, string option) => options.Split(',').Contains(option, StringComparer.Ordinal);

    // Blanks and backslashes stand as octal numbers, of bytes of UTF-8.
    private static string Plain(string text)
    {
        if (!text.Contains('\\', StringComparison.Ordinal))
        {
            return text;
        }
        var bytes = Encoding.UTF8.GetBytes(text).ToList();
        for (var i = 0; i + 3 < bytes.Count; i++)
        {
            if (bytes[i] == '\\' && bytes[(i + 1)..(i + 4)].TrueForAll(b => b is >= (byte)'0' and <= (byte)'7'))
            {
                var value = (bytes[i + 1] - '0') * 64 + (bytes[i + 2] - '0') * 8 + bytes[i + 3] - '0';
                bytes.RemoveRange(i, 4);
                bytes.Insert(i, (byte)value);
            }
        }
        return Encoding.UTF8.GetString([.. bytes]);
    }

    /// <inheritdoc/>
    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{Device} on {Point} ({Type})");
}

/// <summary>How full a file system is.</summary>
public readonly record struct FileSystemSpace(double SizeBytes, double FreeBytes, double AvailableBytes, double Files, double FilesFree);
