using System.Buffers.Binary;
using System.Text;

namespace Nines.Metrics.Tests.RemoteWrite;

/// <summary>Writes remote-write requests, plainly.</summary>
public sealed class RemoteBody
{
    private readonly List<byte> _message = [];

    public byte[] Message => [.. _message];

    /// <summary>The request as a sender puts it on the wire.</summary>
    public byte[] Block => Snappy([.. _message]);

    public RemoteBody Series(IEnumerable<(string Name, string Value)> labels, params (long TimeMs, double Value)[] samples) =>
        Raw(1, [.. labels.SelectMany(l => Field(1, Label(l.Name, l.Value))), .. samples.SelectMany(s => Field(2, Sample(s.TimeMs, s.Value)))]);

    public RemoteBody Metadata(string family, int type, string help, string unit) =>
        Raw(3, [0x08, (byte)type, .. Field(2, Encoding.UTF8.GetBytes(family)), .. Field(4, Encoding.UTF8.GetBytes(help)), .. Field(5, Encoding.UTF8.GetBytes(unit))]);

    public RemoteBody Raw(int field, byte[] content)
    {
        _message.AddRange(Field(field, content));
        return this;
    }

    public static byte[] Label(string name, string value) => [.. Field(1, Encoding.UTF8.GetBytes(name)), .. Field(2, Encoding.UTF8.GetBytes(value))];

    public static byte[] Sample(long timeMs, double value)
    {
        var bits = new byte[8];
        BinaryPrimitives.WriteDoubleLittleEndian(bits, value);
        return [0x09, .. bits, 0x10, .. Varint((ulong)timeMs)];
    }

    public static byte[] Field(int number, byte[] content) => [.. Varint((ulong)number << 3 | 2), .. Varint((ulong)content.Length), .. content];

    public static byte[] Varint(ulong value)
    {
        var bytes = new List<byte>();
        for (; value >= 0x80; value >>= 7)
        {
            bytes.Add((byte)(value | 0x80));
        }
        bytes.Add((byte)value);
        return [.. bytes];
    }

    /// <summary>A block with literals and copies of every kind: repeats are looked for at a few distances.</summary>
    public static byte[] Snappy(byte[] plain)
    {
        var block = new List<byte>(Varint((ulong)plain.Length));
        var (at, literal) = (0, 0);
        while (at < plain.Length)
        {
            var (length, offset) = Longest(plain, at);
            if (length < 4)
            {
                at++;
                continue;
            }
            Literal(block, plain.AsSpan(literal, at - literal));
            Copy(block, length, offset);
            at += length;
            literal = at;
        }
        Literal(block, plain.AsSpan(literal));
        return [.. block];
    }

    private static (int Length, int Offset) Longest(byte[] plain, int at)
    {
        var best = (0, 0);
        foreach (var offset in (int[])[1, 2, 3, 7, 30, 64, 200, 2047, 2048, 5000, 70_000])
        {
            var length = 0;
            while (offset <= at && length < 64 && at + length < plain.Length && plain[at + length] == plain[at + length - offset])
            {
                length++;
            }
            best = length > best.Item1 ? (length, offset) : best;
        }
        return best;
    }

    private static void Literal(List<byte> block, ReadOnlySpan<byte> bytes)
    {
        if (bytes.IsEmpty)
        {
            return;
        }
        var size = bytes.Length - 1;
        if (size < 60)
        {
            block.Add((byte)(size << 2));
        }
        else
        {
            var count = size < 1 << 8 ? 1 : size < 1 << 16 ? 2 : size < 1 << 24 ? 3 : 4;
            block.Add((byte)((59 + count) << 2));
            for (var i = 0; i < count; i++)
            {
                block.Add((byte)(size >> (8 * i)));
            }
        }
        block.AddRange(bytes);
    }

    private static void Copy(List<byte> block, int length, int offset)
    {
        if (length <= 11 && offset < 2048)
        {
            block.AddRange([(byte)(1 | ((length - 4) << 2) | ((offset >> 8) << 5)), (byte)offset]);
        }
        else if (offset < 1 << 16)
        {
            block.AddRange([(byte)(2 | ((length - 1) << 2)), (byte)offset, (byte)(offset >> 8)]);
        }
        else
        {
            block.AddRange([(byte)(3 | ((length - 1) << 2)), (byte)offset, (byte)(offset >> 8), (byte)(offset >> 16), (byte)(offset >> 24)]);
        }
    }
}
