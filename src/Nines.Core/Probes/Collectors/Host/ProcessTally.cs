namespace Nines.Core.Probes.Collectors.Host;

/// <summary>A process as <c>/proc</c> tells of it.</summary>
/// <param name="Id">Its number, which another process gets later.</param>
/// <param name="Name">Its short name.</param>
/// <param name="CommandLine">What it was started with; empty for threads of the kernel.</param>
/// <param name="StartTicks">When it began, in ticks since the boot.</param>
/// <param name="UserSeconds">Processor time it spent itself.</param>
/// <param name="SystemSeconds">Processor time the kernel spent for it.</param>
/// <param name="ResidentPages">Pages of memory it holds.</param>
public sealed record RunningProcess(int Id, string Name, string CommandLine, long StartTicks, double UserSeconds, double SystemSeconds, long ResidentPages)
{
    /// <summary>Reads <c>/proc/PID/stat</c> and <c>/proc/PID/cmdline</c>.</summary>
    /// <returns>Null when the process ended while it was read.</returns>
    public static RunningProcess? Read(string stat, string commandLine)
    {
        // The name may hold blanks and brackets of its own: the last bracket ends it.
        var (open, close) = (stat.IndexOf('('), stat.LastIndexOf(')'));
        var fields = close < 0 ? [] : stat[(close + 1)..].Split(' ', StringSplitOptions.RemoveEmptyEntries);
        return open < 1 || fields.Length < 22 || !int.TryParse(stat.AsSpan(0, open).Trim(), out var id) ? null
            : new(id, stat[(open + 1)..close], commandLine.TrimEnd('\0').Replace('\0', ' '), (long)HostText.Number(fields[19]),
                HostText.Number(fields[11]) / HostText.TicksPerSecond, HostText.Number(fields[12]) / HostText.TicksPerSecond,
                (long)HostText.Number(fields[21]));
    }
}

/// <summary>
/// Adds up processes by group. Processor time is that of all processes the group ever had since the first look, so that it never goes down when one ends.
/// Metrics are those of process-exporter. Not for several threads.
/// </summary>
/// <param name="groups">The groups; a process is in the first whose pattern it has.</param>
/// <param name="pageBytes">Bytes of a page of memory.</param>
public sealed class ProcessTally(IReadOnlyList<ProcessGroup> groups, int pageBytes)
{
    private readonly (double User, double System)[] _spent = new (double, double)[groups.Count];
    private Dictionary<(int, long), RunningProcess> _before = [];

    /// <summary>Adds what the groups do now.</summary>
    public void Look(IEnumerable<RunningProcess> processes, CollectedSet set)
    {
        var (count, pages) = (new int[groups.Count], new long[groups.Count]);
        var now = new Dictionary<(int, long), RunningProcess>();
        foreach (var process in processes)
        {
            var group = 0;
            while (group < groups.Count && !groups[group].Pattern.IsMatch(process.Name) && !groups[group].Pattern.IsMatch(process.CommandLine))
            {
                group++;
            }
            if (group == groups.Count || !now.TryAdd((process.Id, process.StartTicks), process))
            {
                continue;
            }
            count[group]++;
            pages[group] += process.ResidentPages;
            var before = _before.GetValueOrDefault((process.Id, process.StartTicks));
            _spent[group].User += Math.Max(0, process.UserSeconds - (before?.UserSeconds ?? 0));
            _spent[group].System += Math.Max(0, process.SystemSeconds - (before?.SystemSeconds ?? 0));
        }
        _before = now;
        for (var i = 0; i < groups.Count; i++)
        {
            var name = groups[i].Name;
            set.Gauge("namedprocess_namegroup_num_procs", "Number of processes in this group.", count[i], ("groupname", name));
            set.Counter("namedprocess_namegroup_cpu_seconds_total", "Processor time of this group.", _spent[i].User, ("groupname", name), ("mode", "user"));
            set.Counter("namedprocess_namegroup_cpu_seconds_total", "Processor time of this group.", _spent[i].System, ("groupname", name), ("mode", "system"));
            set.Gauge("namedprocess_namegroup_memory_bytes", "Memory of this group.", (double)pages[i] * pageBytes,
                ("groupname", name), ("memtype", "resident"));
        }
    }
}
