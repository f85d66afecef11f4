using System.CommandLine;
using Nines.Core;
using Nines.Core.Workspace;
using Nines.Server.Workspace;

namespace Nines.Cli.Verbs;

/// <summary><c>nines check DIR</c>: reads a workspace as the server would and prints every problem.</summary>
internal static class CheckVerb
{
    public static Command Create()
    {
        var directory = new Argument<string>("DIR") { Description = "The workspace's directory." };
        var format = Output.Format();
        var command = new Command("check", "Check a workspace: every problem with its position, exit code 1 when one is an error.")
        {
            directory, format, RulesVerbs.CreateCheck(), RoutesVerb.CreateCheck(), CheckTextVerb.Create(),
        };
        command.SetAction(parse =>
        {
            var root = parse.GetRequiredValue(directory);
            if (!Directory.Exists(root))
            {
                return Output.Fail(parse, ExitCode.Unavailable, $"{root} is no directory");
            }
            var (files, unreadable) = new WorkspaceDirectory().Read(root);
            var reading = WorkspaceReader.Read(files);
            Problem[] problems = [.. unreadable, .. reading.Problems];
            var errors = problems.Count(p => p.Severity == ProblemSeverity.Error);
            var output = parse.InvocationConfiguration.Output;
            if (parse.GetValue(format) == "json")
            {
                Output.Json(output, new CheckResult(errors == 0, errors == 0 ? reading.Model!.Hash : "", reading.Model?.Objectives.Count ?? 0,
                    [.. problems.Select(ProblemItem.Of)]), CliJson.Readable.CheckResult);
            }
            else
            {
                foreach (var problem in problems)
                {
                    output.WriteLine(problem);
                }
            }
            parse.InvocationConfiguration.Error.WriteLine(errors == 0
                ? $"{files.Count} files, {reading.Model!.Objectives.Count} objectives, {problems.Length} warnings"
                : $"{files.Count} files, {errors} errors, {problems.Length - errors} warnings");
            return errors == 0 ? ExitCode.Ok : ExitCode.Problems;
        });
        return command;
    }
}
