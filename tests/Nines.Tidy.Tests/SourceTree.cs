using System.Text.RegularExpressions;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;

namespace Nines.Tidy.Tests;

/// <summary>The files of the repository, or of a planted one: path with forward slashes, and text.</summary>
public sealed partial class SourceTree
{
    private static readonly string[] NotOurs = [".git", ".vs", "artifacts", "node_modules", "bin", "obj", "data", "lib"];
    private static readonly string[] Binary = [".png", ".woff2", ".ico", ".gz", ".zip"];
    private readonly Dictionary<string, CompilationUnitSyntax> _parsed = [];
    private readonly HashSet<string> _folders = [];

    private SourceTree(Dictionary<string, string> files)
    {
        Files = files;
        foreach (var path in files.Keys)
        {
            for (var at = path.LastIndexOf('/'); at > 0; at = path.LastIndexOf('/', at - 1))
            {
                _folders.Add(path[..at]);
            }
        }
    }

    /// <summary>Text by path.</summary>
    public IReadOnlyDictionary<string, string> Files { get; }

    /// <summary>The repository this test was built from.</summary>
    public static SourceTree OfRepository()
    {
        var root = new DirectoryInfo(AppContext.BaseDirectory);
        while (!File.Exists(Path.Combine(root.FullName, "Nines.slnx")))
        {
            root = root.Parent ?? throw new InvalidOperationException("the tests do not lie within the repository");
        }
        var files = new Dictionary<string, string>(StringComparer.Ordinal);
        Read(root, "", files);
        return new SourceTree(files);
    }

    /// <summary>A small tree of its own.</summary>
    public static SourceTree Of(params (string Path, string Text)[] files) => new(files.ToDictionary(f => f.Path, f => f.Text));

    /// <summary>Whether a file or folder is there.</summary>
    public bool Has(string path) => Files.ContainsKey(path) || _folders.Contains(path.TrimEnd('/'));

    /// <summary>The C# files below folders, parsed.</summary>
    public IEnumerable<(string Path, CompilationUnitSyntax Root)> CSharp(params string[] below) =>
        Files.Keys.Where(p => p.EndsWith(".cs", StringComparison.Ordinal) && below.Any(b => p.StartsWith(b + "/", StringComparison.Ordinal)))
            .Order(StringComparer.Ordinal).Select(p => (p, Parse(p)));

    /// <summary>Every word of the C# files.</summary>
    public HashSet<string> Words() => [.. Files.Where(f => f.Key.EndsWith(".cs", StringComparison.Ordinal)).SelectMany(f => Word().Matches(f.Value)).Select(m => m.Value)];

    private CompilationUnitSyntax Parse(string path)
    {
        if (!_parsed.TryGetValue(path, out var root))
        {
            var tree = CSharpSyntaxTree.ParseText(Files[path], new CSharpParseOptions(LanguageVersion.Latest), cancellationToken: TestContext.Current.CancellationToken);
            _parsed[path] = root = tree.GetCompilationUnitRoot(TestContext.Current.CancellationToken);
        }
        return root;
    }

    private static void Read(DirectoryInfo folder, string prefix, Dictionary<string, string> files)
    {
        foreach (var file in folder.GetFiles().Where(f => f.Name != ".git"))
        {
            files[prefix + file.Name] = Binary.Contains(file.Extension) ? "" : File.ReadAllText(file.FullName);
        }
        foreach (var sub in folder.GetDirectories().Where(d => !NotOurs.Contains(d.Name) && d.LinkTarget is null))
        {
            Read(sub, prefix + sub.Name + "/", files);
        }
    }

    [GeneratedRegex(@"\w+")]
    private static partial Regex Word();
}
