using System.CommandLine;

namespace Nines.Cli.Verbs;

/// <summary><c>nines config</c>: each setting of the server, its value and who gave it.</summary>
internal static class ConfigVerb
{
    public static Command Create()
    {
        var settings = new Settings();
        var format = Output.Format();
        var command = new Command("config", "Print each setting, its value and its origin.") { format };
        foreach (var option in settings.Options)
        {
            command.Options.Add(option);
        }
        command.SetAction(parse =>
        {
            try
            {
                var read = settings.Read(parse, Environment.GetEnvironmentVariable);
                Settings.ToOptions(read);
                var output = parse.InvocationConfiguration.Output;
                if (parse.GetValue(format) == "json")
                {
                    Output.Json(output, new ConfigResult([.. read.Select(s => new ConfigItem(s.Name, s.Shown, s.Origin))]), CliJson.Readable.ConfigResult);
                    return ExitCode.Ok;
                }
                foreach (var setting in read)
                {
                    output.WriteLine($"{setting.Name,-12} {setting.Shown,-32} {setting.Origin}");
                }
                return ExitCode.Ok;
            }
            catch (SettingsException e)
            {
                return Output.Fail(parse, ExitCode.Usage, e.Message);
            }
        });
        return command;
    }
}
