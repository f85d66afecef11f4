using Nines.Metrics;
using Nines.Tsdb.Blocks;
using Nines.Tsdb.Head;

namespace Nines.Tsdb.Reading;

/// <summary>
/// One series of a selection: where it is in blocks, and in memory. What was moved from memory to a block since it was selected is read from there.
/// </summary>
internal sealed class SelectedSeries(Labels labels, BlockSet blocks, BlockView view) : ISelectedSeries
{
    private (int Block, int Series)[] _places = [];
    private int _count;

    /// <inheritdoc/>
    public Labels Labels => labels;

    /// <summary>The series in memory; null when it is not there.</summary>
    public MemSeries? Head { get; init; }

    /// <summary>Adds the series' place in a block of the view; blocks in order of time.</summary>
    public void Add(int block, int series)
    {
        if (_count == _places.Length)
        {
            Array.Resize(ref _places, Math.Max(1, _count * 2));
        }
        _places[_count++] = (block, series);
    }

    /// <inheritdoc/>
    public void Read(long fromMs, long toMs, SampleColumns into)
    {
        for (var i = 0; i < _count; i++)
        {
            var (block, series) = _places[i];
            if (view.Reaches(block, fromMs, toMs))
            {
                view.Blocks[block].Read(series, fromMs, toMs, into);
            }
        }
        if (Head is null || toMs < view.HeadStartMs)
        {
            return;
        }
        var before = into.Count;
        for (var shown = view; ;)
        {
            var from = Math.Max(fromMs, shown.HeadStartMs);
            var floor = Head.AppendTo(into, from, toMs);
            if (floor <= from || ReferenceEquals(shown, blocks.View))
            {
                return;
            }
            // The head was cut meanwhile: what it held at the selection is in a block now.
            shown = blocks.View;
            into.Truncate(before);
            ReadBlocks(shown, Math.Max(fromMs, view.HeadStartMs), toMs, into);
        }
    }

    private void ReadBlocks(BlockView shown, long fromMs, long toMs, SampleColumns into)
    {
        for (var i = 0; i < shown.Blocks.Length; i++)
        {
            if (shown.Reaches(i, fromMs, toMs) && shown.Blocks[i].Index.Find(labels) is >= 0 and var series)
            {
                shown.Blocks[i].Read(series, fromMs, toMs, into);
            }
        }
    }
}
