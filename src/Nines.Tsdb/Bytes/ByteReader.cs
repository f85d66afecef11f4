using System.Buffers.Binary;
using System.Numerics;

namespace Nines.Tsdb.Bytes;

/// <summary>Reads bytes from the front. What cannot be right is <see cref="InvalidDataException"/>; nothing outside the span is read.</summary>
internal ref struct ByteReader(ReadOnlySpan<byte> bytes)
{
    private readonly ReadOnlySpan<byte> _bytes = bytes;

    /// <summary>How many bytes were read.</summary>
    public int At { get; set; }

    /// <summary>How many are left.</summary>
    public readonly int Left => _bytes.Length - At;

    public byte Byte()
    {
        if (At >= _bytes.Length)
        {
            throw TooShort();
        }
        return _bytes[At++];
    }

    public uint UInt32() => BinaryPrimitives.ReadUInt32LittleEndian(Take(4));

    public ulong UInt64() => BinaryPrimitives.ReadUInt64LittleEndian(Take(8));

    public double Double() => BinaryPrimitives.ReadDoubleLittleEndian(Take(8));

    public ulong Varint()
    {
        var first = Byte();
        if (first < 0x80)
        {
            return first;
        }
        var value = (ulong)(first & 0x7f);
        for (var shift = 7; shift < 64; shift += 7)
        {
            var b = Byte();
            value |= (ulong)(b & 0x7f) << shift;
            if (b < 0x80)
            {
                return value;
            }
        }
        throw new InvalidDataException("a number is too long");
    }

    /// <summary>A number that counts things: at most <paramref name="most"/>.</summary>
    public int Count(int most)
    {
        var count = Varint();
        return count <= (ulong)most ? (int)count : throw new InvalidDataException($"{count} where at most {most} can be");
    }

    public long Zigzag() => Unzigzag(Varint());

    public static long Unzigzag(ulong value) => (long)(value >> 1) ^ -(long)(value & 1);

    public ReadOnlySpan<byte> Text() => Take((int)Math.Min(Varint(), int.MaxValue));

    public ReadOnlySpan<byte> Take(int count)
    {
        if (count < 0 || count > Left)
        {
            throw TooShort();
        }
        var taken = _bytes.Slice(At, count);
        At += count;
        return taken;
    }

    private static InvalidDataException TooShort() => new("the record is too short");
}

/// <summary>CRC-32C.</summary>
internal static class Crc32C
{
    /// <summary>The checksum of bytes, continued from another.</summary>
    public static uint Of(ReadOnlySpan<byte> bytes, uint crc = 0)
    {
        crc = ~crc;
        for (; bytes.Length >= 8; bytes = bytes[8..])
        {
            crc = BitOperations.Crc32C(crc, BinaryPrimitives.ReadUInt64LittleEndian(bytes));
        }
        foreach (var b in bytes)
        {
            crc = BitOperations.Crc32C(crc, b);
        }
        return ~crc;
    }
}
