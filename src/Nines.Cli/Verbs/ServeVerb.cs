using System.CommandLine;
using Nines.Server;

namespace Nines.Cli.Verbs;

/// <summary><c>nines serve</c>: runs the server until it is told to stop.</summary>
internal static class ServeVerb
{
    public static Command Create()
    {
        var settings = new Settings();
        var command = new Command("serve", "Run the server.");
        foreach (var option in settings.Options)
        {
            command.Options.Add(option);
        }
        command.SetAction((parse, stop) => Output.Guard(parse, async () =>
        {
            var options = Settings.ToOptions(settings.Read(parse, Environment.GetEnvironmentVariable));
            var output = parse.InvocationConfiguration.Output;
            await using var lease = options.Postgres is null ? null
                : await StandBy.LeadAsync(options, leader => output.WriteLine($"Nines stands by: {leader} leads"), stop);
            await using var app = NinesApp.Create(options, lease: lease);
            await app.StartAsync(stop);
            await AnnounceAsync(app, options, output, stop);
            await app.WaitForShutdownAsync(stop);
            return lease?.Lost.IsCompleted == true ? ExitCode.Unavailable : ExitCode.Ok;
        }));
        return command;
    }

    private static async Task AnnounceAsync(WebApplication app, NinesOptions options, TextWriter output, CancellationToken stop)
    {
        var address = app.Urls.First();
        await output.WriteLineAsync($"Nines listens on {address}");
        await output.WriteLineAsync($"workspace {options.WorkspaceDirectory}, data {options.DataDirectory}");
        if (await app.Services.GetRequiredService<FirstAdmin>().LinkAsync(options.PublicUrl?.ToString() ?? address, stop) is { } link)
        {
            await output.WriteLineAsync($"There is no admin yet. Make the first one at {link}");
        }
    }
}
