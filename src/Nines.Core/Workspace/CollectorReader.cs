using System.Text.RegularExpressions;
using Nines.Core.Catalog;
using Nines.Core.Probes.Collectors;
using Nines.Core.Probes.Collectors.Host;
using Nines.Metrics;

namespace Nines.Core.Workspace;

/// <summary>A collector whose names are not looked up yet.</summary>
internal sealed record DraftCollector(BindingFile File, YamlText? Service, YamlText? Environment, Collector Collector);

/// <summary>Reads the spec of a Collector: what to read, how often, and what it becomes.</summary>
internal static class CollectorReader
{
    private const long DayMs = 86_400_000;
    private static readonly string[] Types = ["host", "sql", "json", "file", "certificate"];
    private static readonly string[] Reserved = ["collector", "service", "environment"];

    public static void Read(Fields spec, YamlText name, string? displayName, Found found)
    {
        var type = spec.OneOf("type", "", Types);
        if (type == "")
        {
            spec.File.Error(spec.Node, "missing", "a Collector needs type", $"it is one of {string.Join(", ", Types)}");
        }
        var interval = spec.Duration("interval", 1_000, 7 * DayMs) ?? 60_000;
        var timeout = spec.Duration("timeout", 100, 600_000) ?? Math.Min(10_000, interval);
        if (timeout > interval)
        {
            spec.File.Error(spec.Any("timeout")!, "bad-value", "timeout must not be longer than interval");
        }
        var (service, environment) = (spec.Text("service"), spec.Text("environment"));
        var extra = LabelsOf(spec, "labels");
        var limit = spec.Number("seriesLimit", 1, 100_000) ?? Collector.DefaultSeriesLimit;
        var runbook = Address(spec, "runbook");
        CollectorWork? work = type switch
        {
            "host" => Host(spec),
            "sql" => Sql(spec),
            "json" => Json(spec),
            "file" => Files(spec),
            "certificate" => Certificate(spec),
            _ => null,
        };
        if (work is null)
        {
            if (type is null or "")
            {
                // Which keys it may have is not known.
                spec.Ignore([.. ((spec.Node as YamlMap)?.Entries ?? []).Select(e => e.Key.Value)]);
            }
            return;
        }
        if (found.IsNew(spec.File, name, "collector", name.Value))
        {
            found.Collectors.Add(new(spec.File, service, environment, new(name.Value, displayName ?? name.Value, TimeSpan.FromMilliseconds(interval),
                TimeSpan.FromMilliseconds(timeout), work, spec.File.At(name))
            {
                Extra = extra,
                SeriesLimit = (int)limit,
                Runbook = runbook,
                Definition = spec.File.Text,
            }));
        }
    }

    /// <summary>The collectors with their services and environments looked up, in order of name.</summary>
    public static IReadOnlyList<Collector> Link(Found found)
    {
        foreach (var draft in found.Collectors)
        {
            Linker.Known(draft.File, draft.Service, "service", found.Services.Keys, "declare it in a document of kind Service");
            Linker.Known(draft.File, draft.Environment, "environment", found.Environments.Keys, "declare it in a nines/v1 document of kind Environment");
        }
        return [.. found.Collectors.Select(d => d.Collector with
        {
            Service = d.Service?.Value ?? "",
            Environment = d.Environment?.Value ?? DeploymentEnvironment.Default,
        }).OrderBy(c => c.Name, StringComparer.Ordinal)];
    }

    private static HostWork? Host(Fields spec)
    {
        var groups = new List<ProcessGroup>();
        foreach (var group in spec.Maps("processes", "a group of processes"))
        {
            var name = group.Text("name", required: true);
            var match = Pattern(group, "match", Re2.Anywhere, required: true);
            group.Done();
            if (name is not null && groups.Exists(g => g.Name == name.Value))
            {
                spec.File.Error(name, "duplicate", $"the group {name.Value} is there twice");
            }
            else if (name is not null && match is not null)
            {
                groups.Add(new(name.Value, match));
            }
        }
        var containers = spec.Flag("containers", false) ? ControlGroup.Containers : null;
        var others = Pattern(spec, "cgroups", Re2.Anchored) is { } pattern ? spec.Text("cgroups")!.Value : null;
        string[] cgroups = [.. ((string?[])[containers, others]).OfType<string>()];
        return new HostWork
        {
            Root = AbsolutePath(spec, "root") ?? "/",
            Instance = spec.Text("instance")?.Value,
            ExcludeMounts = Pattern(spec, "excludeMounts", Re2.Anchored),
            Processes = groups,
            Cgroups = cgroups.Length == 0 ? null : Re2.Anchored(string.Join('|', cgroups.Select(c => $"({c})"))),
        };
    }

