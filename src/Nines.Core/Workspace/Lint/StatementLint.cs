using System.Globalization;
using Nines.Core.Workspace.Statements;

namespace Nines.Core.Workspace.Lint;

/// <summary>Looks at what documents in Markdown state about objectives: in tables, lists, labels and blocks of rules.</summary>
public static class StatementLint
{
    /// <summary>What is wrong with documents, each finding at its line. Their rules are looked at together.</summary>
    public static IReadOnlyList<Problem> Check(IReadOnlyList<WorkspaceFile> files)
    {
        var problems = new List<Problem>();
        var documents = files.Select(f => SloDocument.Read(f, problems)).OfType<SloDocument>().ToList();
        Documents(documents, problems);
        return [.. problems.OrderBy(p => p.Position.File, StringComparer.Ordinal).ThenBy(p => p.Position.Line).ThenBy(p => p.Position.Column)
            .ThenBy(p => p.Code, StringComparer.Ordinal).Take(WorkspaceReader.MaxProblems)];
    }

    /// <summary>Adds what is wrong with documents.</summary>
    internal static void Documents(IReadOnlyList<SloDocument> documents, List<Problem> problems)
    {
        foreach (var document in documents)
        {
            problems.AddRange(SloDocument.Whole(document.Source.Path, problems, () => Check(document)) ?? []);
        }
        problems.AddRange(RuleLint.StatusLabels(documents.SelectMany(d => d.Rules)));
    }

    private static List<Problem> Check(SloDocument document) =>
    [
        .. Encoding(document), .. RuleLint.Check(document.Rules, document.Windows), .. PromiseLint.Check(document), .. BudgetStatementLint.Check(document),
        .. BurnStatementLint.Check(document), .. PolicyStatementLint.Check(document), .. DefinitionLint.Check(document),
    ];

    internal static Problem Finding(SloDocument document, Passage at, int column, string code, string message, string hint) =>
        WorkspaceLint.Finding(document.Position(at.Line, column), code, message, hint);

    internal static string Number(decimal value) => value.ToString("0.####", CultureInfo.InvariantCulture);

    internal static string Percent(decimal share) => $"{(share * 100).ToString("0.#####", CultureInfo.InvariantCulture)} %";

    /// <summary>A length of time as people say it; <paramref name="ms"/> in milliseconds.</summary>
    internal static string Length(decimal ms) => ms switch
    {
        < 1000 => $"{ms:0.##} ms",
        < 60_000 => $"{ms / 1000:0.##} s",
        < 120 * 60_000 => $"{ms / 60_000:0.##} min",
        < 72 * 3_600_000 => $"{ms / 3_600_000:0.##} h",
        _ => $"{ms / 86_400_000:0.##} d",
    };

    // A damaged line is told once.
    private static IEnumerable<Problem> Encoding(SloDocument document) => document.Repairs.GroupBy(r => r.Line).Select(line =>
        WorkspaceLint.Finding(new(document.Source.Path, line.Key, line.First().Column), "double-encoded",
            $"UTF-8 was read as {document.ReadAs} and saved again: "
            + string.Join(", ", line.Select(r => $"\"{Short(r.Was)}\" was {Short(r.Is)}").Distinct(StringComparer.Ordinal).Take(3)),
            "nines import reads it as it was meant; save the file again from a copy that is whole"));

    private static string Short(string text) => text.Length <= 12 ? text : text[..12] + "…";
}
