using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Nines.Cli;

namespace Nines.Integration.Tests.Cli;

public sealed class InitVerbTests : IAsyncDisposable
{
    private const string Token = "123456789:AAEhBOweik6ad9r_QXMENQjcrGbqCr4K-bc";
    private readonly string _root = Directory.CreateTempSubdirectory("nines-init-").FullName;
    private readonly List<string> _calls = [];
    private readonly WebApplication _telegram;

    public InitVerbTests()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        _telegram = builder.Build();
        _telegram.Run(async context =>
        {
            _calls.Add(context.Request.Path + " " + await new StreamReader(context.Request.Body).ReadToEndAsync(context.RequestAborted));
            await context.Response.WriteAsync(context.Request.Path.Value!.EndsWith("getUpdates", StringComparison.Ordinal)
                ? """{"ok":true,"result":[{"update_id":1,"message":{"chat":{"id":5}}},{"update_id":2,"message":{"chat":{"id":-100777}}},{"update_id":3}]}"""
                : """{"ok":true,"result":{"message_id":1}}""", context.RequestAborted);
        });
    }

    [Fact]
    public async Task Init_ThreeAnswers_MakeAWorkspaceThatPassesCheckAndFindTheChat()
    {
        await _telegram.StartAsync(TestContext.Current.CancellationToken);
        var (code, output, error) = await VerbTests.RunAsync("init", _root, "--run", "shop=http://127.0.0.1:8080/health", "--run", "postgres://app:geheim@127.0.0.1/shop",
            "--tell", Token, "--target", "99.5%", "--telegram-api", _telegram.Urls.First());
        (code, error).ShouldBe((ExitCode.Ok, ""));
        output.ShouldContain("nines serve");
        _calls.Select(c => c.Split(' ')[0]).ShouldBe([$"/bot{Token}/getUpdates", $"/bot{Token}/sendMessage"]);
        _calls[1].ShouldContain("\"-100777\"");
        var (checkedCode, problems, _) = await VerbTests.RunAsync("check", Path.Combine(_root, "workspace"));
        (checkedCode, problems).ShouldBe((ExitCode.Ok, ""));
        (await File.ReadAllTextAsync(Path.Combine(_root, "workspace", "delivery.yaml"), TestContext.Current.CancellationToken)).ShouldContain("chatId: '-100777'");
        foreach (var (name, secret) in new[] { ("telegram", Token), ("postgres", "geheim") })
        {
            var path = Path.Combine(_root, "secrets", name);
            (await File.ReadAllTextAsync(path, TestContext.Current.CancellationToken)).ShouldBe(secret);
            if (!OperatingSystem.IsWindows())
            {
                File.GetUnixFileMode(path).ShouldBe(UnixFileMode.UserRead | UnixFileMode.UserWrite);
            }
            Directory.EnumerateFiles(Path.Combine(_root, "workspace")).ShouldAllBe(f => !File.ReadAllText(f).Contains(secret, StringComparison.Ordinal));
        }
    }

    [Fact]
    public async Task Init_WhereFilesAre_OverwritesNothing()
    {
        await VerbTests.RunAsync("init", _root, "--run", "127.0.0.1:25");
        var path = Path.Combine(_root, "workspace", "probes.yaml");
        await File.WriteAllTextAsync(path, "# mine", TestContext.Current.CancellationToken);
        var (code, json, _) = await VerbTests.RunAsync("init", _root, "--run", "127.0.0.1:26", "--format", "json");
        (code, (bool)JsonNode.Parse(json)!["ok"]!).ShouldBe((ExitCode.Problems, false));
        json.ShouldContain("probes.yaml");
        (await File.ReadAllTextAsync(path, TestContext.Current.CancellationToken)).ShouldBe("# mine");
    }

    [Theory]
    [InlineData("nothing to watch")]
    [InlineData("has no port", "--run", "shop")]
    [InlineData("there are two services shop", "--run", "shop=127.0.0.1:1", "--run", "shop=127.0.0.1:2")]
    [InlineData("no bot token of Telegram", "--run", "127.0.0.1:1", "--tell", "me")]
    [InlineData("is no share", "--run", "127.0.0.1:1", "--target", "100%")]
    [InlineData("is no http address", "--run", "127.0.0.1:1", "--beat", "later")]
    public async Task Init_Mistakes_AreSaidAndNothingIsWritten(string said, params string[] args)
    {
        var (code, _, error) = await VerbTests.RunAsync(["init", _root, .. args]);
        code.ShouldBe(ExitCode.Usage);
        error.ShouldContain(said);
        Directory.EnumerateFileSystemEntries(_root).ShouldBeEmpty();
    }

    [Fact]
    public async Task Docs_WrittenThenChanged_CheckSaysWhichDiffers()
    {
        await VerbTests.RunAsync("init", _root, "--run", "shop=127.0.0.1:25");
        var (workspace, docs) = (Path.Combine(_root, "workspace"), Path.Combine(_root, "docs"));
        (await VerbTests.RunAsync("docs", workspace, "--out", docs)).Code.ShouldBe(ExitCode.Ok);
        (await VerbTests.RunAsync("docs", workspace, "--out", docs, "--check")).Code.ShouldBe(ExitCode.Ok);
        await File.AppendAllTextAsync(Path.Combine(docs, "SLOs.md"), "by hand", TestContext.Current.CancellationToken);
        var (code, output, _) = await VerbTests.RunAsync("docs", workspace, "--out", docs, "--check");
        code.ShouldBe(ExitCode.Problems);
        output.ShouldContain("SLOs.md: differs");
        (await File.ReadAllTextAsync(Path.Combine(docs, "SLOs.md"), TestContext.Current.CancellationToken)).ShouldEndWith("by hand");
    }

    public async ValueTask DisposeAsync()
    {
        await _telegram.DisposeAsync();
        Directory.Delete(_root, recursive: true);
    }
}
