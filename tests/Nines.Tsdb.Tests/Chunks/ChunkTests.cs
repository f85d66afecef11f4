using FsCheck;
using FsCheck.Fluent;
using Nines.Metrics;
using Nines.Tsdb.Chunks;

namespace Nines.Tsdb.Tests.Chunks;

public class ChunkTests
{
    [Fact]
    public void Chunk_AnySamples_ComeBackBitByBit() =>
        Check.One(Config.QuickThrowOnFailure.WithMaxTest(500), Prop.ForAll(ArbMap.Default.ArbFor<(long, double)[]>(), pairs =>
        {
            var samples = pairs.Select(p => new Sample(p.Item1, p.Item2)).Prepend(new Sample(long.MinValue, StaleMarker.Value)).Append(new Sample(long.MaxValue, double.NaN)).ToArray();
            var back = new Sample[samples.Length];
            Chunk.Of(samples).CopyTo(back);
            back.Select(s => (s.TimeMs, BitConverter.DoubleToUInt64Bits(s.Value))).ShouldBe(samples.Select(s => (s.TimeMs, BitConverter.DoubleToUInt64Bits(s.Value))));
        }));

    [Fact]
    public void Chunk_TimesOfEveryMagnitude_ComeBack()
    {
        var (samples, time) = (new List<Sample>(), 0L);
        for (var bit = 0; bit < 50; bit++)
        {
            samples.Add(new Sample(time += 1L << bit, bit));
            samples.Add(new Sample(time += 1, 1L << bit));
        }
        var back = new Sample[samples.Count];
        Chunk.Of([.. samples]).CopyTo(back);
        back.ShouldBe(samples);
    }

    [Fact]
    public void Chunk_SteadyCounter_TakesFewBytesASample()
    {
        var samples = Enumerable.Range(0, 120).Select(i => new Sample(1_700_000_000_000 + i * 15_000L, 1000 + i * 3)).ToArray();
        (Chunk.Of(samples).Size / 120.0).ShouldBeLessThan(3);
    }
}
