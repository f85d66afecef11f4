using System.Diagnostics;
using System.Text.RegularExpressions;
using Microsoft.AspNetCore.Builder;

namespace Nines.Integration.Tests.Alertmanager;

/// <summary>Every command of amtool against Alertmanager and against Nines: the same words come out.</summary>
public sealed partial class AmtoolCommandTests : IAsyncLifetime
{
    private const string Tool = "/usr/bin/amtool";
    private readonly string _root = Directory.CreateTempSubdirectory("nines-test-").FullName;
    private WebApplication? _ours;

    private string Config => Path.Combine(_root, "alertmanager.yml");

    public async ValueTask InitializeAsync() => await File.WriteAllTextAsync(Config, OurAlertmanager.Config, TestContext.Current.CancellationToken);

    public async ValueTask DisposeAsync()
    {
        if (_ours is not null)
        {
            await _ours.DisposeAsync();
        }
        Directory.Delete(_root, true);
    }

    [Fact]
    public async Task Commands_say_the_same_of_Nines_as_of_Alertmanager()
    {
        Assert.SkipUnless(File.Exists(Tool), "amtool is not installed (Debian: prometheus-alertmanager)");
        RealAlertmanager.SkipUnlessThere();
        await using var real = await RealAlertmanager.StartAsync(Config, Path.Combine(_root, "theirs"));
        _ours = await OurAlertmanager.StartAsync(Config, Path.Combine(_root, "ours"));
        var (theirs, ours) = (new Amtool(real.Address), new Amtool(new Uri(_ours.Urls.First())));
        var import = Path.Combine(_root, "silences.json");
        await File.WriteAllTextAsync(import, """
            [{"matchers":[{"name":"i","value":"1","isRegex":false,"isEqual":true}],"startsAt":"2026-11-22T00:00:00Z","endsAt":"2099-01-01T00:00:00Z","createdBy":"im","comment":"port"},
             {"matchers":[{"name":"i","value":"2.*","isRegex":true,"isEqual":false}],"startsAt":"2098-11-22T00:00:00Z","endsAt":"2099-01-01T00:00:00Z","createdBy":"im","comment":"port"}]
            """, TestContext.Current.CancellationToken);
        const string Ends = "--end=2099-01-01T00:00:00Z";
        string[] script =
        [
            $"alert add Fire team=a cluster=x severity=critical --annotation=summary=hot --generator-url=http://x/y --start=2026-11-22T00:00:00Z {Ends}",
            $"alert add alertname=Smoke team=b cluster=x severity=warning --start=2026-11-22T00:00:00Z {Ends}",
            $"alert add Quiet team=m --start=2026-11-22T00:00:00Z {Ends}",
            "alert add",
            "WAIT", "alert", "alert query", "alert query Fire", "alert query alertname=~Fi.*|Q.* team!=m", "alert query -r team-.*", "alert query -i", "alert query -a -i -s", "alert query -u", "alert query (",
            $"silence add -a me -c why Fire cluster=x {Ends}", "silence add -a me -c why team=~m|n --end=2099-03-01T00:00:00Z", "silence add -a me Fire", "silence add -a me -c later -d 1h --start=2098-01-01T00:00:00Z team!=b", "silence add -c none",
            "alert query -s", "alert query", "silence", "silence query", "silence query Fire", "silence query team=~m|n", "silence query --created-by=me", "silence query --created-by=you", "silence query -q team!=b", "silence query --within=2h", "silence query --expired",
            $"silence update {{0}} -c changed {Ends}", "silence query", "silence update 8d1e3b5e-0000-4000-8000-000000000000 -c x", "silence expire {1}", "silence expire 8d1e3b5e-0000-4000-8000-000000000000", "silence expire", "silence query --expired", "alert query -s",
            $"silence import {import}", "silence query --created-by=im", "check-config " + Config, "config routes", "config routes show", "config routes test team=a alertname=X",
            "config routes test --verify.receivers=default team=b", "config routes test --verify.receivers=muted team=b", "config routes test --tree team=m", "cluster", "cluster show",
        ];
        var differences = new List<string>();
        foreach (var line in script)
        {
            if (line == "WAIT")
            {
                await RealAlertmanager.SettleAsync();
                continue;
            }
            string[] formats = line.StartsWith("alert query", StringComparison.Ordinal) || line.StartsWith("silence query", StringComparison.Ordinal) ? ["simple", "json", "extended"] : ["simple"];
            foreach (var format in formats)
            {
                var (expected, got) = (await theirs.RunAsync(line, format), await ours.RunAsync(line, format));
                if (got != expected)
                {
                    differences.Add($"amtool -o {format} {line}\n--- theirs {expected}\n--- ours {got}");
                }
            }
        }
        (differences.Count == 0).ShouldBeTrue(string.Join('\n', differences));
        (await ours.RunAsync("config show", "simple")).Output.ShouldContain("receiver: default");
        (await ours.RunAsync("config show", "simple")).Output.ShouldNotContain("hidden");
    }

