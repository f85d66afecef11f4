using System.CommandLine;
using Nines.Cli.Verbs;

namespace Nines.Cli;

/// <summary>The <c>nines</c> command.</summary>
public static class Commands
{
    public static RootCommand Root() => new("Nines: SLOs as an exact error-budget ledger")
    {
        CheckVerb.Create(),
        ConfigVerb.Create(),
        VersionVerb.Create(),
    };

    public static async Task<int> RunAsync(string[] args, TextWriter output, TextWriter error)
    {
        var parsed = Root().Parse(args);
        var code = await parsed.InvokeAsync(new InvocationConfiguration { Output = output, Error = error });
        return parsed.Errors.Count > 0 ? ExitCode.Usage : code;
    }

    public static Option<string> Format()
    {
        var format = new Option<string>("--format") { Description = "text or json", DefaultValueFactory = _ => "text" };
        format.AcceptOnlyFromAmong("text", "json");
        return format;
    }
}
