using Nines.Metrics;

namespace Nines.PromQL.Evaluation;

/// <summary>
/// What a grouping or a matching compares of a label set: the labels named (<c>by</c>, <c>on</c>) or all but them and the metric name
/// (<c>without</c>, <c>ignoring</c>). Hashes and compares without making label sets.
/// </summary>
internal sealed class LabelProjection
{
    private readonly string[] _names;
    private readonly bool _without;

    public LabelProjection(IEnumerable<string> names, bool without)
    {
        _without = without;
        _names = [.. (without ? names.Append(Labels.MetricName) : names).Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal)];
    }

    public bool Keeps(string name) => Array.IndexOf(_names, name) >= 0 != _without;

    /// <summary>Whether the metric name, type or unit of these labels are among what is compared.</summary>
    public bool LooksAtMetadata(Labels labels)
    {
        foreach (var (name, _) in labels.Pairs)
        {
            if (name is Labels.MetricName or "__type__" or "__unit__" && Keeps(name))
            {
                return true;
            }
        }
        return false;
    }

    public int Hash(Labels labels)
    {
        var hash = new HashCode();
        if (_without)
        {
            foreach (var (name, value) in labels.Pairs)
            {
                if (Keeps(name))
                {
                    hash.Add(name.GetHashCode(StringComparison.Ordinal));
                    hash.Add(value.GetHashCode(StringComparison.Ordinal));
                }
            }
        }
        else
        {
            foreach (var name in _names)
            {
                hash.Add(labels[name].GetHashCode(StringComparison.Ordinal));
            }
        }
        return hash.ToHashCode();
    }

    public bool Same(Labels a, Labels b)
    {
        if (!_without)
        {
            foreach (var name in _names)
            {
                if (a[name] != b[name])
                {
                    return false;
                }
            }
            return true;
        }
        var left = a.Pairs;
        var right = b.Pairs;
        var (i, j) = (0, 0);
        while (true)
        {
            i = NextKept(left, i);
            j = NextKept(right, j);
            if (i == left.Length || j == right.Length)
            {
                return i == left.Length && j == right.Length;
            }
            if (left[i].Key != right[j].Key || left[i].Value != right[j].Value)
            {
                return false;
            }
            (i, j) = (i + 1, j + 1);
        }
    }

    public Labels Of(Labels labels) => _without ? labels.Without(_names) : labels.Keep(_names);

    private int NextKept(ReadOnlySpan<KeyValuePair<string, string>> pairs, int from)
    {
        while (from < pairs.Length && !Keeps(pairs[from].Key))
        {
            from++;
        }
        return from;
    }
}

/// <summary>Things kept per group of label sets that are the same under a projection, in the order in which the groups first appeared.</summary>
internal sealed class Groups<T>(LabelProjection projection)
    where T : class
{
    private readonly Dictionary<int, List<(Labels Sample, T Group)>> _byHash = [];

    public LabelProjection Projection => projection;

    public List<T> All { get; } = [];

    public T? Find(Labels labels)
    {
        if (_byHash.TryGetValue(projection.Hash(labels), out var list))
        {
            foreach (var (sample, group) in list)
            {
                if (projection.Same(sample, labels))
                {
                    return group;
                }
            }
        }
        return null;
    }

    /// <summary>Adds a group that is not there yet.</summary>
    public T Add(Labels labels, T group)
    {
        var hash = projection.Hash(labels);
        if (!_byHash.TryGetValue(hash, out var list))
        {
            _byHash[hash] = list = [];
        }
        list.Add((labels, group));
        All.Add(group);
        return group;
    }
}
