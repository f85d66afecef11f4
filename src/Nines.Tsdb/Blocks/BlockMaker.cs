using System.Text;
using Nines.Metrics;
using Nines.Tsdb.Bytes;
using Nines.Tsdb.Chunks;
using Nines.Tsdb.Files;
using Nines.Tsdb.Head;

namespace Nines.Tsdb.Blocks;

/// <summary>Makes blocks: of series in memory, or of other blocks.</summary>
internal sealed class BlockMaker(IStoreFiles files, TsdbFault fault)
{
    /// <summary>Chunks of at least this many samples are copied as they are.</summary>
    private const int EnoughSamples = 240;

    /// <summary>Chunks are made about this long.</summary>
    private const int GoodSamples = 480;

    private readonly SampleColumns _columns = new();
    private readonly ByteBuffer _chunk = new();
    private readonly ChunkEncoder _encoder = new();
    private long[] _starts = new long[GoodSamples];

    /// <summary>Writes what series in memory hold before a time.</summary>
    /// <returns>Null when they hold nothing.</returns>
    public BlockToc? OfHead(long number, IReadOnlyList<MemSeries> series, long endMs)
    {
        var (ids, symbols) = SymbolsOf(series);
        var ordered = series.Select(s => (Series: s, Labels: Ids(s.Labels, ids))).ToArray();
        Array.Sort(ordered, (a, b) => a.Labels.AsSpan().SequenceCompareTo(b.Labels));
        using var writer = new BlockWriter(files, fault, number, symbols);
        foreach (var (one, labels) in ordered)
        {
            _columns.Clear();
            // Before it is read: from then on the first sample may be taken for older than it is, never for newer.
            var born = one.BornInKnownTarget;
            one.AppendTo(_columns, long.MinValue, endMs - 1);
            if (_columns.Count == 0)
            {
                continue;
            }
            writer.BeginSeries(labels, born, one.IntervalMs);
            var hasStarts = one.StartsAt(_columns.Times, Starts(_columns.Count));
            Write(writer, hasStarts);
        }
        return writer.Samples == 0 ? null : writer.Finish(endMs, []);
    }

    /// <summary>Writes blocks as one.</summary>
    /// <param name="sources">In order of time.</param>
    public BlockToc? OfBlocks(long number, IReadOnlyList<Block> sources)
    {
        var (maps, symbols) = Merge(sources);
        using var writer = new BlockWriter(files, fault, number, symbols);
        var places = sources.Select((s, i) => new Place(s, maps[i])).ToArray();
        while (true)
        {
            var least = default(int[]);
            foreach (var place in places)
            {
                if (place.Labels is { } labels && (least is null || labels.AsSpan().SequenceCompareTo(least) < 0))
                {
                    least = labels;
                }
            }
            if (least is null)
            {
                break;
            }
            WriteSeries(writer, least, [.. places.Where(p => p.Labels is { } l && l.AsSpan().SequenceEqual(least))]);
        }
        return writer.Samples == 0 ? null : writer.Finish(sources.Max(s => s.Toc.EndMs), [.. sources.Select(s => s.Toc.Number)]);
    }

    private void WriteSeries(BlockWriter writer, int[] labels, List<Place> places)
    {
        writer.BeginSeries(labels, places[0].Block.Index.Entry(places[0].Series).Born, places[^1].Block.Index.Entry(places[^1].Series).IntervalMs);
        _columns.Clear();
        var anyStarts = false;
        foreach (var place in places)
        {
            for (var entry = place.Block.Index.Entry(place.Series); entry.NextChunk();)
            {
                if (entry.Count >= EnoughSamples)
                {
                    if (place.Block.TryRaw(place.Series, entry, out var raw))
                    {
                        Write(writer, anyStarts);
                        anyStarts = false;
                        writer.AddChunk(raw, entry.MinMs, entry.MaxMs, entry.Count);
                    }
                    continue;
                }
                if (_columns.Count + entry.Count > GoodSamples)
                {
                    Write(writer, anyStarts);
                    anyStarts = false;
                }
                _columns.Reserve(entry.Count, out var times, out var values);
                var starts = Starts(_columns.Count + entry.Count)[_columns.Count..];
                if (place.Block.TryDecode(place.Series, entry, times, values, starts))
                {
                    _columns.Advance(entry.Count);
                    anyStarts |= starts.ContainsAnyExcept(0);
                }
            }
            GC.KeepAlive(place.Block);
            place.Next();
        }
        Write(writer, anyStarts);
    }

