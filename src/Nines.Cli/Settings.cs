using System.CommandLine;
using System.Globalization;
using Nines.Server;
using YamlDotNet.Core;
using YamlDotNet.Core.Events;

namespace Nines.Cli;

/// <summary>A setting as it stands: its value and who gave it.</summary>
/// <param name="Name">The setting's name, as in <c>--name</c>, <c>NINES_NAME</c> and <c>nines.yml</c>.</param>
/// <param name="Value">The value; empty when unset.</param>
/// <param name="Origin"><c>flag</c>, <c>environment</c>, the file's name, or <c>default</c>.</param>
/// <param name="Secret">Whether the value is not to be shown.</param>
public sealed record Setting(string Name, string Value, string Origin, bool Secret)
{
    /// <summary>The value for people.</summary>
    public string Shown => Secret && Value.Length > 0 ? "<secret>" : Value;
}

/// <summary>A setting cannot be read; the message says which, and what to do.</summary>
public sealed class SettingsException(string message) : Exception(message);

/// <summary>The server's settings. A flag wins over <c>NINES_…</c> in the environment, that over <c>nines.yml</c>, that over the default.</summary>
public sealed class Settings
{
    private static readonly (string Name, string Default, bool Secret, string Help)[] Known =
    [
        ("workspace", "workspace", false, "Directory of the workspace's files."),
        ("data", "data", false, "Directory of the server's own data."),
        ("listen", "http://127.0.0.1:9999", false, "Address to listen on; loopback only unless you say otherwise."),
        ("public-url", "", false, "Address people reach the server at; links in messages start with it. Default: the listen address."),
        ("postgres", "", true, "Connection string of a PostgreSQL database for the state. Default: SQLite in the data directory."),
        ("metrics-retention", "15d", false, "How long samples are kept, such as 15d or 36h."),
        ("metrics-max-bytes", "64GiB", false, "Most the metrics store takes on disk, such as 500MiB or 64GiB; the oldest samples go first, but none that the ledger has not counted."),
        ("demo", "false", false, "Let visitors from loopback look without signing in."),
    ];

    private readonly Option<string?>[] _options = [.. Known.Select(k => new Option<string?>("--" + k.Name) { Description = k.Help })];
    private readonly Option<string?> _file = new("--config") { Description = "The settings file. Default: nines.yml in the current directory." };

    /// <summary>The options to put on a command.</summary>
    public IEnumerable<Option> Options => [.. _options, _file];

    /// <summary>All settings of a command line.</summary>
    /// <exception cref="SettingsException">The file cannot be read or holds something unknown.</exception>
    public IReadOnlyList<Setting> Read(ParseResult command, Func<string, string?> environment)
    {
        var named = command.GetValue(_file);
        var path = named ?? "nines.yml";
        var file = named is not null || File.Exists(path) ? ReadFile(path) : [];
        return [.. Known.Select((k, i) =>
            command.GetValue(_options[i]) is { } flag ? new Setting(k.Name, flag, "flag", k.Secret)
            : environment("NINES_" + k.Name.Replace('-', '_').ToUpperInvariant()) is { Length: > 0 } variable ? new Setting(k.Name, variable, "environment", k.Secret)
            : file.TryGetValue(k.Name, out var written) ? new Setting(k.Name, written, path, k.Secret)
            : new Setting(k.Name, k.Default, "default", k.Secret))];
    }

    /// <summary>The server's options that settings amount to.</summary>
    /// <exception cref="SettingsException">A value does not fit its setting.</exception>
    public static NinesOptions ToOptions(IReadOnlyList<Setting> settings)
    {
        string Of(string name) => settings.First(s => s.Name == name).Value;
        if (!Uri.TryCreate(Of("listen"), UriKind.Absolute, out var listen) || listen.Scheme != Uri.UriSchemeHttp)
        {
            throw new SettingsException($"listen: {Of("listen")} is no address; write http://host:port");
        }
        Uri? publicUrl = null;
        if (Of("public-url").Length > 0 && !(Uri.TryCreate(Of("public-url").TrimEnd('/') + "/", UriKind.Absolute, out publicUrl) && publicUrl.Scheme is "http" or "https"))
        {
            throw new SettingsException($"public-url: {Of("public-url")} is no address; write https://host/");
        }
        if (!bool.TryParse(Of("demo"), out var demo))
        {
            throw new SettingsException($"demo: {Of("demo")} is neither true nor false");
        }
        return new NinesOptions
        {
            WorkspaceDirectory = Path.GetFullPath(Of("workspace")),
            DataDirectory = Path.GetFullPath(Of("data")),
            Listen = listen.GetLeftPart(UriPartial.Authority),
            PublicUrl = publicUrl,
            Postgres = Of("postgres") is { Length: > 0 } postgres ? postgres : null,
            MetricsRetention = Duration(Of("metrics-retention")),
            MetricsMaxBytes = Bytes(Of("metrics-max-bytes")),
            Demo = demo,
        };
    }

    private static TimeSpan Duration(string text)
    {
        var hours = text.Length > 1 && long.TryParse(text.AsSpan(0, text.Length - 1), NumberStyles.None, CultureInfo.InvariantCulture, out var count) && count <= 100_000
            ? text[^1] switch { 'd' => count * 24, 'h' => count, _ => 0 } : 0;
        return hours > 0 ? TimeSpan.FromHours(hours) : throw new SettingsException($"metrics-retention: {text} is no length of time; write 15d or 36h");
    }

    private static long Bytes(string text)
    {
        foreach (var (unit, shift) in ((string, int)[])[("MiB", 20), ("GiB", 30), ("TiB", 40)])
        {
            if (text.EndsWith(unit, StringComparison.Ordinal) && long.TryParse(text.AsSpan(0, text.Length - 3), NumberStyles.None, CultureInfo.InvariantCulture, out var count)
                && count is > 0 and < 1_000_000)
            {
                return count << shift;
            }
        }
        throw new SettingsException($"metrics-max-bytes: {text} is no size; write 500MiB or 64GiB");
    }

    private static Dictionary<string, string> ReadFile(string path)
    {
        var found = new Dictionary<string, string>(StringComparer.Ordinal);
        try
        {
            using var reader = new StreamReader(path);
            var parser = new Parser(new Scanner(reader));
            parser.Consume<StreamStart>();
            if (!parser.TryConsume<DocumentStart>(out _))
            {
                return found;
            }
            parser.Consume<MappingStart>();
            while (!parser.TryConsume<MappingEnd>(out _))
            {
                var key = parser.Consume<Scalar>();
                if (Known.All(k => k.Name != key.Value))
                {
                    throw new SettingsException($"{path}:{key.Start.Line}:{key.Start.Column}: there is no setting {key.Value}; there are {string.Join(", ", Known.Select(k => k.Name))}");
                }
                found[key.Value] = parser.Consume<Scalar>().Value;
            }
            return found;
        }
        catch (YamlException e)
        {
            throw new SettingsException($"{path}:{e.Start.Line}:{e.Start.Column}: write one `name: value` a line");
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new SettingsException($"{path} cannot be read: {e.Message}");
        }
    }
}
