using System.Globalization;
using System.Text;
using Nines.Metrics.Exposition;

namespace Nines.Metrics.Tests.Exposition;

internal sealed record Exposed(Labels Labels, double Value, long? TimestampMs, bool Created);

/// <summary>The plainest parser: characters and strings, for valid bodies.</summary>
internal static class ReferenceExposition
{
    public static List<Exposed> Parse(string body, ExpositionFormat format)
    {
        var (all, starting) = (new List<Exposed>(), "");
        foreach (var line in body.Split('\n').Where(l => l.Trim().Length > 0))
        {
            if (line[0] == '#')
            {
                var words = line.Split(' ');
                if (words[1] == "TYPE")
                {
                    starting = words[3] is "counter" or "histogram" or "summary" && format == ExpositionFormat.OpenMetrics ? words[2] : "";
                }
                continue;
            }
            var at = 0;
            while (line[at] is not ('{' or ' '))
            {
                at++;
            }
            var pairs = new List<(string, string)> { ("__name__", line[..at]) };
            if (line[at] == '{')
            {
                at++;
                while (line[at] != '}')
                {
                    var equals = line.IndexOf('=', at);
                    var (name, value) = (line[at..equals], new StringBuilder());
                    for (at = equals + 2; line[at] != '"'; at++)
                    {
                        value.Append(line[at] != '\\' ? line[at] : line[++at] == 'n' ? '\n' : line[at]);
                    }
                    pairs.Add((name, value.ToString()));
                    at += line[at + 1] == ',' ? 2 : 1;
                }
                at++;
            }
            var rest = line[at..].Split('#')[0].Split(' ', StringSplitOptions.RemoveEmptyEntries);
            long? time = rest.Length < 2 ? null
                : format == ExpositionFormat.Text ? long.Parse(rest[1], CultureInfo.InvariantCulture)
                : (long)Math.Round(double.Parse(rest[1], CultureInfo.InvariantCulture) * 1000);
            all.Add(new Exposed(Labels.Of(pairs), Number(rest[0]), time, starting.Length > 0 && pairs[0].Item2 == starting + "_created"));
        }
        return all;
    }

    private static double Number(string text) => text switch
    {
        "+Inf" => double.PositiveInfinity,
        "-Inf" => double.NegativeInfinity,
        _ => double.Parse(text, CultureInfo.InvariantCulture),
    };
}

internal static class Bodies
{
    private static readonly string[] Numbers = ["0", "1", "-1", "1.5", "1e9", "+Inf", "-Inf", "NaN", "123456789012345678", "0.1", "1.7976931348623157e308", "9007199254740993"];
    private static readonly string[] Texts = ["", "a", "GET", "a b", "}", "{", ",", "\\\\", "\\\"", "\\n", "é", "日本", "#", "x=\\\"y\\\"", "😀"];
    private static readonly string[] Types = ["counter", "gauge", "histogram", "summary"];

    public static string Random(Random random, ExpositionFormat format)
    {
        var body = new StringBuilder();
        for (var family = 0; family < random.Next(0, 6); family++)
        {
            var type = Types[random.Next(Types.Length)];
            body.Append($"# HELP f{family} some help\n# TYPE f{family} {type}\n");
            if (format == ExpositionFormat.Text && random.Next(3) == 0)
            {
                body.Append("# just a comment\n\n");
            }
            for (var i = 0; i < random.Next(0, 5); i++)
            {
                string[] suffixes = type switch { "counter" => ["_total", "_created"], "gauge" => [""], _ => ["_bucket", "_count", "_sum", "_created"] };
                body.Append($"f{family}{suffixes[random.Next(suffixes.Length)]}");
                var labels = random.Next(0, 4);
                if (labels > 0)
                {
                    body.Append('{').AppendJoin(',', Enumerable.Range(0, labels).Select(l => $"l{l}=\"{Texts[random.Next(Texts.Length)]}\"")).Append('}');
                }
                body.Append(' ').Append(Numbers[random.Next(Numbers.Length)]);
                if (random.Next(3) == 0)
                {
                    body.Append(format == ExpositionFormat.Text ? $" {random.NextInt64(-1000, 2_000_000_000_000)}" : $" {random.Next()}.{random.Next(1000):D3}");
                }
                if (format == ExpositionFormat.OpenMetrics && random.Next(3) == 0)
                {
                    body.Append(" # {trace_id=\"a b}\"} 0.5 1700000000.1");
                }
                body.Append('\n');
            }
        }
        return format == ExpositionFormat.OpenMetrics ? body.Append("# EOF\n").ToString() : body.ToString();
    }
}
