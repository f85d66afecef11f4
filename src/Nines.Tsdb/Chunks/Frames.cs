using Nines.Tsdb.Bytes;

namespace Nines.Tsdb.Chunks;

/// <summary>Runs of numbers near one another: a base, a fixed width, and a few exceptions; see docs/formats/tsdb-block.md.</summary>
internal static class Frames
{
    /// <summary>Most numbers in one frame.</summary>
    public const int Size = 128;

    /// <summary>Writes numbers.</summary>
    public static void Write(ByteBuffer to, ReadOnlySpan<long> numbers)
    {
        for (; numbers.Length > 0; numbers = numbers[Math.Min(Size, numbers.Length)..])
        {
            WriteOne(to, numbers[..Math.Min(Size, numbers.Length)]);
        }
    }

    /// <summary>Reads as many numbers as the span holds.</summary>
    /// <param name="from">Reads from <paramref name="padded"/>, or from its beginning.</param>
    /// <param name="padded">What is read, with slack behind it.</param>
    public static void Read(ref ByteReader from, ReadOnlySpan<byte> padded, Span<long> into)
    {
        for (; into.Length > 0; into = into[Math.Min(Size, into.Length)..])
        {
            var frame = into[..Math.Min(Size, into.Length)];
            var width = from.Byte();
            var @base = from.Zigzag();
            var exceptions = from.Count(frame.Length);
            if (width > 64)
            {
                throw new InvalidDataException($"a width of {width} bits");
            }
            if (exceptions == 0)
            {
                Unpack(ref from, padded, frame, width, @base);
                continue;
            }
            var changes = from;
            for (var i = 0; i < exceptions; i++)
            {
                from.Varint();
                from.Varint();
            }
            Unpack(ref from, padded, frame, width, @base);
            for (int i = 0, at = 0; i < exceptions; i++)
            {
                at += changes.Count(frame.Length - 1);
                if (at >= frame.Length)
                {
                    throw new InvalidDataException("an exception behind its frame");
                }
                frame[at] = unchecked(@base + changes.Zigzag());
            }
        }
    }

    private static void Unpack(ref ByteReader from, ReadOnlySpan<byte> padded, Span<long> frame, int width, long @base)
    {
        var at = from.At;
        from.Take(BitPacking.Size(frame.Length, width));
        BitPacking.Unpack(padded[at..], frame, width, @base);
    }

    private static void WriteOne(ByteBuffer to, ReadOnlySpan<long> numbers)
    {
        var (least, most) = (numbers[0], numbers[0]);
        foreach (var number in numbers)
        {
            least = Math.Min(least, number);
            most = Math.Max(most, number);
        }
        var (width, @base) = (BitPacking.WidthOf(unchecked((ulong)most - (ulong)least)), least);
        if (width > 1 && numbers.Length > 4)
        {
            (width, @base) = Narrow(numbers, width, least);
        }
        Span<ulong> packed = stackalloc ulong[numbers.Length];
        var exceptions = 0;
        for (var i = 0; i < numbers.Length; i++)
        {
            packed[i] = unchecked((ulong)numbers[i] - (ulong)@base);
            exceptions += Fits(packed[i], width) ? 0 : 1;
        }
        to.Byte(width);
        to.Zigzag(@base);
        to.Varint((ulong)exceptions);
        for (int i = 0, before = 0; exceptions > 0 && i < packed.Length; i++)
        {
            if (!Fits(packed[i], width))
            {
                to.Varint((ulong)(i - before));
                to.Zigzag((long)packed[i]);
                (packed[i], before) = (0, i);
            }
        }
        BitPacking.Pack(to, packed, width);
    }

    private static bool Fits(ulong number, int width) => width == 64 || number >> width == 0;

    // The width and base for which packed numbers and exceptions together are smallest: a window that slides over the sorted numbers.
    private static (int Width, long Base) Narrow(ReadOnlySpan<long> numbers, int fullWidth, long least)
    {
        Span<long> sorted = stackalloc long[numbers.Length];
        numbers.CopyTo(sorted);
        sorted.Sort();
        var (best, bestWidth, bestBase) = (fullWidth * numbers.Length, fullWidth, least);
        var exceptionBits = 8 + 8 * ((fullWidth + 7) / 7);
        for (var width = fullWidth - 1; width >= 0; width--)
        {
            var (inside, from, first) = (0, 0, 0);
            for (var to = 0; to < sorted.Length; to++)
            {
                while (!Fits(unchecked((ulong)sorted[to] - (ulong)sorted[first]), width))
                {
                    first++;
                }
                if (to - first + 1 > inside)
                {
                    (inside, from) = (to - first + 1, first);
                }
            }
            var cost = width * numbers.Length + (numbers.Length - inside) * exceptionBits;
            if (cost < best)
            {
                (best, bestWidth, bestBase) = (cost, width, sorted[from]);
            }
            if (inside < sorted.Length - sorted.Length / 4)
            {
                break;
            }
        }
        return (bestWidth, bestBase);
    }
}
