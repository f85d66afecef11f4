using System.CommandLine;
using Nines.Server;

namespace Nines.Cli;

/// <summary>One setting of the server, with where its value comes from.</summary>
public sealed record Setting(string Name, string Value, string Origin);

/// <summary>The server's settings. Precedence: flag, <c>NINES_*</c> environment variable, <c>nines.yml</c> in the working directory, default.</summary>
public sealed class Settings
{
    private static readonly (string Name, string Default, string Description)[] Known =
    [
        ("workspace", "workspace", "the directory of workspace files"),
        ("data", "data", "the directory of the server's own data"),
        ("listen", "http://127.0.0.1:9999", "where to listen"),
        ("public-url", "", "the address people reach this server at"),
        ("postgres", "", "a PostgreSQL connection string for the state"),
        ("demo", "false", "whether visitors from loopback may look without signing in"),
    ];

    private readonly List<Option<string?>> _options = [.. Known.Select(k => new Option<string?>($"--{k.Name}") { Description = k.Description })];

    /// <summary>Adds a flag for each setting.</summary>
    public Settings(Command command) => _options.ForEach(command.Add);

    /// <summary>Each setting with its origin.</summary>
    public IReadOnlyList<Setting> Read(ParseResult parse, Func<string, string?> environment, string file)
    {
        var written = FromFile(file);
        return [.. Known.Zip(_options, (known, option) =>
        {
            var variable = $"NINES_{known.Name.ToUpperInvariant().Replace('-', '_')}";
            return parse.GetValue(option) is { } flag ? new Setting(known.Name, flag, "flag")
                : environment(variable) is { Length: > 0 } value ? new(known.Name, value, variable)
                : written.TryGetValue(known.Name, out var line) ? new(known.Name, line, Path.GetFileName(file))
                : new(known.Name, known.Default, "default");
        })];
    }

    /// <summary>The options, or what is wrong with the settings.</summary>
    public static (NinesOptions? Options, string? Problem) ToOptions(IReadOnlyList<Setting> settings)
    {
        string Of(string name) => settings.First(s => s.Name == name).Value;
        if (!Uri.TryCreate(Of("listen"), UriKind.Absolute, out var listen) || listen.Scheme is not ("http" or "https"))
        {
            return (null, $"listen is not an http address: {Of("listen")}");
        }
        Uri? publicUrl = null;
        if (Of("public-url") is { Length: > 0 } url && !(Uri.TryCreate(url, UriKind.Absolute, out publicUrl) && publicUrl.Scheme is "http" or "https"))
        {
            return (null, $"public-url is not an http address: {url}");
        }
        if (!bool.TryParse(Of("demo"), out var demo))
        {
            return (null, $"demo must be true or false, not {Of("demo")}");
        }
        return (new()
        {
            WorkspaceDirectory = Of("workspace"),
            DataDirectory = Of("data"),
            Listen = Of("listen"),
            PublicUrl = publicUrl,
            Postgres = Of("postgres") is { Length: > 0 } postgres ? postgres : null,
            Demo = demo,
        }, null);
    }

    /// <summary>Lines <c>name: value</c>; the file is flat.</summary>
    private static Dictionary<string, string> FromFile(string file)
    {
        var lines = File.Exists(file) ? File.ReadAllLines(file) : [];
        return lines.Select(l => l.Split(" #")[0].Split(':', 2)).Where(p => p.Length == 2 && !p[0].StartsWith('#'))
            .GroupBy(p => p[0].Trim(), StringComparer.Ordinal).ToDictionary(g => g.Key, g => g.Last()[1].Trim().Trim('"', '\''), StringComparer.Ordinal);
    }
}
