using System.CommandLine;
using Nines.Core;
using Nines.Core.Alerting;
using Nines.Core.Workspace;
using Nines.PromQL;
using Nines.Server.Workspace;

namespace Nines.Cli.Verbs;

/// <summary><c>nines check rules FILES…</c> and <c>nines test rules FILES…</c>: what promtool does, with positions.</summary>
internal static class RulesVerbs
{
    public static Command CreateCheck()
    {
        var files = new Argument<string[]>("FILES") { Description = "Rule files.", Arity = ArgumentArity.OneOrMore };
        var format = Output.Format();
        var command = new Command("rules", "Check Prometheus rule files: every problem with its position, exit code 1 when one is an error.") { files, format };
        command.SetAction(parse =>
        {
            var output = parse.InvocationConfiguration.Output;
            var (problems, rules, groups) = (new List<Problem>(), 0, 0);
            var json = parse.GetValue(format) == "json";
            foreach (var path in parse.GetRequiredValue(files))
            {
                if (Read(path) is not { } file)
                {
                    problems.Add(Unreadable(path, 1, 1));
                    continue;
                }
                var reading = RuleFileReader.Read(file);
                problems.AddRange(reading.Problems);
                groups += reading.Groups.Count;
                rules += reading.Groups.Sum(g => g.Rules.Count);
                if (!json && reading.Problems.All(p => p.Severity != ProblemSeverity.Error))
                {
                    output.WriteLine($"{path}: {reading.Groups.Sum(g => g.Rules.Count)} rules found");
                }
            }
            var ok = problems.All(p => p.Severity != ProblemSeverity.Error);
            if (json)
            {
                Output.Json(output, new RuleCheckResult(ok, groups, rules, [.. problems.Select(ProblemItem.Of)]), CliJson.Readable.RuleCheckResult);
            }
            else
            {
                problems.ForEach(output.WriteLine);
            }
            return ok ? ExitCode.Ok : ExitCode.Problems;
        });
        return command;
    }

    public static Command CreateTest()
    {
        var files = new Argument<string[]>("FILES") { Description = "Files of unit tests, in promtool's format.", Arity = ArgumentArity.OneOrMore };
        var format = Output.Format();
        var rules = new Command("rules", "Run unit tests of rules, exit code 1 when one fails.") { files, format };
        rules.SetAction(parse =>
        {
            var output = parse.InvocationConfiguration.Output;
            var json = parse.GetValue(format) == "json";
            var (problems, failures, tests) = (new List<Problem>(), new List<RuleTestFailure>(), 0);
            foreach (var path in parse.GetRequiredValue(files))
            {
                var (fileProblems, fileFailures) = Test(path, ref tests);
                problems.AddRange(fileProblems);
                failures.AddRange(fileFailures);
                if (!json)
                {
                    Print(output, path, fileProblems, fileFailures);
                }
            }
            var ok = failures.Count == 0 && problems.All(p => p.Severity != ProblemSeverity.Error);
            if (json)
            {
                Output.Json(output, new RuleTestResult(ok, tests, [.. problems.Select(ProblemItem.Of)], [.. failures.Select(RuleTestItem.Of)]),
                    CliJson.Readable.RuleTestResult);
            }
            return ok ? ExitCode.Ok : ExitCode.Problems;
        });
        return new Command("test", "Run unit tests.") { rules };
    }

    private static (List<Problem> Problems, List<RuleTestFailure> Failures) Test(string path, ref int tests)
    {
        if (Read(path) is not { } source)
        {
            return ([Unreadable(path, 1, 1)], []);
        }
        var (file, found) = RuleTestReader.Read(source);
        var problems = found.ToList();
        var groups = new List<RuleGroup>();
        var root = Path.GetDirectoryName(Path.GetFullPath(path))!;
        foreach (var pattern in file.RuleFiles)
        {
            var named = Glob.Files(root, pattern);
            if (named.Count == 0)
            {
                problems.Add(new Problem(new SourcePosition(path, 1, 1), ProblemSeverity.Warning, "no-file", $"no file matches {pattern}", "patterns start at this file's directory"));
            }
            foreach (var rules in named)
            {
                var reading = RuleFileReader.Read(Read(rules)!);
                problems.AddRange(reading.Problems.Where(p => p.Severity == ProblemSeverity.Error));
                groups.AddRange(reading.Groups);
            }
        }
        if (problems.Exists(p => p.Severity == ProblemSeverity.Error))
        {
            return (problems, []);
        }
        tests += file.Tests.Count;
        return (problems, [.. file.Tests.SelectMany(t => RuleTestRunner.Run(file, t, groups))]);
    }

    private static void Print(TextWriter output, string path, List<Problem> problems, List<RuleTestFailure> failures)
    {
        var failed = failures.Count > 0 || problems.Exists(p => p.Severity == ProblemSeverity.Error);
        output.WriteLine($"{path}: {(failed ? "FAILED" : "SUCCESS")}");
        problems.ForEach(output.WriteLine);
        foreach (var failure in failures)
        {
            output.WriteLine($"{failure.Position}: {(failure.Test.Length > 0 ? $"{failure.Test}: " : "")}{failure.Subject}, time: {Durations.Format(failure.AtMs)}");
            output.WriteLine(failure.Expected.Length == 0 ? $"    error: {failure.Got}" : $"    exp: {failure.Expected}\n    got: {failure.Got}");
        }
    }

    internal static Problem Unreadable(string path, int line, int column) =>
        new(new SourcePosition(path, line, column), ProblemSeverity.Error, "unreadable", "the file cannot be read", "look at its name and permissions");

    internal static WorkspaceFile? Read(string path)
    {
        try
        {
            return new WorkspaceFile(path, File.ReadAllBytes(path));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }
}

/// <summary>What <c>nines check rules --format json</c> answers.</summary>
/// <param name="Ok">Whether no problem is an error.</param>
/// <param name="Groups">How many groups there are.</param>
/// <param name="Rules">How many rules there are.</param>
/// <param name="Problems">All problems.</param>
public sealed record RuleCheckResult(bool Ok, int Groups, int Rules, IReadOnlyList<ProblemItem> Problems);

/// <summary>What <c>nines test rules --format json</c> answers.</summary>
/// <param name="Ok">Whether all tests passed.</param>
/// <param name="Tests">How many tests ran.</param>
/// <param name="Problems">What is wrong with the files.</param>
/// <param name="Failures">What failed.</param>
public sealed record RuleTestResult(bool Ok, int Tests, IReadOnlyList<ProblemItem> Problems, IReadOnlyList<RuleTestItem> Failures);

/// <summary>An expectation that failed.</summary>
public sealed record RuleTestItem(string File, int Line, int Column, string Test, string Subject, double TimeSeconds, string Expected, string Got)
{
    /// <summary>The item of a failure.</summary>
    public static RuleTestItem Of(RuleTestFailure f) =>
        new(f.Position.File, f.Position.Line, f.Position.Column, f.Test, f.Subject, f.AtMs / 1000d, f.Expected, f.Got);
}
