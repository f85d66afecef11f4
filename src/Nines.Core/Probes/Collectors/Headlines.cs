using Nines.Metrics;

namespace Nines.Core.Probes.Collectors;

/// <summary>Which of a collector's series people look at first.</summary>
public static class Headlines
{
    private static readonly string[] OfHost = ["node_load1", "node_memory_MemAvailable_bytes", "node_filesystem_avail_bytes"];

    /// <summary>All series, those first that say most: of a host load, memory and file systems; of others as they were read.</summary>
    public static IEnumerable<T> Of<T>(Collector collector, IEnumerable<T> series, Func<T, Labels> labelsOf) => collector.Work is HostWork
        ? series.OrderBy(s => Array.IndexOf(OfHost, labelsOf(s).Name) is >= 0 and var place ? place : OfHost.Length)
        : collector.Work is FileWork ? series.OrderBy(s => labelsOf(s).Name == "file_newest_age_seconds" ? 0 : 1) : series;
}
