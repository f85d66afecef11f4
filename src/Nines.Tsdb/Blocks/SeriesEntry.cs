using Nines.Tsdb.Bytes;

namespace Nines.Tsdb.Blocks;

/// <summary>Walks over the entry of a series: first its labels, then its chunks.</summary>
internal ref struct SeriesEntry
{
    private ByteReader _from;
    private int _labelsLeft;
    private int _chunksLeft = -1;
    private bool _first;
    private long _next;

    public SeriesEntry(ReadOnlySpan<byte> bytes)
    {
        _from = new ByteReader(bytes);
        Born = (_from.Varint() & 1) != 0;
        IntervalMs = (long)_from.Varint();
        Labels = _labelsLeft = _from.Count(1 << 20);
    }

    /// <summary>Whether the series was born in a known target, with its first sample in this block.</summary>
    public bool Born { get; }

    /// <summary>The distance at which samples are expected, in milliseconds; 0 when unknown.</summary>
    public long IntervalMs { get; }

    /// <summary>How many labels there are.</summary>
    public int Labels { get; }

    /// <summary>Where the present chunk begins in the file.</summary>
    public long Offset { get; private set; }

    /// <summary>Its bytes, checksum included.</summary>
    public int Length { get; private set; }

    /// <summary>Time of its first sample.</summary>
    public long MinMs { get; private set; }

    /// <summary>Time of its last sample.</summary>
    public long MaxMs { get; private set; }

    /// <summary>How many samples it holds.</summary>
    public int Count { get; private set; }

    /// <summary>Reads the next label, as symbols.</summary>
    public void NextLabel(out int name, out int value)
    {
        _labelsLeft--;
        (name, value) = (_from.Count(int.MaxValue), _from.Count(int.MaxValue));
    }

    /// <summary>Goes to the next chunk, if there is one.</summary>
    public bool NextChunk()
    {
        if (_chunksLeft < 0)
        {
            while (_labelsLeft > 0)
            {
                NextLabel(out _, out _);
            }
            _chunksLeft = _from.Count(int.MaxValue);
            _next = (long)_from.Varint();
            MinMs = _from.Zigzag();
            _first = true;
        }
        if (_chunksLeft == 0)
        {
            return false;
        }
        _chunksLeft--;
        MinMs = _first ? MinMs : MaxMs + _from.Zigzag();
        _first = false;
        MaxMs = MinMs + (long)_from.Varint();
        Count = _from.Count(Chunks.ChunkFormat.MostSamples);
        Length = _from.Count(int.MaxValue);
        Offset = _next;
        _next += Length;
        return true;
    }
}
