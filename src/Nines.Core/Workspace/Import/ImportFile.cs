using Nines.Core.Objectives.Generate;
using Nines.PromQL;

namespace Nines.Core.Workspace.Import;

/// <summary>A file being imported: its problems, its losses, and the documents it becomes.</summary>
internal sealed class ImportFile(BindingFile file, ImportRun run)
{
    public BindingFile File => file;

    public ImportRun Run => run;

    /// <summary>The document being read: <c>kind name</c>.</summary>
    public string Document { get; set; } = "";

    /// <summary>The document that a line of the file belongs to.</summary>
    public string DocumentAt(int line) => run.Losses.Where(l => l.Position.File == file.Path && l.Position.Line <= line).MaxBy(l => l.Position.Line)?.Document
        ?? Path(line);

    private string Path(int line) => $"{file.Path}:{line}";

    /// <summary>What it becomes.</summary>
    public List<YamlNode> Made { get; } = [];

    public void Loss(YamlNode at, string code, string lost, string instead) => run.Losses.Add(new(file.At(at), Document, code, lost, instead));

    /// <summary>Names keys that the original does not know either, and passes over.</summary>
    public void Unknown(YamlNode node, ReadOnlySpan<string> known)
    {
        foreach (var (key, _) in (node as YamlMap)?.Entries ?? [])
        {
            if (!known.Contains(key.Value))
            {
                Loss(key, "unknown-field", $"{key.Value} is no field of this format", "dropped, as the original does");
            }
        }
    }

    public void ErrorOnce(YamlNode at, string code, string message, string hint)
    {
        if (!file.Problems.Exists(p => p.Position == file.At(at) && p.Code == code))
        {
            file.Error(at, code, message, hint);
        }
    }

    /// <summary>Takes a name; a name that is taken already is refused.</summary>
    public bool Claim(YamlNode at, string name, string message)
    {
        if (run.Claimed.TryAdd(name, file.At(at)))
        {
            return true;
        }
        ErrorOnce(at, "duplicate", message, $"the first is at {run.Claimed[name]}");
        return false;
    }

    /// <summary>Whether a query is one, its window filled in. Names what is wrong with it.</summary>
    public bool IsPromQl(YamlText query)
    {
        var text = SlothSlo.WithWindow(Objectives.IndicatorReader.WithWindow(query.Value, "5m"), "5m");
        var problem = PromParser.Parse(text) is { Expr: null, Problems: [var first, ..] } ? first : default;
        if (problem.Message is null)
        {
            return true;
        }
        var (line, column) = YamlReader.Locate(file.Text, query, Math.Min(problem.Start, query.Value.Length));
        file.Problems.Add(new(new(file.Path, line, column), ProblemSeverity.Error, "query", problem.Message));
        return false;
    }

    /// <summary>Adds the service when no document declares it.</summary>
    public void NeedService(YamlNode at, string name, bool isOwn = false)
    {
        if (run.Declared.Add($"Service {name}"))
        {
            if (!isOwn)
            {
                Loss(at, "service-added", $"no document declares the service {name}", "a Service of that name was written");
            }
            Made.Add(Tree.Document(at, "openslo/v1", "Service", name, Tree.Map(at, ("description", Tree.Text(at, "")))));
        }
    }

    /// <summary>Adds the environment when no document declares it; objectives of it page as they did.</summary>
    public void NeedEnvironment(YamlNode at, string name)
    {
        if (name != "production" && run.Declared.Add($"Environment {name}"))
        {
            Made.Add(Tree.Document(at, "nines/v1", "Environment", name, Tree.Map(at, ("pages", Tree.Plain(at, "true")))));
        }
    }

    /// <summary>Adds a burn policy once; answers its name.</summary>
    public string NeedPolicy(YamlNode at, string name, IEnumerable<Objectives.BurnRule> rules, int minimumBad)
    {
        if (run.Declared.Add($"BurnPolicy {name}"))
        {
            Made.Add(Tree.Document(at, "nines/v1", "BurnPolicy", name, Tree.Map(at, ("minimumBad", Tree.Plain(at, $"{minimumBad}")), ("rules", Tree.List(at,
                rules.Select(r => (YamlNode)Tree.Map(at, ("long", Tree.Text(at, Durations.Format(r.LongMinutes * 60_000L))),
                    ("short", Tree.Text(at, Durations.Format(r.ShortMinutes * 60_000L))), ("share", Tree.Plain(at,
                        $"{r.Share:0.############################}")),
                    ("severity", Tree.Text(at, r.Severity == Objectives.BurnSeverity.Page ? "page" : "ticket")))))))));
        }
        return name;
    }
}

/// <summary>What the files of one import share.</summary>
internal sealed class ImportRun(ImportOptions options)
{
    public ImportOptions Options => options;

    public List<ImportLoss> Losses { get; } = [];

    /// <summary>Names of sources that may be used once, with their places.</summary>
    public Dictionary<string, SourcePosition> Claimed { get; } = new(StringComparer.Ordinal);

    /// <summary><c>kind name</c> of what the workspace holds or will hold.</summary>
    public HashSet<string> Declared { get; } = new(StringComparer.Ordinal);

    /// <summary>Types of data sources by name.</summary>
    public Dictionary<string, YamlText> DataSources { get; } = new(StringComparer.Ordinal);

    public SortedDictionary<string, int> Documents { get; } = new(StringComparer.Ordinal);
}
