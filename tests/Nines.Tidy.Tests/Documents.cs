using System.Text.RegularExpressions;

namespace Nines.Tidy.Tests;

/// <summary>Documents that name a path, a type or a proof name one that is there; and no file tells where it was made.</summary>
public static partial class Documents
{
    public const string PathRule = "document-paths";
    public const string TypeRule = "document-types";
    public const string ProofRule = "requirement-proofs";
    public const string MachineRule = "machine-traces";
    public const string LockRule = "lock-files";
    private const string Requirements = "docs/reference/requirements.md";

    private static readonly string[] Tops = ["src/", "tests/", "eng/", "docs/", "examples/", "bench/", ".ci/"];

    public static IEnumerable<Finding> Paths(SourceTree tree)
    {
        foreach (var (path, line, text) in DocumentLines(tree))
        {
            foreach (var named in Ticked().Matches(text).Select(m => m.Groups[1].Value).Where(IsPath))
            {
                if (!tree.Has(named) && !tree.Has(Beside(path, named)))
                {
                    yield return new Finding(PathRule, path, line, $"{named} is not there");
                }
            }
            foreach (var link in Link().Matches(text).Select(m => m.Groups[1].Value.Split('#')[0]).Where(l => l.Length > 0 && !l.Contains(':', StringComparison.Ordinal)))
            {
                if (!tree.Has(Beside(path, link)))
                {
                    yield return new Finding(PathRule, path, line, $"the link to {link} leads nowhere");
                }
            }
        }
    }

    public static IEnumerable<Finding> Types(SourceTree tree)
    {
        var words = tree.Words();
        return from at in DocumentLines(tree)
               from named in Ticked().Matches(at.Text).Select(m => m.Groups[1].Value)
               where TypeName().IsMatch(named)
               from part in named.Split('.')
               where !words.Contains(part)
               select new Finding(TypeRule, at.Path, at.Line, $"no source knows {named}");
    }

    /// <summary>Each row of the requirements names its proofs: files, or tests as <c>Class.Method</c>.</summary>
    public static IEnumerable<Finding> Proofs(SourceTree tree)
    {
        if (!tree.Files.TryGetValue(Requirements, out var text))
        {
            yield break;
        }
        var words = tree.Words();
        foreach (var (index, line) in text.Split('\n').Index())
        {
            var cells = line.Trim().Trim('|').Split('|');
            if (!line.StartsWith('|') || cells.Length < 2 || cells[^1].Trim().Trim('-', ':', ' ').Length == 0 || cells[^1].Trim() == "proof")
            {
                continue;
            }
            foreach (var proof in cells[^1].Split(',', ';').Select(p => p.Trim().Trim('`')).Where(p => p.Length > 0))
            {
                if (!tree.Has(proof) && !(TestName().IsMatch(proof) && proof.Split('.').All(words.Contains)))
                {
                    yield return new Finding(ProofRule, Requirements, index + 1, $"the proof {proof} is not there");
                }
            }
        }
    }

    public static IEnumerable<Finding> Machines(SourceTree tree) =>
        from file in tree.Files
        from line in file.Value.Split('\n').Index()
        where Machine().IsMatch(line.Item)
        select new Finding(MachineRule, file.Key, line.Index + 1, "a path or a registry of one machine");

    public static IEnumerable<Finding> Locks(SourceTree tree) =>
        from file in tree.Files
        where Path.GetFileName(file.Key) is "packages.lock.json" or "package-lock.json"
        from line in file.Value.Split('\n').Index()
        where line.Item.Contains("\"resolved\"", StringComparison.Ordinal) && line.Item.Contains("://", StringComparison.Ordinal)
        select new Finding(LockRule, file.Key, line.Index + 1, "an address; where packages come from is the machine's business");

    private static IEnumerable<(string Path, int Line, string Text)> DocumentLines(SourceTree tree) =>
        from file in tree.Files
        where file.Key.EndsWith(".md", StringComparison.Ordinal) && (file.Key.StartsWith("docs/", StringComparison.Ordinal) || !file.Key.Contains('/', StringComparison.Ordinal))
        from line in file.Value.Split('\n').Index()
        select (file.Key, line.Index + 1, line.Item);

    private static bool IsPath(string text) => Array.Exists(Tops, t => text.StartsWith(t, StringComparison.Ordinal)) && !Pattern().IsMatch(text);

    private static string Beside(string document, string link)
    {
        var parts = new List<string>(document.Split('/')[..^1]);
        foreach (var part in link.Split('/').Where(p => p.Length > 0 && p != "."))
        {
            if (part != "..")
            {
                parts.Add(part);
            }
            else if (parts.Count > 0)
            {
                parts.RemoveAt(parts.Count - 1);
            }
        }
        return string.Join('/', parts);
    }

    [GeneratedRegex("`([^`]+)`")]
    private static partial Regex Ticked();

    // With a placeholder in it a path names many.
    [GeneratedRegex("[*<>{ …]")]
    private static partial Regex Pattern();

    [GeneratedRegex(@"\]\(([^)\s]+)\)")]
    private static partial Regex Link();

    // Two humps at least: one word in capitals may be anything.
    [GeneratedRegex(@"^I?[A-Z][a-z0-9]+([A-Z][a-z0-9]+)+(\.[A-Z]\w+)?$")]
    private static partial Regex TypeName();

    [GeneratedRegex(@"^\w+(\.\w+)?$")]
    private static partial Regex TestName();

    [GeneratedRegex("(?<![\\w.$}])/(wor" + "k|roo" + "t)/|/ho" + "me/[a-z]|[A-Z]:\\\\Us" + "ers|registry\\.npm" + "js\\.org|api\\.nu" + "get\\.org|/artifac" + "tory/")]
    private static partial Regex Machine();
}
