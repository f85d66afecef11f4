using Nines.Core.Telemetry;
using Nines.Metrics;

namespace Nines.Core.Workspace;

/// <summary>Reads Prometheus' <c>scrape_configs</c>.</summary>
internal static class ScrapeConfigReader
{
    private static readonly string[] NotYet =
    [
        "http_sd_configs", "dns_sd_configs", "kubernetes_sd_configs", "consul_sd_configs", "docker_sd_configs", "ec2_sd_configs", "oauth2", "proxy_url",
        "proxy_from_environment", "no_proxy", "proxy_connect_header", "http_headers", "scrape_classic_histograms", "always_scrape_classic_histograms",
        "native_histogram_bucket_limit", "native_histogram_min_bucket_factor", "convert_classic_histograms_to_nhcb", "fallback_scrape_protocol",
        "metric_name_validation_scheme", "metric_name_escaping_scheme", "keep_dropped_targets", "scrape_failure_log_file",
    ];

    public static void Read(Fields top, Found found)
    {
        var global = top.Map("global");
        var interval = global?.Duration("scrape_interval", 100, 86_400_000) ?? 15_000;
        var timeout = global?.Duration("scrape_timeout", 1, 86_400_000);
        if (global?.Any("external_labels") is { } external)
        {
            if (found.IsNew(global.File, external, "setting", "external_labels"))
            {
                found.ExternalLabels = ExternalLabels(global);
            }
        }
        global?.Ignore("evaluation_interval", "query_log_file", "scrape_failure_log_file");
        global?.Done();
        foreach (var job in top.Maps("scrape_configs", "scrape_config"))
        {
            Job(job, interval, timeout, found);
        }
        foreach (var key in (string[])["rule_files", "alerting", "remote_write", "remote_read", "storage", "tracing", "runtime", "otlp", "scrape_config_files"])
        {
            if (top.Any(key) is { } node)
            {
                top.File.Error(node, "unsupported", $"{key} is not supported yet in this version", "remove it from this file");
            }
        }
        top.Done();
    }

    private static void Job(Fields job, long globalInterval, long? globalTimeout, Found found)
    {
        var file = job.File;
        var name = job.Text("job_name", required: true);
        var interval = job.Duration("scrape_interval", 100, 86_400_000) ?? globalInterval;
        var ownTimeout = job.Duration("scrape_timeout", 1, 86_400_000);
        var timeout = ownTimeout ?? Math.Min(globalTimeout ?? 10_000, interval);
        if (ownTimeout > interval)
        {
            file.Error(job.Any("scrape_timeout")!, "bad-value", "scrape_timeout is longer than scrape_interval");
        }
        var honorLabels = job.Flag("honor_labels", false);
        var honorTimestamps = job.Flag("honor_timestamps", true);
        var body = Size(job, "body_size_limit");
        var samples = Limit(job, "sample_limit", 10_000_000);
        var labelLimit = Limit(job, "label_limit", 1000);
        var draft = new ScrapeJob(name?.Value ?? "", [], TimeSpan.FromMilliseconds(interval), TimeSpan.FromMilliseconds(timeout), honorLabels, honorTimestamps,
            body ?? 16L << 20, samples == 0 ? 100_000 : samples, labelLimit == 0 ? 64 : labelLimit, file.At(job.Node))
        {
            Scheme = job.OneOf("scheme", "http", "http", "https") ?? "http",
            MetricsPath = job.Text("metrics_path")?.Value ?? "/metrics",
            Parameters = Parameters(job.Map("params")),
            RelabelRules = RelabelReader.Read(job, "relabel_configs"),
            MetricRelabelRules = RelabelReader.Read(job, "metric_relabel_configs"),
            Files = [.. job.Maps("file_sd_configs", "file_sd_config").Select(Discovery)],
            Access = HttpAccessReader.Read(job),
            LabelNameLengthLimit = Limit(job, "label_name_length_limit", 1_000_000),
            LabelValueLengthLimit = Limit(job, "label_value_length_limit", 1_000_000),
            TargetLimit = Limit(job, "target_limit", 1_000_000),
        };
        foreach (var key in NotYet)
        {
            if (job.Any(key) is { } node)
            {
                file.Error(node, "unsupported", $"{key} is not supported yet in this version", "list the targets in static_configs or file_sd_configs");
            }
        }
        job.Ignore("enable_http2", "enable_compression", "track_timestamps_staleness", "scrape_protocols");
        var (targets, dropped) = Static(job, draft);
        job.Done();
        if (name is not null && found.IsNew(file, name, "scrape job", name.Value))
        {
            found.Jobs.Add(draft with { Targets = targets, Dropped = dropped });
        }
    }

