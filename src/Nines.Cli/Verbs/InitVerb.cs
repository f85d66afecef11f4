using System.CommandLine;
using System.Globalization;
using System.Text;
using Nines.Core.Workspace;
using Nines.Server.Workspace;

namespace Nines.Cli.Verbs;

/// <summary><c>nines init</c>: three questions make a commented workspace that passes every check, with the settings beside it.</summary>
internal static class InitVerb
{
    private const int MostTries = 3;
    private const UnixFileMode OwnerOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite;

    public static Command Create()
    {
        var directory = new Argument<string>("DIR") { Description = "Where it is made; no file is overwritten.", DefaultValueFactory = _ => "." };
        var run = new Option<string[]>("--run") { Description = "What you run, as [NAME=]ADDRESS: http://…, postgres://user:password@host/database, redis://host or host:port. May be repeated.", AllowMultipleArgumentsPerToken = true };
        var tell = new Option<string?>("--tell") { Description = "Where you are told: a bot token of Telegram, ntfy:TOPIC, or the address of a webhook (Slack's too); none for nowhere yet." };
        var chat = new Option<string?>("--chat") { Description = "The number of the chat in Telegram. Default: that of the last message to the bot." };
        var target = new Option<string?>("--target") { Description = "Which share of the time each service has to be up, such as 99%." };
        var beat = new Option<string?>("--beat") { Description = "An address outside that misses this server's beats, such as one of healthchecks.io." };
        var api = new Option<string>("--telegram-api") { Description = "Where Telegram's Bot API is.", DefaultValueFactory = _ => TelegramChat.Api };
        var format = Output.Format();
        var command = new Command("init", "Make a first workspace: what do you run, where are you reached, what matters? Asks for what the options do not say.")
        {
            directory, run, tell, chat, target, beat, api, format,
        };
        command.SetAction((parse, stop) => Output.Guard(parse, async () =>
        {
            var answers = new Answers(parse, Console.In, Console.IsInputRedirected);
            var runs = answers.Runs(parse.GetValue(run) ?? []);
            var reach = answers.Reach(parse.GetValue(tell));
            var share = answers.Target(parse.GetValue(target));
            var outside = answers.Beat(parse.GetValue(beat));
            if (answers.Wrong is { } wrong)
            {
                return Output.Fail(parse, ExitCode.Usage, wrong);
            }
            if (reach is { Kind: "telegram" })
            {
                using var bot = new TelegramChat(new Uri(parse.GetValue(api)!), reach.Secret);
                var found = parse.GetValue(chat) is { Length: > 0 } given ? given : await answers.ChatAsync(bot, MostTries, stop);
                if (found is null || await bot.SayAsync(found, "Nines reaches you here.", stop) is { Length: > 0 })
                {
                    return Output.Fail(parse, ExitCode.Unavailable, found is null ? "nobody wrote to the bot; write to it, or give the chat's number with --chat" : $"Telegram refuses chat {found}: {bot.Refusal}");
                }
                reach = reach with { To = found, Api = parse.GetValue(api) == TelegramChat.Api ? "" : parse.GetValue(api)! };
            }
            return Write(parse, Path.GetFullPath(parse.GetValue(directory)!), new FirstWorkspace(runs, reach, share) { Beat = outside }, parse.GetValue(format) == "json");
        }));
        return command;
    }

    private static int Write(ParseResult parse, string root, FirstWorkspace first, bool json)
    {
        var secrets = Path.Combine(root, "secrets");
        var workspace = first.Files(secrets).Select(f => new WorkspaceFile(f.Path, Encoding.UTF8.GetBytes(f.Text))).ToList();
        var problems = WorkspaceReader.Read(workspace).Problems.ToList();
        List<WorkspaceFile> files =
        [
            .. workspace.Select(f => f with { Path = "workspace/" + f.Path }),
            new("nines.yml", "# Settings of nines serve, started in this directory; nines config prints all of them.\nworkspace: workspace\ndata: data\n"u8.ToArray()),
            new(".gitignore", "secrets/\ndata/\n"u8.ToArray()),
            .. first.Secrets.Select(s => new WorkspaceFile("secrets/" + s.Name, Encoding.UTF8.GetBytes(s.Secret))),
        ];
        if (first.Secrets.Count > 0 && !OperatingSystem.IsWindows())
        {
            Directory.CreateDirectory(secrets, OwnerOnly | UnixFileMode.UserExecute);
        }
        var ok = problems.Count == 0 && ImportVerb.Write(root, files, problems);
        foreach (var (name, _) in ok ? first.Secrets : [])
        {
            if (!OperatingSystem.IsWindows())
            {
                File.SetUnixFileMode(Path.Combine(secrets, name), OwnerOnly);
            }
        }
        var output = parse.InvocationConfiguration.Output;
        if (json)
        {
            Output.Json(output, new InitReport(ok, ok ? [.. files.Select(f => Path.Combine(root, f.Path))] : [], [.. problems.Select(ProblemItem.Of)]), CliJson.Readable.InitReport);
        }
        else if (!ok)
        {
            problems.ForEach(output.WriteLine);
        }
        else
        {
            output.WriteLine($"{workspace.Count} files are in {Path.Combine(root, "workspace")}; read them, they are yours. Then:");
            output.WriteLine($"  cd {root}");
            output.WriteLine("  nines probe workspace     asks each service once and says what came of it");
            output.WriteLine("  nines serve               runs it, and prints the link to make the first admin");
        }
        return ok ? ExitCode.Ok : ExitCode.Problems;
    }

