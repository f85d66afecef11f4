using System.Text;
using Nines.Metrics.Exposition;

namespace Nines.Metrics.Tests.Exposition;

/// <summary>Both text formats under fuzz: a body is read or refused, and the same whether it comes whole or in pieces.</summary>
public class ExpositionFuzzTests
{
    [Theory]
    [InlineData(ExpositionFormat.Text)]
    [InlineData(ExpositionFormat.OpenMetrics)]
    public void Body_AnyBytes_IsReadOrRefusedTheSameInPieces(ExpositionFormat format)
    {
        foreach (var seed in Fuzz.Seeds(10_000))
        {
            var random = new Random(seed);
            byte[] Body() => Encoding.UTF8.GetBytes(Bodies.Random(random, format));
            var body = Fuzz.Mutate(Body(), Body(), random);
            var whole = Read(body, format, int.MaxValue);
            Read(body, format, random.Next(1, 40)).ShouldBe(whole, $"seed {seed}: {Encoding.UTF8.GetString(body)}");
        }
    }

    // What came before the refusal counts too: a reader must not see other samples for other pieces.
    private static string Read(byte[] body, ExpositionFormat format, int piece)
    {
        var (text, parser, names, kept) = (new StringBuilder(), new ExpositionParser(format), new Utf8Names(), Array.Empty<byte>());
        try
        {
            for (var at = 0; ;)
            {
                var size = Math.Min(piece, body.Length - at);
                kept = [.. kept, .. body.AsSpan(at, size)];
                at += size;
                ReadOnlySpan<byte> rest = kept;
                while (parser.TryRead(ref rest, at == body.Length, out var sample))
                {
                    text.Append(SeriesText.Parse(sample.Series, parser.Line, names)).Append(' ').Append(sample.Value).Append(' ').Append(sample.TimestampMs).Append('\n');
                }
                kept = rest.ToArray();
                if (at == body.Length)
                {
                    parser.End();
                    return text.ToString();
                }
            }
        }
        catch (ExpositionException e)
        {
            return text + e.Message;
        }
    }
}
