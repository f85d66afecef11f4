using System.Globalization;

namespace Nines.Core.Probes.Collectors.Host;

/// <summary>Reads what Linux tells under <c>/proc</c>. Metrics and labels are those of Prometheus' node_exporter, so that its rules and dashboards work.
/// What a kernel does not tell is left out.</summary>
public static class HostText
{
    // The kernel counts processor time in this part of a second for user space, whatever its own clock does.
    internal const double TicksPerSecond = 100;

    private const double SectorBytes = 512;
    private static readonly string[] Modes = ["user", "nice", "system", "idle", "iowait", "irq", "softirq", "steal"];

    private static readonly string[] Received = ["bytes", "packets", "errs", "drop", "fifo", "frame", "compressed", "multicast"];
    private static readonly string[] Transmitted = ["bytes", "packets", "errs", "drop", "fifo", "colls", "carrier", "compressed"];

    /// <summary><c>/proc/stat</c>: processor time by mode, and what the kernel counts besides.</summary>
    public static void Stat(string text, CollectedSet set)
    {
        foreach (var fields in Lines(text))
        {
            switch (fields[0])
            {
                case ['c', 'p', 'u', ..] when fields[0].Length > 3:
                    Processor(fields, set);
                    break;
                case "intr": One(fields, (h, v) => set.Counter("node_intr_total", h, v), "Total number of interrupts serviced."); break;
                case "ctxt": One(fields, (h, v) => set.Counter("node_context_switches_total", h, v), "Total number of context switches."); break;
                case "processes": One(fields, (h, v) => set.Counter("node_forks_total", h, v), "Total number of forks."); break;
                case "btime": One(fields, (h, v) => set.Gauge("node_boot_time_seconds", h, v), "Node boot time, in unixtime."); break;
                case "procs_running": One(fields, (h, v) => set.Gauge("node_procs_running", h, v), "Number of processes in runnable state."); break;
                case "procs_blocked":
                    One(fields, (h, v) => set.Gauge("node_procs_blocked", h, v), "Number of processes blocked waiting for I/O to complete."); break;
            }
        }
    }

    /// <summary><c>/proc/loadavg</c>.</summary>
    public static void Load(string text, CollectedSet set)
    {
        var fields = text.Split(' ', StringSplitOptions.RemoveEmptyEntries);
        (string Name, string Help)[] loads = [("node_load1", "1m load average."), ("node_load5", "5m load average."), ("node_load15", "15m load average.")];
        for (var i = 0; i < loads.Length && i < fields.Length; i++)
        {
            set.Gauge(loads[i].Name, loads[i].Help, Number(fields[i]));
        }
    }

    /// <summary><c>/proc/meminfo</c>: each line is a metric.</summary>
    public static void Memory(string text, CollectedSet set)
    {
        foreach (var fields in Lines(text).Where(f => f.Length >= 2))
        {
            var name = fields[0].TrimEnd(':').Replace('(', '_').Replace(")", "", StringComparison.Ordinal);
            var inBytes = fields.Length > 2 && fields[2] == "kB";
            set.Gauge($"node_memory_{name}{(inBytes ? "_bytes" : "")}", $"Memory information field {name}{(inBytes ? "_bytes" : "")}.",
                Number(fields[1]) * (inBytes ? 1024 : 1));
        }
    }

    /// <summary><c>/proc/vmstat</c>: paging, swapping, and processes killed for want of memory.</summary>
    public static void Paging(string text, CollectedSet set)
    {
        foreach (var fields in Lines(text).Where(f => f is ["oom_kill" or "pgpgin" or "pgpgout" or "pswpin" or "pswpout" or "pgfault" or "pgmajfault", _]))
        {
            set.Counter($"node_vmstat_{fields[0]}", $"/proc/vmstat information field {fields[0]}.", Number(fields[1]));
        }
    }

    /// <summary><c>/proc/sys/fs/file-nr</c>: open files.</summary>
    public static void OpenFiles(string text, CollectedSet set)
    {
        var fields = text.Split((char[])[' ', '\t', '\n'], StringSplitOptions.RemoveEmptyEntries);
        if (fields.Length >= 3)
        {
            set.Gauge("node_filefd_allocated", "File descriptor statistics: allocated.", Number(fields[0]));
            set.Gauge("node_filefd_maximum", "File descriptor statistics: maximum.", Number(fields[2]));
        }
    }

