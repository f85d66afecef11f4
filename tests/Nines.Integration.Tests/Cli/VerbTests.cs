using System.CommandLine;
using System.Text.Json.Nodes;
using Nines.Cli;
using Nines.Metrics;
using Nines.Tsdb;

namespace Nines.Integration.Tests.Cli;

public sealed class VerbTests
{
    [Fact]
    public async Task Check_TheExamplesWorkspace_IsFine()
    {
        var (code, output, error) = await RunAsync("check", Path.Combine(Repository.Root, "examples", "shop", "workspace"));
        (code, output).ShouldBe((ExitCode.Ok, ""));
        error.ShouldContain("5 objectives");
    }

    [Fact]
    public async Task Check_FiftyMistakes_PrintsFiftyPositionsAndExits1()
    {
        var directory = Path.Combine(Repository.Root, "tests", "Nines.Core.Tests", "Workspace", "fifty");
        var (code, output, _) = await RunAsync("check", directory);
        code.ShouldBe(ExitCode.Problems);
        output.TrimEnd().Split('\n').Length.ShouldBe(50);
        var (_, json, _) = await RunAsync("check", directory, "--format", "json");
        JsonNode.Parse(json)!["problems"]!.AsArray().Count.ShouldBe(50);
    }

    [Fact]
    public async Task Import_ThenCheckAndGenerate_NoFileIsOverwritten()
    {
        var directory = Directory.CreateTempSubdirectory("nines-import-").FullName;
        var (source, workspace) = (Path.Combine(directory, "orders.yml"), Path.Combine(directory, "workspace"));
        await File.WriteAllTextAsync(source, """
            version: prometheus/v1
            service: shop
            slos:
              - name: orders
                objective: 99.9
                sli: {events: {error_query: 'sum(rate(r{code="500"}[{{.window}}]))', total_query: 'sum(rate(r[{{.window}}]))'}}
                alerting: {name: Orders}
            """, TestContext.Current.CancellationToken);
        var (code, json, _) = await RunAsync("import", source, "--out", workspace, "--format", "json");
        (code, JsonNode.Parse(json)!["losses"]!.AsArray().Count).ShouldBe((ExitCode.Ok, 2));
        (await RunAsync("check", workspace)).Item1.ShouldBe(ExitCode.Ok);
        var (_, rules, _) = await RunAsync("generate", "prometheus", workspace);
        rules.ShouldContain("alert: ErrorBudgetBurnPage");
        (await RunAsync("generate", "tests", workspace)).Item2.ShouldContain("exp_samples");
        (await RunAsync("generate", "prometheus", "--like", "sloth", "-l", "a=b", source)).Item2.ShouldContain("sloth_id: shop-orders");

        var before = await File.ReadAllTextAsync(Path.Combine(workspace, "orders.yaml"), TestContext.Current.CancellationToken);
        await File.WriteAllTextAsync(source, (await File.ReadAllTextAsync(source, TestContext.Current.CancellationToken)).Replace("name: orders", "name: other"), TestContext.Current.CancellationToken);
        var (again, output, _) = await RunAsync("import", source, "--out", workspace);
        again.ShouldBe(ExitCode.Problems);
        output.ShouldContain("the file is there already and was not overwritten");
        (await File.ReadAllTextAsync(Path.Combine(workspace, "orders.yaml"), TestContext.Current.CancellationToken)).ShouldBe(before);
        Directory.EnumerateFiles(workspace).Count().ShouldBe(1);
    }

    [Fact]
    public async Task Check_NoDirectory_SaysSo()
    {
        var (code, output, error) = await RunAsync("check", "/nowhere/at/all");
        (code, output).ShouldBe((ExitCode.Unavailable, ""));
        error.ShouldContain("/nowhere/at/all is no directory");
    }

