using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using Nines.Metrics;
using Nines.PromQL;
using Nines.Tsdb;

namespace Nines.Cli.Verbs;

/// <summary><c>nines tsdb verify|stats|dump</c>: looks at the metrics store's files; the server may be running.</summary>
internal static class TsdbVerb
{
    private const int Shown = 10;

    public static Command Create() => new("tsdb", "The metrics store's files; the server may be running.") { Verify(), Stats(), Dump() };

    private static Command Verify() => Verb("verify", "Read every byte of blocks and log, and name what is not as it was written.", [], (parse, directory, json) =>
    {
        var found = TsdbInspection.Verify(directory);
        var output = parse.InvocationConfiguration.Output;
        if (json)
        {
            Output.Json(output, found, CliJson.Readable.TsdbVerification);
        }
        else
        {
            foreach (var problem in found.Problems)
            {
                output.WriteLine(problem);
            }
            output.WriteLine($"{found.Blocks} blocks with {found.Chunks} chunks and {found.BlockSamples} samples, {found.Segments} log segments with {found.LogSamples} samples: "
                + (found.Problems.Count == 0 ? "all as it was written" : $"{found.Problems.Count} problems"));
        }
        return found.Problems.Count == 0 ? ExitCode.Ok : ExitCode.Problems;
    });

    private static Command Stats() => Verb("stats", "List the blocks, the log, and what the newest series are made of.", [], (parse, directory, json) =>
    {
        var found = TsdbInspection.Inventory(directory, Shown);
        var output = parse.InvocationConfiguration.Output;
        if (json)
        {
            Output.Json(output, found, CliJson.Readable.TsdbInventory);
            return ExitCode.Ok;
        }
        output.WriteLine("block                  from                  to                       series     samples       bytes  bytes/sample");
        foreach (var block in found.Blocks)
        {
            output.WriteLine(string.Create(CultureInfo.InvariantCulture,
                $"{block.Path,-22} {Time(block.MinMs)}  {Time(block.MaxMs)} {block.Series,11} {block.Samples,11} {block.Bytes,11} {(double)block.Bytes / Math.Max(1, block.Samples),13:F2}"));
        }
        var (bytes, samples) = (found.Blocks.Sum(b => b.Bytes), found.Blocks.Sum(b => b.Samples));
        output.WriteLine(string.Create(CultureInfo.InvariantCulture,
            $"{found.Blocks.Count} blocks, {samples} samples, {bytes} bytes, {(double)bytes / Math.Max(1, samples):F2} a sample; log: {found.LogSegments} segments, {found.LogBytes} bytes"));
        output.WriteLine($"not yet in a block: {found.Head.Series} series, {found.Head.Chunks} chunks");
        foreach (var (title, counts) in ((string, IReadOnlyList<TsdbCount>)[])
            [("series by metric", found.Head.SeriesByMetricName), ("values by label", found.Head.ValuesByLabelName), ("series by pair", found.Head.SeriesByLabelPair)])
        {
            output.WriteLine($"{title}: {string.Join(", ", counts.Select(c => $"{c.Name} {c.Value}"))}");
        }
        return ExitCode.Ok;
    });

