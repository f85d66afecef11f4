using Nines.Metrics;
using Nines.Tsdb.Blocks;
using Nines.Tsdb.Head;

namespace Nines.Tsdb.Reading;

/// <summary>Reads one series forward, through blocks and memory. It stays the same while the series leaves memory and comes back.</summary>
internal sealed class SeriesHandle(Labels labels, BlockSet blocks) : ISeriesHandle
{
    private volatile MemSeries? _head;
    private volatile SeriesPlaces _places = SeriesPlaces.None;

    /// <inheritdoc/>
    public Labels Labels => labels;

    /// <summary>The series in memory; null while it is not there.</summary>
    public MemSeries? Head
    {
        get => _head;
        set => _head = value;
    }

    /// <summary>Whether there are samples of it in blocks.</summary>
    public bool IsInBlocks => Places().Any;

    /// <inheritdoc/>
    public bool BornInKnownTarget
    {
        get
        {
            var places = Places();
            var oldest = Array.FindIndex(places.Numbers, n => n >= 0);
            return oldest < 0 ? _head?.BornInKnownTarget ?? false : places.View.Blocks[oldest].Index.Entry(places.Numbers[oldest]).Born;
        }
    }

    /// <inheritdoc/>
    public long IntervalMs
    {
        get
        {
            if (_head is { } head)
            {
                return head.IntervalMs;
            }
            var places = Places();
            var newest = Array.FindLastIndex(places.Numbers, n => n >= 0);
            return newest < 0 ? 0 : places.View.Blocks[newest].Index.Entry(places.Numbers[newest]).IntervalMs;
        }
    }

    /// <inheritdoc/>
    public int Read(long afterMs, long untilMs, Span<CounterSample> into)
    {
        while (true)
        {
            var head = _head;
            if (head is not null && head.NewestMs <= afterMs)
            {
                return 0;
            }
            var view = blocks.View;
            var count = afterMs < view.HeadStartMs - 1 ? ReadBlocks(afterMs, untilMs, into) : 0;
            if (head is null || count == into.Length || untilMs < view.HeadStartMs)
            {
                return count;
            }
            var after = view.HeadStartMs == long.MinValue ? afterMs : Math.Max(afterMs, view.HeadStartMs - 1);
            count += head.Read(after, untilMs, into[count..], out var floor);
            if (floor <= after + 1 || ReferenceEquals(view, blocks.View))
            {
                return count;
            }
            // The head was cut meanwhile: begin anew with the block that was made of it.
        }
    }

    private int ReadBlocks(long afterMs, long untilMs, Span<CounterSample> into)
    {
        var (places, count) = (Places(), 0);
        for (var i = 0; i < places.Numbers.Length && count < into.Length; i++)
        {
            if (places.Numbers[i] >= 0 && places.View.Blocks[i].Toc.MaxMs > afterMs && places.View.Blocks[i].Toc.MinMs <= untilMs)
            {
                count += places.View.Blocks[i].Read(places.Numbers[i], afterMs, untilMs, into[count..]);
            }
        }
        return count;
    }

    private SeriesPlaces Places()
    {
        var (places, view) = (_places, blocks.View);
        return ReferenceEquals(places.View, view) ? places : _places = places.In(view, labels);
    }
}
