using System.Buffers.Binary;

namespace Nines.Tsdb.Bytes;

/// <summary>Bytes put together in memory.</summary>
internal sealed class ByteBuffer(int capacity = 1024)
{
    private byte[] _bytes = new byte[capacity];

    /// <summary>How many bytes there are.</summary>
    public int Length { get; private set; }

    /// <summary>The bytes so far; valid until the next write.</summary>
    public ReadOnlySpan<byte> Written => _bytes.AsSpan(0, Length);

    /// <summary>Begins anew.</summary>
    public void Clear() => Length = 0;

    /// <summary>Forgets what lies behind a length.</summary>
    public void Truncate(int length) => Length = length;

    /// <summary>Room of zeroes for bytes; valid until the next write.</summary>
    public Span<byte> Reserve(int count)
    {
        if (Length + count > _bytes.Length)
        {
            Array.Resize(ref _bytes, Math.Max(Length + count, _bytes.Length * 2));
        }
        var room = _bytes.AsSpan(Length, count);
        room.Clear();
        Length += count;
        return room;
    }

    /// <summary>Bytes written before, to be filled in.</summary>
    public Span<byte> At(int offset, int count) => _bytes.AsSpan(offset, count);

    public void Byte(int value) => Reserve(1)[0] = (byte)value;

    public void UInt32(uint value) => BinaryPrimitives.WriteUInt32LittleEndian(Reserve(4), value);

    public void UInt64(ulong value) => BinaryPrimitives.WriteUInt64LittleEndian(Reserve(8), value);

    public void Append(ReadOnlySpan<byte> bytes) => bytes.CopyTo(Reserve(bytes.Length));

    public void Varint(ulong value)
    {
        if (Length + 10 > _bytes.Length)
        {
            Array.Resize(ref _bytes, Math.Max(Length + 10, _bytes.Length * 2));
        }
        for (; value >= 0x80; value >>= 7)
        {
            _bytes[Length++] = (byte)(value | 0x80);
        }
        _bytes[Length++] = (byte)value;
    }

    public void Zigzag(long value) => Varint((ulong)((value << 1) ^ (value >> 63)));
}
