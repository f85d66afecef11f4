using System.CommandLine;
using Nines.Server.Journal;

namespace Nines.Cli.Verbs;

/// <summary><c>nines journal verify</c>: proves that no fact was changed or is missing.</summary>
internal static class JournalVerb
{
    public static Command Create()
    {
        var settings = new Settings();
        var format = Output.Format();
        var verify = new Command("verify", "Verify the journal's hash chain; the server may be running.") { format };
        foreach (var option in settings.Options)
        {
            verify.Options.Add(option);
        }
        verify.SetAction((parse, stop) => Output.Guard(parse, async () =>
        {
            var options = Settings.ToOptions(settings.Read(parse, Environment.GetEnvironmentVariable));
            var verification = await JournalCommands.VerifyAsync(options.DataDirectory, options.Postgres, TimeProvider.System, stop);
            var problems = verification.Findings.Select(f => f.Explanation).ToList();
            if (parse.GetValue(format) == "json")
            {
                Output.Json(parse.InvocationConfiguration.Output, new JournalResult(problems.Count == 0, verification.Facts, problems), CliJson.Readable.JournalResult);
            }
            else
            {
                foreach (var problem in problems)
                {
                    parse.InvocationConfiguration.Output.WriteLine(problem);
                }
                parse.InvocationConfiguration.Output.WriteLine(problems.Count == 0 ? $"{verification.Facts} facts verified" : $"{verification.Facts} facts, {problems.Count} problems");
            }
            return problems.Count == 0 ? ExitCode.Ok : ExitCode.Problems;
        }));
        return new Command("journal", "The record of what happened.") { verify };
    }
}