    /// <summary>amtool for one server; it keeps the silences it made, so that later lines can name them.</summary>
    private sealed class Amtool(Uri address)
    {
        private readonly List<string> _made = [];

        public async Task<Said> RunAsync(string line, string format)
        {
            var words = line.Split(' ').Select(w => w is "{0}" or "{1}" ? _made[w[1] - '0'] : w);
            // Without --no-version-check a warning would come first: 0.25 is not 0.28.
            using var process = Process.Start(new ProcessStartInfo(Tool, [$"--alertmanager.url={address}", "-o", format, .. words]) { RedirectStandardOutput = true, RedirectStandardError = true, UseShellExecute = false })!;
            var (output, error) = (process.StandardOutput.ReadToEndAsync(), process.StandardError.ReadToEndAsync());
            await process.WaitForExitAsync();
            var text = await output;
            if (line.StartsWith("silence add", StringComparison.Ordinal) && process.ExitCode == 0)
            {
                _made.Add(text.Trim());
            }
            return new(process.ExitCode, Normal(text), Normal(VersionWarning().Replace(await error, "")));
        }

        private static string Normal(string text)
        {
            text = Moment().Replace(Identity().Replace(text, "ID"), "TIME").Replace("\"mutedBy\":[],", "");
            // 0.25 says 500, 0.28 says 404, which amtool 0.25 does not know.
            text = Unknown().Replace(text, "silence not found");
            // Lines of one silence each come in no order that holds, and columns are as wide as what stands in them.
            return string.Join('\n', text.Split('\n').Select(l => Blanks().Replace(l, " ").Trim()).Order(StringComparer.Ordinal));
        }
    }

    private sealed record Said(int Code, string Output, string Error);

    [GeneratedRegex("[0-9a-f]{8}-[0-9a-f-]{27}", RegexOptions.NonBacktracking | RegexOptions.ExplicitCapture)]
    private static partial Regex Identity();

    [GeneratedRegex(@"\d{4}-\d\d-\d\d[T ][0-9:.]+(Z| UTC)|\d\d/\d\d/\d\d \d\d:\d\d:\d\d", RegexOptions.NonBacktracking | RegexOptions.ExplicitCapture)]
    private static partial Regex Moment();

    [GeneratedRegex(@"(\[DELETE.*silence not found.*|\[DELETE.*deleteSilenceNotFound.*|response status code does not match.*status 404.*)", RegexOptions.NonBacktracking | RegexOptions.ExplicitCapture)]
    private static partial Regex Unknown();

    [GeneratedRegex(@" +", RegexOptions.NonBacktracking | RegexOptions.ExplicitCapture)]
    private static partial Regex Blanks();

    [GeneratedRegex("(?m)^.*(Warning: amtool version|different).*\n", RegexOptions.NonBacktracking | RegexOptions.ExplicitCapture)]
    private static partial Regex VersionWarning();
}