    /// <summary>What the options say, or else the person at the terminal.</summary>
    private sealed class Answers(ParseResult parse, TextReader input, bool silent)
    {
        private readonly TextWriter _output = parse.InvocationConfiguration.Error;

        /// <summary>What cannot be used; null when all can.</summary>
        public string? Wrong { get; private set; }

        public List<Watched> Runs(string[] given)
        {
            var runs = new List<Watched>();
            foreach (var one in given)
            {
                Add(one);
            }
            if (given.Length == 0)
            {
                _output.WriteLine("What do you run? One address a line, as [name=]address; an empty line ends.");
                _output.WriteLine("  shop=http://127.0.0.1:8080/health   postgres://user:password@127.0.0.1/shop   redis://127.0.0.1   127.0.0.1:5000");
                while (Ask("  > ") is { Length: > 0 } line)
                {
                    Add(line);
                }
            }
            if (runs.Count == 0 && Wrong is null)
            {
                Wrong = "nothing to watch; give at least one address with --run";
            }
            return runs;

            void Add(string text)
            {
                var (read, error) = Watched.Parse(text);
                error = read is not null && runs.Exists(r => r.Name == read.Name) ? $"there are two services {read.Name}; write name=address" : error;
                if (error.Length == 0)
                {
                    runs.Add(read!);
                }
                else if (given.Length > 0)
                {
                    Wrong ??= error;
                }
                else
                {
                    _output.WriteLine($"    {error}");
                }
            }
        }

        public Reached? Reach(string? given) => Once(given,
            "Where do we reach you? A bot token of Telegram (from @BotFather), ntfy:topic, or the address of a webhook; empty for later.", "none", Reached.Parse);

        public decimal Target(string? given) => Once(given, "What matters: which share of the time must each be up? 99% allows 7 h 12 min in 30 days, 99.9% 43 min. Empty for 99%.", "99%",
            text => decimal.TryParse(text.TrimEnd('%', ' '), NumberStyles.Float, CultureInfo.InvariantCulture, out var percent) && percent is > 0 and < 100
                ? (percent / 100, "") : (0m, $"\"{text}\" is no share above 0% and below 100%")) is var share && share > 0 ? share : 0.99m;

        public Uri? Beat(string? given) => Once(given, "A host cannot report its own death. Is there an address outside that misses its beats, such as one of healthchecks.io? Empty for none.", "none",
            text => Uri.TryCreate(text, UriKind.Absolute, out var uri) && uri.Scheme is "http" or "https" ? (uri, "") : ((Uri?)null, $"\"{text}\" is no http address"));

        public async Task<string?> ChatAsync(TelegramChat bot, int tries, CancellationToken stop)
        {
            for (var i = 0; i < tries; i++)
            {
                if (await bot.LastAsync(stop) is { } found)
                {
                    return found;
                }
                if (silent)
                {
                    return null;
                }
                _output.WriteLine(bot.Refusal.Length > 0 ? $"Telegram says: {bot.Refusal}" : "Write anything to the bot in Telegram, then press Enter.");
                Ask("  > ");
            }
            return null;
        }

        private T? Once<T>(string? given, string question, string usual, Func<string, (T?, string)> read)
        {
            var asks = given is null && !silent;
            if (asks)
            {
                _output.WriteLine(question);
            }
            for (var text = given ?? (asks ? Ask("  > ") : "") ?? ""; ; text = Ask("  > ") ?? "")
            {
                if (text.Trim() is "" or "none")
                {
                    return usual == "none" ? default : read(usual).Item1;
                }
                var (value, error) = read(text);
                if (error.Length == 0)
                {
                    return value;
                }
                if (!asks)
                {
                    Wrong ??= error;
                    return default;
                }
                _output.WriteLine($"    {error}");
            }
        }

        private string? Ask(string prompt)
        {
            if (!silent)
            {
                _output.Write(prompt);
            }
            return input.ReadLine();
        }
    }
}

/// <summary>What <c>nines init --format json</c> answers.</summary>
/// <param name="Ok">Whether the files were written.</param>
/// <param name="Written">The files.</param>
/// <param name="Problems">Why not.</param>
public sealed record InitReport(bool Ok, IReadOnlyList<string> Written, IReadOnlyList<ProblemItem> Problems);
