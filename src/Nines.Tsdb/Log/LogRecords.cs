using System.Buffers.Binary;
using System.Text;
using Nines.Metrics;
using Nines.Tsdb.Bytes;
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

    /// <summary>The header of a segment.</summary>
    public static byte[] NewSegmentHeader()
    {
        var header = new byte[SegmentHeader];
        Magic.CopyTo(header);
        BinaryPrimitives.WriteInt32LittleEndian(header.AsSpan(8), Version);
        BinaryPrimitives.WriteUInt32LittleEndian(header.AsSpan(12), Crc32C.Of(header.AsSpan(0, 12)));
        return header;
    }

    /// <summary>The checksum of a record, from its header and payload.</summary>
    public static uint RecordCrc(ReadOnlySpan<byte> header, ReadOnlySpan<byte> payload) => Crc32C.Of(payload, Crc32C.Of(header.Slice(4, 5)));
}

/// <summary>Puts records together in memory, so that a commit is one write.</summary>
internal sealed class LogBuffer
{
    private const int SamplesPerRecord = 16_384;
    private ByteBuffer _bytes = new(4096);
    private int _record;

    /// <summary>The records so far.</summary>
    public ReadOnlySpan<byte> Written => _bytes.Written;

    /// <summary>Begins anew; a buffer grown by one large commit is not kept.</summary>
    public void Clear()
    {
        if (_bytes.Length > 1 << 20)
        {
            _bytes = new ByteBuffer(4096);
        }
        _bytes.Clear();
    }

    /// <summary>Adds the record of a series.</summary>
    public void AddSeries(MemSeries series)
    {
        Begin();
        _bytes.Varint((ulong)series.Reference);
        // Only with its first sample: where that is gone, the next one counts from an unknown value.
        _bytes.Varint(series.BornInKnownTarget && !series.EverLogged ? 1UL : 0);
        _bytes.Varint((ulong)series.IntervalMs);
        _bytes.Varint((ulong)series.Labels.Count);
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
            _bytes.Varint((ulong)batch.Length);
            var (reference, time, start) = (0L, 0L, 0L);
            foreach (ref readonly var staged in batch)
            {
                var sample = staged.Sample;
                var whole = IsWhole(sample.Value);
                var key = Zigzag(staged.Series.Reference - reference) << 2 | (sample.StartMs != start ? 2UL : 0) | (whole ? 1UL : 0);
                _bytes.Varint(key);
                _bytes.Zigzag(unchecked(sample.TimeMs - time));
                if (whole)
                {
                    _bytes.Zigzag((long)sample.Value);
                }
                else
                {
                    BinaryPrimitives.WriteDoubleLittleEndian(_bytes.Reserve(8), sample.Value);
                }
                if (sample.StartMs != start)
                {
                    _bytes.Zigzag(unchecked(sample.StartMs - start));
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
        _record = _bytes.Length;
        _bytes.Reserve(LogFormat.RecordHeader);
    }

    private void End(byte type)
    {
        var header = _bytes.At(_record, LogFormat.RecordHeader);
        var payload = _bytes.At(_record + LogFormat.RecordHeader, _bytes.Length - _record - LogFormat.RecordHeader);
        LogFormat.Mark.CopyTo(header);
        BinaryPrimitives.WriteInt32LittleEndian(header[4..], payload.Length);
        header[8] = type;
        BinaryPrimitives.WriteUInt32LittleEndian(header[9..], LogFormat.RecordCrc(header, payload));
    }

    private void Text(string text)
    {
        var size = Encoding.UTF8.GetByteCount(text);
        _bytes.Varint((ulong)size);
        Encoding.UTF8.GetBytes(text, _bytes.Reserve(size));
    }
}

/// <summary>A sample on its way into the store.</summary>
internal readonly record struct StagedSample(MemSeries Series, CounterSample Sample);
