using Microsoft.CodeAnalysis.CSharp.Syntax;

namespace Nines.Tidy.Tests;

/// <summary>How long files, methods and lines may be.</summary>
public static class Sizes
{
    public const string FileRule = "file-length";
    public const string MethodRule = "method-length";
    public const string LineRule = "line-length";
    public const int LongestMethod = 70;
    public const int LongestLine = 160;

    private static readonly string[] Engine = ["src/Nines.Metrics/", "src/Nines.Tsdb/", "src/Nines.PromQL/"];
    // Markup, style sheets and scripts for the shell are read by element and command, not by line.
    private static readonly string[] Written = [".cs", ".mjs", ".sql"];

    public static IEnumerable<Finding> Files(SourceTree tree) =>
        from file in tree.Files
        let most = Most(file.Key)
        let lines = Lines(file.Value).Length
        where lines > most
        select new Finding(FileRule, file.Key, 0, $"{lines} lines, at most {most}");

    public static IEnumerable<Finding> Methods(SourceTree tree) =>
        from file in tree.CSharp("src", "tests", "examples")
        from method in file.Root.DescendantNodes()
        where method is BaseMethodDeclarationSyntax or LocalFunctionStatementSyntax or AccessorDeclarationSyntax
        let span = method.GetLocation().GetLineSpan()
        let lines = span.EndLinePosition.Line - span.StartLinePosition.Line + 1
        where lines > LongestMethod
        select new Finding(MethodRule, file.Path, span.StartLinePosition.Line + 1, $"a method of {lines} lines, at most {LongestMethod}");

    public static IEnumerable<Finding> LinesOf(SourceTree tree) =>
        from file in tree.Files
        where Written.Contains(Path.GetExtension(file.Key))
        from line in Lines(file.Value).Index()
        where line.Item.Length > LongestLine
        select new Finding(LineRule, file.Key, line.Index + 1, $"{line.Item.Length} characters, at most {LongestLine}");

    private static string[] Lines(string text) => text.TrimEnd('\n').Split('\n');

    private static int Most(string path) => Path.GetExtension(path) switch
    {
        ".razor" => 200,
        ".cs" when path.StartsWith("tests/", StringComparison.Ordinal) || Engine.Any(e => path.StartsWith(e, StringComparison.Ordinal)) => 600,
        ".cs" => 400,
        _ => int.MaxValue,
    };
}
