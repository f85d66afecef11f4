using System.Runtime.InteropServices;
using Nines.Tsdb.Bytes;

namespace Nines.Tsdb.Chunks;

/// <summary>Reads what a <see cref="ChunkEncoder"/> wrote, straight into columns and without allocating. Bytes that make no sense are
/// <see cref="InvalidDataException"/>.</summary>
internal static class ChunkDecoder
{
    /// <summary>How many samples a chunk holds.</summary>
    public static int Count(ReadOnlySpan<byte> chunk)
    {
        var from = new ByteReader(chunk);
        var count = from.Count(ChunkFormat.MostSamples);
        return count > 0 ? count : throw new InvalidDataException("a chunk without samples");
    }

    /// <summary>Decodes all samples.</summary>
    /// <param name="padded">The chunk, with <see cref="BitPacking.Slack"/> bytes of anything behind it.</param>
    /// <param name="times">Room for exactly the samples.</param>
    /// <param name="values">The same.</param>
    /// <param name="starts">The same, or empty when start timestamps are not wanted.</param>
    public static void Decode(ReadOnlySpan<byte> padded, Span<long> times, Span<double> values, Span<long> starts)
    {
        var from = new ByteReader(padded[..^BitPacking.Slack]);
        if (from.Count(ChunkFormat.MostSamples) != times.Length || times.IsEmpty)
        {
            throw new InvalidDataException("a chunk with another count of samples than its series says");
        }
        var flags = from.Byte();
        times[0] = from.Zigzag();
        Frames.Read(ref from, padded, times[1..]);
        Sum(times);
        // Integers stand in the values' own room until they are turned into what they mean.
        var whole = MemoryMarshal.Cast<double, long>(values);
        if ((flags & ChunkFormat.BitDifferences) != 0)
        {
            whole[0] = (long)from.UInt64();
            BitFrames.Read(ref from, padded, whole[1..]);
            for (var i = 1; i < whole.Length; i++)
            {
                whole[i] ^= whole[i - 1];
            }
        }
        else
        {
            ReadWhole(ref from, padded, whole, values);
        }
        if ((flags & ChunkFormat.HasSpecials) != 0)
        {
            for (int left = from.Count(values.Length), at = 0; left > 0; left--)
            {
                at += from.Count(values.Length);
                values[Within(at, values.Length)] = from.Double();
            }
        }
        if (!starts.IsEmpty)
        {
            starts.Clear();
            if ((flags & ChunkFormat.HasStarts) != 0)
            {
                ReadStarts(ref from, starts, times[0]);
            }
        }
    }

    private static void ReadWhole(ref ByteReader from, ReadOnlySpan<byte> padded, Span<long> whole, Span<double> values)
    {
        var head = from.Byte();
        var (order, scale) = (head & 3, head >> 2);
        if (order > Math.Min(2, whole.Length - 1) || scale > ChunkFormat.MaxScale)
        {
            throw new InvalidDataException($"order {order}, scale {scale}");
        }
        for (var i = 0; i < order; i++)
        {
            whole[i] = from.Zigzag();
        }
        Frames.Read(ref from, padded, whole[order..]);
        if (order == 2)
        {
            Sum(whole[1..]);
        }
        if (order > 0)
        {
            Sum(whole);
        }
        if (scale == 0)
        {
            for (var i = 0; i < whole.Length; i++)
            {
                values[i] = whole[i];
            }
            return;
        }
        var power = ChunkFormat.Powers[scale];
        for (var i = 0; i < whole.Length; i++)
        {
            values[i] = whole[i] / power;
        }
    }

    private static void Sum(Span<long> numbers)
    {
        var sum = 0L;
        foreach (ref var number in numbers)
        {
            number = sum = unchecked(sum + number);
        }
    }

    private static void ReadStarts(ref ByteReader from, Span<long> starts, long firstMs)
    {
        var (at, start) = (0, firstMs);
        var held = 0L;
        for (var left = from.Count(starts.Length); left > 0; left--)
        {
            var next = Within(at + from.Count(starts.Length), starts.Length);
            starts[at..next].Fill(held);
            held = start = unchecked(start + from.Zigzag());
            at = next;
        }
        starts[at..].Fill(held);
    }

    private static int Within(int at, int length) => at < length ? at : throw new InvalidDataException("an index behind the last sample");
}
