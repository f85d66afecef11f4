using System.Text;
using Nines.Core.Objectives.Generate;
using Nines.Core.Workspace.Lint;
using Nines.Core.Workspace.Statements;

namespace Nines.Core.Workspace.Import;

/// <summary>Turns the documents of Sloth, Pyrra and OpenSLO, and texts in Markdown, into files of a workspace, and says what is lost.</summary>
public static class Importer
{
    /// <summary>Most files of one import.</summary>
    public const int MaxFiles = 2000;

    /// <summary>Imports files. Either all of them can be, or there are errors and no files.</summary>
    /// <param name="sources">What to import.</param>
    /// <param name="existing">The workspace they join; its services, environments and burn policies are not declared again.</param>
    /// <param name="options">What the documents leave open.</param>
    public static ImportResult Import(IReadOnlyList<WorkspaceFile> sources, IReadOnlyList<WorkspaceFile> existing, ImportOptions options)
    {
        var problems = new List<Problem>();
        var run = new ImportRun(options);
        foreach (var node in existing.SelectMany(f => Nodes(f, [], out _)))
        {
            Declare(run, node, isForeign: false);
        }
        var texts = sources.Where(s => SloDocument.IsOne(s.Path)).Select(s => SloDocument.Read(s, problems)).OfType<SloDocument>().ToList();
        var read = sources.Where(s => !SloDocument.IsOne(s.Path))
            .Select(s => (Nodes: Nodes(s, problems, out var file).ToList(), File: new ImportFile(file, run))).ToList();
        foreach (var node in read.SelectMany(r => r.Nodes))
        {
            Declare(run, node, isForeign: true);
        }
        read.ForEach(r => r.Nodes.ForEach(n => One(r.File, n)));
        var made = new List<(WorkspaceFile File, ImportFile Source, Func<int, int, (int Line, int Column)> Origin)>();
        foreach (var file in read.Select(r => r.File).Where(f => f.Made.Count > 0))
        {
            var (text, origin) = TreeWriter.Write(file.Made);
            made.Add((new(OutputName(file.File.Path, made.Select(m => m.File.Path)), Encoding.UTF8.GetBytes(text)), file, origin));
        }
        foreach (var text in texts)
        {
            run.Documents["Markdown"] = run.Documents.GetValueOrDefault("Markdown") + 1;
            var import = new ImportFile(new(text.Source.Path, "", problems), run);
            var stem = OutputName(text.Source.Path, made.Select(m => m.File.Path))[..^".yaml".Length];
            var files = SloDocument.Whole(text.Source.Path, problems, () => new MarkdownImport(text, import).Make(stem).ToList()) ?? [];
            made.AddRange(files.Select(m => (new WorkspaceFile(m.Name, Encoding.UTF8.GetBytes(m.Text)), import, m.Origin)));
        }
        // What the texts state is looked at where it is stated; their rules are not looked at twice.
        StatementLint.Documents(texts, problems);
        if (!problems.Exists(p => p.Severity == ProblemSeverity.Error))
        {
            Check(existing, made, problems);
        }
        var ok = !problems.Exists(p => p.Severity == ProblemSeverity.Error);
        return new(ok ? [.. made.Select(m => m.File)] : [], run.Documents,
            [.. run.Losses.OrderBy(l => l.Position.File, StringComparer.Ordinal).ThenBy(l => l.Position.Line).ThenBy(l => l.Position.Column)],
            [.. problems.OrderBy(p => p.Position.File, StringComparer.Ordinal).ThenBy(p => p.Position.Line).ThenBy(p
                => p.Position.Column).Take(WorkspaceReader.MaxProblems)]);
    }

    /// <summary>Reads documents as Sloth does, without making objectives of them.</summary>
    public static (IReadOnlyList<SlothDocument> Documents, IReadOnlyList<Problem> Problems) ReadSloth(IReadOnlyList<WorkspaceFile> sources,
        ImportOptions options)
    {
        var problems = new List<Problem>();
        var run = new ImportRun(options);
        var documents = new List<SlothDocument>();
        foreach (var source in sources)
        {
            var nodes = Nodes(source, problems, out var file).ToList();
            var import = new ImportFile(file, run);
            foreach (var node in nodes)
            {
                if (Sloth(import, node) is { } document)
                {
                    documents.Add(document.Document);
                }
                else if (Dialect(node) is not ("prometheus/v1" or "sloth.slok.dev/v1 PrometheusServiceLevel" or "openslo/v1alpha SLO"))
                {
                    file.Error(node, "unknown-version", "this is no document of Sloth",
                        "it reads version: prometheus/v1, kind PrometheusServiceLevel of sloth.slok.dev/v1, and kind SLO of openslo/v1alpha");
                }
            }
        }
        return (documents, [.. problems.OrderBy(p => p.Position.File, StringComparer.Ordinal).ThenBy(p => p.Position.Line).ThenBy(p => p.Position.Column)]);
    }

    private static ReadSlothDocument? Sloth(ImportFile import, YamlNode node) => Dialect(node) switch
    {
        "prometheus/v1" => new SlothReader(import, false, import.Run.Options.PeriodMs).Read(new(import.File, node, "the document")),
        "sloth.slok.dev/v1 PrometheusServiceLevel" => new SlothReader(import, true, import.Run.Options.PeriodMs).Read(new(import.File, node, "the document")),
        "openslo/v1alpha SLO" => new OpenSloAlphaImport(import).ReadAsSloth(new(import.File, node, "the document")),
        _ => null,
    };

