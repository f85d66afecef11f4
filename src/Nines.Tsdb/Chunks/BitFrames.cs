using System.Numerics;
using Nines.Tsdb.Bytes;

namespace Nines.Tsdb.Chunks;

/// <summary>Runs of exclusive-ors of neighbouring values: the bits that ever change, at a fixed width; see docs/formats/tsdb-block.md.</summary>
internal static class BitFrames
{
    private const int Sparse = 0x80;

    /// <summary>Writes exclusive-ors.</summary>
    public static void Write(ByteBuffer to, ReadOnlySpan<ulong> changes)
    {
        Span<ulong> packed = stackalloc ulong[Frames.Size];
        for (; changes.Length > 0; changes = changes[Math.Min(Frames.Size, changes.Length)..])
        {
            var frame = changes[..Math.Min(Frames.Size, changes.Length)];
            var (all, count) = (0UL, 0);
            foreach (var change in frame)
            {
                all |= change;
                count += change != 0 ? 1 : 0;
            }
            var trailing = all == 0 ? 0 : BitOperations.TrailingZeroCount(all);
            var width = BitPacking.WidthOf(all >> trailing);
            var sparse = count * width + frame.Length < frame.Length * width;
            to.Byte(width | (sparse ? Sparse : 0));
            to.Byte(trailing);
            if (sparse)
            {
                var bits = to.Reserve((frame.Length + 7) >> 3);
                for (var i = 0; i < frame.Length; i++)
                {
                    bits[i >> 3] |= (byte)(frame[i] != 0 ? 1 << (i & 7) : 0);
                }
            }
            var kept = 0;
            foreach (var change in frame)
            {
                if (!sparse || change != 0)
                {
                    packed[kept++] = change >> trailing;
                }
            }
            BitPacking.Pack(to, packed[..kept], width);
        }
    }

    /// <summary>Reads as many exclusive-ors as the span holds.</summary>
    public static void Read(ref ByteReader from, ReadOnlySpan<byte> padded, Span<long> into)
    {
        for (; into.Length > 0; into = into[Math.Min(Frames.Size, into.Length)..])
        {
            var frame = into[..Math.Min(Frames.Size, into.Length)];
            var head = from.Byte();
            var (width, trailing) = (head & ~Sparse, (int)from.Byte());
            if (width + trailing > 64 || (width == 0 && trailing > 0))
            {
                throw new InvalidDataException($"{width} bits before {trailing} that are left out");
            }
            var present = frame.Length;
            var bits = default(ReadOnlySpan<byte>);
            if ((head & Sparse) != 0)
            {
                bits = from.Take((frame.Length + 7) >> 3);
                present = 0;
                foreach (var b in bits)
                {
                    present += BitOperations.PopCount(b);
                }
                if (present > frame.Length)
                {
                    throw new InvalidDataException("more changes than samples");
                }
            }
            var at = from.At;
            from.Take(BitPacking.Size(present, width));
            BitPacking.Unpack(padded[at..], frame[..present], width, 0);
            if (trailing > 0)
            {
                foreach (ref var change in frame[..present])
                {
                    change <<= trailing;
                }
            }
            if (!bits.IsEmpty)
            {
                Spread(frame, bits, present);
            }
        }
    }

    private static void Spread(Span<long> frame, ReadOnlySpan<byte> bits, int present)
    {
        for (var i = frame.Length - 1; i >= 0; i--)
        {
            frame[i] = (bits[i >> 3] >> (i & 7) & 1) != 0 && present > 0 ? frame[--present] : 0;
        }
    }
}
