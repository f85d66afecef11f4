using System.Buffers;
using System.Text;
using Nines.Metrics.Exposition;

namespace Nines.Metrics.Tests.Exposition;

public class ExpositionParserTests
{
    private static List<Exposed> Parse(byte[] body, ExpositionFormat format, int piece = int.MaxValue)
    {
        var (all, parser, names, kept) = (new List<Exposed>(), new ExpositionParser(format), new Utf8Names(), Array.Empty<byte>());
        for (var at = 0; ;)
        {
            var size = Math.Min(piece, body.Length - at);
            kept = [.. kept, .. body.AsSpan(at, size)];
            at += size;
            ReadOnlySpan<byte> rest = kept;
            while (parser.TryRead(ref rest, at == body.Length, out var sample))
            {
                long? time = sample.TimestampMs == ExpositionParser.NoTimestamp ? null : sample.TimestampMs;
                all.Add(new Exposed(SeriesText.Parse(sample.Series, parser.Line, names), sample.Value, time, sample.IsCreated));
            }
            kept = rest.ToArray();
            if (at == body.Length)
            {
                parser.End();
                return all;
            }
        }
    }

    private static List<Exposed> Parse(string body, ExpositionFormat format) => Parse(Encoding.UTF8.GetBytes(body), format);

    [Theory]
    [InlineData(ExpositionFormat.Text)]
    [InlineData(ExpositionFormat.OpenMetrics)]
    public void Parse_RandomValidBodiesInPieces_AgreesWithThePlainParser(ExpositionFormat format)
    {
        for (var seed = 0; seed < 1000; seed++)
        {
            var random = new Random(seed);
            var body = Bodies.Random(random, format);
            Parse(Encoding.UTF8.GetBytes(body), format, random.Next(1, 200)).ShouldBe(ReferenceExposition.Parse(body, format), $"seed {seed}:\n{body}");
        }
    }

    [Theory]
    [InlineData(ExpositionFormat.Text)]
    [InlineData(ExpositionFormat.OpenMetrics)]
    public void Parse_MutatedBodies_ThrowNothingButTheDeclaredError(ExpositionFormat format)
    {
        for (var seed = 0; seed < 20_000; seed++)
        {
            var random = new Random(seed);
            var body = Encoding.UTF8.GetBytes(Bodies.Random(random, format));
            for (var i = 0; i < random.Next(1, 4) && body.Length > 0; i++)
            {
                var at = random.Next(body.Length);
                body = random.Next(3) switch
                {
                    0 => [.. body[..at], .. body[(at + 1)..]],
                    1 => [.. body[..at], "\"\\{}# \n,=\0\xff"u8[random.Next(12)], .. body[at..]],
                    _ => [.. body[..at], (byte)random.Next(256), .. body[(at + 1)..]],
                };
            }
            try
            {
                Parse(body, format);
            }
            catch (ExpositionException e)
            {
                e.Line.ShouldBeInRange(1, body.Count(b => b == '\n') + 2);
                e.Reason.ShouldNotBeEmpty();
            }
        }
    }

    [Theory]
    [InlineData("a 1\n<html>\n", 2, "")]
    [InlineData("a 1\nb\n", 2, "without a value")]
    [InlineData("a{x=\"1\" 1\n", 1, "")]
    [InlineData("a{x=\"1\n\"} 1\n", 1, "closing quote")]
    [InlineData("a{x=1} 1\n", 1, "not quoted")]
    [InlineData("a{x=\"\\t\"} 1\n", 1, "escape")]
    [InlineData("a{x=\"1\",x=\"2\"} 1\n", 1, "twice")]
    [InlineData("a{1x=\"1\"} 1\n", 1, "label without a name")]
    [InlineData("1a 1\n", 1, "not a metric name")]
    [InlineData("a one\n", 1, "not a number")]
    [InlineData("a 1 2.5\n", 1, "timestamp")]
    [InlineData("# TYPE a nonsense\n", 1, "unknown type")]
    public void Parse_BadText_SaysLineAndReason(string body, int line, string reason)
    {
        var error = Should.Throw<ExpositionException>(() => Parse(body, ExpositionFormat.Text));
        error.Line.ShouldBe(line);
        error.Reason.ShouldContain(reason);
    }

