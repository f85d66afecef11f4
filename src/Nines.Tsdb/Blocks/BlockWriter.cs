using System.Buffers.Binary;
using System.Runtime.InteropServices;
using Nines.Tsdb.Bytes;
using Nines.Tsdb.Files;

namespace Nines.Tsdb.Blocks;

/// <summary>
/// Writes a block: series in order of their labels, each with its chunks in order of time. Nothing of it can be found before <see cref="Finish"/> returns.
/// Disposing it unfinished removes what was written.
/// </summary>
internal sealed class BlockWriter : IDisposable
{
    private const int FlushBytes = 1 << 20;

    private readonly IStoreFiles _files;
    private readonly string _path;
    private readonly IReadOnlyList<byte[]> _symbols;
    private readonly ByteBuffer _pending = new(FlushBytes + (64 << 10));
    private readonly ByteBuffer _entries = new(1 << 16);
    private readonly ByteBuffer _chunkEntries = new();
    private readonly List<int> _entryAt = [];
    private readonly Dictionary<long, List<int>> _postings = [];
    private int[] _labels = [];
    private readonly long _number;
    private readonly TsdbFault _fault;
    private IStoreFile? _file;
    private bool _begun;
    private bool _finished;
    private int _labelCount;
    private ulong _flags;
    private long _interval;
    private long _at = BlockToc.Size;
    private long _firstChunkAt;
    private int _seriesChunks;
    private long _seriesMin;
    private long _lastMs;
    private long _minMs = long.MaxValue;
    private long _maxMs = long.MinValue;
    private long _samples;
    private int _chunks;

    /// <summary>Begins a block.</summary>
    /// <param name="symbols">All label names and values in UTF-8, ordered by <see cref="Symbols.Compare"/>, each once.</param>
    public BlockWriter(IStoreFiles files, TsdbFault fault, long number, IReadOnlyList<byte[]> symbols)
    {
        (_files, _fault, _number, _symbols) = (files, fault, number, symbols);
        _path = BlockToc.PathOf(number);
        _pending.Reserve(BlockToc.Size);
    }

    /// <summary>How many samples were added.</summary>
    public long Samples => _samples;

    /// <summary>Begins a series, whose labels follow those of the series before. Without a chunk it is left out.</summary>
    /// <param name="labels">Symbol of the name and of the value of each label, in order of name.</param>
    public void BeginSeries(ReadOnlySpan<int> labels, bool born, long intervalMs)
    {
        EndSeries();
        if (labels.Length > _labels.Length)
        {
            _labels = new int[labels.Length * 2];
        }
        labels.CopyTo(_labels);
        (_labelCount, _flags, _interval) = (labels.Length, born ? 1UL : 0, intervalMs);
        (_seriesChunks, _firstChunkAt) = (0, _at);
        _chunkEntries.Clear();
    }

    /// <summary>Adds a chunk, without its checksum, whose samples follow those of the chunk before.</summary>
    public void AddChunk(ReadOnlySpan<byte> chunk, long minMs, long maxMs, int count)
    {
        _pending.Append(chunk);
        _pending.UInt32(Crc32C.Of(chunk));
        if (_seriesChunks++ == 0)
        {
            _seriesMin = minMs;
        }
        else
        {
            _chunkEntries.Zigzag(minMs - _lastMs);
        }
        _chunkEntries.Varint((ulong)(maxMs - minMs));
        _chunkEntries.Varint((ulong)count);
        _chunkEntries.Varint((ulong)chunk.Length + 4);
        _lastMs = maxMs;
        (_minMs, _maxMs) = (Math.Min(_minMs, minMs), Math.Max(_maxMs, maxMs));
        _samples += count;
        _chunks++;
        _at += chunk.Length + 4;
        if (_pending.Length >= FlushBytes)
        {
            Flush();
        }
    }

