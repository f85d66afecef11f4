using System.Buffers.Binary;

namespace Nines.Metrics.RemoteWrite;

/// <summary>How a protobuf field is encoded.</summary>
public enum WireKind
{
    /// <summary>A number of variable length.</summary>
    Varint = 0,
    /// <summary>Eight bytes.</summary>
    Fixed64 = 1,
    /// <summary>A length and as many bytes.</summary>
    Bytes = 2,
    /// <summary>Four bytes.</summary>
    Fixed32 = 5,
}

/// <summary>Reads the fields of a protobuf message where they lie. After <see cref="TryReadTag"/> the field is read or skipped.</summary>
public ref struct ProtoReader(ReadOnlySpan<byte> message)
{
    private readonly ReadOnlySpan<byte> _message = message;

    /// <summary>Where reading stands, in bytes from the message's start.</summary>
    public int At { get; private set; }

    /// <summary>Reads a field's number and kind.</summary>
    /// <returns>False at the message's end.</returns>
    /// <exception cref="WireException">No such field can be.</exception>
    public bool TryReadTag(out int field, out WireKind kind)
    {
        (field, kind) = (0, WireKind.Varint);
        if (At >= _message.Length)
        {
            return false;
        }
        var tag = ReadVarint();
        (field, kind) = ((int)Math.Min(tag >> 3, int.MaxValue), (WireKind)(tag & 7));
        if (tag >> 3 is 0 or > 0x1fffffff || kind is not (WireKind.Varint or WireKind.Fixed64 or WireKind.Bytes or WireKind.Fixed32))
        {
            throw new WireException($"damaged protobuf message: tag {tag} at byte {At}");
        }
        return true;
    }

    /// <summary>Reads a number.</summary>
    public ulong ReadVarint()
    {
        var value = 0UL;
        for (var shift = 0; shift < 70; shift += 7)
        {
            if (At >= _message.Length)
            {
                throw Cut();
            }
            var b = _message[At++];
            if (shift == 63 && b > 1)
            {
                break;
            }
            value |= (ulong)(b & 0x7f) << shift;
            if (b < 0x80)
            {
                return value;
            }
        }
        throw new WireException($"damaged protobuf message: a number of more than 64 bits at byte {At}");
    }

    /// <summary>Reads a double, bit for bit.</summary>
    public double ReadDouble()
    {
        if (_message.Length - At < 8)
        {
            throw Cut();
        }
        At += 8;
        return BinaryPrimitives.ReadDoubleLittleEndian(_message[(At - 8)..]);
    }

    /// <summary>Reads bytes; they stay where they are.</summary>
    public ReadOnlySpan<byte> ReadBytes()
    {
        var length = ReadVarint();
        if (length > (ulong)(_message.Length - At))
        {
            throw Cut();
        }
        At += (int)length;
        return _message.Slice(At - (int)length, (int)length);
    }

    /// <summary>Passes over a field.</summary>
    public void Skip(WireKind kind)
    {
        switch (kind)
        {
            case WireKind.Varint: ReadVarint(); break;
            case WireKind.Bytes: ReadBytes(); break;
            default:
                var size = kind == WireKind.Fixed64 ? 8 : 4;
                At += size <= _message.Length - At ? size : throw Cut();
                break;
        }
    }

    /// <summary>Says that a field must be of a kind.</summary>
    /// <exception cref="WireException">It is of another.</exception>
    public static void Expect(WireKind wanted, WireKind kind, string field)
    {
        if (wanted != kind)
        {
            throw new WireException($"damaged protobuf message: {field} is encoded as {kind}, not as {wanted}");
        }
    }

    private readonly WireException Cut() => new($"damaged protobuf message: it ends within a field at byte {At}");
}
