using System.Buffers.Binary;
using System.Numerics;
using System.Text;
using Nines.Metrics;
using Nines.Tsdb.Head;

namespace Nines.Tsdb.Log;

/// <summary>The bytes of the log; see docs/formats/tsdb-log.md.</summary>
internal static class LogFormat
{
    public const int Version = 1;
    public const int SegmentHeader = 16;
    public const int RecordHeader = 13;
    public const int MaxPayload = 16 << 20;
    public const byte Series = 1;
    public const byte Samples = 2;

    /// <summary>What a record begins with.</summary>
    public static ReadOnlySpan<byte> Mark => "NTSL"u8;

    /// <summary>What a segment begins with.</summary>
    public static ReadOnlySpan<byte> Magic => "NINESTSL"u8;

    /// <summary>CRC-32C of bytes, continued from another.</summary>
    public static uint Crc(ReadOnlySpan<byte> bytes, uint crc = 0)
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

    /// <summary>The header of a segment.</summary>
    public static byte[] NewSegmentHeader()
    {
        var header = new byte[SegmentHeader];
        Magic.CopyTo(header);
        BinaryPrimitives.WriteInt32LittleEndian(header.AsSpan(8), Version);
        BinaryPrimitives.WriteUInt32LittleEndian(header.AsSpan(12), Crc(header.AsSpan(0, 12)));
        return header;
    }

    /// <summary>The checksum of a record, from its header and payload.</summary>
    public static uint RecordCrc(ReadOnlySpan<byte> header, ReadOnlySpan<byte> payload) => Crc(payload, Crc(header.Slice(4, 5)));
}

/// <summary>Puts records together in memory, so that a commit is one write.</summary>
internal sealed class LogBuffer
{
    private const int SamplesPerRecord = 16_384;
    private byte[] _bytes = new byte[4096];
    private int _length;
    private int _record;

    /// <summary>The records so far.</summary>
    public ReadOnlySpan<byte> Written => _bytes.AsSpan(0, _length);

    /// <summary>Begins anew; a buffer grown by one large commit is not kept.</summary>
    public void Clear()
    {
        _length = 0;
        if (_bytes.Length > 1 << 20)
        {
            _bytes = new byte[4096];
        }
    }

    /// <summary>Adds the record of a series.</summary>
    public void AddSeries(MemSeries series)
    {
        Begin();
        Varint((ulong)series.Reference);
        // Only with its first sample: where that is gone, the next one counts from an unknown value.
        Varint(series.BornInKnownTarget && series.NewestMs == long.MinValue ? 1UL : 0);
        Varint((ulong)series.IntervalMs);
        Varint((ulong)series.Labels.Count);
        foreach (var (name, value) in series.Labels.Pairs)
        {
            Text(name);
            Text(value);
        }
        End(LogFormat.Series);
    }

    /// <summary>Adds records of samples.</summary>
    public void AddSamples(ReadOnlySpan<StagedSample> samples)
    {
        for (; samples.Length > 0; samples = samples[Math.Min(SamplesPerRecord, samples.Length)..])
        {
            var batch = samples[..Math.Min(SamplesPerRecord, samples.Length)];
            Begin();
            Varint((ulong)batch.Length);
            var (reference, time, start) = (0L, 0L, 0L);
            foreach (ref readonly var staged in batch)
            {
                var sample = staged.Sample;
                var whole = IsWhole(sample.Value);
                var key = Zigzag(staged.Series.Reference - reference) << 2 | (sample.StartMs != start ? 2UL : 0) | (whole ? 1UL : 0);
                Varint(key);
                Varint(Zigzag(unchecked(sample.TimeMs - time)));
                if (whole)
                {
                    Varint(Zigzag((long)sample.Value));
                }
                else
                {
                    BinaryPrimitives.WriteDoubleLittleEndian(Reserve(8), sample.Value);
                }
                if (sample.StartMs != start)
                {
                    Varint(Zigzag(unchecked(sample.StartMs - start)));
                }
                (reference, time, start) = (staged.Series.Reference, sample.TimeMs, sample.StartMs);
            }
            End(LogFormat.Samples);
        }
    }

    private static bool IsWhole(double value) =>
        Math.Abs(value) < 1L << 53 && (long)value == value && (value != 0 || !double.IsNegative(value));

    private static ulong Zigzag(long value) => (ulong)((value << 1) ^ (value >> 63));

    private void Begin()
    {
        _record = _length;
        Reserve(LogFormat.RecordHeader);
    }

    private void End(byte type)
    {
        var header = _bytes.AsSpan(_record, LogFormat.RecordHeader);
        var payload = _bytes.AsSpan(_record + LogFormat.RecordHeader, _length - _record - LogFormat.RecordHeader);
        LogFormat.Mark.CopyTo(header);
        BinaryPrimitives.WriteInt32LittleEndian(header[4..], payload.Length);
        header[8] = type;
        BinaryPrimitives.WriteUInt32LittleEndian(header[9..], LogFormat.RecordCrc(header, payload));
    }

    private Span<byte> Reserve(int count)
    {
        if (_length + count > _bytes.Length)
        {
            Array.Resize(ref _bytes, Math.Max(_length + count, _bytes.Length * 2));
        }
        _length += count;
        return _bytes.AsSpan(_length - count, count);
    }

    private void Varint(ulong value)
    {
        for (; value >= 0x80; value >>= 7)
        {
            Reserve(1)[0] = (byte)(value | 0x80);
        }
        Reserve(1)[0] = (byte)value;
    }

    private void Text(string text)
    {
        var size = Encoding.UTF8.GetByteCount(text);
        Varint((ulong)size);
        Encoding.UTF8.GetBytes(text, Reserve(size));
    }
}

/// <summary>A sample on its way into the store.</summary>
internal readonly record struct StagedSample(MemSeries Series, CounterSample Sample);

/// <summary>Reads the payload of a record whose checksum holds. Content that makes no sense all the same is <see cref="InvalidDataException"/>.</summary>
internal ref struct PayloadReader(ReadOnlySpan<byte> bytes)
{
    private ReadOnlySpan<byte> _rest = bytes;

    public ulong Varint()
    {
        var value = 0UL;
        for (var shift = 0; shift < 64; shift += 7)
        {
            var b = Take(1)[0];
            value |= (ulong)(b & 0x7f) << shift;
            if (b < 0x80)
            {
                return value;
            }
        }
        throw new InvalidDataException("a number is too long");
    }

    public long Zigzag() => Unzigzag(Varint());

    public static long Unzigzag(ulong value) => (long)(value >> 1) ^ -(long)(value & 1);

    public double Double() => BinaryPrimitives.ReadDoubleLittleEndian(Take(8));

    public ReadOnlySpan<byte> Text() => Take((int)Math.Min(Varint(), int.MaxValue));

    private ReadOnlySpan<byte> Take(int count)
    {
        if (count > _rest.Length)
        {
            throw new InvalidDataException("the record is too short");
        }
        var taken = _rest[..count];
        _rest = _rest[count..];
        return taken;
    }
}
