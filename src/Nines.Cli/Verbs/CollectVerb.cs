using System.Buffers;
using System.CommandLine;
using System.Text;
using Nines.Core;
using Nines.Core.Probes.Collectors;
using Nines.Core.Workspace;
using Nines.Metrics;
using Nines.Metrics.Exposition;
using Nines.Server.Probes.Collectors;
using Nines.Server.Workspace;

namespace Nines.Cli.Verbs;

/// <summary><c>nines collect FILE|DIR</c>: runs the collectors of a workspace once and prints what they read.</summary>
internal static class CollectVerb
{
    public static Command Create()
    {
        var path = new Argument<string>("PATH") { Description = "A workspace's directory, or one of its files." };
        var name = new Option<string?>("--name") { Description = "Only the collector of this name." };
        var format = Output.Format();
        var command = new Command("collect", "Run collectors once and print their samples as text exposition; exit code 1 when one fails. Nothing is stored.") { path, name, format };
        command.SetAction((parse, stop) => Output.Guard(parse, async () =>
        {
            var root = parse.GetRequiredValue(path);
            var files = Directory.Exists(root) ? new WorkspaceDirectory().Read(root).Files : RulesVerbs.Read(root) is { } one ? [one] : [];
            if (files.Count == 0)
            {
                return Output.Fail(parse, ExitCode.Unavailable, $"{root} cannot be read, or holds no file");
            }
            var reading = WorkspaceReader.Read(files);
            if (reading.Model is not { } model)
            {
                reading.Problems.Where(p => p.Severity == ProblemSeverity.Error).ToList().ForEach(parse.InvocationConfiguration.Error.WriteLine);
                return ExitCode.Problems;
            }
            var chosen = model.Collectors.Where(c => parse.GetValue(name) is not { } wanted || c.Name == wanted).ToList();
            if (chosen.Count == 0)
            {
                return Output.Fail(parse, ExitCode.Problems, $"there is no collector{(parse.GetValue(name) is { } wanted ? $" {wanted}" : "")} in {root}");
            }
            var directory = Directory.Exists(root) ? root : Path.GetDirectoryName(Path.GetFullPath(root))!;
            var results = new List<CollectResult>();
            var families = new Dictionary<string, (CollectedFamily Family, List<(Labels, double)> Samples)>(StringComparer.Ordinal);
            foreach (var collector in chosen)
            {
                results.Add(await RunAsync(collector, directory, families, stop));
            }
            Print(parse, results, families.Values, parse.GetValue(format) == "json");
            return results.TrueForAll(r => r.Error is null) ? ExitCode.Ok : ExitCode.Problems;
        }));
        return command;
    }

    private static async Task<CollectResult> RunAsync(
        Collector collector, string directory, Dictionary<string, (CollectedFamily Family, List<(Labels, double)> Samples)> families, CancellationToken stop)
    {
        var attempt = await CollectorAttempt.OnceAsync(collector, directory, TimeProvider.System, stop);
        var series = attempt.Set.Series(collector, out var refused);
        var known = attempt.Set.Families.ToDictionary(f => f.Name, StringComparer.Ordinal);
        foreach (var (labels, value) in series)
        {
            families.TryAdd(labels.Name, (known[labels.Name], []));
            families[labels.Name].Samples.Add((labels.Without(Labels.MetricName), value));
        }
        return new(collector.Name, attempt.Seconds, attempt.Error ?? refused, [.. series.Where(s => double.IsFinite(s.Value)).Select(s => new CollectSample(s.Labels.Name,
            s.Labels.Without(Labels.MetricName).Pairs.ToArray().ToDictionary(l => l.Key, l => l.Value, StringComparer.Ordinal), s.Value))]);
    }

    private static void Print(ParseResult parse, List<CollectResult> results, IEnumerable<(CollectedFamily Family, List<(Labels, double)> Samples)> families, bool json)
    {
        var output = parse.InvocationConfiguration.Output;
        if (json)
        {
            Output.Json(output, new CollectResults(results.TrueForAll(r => r.Error is null), results), CliJson.Readable.CollectResults);
        }
        else
        {
            var text = new ArrayBufferWriter<byte>();
            var writer = new ExpositionWriter(text, ExpositionFormat.Text);
            foreach (var (family, samples) in families)
            {
                // The writer puts the suffix of counters there itself; one without the suffix is written as it is called.
                var counts = family.IsCounter && family.Name.EndsWith("_total", StringComparison.Ordinal);
                writer.Family(counts ? family.Name[..^"_total".Length] : family.Name, counts ? FamilyType.Counter : FamilyType.Gauge, family.Help);
                samples.ForEach(s => writer.Sample(s.Item1, s.Item2));
            }
            output.Write(Encoding.UTF8.GetString(text.WrittenSpan));
        }
        results.Where(r => r.Error is not null).ToList().ForEach(r => parse.InvocationConfiguration.Error.WriteLine($"nines: {r.Collector}: {r.Error}"));
    }
}

/// <summary>What <c>nines collect --format json</c> answers.</summary>
/// <param name="Ok">Whether no collector failed.</param>
/// <param name="Collectors">The collectors.</param>
public sealed record CollectResults(bool Ok, IReadOnlyList<CollectResult> Collectors);

/// <summary>What one collector read.</summary>
public sealed record CollectResult(string Collector, double Seconds, string? Error, IReadOnlyList<CollectSample> Samples);

/// <summary>A sample.</summary>
public sealed record CollectSample(string Metric, IReadOnlyDictionary<string, string> Labels, double Value);
