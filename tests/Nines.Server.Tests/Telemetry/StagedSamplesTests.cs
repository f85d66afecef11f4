using System.Text;
using Nines.Metrics.Exposition;
using Nines.Server.Telemetry;

namespace Nines.Server.Tests.Telemetry;

public sealed class StagedSamplesTests
{
    private readonly StagedSamples _staged = new();

    [Fact]
    public void Samples_come_back_in_order_over_many_chunks()
    {
        // The longest line allowed is as long as a chunk.
        int[] lengths = [1, 40_000, 40_000, ScrapeClient.LongestLine, 7, 65_000, 2];
        foreach (var (i, length) in lengths.Index())
        {
            _staged.Add(Sample(i, length), line: i + 1);
        }
        Read().ShouldBe(lengths.Select((length, i) => (i + 1, Text(i, length), Math.Min(i, length), i % 2 == 0, i * 1.5, 1000L + i)));
    }

    [Fact]
    public void Nothing_is_left_after_clearing()
    {
        _staged.Add(Sample(3, 100), 1);
        _staged.Clear();
        Read().ShouldBeEmpty();
        _staged.Add(Sample(4, 50), 9);
        Read().ShouldHaveSingleItem().Line.ShouldBe(9);
    }

    private static string Text(int i, int length) => new((char)('a' + i), length);

    private static ExposedSample Sample(int i, int length)
    {
        var text = Encoding.UTF8.GetBytes(Text(i, length));
        return new ExposedSample { Series = text, Family = text.AsSpan(0, Math.Min(i, length)), IsCreated = i % 2 == 0, Value = i * 1.5, TimestampMs = 1000 + i };
    }

    private List<(int Line, string Text, int Family, bool IsCreated, double Value, long TimestampMs)> Read()
    {
        var read = new List<(int, string, int, bool, double, long)>();
        for (var at = default(StagedSamples.Place); _staged.TryRead(ref at, out var sample, out var line);)
        {
            read.Add((line, Encoding.UTF8.GetString(sample.Series), sample.Family.Length, sample.IsCreated, sample.Value, sample.TimestampMs));
        }
        return read;
    }
}
