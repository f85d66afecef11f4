using System.Buffers.Binary;
using System.Collections.Concurrent;
using Nines.Metrics;
using Nines.Tsdb.Bytes;
using Nines.Tsdb.Chunks;
using Nines.Tsdb.Files;

namespace Nines.Tsdb.Blocks;

/// <summary>
/// A stretch of time in a file that never changes. Readers may hold it after the store has dropped it. A chunk whose bytes are not what was written is
/// left out and noted in <see cref="Damages"/>; the rest goes on.
/// </summary>
internal sealed class Block
{
    private const int MostDamages = 100;

    private readonly MappedBytes _file;
    private readonly ConcurrentDictionary<long, BlockDamage> _damages = new();

    private Block(string path, MappedBytes file, BlockToc toc, BlockIndex index) => (Path, _file, Toc, Index) = (path, file, toc, index);

    /// <summary>Where it is.</summary>
    public string Path { get; }

    /// <summary>What is in it.</summary>
    public BlockToc Toc { get; }

    /// <summary>Finds series in it.</summary>
    public BlockIndex Index { get; }

    /// <summary>Size of the file.</summary>
    public long Bytes => _file.Length;

    /// <summary>Whether to skip checksums: a planted fault.</summary>
    public bool Unchecked { get; init; }

    /// <summary>What could not be read so far.</summary>
    public IEnumerable<BlockDamage> Damages => _damages.Values;

    /// <summary>Opens a block.</summary>
    /// <exception cref="InvalidDataException">It is damaged beyond use.</exception>
    /// <exception cref="NewerBlockException">A newer version wrote it.</exception>
    /// <exception cref="IOException">It cannot be read now.</exception>
    public static Block Open(IStoreFiles files, string path, TsdbFault fault = TsdbFault.None)
    {
        var file = files.Map(path);
        if (file.Length < 2 * BlockToc.Size)
        {
            throw new InvalidDataException("too short to be a block");
        }
        var toc = TocAt(file, 0) ?? TocAt(file, file.Length - BlockToc.Size)
            ?? throw Unusable(file, "both tables of contents are damaged");
        var index = BlockIndex.Open(file, toc.IndexAt, toc.IndexLength) ?? BlockIndex.Open(file, toc.IndexAt + toc.IndexLength, toc.IndexLength)
            ?? throw Unusable(file, "both copies of the index are damaged");
        return new Block(path, file, toc, index) { Unchecked = fault == TsdbFault.ChecksumIgnored };
    }

    /// <summary>Appends the samples of a series within a range, oldest first.</summary>
    public void Read(int series, long fromMs, long toMs, SampleColumns into)
    {
        for (var entry = Index.Entry(series); entry.NextChunk() && entry.MinMs <= toMs;)
        {
            if (entry.MaxMs < fromMs)
            {
                continue;
            }
            into.Reserve(entry.Count, out var times, out var values);
            if (TryDecode(series, entry, times, values, []))
            {
                into.Advance(Columns.Clip(times, values, fromMs, toMs));
            }
        }
        GC.KeepAlive(_file);
    }

    /// <summary>Copies samples with <paramref name="afterMs"/> &lt; time ≤ <paramref name="untilMs"/>, oldest first, as many as fit.</summary>
    public int Read(int series, long afterMs, long untilMs, Span<CounterSample> into)
    {
        var count = 0;
        for (var entry = Index.Entry(series); count < into.Length && entry.NextChunk() && entry.MinMs <= untilMs;)
        {
            if (entry.MaxMs <= afterMs)
            {
                continue;
            }
            var scratch = ChunkScratch.OfThread;
            if (!TryDecode(series, entry, scratch.Times(entry.Count), scratch.Values(entry.Count), scratch.Starts(entry.Count)))
            {
                continue;
            }
            for (var i = 0; i < entry.Count && count < into.Length; i++)
            {
                if (scratch.AllTimes[i] > afterMs && scratch.AllTimes[i] <= untilMs)
                {
                    into[count++] = new CounterSample(scratch.AllTimes[i], scratch.AllValues[i], scratch.AllStarts[i]);
                }
            }
        }
        GC.KeepAlive(_file);
        return count;
    }

