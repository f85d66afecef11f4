namespace Nines.Metrics.RemoteWrite;

/// <summary>
/// Reads snappy's block format. The caller sees the claimed size first and brings the memory, so that six bytes that claim 2 GB cost nothing.
/// </summary>
public static class Snappy
{
    /// <summary>The size a block claims to have when it is decoded, in bytes; 0 to 2^32 − 1.</summary>
    /// <exception cref="WireException">The block does not begin with a size.</exception>
    public static long DecodedLength(ReadOnlySpan<byte> block) => Header(block).Length;

    /// <summary>Decodes a block.</summary>
    /// <param name="block">The whole block.</param>
    /// <param name="into">Exactly <see cref="DecodedLength"/> bytes.</param>
    /// <exception cref="WireException">The block is damaged, or holds more or fewer bytes than it claims.</exception>
    public static void Decode(ReadOnlySpan<byte> block, Span<byte> into)
    {
        var (length, at) = Header(block);
        if (into.Length != length)
        {
            throw new ArgumentException($"{into.Length} bytes for a block of {length}", nameof(into));
        }
        var filled = 0;
        while (at < block.Length)
        {
            var tag = block[at++];
            if ((tag & 3) == 0)
            {
                var size = LiteralLength(block, tag, ref at);
                if (size > block.Length - at || size > into.Length - filled)
                {
                    throw Damaged("a literal reaches beyond the end");
                }
                block.Slice(at, (int)size).CopyTo(into[filled..]);
                at += (int)size;
                filled += (int)size;
                continue;
            }
            var (count, offset) = Copy(block, tag, ref at);
            if (offset == 0 || offset > filled || count > into.Length - filled)
            {
                throw Damaged("a copy reaches outside of what was decoded");
            }
            Repeat(into, filled, (int)offset, count);
            filled += count;
        }
        if (filled != into.Length)
        {
            throw Damaged($"it holds {filled} bytes and claims {into.Length}");
        }
    }

    private static (long Length, int At) Header(ReadOnlySpan<byte> block)
    {
        var length = 0UL;
        for (var i = 0; i < Math.Min(block.Length, 5); i++)
        {
            length |= (ulong)(block[i] & 0x7f) << (7 * i);
            if (block[i] < 0x80)
            {
                return length <= uint.MaxValue ? ((long)length, i + 1) : throw Damaged("its size does not fit 32 bits");
            }
        }
        throw Damaged("it does not begin with its size");
    }

    private static long LiteralLength(ReadOnlySpan<byte> block, byte tag, ref int at)
    {
        var size = tag >> 2;
        return size < 60 ? size + 1 : (long)LittleEndian(block, size - 59, ref at) + 1;
    }

    private static (int Count, uint Offset) Copy(ReadOnlySpan<byte> block, byte tag, ref int at) => (tag & 3) switch
    {
        1 => (4 + ((tag >> 2) & 7), ((uint)(tag >> 5) << 8) | LittleEndian(block, 1, ref at)),
        2 => (1 + (tag >> 2), LittleEndian(block, 2, ref at)),
        _ => (1 + (tag >> 2), LittleEndian(block, 4, ref at)),
    };

    // A copy may overlap what it writes: then the bytes between repeat.
    private static void Repeat(Span<byte> into, int at, int offset, int count)
    {
        if (offset >= count)
        {
            into.Slice(at - offset, count).CopyTo(into[at..]);
            return;
        }
        for (var i = 0; i < count; i++)
        {
            into[at + i] = into[at + i - offset];
        }
    }

    private static uint LittleEndian(ReadOnlySpan<byte> block, int bytes, ref int at)
    {
        if (bytes > block.Length - at)
        {
            throw Damaged("it ends within a tag");
        }
        var value = 0u;
        for (var i = 0; i < bytes; i++)
        {
            value |= (uint)block[at++] << (8 * i);
        }
        return value;
    }

    private static WireException Damaged(string how) => new($"damaged snappy block: {how}");
}
