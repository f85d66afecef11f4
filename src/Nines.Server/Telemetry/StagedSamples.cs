using System.Buffers;
using System.Runtime.InteropServices;
using Nines.Metrics.Exposition;

namespace Nines.Server.Telemetry;

/// <summary>
/// Samples of series not seen before, as the bytes of the body, until all of the body was read: a body that is refused half-way has cost
/// these bytes in pooled chunks, and no object for each of its lines.
/// </summary>
internal sealed class StagedSamples
{
    private const int ChunkBytes = 64 * 1024;
    private static readonly int HeaderBytes = System.Runtime.CompilerServices.Unsafe.SizeOf<Header>();

    // Keeps what one body of the default limit needs; more at the same time is left to the garbage collector.
    private static readonly ArrayPool<byte> Pool = ArrayPool<byte>.Create(2 * ChunkBytes, 256);

    private readonly List<(byte[] Bytes, int Used)> _chunks = [];

    /// <summary>Where reading stands.</summary>
    public record struct Place(int Chunk, int Offset);

    private readonly record struct Header(int Length, int FamilyLength, int Line, bool IsCreated, double Value, long TimestampMs);

    /// <summary>Keeps a sample; its bytes are copied.</summary>
    public void Add(in ExposedSample sample, int line)
    {
        var header = new Header(sample.Series.Length, sample.Family.Length, line, sample.IsCreated, sample.Value, sample.TimestampMs);
        var size = HeaderBytes + header.Length;
        if (_chunks.Count == 0 || _chunks[^1].Used + size > _chunks[^1].Bytes.Length)
        {
            _chunks.Add((Pool.Rent(Math.Max(ChunkBytes, size)), 0));
        }
        var (bytes, used) = _chunks[^1];
        MemoryMarshal.Write(bytes.AsSpan(used), header);
        sample.Series.CopyTo(bytes.AsSpan(used + HeaderBytes));
        _chunks[^1] = (bytes, used + size);
    }

    /// <summary>Reads the samples in the order they came.</summary>
    /// <param name="sample">Valid until <see cref="Clear"/>.</param>
    public bool TryRead(ref Place at, out ExposedSample sample, out int line)
    {
        while (at.Chunk < _chunks.Count && at.Offset == _chunks[at.Chunk].Used)
        {
            at = new Place(at.Chunk + 1, 0);
        }
        if (at.Chunk == _chunks.Count)
        {
            sample = default;
            line = 0;
            return false;
        }
        var from = _chunks[at.Chunk].Bytes.AsSpan(at.Offset);
        var header = MemoryMarshal.Read<Header>(from);
        var series = from.Slice(HeaderBytes, header.Length);
        sample = new ExposedSample
        {
            Series = series,
            // A family's name is how its series' names begin.
            Family = series[..header.FamilyLength],
            Value = header.Value,
            TimestampMs = header.TimestampMs,
            IsCreated = header.IsCreated,
        };
        line = header.Line;
        at = at with { Offset = at.Offset + HeaderBytes + header.Length };
        return true;
    }

    /// <summary>Forgets all samples.</summary>
    public void Clear()
    {
        foreach (var (bytes, _) in _chunks)
        {
            Pool.Return(bytes);
        }
        _chunks.Clear();
    }
}