    /// <summary>Completes the block: index, table of contents, forced to disk, in its place.</summary>
    public BlockToc Finish(long endMs, IReadOnlyList<long> sources)
    {
        EndSeries();
        Flush();
        var index = Index();
        var toc = new BlockToc
        {
            Number = _number,
            MinMs = _minMs,
            MaxMs = _maxMs,
            EndMs = endMs,
            Samples = _samples,
            Series = _entryAt.Count,
            Chunks = _chunks,
            IndexAt = _at,
            IndexLength = index.Length,
            Sources = sources,
        };
        _file!.Append(index.Written);
        _file.Append(index.Written);
        _file.Append(toc.ToBytes());
        _file.Overwrite(0, toc.ToBytes());
        if (_fault != TsdbFault.RenamedUnsynced)
        {
            _file.Sync();
        }
        _file.Dispose();
        _file = null;
        _files.Rename(_path + BlockSet.Unfinished, _path);
        _finished = true;
        _files.SyncFolder(BlockSet.Folder);
        return toc;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _file?.Dispose();
        if (_finished || !_begun)
        {
            return;
        }
        try
        {
            _files.Delete(_path + BlockSet.Unfinished);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // The next start removes it.
        }
    }

    private void Flush()
    {
        _begun = true;
        _file ??= _files.Create(_path + BlockSet.Unfinished);
        _file.Append(_pending.Written);
        _pending.Clear();
    }


    private void EndSeries()
    {
        if (_seriesChunks == 0)
        {
            return;
        }
        var number = _entryAt.Count;
        _entryAt.Add(_entries.Length);
        _entries.Varint(_flags);
        _entries.Varint((ulong)_interval);
        _entries.Varint((ulong)_labelCount / 2);
        for (var i = 0; i < _labelCount; i += 2)
        {
            _entries.Varint((ulong)_labels[i]);
            _entries.Varint((ulong)_labels[i + 1]);
            ref var list = ref CollectionsMarshal.GetValueRefOrAddDefault(_postings, (long)_labels[i] << 32 | (uint)_labels[i + 1], out _);
            (list ??= []).Add(number);
        }
        _entries.Varint((ulong)_seriesChunks);
        _entries.Varint((ulong)_firstChunkAt);
        _entries.Zigzag(_seriesMin);
        _entries.Append(_chunkEntries.Written);
        _seriesChunks = 0;
    }

    private ByteBuffer Index()
    {
        var pairs = _postings.Keys.Order().ToArray();
        var index = new ByteBuffer(_entries.Length * 2 + 4096);
        var symbolsAt = 28;
        var bytesAt = symbolsAt + 4 * (_symbols.Count + 1);
        var seriesAt = bytesAt + _symbols.Sum(s => s.Length);
        var pairsAt = seriesAt + 4 * (_entryAt.Count + 1);
        var pairsEnd = pairsAt + 12 * pairs.Length;
        foreach (var field in (int[])[0, _symbols.Count, _entryAt.Count, pairs.Length, seriesAt, pairsAt, pairsEnd])
        {
            index.UInt32((uint)field);
        }
        var at = bytesAt;
        foreach (var symbol in _symbols)
        {
            index.UInt32((uint)at);
            at += symbol.Length;
        }
        index.UInt32((uint)at);
        foreach (var symbol in _symbols)
        {
            index.Append(symbol);
        }
        foreach (var entry in _entryAt)
        {
            index.UInt32((uint)(pairsEnd + entry));
        }
        index.UInt32((uint)(pairsEnd + _entries.Length));
        var postings = new ByteBuffer(1 << 16);
        foreach (var pair in pairs)
        {
            index.UInt32((uint)(pair >> 32));
            index.UInt32((uint)pair);
            index.UInt32((uint)(pairsEnd + _entries.Length + postings.Length));
            var numbers = _postings[pair];
            postings.Varint((ulong)numbers.Count);
            var before = 0;
            foreach (var number in numbers)
            {
                postings.Varint((ulong)(number - before));
                before = number;
            }
        }
        index.Append(_entries.Written);
        index.Append(postings.Written);
        BinaryPrimitives.WriteUInt32LittleEndian(index.At(0, 4), Crc32C.Of(index.Written[4..]));
        return index;
    }
}
