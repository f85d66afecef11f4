using Nines.Metrics;

namespace Nines.Tsdb.Blocks;

/// <summary>
/// Which blocks there are at a moment, in order of time, and from when on samples are in memory. Immutable; holding it keeps its blocks readable.
/// </summary>
internal sealed class BlockView(Block[] blocks, long headStartMs)
{
    /// <summary>No blocks; everything is in memory.</summary>
    public static readonly BlockView Empty = new([], long.MinValue);

    /// <summary>The blocks, in order of time; they do not overlap.</summary>
    public Block[] Blocks => blocks;

    /// <summary>All samples before this are in blocks, all others in memory.</summary>
    public long HeadStartMs => headStartMs;

    /// <summary>Whether a block may have samples of a range.</summary>
    public bool Reaches(int block, long fromMs, long toMs) => blocks[block].Toc.MinMs <= toMs && blocks[block].Toc.MaxMs >= fromMs;
}

/// <summary>Where a series is in each block of a view.</summary>
/// <param name="View">The view.</param>
/// <param name="Numbers">For each block the number of the series in it, or −1.</param>
internal sealed record SeriesPlaces(BlockView View, int[] Numbers)
{
    /// <summary>Of no series.</summary>
    public static readonly SeriesPlaces None = new(BlockView.Empty, []);

    /// <summary>Whether the series is in any block.</summary>
    public bool Any => Array.Exists(Numbers, n => n >= 0);

    /// <summary>The places in a view, looked up only in blocks that were not in the view before.</summary>
    public SeriesPlaces In(BlockView view, Labels labels)
    {
        if (ReferenceEquals(view, View))
        {
            return this;
        }
        var numbers = new int[view.Blocks.Length];
        for (var i = 0; i < numbers.Length; i++)
        {
            var before = Array.IndexOf(View.Blocks, view.Blocks[i]);
            numbers[i] = before >= 0 ? Numbers[before] : view.Blocks[i].Index.Find(labels);
        }
        return new SeriesPlaces(view, numbers);
    }
}