    private static (List<ScrapeTarget> Targets, List<Labels> Dropped) Static(Fields job, ScrapeJob draft)
    {
        var (targets, dropped) = (new List<ScrapeTarget>(), new List<Labels>());
        foreach (var group in job.Maps("static_configs", "static_config", required: draft.Files.Count == 0))
        {
            foreach (var (node, address, labels) in Group(group))
            {
                var resolved = TargetResolver.Resolve(draft, address, labels);
                if (resolved.Problem.Length > 0)
                {
                    job.File.Error(node, "bad-value", resolved.Problem, "write it as host:port; scheme and path are keys of the job");
                }
                else if (resolved.Target is { } target)
                {
                    targets.Add(target);
                }
                else
                {
                    dropped.Add(resolved.Discovered);
                }
            }
        }
        if (draft.TargetLimit > 0 && targets.Count > draft.TargetLimit)
        {
            job.File.Error(job.Any("target_limit")!, "bad-value", $"{targets.Count} targets, target_limit is {draft.TargetLimit}");
        }
        return (targets, dropped);
    }

    /// <summary>The targets of one group: <c>targets</c> and <c>labels</c>, as in configuration and in files of targets.</summary>
    internal static List<(YamlNode Node, string Address, Labels Labels)> Group(Fields group)
    {
        var labels = LabelsOf(group, "labels");
        var all = new List<(YamlNode, string, Labels)>();
        foreach (var target in group.List("targets", required: true))
        {
            if (target is YamlText text)
            {
                all.Add((text, text.Value, labels));
            }
            else
            {
                group.File.Error(target, "wrong-type", "a target must be a text", "write it as host:port");
            }
        }
        group.Done();
        return all;
    }

    private static Labels LabelsOf(Fields fields, string map)
    {
        var labels = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var (key, value) in (fields.Map(map)?.Node as YamlMap)?.Entries ?? [])
        {
            if (value is not YamlText text)
            {
                fields.File.Error(value, "wrong-type", $"label {key.Value} must be a text");
            }
            else if (!Relabelling.IsLabelName(key.Value))
            {
                fields.File.Error(key, "bad-value", $"\"{key.Value}\" is not a label name");
            }
            else
            {
                labels[key.Value] = text.Value;
            }
        }
        return Labels.Of(labels.Select(l => (l.Key, l.Value)));
    }

    private static Labels ExternalLabels(Fields global)
    {
        foreach (var (_, value) in (global.Any("external_labels") as YamlMap)?.Entries ?? [])
        {
            if (value is YamlText text && text.Value.Contains('$', StringComparison.Ordinal))
            {
                global.File.Error(text, "unsupported", "environment variables are not expanded in external_labels", "write the value out");
            }
        }
        return LabelsOf(global, "external_labels");
    }

    private static FileDiscovery Discovery(Fields discovery)
    {
        var patterns = new List<string>();
        foreach (var node in discovery.List("files", required: true))
        {
            if (node is YamlText text && IsTargetFile(text.Value))
            {
                patterns.Add(text.Value);
            }
            else
            {
                discovery.File.Error(node, "bad-value", $"\"{(node as YamlText)?.Value}\" is not a path of target files",
                    "end it in .json, .yml or .yaml; only its last part may hold *");
            }
        }
        var refresh = discovery.Duration("refresh_interval", 1000, 86_400_000) ?? 300_000;
        discovery.Done();
        return new(patterns, TimeSpan.FromMilliseconds(refresh), discovery.File.At(discovery.Node));
    }

    private static bool IsTargetFile(string path)
    {
        var star = path.IndexOf('*', StringComparison.Ordinal);
        var end = path.AsSpan(path.LastIndexOf('.') + 1);
        return (star < 0 || path.IndexOf('/', star) < 0)
            && (end.Equals("json", StringComparison.OrdinalIgnoreCase) || end.Equals("yml", StringComparison.OrdinalIgnoreCase)
                || end.Equals("yaml", StringComparison.OrdinalIgnoreCase));
    }

    private static int Limit(Fields job, string key, int most) => (int)(job.Number(key, 0, most) ?? 0);

    private static List<KeyValuePair<string, IReadOnlyList<string>>> Parameters(Fields? parameters)
    {
        var all = new List<KeyValuePair<string, IReadOnlyList<string>>>();
        foreach (var (key, value) in (parameters?.Node as YamlMap)?.Entries ?? [])
        {
            if (value is YamlList list)
            {
                all.Add(KeyValuePair.Create(key.Value, (IReadOnlyList<string>)[.. list.Items.OfType<YamlText>().Select(v => v.Value)]));
            }
            else
            {
                parameters!.File.Error(value, "wrong-type", $"parameter {key.Value} must be a list", "write it as [value]");
            }
        }
        return all;
    }

    private static long? Size(Fields job, string key)
    {
        if (job.Text(key) is not { } text)
        {
            return null;
        }
        (string Unit, long Bytes)[] units = [("KiB", 1 << 10), ("MiB", 1 << 20), ("GiB", 1 << 30), ("KB", 1 << 10), ("MB", 1 << 20), ("GB", 1 << 30), ("B", 1)];
        var unit = Array.Find(units, u => text.Value.EndsWith(u.Unit, StringComparison.Ordinal));
        if ((unit.Unit is null && text.Value != "0") || !long.TryParse(text.Value.AsSpan(0, text.Value.Length - (unit.Unit?.Length ?? 0)), out var number)
            || number is < 0 or > 1 << 30)
        {
            job.File.Error(text, "bad-value", $"{key} is not a size: {text.Value}", "write it as 10MB");
            return null;
        }
        return number == 0 ? null : number * unit.Bytes;
    }
}
