using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Nines.Tsdb.Bytes;

namespace Nines.Tsdb.Chunks;

/// <summary>Numbers of the same width, one behind the other, lowest bit first; see docs/formats/tsdb-block.md.</summary>
internal static class BitPacking
{
    /// <summary>Bytes that may be read behind what is unpacked.</summary>
    public const int Slack = 8;

    /// <summary>Bytes that numbers take.</summary>
    public static int Size(int count, int width) => (count * width + 7) >> 3;

    /// <summary>How many bits a number needs.</summary>
    public static int WidthOf(ulong number) => 64 - BitOperations.LeadingZeroCount(number);

    /// <summary>Writes the lowest bits of numbers; the rest of each must be zero.</summary>
    public static void Pack(ByteBuffer to, ReadOnlySpan<ulong> numbers, int width)
    {
        var bytes = to.Reserve(Size(numbers.Length, width));
        var (pending, used, at) = (0UL, 0, 0);
        foreach (var number in numbers)
        {
            pending |= number << used;
            if (used + width >= 64)
            {
                MemoryMarshal.Write(bytes[at..], pending);
                at += 8;
                pending = used == 0 ? 0 : number >> (64 - used);
                used -= 64;
            }
            used += width;
        }
        for (; used > 0; used -= 8, pending >>= 8)
        {
            bytes[at++] = (byte)pending;
        }
    }

    /// <summary>Reads numbers and adds a base to each.</summary>
    /// <param name="padded">Begins with the packed numbers; <see cref="Slack"/> bytes stand behind them.</param>
    public static void Unpack(ReadOnlySpan<byte> padded, Span<long> into, int width, long @base)
    {
        if (width == 0)
        {
            into.Fill(@base);
            return;
        }
        if (padded.Length < Size(into.Length, width) + Slack)
        {
            throw new InvalidDataException("the packed numbers are too short");
        }
        ref var bytes = ref MemoryMarshal.GetReference(padded);
        if (width > 56)
        {
            UnpackWide(ref bytes, into, width, @base);
            return;
        }
        var mask = (1UL << width) - 1;
        ref var target = ref MemoryMarshal.GetReference(into);
        for (int i = 0, bit = 0; i < into.Length; i++, bit += width)
        {
            var word = Unsafe.ReadUnaligned<ulong>(ref Unsafe.Add(ref bytes, bit >> 3));
            Unsafe.Add(ref target, i) = unchecked(@base + (long)((word >> (bit & 7)) & mask));
        }
    }

    private static void UnpackWide(ref byte bytes, Span<long> into, int width, long @base)
    {
        var mask = width == 64 ? ulong.MaxValue : (1UL << width) - 1;
        for (int i = 0, bit = 0; i < into.Length; i++, bit += width)
        {
            ref var at = ref Unsafe.Add(ref bytes, bit >> 3);
            var word = Unsafe.ReadUnaligned<ulong>(ref at) >> (bit & 7);
            if ((bit & 7) + width > 64)
            {
                word |= (ulong)Unsafe.Add(ref at, 8) << (64 - (bit & 7));
            }
            into[i] = unchecked(@base + (long)(word & mask));
        }
    }
}
