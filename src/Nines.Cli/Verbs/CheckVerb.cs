using System.CommandLine;
using System.Text.Json;
using System.Text.Json.Serialization;
using Nines.Core;
using Nines.Core.Workspace;
using Nines.Server.Workspace;

namespace Nines.Cli.Verbs;

/// <summary><c>nines check DIR</c>: every problem of a workspace, one a line.</summary>
internal static class CheckVerb
{
    public static Command Create()
    {
        var directory = new Argument<string>("DIR") { Description = "the workspace's directory" };
        var format = Commands.Format();
        var command = new Command("check", "Check the files of a workspace") { directory, format };
        command.SetAction(async (parse, stop) =>
        {
            var (output, error) = (parse.InvocationConfiguration.Output, parse.InvocationConfiguration.Error);
            var path = parse.GetValue(directory)!;
            if (!Directory.Exists(path))
            {
                await error.WriteLineAsync($"there is no directory {path}");
                return ExitCode.Unreachable;
            }
            var (files, unreadable) = await WorkspaceFiles.ReadAsync(path, stop);
            var reading = WorkspaceReader.Read(files);
            Problem[] problems = [.. unreadable, .. reading.Problems];
            var errors = problems.Count(p => p.Severity == ProblemSeverity.Error);
            if (parse.GetValue(format) == "json")
            {
                await output.WriteLineAsync(JsonSerializer.Serialize(new CheckAnswer(errors == 0, [.. problems.Select(ProblemAnswer.Of)]), CheckJson.Default.CheckAnswer));
            }
            else
            {
                foreach (var problem in problems)
                {
                    await output.WriteLineAsync(problem.ToString());
                }
            }
            await error.WriteLineAsync($"{files.Count} files, {reading.Model?.Objectives.Count ?? 0} objectives, {errors} errors, {problems.Length - errors} warnings");
            return errors > 0 ? ExitCode.ProblemsFound : ExitCode.Ok;
        });
        return command;
    }
}

internal sealed record CheckAnswer(bool Ok, IReadOnlyList<ProblemAnswer> Problems);

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase)]
[JsonSerializable(typeof(CheckAnswer))]
internal sealed partial class CheckJson : JsonSerializerContext;
