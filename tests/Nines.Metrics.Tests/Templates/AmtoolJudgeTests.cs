using System.Diagnostics;
using Nines.Metrics.Templates;

namespace Nines.Metrics.Tests.Templates;

/// <summary>Alertmanager's own <c>amtool template render</c> judges what we make of a template.</summary>
public class AmtoolJudgeTests
{
    // What our data is not, or newer Go does otherwise than the judge's.
    private static readonly string[] NotJudged =
        ["{{9223372036854775808}}", "{{.Status |}}", "{{.}}x{{nil}}", "{{range $i, $v := .GroupLabels.SortedPairs}}{{$i}}{{$v.Name}}{{end}}", "{{$}}x{{$x}}", "{{ . | printf }}"];

    [Fact]
    public async Task EveryTemplate_MeansTheSameToAmtool()
    {
        Assert.SkipUnless(File.Exists("/usr/bin/amtool"), "amtool is not installed (Debian: prometheus-alertmanager)");
        var data = Path.GetTempFileName();
        await File.WriteAllTextAsync(data, TemplateCases.Json, TestContext.Current.CancellationToken);
        var differences = new List<string>();
        foreach (var text in TemplateCases.All.Except(NotJudged).Where(t => t.Length > 0))
        {
            var theirs = await RenderAsync(text, data);
            var ours = TemplateCases.Execute(text, TemplateCases.Data);
            if (!IsSame(ours, theirs))
            {
                differences.Add($"{text}\n  ours   {ours.Text ?? ours.Error}\n  amtool {theirs.Text ?? theirs.Error}");
            }
        }
        File.Delete(data);
        differences.ShouldBeEmpty();
    }

    private static bool IsSame(TemplateOutcome ours, TemplateOutcome theirs) =>
        ours.Error is null || theirs.Error is null ? ours.Text == theirs.Text && (ours.Error is null) == (theirs.Error is null)
            // An error executing carries the place; one of reading at least the line.
            : !theirs.Error.Contains(": executing", StringComparison.Ordinal) || Place(ours.Error) == Place(theirs.Error);

    private static string Place(string error) => error[..(error.IndexOf(">:", StringComparison.Ordinal) + 1)];

    private static async Task<TemplateOutcome> RenderAsync(string text, string data)
    {
        var start = new ProcessStartInfo("/usr/bin/amtool") { UseShellExecute = false, RedirectStandardOutput = true, RedirectStandardError = true };
        foreach (var argument in (string[])["template", "render", "--template.glob=/dev/null", "--template.text=" + text, "--template.data=" + data])
        {
            start.ArgumentList.Add(argument);
        }
        using var process = Process.Start(start)!;
        var error = process.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken);
        var output = await process.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken);
        await process.WaitForExitAsync(TestContext.Current.CancellationToken);
        return process.ExitCode == 0 ? new TemplateOutcome(output, null) : new TemplateOutcome(null, (await error).Replace("amtool: error: ", "").Trim());
    }
}
