namespace Nines.Tsdb.Chunks;

/// <summary>Writes bits, the highest first, into a buffer that grows.</summary>
internal struct BitWriter(byte[] buffer)
{
    private byte[] _buffer = buffer;
    private int _bits;

    /// <summary>Writes the lowest <paramref name="count"/> (1 … 64) bits of a value.</summary>
    public void Write(ulong value, int count)
    {
        var needed = ((_bits + count) >> 3) + 1;
        if (needed > _buffer.Length)
        {
            Array.Resize(ref _buffer, Math.Max(needed, _buffer.Length * 2));
        }
        while (count > 0)
        {
            var free = 8 - (_bits & 7);
            var take = Math.Min(free, count);
            var part = (byte)((value >> (count - take)) & ((1UL << take) - 1));
            ref var target = ref _buffer[_bits >> 3];
            target = (byte)(free == 8 ? part << (8 - take) : target | (part << (free - take)));
            _bits += take;
            count -= take;
        }
    }

    /// <summary>The bytes written, the last one padded with zeroes.</summary>
    public readonly byte[] ToArray() => _buffer.AsSpan(0, (_bits + 7) >> 3).ToArray();

    /// <summary>The buffer, to be used again.</summary>
    public readonly byte[] Buffer => _buffer;
}

/// <summary>Reads what a <see cref="BitWriter"/> wrote.</summary>
internal ref struct BitReader(ReadOnlySpan<byte> bytes)
{
    private readonly ReadOnlySpan<byte> _bytes = bytes;
    private int _bits;

    /// <summary>Whether the next bit is set.</summary>
    public bool Bit()
    {
        var set = (_bytes[_bits >> 3] >> (7 - (_bits & 7)) & 1) != 0;
        _bits++;
        return set;
    }

    /// <summary>The next <paramref name="count"/> (1 … 64) bits.</summary>
    public ulong Read(int count)
    {
        var value = 0UL;
        while (count > 0)
        {
            var left = 8 - (_bits & 7);
            var take = Math.Min(left, count);
            var part = (_bytes[_bits >> 3] >> (left - take)) & ((1 << take) - 1);
            value = (value << take) | (uint)part;
            _bits += take;
            count -= take;
        }
        return value;
    }

    /// <summary>The next bits as a signed number.</summary>
    public long ReadSigned(int count) => (long)Read(count) << (64 - count) >> (64 - count);
}
