using System.Text;
using Nines.Metrics.Exposition;
using Nines.Metrics.RemoteWrite;

namespace Nines.Metrics.Tests.RemoteWrite;

public class WireTests
{
    [Theory]
    [InlineData("", new byte[] { 0 })]
    [InlineData("a", new byte[] { 1, 0, (byte)'a' })]
    // The example of the format's description: a copy that overlaps what it writes.
    [InlineData("xababab", new byte[] { 7, 2 << 2, (byte)'x', (byte)'a', (byte)'b', 1 | (0 << 2), 2 })]
    public void Snappy_KnownBlocks_Decode(string text, byte[] block) => Encoding.UTF8.GetString(Decoded(block)).ShouldBe(text);

    [Theory]
    [InlineData(new byte[] { }, "does not begin with its size")]
    [InlineData(new byte[] { 0xff, 0xff, 0xff, 0xff, 0xff }, "does not begin with its size")]
    [InlineData(new byte[] { 5, 0, (byte)'a' }, "holds 1 bytes and claims 5")]
    [InlineData(new byte[] { 1, 4, (byte)'a', (byte)'b' }, "a literal reaches beyond")]
    [InlineData(new byte[] { 4, 1, 1 }, "a copy reaches outside")]
    [InlineData(new byte[] { 9, 0, (byte)'a', 1, 0 }, "a copy reaches outside")]
    [InlineData(new byte[] { 5, 0, (byte)'a', 2, 1 }, "ends within a tag")]
    [InlineData(new byte[] { 5, 63 << 2, 0xff, 0xff, 0xff, 0xff }, "a literal reaches beyond")]
    public void Snappy_DamagedBlocks_SayHow(byte[] block, string how) =>
        Should.Throw<WireException>(() => Decoded(block)).Message.ShouldContain(how);

    [Fact]
    public void Snappy_SixBytesThatClaimTwoGigabytes_AreKnownBeforeMemoryIsTaken() =>
        Snappy.DecodedLength([0x80, 0x80, 0x80, 0x80, 0x08, 0x00]).ShouldBe(2L << 30);

    [Fact]
    public void Snappy_AnyBytesThroughAnEncoder_ComeBack()
    {
        var random = new Random(1);
        for (var i = 0; i < 300; i++)
        {
            var plain = new byte[random.Next(i < 290 ? 3000 : 200_000)];
            for (var at = 0; at < plain.Length; at++)
            {
                plain[at] = at > 70 && random.Next(20) > 0 ? plain[at - random.Next(1, 4)] : (byte)random.Next(4);
            }
            Decoded(RemoteBody.Snappy(plain)).ShouldBe(plain);
        }
    }

    [Fact]
    public void Series_LabelsBehindSamples_AreTheSameSeries()
    {
        byte[] a = RemoteBody.Field(1, RemoteBody.Label("__name__", "up")), b = RemoteBody.Field(1, RemoteBody.Label("job", "x"));
        var sample = RemoteBody.Field(2, RemoteBody.Sample(5, 1.5));
        foreach (var content in (byte[][])[[.. a, .. b, .. sample], [.. a, .. sample, .. b], [.. sample, .. a, .. b]])
        {
            var (labels, samples, _) = Read(new RemoteBody().Raw(1, content).Message).ShouldHaveSingleItem();
            labels.ShouldBe("up{job=\"x\"}");
            samples.ShouldBe([new Sample(5, 1.5)]);
        }
    }

    [Fact]
    public void Series_StaleMarkerAndNegativeTime_AreKeptBitForBit()
    {
        var read = Read(new RemoteBody().Series([("__name__", "a")], (-7, StaleMarker.Value), (long.MaxValue, -0.0)).Message);
        var samples = read.ShouldHaveSingleItem().Samples;
        samples.Select(s => s.TimeMs).ShouldBe([-7, long.MaxValue]);
        samples.Select(s => BitConverter.DoubleToUInt64Bits(s.Value)).ShouldBe([0x7ff0000000000002UL, 0x8000000000000000UL]);
    }

    [Fact]
    public void Series_HistogramsAndExemplars_AreCountedAndPassedOver()
    {
        byte[] content = [.. RemoteBody.Field(1, RemoteBody.Label("__name__", "a")), .. RemoteBody.Field(4, [1, 2]), .. RemoteBody.Field(3, [9]), .. RemoteBody.Field(4, [])];
        var (_, samples, histograms) = Read(new RemoteBody().Raw(1, content).Raw(9, [1]).Message).ShouldHaveSingleItem();
        (samples.Count, histograms).ShouldBe((0, 2));
    }

    [Theory]
    [InlineData("no metric name", "a=b")]
    [InlineData("no metric name", "__name__=")]
    [InlineData("label a occurs twice", "__name__=x", "a=1", "a=2")]
    [InlineData("labels out of order: a after b", "__name__=x", "b=1", "a=2")]
    [InlineData("a label without a name", "=x")]
    [InlineData("more than 3 labels", "__name__=x", "a=1", "b=1", "c=1")]
    public void Labels_ThatBreakTheRules_AreNamed(string expected, params string[] labels) => Problem(labels).ShouldBe(expected);

    [Fact]
    public void Labels_NotUtf8_AreNamed()
    {
        byte[] content = [.. RemoteBody.Field(1, [.. RemoteBody.Field(1, [0xff]), .. RemoteBody.Field(2, [1])])];
        WriteRequest.ReadLabels(content, new Utf8Names(), 3, out var problem).ShouldBeNull();
        problem.ShouldBe("a label that is not UTF-8");
    }

    [Fact]
    public void Metadata_EachField_IsRead()
    {
        var reader = new ProtoReader(new RemoteBody().Series([("__name__", "a")]).Metadata("a_total", 1, "Help.", "bytes").Message);
        WriteRequest.TryReadMetadata(ref reader, out var metadata).ShouldBeTrue();
        metadata.ShouldBe(new MetricMetadata("a_total", "counter", "Help.", "bytes"));
        WriteRequest.TryReadMetadata(ref reader, out _).ShouldBeFalse();
    }

    private static string Problem(string[] labels)
    {
        var bytes = labels.Select(l => l.Split('=')).SelectMany(l => RemoteBody.Field(1, RemoteBody.Label(l[0], l[1]))).ToArray();
        WriteRequest.ReadLabels(bytes, new Utf8Names(), 3, out var problem);
        return problem;
    }

    internal static byte[] Decoded(byte[] block)
    {
        var into = new byte[Snappy.DecodedLength(block)];
        Snappy.Decode(block, into);
        return into;
    }

    /// <summary>All series of a message.</summary>
    internal static List<(string Labels, List<Sample> Samples, int Histograms)> Read(byte[] message)
    {
        var all = new List<(string, List<Sample>, int)>();
        var reader = new ProtoReader(message);
        while (WriteRequest.TryReadSeries(ref reader, out var series))
        {
            var (samples, histograms) = (new List<Sample>(), 0);
            var rest = new ProtoReader(series.Rest);
            while (WriteRequest.TryReadSample(ref rest, ref histograms, out var sample))
            {
                samples.Add(sample);
            }
            var labels = WriteRequest.ReadLabels(series.Labels, new Utf8Names(), 64, out var problem);
            all.Add((labels?.ToString() ?? problem, samples, histograms));
        }
        return all;
    }
}
