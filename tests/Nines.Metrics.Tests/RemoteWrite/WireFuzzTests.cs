using System.Text;
using Nines.Metrics.RemoteWrite;

namespace Nines.Metrics.Tests.RemoteWrite;

/// <summary>Snappy and protobuf under fuzz, each beside a slow reader that is written for plainness.</summary>
public class WireFuzzTests
{
    private const int Limit = 1 << 20;

    [Fact]
    public void Snappy_AnyBytes_DecodesAsThePlainReaderDoesOrRefusesWithIt()
    {
        foreach (var seed in Fuzz.Seeds(20_000))
        {
            var random = new Random(seed);
            var block = Case(random, seed, b => b.Block);
            var expected = PlainSnappy(block);
            byte[]? actual = null;
            try
            {
                actual = Snappy.DecodedLength(block) <= Limit ? WireTests.Decoded(block) : null;
            }
            catch (WireException)
            {
                // Refused.
            }
            (actual is null).ShouldBe(expected is null, $"seed {seed}: {Convert.ToHexString(block)}");
            if (actual is not null)
            {
                actual.AsSpan().SequenceEqual(expected).ShouldBeTrue($"seed {seed}: {Convert.ToHexString(block)}");
            }
        }
    }

    [Fact]
    public void Protobuf_AnyBytes_ReadsAsThePlainReaderDoesOrRefusesWithIt()
    {
        foreach (var seed in Fuzz.Seeds(20_000))
        {
            var random = new Random(seed);
            var message = Case(random, seed, b => b.Message);
            var expected = PlainRequest(message);
            string? actual = null;
            try
            {
                actual = Text(WireTests.Read(message));
            }
            catch (WireException)
            {
                // Refused.
            }
            actual.ShouldBe(expected, $"seed {seed}: {Convert.ToHexString(message)}");
        }
    }

    private static byte[] Case(Random random, int seed, Func<RemoteBody, byte[]> of) =>
        seed % 10 == 0 ? of(Body(random)) : Fuzz.Mutate(of(Body(random)), of(Body(random)), random);

    private static RemoteBody Body(Random random)
    {
        var body = new RemoteBody();
        for (var i = random.Next(3); i >= 0; i--)
        {
            var labels = Enumerable.Range(0, random.Next(4)).Select(n => ($"l{n}", new string((char)random.Next('a', 'e'), random.Next(20))));
            body.Series([("__name__", "m"), .. labels], [.. Enumerable.Range(0, random.Next(4)).Select(t => ((long)t * random.Next(), random.NextDouble()))]);
        }
        return random.Next(3) == 0 ? body.Metadata("m", 1, "h", "u") : body;
    }

    // One list of bytes, one byte at a time.
    private static byte[]? PlainSnappy(byte[] block)
    {
        var at = 0;
        long Little(int count)
        {
            var value = 0L;
            for (var i = 0; i < count; i++)
            {
                value |= at < block.Length ? (long)block[at++] << (8 * i) : throw new EndOfStreamException();
            }
            return value;
        }
        try
        {
            var (size, shift) = (0L, 0);
            for (var b = 0x80L; b >= 0x80; shift += 7)
            {
                b = shift > 28 ? throw new EndOfStreamException() : Little(1);
                size |= (b & 0x7f) << shift;
            }
            var output = new List<byte>();
            while (size <= Limit && at < block.Length && output.Count <= size)
            {
                var tag = (int)Little(1);
                var length = (tag & 3) switch { 0 => tag >> 2 < 60 ? (tag >> 2) + 1 : Little((tag >> 2) - 59) + 1, 1 => 4 + (tag >> 2 & 7), _ => (tag >> 2) + 1 };
                var offset = (tag & 3) switch { 0 => 0, 1 => (tag >> 5 << 8) + Little(1), 2 => Little(2), _ => Little(4) };
                for (var i = 0L; i < length; i++)
                {
                    if (output.Count > size || ((tag & 3) != 0 && (offset == 0 || offset > output.Count)))
                    {
                        return null;
                    }
                    output.Add((tag & 3) == 0 ? (byte)Little(1) : output[output.Count - (int)offset]);
                }
            }
            return size <= Limit && output.Count == size ? [.. output] : null;
        }
        catch (EndOfStreamException)
        {
            return null;
        }
    }

