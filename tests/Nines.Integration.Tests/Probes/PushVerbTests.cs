using System.CommandLine;
using System.Text.Json.Nodes;
using Nines.Cli;
using Nines.Core.Access;

namespace Nines.Integration.Tests.Probes;

public sealed class PushVerbTests
{
    [Fact]
    public async Task Push_CountsOnceByItsKey_AndSaysWhatIsRefused()
    {
        await using var server = await RunningServer.StartAsync();
        using var client = await server.ClientAsync(Role.Push);
        var token = client.DefaultRequestHeaders.Authorization!.Parameter!;
        string[] to = ["--url", server.Address.ToString(), "--token", token];
        (await RunAsync(["push", "thumbs", "--good", "2", "--bad", "1", "--service", "rag", "--label", "model=x", "--key", "k", .. to]))
            .ShouldBe((ExitCode.Ok, $"3 counted, 0 counted before, 0 late{Environment.NewLine}", ""));
        (await RunAsync(["push", "thumbs", "--good", "2", "--bad", "1", "--service", "rag", "--label", "model=x", "--key", "k", .. to])).Output.ShouldStartWith("0 counted, 3 counted before");
        var (code, json, _) = await RunAsync(["push", "cost", "--value", "-1", "--format", "json", .. to]);
        (code, (string?)JsonNode.Parse(json)!["refused"]![0]!["code"]).ShouldBe((ExitCode.Problems, "negative"));
        (await RunAsync(["push", "thumbs", .. to])).Code.ShouldBe(ExitCode.Usage);
        (await RunAsync(["push", "thumbs", "--good", "1", "--label", "model", .. to])).Code.ShouldBe(ExitCode.Usage);
        (await RunAsync(["push", "thumbs", "--good", "1", "--url", server.Address.ToString(), "--token", "nines_wrong"])).Code.ShouldBe(ExitCode.Refused);
    }

    private static async Task<(int Code, string Output, string Error)> RunAsync(string[] args)
    {
        var (output, error) = (new StringWriter(), new StringWriter());
        var code = await NinesCommand.Create().Parse(args).InvokeAsync(new InvocationConfiguration { Output = output, Error = error }, TestContext.Current.CancellationToken);
        return (code, output.ToString(), error.ToString());
    }
}
