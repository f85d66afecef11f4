using Nines.Metrics;
using Nines.Tsdb.Bytes;
using Nines.Tsdb.Chunks;

namespace Nines.Tsdb.Tests.Chunks;

public class ChunkTests
{
    private static readonly double[] Odd =
        [0, -0.0, double.NaN, StaleMarker.Value, double.PositiveInfinity, double.NegativeInfinity, 1L << 53, -(1L << 53), (1L << 53) + 2, 0.1 + 0.2, 1e-18, 1e300, 5e-324, 12.34];

    // Every kind of series there is, and mixtures of them; the seed is the world.
    private static (long[] Times, double[] Values, long[] Starts) World(int seed)
    {
        var random = new Random(seed);
        var count = seed % 3 == 0 ? random.Next(1, 6) : random.Next(1, 1025);
        var (times, values, starts) = (new long[count], new double[count], new long[count]);
        var (jitter, gaps, scale) = (random.Next(3) * random.Next(50), random.Next(3), Math.Pow(10, random.Next(6)));
        var (time, number, start) = (random.NextInt64(2_000_000_000_000), (double)random.Next(1_000_000), 0L);
        var kind = random.Next(9);
        for (var i = 0; i < count; i++)
        {
            time += gaps > 0 && random.Next(40) == 0 ? random.Next(1, 10_000_000) : 15_000 + random.Next(jitter + 1);
            number = kind switch
            {
                0 => number + random.Next(200),
                1 => random.Next(50) == 0 ? random.Next(10) : number + random.Next(20),
                2 => Math.Round(number * scale + random.Next(1000)) / scale,
                3 => random.NextDouble() * 1e6,
                4 => random.Next(20) == 0 ? random.NextDouble() : number,
                5 => BitConverter.UInt64BitsToDouble((ulong)random.NextInt64(long.MinValue, long.MaxValue)),
                6 => Odd[random.Next(Odd.Length)],
                7 => random.Next(30) == 0 ? Odd[random.Next(Odd.Length)] : Math.Floor(1000 * Math.Sin(i / 20.0)) / 10,
                _ => number,
            };
            start = random.Next(100) == 0 ? time - random.Next(100_000) : start;
            (times[i], values[i], starts[i]) = (time, number, seed % 2 == 0 ? start : 0);
        }
        return (times, values, starts);
    }

    private static byte[] Encode(long[] times, double[] values, long[] starts)
    {
        var buffer = new ByteBuffer();
        ChunkEncoder.OfThread.Encode(times, values, starts, buffer);
        return buffer.Written.ToArray();
    }

    [Fact]
    public void Chunk_AnySamples_ComeBackBitByBitAsTheSlowReaderReadsThem()
    {
        for (var seed = 0; seed < 1500; seed++)
        {
            var (times, values, starts) = World(seed);
            var chunk = Encode(times, values, starts);
            var slow = ChunkReference.Read(chunk);
            var (t, v, s) = (new long[times.Length], new double[times.Length], new long[times.Length]);
            ChunkDecoder.Count(chunk).ShouldBe(times.Length);
            ChunkDecoder.Decode([.. chunk, 1, 2, 3, 4, 5, 6, 7, 8], t, v, s);
            var bits = v.Select(BitConverter.DoubleToUInt64Bits);
            var fast = t.Zip(bits, s).ToArray();
            fast.SequenceEqual(slow).ShouldBeTrue($"seed {seed}: the slow reader");
            fast.SequenceEqual(times.Zip(values.Select(BitConverter.DoubleToUInt64Bits), starts)).ShouldBeTrue($"seed {seed}: what was written");
        }
    }

    [Fact]
    public void Chunk_TimesOfEveryMagnitude_ComeBack()
    {
        var (times, time) = (new List<long> { long.MinValue, -1 }, 0L);
        for (var bit = 0; bit < 60; bit++)
        {
            times.Add(time += 1L << bit);
            times.Add(time += 1);
        }
        times.Add(long.MaxValue);
        var back = new long[times.Count];
        var values = new double[times.Count];
        ChunkDecoder.Decode([.. Encode([.. times], values, []), .. new byte[8]], back, values, []);
        back.ShouldBe(times);
    }

    [Fact]
    public void Decode_AnyBytesChanged_ThrowsOrAnswersButReadsNothingElse()
    {
        var random = new Random(1);
        for (var seed = 0; seed < 300; seed++)
        {
            var (times, values, starts) = World(seed);
            var chunk = Encode(times, values, starts);
            for (var i = 0; i < 20; i++)
            {
                byte[] broken = [.. chunk[..random.Next(1, chunk.Length + 1)], .. new byte[8]];
                broken[random.Next(broken.Length)] ^= (byte)random.Next(1, 256);
                try
                {
                    ChunkDecoder.Decode(broken, times, values, starts);
                }
                catch (InvalidDataException)
                {
                    // What it should say.
                }
            }
        }
    }

    [Theory]
    [InlineData("steady counter", 1.0)]
    [InlineData("two decimals", 1.5)]
    [InlineData("idle", 0.1)]
    public void Chunk_UsualSeries_TakesFewBytesASample(string kind, double most)
    {
        var random = new Random(7);
        var values = new double[480];
        for (var i = 1; i < values.Length; i++)
        {
            values[i] = kind switch { "steady counter" => values[i - 1] + 20 + random.Next(60), "two decimals" => Math.Round((values[i - 1] + random.Next(1500) / 100.0) * 100) / 100, _ => 42 };
        }
        var times = Enumerable.Range(0, values.Length).Select(i => 1_700_000_000_000 + i * 15_000L).ToArray();
        (Encode(times, values, []).Length / 480.0).ShouldBeLessThan(most);
    }
}
