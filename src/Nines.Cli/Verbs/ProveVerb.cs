using System.CommandLine;
using System.Text;
using Nines.Server.Journal;

namespace Nines.Cli.Verbs;

/// <summary><c>nines prove …</c>, hidden: what the proofs under eng/prove need of a real process and nobody else does.</summary>
internal static class ProveVerb
{
    private static readonly byte[] Payload = Encoding.UTF8.GetBytes(
        """{"text":"a payload of the usual size, some hundred bytes of JSON that tell what happened and to whom it did"}""");

    public static Command Create() => new("prove", "For the proofs under eng/prove.") { Hidden = true, Subcommands = { Append(), Flips() } };

    // Appends facts to a journal.
    private static Command Append()
    {
        var data = new Option<string>("--data") { DefaultValueFactory = _ => "data" };
        var postgres = new Option<string?>("--postgres");
        var count = new Option<int>("--count") { Required = true };
        var batch = new Option<int>("--batch") { DefaultValueFactory = _ => 1 };
        var command = new Command("append") { data, postgres, count, batch };
        command.SetAction(async (parse, stop) =>
        {
            var directory = parse.GetRequiredValue(data);
            Directory.CreateDirectory(directory);
            var last = await JournalCommands.AppendManyAsync(
                directory, parse.GetValue(postgres), TimeProvider.System, parse.GetValue(count), parse.GetValue(batch), Payload, stop);
            await parse.InvocationConfiguration.Output.WriteLineAsync($"{last}");
            return ExitCode.Ok;
        });
        return command;
    }

    // Makes damaged copies of a journal and says, one a line: directory, number, column, number after the damage.
    private static Command Flips()
    {
        var data = new Option<string>("--data") { Required = true };
        var into = new Option<string>("--into") { Required = true };
        var count = new Option<int>("--count") { Required = true };
        var seed = new Option<int>("--seed") { DefaultValueFactory = _ => 1 };
        var command = new Command("flips") { data, into, count, seed };
        command.SetAction(parse =>
        {
            foreach (var flip in JournalProofs.Flip(parse.GetRequiredValue(data), parse.GetRequiredValue(into), parse.GetValue(count), new Random(parse.GetValue(seed))))
            {
                parse.InvocationConfiguration.Output.WriteLine($"{flip.Directory} {flip.Seq} {flip.Column} {flip.SeqAfter}");
            }
            return ExitCode.Ok;
        });
        return command;
    }
}
