using System.Xml.Linq;

namespace Nines.Tidy.Tests;

/// <summary>Which project may reference what. A project that is not on the map may not exist; whoever adds one draws it here first.</summary>
public static class ProjectMap
{
    public const string Rule = "project-map";

    private sealed record Allowed(string[] Projects, string[] Packages, string[] Frameworks);

    private static readonly Dictionary<string, Allowed> Map = new()
    {
        ["src/Nines.Metrics/Nines.Metrics.csproj"] = new([], [], []),
        ["src/Nines.Tsdb/Nines.Tsdb.csproj"] = new(["Nines.Metrics"], [], []),
        ["src/Nines.PromQL/Nines.PromQL.csproj"] = new(["Nines.Metrics"], [], []),
        ["src/Nines.Core/Nines.Core.csproj"] = new(["Nines.Metrics", "Nines.PromQL"], ["Cronos", "Markdig", "NodaTime", "YamlDotNet"], []),
        ["src/Nines.Server/Nines.Server.csproj"] = new(["Nines.Metrics", "Nines.Tsdb", "Nines.PromQL", "Nines.Core"],
            ["DnsClient", "Microsoft.AspNetCore.OpenApi", "Microsoft.Data.Sqlite.Core", "NodaTime", "Npgsql", "RabbitMQ.Client", "SQLitePCLRaw.bundle_e_sqlite3", "SQLitePCLRaw.provider.e_sqlite3"],
            ["Microsoft.AspNetCore.App"]),
        ["src/Nines.Cli/Nines.Cli.csproj"] = new(["Nines.Metrics", "Nines.Tsdb", "Nines.PromQL", "Nines.Core", "Nines.Server", "Nines.Shop"], ["System.CommandLine", "YamlDotNet"], []),
        ["bench/Nines.Benchmarks/Nines.Benchmarks.csproj"] = new(["Nines.Metrics", "Nines.Tsdb"], [], []),
        ["bench/Nines.LoadRig/Nines.LoadRig.csproj"] = new([], ["System.CommandLine"], []),
        ["bench/Nines.Simulation/Nines.Simulation.csproj"] = new(["Nines.Metrics", "Nines.Core"], ["System.CommandLine"], []),
        ["examples/shop/Nines.Shop.csproj"] = new([], [], ["Microsoft.AspNetCore.App"]),
    };

    public static IEnumerable<Finding> Check(SourceTree tree)
    {
        foreach (var (path, text) in tree.Files.Where(f => f.Key.EndsWith(".csproj", StringComparison.Ordinal)))
        {
            if (path.StartsWith("tests/", StringComparison.Ordinal))
            {
                if (!path.EndsWith(".Tests.csproj", StringComparison.Ordinal))
                {
                    yield return new Finding(Rule, path, 0, "a project under tests/ is named *.Tests");
                }
                continue;
            }
            if (!Map.TryGetValue(path, out var allowed))
            {
                yield return new Finding(Rule, path, 0, "is not on the project map");
                continue;
            }
            var project = XDocument.Parse(text);
            var wrong = Named(project, "ProjectReference").Select(p => Path.GetFileNameWithoutExtension(p.Replace('\\', '/'))).Except(allowed.Projects)
                .Concat(Named(project, "PackageReference").Except(allowed.Packages))
                .Concat(Named(project, "FrameworkReference").Except(allowed.Frameworks));
            foreach (var reference in wrong)
            {
                yield return new Finding(Rule, path, 0, $"may not reference {reference}");
            }
        }
    }

    private static IEnumerable<string> Named(XDocument project, string element) =>
        project.Descendants(element).Select(e => (string?)e.Attribute("Include")).OfType<string>();
}
