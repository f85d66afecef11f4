using System.Globalization;
using System.Runtime.InteropServices;

namespace Nines.Shop;

/// <summary>
/// The shop's two commands: <c>serve --port 9901</c>, the service, and <c>traffic --target URL … </c>, its customers.
/// </summary>
public static class ShopProgram
{
    private const string Usage = """
        shop serve   [--port 9901] [--instance NAME]
        shop traffic --target URL [--target URL] [--rate 20] [--seconds N] [--tally FILE] [--seed N] [--flat]
        """;

    /// <summary>Runs a command. Exit codes: 0 done, 2 the command line is off.</summary>
    public static async Task<int> RunAsync(string[] args, CancellationToken cancellation)
    {
        var options = Options(args.Skip(1));
        if (options is null || args.Length == 0)
        {
            await Console.Error.WriteLineAsync(Usage);
            return 2;
        }
        int Number(string name, int otherwise) => options[name].Select(v => int.Parse(v, CultureInfo.InvariantCulture)).LastOrDefault(otherwise);
        switch (args[0])
        {
            case "serve":
                var app = ShopService.Create(Number("port", 9901), TimeProvider.System, new Random());
                await app.RunAsync(cancellation);
                return 0;
            case "traffic" when options["target"].Any():
                var traffic = new Traffic(
                    [.. options["target"].Select(t => new Uri(t))], Number("rate", 20), options["flat"].Any(),
                    options["tally"].LastOrDefault(), TimeProvider.System, new Random(Number("seed", 1)));
                // Told to stop, the customers wait for their last answer, so that the tally is whole.
                using (var ends = CancellationTokenSource.CreateLinkedTokenSource(cancellation))
                {
                    void Stop(PosixSignalContext signal)
                    {
                        signal.Cancel = true;
                        ends.Cancel();
                    }
                    using var term = PosixSignalRegistration.Create(PosixSignal.SIGTERM, Stop);
                    using var interrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, Stop);
                    await traffic.RunAsync(Number("seconds", 0), ends.Token);
                }
                return 0;
            default:
                await Console.Error.WriteLineAsync(Usage);
                return 2;
        }
    }

    private static ILookup<string, string>? Options(IEnumerable<string> args)
    {
        var found = new List<(string Name, string Value)>();
        var left = new Queue<string>(args);
        while (left.TryDequeue(out var word))
        {
            if (!word.StartsWith("--", StringComparison.Ordinal))
            {
                return null;
            }
            found.Add((word[2..], word == "--flat" ? "" : left.TryDequeue(out var value) ? value : ""));
        }
        return found.ToLookup(o => o.Name, o => o.Value, StringComparer.Ordinal);
    }
}
