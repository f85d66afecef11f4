using System.CommandLine;
using System.Runtime.InteropServices;
using Microsoft.Extensions.Logging.Console;
using Nines.Server;

namespace Nines.Cli.Verbs;

/// <summary><c>nines alertmanager</c>: a server of alerts alone that takes Alertmanager's place, flags included.</summary>
internal static partial class AlertmanagerVerb
{
    /// <summary>The version of Alertmanager whose flags and answers these are.</summary>
    private const string Compatible = "0.28.0";

    public static Command Create()
    {
        var command = new Command("alertmanager", "Run in Alertmanager's place, with its flags: "
            + string.Join(' ', AlertmanagerFlags.All.Where(f => f.Help.Length > 0).Select(f => $"--{f.Name}{(f.Otherwise is null ? "" : $"={f.Otherwise}")}")))
        {
            TreatUnmatchedTokensAsErrors = false,
        };
        command.SetAction((parse, stop) => Output.Guard(parse, async () =>
        {
            var flags = AlertmanagerFlags.Read(parse.UnmatchedTokens);
            if (flags.On("version"))
            {
                PrintVersion(parse.InvocationConfiguration.Output);
                return ExitCode.Ok;
            }
            var level = flags.Level();
            var shape = flags.Value("log.format") switch
            {
                "logfmt" => new LogfmtFormatter.Shape(Json: false),
                "json" => new LogfmtFormatter.Shape(Json: true),
                var other => throw new SettingsException($"--log.format must be logfmt or json, not {other}"),
            };
            await using var app = AlertmanagerApp.Create(flags.ToOptions(), builder => Logging(builder.Logging, level, shape));
            var log = app.Services.GetRequiredService<ILoggerFactory>().CreateLogger("alertmanager");
            foreach (var ignored in flags.Ignored)
            {
                LogIgnored(log, ignored);
            }
            var file = app.Services.GetRequiredService<AlertmanagerConfigFile>();
            using var hangUp = OperatingSystem.IsWindows() ? null : PosixSignalRegistration.Create(PosixSignal.SIGHUP, signal =>
            {
                signal.Cancel = true;
                file.Load();
            });
            await AlertmanagerRehearsal.RunAsync(stop);
            await app.StartAsync(stop);
            foreach (var address in app.Urls.Select(u => new Uri(u).Authority))
            {
                LogListening(log, address);
            }
            await app.WaitForShutdownAsync(stop);
            return ExitCode.Ok;
        }));
        return command;
    }

    private static void Logging(ILoggingBuilder logging, LogLevel level, LogfmtFormatter.Shape shape)
    {
        logging.ClearProviders().SetMinimumLevel(level);
        logging.Services.AddSingleton(shape);
        logging.AddConsoleFormatter<LogfmtFormatter, ConsoleFormatterOptions>();
        logging.AddConsole(console =>
        {
            console.FormatterName = nameof(LogfmtFormatter);
            console.LogToStandardErrorThreshold = LogLevel.Trace;
        });
    }

    private static void PrintVersion(TextWriter output)
    {
        var own = typeof(AlertmanagerVerb).Assembly.GetName().Version?.ToString(3) ?? "0";
        output.WriteLine($"alertmanager, version {Compatible} (branch: nines, revision: nines-{own})");
        output.WriteLine($"  build user:       nines {own}");
        output.WriteLine("  build date:       ");
        output.WriteLine($"  go version:       dotnet{Environment.Version}");
        output.WriteLine($"  platform:         {RuntimeInformation.RuntimeIdentifier.Replace('-', '/')}");
    }

    [LoggerMessage(Level = LogLevel.Information, Message = "Listening on {Address}")]
    private static partial void LogListening(ILogger log, string address);

    [LoggerMessage(Level = LogLevel.Debug, Message = "The flag --{Flag} means nothing here")]
    private static partial void LogIgnored(ILogger log, string flag);
}