    [Theory]
    [InlineData("a 1\n", 2, "# EOF")]
    [InlineData("a 1\n# EOF\na 2\n", 3, "after # EOF")]
    [InlineData("a 1\n\n# EOF\n", 2, "empty line")]
    [InlineData("# a comment\n# EOF\n", 1, "comment")]
    public void Parse_BadOpenMetrics_SaysLineAndReason(string body, int line, string reason)
    {
        var error = Should.Throw<ExpositionException>(() => Parse(body, ExpositionFormat.OpenMetrics));
        error.Line.ShouldBe(line);
        error.Reason.ShouldContain(reason);
    }

    [Fact]
    public void Parse_NotUtf8_IsRefused() =>
        Should.Throw<ExpositionException>(() => Parse([.. "a{x=\""u8, 0xff, .. "\"} 1\n"u8], ExpositionFormat.Text)).Reason.ShouldBe("not UTF-8");

    [Fact]
    public void Parse_NameQuotedInBraces_IsTheMetricName() =>
        Parse("{\"http.requests\",\"a.b\"=\"c\"} 1\n", ExpositionFormat.Text).Single().Labels
            .ShouldBe(Labels.Of(("__name__", "http.requests"), ("a.b", "c")));

    [Fact]
    public void Parse_CreatedInTextFormat_IsAnOrdinarySeries() =>
        Parse("# TYPE a counter\na_total 1\na_created 5\n", ExpositionFormat.Text).Select(e => e.Created).ShouldBe([false, false]);

    [Theory]
    [InlineData(ExpositionFormat.Text)]
    [InlineData(ExpositionFormat.OpenMetrics)]
    public void Writer_EveryKindOfFamily_IsReadBack(ExpositionFormat format)
    {
        var output = new ArrayBufferWriter<byte>();
        var writer = new ExpositionWriter(output, format);
        var labels = Labels.Of(("path", "a\\b\n\"c\""), ("code", "200"));
        writer.Family("nines_x", FamilyType.Counter, "Help with \\ and \n.");
        writer.Sample(labels, 5);
        writer.Created(labels, DateTimeOffset.FromUnixTimeMilliseconds(1_700_000_000_123));
        writer.Family("nines_g", FamilyType.Gauge, "g");
        writer.Sample(Labels.Empty, double.NaN);
        writer.Family("nines_h", FamilyType.Histogram, "h");
        writer.Histogram(Labels.Empty, [(1, 2), (2.5, 1), (double.PositiveInfinity, 1)], 9.5);
        writer.End();
        var read = Parse(output.WrittenSpan.ToArray(), format);
        read[0].ShouldBe(new Exposed(labels.With("__name__", "nines_x_total"), 5, null, false));
        read.Count(e => e.Created).ShouldBe(format == ExpositionFormat.OpenMetrics ? 1 : 0);
        read.Where(e => e.Created).ShouldAllBe(e => e.Value == 1_700_000_000.123);
        read.Where(e => e.Labels.Name == "nines_h_bucket").Select(e => (e.Labels["le"], e.Value))
            .ShouldBe(format == ExpositionFormat.Text ? [("1", 2), ("2.5", 3), ("+Inf", 4)] : [("1.0", 2), ("2.5", 3), ("+Inf", 4)]);
        read[^1].Value.ShouldBe(9.5);
    }

    [Theory]
    [InlineData(null, ExpositionFormat.Text)]
    [InlineData("*/*", ExpositionFormat.Text)]
    [InlineData("application/openmetrics-text;version=1.0.0;q=0.5,text/plain;version=0.0.4;q=0.2", ExpositionFormat.OpenMetrics)]
    [InlineData("application/openmetrics-text;q=0.1, text/plain", ExpositionFormat.Text)]
    [InlineData("application/openmetrics-text;q=0", ExpositionFormat.Text)]
    public void Negotiate_Accept_PicksWhatIsAskedFor(string? accept, ExpositionFormat expected) => ExpositionWriter.Negotiate(accept).ShouldBe(expected);
}