    /// <summary>Decodes a chunk.</summary>
    /// <returns>False when it is damaged, which is noted.</returns>
    public bool TryDecode(int series, SeriesEntry entry, Span<long> times, Span<double> values, Span<long> starts)
    {
        try
        {
            // The checksum belongs to the slack that packed numbers may be read into, as do four bytes of what follows.
            if (!CanRead(series, entry))
            {
                return false;
            }
            var padded = _file.Slice(entry.Offset, entry.Length - 4 + BitPacking.Slack);
            if (Unchecked || IsWhole(padded[..entry.Length]))
            {
                ChunkDecoder.Decode(padded, times, values, starts);
                GC.KeepAlive(_file);
                return true;
            }
            Note(series, entry, "its checksum is wrong");
        }
        catch (InvalidDataException e)
        {
            Note(series, entry, e.Message);
        }
        return false;
    }

    /// <summary>The bytes of a chunk without its checksum, when they are what was written. Used only while this object is kept alive.</summary>
    public bool TryRaw(int series, SeriesEntry entry, out ReadOnlySpan<byte> chunk)
    {
        chunk = [];
        if (!CanRead(series, entry))
        {
            return false;
        }
        var bytes = _file.Slice(entry.Offset, entry.Length);
        chunk = bytes[..^4];
        if (Unchecked || IsWhole(bytes))
        {
            return true;
        }
        Note(series, entry, "its checksum is wrong");
        return false;
    }

    /// <summary>Whether both copies of table of contents and index are as they were written; else which is not.</summary>
    public IEnumerable<string> DamagedCopies()
    {
        if (TocAt(_file, 0) is null)
        {
            yield return "the first table of contents is damaged; the second is used";
        }
        if (TocAt(_file, _file.Length - BlockToc.Size) is null)
        {
            yield return "the second table of contents is damaged; the first is used";
        }
        if (BlockIndex.Open(_file, Toc.IndexAt, Toc.IndexLength) is null)
        {
            yield return "the first copy of the index is damaged; the second is used";
        }
        if (BlockIndex.Open(_file, Toc.IndexAt + Toc.IndexLength, Toc.IndexLength) is null)
        {
            yield return "the second copy of the index is damaged; the first is used";
        }
    }

    /// <summary>Gives back memory that only speeds reading up.</summary>
    public void Rest()
    {
        Index.Rest();
        _file.Rest();
    }

    private static BlockToc? TocAt(MappedBytes file, long at) => file.CanRead(at, BlockToc.Size) ? BlockToc.Read(file.Slice(at, BlockToc.Size)) : null;

    // What the disk did not give may be whole.
    private static Exception Unusable(MappedBytes file, string damage) =>
        file.CanRead(0, file.Length) ? new InvalidDataException(damage) : new IOException("the disk does not give it");

    private bool CanRead(int series, SeriesEntry entry)
    {
        var given = _file.CanRead(entry.Offset, entry.Length + BitPacking.Slack);
        if (!given)
        {
            Note(series, entry, "the disk does not give it");
        }
        return given;
    }

    private static bool IsWhole(ReadOnlySpan<byte> chunk) =>
        chunk.Length > 4 && Crc32C.Of(chunk[..^4]) == BinaryPrimitives.ReadUInt32LittleEndian(chunk[^4..]);

    private void Note(int series, SeriesEntry entry, string what)
    {
        if (_damages.Count < MostDamages && !_damages.ContainsKey(entry.Offset))
        {
            _damages[entry.Offset] = new BlockDamage(Path, Index.LabelsOf(series).ToString(), entry.MinMs, entry.MaxMs, entry.Count, what);
        }
    }
}
