using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;

namespace Nines.Tidy.Tests;

/// <summary>What rooms may know. A room is a folder of Core or Server; files next to the rooms are the composition root.</summary>
public static class Borders
{
    public const string Rule = "borders";

    // What every room of the server stands on, not rooms of the practice.
    private static readonly string[] Ground = ["State", "Web"];

    private static readonly string[] NotInCore =
        ["System.Net.Http", "System.Net.Sockets", "System.Data", "Microsoft.AspNetCore", "Microsoft.Data", "Microsoft.Extensions", "Npgsql", "System.Threading.Tasks"];

    private static readonly string[] NoEdges = ["File", "Directory", "FileStream", "HttpClient", "Environment", "TimeProvider", "Thread", "Console", "Stopwatch"];

    public static IEnumerable<Finding> Check(SourceTree tree) =>
        Core(tree).Concat(Rooms(tree, "src/Nines.Core")).Concat(Rooms(tree, "src/Nines.Server")).Concat(Namespaces(tree));

    // Core decides; it does not touch the world.
    private static IEnumerable<Finding> Core(SourceTree tree)
    {
        foreach (var (path, root) in tree.CSharp("src/Nines.Core"))
        {
            foreach (var used in root.Usings.Where(u => NotInCore.Any(n => IsWithin(u.Name?.ToString() ?? "", n))))
            {
                yield return At(path, used, $"Core may not use {used.Name}");
            }
            foreach (var name in root.DescendantNodes().OfType<MemberAccessExpressionSyntax>().Select(m => m.Expression).OfType<IdentifierNameSyntax>()
                .Where(n => NoEdges.Contains(n.Identifier.Text)))
            {
                yield return At(path, name, $"Core may not reach for {name.Identifier.Text}");
            }
        }
    }

    private static IEnumerable<Finding> Rooms(SourceTree tree, string project)
    {
        var files = tree.CSharp(project).Select(f => (f.Path, f.Root, Room: RoomOf(f.Path, project))).ToList();
        var owners = files.SelectMany(f => Internals(f.Root).Select(name => (name, f.Room))).GroupBy(t => t.name)
            .Where(g => g.Select(t => t.Room).Distinct().Count() == 1).ToDictionary(g => g.Key, g => g.First().Room);
        foreach (var (path, root, room) in files.Where(f => f.Room.Length > 0))
        {
            if (room != "Workspace" && !Ground.Contains(room))
            {
                foreach (var used in root.Usings.Where(u => (u.Name?.ToString() ?? "").EndsWith(".Workspace", StringComparison.Ordinal)))
                {
                    yield return At(path, used, $"{room} may not know the workspace");
                }
            }
            foreach (var name in root.DescendantNodes().OfType<SimpleNameSyntax>().DistinctBy(n => n.Identifier.Text))
            {
                if (owners.TryGetValue(name.Identifier.Text, out var owner) && owner.Length > 0 && owner != room && !Ground.Contains(owner)
                    && root.Usings.Any(u => (u.Name?.ToString() ?? "").EndsWith("." + owner, StringComparison.Ordinal)))
                {
                    yield return At(path, name, $"{room} reaches for {name.Identifier.Text}, which is internal to {owner}");
                }
            }
        }
    }

    // The namespace is the folder, so that a border is a folder too.
    private static IEnumerable<Finding> Namespaces(SourceTree tree)
    {
        foreach (var (path, root) in tree.CSharp("src"))
        {
            var expected = Path.GetDirectoryName(path)!.Replace('\\', '/')["src/".Length..].Replace('/', '.');
            foreach (var space in root.Members.OfType<BaseNamespaceDeclarationSyntax>().Where(n => n.Name.ToString() != expected))
            {
                yield return At(path, space, $"the namespace is {space.Name}, the folder says {expected}");
            }
        }
    }

    private static IEnumerable<string> Internals(CompilationUnitSyntax root) =>
        root.Members.OfType<BaseNamespaceDeclarationSyntax>().SelectMany(n => n.Members).OfType<BaseTypeDeclarationSyntax>()
            .Where(t => !t.Modifiers.Any(SyntaxKind.PublicKeyword)).Select(t => t.Identifier.Text);

    private static string RoomOf(string path, string project)
    {
        var rest = path[(project.Length + 1)..];
        return rest.Contains('/', StringComparison.Ordinal) ? rest[..rest.IndexOf('/', StringComparison.Ordinal)] : "";
    }

    private static bool IsWithin(string name, string space) => name == space || name.StartsWith(space + ".", StringComparison.Ordinal);

    private static Finding At(string path, CSharpSyntaxNode node, string text) =>
        new(Rule, path, node.GetLocation().GetLineSpan().StartLinePosition.Line + 1, text);
}
