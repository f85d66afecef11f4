using System.CommandLine;
using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Text.Json;
using Nines.Server;
using Nines.Server.State;
using Nines.Shop;

namespace Nines.Cli.Verbs;

/// <summary>
/// <c>nines demo</c>: a small shop with customers, the server that watches it, and a phone that prints what arrives. All on loopback, gone when it ends.
/// </summary>
internal static class DemoVerb
{
    private const string ShopVerb = "demo-shop";

    public static Command Create()
    {
        var port = new Option<int>("--port") { Description = "Port of Nines.", DefaultValueFactory = _ => 9999 };
        var shop = new Option<int>("--shop-port") { Description = "Port of the shop.", DefaultValueFactory = _ => 9901 };
        var phone = new Option<int>("--phone-port") { Description = "Port of the phone.", DefaultValueFactory = _ => 9902 };
        var rate = new Option<int>("--rate") { Description = "Customers' requests a second at the day's mean.", DefaultValueFactory = _ => 20 };
        var keep = new Option<string?>("--dir") { Description = "Directory for workspace and data, kept afterwards. Default: a temporary one." };
        var command = new Command("demo", "Watch a small shop: start it, its customers and the server.") { port, shop, phone, rate, keep };
        command.SetAction(async (parse, stop) =>
        {
            var ports = (Nines: parse.GetValue(port), Shop: parse.GetValue(shop), Phone: parse.GetValue(phone));
            if (((int[])[ports.Nines, ports.Shop, ports.Phone]).Any(p => p is < 1 or > 65535))
            {
                return Output.Fail(parse, ExitCode.Usage, "a port is a number from 1 to 65535");
            }
            if (((int[])[ports.Nines, ports.Shop, ports.Phone]).FirstOrDefault(p => !IsFree(p)) is > 0 and var taken)
            {
                return Output.Fail(parse, ExitCode.Unavailable, $"port {taken} is taken; name others with --port, --shop-port and --phone-port");
            }
            var given = parse.GetValue(keep);
            var directory = given ?? Directory.CreateTempSubdirectory("nines-demo-").FullName;
            try
            {
                await RunAsync(parse.InvocationConfiguration.Output, directory, ports, parse.GetValue(rate), stop);
                return ExitCode.Ok;
            }
            catch (Exception e) when (e is DataDirectoryException or StoreRefusedException or IOException or SocketException)
            {
                return Output.Fail(parse, ExitCode.Unavailable, e.Message);
            }
            finally
            {
                if (given is null)
                {
                    Directory.Delete(directory, recursive: true);
                }
            }
        });
        return command;
    }

    /// <summary>The hidden verb under which the demo starts the shop and its customers; they end when the demo does, however it ends.</summary>
    public static Command CreateShop()
    {
        var words = new Argument<string[]>("words") { Arity = ArgumentArity.ZeroOrMore };
        var command = new Command(ShopVerb, "The demo's shop.") { words };
        command.Hidden = true;
        command.TreatUnmatchedTokensAsErrors = false;
        command.SetAction(async (parse, stop) =>
        {
            using var ends = CancellationTokenSource.CreateLinkedTokenSource(stop);
            _ = Task.Run(async () =>
            {
                while (await Console.In.ReadLineAsync(CancellationToken.None) is not null)
                {
                }
                await ends.CancelAsync();
            }, CancellationToken.None);
            return await ShopProgram.RunAsync([.. parse.Tokens.Skip(1).Select(t => t.Value).Where(t => t != "--")], ends.Token);
        });
        return command;
    }

