using System.CommandLine;
using Nines.Core;
using Nines.Core.Workspace;
using Nines.Core.Workspace.Import;
using Nines.Server.Workspace;

namespace Nines.Cli.Verbs;

/// <summary><c>nines import FILE… --out DIR</c>: documents of Sloth, Pyrra and OpenSLO, and texts in Markdown, become files of a workspace, with a report of what is lost.</summary>
internal static class ImportVerb
{
    public static Command Create()
    {
        var files = new Argument<string[]>("FILE") { Description = "Documents of Sloth, Pyrra or OpenSLO, or Markdown (.md, .txt) that states objectives; of a directory, all its .yaml, .yml and .json files.", Arity = ArgumentArity.OneOrMore };
        var directory = new Option<string>("--out") { Description = "The workspace's directory; no file in it is overwritten.", Required = true };
        var period = ForeignFiles.Period();
        var windows = ForeignFiles.Windows();
        var format = Output.Format();
        var command = new Command("import", "Make workspace files of other tools' SLO documents; all or, when one is refused, none.") { files, directory, period, windows, format };
        command.SetAction((parse, _) => Output.Guard(parse, () =>
        {
            var problems = new List<Problem>();
            var sources = ForeignFiles.Read(parse.GetRequiredValue(files), problems);
            var options = ForeignFiles.Options(parse.GetValue(period)!, parse.GetValue(windows), problems);
            var result = Convert(parse.GetRequiredValue(directory), sources, options, problems);
            var ok = problems.Count == 0 && result.Ok && Write(parse.GetRequiredValue(directory), result.Files, problems);
            problems.AddRange(result.Problems);
            Report(parse, parse.GetValue(format) == "json", result, problems, ok, parse.GetRequiredValue(directory));
            return Task.FromResult(ok ? ExitCode.Ok : ExitCode.Problems);
        }));
        return command;
    }

    private static ImportResult Convert(string directory, IReadOnlyList<WorkspaceFile> sources, ImportOptions options, List<Problem> problems)
    {
        if (!Directory.Exists(directory))
        {
            return Importer.Import(sources, [], options);
        }
        var (existing, unreadable) = new WorkspaceDirectory().Read(directory);
        problems.AddRange(unreadable);
        return Importer.Import(sources, existing, options);
    }

    // Written beside their places first: a full disk leaves none of them half there.
    internal static bool Write(string directory, IReadOnlyList<WorkspaceFile> files, List<Problem> problems)
    {
        var targets = files.Select(f => (File: f, Path: Path.Combine(directory, f.Path))).ToList();
        foreach (var (_, path) in targets.Where(t => File.Exists(t.Path)))
        {
            problems.Add(new(new(path, 1, 1), ProblemSeverity.Error, "exists", "the file is there already and was not overwritten", "move it, or import into another directory"));
        }
        if (problems.Count > 0)
        {
            return false;
        }
        targets.ForEach(t => Directory.CreateDirectory(Path.GetDirectoryName(t.Path)!));
        var written = new List<string>();
        try
        {
            foreach (var (file, path) in targets)
            {
                written.Add(path + ".importing");
                File.WriteAllBytes(path + ".importing", file.Content.Span);
            }
            targets.ForEach(t => File.Move(t.Path + ".importing", t.Path, overwrite: false));
        }
        finally
        {
            written.ForEach(File.Delete);
        }
        return true;
    }

    private static void Report(ParseResult parse, bool json, ImportResult result, List<Problem> problems, bool ok, string directory)
    {
        var output = parse.InvocationConfiguration.Output;
        string[] written = ok ? [.. result.Files.Select(f => Path.Combine(directory, f.Path))] : [];
        if (json)
        {
            Output.Json(output, new ImportReport(ok, written, result.Documents, [.. result.Losses.Select(ImportLossItem.Of)], [.. problems.Select(ProblemItem.Of)]),
                CliJson.Readable.ImportReport);
        }
        else
        {
            problems.ForEach(output.WriteLine);
            foreach (var loss in result.Losses)
            {
                output.WriteLine(loss);
            }
        }
        parse.InvocationConfiguration.Error.WriteLine(ok
            ? $"{result.Documents.Values.Sum()} documents, {written.Length} files written to {directory}, {result.Losses.Count} losses"
            : $"{problems.Count(p => p.Severity == ProblemSeverity.Error)} errors, nothing written");
    }
}

/// <summary>What <c>nines import --format json</c> answers.</summary>
/// <param name="Ok">Whether everything was imported.</param>
/// <param name="Written">The files written.</param>
/// <param name="Documents">How many documents were read, by version and kind.</param>
/// <param name="Losses">What could not be carried over.</param>
/// <param name="Problems">What was refused.</param>
public sealed record ImportReport(bool Ok, IReadOnlyList<string> Written, IReadOnlyDictionary<string, int> Documents, IReadOnlyList<ImportLossItem> Losses,
    IReadOnlyList<ProblemItem> Problems);

/// <summary>Something lost.</summary>
public sealed record ImportLossItem(string File, int Line, int Column, string Document, string Code, string Lost, string Instead)
{
    /// <summary>The item of a loss.</summary>
    public static ImportLossItem Of(ImportLoss l) => new(l.Position.File, l.Position.Line, l.Position.Column, l.Document, l.Code, l.Lost, l.Instead);
}
