using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;

namespace Nines.Core.Workspace;

/// <summary>Something that somebody runs and wants watched.</summary>
/// <param name="Name">The service's name.</param>
/// <param name="Kind"><c>http</c>, <c>tcp</c>, <c>postgres</c> or <c>redis</c>.</param>
/// <param name="Address">The URL of http, <c>host:port</c> of the others.</param>
/// <param name="User">Who signs in; empty for nobody.</param>
/// <param name="Password">With what; empty for nothing.</param>
/// <param name="Database">Which database; empty for the usual one.</param>
public sealed partial record Watched(string Name, string Kind, string Address, string User = "", string Password = "", string Database = "")
{
    /// <summary>Reads <c>[name=]address</c>: an http address, <c>postgres://user:password@host/database</c>,
    /// <c>redis://host</c>, or <c>host:port</c>.</summary>
    /// <returns>What was read, or what is wrong with it.</returns>
    public static (Watched? Read, string Error) Parse(string text)
    {
        var at = Named().Match(text.Trim());
        var (name, address) = at.Success ? (at.Groups["name"].Value, at.Groups["address"].Value) : ("", text.Trim());
        var isHost = !address.Contains("://", StringComparison.Ordinal);
        if (!Uri.TryCreate(isHost ? "tcp://" + address : address, UriKind.Absolute, out var uri) || uri.Host.Length == 0)
        {
            return (null, $"\"{address}\" is no address; write it as http://127.0.0.1:8080/health, "
                + "postgres://user:password@127.0.0.1/shop, redis://127.0.0.1 or 127.0.0.1:5000");
        }
        var (user, password) = uri.UserInfo.Split(':', 2) is [var u, var p] ? (Uri.UnescapeDataString(u), Uri.UnescapeDataString(p)) : (uri.UserInfo, "");
        var kind = uri.Scheme switch { "http" or "https" => "http", "postgres" or "postgresql" => "postgres", "redis" => "redis", "tcp" => "tcp", _ => "" };
        var port = uri.Port > 0 ? uri.Port : kind switch { "postgres" => 5432, "redis" => 6379, _ => 0 };
        var wrong = kind.Length == 0 ? $"{uri.Scheme} is not probed; write http, https, postgres, redis, or host:port"
            : kind == "tcp" && port == 0 ? $"\"{address}\" has no port; write it as {address}:80, or http://{address}/"
            : kind == "http" && user.Length > 0 ? "the address holds credentials; leave them out, and write basic_auth into probes.yaml" : "";
        if (wrong.Length > 0)
        {
            return (null, wrong);
        }
        var isOwn = uri.HostNameType != UriHostNameType.Dns || uri.Host == "localhost";
        name = name.Length > 0 ? name : kind is "postgres" or "redis" ? kind : isOwn ? $"port-{uri.Port}" : uri.Host.Split('.')[0];
        var target = kind == "http" ? address : $"{uri.Host}:{port.ToString(CultureInfo.InvariantCulture)}";
        return (new(name, kind, target, user, password, kind == "postgres" ? uri.AbsolutePath.Trim('/') : ""), "");
    }

