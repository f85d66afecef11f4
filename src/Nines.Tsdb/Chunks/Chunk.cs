using Nines.Metrics;
using Nines.Tsdb.Bytes;

namespace Nines.Tsdb.Chunks;

/// <summary>A run of samples in memory, compressed for good.</summary>
internal sealed class Chunk
{
    /// <summary>Most samples of a chunk in memory.</summary>
    public const int MostSamples = 120;

    // With slack behind, so that it can be decoded where it is.
    private readonly byte[] _padded;

    private Chunk(byte[] padded, int count, long minMs, long maxMs) => (_padded, Count, MinMs, MaxMs) = (padded, count, minMs, maxMs);

    /// <summary>How many samples there are.</summary>
    public int Count { get; }

    /// <summary>Time of the first sample.</summary>
    public long MinMs { get; }

    /// <summary>Time of the last sample.</summary>
    public long MaxMs { get; }

    /// <summary>Bytes used by the samples.</summary>
    public int Size => _padded.Length - BitPacking.Slack;

    /// <summary>Compresses samples in order of time; at least one.</summary>
    public static Chunk Of(ReadOnlySpan<long> times, ReadOnlySpan<double> values)
    {
        var buffer = _scratch ??= new ByteBuffer();
        buffer.Clear();
        ChunkEncoder.OfThread.Encode(times, values, [], buffer);
        var padded = new byte[buffer.Length + BitPacking.Slack];
        buffer.Written.CopyTo(padded);
        return new Chunk(padded, times.Length, times[0], times[^1]);
    }

    /// <summary>Writes all samples to spans of <see cref="Count"/>.</summary>
    public void CopyTo(Span<long> times, Span<double> values) => ChunkDecoder.Decode(_padded, times, values, []);

    /// <summary>Appends the samples of a range.</summary>
    public void AppendTo(SampleColumns into, long fromMs, long toMs)
    {
        into.Reserve(Count, out var times, out var values);
        CopyTo(times, values);
        into.Advance(Columns.Clip(times, values, fromMs, toMs));
    }

    [ThreadStatic]
    private static ByteBuffer? _scratch;
}
