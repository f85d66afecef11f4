using System.Diagnostics;
using System.Text;
using Nines.Core.Alerting;
using Nines.Core.Workspace;

namespace Nines.Core.Tests.Alerting;

/// <summary>Debian's promtool as a judge, and our answer to the same files.</summary>
internal sealed class Promtool : IDisposable
{
    private const string Tool = "/usr/bin/promtool";
    private readonly string _directory = Directory.CreateTempSubdirectory("nines-promtool-").FullName;

    public static void SkipUnlessThere() => Assert.SkipUnless(File.Exists(Tool), "promtool is not installed (Debian: prometheus)");

    public string Write(string name, string text)
    {
        var path = Path.Combine(_directory, name);
        File.WriteAllText(path, text);
        return path;
    }

    public static async Task<(bool Ok, string Output)> RunAsync(params string[] arguments)
    {
        var (ok, output, error) = await RunToolAsync(Tool, arguments);
        return (ok, output + error);
    }

    public static async Task<(bool Ok, string Output, string Error)> RunToolAsync(string tool, params IEnumerable<string> arguments)
    {
        var start = new ProcessStartInfo(tool) { UseShellExecute = false, RedirectStandardOutput = true, RedirectStandardError = true };
        foreach (var argument in arguments)
        {
            start.ArgumentList.Add(argument);
        }
        using var process = Process.Start(start)!;
        var error = process.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken);
        var output = await process.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken);
        await process.WaitForExitAsync(TestContext.Current.CancellationToken);
        return (process.ExitCode == 0, output, await error);
    }

    public static RuleReading Rules(string text, string name = "rules.yml") => RuleFileReader.Read(new WorkspaceFile(name, Encoding.UTF8.GetBytes(text)));

    public static RuleTestFile Tests(string text)
    {
        var (file, problems) = RuleTestReader.Read(new WorkspaceFile("test.yml", Encoding.UTF8.GetBytes(text)));
        problems.ShouldBeEmpty();
        return file;
    }

    public void Dispose() => Directory.Delete(_directory, recursive: true);
}
