using System.Runtime.InteropServices;
using Nines.Tsdb.Bytes;

namespace Nines.Tsdb.Chunks;

/// <summary>What the bytes of a chunk mean; see docs/formats/tsdb-block.md.</summary>
internal static class ChunkFormat
{
    public const int MostSamples = 1024;
    public const int MaxScale = 18;
    public const byte BitDifferences = 1;
    public const byte HasSpecials = 2;
    public const byte HasStarts = 4;

    /// <summary>10^0 … 10^18, each exact.</summary>
    public static ReadOnlySpan<double> Powers =>
        [1, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18];
}

/// <summary>Compresses samples. Holds buffers; not safe for several threads.</summary>
internal sealed class ChunkEncoder
{
    private const long MaxWhole = 1L << 53;

    private readonly long[] _whole = new long[ChunkFormat.MostSamples];
    private readonly long[] _differences = new long[ChunkFormat.MostSamples];
    private readonly ulong[] _changes = new ulong[ChunkFormat.MostSamples];
    private readonly List<int> _specials = [];

    [ThreadStatic]
    private static ChunkEncoder? _ofThread;

    /// <summary>One for this thread.</summary>
    public static ChunkEncoder OfThread => _ofThread ??= new ChunkEncoder();

    /// <summary>Appends a chunk, without its checksum.</summary>
    /// <param name="times">1 … 1024 times, ascending.</param>
    /// <param name="values">The value at each time.</param>
    /// <param name="starts">The start timestamp at each time; empty when there are none.</param>
    public void Encode(ReadOnlySpan<long> times, ReadOnlySpan<double> values, ReadOnlySpan<long> starts, ByteBuffer to)
    {
        to.Varint((ulong)times.Length);
        var flagsAt = to.Length;
        to.Byte(0);
        to.Zigzag(times[0]);
        Frames.Write(to, Differences(times));
        var valuesAt = to.Length;
        var flags = 0;
        var average = ToWhole(values, out var scale) ? WriteWhole(to, scale, values.Length) : 64;
        if (average > 36)
        {
            // Neighbouring values share few digits: perhaps they share more bits.
            var size = average == 64 ? int.MaxValue : to.Length - valuesAt + _specials.Count * 9;
            var end = to.Length;
            WriteBits(to, values);
            if (to.Length - end < size)
            {
                var bits = to.At(end, to.Length - end);
                bits.CopyTo(to.At(valuesAt, bits.Length));
                to.Truncate(valuesAt + bits.Length);
                flags |= ChunkFormat.BitDifferences;
                _specials.Clear();
            }
            else
            {
                to.Truncate(end);
            }
        }
        if (_specials.Count > 0)
        {
            flags |= ChunkFormat.HasSpecials;
            WriteSpecials(to, values);
        }
        if (starts.ContainsAnyExcept(0))
        {
            flags |= ChunkFormat.HasStarts;
            WriteStarts(to, starts, times[0]);
        }
        to.At(flagsAt, 1)[0] = (byte)flags;
    }

    private ReadOnlySpan<long> Differences(ReadOnlySpan<long> numbers)
    {
        for (var i = 1; i < numbers.Length; i++)
        {
            _differences[i - 1] = unchecked(numbers[i] - numbers[i - 1]);
        }
        return _differences.AsSpan(0, Math.Max(0, numbers.Length - 1));
    }

    // Finds the scale at which (almost) all values are whole. False when they are no round numbers.
    private bool ToWhole(ReadOnlySpan<double> values, out int scale)
    {
        _specials.Clear();
        var most = values.Length / 8 + 1;
        scale = 0;
        for (var i = 0; i < values.Length; i++)
        {
            var needed = scale;
            while (needed <= ChunkFormat.MaxScale && !TryScale(values[i], needed, out _))
            {
                needed++;
            }
            if (needed <= ChunkFormat.MaxScale)
            {
                scale = needed;
            }
            else
            {
                _specials.Add(i);
                if (_specials.Count > most)
                {
                    return false;
                }
            }
        }
        _specials.Clear();
        for (var i = 0; i < values.Length; i++)
        {
            if (!TryScale(values[i], scale, out _whole[i]))
            {
                _specials.Add(i);
                _whole[i] = i == 0 ? 0 : _whole[i - 1];
            }
        }
        return _specials.Count <= most;
    }

    private static bool TryScale(double value, int scale, out long whole)
    {
        var scaled = value * ChunkFormat.Powers[scale];
        if (!(Math.Abs(scaled) < MaxWhole))
        {
            whole = 0;
            return false;
        }
        whole = (long)Math.Round(scaled);
        return BitConverter.DoubleToInt64Bits(whole / ChunkFormat.Powers[scale]) == BitConverter.DoubleToInt64Bits(value);
    }

    // Returns how many bits a number takes on average, about.
    private int WriteWhole(ByteBuffer to, int scale, int count)
    {
        var whole = _whole.AsSpan(0, count);
        var (order, bits) = (0, Bits(whole));
        if (count > 1 && Bits(Differences(whole)) is var first && first < bits)
        {
            (order, bits) = (1, first);
        }
        if (count > 2)
        {
            // In place: what is written is behind what is read.
            Differences(whole);
            if (Bits(Differences(_differences.AsSpan(0, count - 1))) is var second && second < bits)
            {
                (order, bits) = (2, second);
            }
        }
        to.Byte(order | scale << 2);
        if (order == 0)
        {
            Frames.Write(to, whole);
            return bits / count;
        }
        to.Zigzag(whole[0]);
        if (order == 1)
        {
            Frames.Write(to, Differences(whole));
            return bits / count;
        }
        to.Zigzag(whole[1] - whole[0]);
        Differences(whole);
        Frames.Write(to, Differences(_differences.AsSpan(0, count - 1)));
        return bits / count;
    }

    // How far numbers lie from the first of them, in bits: tells the better order, whatever the frames make of it.
    private static int Bits(ReadOnlySpan<long> numbers)
    {
        var sum = 0;
        foreach (var number in numbers)
        {
            var distance = unchecked(number - numbers[0]);
            sum += BitPacking.WidthOf((ulong)(distance ^ (distance >> 63)));
        }
        return sum;
    }

    private void WriteBits(ByteBuffer to, ReadOnlySpan<double> values)
    {
        var bits = MemoryMarshal.Cast<double, ulong>(values);
        to.UInt64(bits[0]);
        for (var i = 1; i < bits.Length; i++)
        {
            _changes[i - 1] = bits[i] ^ bits[i - 1];
        }
        BitFrames.Write(to, _changes.AsSpan(0, bits.Length - 1));
    }

    private void WriteSpecials(ByteBuffer to, ReadOnlySpan<double> values)
    {
        to.Varint((ulong)_specials.Count);
        var before = 0;
        foreach (var at in _specials)
        {
            to.Varint((ulong)(at - before));
            to.UInt64(BitConverter.DoubleToUInt64Bits(values[at]));
            before = at;
        }
    }

    private static void WriteStarts(ByteBuffer to, ReadOnlySpan<long> starts, long firstMs)
    {
        var (count, start) = (0UL, 0L);
        foreach (var next in starts)
        {
            count += next != start ? 1UL : 0;
            start = next;
        }
        to.Varint(count);
        var (at, before) = (0, firstMs);
        start = 0;
        for (var i = 0; i < starts.Length; i++)
        {
            if (starts[i] != start)
            {
                to.Varint((ulong)(i - at));
                to.Zigzag(unchecked(starts[i] - before));
                (at, before, start) = (i, starts[i], starts[i]);
            }
        }
    }
}