    /// <summary><c>/proc/diskstats</c>: whole disks, without their partitions, loop devices and memory disks.</summary>
    public static void Disks(string text, CollectedSet set)
    {
        foreach (var fields in Lines(text).Where(f => f.Length >= 14 && IsDisk(f[2])))
        {
            void Add(string name, string help, int field, double factor = 1)
            {
                if (field < fields.Length)
                {
                    set.Counter("node_disk_" + name, help, Number(fields[field]) * factor, ("device", fields[2]));
                }
            }
            Add("reads_completed_total", "The total number of reads completed successfully.", 3);
            Add("reads_merged_total", "The total number of reads merged.", 4);
            Add("read_bytes_total", "The total number of bytes read successfully.", 5, SectorBytes);
            Add("read_time_seconds_total", "The total number of seconds spent by all reads.", 6, 0.001);
            Add("writes_completed_total", "The total number of writes completed successfully.", 7);
            Add("writes_merged_total", "The number of writes merged.", 8);
            Add("written_bytes_total", "The total number of bytes written successfully.", 9, SectorBytes);
            Add("write_time_seconds_total", "This is the total number of seconds spent by all writes.", 10, 0.001);
            set.Gauge("node_disk_io_now", "The number of I/Os currently in progress.", Number(fields[11]), ("device", fields[2]));
            Add("io_time_seconds_total", "Total seconds spent doing I/Os.", 12, 0.001);
            Add("io_time_weighted_seconds_total", "The weighted # of seconds spent doing I/Os.", 13, 0.001);
            Add("discards_completed_total", "The total number of discards completed successfully.", 14);
            Add("discards_merged_total", "The total number of discards merged.", 15);
            Add("discarded_sectors_total", "The total number of sectors discarded successfully.", 16);
            Add("discard_time_seconds_total", "This is the total number of seconds spent by all discards.", 17, 0.001);
            Add("flush_requests_total", "The total number of flush requests completed successfully", 18);
            Add("flush_requests_time_seconds_total", "This is the total number of seconds spent by all flush requests.", 19, 0.001);
        }
    }

    /// <summary><c>/proc/net/dev</c>.</summary>
    public static void Network(string text, CollectedSet set)
    {
        foreach (var line in text.Split('\n'))
        {
            var colon = line.LastIndexOf(':');
            var fields = colon < 0 ? [] : line[(colon + 1)..].Split(' ', StringSplitOptions.RemoveEmptyEntries);
            var device = colon < 0 ? "" : line[..colon].Trim();
            for (var i = 0; i < Received.Length + Transmitted.Length && i < fields.Length; i++)
            {
                var (way, what) = i < Received.Length ? ("receive", Received[i]) : ("transmit", Transmitted[i - Received.Length]);
                set.Counter($"node_network_{way}_{what}_total", $"Network device statistic {way}_{what}.", Number(fields[i]), ("device", device));
            }
        }
    }

    /// <summary>Lines as fields between blanks; empty ones are left out.</summary>
    internal static IEnumerable<string[]> Lines(string text) =>
        text.Split('\n').Select(l => l.Split((char[])[' ', '\t'], StringSplitOptions.RemoveEmptyEntries)).Where(f => f.Length > 0);

    /// <summary>A number of the kernel's.</summary>
    /// <exception cref="CollectException">It is none.</exception>
    internal static double Number(string text) => double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var number) ? number
        : throw new CollectException($"the kernel's figure cannot be read: {(text.Length > 40 ? text[..40] : text)}");

    private static void Processor(string[] fields, CollectedSet set)
    {
        var cpu = fields[0][3..];
        for (var i = 0; i < Modes.Length && i + 1 < fields.Length; i++)
        {
            set.Counter("node_cpu_seconds_total", "Seconds the CPUs spent in each mode.", Number(fields[i + 1]) / TicksPerSecond,
                ("cpu", cpu), ("mode", Modes[i]));
        }
        for (var i = 0; i < 2 && i + 9 < fields.Length; i++)
        {
            set.Counter("node_cpu_guest_seconds_total", "Seconds the CPUs spent in guests (VMs) for each mode.", Number(fields[i + 9]) / TicksPerSecond,
                ("cpu", cpu), ("mode", Modes[i]));
        }
    }

    private static void One(string[] fields, Action<string, double> add, string help)
    {
        if (fields.Length > 1)
        {
            add(help, Number(fields[1]));
        }
    }

    // node_exporter's own list: ram0, zram0, loop0, fd0, sda1, nvme0n1p1.
    private static bool IsDisk(string device)
    {
        var stem = device.TrimEnd("0123456789".ToCharArray());
        var numbered = stem.Length < device.Length;
        return !numbered || !(stem is "ram" or "zram" or "loop" or "fd" || (stem is [.., 'd', >= 'a' and <= 'z'] && stem[..^2] is "h" or "s" or "v" or "xv"
            && stem.Length > 2) || (stem.StartsWith("nvme", StringComparison.Ordinal) && stem.EndsWith('p')));
    }
}