    // Writes the columns as chunks of about the same length, and empties them.
    private void Write(BlockWriter writer, bool hasStarts)
    {
        var parts = (_columns.Count + GoodSamples - 1) / GoodSamples;
        for (var part = 0; part < parts; part++)
        {
            var (from, to) = (_columns.Count * part / parts, _columns.Count * (part + 1) / parts);
            var times = _columns.Times[from..to];
            _chunk.Clear();
            _encoder.Encode(times, _columns.Values[from..to], hasStarts ? _starts.AsSpan(from..to) : [], _chunk);
            writer.AddChunk(_chunk.Written, times[0], times[^1], times.Length);
        }
        _columns.Clear();
    }

    private Span<long> Starts(int count)
    {
        if (count > _starts.Length)
        {
            Array.Resize(ref _starts, Math.Max(count, _starts.Length * 2));
        }
        return _starts.AsSpan(0, count);
    }

    private static (Dictionary<string, int> Ids, List<byte[]> Symbols) SymbolsOf(IReadOnlyList<MemSeries> series)
    {
        var texts = new HashSet<string>(StringComparer.Ordinal);
        foreach (var one in series)
        {
            foreach (var (name, value) in one.Labels.Pairs)
            {
                texts.Add(name);
                texts.Add(value);
            }
        }
        var ordered = texts.ToArray();
        Array.Sort(ordered, StringComparer.Ordinal);
        var ids = new Dictionary<string, int>(ordered.Length, StringComparer.Ordinal);
        foreach (var text in ordered)
        {
            ids[text] = ids.Count;
        }
        return (ids, [.. ordered.Select(Encoding.UTF8.GetBytes)]);
    }

    private static int[] Ids(Labels labels, Dictionary<string, int> ids)
    {
        var numbers = new int[labels.Count * 2];
        var at = 0;
        foreach (var (name, value) in labels.Pairs)
        {
            (numbers[at], numbers[at + 1]) = (ids[name], ids[value]);
            at += 2;
        }
        return numbers;
    }

    // The symbols of all blocks in order, and for each block what becomes of its own.
    private static (int[][] Maps, List<byte[]> Symbols) Merge(IReadOnlyList<Block> blocks)
    {
        var maps = blocks.Select(b => new int[b.Index.SymbolCount]).ToArray();
        var next = new int[blocks.Count];
        var symbols = new List<byte[]>();
        while (true)
        {
            byte[]? least = null;
            for (var i = 0; i < next.Length; i++)
            {
                if (next[i] < maps[i].Length && blocks[i].Index.Symbol(next[i]) is var symbol && (least is null || Symbols.Compare(symbol, least) < 0))
                {
                    least = symbol.ToArray();
                }
            }
            if (least is null)
            {
                return (maps, symbols);
            }
            for (var i = 0; i < next.Length; i++)
            {
                if (next[i] < maps[i].Length && blocks[i].Index.Symbol(next[i]).SequenceEqual(least))
                {
                    maps[i][next[i]++] = symbols.Count;
                }
            }
            symbols.Add(least);
        }
    }

    /// <summary>Where the reading of a source has come to.</summary>
    private sealed class Place
    {
        private readonly int[] _map;

        public Place(Block block, int[] map)
        {
            (Block, _map) = (block, map);
            Take();
        }

        public Block Block { get; }

        public int Series { get; private set; }

        /// <summary>The labels of the present series, in symbols of the new block; null at the end.</summary>
        public int[]? Labels { get; private set; }

        public void Next()
        {
            Series++;
            Take();
        }

        private void Take()
        {
            if (Series >= Block.Index.Series)
            {
                Labels = null;
                return;
            }
            var entry = Block.Index.Entry(Series);
            Labels = new int[entry.Labels * 2];
            for (var i = 0; i < Labels.Length; i += 2)
            {
                entry.NextLabel(out var name, out var value);
                (Labels[i], Labels[i + 1]) = (_map[name], _map[value]);
            }
        }
    }
}
