using System.CommandLine;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace Nines.Cli.Verbs;

/// <summary><c>nines config</c>: each setting of the server with its value and origin.</summary>
internal static class ConfigVerb
{
    public static Command Create()
    {
        var format = Commands.Format();
        var command = new Command("config", "Print the server's settings and where they come from") { format };
        var settings = new Settings(command);
        command.SetAction(parse =>
        {
            var read = settings.Read(parse, Environment.GetEnvironmentVariable, "nines.yml");
            List<Setting> shown = [.. read.Select(s => s.Name == "postgres" && s.Value.Length > 0 ? s with { Value = "********" } : s)];
            var output = parse.InvocationConfiguration.Output;
            if (parse.GetValue(format) == "json")
            {
                output.WriteLine(JsonSerializer.Serialize(shown, ConfigJson.Default.ListSetting));
            }
            else
            {
                shown.ForEach(s => output.WriteLine($"{s.Name,-12} {s.Value,-32} {s.Origin}"));
            }
            if (Settings.ToOptions(read).Problem is not { } problem)
            {
                return ExitCode.Ok;
            }
            parse.InvocationConfiguration.Error.WriteLine(problem);
            return ExitCode.ProblemsFound;
        });
        return command;
    }
}

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase)]
[JsonSerializable(typeof(List<Setting>))]
internal sealed partial class ConfigJson : JsonSerializerContext;