    private static async Task RunAsync(TextWriter output, string directory, (int Nines, int Shop, int Phone) ports, int rate, CancellationToken stop)
    {
        var workspace = Path.Combine(directory, "workspace");
        WriteWorkspace(workspace, ports);
        Environment.SetEnvironmentVariable("NINES_DEMO_BOT_TOKEN", "demo");
        var options = new NinesOptions
        {
            WorkspaceDirectory = workspace,
            DataDirectory = Path.Combine(directory, "data"),
            Listen = $"http://127.0.0.1:{ports.Nines}",
            Demo = true,
        };
        await using var phone = Phone(ports.Phone, output);
        await phone.StartAsync(stop);
        using var shop = StartShop("serve", "--port", $"{ports.Shop}");
        await using var app = NinesApp.Create(options);
        await DemoHistory.PlayAsync(app.Services, stop);
        await app.StartAsync(stop);
        using var customers = StartShop("traffic", "--target", $"http://127.0.0.1:{ports.Shop}", "--rate", $"{rate}");
        await output.WriteLineAsync($"""
            http://127.0.0.1:{ports.Nines}

            A shop on port {ports.Shop} has customers, and Nines keeps its promises. In this demo loopback visitors need not sign in.
            The sixty days before today are played; what is counted from now on is real.
            Try, from another terminal:

              break checkout      curl -X POST 'http://127.0.0.1:{ports.Shop}/faults?errors=0.5&route=/checkout'
              slow down search    curl -X POST 'http://127.0.0.1:{ports.Shop}/faults?latencyMs=500&route=/search'
              mend everything     curl -X POST 'http://127.0.0.1:{ports.Shop}/faults'
              edit a promise      {Path.Combine(workspace, "shop.yaml")}
              ask the API         curl http://127.0.0.1:{ports.Nines}/nines/v1/objectives
              be the admin        {await app.Services.GetRequiredService<FirstAdmin>().LinkAsync($"http://127.0.0.1:{ports.Nines}", stop) ?? $"http://127.0.0.1:{ports.Nines}/login"}

            What would reach a phone is printed here. Ctrl-C ends all of it.
            """);
        try
        {
            await app.WaitForShutdownAsync(stop);
        }
        finally
        {
            End(customers);
            End(shop);
        }
    }

    private static void WriteWorkspace(string directory, (int Nines, int Shop, int Phone) ports)
    {
        Directory.CreateDirectory(directory);
        var assembly = typeof(DemoVerb).Assembly;
        foreach (var name in assembly.GetManifestResourceNames().Where(n => n.StartsWith("workspace/", StringComparison.Ordinal)))
        {
            var path = Path.Combine(directory, name["workspace/".Length..]);
            if (!File.Exists(path))
            {
                using var reader = new StreamReader(assembly.GetManifestResourceStream(name)!);
                File.WriteAllText(path, reader.ReadToEnd().Replace("127.0.0.1:9901", $"127.0.0.1:{ports.Shop}").Replace("127.0.0.1:9902", $"127.0.0.1:{ports.Phone}"));
            }
        }
    }

    private static Process StartShop(params string[] args)
    {
        // Under `dotnet nines.dll` the process is dotnet itself and needs to be told the assembly again.
        var self = Environment.ProcessPath!;
        var prefix = Path.GetFileNameWithoutExtension(self) == "dotnet" ? new[] { Path.Combine(AppContext.BaseDirectory, "nines.dll") } : [];
        return Process.Start(new ProcessStartInfo(self, [.. prefix, ShopVerb, .. args]) { RedirectStandardInput = true, UseShellExecute = false })!;
    }

    private static void End(Process process)
    {
        process.StandardInput.Close();
        if (!process.WaitForExit(TimeSpan.FromSeconds(5)))
        {
            process.Kill();
        }
    }

    // Stands in for a phone: takes what a Telegram bot would be told, and prints it.
    private static WebApplication Phone(int port, TextWriter output)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.WebHost.UseUrls($"http://127.0.0.1:{port}");
        builder.Logging.ClearProviders();
        var app = builder.Build();
        app.MapPost("/bot{token}/sendMessage", async (HttpRequest request) =>
        {
            using var body = await JsonDocument.ParseAsync(request.Body, cancellationToken: request.HttpContext.RequestAborted);
            var text = WebUtility.HtmlDecode(System.Text.RegularExpressions.Regex.Replace(body.RootElement.GetProperty("text").GetString() ?? "", "<[^>]+>", "", System.Text.RegularExpressions.RegexOptions.None, TimeSpan.FromSeconds(1)));
            await output.WriteLineAsync($"\n  phone ── {string.Join("\n           ", text.Split('\n'))}\n");
            return Results.Text("""{"ok":true,"result":{"message_id":1}}""", "application/json");
        });
        return app;
    }

    private static bool IsFree(int port)
    {
        try
        {
            using var listener = new TcpListener(IPAddress.Loopback, port);
            listener.Start();
            return true;
        }
        catch (SocketException)
        {
            return false;
        }
    }
}
