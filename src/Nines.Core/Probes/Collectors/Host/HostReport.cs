using Nines.Metrics;

namespace Nines.Core.Probes.Collectors.Host;

/// <summary>A file system on a page.</summary>
/// <param name="Mount">Where it is mounted.</param>
/// <param name="SizeBytes">Its size.</param>
/// <param name="AvailableBytes">What people may still write.</param>
public readonly record struct FileSystemLevel(string Mount, double SizeBytes, double AvailableBytes)
{
    /// <summary>Share that is in use.</summary>
    public double Used => SizeBytes > 0 ? 1 - AvailableBytes / SizeBytes : 0;
}

/// <summary>How a host does, in the figures that a person looks for first.</summary>
/// <param name="Collector">The collector that reads it.</param>
/// <param name="Instance">The host's name.</param>
/// <param name="AtMs">When it was read, ms since the Unix epoch.</param>
/// <param name="Error">Why the last reading failed; null when it did not.</param>
public sealed record HostReport(string Collector, string Instance, long AtMs, string? Error)
{
    /// <summary>Share of the processors' time that was used over the last minutes; null when it is not known yet.</summary>
    public double? ProcessorUsed { get; init; }

    /// <summary>How many processors there are.</summary>
    public int Processors { get; init; }

    /// <summary>Load over one minute; null when it was not read.</summary>
    public double? Load { get; init; }

    /// <summary>Memory in bytes; null when it was not read.</summary>
    public double? MemoryBytes { get; init; }

    /// <summary>Memory that can be had without swapping, in bytes.</summary>
    public double MemoryAvailableBytes { get; init; }

    /// <summary>Swap in bytes; 0 when there is none.</summary>
    public double SwapBytes { get; init; }

    /// <summary>Swap in use, in bytes.</summary>
    public double SwapUsedBytes { get; init; }

    /// <summary>The file system with the largest share in use; null when none was read.</summary>
    public FileSystemLevel? Fullest { get; init; }

    /// <summary>When that one is full.</summary>
    public FillForecast Forecast { get; init; }

    /// <summary>The report of what a host's collector read last.</summary>
    /// <param name="collector">The collector.</param>
    /// <param name="run">Its last run.</param>
    /// <param name="values">What it read.</param>
    public static HostReport Of(Collector collector, CollectorRun run, IReadOnlyCollection<(Labels Labels, double Value)> values)
    {
        double? One(string name) => values.Where(v => v.Labels.Name == name).Select(v => (double?)v.Value).FirstOrDefault();
        var sizes = values.Where(v => v.Labels.Name == "node_filesystem_size_bytes")
            .ToDictionary(v => v.Labels["mountpoint"], v => v.Value, StringComparer.Ordinal);
        return new HostReport(collector.Name,
            values.Select(v => v.Labels["instance"]).FirstOrDefault(i => i.Length > 0) ?? collector.DisplayName, run.StartedMs, run.Error)
        {
            Processors = values.Where(v => v.Labels.Name == "node_cpu_seconds_total").Select(v => v.Labels["cpu"]).Distinct(StringComparer.Ordinal).Count(),
            Load = One("node_load1"),
            MemoryBytes = One("node_memory_MemTotal_bytes"),
            MemoryAvailableBytes = One("node_memory_MemAvailable_bytes") ?? One("node_memory_MemFree_bytes") ?? 0,
            SwapBytes = One("node_memory_SwapTotal_bytes") ?? 0,
            SwapUsedBytes = (One("node_memory_SwapTotal_bytes") ?? 0) - (One("node_memory_SwapFree_bytes") ?? 0),
            Fullest = values.Where(v => v.Labels.Name == "node_filesystem_avail_bytes" && sizes.GetValueOrDefault(v.Labels["mountpoint"]) > 0)
                .Select(v => new FileSystemLevel(v.Labels["mountpoint"], sizes[v.Labels["mountpoint"]], v.Value))
                .OrderByDescending(f => f.Used).ThenBy(f => f.Mount, StringComparer.Ordinal).Select(f => (FileSystemLevel?)f).FirstOrDefault(),
        };
    }

    /// <summary>The share of time that processors did not idle, of the growth of their counters; null when they did not grow.</summary>
    /// <param name="growth">Of each counter its mode and by how much it grew.</param>
    public static double? UsedOf(IEnumerable<(string Mode, double Seconds)> growth)
    {
        var (idle, all) = (0.0, 0.0);
        foreach (var (mode, seconds) in growth.Where(g => g.Seconds > 0))
        {
            all += seconds;
            idle += mode is "idle" or "iowait" ? seconds : 0;
        }
        return all > 0 ? 1 - idle / all : null;
    }
}
