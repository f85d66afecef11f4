namespace Nines.Core;

/// <summary>A place in a workspace file. Lines and columns count from 1.</summary>
/// <param name="File">The path, relative to the workspace's root, with forward slashes.</param>
/// <param name="Line">The line.</param>
/// <param name="Column">The column, in characters.</param>
public readonly record struct SourcePosition(string File, int Line, int Column)
{
    /// <summary><c>file:line:column</c></summary>
    public override string ToString() => $"{File}:{Line}:{Column}";
}

/// <summary>How bad a problem is.</summary>
public enum ProblemSeverity
{
    /// <summary>The workspace can be used, but probably does not mean what was meant.</summary>
    Warning,
    /// <summary>The workspace cannot be activated.</summary>
    Error,
}

/// <summary>Something the user should mend, with what to do.</summary>
/// <param name="Position">Where it is.</param>
/// <param name="Severity">How bad it is.</param>
/// <param name="Code">A stable word to search for, such as <c>unknown-key</c>.</param>
/// <param name="Message">What is wrong.</param>
/// <param name="Hint">What to do about it; may be empty.</param>
public sealed record Problem(SourcePosition Position, ProblemSeverity Severity, string Code, string Message, string Hint = "")
{
    /// <summary>One line: <c>file:line:column: error: message (hint) [code]</c>.</summary>
    public override string ToString() =>
        $"{Position}: {(Severity == ProblemSeverity.Error ? "error" : "warning")}: {Message}{(Hint.Length > 0 ? $" ({Hint})" : "")} [{Code}]";
}