    /// <summary>Version and kind of a document, as one word.</summary>
    private static string Dialect(YamlNode node) => Tree.GetText(node, "version") is { } version && Tree.Get(node, "apiVersion") is null
        ? version : $"{Tree.GetText(node, "apiVersion")} {Tree.GetText(node, "kind")}";

    private static void One(ImportFile import, YamlNode node)
    {
        var dialect = Dialect(node);
        import.Document = Tree.GetText(node, "kind") ?? "document";
        import.Run.Documents[dialect.Trim()] = import.Run.Documents.GetValueOrDefault(dialect.Trim()) + 1;
        var top = new Fields(import.File, node, "the document");
        switch (dialect.Split(' '))
        {
            case ["prometheus/v1"] or ["sloth.slok.dev/v1", "PrometheusServiceLevel"]:
                if (Sloth(import, node) is { } document)
                {
                    SlothImport.Add(import, document);
                }
                break;
            case ["pyrra.dev/v1alpha1", "ServiceLevelObjective"]:
                new PyrraImport(import).Add(top);
                break;
            case ["openslo/v1", var kind] when OpenSloReader.Kinds.Contains(kind):
                new OpenSloImport(import, isV2: false).Add((YamlMap)node, kind, top);
                break;
            case ["openslo.com/v2alpha", var kind] when OpenSloReader.Kinds.Contains(kind):
                new OpenSloImport(import, isV2: true).Add((YamlMap)node, kind, top);
                break;
            case ["openslo/v1alpha", "Service" or "SLO"]:
                new OpenSloAlphaImport(import).Add((YamlMap)node, Tree.GetText(node, "kind")!, top);
                break;
            case ["nines/v1", _]:
                import.Made.Add(node);
                break;
            default:
                import.File.Error(node, "unknown-version", dialect.Trim().Length == 0 ? "the document says no apiVersion and kind"
                    : $"{dialect.Trim()} is not imported",
                    "Sloth (prometheus/v1, sloth.slok.dev/v1), Pyrra (pyrra.dev/v1alpha1) and OpenSLO (v1alpha, v1, v2alpha) are");
                break;
        }
    }

    /// <summary>The documents of a file; those of lists by themselves.</summary>
    private static IEnumerable<YamlNode> Nodes(WorkspaceFile source, List<Problem> problems, out BindingFile file)
    {
        var before = problems.Count;
        var documents = RuleFileReader.Documents(source, problems, out file) ?? [];
        if (documents.Count == 0 && problems.Count == before)
        {
            file.Error(new YamlText(1, 1, "", 0, default), "missing", "the file holds no document");
        }
        return [.. documents.SelectMany(d => d.Root is YamlList list ? list.Items
            : Tree.GetText(d.Root, "kind") is { } kind && kind.EndsWith("List", StringComparison.Ordinal) && Tree.Get(d.Root, "items") is YamlList items
                ? items.Items
            : [d.Root])];
    }

    private static void Declare(ImportRun run, YamlNode node, bool isForeign)
    {
        var (kind, name) = (Tree.GetText(node, "kind"), Tree.GetText(Tree.Get(node, "metadata"), "name"));
        if (kind is "Service" or "BurnPolicy" or "Environment" or "AlertPolicy" && name is not null)
        {
            run.Declared.Add($"{kind} {name}");
        }
        if (isForeign && kind == "DataSource" && name is not null && Tree.Get(Tree.Get(node, "spec"), "type") is YamlText type)
        {
            run.DataSources.TryAdd(name, type);
        }
    }

    private static string OutputName(string path, IEnumerable<string> taken)
    {
        var name = path[(path.LastIndexOf('/') + 1)..];
        var stem = name.LastIndexOf('.') is var dot and > 0 ? name[..dot] : name;
        stem = string.Concat(stem.Select(c => char.IsAsciiLetterOrDigit(c) || c is '-' or '_' or '.' ? c : '-'));
        var used = taken.ToHashSet(StringComparer.Ordinal);
        return Enumerable.Range(1, MaxFiles + 1).Select(i => i == 1 ? $"{stem}.yaml" : $"{stem}-{i}.yaml").First(n => !used.Contains(n));
    }

    /// <summary>Reads what was made as the server would, and says what it finds in terms of the sources.</summary>
    private static void Check(IReadOnlyList<WorkspaceFile> existing, List<(WorkspaceFile File, ImportFile Source, Func<int, int, (int Line,
        int Column)> Origin)> made,
        List<Problem> problems)
    {
        // A folder that no file of the workspace has, so that names cannot meet.
        const string place = "\u0001import/";
        foreach (var problem in WorkspaceReader.Read([.. existing, .. made.Select(m => m.File with { Path = place + m.File.Path })]).Problems)
        {
            var from = made.Find(m => place + m.File.Path == problem.Position.File);
            if (from.File is null)
            {
                continue;
            }
            var (line, column) = from.Origin(problem.Position.Line, problem.Position.Column);
            var position = new SourcePosition(from.Source.File.Path, line, column);
            if (problem.Severity == ProblemSeverity.Error)
            {
                problems.Add(problem with { Position = position });
            }
            else if (!SloDocument.IsOne(from.Source.File.Path))
            {
                from.Source.Document = "";
                from.Source.Run.Losses.Add(new(position, from.Source.DocumentAt(line), problem.Code, problem.Message, problem.Hint));
            }
        }
    }
}