    // Every field of a message into a list, by recursion; then what is wanted is picked out.
    private static string? PlainRequest(byte[] message)
    {
        try
        {
            var all = new List<(string, List<Sample>, int)>();
            foreach (var (_, series) in Fields(message).Where(f => f.Number == 1))
            {
                var fields = Fields(Bytes(series));
                var samples = fields.Where(f => f.Number == 2).Select(f => Fields(Bytes(f.Value))).Select(s => new Sample(
                    (long)All(s, 2, Number).LastOrDefault(),
                    All(s, 1, v => v as double? ?? throw new FormatException()).LastOrDefault())).ToList();
                var labels = fields.Where(f => f.Number == 1).Select(f => Bytes(f.Value)).ToList().Select(Fields)
                    .Select(l => (Name: Text(l, 1), Value: Text(l, 2)));
                all.Add((Labels(labels), samples, fields.Count(f => f.Number == 4)));
            }
            return Text(all);
        }
        catch (FormatException)
        {
            return null;
        }
    }

    // One by one: behind the first bad label nothing is looked at.
    private static string Labels(IEnumerable<(byte[] Name, byte[] Value)> labels)
    {
        var texts = new List<(string Name, string Value)>();
        foreach (var (name, value) in labels)
        {
            if (name.Length == 0)
            {
                return "a label without a name";
            }
            if (!System.Text.Unicode.Utf8.IsValid(name) || !System.Text.Unicode.Utf8.IsValid(value))
            {
                return "a label that is not UTF-8";
            }
            if (texts.Count == 64)
            {
                return "more than 64 labels";
            }
            texts.Add((Encoding.UTF8.GetString(name), Encoding.UTF8.GetString(value)));
        }
        for (var i = 1; i < texts.Count; i++)
        {
            var order = string.CompareOrdinal(texts[i - 1].Name, texts[i].Name);
            if (order >= 0)
            {
                return order == 0 ? $"label {texts[i].Name} occurs twice" : $"labels out of order: {texts[i].Name} after {texts[i - 1].Name}";
            }
        }
        return texts.Any(t => t is { Name: "__name__", Value.Length: > 0 }) ? Metrics.Labels.Of(texts).ToString() : "no metric name";
    }

    private static byte[] Text(List<(int Number, object Value)> fields, int number) => All(fields, number, Bytes).LastOrDefault([]);

    // The last of a field counts, but each must be of the right kind.
    private static List<T> All<T>(List<(int Number, object Value)> fields, int number, Func<object, T> read) =>
        [.. fields.Where(f => f.Number == number).Select(f => read(f.Value))];

    private static byte[] Bytes(object value) => value as byte[] ?? throw new FormatException();

    private static ulong Number(object value) => value is ulong number ? number : throw new FormatException();

    private static List<(int Number, object Value)> Fields(byte[] message)
    {
        var fields = new List<(int, object)>();
        var rest = new Queue<byte>(message);
        byte Next() => rest.TryDequeue(out var b) ? b : throw new FormatException();
        ulong Varint()
        {
            var value = default(UInt128);
            for (var shift = 0; ; shift += 7)
            {
                var b = Next();
                value |= (UInt128)(b & 0x7fu) << shift;
                if (shift == 63 && b > 1)
                {
                    throw new FormatException();
                }
                if (b < 0x80)
                {
                    return (ulong)value;
                }
            }
        }
        byte[] Take(ulong count) => count <= (ulong)rest.Count ? [.. Enumerable.Range(0, (int)count).Select(_ => Next())] : throw new FormatException();
        while (rest.Count > 0)
        {
            var tag = Varint();
            var number = tag >> 3 is > 0 and <= 0x1fffffff ? (int)(tag >> 3) : throw new FormatException();
            fields.Add((number, (tag & 7) switch
            {
                0 => Varint(),
                1 => BitConverter.ToDouble(Take(8)),
                2 => Take(Varint()),
                5 => BitConverter.ToUInt32(Take(4)),
                _ => throw new FormatException(),
            }));
        }
        return fields;
    }

    private static string Text(List<(string Labels, List<Sample> Samples, int Histograms)> all) =>
        string.Join('\n', all.Select(s => $"{s.Labels} [{string.Join(' ', s.Samples.Select(v => $"{v.TimeMs}:{BitConverter.DoubleToUInt64Bits(v.Value):x}"))}] {s.Histograms}"));
}
