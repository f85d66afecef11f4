using System.Text.RegularExpressions;
using Nines.Core.Alerting;
using Nines.Core.Objectives;

namespace Nines.Core.Workspace.Statements;

/// <summary>A Markdown document about objectives: its statements, and the Prometheus rules in its blocks of code.</summary>
internal sealed class SloDocument
{
    private const int MaxRuleFences = 200;
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
    public static SloDocument? Read(WorkspaceFile file, List<Problem> problems) => Whole(file.Path, problems, () => Document(file, problems));

    /// <summary>Takes a step with one document. A text or number that no step foresaw is a problem of this file, and not the end of all others.</summary>
    internal static T? Whole<T>(string path, List<Problem> problems, Func<T?> step)
        where T : class
    {
        try
        {
            return step();
        }
        catch (Exception e) when (e is RegexMatchTimeoutException or OverflowException or DivideByZeroException or ArgumentException or FormatException)
        {
            problems.Add(new(new(path, 1, 1), ProblemSeverity.Error, "unreadable", $"this document cannot be read to its end: {e.Message}",
                "look for a number or a line of unusual length"));
            return null;
        }
    }

    private static SloDocument? Document(WorkspaceFile file, List<Problem> problems)
    {
        if (file.Content.Length > YamlReader.MaxBytes || YamlReader.Decode(file.Content.Span) is not { } text)
        {
            problems.Add(new(new(file.Path, 1, 1), ProblemSeverity.Error, "text", file.Content.Length > YamlReader.MaxBytes ? "the file is larger than 1 MiB"
                : "the file is not UTF-8"));
            return null;
        }
        var document = new SloDocument(file, DoubleEncoding.Repair(text));
        if (document.Text.TooDeepLine is { } line)
        {
            problems.Add(new(new(file.Path, line, 1), ProblemSeverity.Error, "too-deep", "quotes or lists are nested too deeply here", "nest fewer"));
        }
        foreach (var fence in document.Text.Fences.Where(f => f.Info is "yaml" or "yml" or "" && f.Text.Split('\n').Any(l => l.TrimEnd() == "groups:")))
        {
            if (document.RuleFences.Count == MaxRuleFences)
            {
                problems.Add(new(new(file.Path, fence.Line, 1), ProblemSeverity.Error, "too-large", $"a document has at most {MaxRuleFences} blocks of rules",
                    "split it"));
                break;
            }
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
