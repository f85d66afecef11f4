using System.Text.RegularExpressions;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;

namespace Nines.Tidy.Tests;

/// <summary>Names that say nothing, and what was left lying about.</summary>
public static partial class Words
{
    public const string NameRule = "names";
    public const string LeftoverRule = "leftovers";

    private static readonly SyntaxKind[] Comments = [SyntaxKind.SingleLineCommentTrivia, SyntaxKind.MultiLineCommentTrivia];

    public static IEnumerable<Finding> Names(SourceTree tree) =>
        from file in tree.CSharp("src", "tests", "examples")
        from type in file.Root.DescendantNodes().OfType<BaseTypeDeclarationSyntax>()
        where Vague().IsMatch(type.Identifier.Text)
        select new Finding(NameRule, file.Path, LineOf(type.Identifier), $"{type.Identifier.Text}: say what it is for");

    public static IEnumerable<Finding> Leftovers(SourceTree tree)
    {
        foreach (var (path, root) in tree.CSharp("src", "tests", "examples"))
        {
            foreach (var trivia in root.DescendantTrivia(descendIntoTrivia: true))
            {
                var line = trivia.GetLocation().GetLineSpan().StartLinePosition.Line + 1;
                var text = trivia.ToString();
                if (trivia.IsKind(SyntaxKind.RegionDirectiveTrivia))
                {
                    yield return new Finding(LeftoverRule, path, line, "a region");
                }
                else if (Comments.Contains(trivia.Kind()) && Unfinished().IsMatch(text))
                {
                    yield return new Finding(LeftoverRule, path, line, "work that was put off; make it an issue");
                }
                else if (trivia.IsKind(SyntaxKind.SingleLineCommentTrivia) && LooksLikeCode(text[2..].Trim()))
                {
                    yield return new Finding(LeftoverRule, path, line, "code in a comment");
                }
            }
        }
    }

    private static bool LooksLikeCode(string text) =>
        CodeEnd().IsMatch(text) && !SyntaxFactory.ParseStatement(text.TrimEnd('{') + (text.EndsWith('{') ? "{ }" : "")).ContainsDiagnostics;

    private static int LineOf(SyntaxToken token) => token.GetLocation().GetLineSpan().StartLinePosition.Line + 1;

    [GeneratedRegex("(Manager|Helpers?|Utils?|Utilities)$")]
    private static partial Regex Vague();

    [GeneratedRegex(@"\b(TO" + "DO|FIX" + @"ME|HA" + @"CK)\b")]
    private static partial Regex Unfinished();

    [GeneratedRegex(@"[)\w""]\s*;$|\)\s*\{$")]
    private static partial Regex CodeEnd();
}