    [Fact]
    public async Task Rules_OfTheGuide_AreGoodAndPassTheirTest_AndAnErrorHasItsPlace()
    {
        var directory = Directory.CreateTempSubdirectory("nines-rules-").FullName;
        var blocks = (await File.ReadAllTextAsync(Path.Combine(Repository.Root, "docs", "guide", "rules.md"), TestContext.Current.CancellationToken))
            .Split("```yaml").Skip(1).Select(b => b.Split("```")[0]).ToList();
        var (rules, tests) = (Path.Combine(directory, "shop.yml"), Path.Combine(directory, "test.yml"));
        await File.WriteAllTextAsync(rules, blocks[0], TestContext.Current.CancellationToken);
        await File.WriteAllTextAsync(tests, blocks[1].Replace("[shop.yml]", "['s*p.yml']"), TestContext.Current.CancellationToken);
        (await RunAsync("check", "rules", rules)).ShouldBe((ExitCode.Ok, $"{rules}: 2 rules found\n", ""));
        (await RunAsync("test", "rules", tests)).ShouldBe((ExitCode.Ok, $"{tests}: SUCCESS\n", ""));

        await File.WriteAllTextAsync(tests, blocks[1].Replace("value: 0.5", "value: 0.6"), TestContext.Current.CancellationToken);
        var (code, output, _) = await RunAsync("test", "rules", tests);
        code.ShouldBe(ExitCode.Problems);
        output.ShouldContain("expr: job:requests:rate5m, time: 5m\n    exp: [job:requests:rate5m{job=\"shop\"} 0.6]\n    got: [job:requests:rate5m{job=\"shop\"} 0.5]");
        var (_, json, _) = await RunAsync("test", "rules", tests, "--format", "json");
        JsonNode.Parse(json)!["failures"]![0]!["timeSeconds"]!.GetValue<double>().ShouldBe(300);

        await File.WriteAllTextAsync(rules, blocks[0].Replace("== 0", "== = 0"), TestContext.Current.CancellationToken);
        var (checkedCode, checkedJson, _) = await RunAsync("check", "rules", rules, "--format", "json");
        checkedCode.ShouldBe(ExitCode.Problems);
        JsonNode.Parse(checkedJson)!["problems"]![0]!["line"]!.GetValue<int>().ShouldBe(9);
        Directory.Delete(directory, recursive: true);
    }

    [Fact]
    public async Task CheckAndTestRoutes_TheGuidesExample_AndAMistakeInIt()
    {
        var directory = Directory.CreateTempSubdirectory("nines-routes-").FullName;
        var blocks = (await File.ReadAllTextAsync(Path.Combine(Repository.Root, "docs", "guide", "routing.md"), TestContext.Current.CancellationToken))
            .Split("```").Where((_, i) => i % 2 == 1).ToList();
        var file = Path.Combine(directory, "alertmanager.yml");
        var yaml = blocks[0]["yaml\n".Length..];
        await File.WriteAllTextAsync(file, yaml, TestContext.Current.CancellationToken);
        (await RunAsync("check", "alertmanager", file)).ShouldBe((ExitCode.Ok, $"{file}: 3 routes, 3 receivers, 0 inhibit rules, 1 time intervals, 0 templates\n", ""));
        var shown = blocks[1].Trim().Split('\n', 2);
        string[] command = [.. shown[0].Split(' ').Skip(2).Select(word => word == "alertmanager.yml" ? file : word)];
        (await RunAsync(command)).ShouldBe((ExitCode.Ok, shown[1].Replace("alertmanager.yml", file) + "\n", ""));
        (await RunAsync([.. command, "--receivers", "pager"])).Code.ShouldBe(ExitCode.Problems);
        (await RunAsync("routes", "show", file)).Output.ShouldContain("  {severity=\"critical\"} → pager, and on  (by alertname cluster, wait 0s, news every 5m, repeat 4h)");

        await File.WriteAllTextAsync(file, yaml.Replace("receiver: pager", "receiver: pagers"), TestContext.Current.CancellationToken);
        var (code, json, _) = await RunAsync("check", "alertmanager", file, "--format", "json");
        code.ShouldBe(ExitCode.Problems);
        JsonNode.Parse(json)!["problems"]![0]!["hint"]!.GetValue<string>().ShouldBe("did you mean pager?");
        Directory.Delete(directory, recursive: true);
    }

    [Fact]
    public async Task Config_FlagOverFileOverDefault_NamesTheOrigin()
    {
        var file = Path.GetTempFileName();
        try
        {
            await File.WriteAllTextAsync(file, "listen: http://127.0.0.1:7777\ndata: /var/lib/nines\npostgres: Host=db;Password=hidden\n", TestContext.Current.CancellationToken);
            var (code, output, _) = await RunAsync("config", "--config", file, "--listen", "http://127.0.0.1:8888", "--format", "json");
            code.ShouldBe(ExitCode.Ok);
            output.ShouldNotContain("hidden");
            var settings = JsonNode.Parse(output)!["settings"]!.AsArray().ToDictionary(s => (string)s!["name"]!, s => ((string)s!["value"]!, (string)s["origin"]!));
            settings["listen"].ShouldBe(("http://127.0.0.1:8888", "flag"));
            settings["data"].ShouldBe(("/var/lib/nines", file));
            settings["workspace"].ShouldBe(("workspace", "default"));
        }
        finally
        {
            File.Delete(file);
        }
    }

    [Theory]
    [InlineData("listen: nonsense", "nonsense is no address")]
    [InlineData("lisen: x", ":1:1: there is no setting lisen")]
    public async Task Config_BadFile_IsAUsageErrorThatSaysWhere(string text, string message)
    {
        var file = Path.GetTempFileName();
        try
        {
            await File.WriteAllTextAsync(file, text, TestContext.Current.CancellationToken);
            var (code, _, error) = await RunAsync("config", "--config", file);
            code.ShouldBe(ExitCode.Usage);
            error.ShouldContain(message);
        }
        finally
        {
            File.Delete(file);
        }
    }

