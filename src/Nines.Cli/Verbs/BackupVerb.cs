using System.CommandLine;
using Nines.Server.State;

namespace Nines.Cli.Verbs;

/// <summary><c>nines backup FILE</c>: saves the data directory to one file while the server runs.</summary>
internal static class BackupVerb
{
    public static Command Create()
    {
        var file = new Argument<string>("FILE") { Description = "The backup to write, a tar.gz." };
        var settings = new Settings();
        var format = Output.Format();
        var command = new Command("backup", "Save the data directory to one file; the server may be running.") { file, format };
        foreach (var option in settings.Options)
        {
            command.Options.Add(option);
        }
        command.SetAction((parse, stop) => Output.Guard(parse, async () =>
        {
            var path = parse.GetRequiredValue(file);
            var options = Settings.ToOptions(settings.Read(parse, Environment.GetEnvironmentVariable));
            BackupManifest manifest;
            // The backup holds keys and password hashes: it is for its owner only, and half of one is for nobody.
            File.Delete(path + ".new");
            try
            {
                var mode = new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write };
                if (!OperatingSystem.IsWindows())
                {
                    mode.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
                }
                await using var to = new FileStream(path + ".new", mode);
                manifest = await Backup.BackupAsync(options.DataDirectory, options.Postgres is not null, to, TimeProvider.System, stop);
            }
            catch
            {
                File.Delete(path + ".new");
                throw;
            }
            File.Move(path + ".new", path, overwrite: true);
            Print(parse, new BackupResult(path, manifest.State, manifest.Files.Count, manifest.Files.Sum(f => f.Size), null), parse.GetValue(format) == "json");
            return ExitCode.Ok;
        }));
        return command;
    }

    internal static void Print(ParseResult parse, BackupResult result, bool json)
    {
        var output = parse.InvocationConfiguration.Output;
        if (json)
        {
            Output.Json(output, result, CliJson.Readable.BackupResult);
            return;
        }
        output.WriteLine($"{result.File}: {result.Files} files, {result.Bytes} bytes; state {result.State}");
        if (result.VerifiedFacts is { } facts)
        {
            output.WriteLine($"every file as its hash says; {facts} facts of the journal verified");
        }
    }
}
