using Nines.Core.Alerting.Routing;
using Nines.PromQL;
using Nines.Server;

namespace Nines.Cli.Verbs;

/// <summary>Alertmanager's flags, read as it reads them: <c>--flag=value</c>, <c>--flag value</c>, <c>--flag</c> and <c>--no-flag</c>.</summary>
internal sealed class AlertmanagerFlags
{
    /// <summary>The flags of 0.28 (and those that came later or that Debian adds), their defaults, and what they do here.</summary>
    public static readonly IReadOnlyList<Flag> All =
    [
        new("config.file", "alertmanager.yml", "Alertmanager configuration file."),
        new("storage.path", "data/", "Data directory."),
        new("data.retention", "120h", "How long silences that are over, and what was notified, are kept."),
        new("web.listen-address", ":9093", "Where to listen; port 0 takes any free one.") { Repeats = true },
        new("web.external-url", "", "The address people reach the server at; links in messages start with it."),
        new("web.route-prefix", "", "What the path of each route begins with; the path of --web.external-url by default."),
        new("web.config.file", "", "TLS and passwords: not here. Put a proxy in front."),
        new("web.systemd-socket", null, "Not here: name addresses with --web.listen-address."),
        new("cluster.listen-address", "0.0.0.0:9094", "Nodes of Nines share a database, so nothing listens here. Empty: the status says that there is no cluster."),
        new("enable-feature", "", "classic-mode or utf8-strict-mode: which grammar of matchers counts."),
        new("log.level", "info", "debug, info, warn or error."),
        new("log.format", "logfmt", "logfmt or json."),
        new("version", null, "Print the version."),
        .. Unused("data.maintenance-interval", "alerts.gc-interval", "web.get-concurrency", "web.timeout", "web.ui-path", "auto-gomemlimit.ratio",
            "silences.max-silences", "silences.max-silence-size-bytes", "dispatch.start-delay", "dispatch.maintenance-interval", "cluster.advertise-address",
            "cluster.peer-timeout", "cluster.peers-resolve-timeout", "cluster.gossip-interval", "cluster.pushpull-interval", "cluster.tcp-timeout",
            "cluster.probe-timeout", "cluster.probe-interval", "cluster.settle-timeout", "cluster.reconnect-interval", "cluster.reconnect-timeout",
            "cluster.tls-config", "cluster.label", "cluster.name"),
        new("cluster.peer", "", "") { Repeats = true },
        new("cluster.allow-insecure-public-advertise-address-discovery", null, ""),
        new("auto-gomaxprocs", null, ""),
    ];

    private readonly Dictionary<string, List<string>> _given = new(StringComparer.Ordinal);

    private AlertmanagerFlags()
    {
    }

    /// <summary>Flags that were given and mean nothing here.</summary>
    public IEnumerable<string> Ignored => All.Where(f => f.Help.Length == 0 && _given.ContainsKey(f.Name)).Select(f => f.Name);

    /// <summary>Reads the words of a command line.</summary>
    /// <exception cref="SettingsException">A flag is unknown or its value is wrong.</exception>
    public static AlertmanagerFlags Read(IReadOnlyList<string> words)
    {
        var flags = new AlertmanagerFlags();
        for (var i = 0; i < words.Count; i++)
        {
            if (!words[i].StartsWith("--", StringComparison.Ordinal))
            {
                throw new SettingsException($"unexpected {words[i]}");
            }
            var equals = words[i].IndexOf('=', StringComparison.Ordinal);
            var name = equals < 0 ? words[i][2..] : words[i][2..equals];
            var flag = All.FirstOrDefault(f => f.Name == name || (f.IsSwitch && name == $"no-{f.Name}")) ?? throw new SettingsException($"unknown long flag '--{name}'");
            var value = flag.IsSwitch ? equals >= 0 ? words[i][(equals + 1)..] : name == flag.Name ? "true" : "false"
                : equals >= 0 ? words[i][(equals + 1)..]
                : ++i < words.Count ? words[i] : throw new SettingsException($"expected argument for flag '--{name}'");
            var values = flags._given.TryGetValue(flag.Name, out var before) ? before : flags._given[flag.Name] = [];
            if (values.Count > 0 && !flag.Repeats)
            {
                throw new SettingsException($"flag '{flag.Name}' cannot be repeated");
            }
            values.Add(value);
        }
        return flags;
    }