    private static SqlWork? Sql(Fields spec)
    {
        var database = spec.Secret("database", required: false, warnWhenLiteral: false);
        if (database is { Reference: var text } && !text.StartsWith("${", StringComparison.Ordinal)
            && text.Contains("password", StringComparison.OrdinalIgnoreCase))
        {
            spec.File.Warn(spec.Any("database")!, "literal-secret", "database holds a password as it is", "write ${env:NAME} or ${file:path}");
        }
        var file = AbsolutePath(spec, "file");
        if (spec.Any("database") is null == spec.Any("file") is null)
        {
            spec.File.Error(spec.Node, "missing", "a Collector of type sql needs database or file, one of them",
                "database is the connection string of PostgreSQL, such as ${env:DATABASE}; file is an SQLite file");
            database = null;
        }
        var queries = new List<SqlQuery>();
        foreach (var one in spec.Maps("queries", "a query"))
        {
            queries.AddRange(Query(one) is { } query ? [query] : []);
            one.Done();
        }
        if (spec.Any("query") is not null)
        {
            queries.AddRange(Query(spec) is { } query ? [query] : []);
        }
        if (spec.OneOf("preset", "", [.. SqlPresets.All.Keys]) is { Length: > 0 } preset)
        {
            queries.AddRange(SqlPresets.All[preset]);
            if (file is not null)
            {
                spec.File.Error(spec.Any("preset")!, "bad-value", $"{preset} asks PostgreSQL, not an SQLite file");
            }
        }
        if ((spec.Any("queries") ?? spec.Any("query") ?? spec.Any("preset")) is null)
        {
            spec.File.Error(spec.Node, "missing", "a Collector of type sql needs query, queries or preset", "write query and metric");
        }
        var rows = spec.Number("maxRows", 1, 100_000) ?? Collector.DefaultSeriesLimit;
        return (database is null && file is null) || queries.Count == 0 ? null : new(database, file, queries, (int)rows);
    }

    private static SqlQuery? Query(Fields from)
    {
        var sql = from.Text("query", required: true);
        var metric = Metric(from);
        var values = from.List("values").OfType<YamlText>().Select(v => v.Value).ToList();
        return sql is null || metric is null ? null : new(sql.Value, metric, values);
    }

    private static JsonWork? Json(Fields spec)
    {
        var url = Address(spec, "url", required: true);
        var headers = DataSourceReader.Headers(spec);
        var access = HttpAccessReader.Read(spec);
        var values = new List<JsonValue>();
        foreach (var one in spec.Maps("values", "a value"))
        {
            values.AddRange(Value(one) is { } value ? [value] : []);
            one.Done();
        }
        if (spec.Any("path") is not null)
        {
            values.AddRange(Value(spec) is { } value ? [value] : []);
        }
        else if (spec.Any("values") is null)
        {
            spec.File.Error(spec.Node, "missing", "a Collector of type json needs path or values", "write path and metric, such as path: result.points_count");
        }
        return url is null || values.Count == 0 ? null : new(url, access, headers, values);
    }

    private static JsonValue? Value(Fields from)
    {
        var text = from.Text("path", required: true);
        var path = text is null ? null : JsonPath.Parse(text.Value);
        if (text is not null && path is null)
        {
            from.File.Error(text, "bad-value", $"this is no path to a value: {text.Value}", "write it as queues[0].depth or result[\"points.count\"]");
        }
        var metric = Metric(from);
        // Of the only value the collector's own labels are enough.
        var labels = from.Any("url") is null ? LabelsOf(from, "labels") : Labels.Empty;
        return path is null || metric is null ? null : new(path, metric, labels);
    }

    private static FileWork? Files(Fields spec)
    {
        var paths = Paths(spec, "paths", "path");
        if (spec.Any("path") is null && spec.Any("paths") is null)
        {
            spec.File.Error(spec.Node, "missing", "a Collector of type file needs path or paths", "write a pattern such as /backup/*.dump");
        }
        return paths.Count == 0 ? null : new(paths);
    }

