using Nines.Core.Objectives.Generate;

namespace Nines.Core.Workspace.Import;

/// <summary>Something a document says that the workspace cannot, and what stands there instead.</summary>
/// <param name="Position">Where the document says it.</param>
/// <param name="Document">The document: <c>kind name</c>.</param>
/// <param name="Code">A stable word; docs/guide/import.md lists them.</param>
/// <param name="Lost">What is lost.</param>
/// <param name="Instead">What was done instead; may be empty.</param>
public sealed record ImportLoss(SourcePosition Position, string Document, string Code, string Lost, string Instead)
{
    /// <summary>One line: <c>file:line:column: lost: what; instead [code] (document)</c>.</summary>
    public override string ToString() => $"{Position}: lost: {Lost}{(Instead.Length > 0 ? $"; {Instead}" : "")} [{Code}] ({Document})";
}

/// <summary>What came of an import.</summary>
/// <param name="Files">The workspace's new files; empty when a problem is an error.</param>
/// <param name="Documents">How many documents were read, by <c>apiVersion kind</c>.</param>
/// <param name="Losses">What could not be carried over, in order of position.</param>
/// <param name="Problems">What was refused, in order of position.</param>
public sealed record ImportResult(
    IReadOnlyList<WorkspaceFile> Files, IReadOnlyDictionary<string, int> Documents, IReadOnlyList<ImportLoss> Losses, IReadOnlyList<Problem> Problems)
{
    /// <summary>Whether nothing was refused.</summary>
    public bool Ok => Problems.All(p => p.Severity != ProblemSeverity.Error);
}

/// <summary>What the documents of Sloth leave to its command line.</summary>
/// <param name="PeriodMs">The period of objectives that name none, in milliseconds.</param>
/// <param name="Windows">The windows of each known period.</param>
public sealed record ImportOptions(long PeriodMs, IReadOnlyList<SlothWindows> Windows)
{
    /// <summary>Thirty days, and the windows of the SRE workbook.</summary>
    public static readonly ImportOptions Default = new(30 * 86_400_000L, SlothWindows.Google);
}