    /// <summary>A flag's value, or its default.</summary>
    public string Value(string name) => _given.TryGetValue(name, out var values) ? values[^1] : All.First(f => f.Name == name).Otherwise ?? "false";

    /// <summary>Whether a switch is on.</summary>
    public bool On(string name) => Value(name) == "true";

    /// <summary>How the server is to be started.</summary>
    /// <exception cref="SettingsException">A value is wrong, or asks for what Nines does not have.</exception>
    public AlertmanagerOptions ToOptions()
    {
        if (Value("web.config.file").Length > 0)
        {
            throw new SettingsException("--web.config.file: TLS and passwords are not served here; put a proxy in front and listen on loopback");
        }
        if (On("web.systemd-socket"))
        {
            throw new SettingsException("--web.systemd-socket: sockets of systemd are not taken over; name addresses with --web.listen-address");
        }
        var external = Value("web.external-url") is { Length: > 0 } text
            ? Uri.TryCreate(text, UriKind.Absolute, out var uri) && uri.Scheme is "http" or "https" ? new Uri(text)
                : throw new SettingsException($"--web.external-url must be an http or https address, not {text}")
            : null;
        var prefix = (Value("web.route-prefix") is { Length: > 0 } given ? given : external?.AbsolutePath ?? "").Trim('/');
        if (!Durations.TryParseMs(Value("data.retention"), out var retention))
        {
            throw new SettingsException($"--data.retention: {Value("data.retention")} is no duration; write it as 120h");
        }
        return new AlertmanagerOptions
        {
            ConfigFile = Value("config.file"),
            StoragePath = Value("storage.path"),
            Listen = _given.TryGetValue("web.listen-address", out var addresses) ? addresses : [":9093"],
            ExternalUrl = external,
            RoutePrefix = prefix.Length > 0 ? "/" + prefix : "",
            Matchers = Matchers(),
            ClusterAddress = Value("cluster.listen-address") is { Length: > 0 } cluster ? cluster : null,
            Retention = TimeSpan.FromMilliseconds(retention),
        };
    }

    /// <summary>The least severe log lines that are written.</summary>
    /// <exception cref="SettingsException">There is no such level.</exception>
    public LogLevel Level() => Value("log.level").ToLowerInvariant() switch
    {
        "debug" => LogLevel.Debug,
        "info" => LogLevel.Information,
        "warn" => LogLevel.Warning,
        "error" => LogLevel.Error,
        var other => throw new SettingsException($"--log.level must be debug, info, warn or error, not {other}"),
    };

    private MatcherMode Matchers()
    {
        string[] features = Value("enable-feature").Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries);
        // The others of 0.28 change what Go's run time or the original's own metrics do.
        if (features.Except(["classic-mode", "utf8-strict-mode", "receiver-name-in-metrics", "auto-gomemlimit", "auto-gomaxprocs",
            "alert-names-in-metrics"], StringComparer.Ordinal).FirstOrDefault() is { } unknown)
        {
            throw new SettingsException($"--enable-feature: unknown option '{unknown}'");
        }
        return (features.Contains("classic-mode", StringComparer.Ordinal), features.Contains("utf8-strict-mode", StringComparer.Ordinal)) switch
        {
            (true, true) => throw new SettingsException("--enable-feature: classic-mode and utf8-strict-mode exclude each other"),
            (true, _) => MatcherMode.Classic,
            (_, true) => MatcherMode.Utf8Strict,
            _ => MatcherMode.Fallback,
        };
    }

    private static IEnumerable<Flag> Unused(params IEnumerable<string> names) => names.Select(n => new Flag(n, "", ""));

    /// <summary>A flag.</summary>
    /// <param name="Name">Its name, without dashes.</param>
    /// <param name="Otherwise">Its default; null for a switch.</param>
    /// <param name="Help">What it does; empty when it means nothing here.</param>
    internal sealed record Flag(string Name, string? Otherwise, string Help)
    {
        /// <summary>Whether it takes no value.</summary>
        public bool IsSwitch => Otherwise is null;

        /// <summary>Whether it may be given several times.</summary>
        public bool Repeats { get; init; }
    }
}
