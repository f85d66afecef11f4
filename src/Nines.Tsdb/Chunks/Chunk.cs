using System.Numerics;
using Nines.Metrics;

namespace Nines.Tsdb.Chunks;

/// <summary>
/// A run of samples, compressed for good: times as differences of differences, values as the changed bits
/// (Pelkonen et al., "Gorilla: a fast, scalable, in-memory time series database", VLDB 2015).
/// </summary>
internal sealed class Chunk
{
    private readonly byte[] _bits;

    private Chunk(byte[] bits, int count, long minMs, long maxMs) => (_bits, Count, MinMs, MaxMs) = (bits, count, minMs, maxMs);

    /// <summary>How many samples there are.</summary>
    public int Count { get; }

    /// <summary>Time of the first sample.</summary>
    public long MinMs { get; }

    /// <summary>Time of the last sample.</summary>
    public long MaxMs { get; }

    /// <summary>Bytes used by the samples.</summary>
    public int Size => _bits.Length;

    /// <summary>Compresses samples in order of time; at least one.</summary>
    public static Chunk Of(ReadOnlySpan<Sample> samples)
    {
        _scratch ??= new byte[256];
        var bits = new BitWriter(_scratch);
        bits.Write((ulong)samples[0].TimeMs, 64);
        bits.Write(BitConverter.DoubleToUInt64Bits(samples[0].Value), 64);
        var (delta, leading, trailing) = (0L, -1, 0);
        for (var i = 1; i < samples.Length; i++)
        {
            var next = unchecked(samples[i].TimeMs - samples[i - 1].TimeMs);
            WriteTime(ref bits, unchecked(next - delta));
            delta = next;
            var xor = BitConverter.DoubleToUInt64Bits(samples[i].Value) ^ BitConverter.DoubleToUInt64Bits(samples[i - 1].Value);
            WriteValue(ref bits, xor, ref leading, ref trailing);
        }
        _scratch = bits.Buffer;
        return new Chunk(bits.ToArray(), samples.Length, samples[0].TimeMs, samples[^1].TimeMs);
    }

    /// <summary>Writes all samples to a span that holds at least <see cref="Count"/>.</summary>
    public void CopyTo(Span<Sample> into)
    {
        var bits = new BitReader(_bits);
        var time = (long)bits.Read(64);
        var value = bits.Read(64);
        into[0] = new Sample(time, BitConverter.UInt64BitsToDouble(value));
        var (delta, leading, length) = (0L, 0, 0);
        for (var i = 1; i < Count; i++)
        {
            unchecked
            {
                delta += ReadTime(ref bits);
                time += delta;
            }
            if (bits.Bit())
            {
                if (bits.Bit())
                {
                    leading = (int)bits.Read(5);
                    length = (int)bits.Read(6) + 1;
                }
                value ^= bits.Read(length) << (64 - leading - length);
            }
            into[i] = new Sample(time, BitConverter.UInt64BitsToDouble(value));
        }
    }

    [ThreadStatic]
    private static byte[]? _scratch;

    private static void WriteTime(ref BitWriter bits, long change)
    {
        if (change == 0)
        {
            bits.Write(0, 1);
        }
        else if (Fits(change, 14))
        {
            bits.Write(0b10, 2);
            bits.Write((ulong)change, 14);
        }
        else if (Fits(change, 20))
        {
            bits.Write(0b110, 3);
            bits.Write((ulong)change, 20);
        }
        else
        {
            bits.Write(0b111, 3);
            bits.Write((ulong)change, 64);
        }
    }

    private static long ReadTime(ref BitReader bits) =>
        !bits.Bit() ? 0
        : !bits.Bit() ? bits.ReadSigned(14)
        : !bits.Bit() ? bits.ReadSigned(20)
        : (long)bits.Read(64);

    private static bool Fits(long value, int bits) => value >= -(1L << (bits - 1)) && value < 1L << (bits - 1);

    private static void WriteValue(ref BitWriter bits, ulong xor, ref int leading, ref int trailing)
    {
        if (xor == 0)
        {
            bits.Write(0, 1);
            return;
        }
        var (zerosBefore, zerosAfter) = (Math.Min(31, BitOperations.LeadingZeroCount(xor)), BitOperations.TrailingZeroCount(xor));
        if (leading >= 0 && zerosBefore >= leading && zerosAfter >= trailing)
        {
            bits.Write(0b10, 2);
        }
        else
        {
            (leading, trailing) = (zerosBefore, zerosAfter);
            bits.Write(0b11, 2);
            bits.Write((ulong)leading, 5);
            bits.Write((ulong)(64 - leading - trailing - 1), 6);
        }
        bits.Write(xor >> trailing, 64 - leading - trailing);
    }
}
