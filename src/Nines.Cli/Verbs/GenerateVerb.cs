using System.CommandLine;
using Nines.Core;
using Nines.Core.Objectives;
using Nines.Core.Objectives.Generate;
using Nines.Core.Workspace;
using Nines.Core.Workspace.Import;
using Nines.Server.Workspace;

namespace Nines.Cli.Verbs;

/// <summary><c>nines generate prometheus|tests PATH…</c>: rules for a Prometheus, and unit tests that prove them.</summary>
internal static class GenerateVerb
{
    public static Command Create() => new("generate", "Write rules for Prometheus, and tests that prove them.") { CreatePrometheus(), CreateTests() };

    private static Argument<string[]> Paths() =>
        new("PATH") { Description = "A workspace's directory, or documents of Sloth, Pyrra or OpenSLO.", Arity = ArgumentArity.OneOrMore };

    private static Command CreatePrometheus()
    {
        var (paths, period, windows) = (Paths(), ForeignFiles.Period(), ForeignFiles.Windows());
        var like = new Option<string?>("--like") { Description = "sloth: the rules that Sloth makes of its own documents, to the letter." };
        like.AcceptOnlyFromAmong("sloth");
        var labels = new Option<string[]>("--extra-labels", "-l") { Description = "Like Sloth: a label name=value on every recorded series; may be repeated." };
        var recordings = new Option<bool>("--disable-recordings") { Description = "Like Sloth: no recording rules." };
        var alerts = new Option<bool>("--disable-alerts") { Description = "Like Sloth: no alerts." };
        var version = new Option<string>("--sloth-version") { Description = "Like Sloth: the value of the label sloth_version.", DefaultValueFactory = _ => "dev" };
        var command = new Command("prometheus", "Recording and burn rules, to standard output.") { paths, like, period, windows, labels, recordings, alerts, version };
        command.SetAction((parse, _) => Output.Guard(parse, () =>
        {
            var problems = new List<Problem>();
            var options = ForeignFiles.Options(parse.GetValue(period)!, parse.GetValue(windows), problems);
            if (parse.GetValue(like) is null)
            {
                if (parse.GetValue(labels) is { Length: > 0 } || parse.GetValue(recordings) || parse.GetValue(alerts))
                {
                    throw new SettingsException("--extra-labels, --disable-recordings and --disable-alerts go with --like sloth");
                }
                return Task.FromResult(Rules(parse, parse.GetRequiredValue(paths), options, problems));
            }
            return Task.FromResult(LikeSloth(parse, parse.GetRequiredValue(paths), options, problems,
                new(options.Windows, ExtraLabels(parse.GetValue(labels) ?? []), !parse.GetValue(recordings), !parse.GetValue(alerts), parse.GetValue(version)!)));
        }));
        return command;
    }

    private static Command CreateTests()
    {
        var (paths, period, windows) = (Paths(), ForeignFiles.Period(), ForeignFiles.Windows());
        var rules = new Option<string>("--rules") { Description = "The file the rules were written to, as seen from the file of tests.", DefaultValueFactory = _ => "rules.yaml" };
        var command = new Command("tests", "Unit tests of the generated rules in promtool's format, to standard output.") { paths, period, windows, rules };
        command.SetAction((parse, _) => Output.Guard(parse, () =>
        {
            var problems = new List<Problem>();
            var objectives = Objectives(parse.GetRequiredValue(paths), ForeignFiles.Options(parse.GetValue(period)!, parse.GetValue(windows), problems), problems);
            if (Failed(parse, problems))
            {
                return Task.FromResult(ExitCode.Problems);
            }
            var (text, without) = BurnRuleTests.Write(objectives, parse.GetValue(rules)!);
            parse.InvocationConfiguration.Output.Write(text);
            Say(parse, without.Concat(BurnRules.Of(objectives).Without), "tests");
            return Task.FromResult(ExitCode.Ok);
        }));
        return command;
    }

    private static int Rules(ParseResult parse, string[] paths, ImportOptions options, List<Problem> problems)
    {
        var objectives = Objectives(paths, options, problems);
        if (Failed(parse, problems))
        {
            return ExitCode.Problems;
        }
        var (groups, without) = BurnRules.Of(objectives);
        parse.InvocationConfiguration.Output.Write("# Written by nines generate prometheus.\n" + RuleFileWriter.Write(groups));
        Say(parse, without, "rules");
        return ExitCode.Ok;
    }

    private static int LikeSloth(ParseResult parse, string[] paths, ImportOptions options, List<Problem> problems, SlothOptions sloth)
    {
        var (documents, wrong) = Importer.ReadSloth(ForeignFiles.Read(paths, problems), options);
        problems.AddRange(wrong);
        if (Failed(parse, problems))
        {
            return ExitCode.Problems;
        }
        foreach (var document in documents)
        {
            var groups = SlothRules.Of(document, sloth);
            parse.InvocationConfiguration.Output.Write("---\n" + (document.Kubernetes is { } metadata
                ? RuleFileWriter.Write(groups, SlothRules.MetadataOf(metadata)) : RuleFileWriter.Write(groups)));
        }
        return ExitCode.Ok;
    }

    /// <summary>The objectives of a workspace, or of documents that could be imported into one.</summary>
    private static IReadOnlyList<Objective> Objectives(string[] paths, ImportOptions options, List<Problem> problems)
    {
        IReadOnlyList<WorkspaceFile> files;
        if (paths is [var directory] && Directory.Exists(directory))
        {
            (files, var unreadable) = new WorkspaceDirectory().Read(directory);
            problems.AddRange(unreadable);
        }
        else
        {
            var sources = ForeignFiles.Read(paths, problems);
            var result = Importer.Import(sources, [], options);
            problems.AddRange(result.Problems);
            files = result.Files;
        }
        if (problems.Exists(p => p.Severity == ProblemSeverity.Error))
        {
            return [];
        }
        var reading = WorkspaceReader.Read(files);
        problems.AddRange(reading.Problems.Where(p => p.Severity == ProblemSeverity.Error));
        return reading.Model?.Objectives ?? [];
    }

    private static bool Failed(ParseResult parse, List<Problem> problems)
    {
        problems.ForEach(parse.InvocationConfiguration.Error.WriteLine);
        return problems.Exists(p => p.Severity == ProblemSeverity.Error);
    }

    private static void Say(ParseResult parse, IEnumerable<NotGenerated> without, string what)
    {
        foreach (var (key, reason) in without)
        {
            parse.InvocationConfiguration.Error.WriteLine($"{key}: no {what}: {reason}");
        }
    }

    private static SortedDictionary<string, string> ExtraLabels(string[] pairs)
    {
        var labels = new SortedDictionary<string, string>(StringComparer.Ordinal);
        foreach (var pair in pairs)
        {
            var at = pair.IndexOf('=', StringComparison.Ordinal);
            labels[at > 0 ? pair[..at] : throw new SettingsException($"--extra-labels {pair}: write name=value")] = pair[(at + 1)..];
        }
        return labels;
    }
}
