using Nines.Metrics;

namespace Nines.Core.Telemetry;

/// <summary>Puts a target's labels on the series it exposes.</summary>
public static class TargetLabels
{
    private const string Exported = "exported_";

    /// <summary>The identity under which an exposed series is stored.</summary>
    /// <param name="exposed">The labels as exposed.</param>
    /// <param name="target">The target's labels.</param>
    /// <param name="honor">Whether the exposed label wins a conflict. If not, it is kept as <c>exported_…</c>.</param>
    public static Labels Merge(Labels exposed, Labels target, bool honor)
    {
        var merged = new List<(string Name, string Value)>(exposed.Count + target.Count);
        var moved = new List<(string Name, string Value)>();
        foreach (var (name, value) in exposed.Pairs)
        {
            if (honor || target[name].Length == 0)
            {
                merged.Add((name, value));
            }
            else
            {
                moved.Add((name, value));
            }
        }
        foreach (var (name, value) in target.Pairs)
        {
            if (!honor || exposed[name].Length == 0)
            {
                merged.Add((name, value));
            }
        }
        foreach (var (name, value) in moved)
        {
            var free = Exported + name;
            while (merged.Exists(p => p.Name == free))
            {
                free = Exported + free;
            }
            merged.Add((free, value));
        }
        return Labels.Of(merged);
    }
}