    [Fact]
    public async Task Version_AsJson_IsOnlyJson()
    {
        var (code, output, error) = await RunAsync("version", "--format", "json");
        (code, error).ShouldBe((ExitCode.Ok, ""));
        ((string?)JsonNode.Parse(output)!["version"]).ShouldBe("0.1.0");
    }

    [Fact]
    public async Task Objectives_NoServer_IsUnavailable()
    {
        var (code, _, error) = await RunAsync("objectives", "--server", "http://127.0.0.1:1");
        code.ShouldBe(ExitCode.Unavailable);
        error.ShouldContain("does not answer");
    }

    [Fact]
    public async Task BackupAndRestore_OfARunningServer_RoundTripAndVerify()
    {
        await using var server = await RunningServer.StartAsync(ShopWorkspace.Files(9901));
        var file = Path.Combine(Path.GetTempPath(), Path.GetRandomFileName() + ".tar.gz");
        var target = Directory.CreateTempSubdirectory("nines-restore-").FullName;
        try
        {
            (await RunAsync("backup", file, "--data", server.Data)).Code.ShouldBe(ExitCode.Ok);
            var (code, output, error) = await RunAsync("restore", file, "--data", target, "--verify", "--format", "json");
            (code, error).ShouldBe((ExitCode.Ok, ""));
            ((long)JsonNode.Parse(output)!["verifiedFacts"]!).ShouldBeGreaterThan(0);
            (await RunAsync("journal", "verify", "--data", target)).Code.ShouldBe(ExitCode.Ok);
            (await RunAsync("restore", file, "--data", target)).Code.ShouldBe(ExitCode.Unavailable);
        }
        finally
        {
            File.Delete(file);
            Directory.Delete(target, recursive: true);
        }
    }

    [Fact]
    public async Task Tsdb_OfADataDirectory_VerifiesListsAndDumps()
    {
        var data = Directory.CreateTempSubdirectory("nines-tsdb-").FullName;
        try
        {
            using (var store = new TsdbStore(new TsdbOptions { Directory = Path.Combine(data, "tsdb") }))
            {
                using var append = store.Begin();
                append.Add(append.Series(Labels.Of(("__name__", "up"), ("job", "api")), false, 0), new CounterSample(1_700_000_000_000, 1.5, 0));
                append.Commit();
            }
            var (code, output, error) = await RunAsync("tsdb", "verify", "--data", data);
            (code, output, error).ShouldBe((ExitCode.Ok, $"0 blocks with 0 chunks and 0 samples, 1 log segments with 1 samples: all as it was written{Environment.NewLine}", ""));
            (await RunAsync("tsdb", "dump", "up{job=\"api\"}", "--data", data)).Output.Trim().ShouldBe("up{job=\"api\"} 1.5 1700000000000");
            JsonNode.Parse((await RunAsync("tsdb", "dump", "--data", data, "--format", "json")).Output)!.ToJsonString()
                .ShouldBe("""[{"metric":{"__name__":"up","job":"api"},"samples":[[1700000000000,"1.5"]]}]""");
            ((int)JsonNode.Parse((await RunAsync("tsdb", "stats", "--data", data, "--format", "json")).Output)!["head"]!["series"]!).ShouldBe(1);
            (await RunAsync("tsdb", "dump", "1 +", "--data", data)).Code.ShouldBe(ExitCode.Usage);
            (await RunAsync("tsdb", "stats", "--data", data + "none")).Code.ShouldBe(ExitCode.Unavailable);
            var segment = Directory.EnumerateFiles(Path.Combine(data, "tsdb", "log")).Single();
            var bytes = await File.ReadAllBytesAsync(segment, TestContext.Current.CancellationToken);
            bytes[20] ^= 1;
            await File.WriteAllBytesAsync(segment, bytes, TestContext.Current.CancellationToken);
            (await RunAsync("tsdb", "verify", "--data", data)).Code.ShouldBe(ExitCode.Problems);
        }
        finally
        {
            Directory.Delete(data, recursive: true);
        }
    }

    [Fact]
    public async Task Unknown_Verb_IsAUsageError() => (await RunAsync("chek")).Code.ShouldNotBe(ExitCode.Ok);

    internal static async Task<(int Code, string Output, string Error)> RunAsync(params string[] args)
    {
        var (output, error) = (new StringWriter(), new StringWriter());
        var code = await NinesCommand.Create().Parse(args).InvokeAsync(new InvocationConfiguration { Output = output, Error = error }, TestContext.Current.CancellationToken);
        return (code, output.ToString(), error.ToString());
    }
}
