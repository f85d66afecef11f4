using System.CommandLine;
using Nines.Server;

namespace Nines.Cli.Verbs;

/// <summary><c>nines version</c></summary>
internal static class VersionVerb
{
    public static Command Create()
    {
        var command = new Command("version", "Print the version");
        command.SetAction(parse => parse.InvocationConfiguration.Output.WriteLine(typeof(NinesOptions).Assembly.GetName().Version?.ToString(3)));
        return command;
    }
}