    private static Command Dump()
    {
        var selector = new Argument<string>("SELECTOR") { Description = "Which series, such as up{job=\"api\"}.", DefaultValueFactory = _ => "{__name__=~\".+\"}" };
        var from = new Option<DateTimeOffset?>("--from") { Description = "The first time, such as 2026-01-31T12:00:00Z. Default: the oldest." };
        var to = new Option<DateTimeOffset?>("--to") { Description = "The last time. Default: the newest." };
        return Verb("dump", "Write samples out: series, value, time in ms.", [selector, from, to], (parse, directory, json) =>
        {
            var parsed = PromParser.Parse(parse.GetRequiredValue(selector));
            if (parsed.Expr is not VectorSelector { Offset: null, At: null } wanted)
            {
                var why = parsed.Problems.Count > 0 ? parsed.Problems[0].In(parse.GetRequiredValue(selector)) : "write a metric's name, or matchers in braces";
                return Output.Fail(parse, ExitCode.Usage, $"SELECTOR: {parse.GetRequiredValue(selector)} selects no series: {why}");
            }
            if (!Directory.Exists(directory))
            {
                throw new DirectoryNotFoundException($"{directory} is no metrics store: there is no such directory");
            }
            using var store = TsdbStore.OpenReadOnly(directory);
            var (fromMs, toMs) = (parse.GetValue(from)?.ToUnixTimeMilliseconds() ?? long.MinValue, parse.GetValue(to)?.ToUnixTimeMilliseconds() ?? long.MaxValue);
            var series = store.Select(wanted.Matchers, fromMs, toMs).OrderBy(s => s.Labels.ToString(), StringComparer.Ordinal);
            if (json)
            {
                WriteJson(parse.InvocationConfiguration.Output, series, fromMs, toMs);
            }
            else
            {
                WriteText(parse.InvocationConfiguration.Output, series, fromMs, toMs);
            }
            return ExitCode.Ok;
        });
    }

    private static void WriteText(TextWriter output, IEnumerable<ISelectedSeries> series, long fromMs, long toMs)
    {
        var columns = new SampleColumns();
        foreach (var one in series)
        {
            columns.Clear();
            one.Read(fromMs, toMs, columns);
            var name = one.Labels.ToString();
            for (var i = 0; i < columns.Count; i++)
            {
                output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{name} {Value(columns.Values[i])} {columns.Times[i]}"));
            }
        }
    }

    private static void WriteJson(TextWriter output, IEnumerable<ISelectedSeries> series, long fromMs, long toMs)
    {
        var columns = new SampleColumns();
        var separator = "[";
        foreach (var one in series)
        {
            columns.Clear();
            one.Read(fromMs, toMs, columns);
            using var bytes = new MemoryStream();
            using (var writer = new Utf8JsonWriter(bytes))
            {
                writer.WriteStartObject();
                writer.WriteStartObject("metric");
                foreach (var (name, value) in one.Labels.Pairs)
                {
                    writer.WriteString(name, value);
                }
                writer.WriteEndObject();
                writer.WriteStartArray("samples");
                for (var i = 0; i < columns.Count; i++)
                {
                    writer.WriteStartArray();
                    writer.WriteNumberValue(columns.Times[i]);
                    writer.WriteStringValue(Value(columns.Values[i]));
                    writer.WriteEndArray();
                }
                writer.WriteEndArray();
                writer.WriteEndObject();
            }
            output.WriteLine(separator);
            output.Write(System.Text.Encoding.UTF8.GetString(bytes.ToArray()));
            separator = ",";
        }
        output.WriteLine(separator == "[" ? "[]" : "\n]");
    }

    private static string Value(double value) => StaleMarker.Is(value) ? "stale"
        : double.IsPositiveInfinity(value) ? "+Inf" : double.IsNegativeInfinity(value) ? "-Inf" : value.ToString("R", CultureInfo.InvariantCulture);

    private static string Time(long ms) => $"{DateTimeOffset.FromUnixTimeMilliseconds(ms):yyyy-MM-ddTHH:mm:ssZ}";

    private static Command Verb(string name, string description, Symbol[] own, Func<ParseResult, string, bool, int> run)
    {
        var settings = new Settings();
        var format = Output.Format();
        var command = new Command(name, description) { format };
        foreach (var symbol in own)
        {
            if (symbol is Argument argument)
            {
                command.Arguments.Add(argument);
            }
            else
            {
                command.Options.Add((Option)symbol);
            }
        }
        foreach (var option in settings.Options)
        {
            command.Options.Add(option);
        }
        command.SetAction((parse, _) => Output.Guard(parse, () =>
        {
            var options = Settings.ToOptions(settings.Read(parse, Environment.GetEnvironmentVariable));
            return Task.FromResult(run(parse, Path.Combine(options.DataDirectory, "tsdb"), parse.GetValue(format) == "json"));
        }));
        return command;
    }
}