    private static CertificateWork? Certificate(Fields spec)
    {
        var endpoints = new List<(string, int)>();
        foreach (var node in spec.List("endpoints"))
        {
            var text = (node as YamlText)?.Value ?? "";
            if (Uri.TryCreate($"tls://{text}", UriKind.Absolute, out var uri) && uri is { Port: > 0, PathAndQuery: "" or "/", UserInfo: "" })
            {
                endpoints.Add((uri.IdnHost.Trim('[', ']'), uri.Port));
            }
            else
            {
                spec.File.Error(node, "bad-value", $"this is no host with a port: {text}", "write it as example.org:443");
            }
        }
        var files = Paths(spec, "files", null);
        if (spec.Any("endpoints") is null && spec.Any("files") is null)
        {
            spec.File.Error(spec.Node, "missing", "a Collector of type certificate needs endpoints or files", "write endpoints: [example.org:443]");
        }
        return endpoints.Count + files.Count == 0 ? null : new(endpoints, files);
    }

    private static MetricDefinition? Metric(Fields from)
    {
        var name = from.Text("metric", required: true);
        if (name is not null && (name.Value.Length > 200 || char.IsAsciiDigit(name.Value[0])
            || !name.Value.All(c => char.IsAsciiLetterOrDigit(c) || c is '_' or ':')))
        {
            from.File.Error(name, "bad-value", $"this is no name of a metric: {name.Value}", "use letters, digits and _");
            name = null;
        }
        var (help, unit) = (from.Text("help")?.Value ?? "", from.Text("unit")?.Value ?? "");
        var meaning = from.OneOf("as", "number", "number", "age") == "age" ? ValueMeaning.Age : ValueMeaning.Number;
        var counter = from.Flag("counter", false);
        if (counter && meaning == ValueMeaning.Age)
        {
            from.File.Error(from.Any("counter")!, "bad-value", "an age does not only go up");
        }
        return name is null ? null : new(name.Value, help, unit.Length > 0 ? unit : meaning == ValueMeaning.Age ? "seconds" : "", meaning, counter);
    }

    private static Labels LabelsOf(Fields from, string key)
    {
        if (from.Map(key) is not { } map)
        {
            return Labels.Empty;
        }
        var labels = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var (label, _) in ((YamlMap)map.Node).Entries)
        {
            var name = label.Value;
            if (Reserved.Contains(name) || name.Length == 0 || char.IsAsciiDigit(name[0]) || name.StartsWith("__", StringComparison.Ordinal)
                || !name.All(c => char.IsAsciiLetterOrDigit(c) || c == '_'))
            {
                from.File.Error(label, "bad-value", Reserved.Contains(name) ? $"the label {name} is set by Nines" : $"this is no name of a label: {name}",
                    Reserved.Contains(name) ? "drop it" : "use letters, digits and _");
            }
            labels[name] = map.Text(name)?.Value ?? "";
        }
        map.Done();
        return Labels.Of(labels.Select(l => (l.Key, l.Value)));
    }

    private static Regex? Pattern(Fields from, string key, Func<string, Regex> compile, bool required = false)
    {
        if (from.Text(key, required) is not { } text)
        {
            return null;
        }
        try
        {
            return compile(text.Value);
        }
        catch (ArgumentException e)
        {
            from.File.Error(text, "bad-value", $"{key} is no regular expression: {e.Message}");
            return null;
        }
    }

    private static Uri? Address(Fields from, string key, bool required = false)
    {
        if (from.Text(key, required) is not { } text)
        {
            return null;
        }
        if (Uri.TryCreate(text.Value, UriKind.Absolute, out var url) && url is { Scheme: "http" or "https", UserInfo: "" })
        {
            return url;
        }
        from.File.Error(text, "bad-value", url?.UserInfo.Length > 0 ? $"{key} holds credentials" : $"{key} is not an http address: {text.Value}",
            url?.UserInfo.Length > 0 ? "use basic_auth" : "write it as http://host/path");
        return null;
    }

    private static string? AbsolutePath(Fields from, string key)
    {
        if (from.Text(key) is not { } text)
        {
            return null;
        }
        if (text.Value.StartsWith('/'))
        {
            return text.Value;
        }
        from.File.Error(text, "bad-value", $"{key} must be an absolute path, not {text.Value}");
        return null;
    }

    private static List<string> Paths(Fields from, string list, string? one)
    {
        var nodes = from.List(list).ToList();
        if (one is not null && from.Text(one) is { } single)
        {
            nodes.Add(single);
        }
        foreach (var node in nodes.Where(n => (n as YamlText)?.Value.StartsWith('/') != true))
        {
            from.File.Error(node, "bad-value", "a pattern of files begins with /", "write it as /backup/*.dump");
        }
        return [.. nodes.OfType<YamlText>().Select(n => n.Value).Where(v => v.StartsWith('/'))];
    }
}
