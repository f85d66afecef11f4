using System.Text.Json;
using System.Text.RegularExpressions;

namespace Nines.Core.Probes.Collectors.Host;

/// <summary>A control group of version 2, such as a container, as its files tell of it. Metrics are those of cAdvisor.</summary>
public static partial class ControlGroup
{
    /// <summary>The paths that container engines give their containers.</summary>
    public const string Containers =
        @"/.*(docker|libpod|cri-containerd|crio)-[0-9a-f]{64}\.scope|/(.*/)?docker/[0-9a-f]{64}|/(.*/)?libpod-[0-9a-f]{64}"
        + "|/kubepods.*/[0-9a-f]{64}";

    /// <summary>Adds the figures of a group.</summary>
    /// <param name="path">Its path below the root of all groups, beginning with a slash.</param>
    /// <param name="name">What people call it.</param>
    /// <param name="read">Reads one of its files; null when there is none.</param>
    /// <param name="set">Where they go.</param>
    public static void Add(string path, string name, Func<string, string?> read, CollectedSet set)
    {
        (string, string)[] labels = [("id", path), ("name", name)];
        var cpu = Fields(read("cpu.stat"));
        void Seconds(string field, string metric, string help)
        {
            if (cpu.TryGetValue(field, out var microseconds))
            {
                set.Counter(metric, help, microseconds / 1e6, labels);
            }
        }
        Seconds("usage_usec", "container_cpu_usage_seconds_total", "Processor time consumed.");
        Seconds("throttled_usec", "container_cpu_cfs_throttled_seconds_total", "Time for which the group was held back by its limit.");
        var inactive = Fields(read("memory.stat")).GetValueOrDefault("inactive_file");
        if (One(read("memory.current")) is { } used)
        {
            set.Gauge("container_memory_usage_bytes", "Memory in use, files that are cached included.", used, labels);
            set.Gauge("container_memory_working_set_bytes", "Memory in use that cannot be taken back at once.", Math.Max(0, used - inactive), labels);
        }
        if (One(read("memory.max")) is { } limit)
        {
            set.Gauge("container_spec_memory_limit_bytes", "The limit of its memory; none when there is no limit.", limit, labels);
        }
        if (Fields(read("memory.events")).TryGetValue("oom_kill", out var kills))
        {
            set.Counter("container_oom_events_total", "Processes of it that were killed for want of memory.", kills, labels);
        }
    }

    /// <summary>The container's identity in a path: 64 hex digits; null when it is no container's.</summary>
    public static string? ContainerId(string path) => Hex64().Match(path[(path.LastIndexOf('/') + 1)..]) is { Success: true } id ? id.Value : null;

    /// <summary>What people call a group.</summary>
    /// <param name="path">Its path.</param>
    /// <param name="configuration">Docker's <c>config.v2.json</c> of the container; null when it cannot be read.</param>
    public static string NameOf(string path, string? configuration)
    {
        try
        {
            if (configuration is not null && JsonDocument.Parse(configuration) is var document
                && document.RootElement.TryGetProperty("Name", out var name) && name.GetString()?.TrimStart('/') is { Length: > 0 } known)
            {
                return known;
            }
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            // It has another name then: its number.
        }
        return ContainerId(path) is { } id ? id[..12] : path[(path.LastIndexOf('/') + 1)..];
    }

    private static Dictionary<string, double> Fields(string? text) => HostText.Lines(text ?? "").Where(f => f.Length == 2)
        .GroupBy(f => f[0], StringComparer.Ordinal).ToDictionary(g => g.Key, g => HostText.Number(g.First()[1]), StringComparer.Ordinal);

    private static double? One(string? text) => text?.Trim() is { Length: > 0 } value and not "max" ? HostText.Number(value) : null;

    [GeneratedRegex("[0-9a-f]{64}", RegexOptions.NonBacktracking)]
    private static partial Regex Hex64();
}
