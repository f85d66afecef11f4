using Nines.Metrics.RemoteWrite;

namespace Nines.Server.Telemetry;

/// <summary>What metrics are, as targets and senders tell: the type, help text and unit of each metric family. In memory only.</summary>
public sealed class MetadataStore
{
    /// <summary>Most metric families; further ones are not noted.</summary>
    public const int MaxFamilies = 50_000;

    /// <summary>Most different accounts of one family; the oldest makes room.</summary>
    public const int MaxVariants = 10;

    private const int LongestText = 4096;
    private readonly Lock _gate = new();
    private readonly SortedDictionary<string, List<MetricMetadata>> _families = new(StringComparer.Ordinal);

    /// <summary>Notes what a metric family is.</summary>
    public void Note(in MetricMetadata metadata)
    {
        if (metadata.Family.Length is 0 or > 1024 || metadata.Help.Length > LongestText || metadata.Unit.Length > LongestText)
        {
            return;
        }
        lock (_gate)
        {
            if (!_families.TryGetValue(metadata.Family, out var known))
            {
                if (_families.Count == MaxFamilies)
                {
                    return;
                }
                _families[metadata.Family] = known = [];
            }
            if (known.Contains(metadata))
            {
                return;
            }
            if (known.Count == MaxVariants)
            {
                known.RemoveAt(0);
            }
            known.Add(metadata);
        }
    }

    /// <summary>The families in order of name, each with its accounts.</summary>
    /// <param name="family">Only this one, or null for all.</param>
    /// <param name="limit">Most families; below 0 for all.</param>
    /// <param name="perFamily">Most accounts of one family; at or below 0 for all.</param>
    public IReadOnlyList<(string Family, MetricMetadata[] Accounts)> Read(string? family, int limit, int perFamily)
    {
        lock (_gate)
        {
            var chosen = family is null ? _families.AsEnumerable() : _families.TryGetValue(family, out var one) ? [KeyValuePair.Create(family, one)] : [];
            return [.. chosen.Take(limit < 0 ? int.MaxValue : limit).Select(f => (f.Key, f.Value.Take(perFamily <= 0 ? int.MaxValue : perFamily).ToArray()))];
        }
    }
}
