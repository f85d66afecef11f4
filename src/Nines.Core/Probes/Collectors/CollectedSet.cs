using Nines.Metrics;

namespace Nines.Core.Probes.Collectors;

/// <summary>A metric that a run read, with all its samples.</summary>
/// <param name="Name">Its name.</param>
/// <param name="IsCounter">Whether it only goes up.</param>
/// <param name="Help">What it is, in words; may be empty.</param>
/// <param name="Unit">Its unit; may be empty.</param>
public sealed record CollectedFamily(string Name, bool IsCounter, string Help, string Unit)
{
    /// <summary>The samples, each with its labels, the metric's name not among them.</summary>
    public List<(Labels Labels, double Value)> Samples { get; } = [];
}

/// <summary>What one run of a collector read.</summary>
public sealed class CollectedSet
{
    private readonly Dictionary<string, CollectedFamily> _byName = new(StringComparer.Ordinal);
    private readonly HashSet<(string, Labels)> _seen = [];

    /// <summary>The metrics in the order they were read.</summary>
    public List<CollectedFamily> Families { get; } = [];

    /// <summary>Labels of all samples that the collector's own <see cref="Collector.Extra"/> may replace.</summary>
    public Labels Common { get; set; } = Labels.Empty;

    /// <summary>How many samples there are.</summary>
    public int Count => _seen.Count;

    /// <summary>Adds a value that goes up and down.</summary>
    public void Gauge(string name, string help, double value, params IEnumerable<(string Name, string Value)> labels) =>
        Add(new(name, false, help, ""), Labels.Of(labels), value);

    /// <summary>Adds a value that only goes up.</summary>
    public void Counter(string name, string help, double value, params IEnumerable<(string Name, string Value)> labels) =>
        Add(new(name, true, help, ""), Labels.Of(labels), value);

    /// <summary>Adds a sample of a metric.</summary>
    /// <exception cref="CollectException">The metric has a value for these labels already.</exception>
    public void Add(CollectedFamily family, Labels labels, double value)
    {
        if (!_seen.Add((family.Name, labels)))
        {
            throw new CollectException(
                $"{family.Name} has two values for {(labels.Count == 0 ? "the same series" : labels)}: what tells them apart must be a label");
        }
        if (!_byName.TryGetValue(family.Name, out var known))
        {
            _byName[family.Name] = known = family;
            Families.Add(family);
        }
        known.Samples.Add((labels, value));
    }

    /// <summary>The series as they are stored: in order, at most as many as the collector may make, each with its own labels,
    /// then those of the collector.</summary>
    /// <param name="collector">Whose they are.</param>
    /// <param name="refused">What was left out, in words; null when nothing was.</param>
    public List<(Labels Labels, double Value)> Series(Collector collector, out string? refused)
    {
        var most = collector.SeriesLimit;
        var series = new List<(Labels, double)>(Math.Min(Count, most));
        string? first = null;
        foreach (var family in Families)
        {
            foreach (var (labels, value) in family.Samples)
            {
                if (series.Count < most)
                {
                    series.Add((Named(family.Name, labels, collector), value));
                }
                else
                {
                    first ??= labels.Count == 0 ? family.Name : family.Name + labels;
                }
            }
        }
        refused = first is null ? null : $"{Count - most} of {Count} series are beyond the limit of {most}, the first of them {first}";
        return series;
    }

    private Labels Named(string name, Labels own, Collector collector)
    {
        var all = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var labels in (Labels[])[Common, collector.Extra, own, collector.Identity])
        {
            foreach (var (label, value) in labels.Pairs)
            {
                all[label] = value;
            }
        }
        all[Labels.MetricName] = name;
        return Labels.Of(all.Select(l => (l.Key, l.Value)));
    }
}

/// <summary>A collector's run failed; the message says why, never a secret.</summary>
public sealed class CollectException(string message) : Exception(message);
