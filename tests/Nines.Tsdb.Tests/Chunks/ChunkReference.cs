namespace Nines.Tsdb.Tests.Chunks;

/// <summary>Reads a chunk as docs/formats/tsdb-block.md says, one bit at a time and without any thought of speed.</summary>
internal sealed class ChunkReference(byte[] bytes)
{
    private int _at;

    public static (long TimeMs, ulong Value, long StartMs)[] Read(byte[] chunk) => new ChunkReference(chunk).Read();

    private (long, ulong, long)[] Read()
    {
        var count = (int)Varint();
        var flags = bytes[_at++];
        var times = new List<long> { Zigzag() };
        foreach (var difference in Frames(count - 1))
        {
            times.Add(unchecked(times[^1] + difference));
        }
        var values = (flags & 1) != 0 ? BitDifferences(count) : Whole(count);
        if ((flags & 2) != 0)
        {
            var at = 0;
            for (var left = Varint(); left > 0; left--)
            {
                at += (int)Varint();
                values[at] = Fixed();
            }
        }
        var starts = new long[count];
        if ((flags & 4) != 0)
        {
            var (at, start) = (0, times[0]);
            for (var left = Varint(); left > 0; left--)
            {
                at += (int)Varint();
                start = unchecked(start + Zigzag());
                for (var i = at; i < count; i++)
                {
                    starts[i] = start;
                }
            }
        }
        _at.ShouldBe(bytes.Length, "nothing is left over");
        return [.. times.Select((t, i) => (t, values[i], starts[i]))];
    }

    private ulong[] Whole(int count)
    {
        var head = bytes[_at++];
        var (order, scale) = (head & 3, head >> 2);
        var numbers = new List<long>();
        if (order == 0)
        {
            numbers = Frames(count);
        }
        else
        {
            numbers.Add(Zigzag());
            var differences = new List<long>();
            if (order == 1)
            {
                differences = Frames(count - 1);
            }
            else
            {
                differences.Add(Zigzag());
                foreach (var change in Frames(count - 2))
                {
                    differences.Add(differences[^1] + change);
                }
            }
            foreach (var difference in differences)
            {
                numbers.Add(numbers[^1] + difference);
            }
        }
        return [.. numbers.Select(n => BitConverter.DoubleToUInt64Bits(n / double.Parse($"1e{scale}")))];
    }

    private ulong[] BitDifferences(int count)
    {
        var values = new List<ulong> { Fixed() };
        while (values.Count < count)
        {
            var frame = Math.Min(128, count - values.Count);
            var (width, trailing) = (bytes[_at] & 0x7f, bytes[_at + 1]);
            var sparse = bytes[_at] >= 0x80;
            _at += 2;
            var present = Enumerable.Repeat(true, frame).ToArray();
            if (sparse)
            {
                present = [.. Enumerable.Range(0, frame).Select(i => Bits(1, i) == 1)];
                _at += (frame + 7) / 8;
            }
            var packed = Packed(present.Count(p => p), width);
            var next = 0;
            foreach (var there in present)
            {
                values.Add(values[^1] ^ (there ? packed[next++] << trailing : 0));
            }
        }
        return [.. values];
    }

    private List<long> Frames(int count)
    {
        var numbers = new List<long>();
        while (numbers.Count < count)
        {
            var frame = Math.Min(128, count - numbers.Count);
            var width = bytes[_at++];
            var (first, exceptions, at) = (Zigzag(), new Dictionary<int, long>(), 0);
            for (var left = Varint(); left > 0; left--)
            {
                at += (int)Varint();
                exceptions[at] = Zigzag();
            }
            foreach (var (i, packed) in Packed(frame, width).Index())
            {
                numbers.Add(unchecked(first + (exceptions.TryGetValue(i, out var exception) ? exception : (long)packed)));
            }
        }
        return numbers;
    }

    private List<ulong> Packed(int count, int width)
    {
        var numbers = Enumerable.Range(0, count).Select(i => Bits(width, i * width)).ToList();
        _at += (count * width + 7) / 8;
        return numbers;
    }

    private ulong Bits(int width, int from)
    {
        var value = 0UL;
        for (var i = 0; i < width; i++)
        {
            var bit = from + i;
            value |= (ulong)(bytes[_at + bit / 8] >> (bit % 8) & 1) << i;
        }
        return value;
    }

    private ulong Fixed()
    {
        _at += 8;
        return BitConverter.ToUInt64(bytes, _at - 8);
    }

    private ulong Varint()
    {
        var (value, shift) = (0UL, 0);
        while (true)
        {
            var b = bytes[_at++];
            value |= (ulong)(b & 0x7f) << shift;
            shift += 7;
            if (b < 0x80)
            {
                return value;
            }
        }
    }

    private long Zigzag()
    {
        var n = Varint();
        return (n & 1) == 0 ? (long)(n >> 1) : ~(long)(n >> 1);
    }
}
