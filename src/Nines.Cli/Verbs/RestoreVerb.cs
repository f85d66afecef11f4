using System.CommandLine;
using Nines.Server.State;

namespace Nines.Cli.Verbs;

/// <summary><c>nines restore FILE</c>: makes a data directory of a backup.</summary>
internal static class RestoreVerb
{
    public static Command Create()
    {
        var file = new Argument<string>("FILE") { Description = "The backup." };
        var verify = new Option<bool>("--verify") { Description = "Verify the journal as well." };
        var settings = new Settings();
        var format = Output.Format();
        var command = new Command("restore", "Make an empty data directory what a backup holds.") { file, verify, format };
        foreach (var option in settings.Options)
        {
            command.Options.Add(option);
        }
        command.SetAction((parse, stop) => Output.Guard(parse, async () =>
        {
            var options = Settings.ToOptions(settings.Read(parse, Environment.GetEnvironmentVariable));
            var path = parse.GetRequiredValue(file);
            var restored = await Backup.RestoreAsync(path, options.DataDirectory, parse.GetValue(verify), TimeProvider.System, stop);
            BackupVerb.Print(parse, new BackupResult(path, restored.Manifest.State, restored.Manifest.Files.Count, restored.Manifest.Files.Sum(f => f.Size), restored.Journal?.Facts),
                parse.GetValue(format) == "json");
            return ExitCode.Ok;
        }));
        return command;
    }
}
