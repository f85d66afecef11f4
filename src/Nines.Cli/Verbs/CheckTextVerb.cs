using System.CommandLine;
using Nines.Core;
using Nines.Core.Workspace.Lint;
using Nines.Server.Workspace;

namespace Nines.Cli.Verbs;

/// <summary><c>nines check markdown FILE…</c>: reckons what documents state about objectives.</summary>
internal static class CheckTextVerb
{
    public static Command Create()
    {
        var files = new Argument<string[]>("FILE") { Description = "Markdown documents; of a directory, all its .md files.", Arity = ArgumentArity.OneOrMore };
        var format = Output.Format();
        var command = new Command("markdown", "Check what documents state about objectives: targets, budgets, burn rates, alerts and rules. Exit code 1 when something is wrong.") { files, format };
        command.SetAction(parse =>
        {
            var problems = new List<Problem>();
            var paths = parse.GetRequiredValue(files).SelectMany(p => Directory.Exists(p)
                ? Directory.EnumerateFiles(p, "*.md", SearchOption.AllDirectories).Order(StringComparer.Ordinal) : Enumerable.Repeat(p, 1)).ToList();
            problems.AddRange(StatementLint.Check(ForeignFiles.Read(paths, problems)));
            var output = parse.InvocationConfiguration.Output;
            if (parse.GetValue(format) == "json")
            {
                Output.Json(output, new TextCheckResult(problems.Count == 0, paths.Count, [.. problems.Select(ProblemItem.Of)]), CliJson.Readable.TextCheckResult);
            }
            else
            {
                problems.ForEach(output.WriteLine);
            }
            parse.InvocationConfiguration.Error.WriteLine($"{paths.Count} files, {problems.Count} findings");
            return problems.Count == 0 ? ExitCode.Ok : ExitCode.Problems;
        });
        return command;
    }
}

/// <summary>What <c>nines check markdown --format json</c> answers.</summary>
/// <param name="Ok">Whether nothing was found.</param>
/// <param name="Files">How many documents were read.</param>
/// <param name="Problems">What was found.</param>
public sealed record TextCheckResult(bool Ok, int Files, IReadOnlyList<ProblemItem> Problems);
