using Nines.Core.Alerting;
using Nines.Core.Objectives;

namespace Nines.Core.Workspace.Statements;

/// <summary>A Markdown document about objectives: its statements, and the Prometheus rules in its blocks of code.</summary>
internal sealed class SloDocument
{
    private readonly DoubleEncoding _encoding;

    private SloDocument(WorkspaceFile file, DoubleEncoding encoding)
    {
        Source = file;
        _encoding = encoding;
        Text = MarkdownText.Read(encoding.Text);
        Statements = StatementReader.Read(Text);
    }

    public WorkspaceFile Source { get; }

    public MarkdownText Text { get; }

    public Statements Statements { get; }

    public List<RuleGroup> Rules { get; } = [];

    /// <summary>The blocks that hold rules.</summary>
    public List<Fence> RuleFences { get; } = [];

    public IReadOnlyList<Repaired> Repairs => _encoding.Repairs;

    public string ReadAs => _encoding.ReadAs;

    /// <summary>The window that the document states, as objectives have it; empty when it states none.</summary>
    public IReadOnlyList<BudgetWindow> Windows => Statements.WindowDays is { } days and <= 400 ? [new RollingWindow((int)(days * 1440))] : [];

    /// <summary>Whether a file is one by its name: Markdown, or plain text.</summary>
    public static bool IsOne(string path) => path.EndsWith(".md", StringComparison.OrdinalIgnoreCase)
        || path.EndsWith(".markdown", StringComparison.OrdinalIgnoreCase) || path.EndsWith(".txt", StringComparison.OrdinalIgnoreCase);

    /// <summary>Reads a document; null when it is no text, or too large. What is wrong with its rules is a problem too.</summary>
    public static SloDocument? Read(WorkspaceFile file, List<Problem> problems)
    {
        if (file.Content.Length > YamlReader.MaxBytes || YamlReader.Decode(file.Content.Span) is not { } text)
        {
            problems.Add(new(new(file.Path, 1, 1), ProblemSeverity.Error, "text", file.Content.Length > YamlReader.MaxBytes ? "the file is larger than 1 MiB"
                : "the file is not UTF-8"));
            return null;
        }
        var document = new SloDocument(file, DoubleEncoding.Repair(text));
        foreach (var fence in document.Text.Fences.Where(f => f.Info is "yaml" or "yml" or "" && f.Text.Split('\n').Any(l => l.TrimEnd() == "groups:")))
        {
            // Lines before the block keep the document's numbers.
            var padded = new string('\n', fence.Line - 1) + fence.Text + "\n";
            var reading = RuleFileReader.Read(new(file.Path, System.Text.Encoding.UTF8.GetBytes(padded)));
            problems.AddRange(reading.Problems);
            document.Rules.AddRange(reading.Groups);
            document.RuleFences.Add(fence);
        }
        return document;
    }

    /// <summary>A place in the file as it stands.</summary>
    public SourcePosition Position(int line, int column) => new(Source.Path, line, _encoding.ColumnInFile(line, column));
}
