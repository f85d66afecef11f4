using System.CommandLine;
using System.Text;
using Nines.Core;
using Nines.Core.Reviews;
using Nines.Core.Workspace;
using Nines.Server.Workspace;

namespace Nines.Cli.Verbs;

/// <summary><c>nines docs</c>: the documents of a practice, rendered from its workspace, so that they say what is in force.</summary>
internal static class DocsVerb
{
    public static Command Create()
    {
        var workspace = new Argument<string>("DIR") { Description = "The workspace.", DefaultValueFactory = _ => "workspace" };
        var to = new Option<string>("--out") { Description = "Where the documents are written; those of an earlier time are replaced.", DefaultValueFactory = _ => "docs" };
        var check = new Option<bool>("--check") { Description = "Write nothing; say which documents differ from what is in force, for CI." };
        var format = Output.Format();
        var command = new Command("docs", "Render SLOs.md, ON_CALL.md, RUNBOOK.md and INCIDENTS.md from a workspace.") { workspace, to, check, format };
        command.SetAction((parse, _) => Output.Guard(parse, () =>
        {
            var directory = parse.GetRequiredValue(workspace);
            if (!Directory.Exists(directory))
            {
                return Task.FromResult(Output.Fail(parse, ExitCode.Usage, $"there is no workspace {directory}"));
            }
            var (files, unreadable) = new WorkspaceDirectory().Read(directory);
            var reading = WorkspaceReader.Read(files);
            var errors = unreadable.Concat(reading.Problems.Where(p => p.Severity == ProblemSeverity.Error)).ToList();
            if (reading.Model is not { } model || errors.Count > 0)
            {
                errors.ForEach(parse.InvocationConfiguration.Error.WriteLine);
                return Task.FromResult(Output.Fail(parse, ExitCode.Problems, $"{errors.Count} errors, nothing rendered"));
            }
            return Task.FromResult(Put(parse, Render(model), parse.GetRequiredValue(to), parse.GetValue(check), parse.GetValue(format) == "json"));
        }));
        return command;
    }

    /// <summary>The documents of a workspace, by name.</summary>
    internal static IReadOnlyList<(string Name, string Text)> Render(WorkspaceModel model) =>
    [
        ("SLOs.md", ObjectivesDocument.Of(model.Services, model.Objectives)),
        ("RUNBOOK.md", RunbookDocument.Of(model.Services,
            [.. RunbookEntry.Of(model.Objectives, model.Services), .. RunbookEntry.Of(model.RuleGroups), .. RunbookEntry.Of(model.Probes), .. RunbookEntry.Of(model.Collectors), .. RunbookEntry.Of(model.Heartbeats)])),
        ("ON_CALL.md", OnCallDocument.Of(model.Routing)),
        ("INCIDENTS.md", PostmortemDocument.Of(model.Services, model.Routing.Ladders)),
    ];

    private static int Put(ParseResult parse, IReadOnlyList<(string Name, string Text)> documents, string directory, bool checks, bool json)
    {
        var items = documents.Select(d => (Path: Path.Combine(directory, d.Name), d.Text)).Select(d => (d.Path, d.Text,
            State: !File.Exists(d.Path) ? "missing" : File.ReadAllText(d.Path) == d.Text ? "same" : "differs")).ToList();
        if (!checks)
        {
            Directory.CreateDirectory(directory);
            items.Where(i => i.State != "same").ToList().ForEach(i => File.WriteAllText(i.Path, i.Text, new UTF8Encoding(false)));
        }
        var output = parse.InvocationConfiguration.Output;
        if (json)
        {
            Output.Json(output, new DocsReport([.. items.Select(i => new DocsItem(i.Path, i.State))]), CliJson.Readable.DocsReport);
        }
        else
        {
            items.ForEach(i => output.WriteLine($"{i.Path}: {(checks ? i.State : i.State == "same" ? "as it was" : "written")}"));
        }
        return checks && items.Exists(i => i.State != "same") ? ExitCode.Problems : ExitCode.Ok;
    }
}

/// <summary>What <c>nines docs --format json</c> answers.</summary>
/// <param name="Documents">The documents.</param>
public sealed record DocsReport(IReadOnlyList<DocsItem> Documents);

/// <summary>A document.</summary>
/// <param name="Path">Where it is.</param>
/// <param name="State">How it stood before: <c>same</c>, <c>differs</c> or <c>missing</c>.</param>
public sealed record DocsItem(string Path, string State);
