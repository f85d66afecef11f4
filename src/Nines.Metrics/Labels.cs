using System.Text;

namespace Nines.Metrics;

/// <summary>An immutable set of label names and values, sorted by name (ordinal). An empty value means the label is absent.</summary>
public sealed class Labels : IEquatable<Labels>
{
    /// <summary>The name of the label that carries the metric name.</summary>
    public const string MetricName = "__name__";

    /// <summary>The labels that say what kind of values a series has; they go when the values become others.</summary>
    private static readonly string[] MetadataNames = [MetricName, "__type__", "__unit__"];

    /// <summary>No labels.</summary>
    public static readonly Labels Empty = new([]);

    private readonly KeyValuePair<string, string>[] _pairs;
    private readonly ulong _hash;

    private Labels(KeyValuePair<string, string>[] sortedPairs)
    {
        _pairs = sortedPairs;
        _hash = HashOf(sortedPairs);
    }

    /// <summary>Name and value of each label, in order of name.</summary>
    public ReadOnlySpan<KeyValuePair<string, string>> Pairs => _pairs;

    /// <summary>How many labels there are.</summary>
    public int Count => _pairs.Length;

    /// <summary>A 64-bit hash that is the same in every process and version (FNV-1a over name, 0xff, value, 0xff in UTF-8).</summary>
    public ulong StableHash => _hash;

    /// <summary>The metric name, or the empty string.</summary>
    public string Name => this[MetricName];

    /// <summary>The value of a label, or the empty string when it is absent.</summary>
    public string this[string name]
    {
        get
        {
            foreach (var pair in _pairs)
            {
                if (pair.Key == name)
                {
                    return pair.Value;
                }
            }
            return "";
        }
    }

    /// <summary>Labels from pairs in any order.</summary>
    /// <exception cref="ArgumentException">A name occurs twice.</exception>
    public static Labels Of(params IEnumerable<(string Name, string Value)> pairs)
    {
        var sorted = pairs.Where(p => p.Value.Length > 0).Select(p => KeyValuePair.Create(p.Name, p.Value)).ToArray();
        Array.Sort(sorted, (a, b) => string.CompareOrdinal(a.Key, b.Key));
        for (var i = 1; i < sorted.Length; i++)
        {
            if (sorted[i].Key == sorted[i - 1].Key)
            {
                throw new ArgumentException($"label {sorted[i].Key} occurs twice", nameof(pairs));
            }
        }
        return sorted.Length == 0 ? Empty : new Labels(sorted);
    }

    /// <summary>The same labels with one set to a value; an empty value removes it.</summary>
    public Labels With(string name, string value) =>
        Of(_pairs.Where(p => p.Key != name).Select(p => (p.Key, p.Value)).Append((name, value)));

    /// <summary>The same labels without those named.</summary>
    public Labels Without(params ReadOnlySpan<string> names) => Filtered(names, keep: false);

    /// <summary>The same labels without the metric name, its type and its unit.</summary>
    public Labels WithoutMetadata() => Filtered(MetadataNames, keep: false);

    /// <summary>Only the labels named.</summary>
    public Labels Keep(params ReadOnlySpan<string> names) => Filtered(names, keep: true);

    /// <summary>Orders label sets as Prometheus does: pair by pair, name before value; a set that another begins with comes first.</summary>
    public static int Compare(Labels a, Labels b)
    {
        for (var i = 0; i < a._pairs.Length && i < b._pairs.Length; i++)
        {
            var order = string.CompareOrdinal(a._pairs[i].Key, b._pairs[i].Key);
            order = order != 0 ? order : string.CompareOrdinal(a._pairs[i].Value, b._pairs[i].Value);
            if (order != 0)
            {
                return order;
            }
        }
        return a._pairs.Length.CompareTo(b._pairs.Length);
    }

    /// <inheritdoc/>
    public bool Equals(Labels? other) =>
        other is not null && (ReferenceEquals(this, other) || (_hash == other._hash && _pairs.AsSpan().SequenceEqual(other._pairs)));

    /// <inheritdoc/>
    public override bool Equals(object? obj) => Equals(obj as Labels);

    /// <inheritdoc/>
    public override int GetHashCode() => (int)_hash ^ (int)(_hash >> 32);

    /// <summary>Prometheus' notation: <c>name{a="b", c="d"}</c>, values escaped.</summary>
    public override string ToString()
    {
        var text = new StringBuilder(Name);
        var open = false;
        foreach (var (name, value) in _pairs)
        {
            if (name == MetricName)
            {
                continue;
            }
            text.Append(open ? ", " : "{").Append(name).Append("=\"");
            open = true;
            foreach (var c in value)
            {
                _ = c switch
                {
                    '\\' => text.Append(@"\\"),
                    '"' => text.Append("\\\""),
                    '\n' => text.Append(@"\n"),
                    _ => text.Append(c),
                };
            }
            text.Append('"');
        }
        return open || text.Length == 0 ? text.Append(open ? "}" : "{}").ToString() : text.ToString();
    }

    private Labels Filtered(ReadOnlySpan<string> names, bool keep)
    {
        var left = 0;
        foreach (var pair in _pairs)
        {
            left += names.Contains(pair.Key) == keep ? 1 : 0;
        }
        if (left == _pairs.Length || left == 0)
        {
            return left == 0 ? Empty : this;
        }
        var pairs = new KeyValuePair<string, string>[left];
        left = 0;
        foreach (var pair in _pairs)
        {
            if (names.Contains(pair.Key) == keep)
            {
                pairs[left++] = pair;
            }
        }
        return new Labels(pairs);
    }

    private static ulong HashOf(KeyValuePair<string, string>[] pairs)
    {
        var hash = 14695981039346656037UL;
        Span<byte> buffer = stackalloc byte[256];
        foreach (var (name, value) in pairs)
        {
            hash = Mix(Mix(hash, name, buffer), value, buffer);
        }
        return hash;
    }

    private static ulong Mix(ulong hash, string text, Span<byte> buffer)
    {
        var size = Encoding.UTF8.GetMaxByteCount(text.Length);
        var bytes = size <= buffer.Length ? buffer : new byte[size];
        foreach (var b in bytes[..Encoding.UTF8.GetBytes(text, bytes)])
        {
            hash = (hash ^ b) * 1099511628211UL;
        }
        return (hash ^ 0xff) * 1099511628211UL;
    }
}
