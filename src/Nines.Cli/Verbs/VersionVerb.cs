using System.CommandLine;

namespace Nines.Cli.Verbs;

/// <summary><c>nines version</c>.</summary>
internal static class VersionVerb
{
    public static Command Create()
    {
        var format = Output.Format();
        var command = new Command("version", "Print the version.") { format };
        command.SetAction(parse =>
        {
            var version = typeof(VersionVerb).Assembly.GetName().Version?.ToString(3) ?? "0";
            if (parse.GetValue(format) == "json")
            {
                Output.Json(parse.InvocationConfiguration.Output, new VersionResult(version, Environment.Version.ToString()), CliJson.Readable.VersionResult);
            }
            else
            {
                parse.InvocationConfiguration.Output.WriteLine($"nines {version}");
            }
            return ExitCode.Ok;
        });
        return command;
    }
}
