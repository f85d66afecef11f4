using System.CommandLine;
using System.Globalization;
using Nines.Core;
using Nines.Core.Probes;
using Nines.Core.Workspace;
using Nines.Server.Probes;
using Nines.Server.Workspace;

namespace Nines.Cli.Verbs;

/// <summary><c>nines probe FILE|DIR</c>: runs probes once, from here, and prints what came of each condition. Nobody is told and nothing is stored.</summary>
internal static class ProbeVerb
{
    public static Command Create()
    {
        var path = new Argument<string>("PATH") { Description = "A workspace's directory, or a file of it whose probes are run." };
        var name = new Option<string?>("--name") { Description = "Run only the probe with this name." };
        var format = Output.Format();
        var command = new Command("probe", "Run the probes of a workspace once, here, and print what came of each condition; exit code 1 when one fails.") { path, name, format };
        command.SetAction((parse, stop) => Output.Guard(parse, async () =>
        {
            var given = Path.GetFullPath(parse.GetRequiredValue(path));
            var root = File.Exists(given) ? Path.GetDirectoryName(given)! : given;
            if (!Directory.Exists(root))
            {
                return Output.Fail(parse, ExitCode.Unavailable, $"{parse.GetRequiredValue(path)} is neither a file nor a directory");
            }
            var (files, unreadable) = new WorkspaceDirectory().Read(root);
            var reading = WorkspaceReader.Read(files);
            var errors = unreadable.Concat(reading.Problems).Where(p => p.Severity == ProblemSeverity.Error).ToList();
            if (reading.Model is not { } model || errors.Count > 0)
            {
                errors.ForEach(e => parse.InvocationConfiguration.Error.WriteLine(e));
                return ExitCode.Problems;
            }
            var probes = model.Probes.Where(p => root == given || p.Position.File == Path.GetFileName(given)).ToList();
            if (parse.GetValue(name) is { } wanted && (probes = [.. probes.Where(p => p.Name == wanted)]).Count == 0)
            {
                return Output.Fail(parse, ExitCode.Unavailable, $"there is no probe {wanted}; there are: {string.Join(", ", model.Probes.Select(p => p.Name))}");
            }
            if (probes.Count == 0)
            {
                return Output.Fail(parse, ExitCode.Unavailable, $"{parse.GetRequiredValue(path)} has no probes");
            }
            return await RunAsync(parse, probes, root, parse.GetValue(format) == "json", stop);
        }));
        return command;
    }

    private static async Task<int> RunAsync(ParseResult parse, List<Probe> probes, string root, bool json, CancellationToken stop)
    {
        var (time, output) = (TimeProvider.System, parse.InvocationConfiguration.Output);
        using var runner = new ProbeRunner(time, root);
        var results = new List<ProbeResult>();
        foreach (var probe in probes)
        {
            // Null is a machine that slept or had its clock set meanwhile.
            if (await runner.RunAsync(probe, time.GetUtcNow().ToUnixTimeMilliseconds(), stop) is { } run)
            {
                results.Add(ProbeResult.Of(probe, run));
                if (!json)
                {
                    Print(output, probe, run);
                }
            }
        }
        if (json)
        {
            Output.Json(output, new ProbeResults(results.TrueForAll(r => r.Success), results), CliJson.Readable.ProbeResults);
        }
        return results.Count == probes.Count && results.TrueForAll(r => r.Success) ? ExitCode.Ok : ExitCode.Problems;
    }

    private static void Print(TextWriter output, Probe probe, ProbeRun run)
    {
        output.WriteLine(string.Create(CultureInfo.InvariantCulture,
            $"{probe.Name}: {(run.Success ? "succeeds" : "fails")} in {run.Seen.DurationMs:0} ms ({probe.Kind} {probe.Check.Target}{(run.Seen.Ip.Length > 0 ? $", at {run.Seen.Ip}" : "")})"));
        if (run.Seen.Failure is { } failure)
        {
            output.WriteLine($"  {failure}");
        }
        foreach (var condition in run.Conditions)
        {
            output.WriteLine($"  {(condition.Holds ? "yes" : "NO ")}  {condition.Shown}");
        }
        foreach (var part in run.Components)
        {
            output.WriteLine($"  {(part.Up ? "up " : "DOWN")}  {part.Name}: {part.Status}{(part.Note.Length > 0 ? $", {part.Note}" : "")}");
        }
        if (run.Seen.CertificateLeftMs is { } left)
        {
            output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"  the certificate {(left > 0 ? $"ends in {left / 86_400_000:0.#} days" : $"ended {-left / 86_400_000:0.#} days ago")}"));
        }
    }
}

/// <summary>What <c>nines probe --format json</c> answers.</summary>
/// <param name="Ok">Whether every run succeeded.</param>
/// <param name="Probes">What came of each.</param>
public sealed record ProbeResults(bool Ok, IReadOnlyList<ProbeResult> Probes);

/// <summary>What came of one probe.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Kind">What it does.</param>
/// <param name="Target">What it looks at.</param>
/// <param name="Success">Whether the run succeeded.</param>
/// <param name="Reason">Why it failed; empty after a success.</param>
/// <param name="DurationSeconds">How long it took.</param>
/// <param name="Ip">The address that was connected to; empty without a connection.</param>
/// <param name="CertificateSecondsLeft">How long the other side's certificate holds; null without TLS.</param>
/// <param name="Conditions">What came of each condition.</param>
/// <param name="Components">The parts that the target's own health body names.</param>
public sealed record ProbeResult(string Name, string Kind, string Target, bool Success, string Reason, double DurationSeconds, string Ip, double? CertificateSecondsLeft,
    IReadOnlyList<ConditionResult> Conditions, IReadOnlyList<ProbeComponent> Components)
{
    /// <summary>The result of a run.</summary>
    public static ProbeResult Of(Probe probe, ProbeRun run) => new(probe.Name, probe.Kind, probe.Check.Target, run.Success, run.Reason, run.Seen.DurationMs / 1000,
        run.Seen.Ip, run.Seen.CertificateLeftMs / 1000, run.Conditions, run.Components);
}