    [GeneratedRegex("^(?<name>[A-Za-z0-9_-]+)=(?<address>.+)$", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex Named();
}

/// <summary>Where somebody is told.</summary>
/// <param name="Kind"><c>telegram</c>, <c>ntfy</c>, <c>slack</c> or <c>webhook</c>.</param>
/// <param name="To">The chat's number; empty for the other kinds.</param>
/// <param name="Secret">The bot's token, the topic, or the webhook's address.</param>
/// <param name="Api">Where the bot's API is, when that is not Telegram's own; empty otherwise.</param>
public sealed partial record Reached(string Kind, string To, string Secret = "", string Api = "")
{
    /// <summary>Reads a bot token of Telegram (whose chat is still to be found), <c>ntfy:topic</c>, or the address of a webhook, Slack's among them.</summary>
    /// <returns>What was read, or what is wrong with it.</returns>
    public static (Reached? Read, string Error) Parse(string text)
    {
        text = text.Trim();
        if (BotToken().IsMatch(text))
        {
            return (new("telegram", "", text), "");
        }
        if (text.StartsWith("ntfy:", StringComparison.Ordinal) && text.Length > 5)
        {
            return (new("ntfy", "", text[5..]), "");
        }
        return Uri.TryCreate(text, UriKind.Absolute, out var uri) && uri.Scheme is "http" or "https"
            ? (new(uri.Host == "hooks.slack.com" ? "slack" : "webhook", "", text), "")
            : (null, "this is no bot token of Telegram (123456:ABC…), no ntfy:topic, and no address of a webhook");
    }

    [GeneratedRegex("^[0-9]{5,}:[A-Za-z0-9_-]{20,}$", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex BotToken();
}

/// <summary>The first workspace of somebody who has none: commented files that pass every check, made of three answers.</summary>
/// <param name="Runs">What they run; at least one, no name twice.</param>
/// <param name="Reach">Where they are told; null for nowhere yet.</param>
/// <param name="Target">Which share of the time a service has to be up, above 0 and below 1.</param>
public sealed record FirstWorkspace(IReadOnlyList<Watched> Runs, Reached? Reach, decimal Target)
{
    /// <summary>An address outside that misses this server's beats; null for none.</summary>
    public Uri? Beat { get; init; }

    /// <summary>The files, by path, without secrets.</summary>
    /// <param name="secrets">The directory in which the secrets lie, an absolute path.</param>
    public IReadOnlyList<(string Path, string Text)> Files(string secrets) =>
    [
        ("services.yaml", Services()), ("probes.yaml", Probes(secrets)), ("objectives.yaml", Objectives()), ("host.yaml", Host), ("rules.yml", Rules),
        ("delivery.yaml", Delivery(secrets)), ("heartbeats.yaml", Heartbeats(secrets)),
    ];

    /// <summary>The secrets, by the name of their file.</summary>
    public IReadOnlyList<(string Name, string Secret)> Secrets =>
    [
        .. Runs.Where(r => r.Password.Length > 0).Select(r => (r.Name, r.Password)),
        .. Reach is { Secret.Length: > 0 } reach ? [(reach.Kind, reach.Secret)] : Array.Empty<(string, string)>(),
        .. Beat is { } beat ? [("beat", beat.AbsoluteUri)] : Array.Empty<(string, string)>(),
    ];

    private string Services() => Documents("# What you run. Everything else names these.", Runs.Select(r => $"""
        apiVersion: openslo/v1
        kind: Service
        metadata: {Name(r)}
        spec: {Map("description: 'What it does, for whoever is woken by it.'")}
        """));

    private string Probes(string secrets) => Documents("""
        # Nines asks each service every minute whether it is there. Two failures in a row are an alert; one success ends it.
        # More conditions, such as "[BODY].status == UP" or "[RESPONSE_TIME] < 500": docs/guide/probes.md
        """, Runs.Select(r => $"""
        apiVersion: nines/v1
        kind: Probe
        metadata: {Name(r)}
        spec:
          service: {r.Name}
          interval: 1m
          {r.Kind}: {Check(r, secrets)}
        """));

    private static string Check(Watched run, string secrets)
    {
        var fields = run.Kind == "http" ? new List<string> { $"url: {Quoted(run.Address)}" } : [$"address: {Quoted(run.Address)}"];
        if (run.User.Length > 0)
        {
            fields.Add($"username: {Quoted(run.User)}");
        }
        if (run.Password.Length > 0)
        {
            fields.Add($"password: {Quoted($"${{file:{secrets}/{run.Name}}}")}");
        }
        if (run.Kind == "postgres" && run.Database.Length > 0)
        {
            fields.Add($"database: {Quoted(run.Database)}");
        }
        return Map(string.Join(", ", fields));
    }

    private string Objectives() => Documents($"""
        # What you promise: each service is up {(Target * 100).ToString("0.####", CultureInfo.InvariantCulture)} % of the minutes of 30 days.
        # Minutes that nobody looked at are unknown, not good.
        # A service that exports counters of its requests can be held to those instead: docs/guide/objectives.md
        """, Runs.Select(r => $"""
        apiVersion: openslo/v1
        kind: SLO
        metadata: {Map($"name: uptime, displayName: {Quoted(r.Name + " is up")}")}
        spec:
          service: {r.Name}
          budgetingMethod: Timeslices
          timeWindow: [{Map("duration: 30d, isRolling: true")}]
          indicator:
            metadata: {Map("name: uptime")}
            spec:
              thresholdMetric:
                metricSource: {Map($"type: Nines, spec: {Map($"query: {Quoted($"probe_success{{probe=\"{r.Name}\"}}")}")}")}
          objectives: [{Map($"target: {Target.ToString(CultureInfo.InvariantCulture)}, op: gte, value: 1, timeSliceWindow: 1m, timeSliceTarget: 1")}]
        """));

    private const string Host = """
        # The machine itself: processors, memory, file systems, network. The overview shows it. containers: true adds each container.
        apiVersion: nines/v1
        kind: Collector
        metadata: {name: host}
        spec: {type: host}
        # ---
        # How old the newest backup is; a rule for it stands in rules.yml.
        # apiVersion: nines/v1
        # kind: Collector
        # metadata: {name: backups}
        # spec: {type: file, path: /var/backups/*.gz}

        """;

    private const string Rules = """
        # Alerts by a rule, as Prometheus has them. Try an expression at /explore.
        groups:
        - name: host
          rules:
          - alert: DiskFillsUp
            expr: predict_linear(node_filesystem_avail_bytes[6h], 86400) < 0 and node_filesystem_avail_bytes / node_filesystem_size_bytes < 0.3
            for: 30m
            labels: {severity: ticket}
            annotations: {summary: '{{ $labels.mountpoint }} of {{ $labels.instance }} is full within a day'}
          - alert: DiskAlmostFull
            expr: node_filesystem_avail_bytes / node_filesystem_size_bytes < 0.05
            for: 5m
            labels: {severity: ticket}
            annotations: {summary: '{{ $labels.mountpoint }} of {{ $labels.instance }} has less than a twentieth free'}
          - alert: MemoryLow
            expr: node_memory_MemAvailable_bytes / node_memory_MemTotal_bytes < 0.1
            for: 10m
            labels: {severity: ticket}
            annotations: {summary: 'Less than a tenth of the memory of {{ $labels.instance }} is left'}
          # - alert: BackupTooOld
          #   expr: file_newest_age_seconds{collector="backups"} > 26 * 3600
          #   labels: {severity: ticket}
          #   annotations: {summary: 'The newest backup is {{ humanizeDuration $value }} old'}

        """;

    private string Delivery(string secrets)
    {
        string Secret(string kind) => Quoted($"${{file:{secrets}/{kind}}}");
        var how = Reach switch
        {
            { Kind: "telegram" } r => $"telegram: {Map($"chatId: {Quoted(r.To)}, botToken: {Secret("telegram")}"
                + (r.Api.Length > 0 ? $", apiUrl: {Quoted(r.Api)}" : ""))}",
            { Kind: "ntfy" } => $"ntfy: {Map($"topic: {Secret("ntfy")}")}",
            { Kind: "slack" } => $"slack: {Map($"api_url: {Secret("slack")}")}",
            { } r => $"webhook: {Map($"url: {Secret(r.Kind)}")}",
            null => "",
        };
        const string head = "# Who is told. Each alert goes to every receiver that takes its severity; severities: [page] keeps tickets away.";
        return how.Length == 0 ? $$"""
            {{head}}
            # Nobody is told yet. Uncomment this, and put the token's file there.
            # apiVersion: nines/v1
            # kind: Delivery
            # metadata: {name: me}
            # spec:
            #   receivers:
            #   - name: me
            #     telegram: {chatId: "123456", botToken: "${file:{{secrets}}/telegram}"}

            """ : $"""
            {head}
            apiVersion: nines/v1
            kind: Delivery
            metadata: {Map("name: me")}
            spec:
              receivers:
              - name: me
                {how}

            """;
    }

    private string Heartbeats(string secrets)
    {
        var jobs = $$"""
            # A job that has to run reports by: curl -fsS -X POST http://127.0.0.1:9999/nines/v1/heartbeats/backup -H "Authorization: Bearer $TOKEN"
            # apiVersion: nines/v1
            # kind: Heartbeat
            # metadata: {name: backup}
            # spec: {cron: "0 3 * * *", timezone: Europe/Berlin, grace: 1h}

            """;
        return (Beat is null ? """
            # A host cannot report its own death. An address outside that misses this server's beats can: healthchecks.io, or another Nines.
            # apiVersion: nines/v1
            # kind: Heartbeat
            # metadata: {name: nines-lives}
            # spec: {send: {url: "${file:/etc/nines/beat}", every: 1m}}
            # ---

            """ : $"""
            # A host cannot report its own death. Whoever is at this address misses the beats, and says so.
            apiVersion: nines/v1
            kind: Heartbeat
            metadata: {Map("name: nines-lives")}
            spec: {Map($"send: {Map($"url: {Quoted($"${{file:{secrets}/beat}}")}, every: 1m")}")}
            ---

            """).TrimEnd() + "\n" + jobs;
    }

    private static string Documents(string head, IEnumerable<string> documents) =>
        new StringBuilder(head).Append('\n').AppendJoin("\n---\n", documents).Append('\n').ToString();

    private static string Name(Watched run) => Map($"name: {run.Name}");

    private static string Map(string fields) => $"{{{fields}}}";

    private static string Quoted(string text) => $"'{text.Replace("'", "''", StringComparison.Ordinal)}'";
}
