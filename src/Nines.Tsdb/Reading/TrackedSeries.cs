using Nines.Metrics;
using Nines.Tsdb.Blocks;
using Nines.Tsdb.Head;

namespace Nines.Tsdb.Reading;

/// <summary>The handles of a selection. All but <see cref="Handles"/> is used under the registry's lock.</summary>
internal sealed class TrackedSeries(SeriesRegistry registry, BlockSet blocks, Matcher[] matchers) : ITrackedSeries
{
    private readonly Dictionary<Labels, SeriesHandle> _byLabels = [];
    private volatile ISeriesHandle[]? _handles = [];

    /// <summary>The selection.</summary>
    public Matcher[] Matchers { get; } = matchers;

    /// <inheritdoc/>
    public IReadOnlyList<ISeriesHandle> Handles => _handles ?? registry.Snapshot(this);

    /// <summary>Adds a series that has samples in memory.</summary>
    public void Add(MemSeries series) => HandleOf(series.Labels).Head = series;

    /// <summary>Adds the series of all blocks.</summary>
    public void AddBlocks()
    {
        foreach (var block in blocks.View.Blocks)
        {
            foreach (var series in block.Index.Find(Matchers))
            {
                HandleOf(block.Index.LabelsOf(series));
            }
        }
    }

    /// <summary>Lets go of series that left memory; those that are in no block either are gone.</summary>
    public void Retire(HashSet<MemSeries> left)
    {
        foreach (var (labels, handle) in _byLabels)
        {
            if (handle.Head is { } head && left.Contains(head))
            {
                handle.Head = null;
            }
            if (handle.Head is null && !handle.IsInBlocks)
            {
                _byLabels.Remove(labels);
                _handles = null;
            }
        }
    }

    /// <inheritdoc/>
    public void Dispose() => registry.Untrack(this);

    /// <summary>Makes the list anew.</summary>
    public ISeriesHandle[] Refresh() => _handles ??= [.. _byLabels.Values];

    private SeriesHandle HandleOf(Labels labels)
    {
        if (!_byLabels.TryGetValue(labels, out var handle))
        {
            _byLabels[labels] = handle = new SeriesHandle(labels, blocks);
            _handles = null;
        }
        return handle;
    }
}
