using Nines.Core.Telemetry;
using Nines.Metrics;

namespace Nines.Core.Workspace;

/// <summary>Reads Prometheus' <c>scrape_configs</c>.</summary>
internal static class ScrapeConfigReader
{
    private static readonly string[] NotYet =
    [
        "relabel_configs", "metric_relabel_configs", "file_sd_configs", "http_sd_configs", "dns_sd_configs", "kubernetes_sd_configs", "consul_sd_configs",
            "docker_sd_configs",
        "ec2_sd_configs", "tls_config", "basic_auth", "authorization", "oauth2", "proxy_url", "follow_redirects", "enable_http2", "target_limit",
        "label_name_length_limit", "label_value_length_limit", "scrape_classic_histograms", "native_histogram_bucket_limit", "fallback_scrape_protocol",
    ];

    public static void Read(Fields top, Found found)
    {
        var global = top.Map("global");
        var interval = global?.Duration("scrape_interval", 100, 86_400_000) ?? 15_000;
        var timeout = global?.Duration("scrape_timeout", 1, 86_400_000);
        if (global?.Any("external_labels") is { } external)
        {
            global.File.Warn(external, "not-used", "external_labels are not used in this version");
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
        var path = job.Text("metrics_path")?.Value ?? "/metrics";
        var scheme = job.OneOf("scheme", "http", "http", "https") ?? "http";
        var query = Parameters(job.Map("params"));
        var honorLabels = job.Flag("honor_labels", false);
        var honorTimestamps = job.Flag("honor_timestamps", true);
        var body = Size(job, "body_size_limit");
        var samples = (int)(job.Number("sample_limit", 0, 10_000_000) ?? 0);
        var labelLimit = (int)(job.Number("label_limit", 0, 1000) ?? 0);
        foreach (var key in NotYet)
        {
            if (job.Any(key) is { } node)
            {
                file.Error(node, "unsupported", $"{key} is not supported yet in this version", "list the targets in static_configs, reachable without it");
            }
        }
        var targets = new List<ScrapeTarget>();
        foreach (var group in job.Maps("static_configs", "static_config", required: true))
        {
            var labels = new List<(string, string)>();
            if (group.Map("labels")?.Node is YamlMap map)
            {
                foreach (var (key, value) in map.Entries)
                {
                    if (value is YamlText text)
                    {
                        labels.Add((key.Value, text.Value));
                    }
                    else
                    {
                        file.Error(value, "wrong-type", $"label {key.Value} must be a text");
                    }
                }
            }
            foreach (var target in group.List("targets", required: true))
            {
                Target(file, target, name?.Value ?? "", $"{scheme}://", $"{(path.StartsWith('/') ? "" : "/")}{path}{query}", labels, targets);
            }
            group.Done();
        }
        job.Done();
        if (name is not null && found.IsNew(file, name, "scrape job", name.Value))
        {
            found.Jobs.Add(new(name.Value, targets, TimeSpan.FromMilliseconds(interval), TimeSpan.FromMilliseconds(timeout), honorLabels, honorTimestamps,
                body ?? 16L << 20, samples == 0 ? 100_000 : samples, labelLimit == 0 ? 64 : labelLimit, file.At(job.Node)));
        }
    }

    private static void Target(BindingFile file, YamlNode node, string job, string scheme, string rest, List<(string Name, string Value)> labels,
        List<ScrapeTarget> into)
    {
        if (node is not YamlText text)
        {
            file.Error(node, "wrong-type", "a target must be a text", "write it as host:port");
            return;
        }
        if (text.Value.Contains('/', StringComparison.Ordinal) || !Uri.TryCreate(scheme + text.Value + rest, UriKind.Absolute, out var url)
            || url.Host.Length == 0)
        {
            file.Error(text, "bad-value", $"\"{text.Value}\" is not a target", "write it as host:port; scheme and path are keys of the job");
            return;
        }
        var own = labels.Where(l => l.Name is not ("job" or "instance")).DistinctBy(l => l.Name, StringComparer.Ordinal);
        var instance = labels.Find(l => l.Name == "instance").Value
            ?? (text.Value.Contains(':', StringComparison.Ordinal) ? text.Value : $"{text.Value}:{url.Port}");
        into.Add(new(url, Labels.Of(own.Append(("job", labels.Find(l => l.Name == "job").Value ?? job)).Append(("instance", instance)))));
    }

    private static string Parameters(Fields? parameters)
    {
        var pairs = new List<string>();
        foreach (var (key, value) in (parameters?.Node as YamlMap)?.Entries ?? [])
        {
            if (value is YamlList list)
            {
                pairs.AddRange(list.Items.OfType<YamlText>().Select(v => $"{Uri.EscapeDataString(key.Value)}={Uri.EscapeDataString(v.Value)}"));
            }
            else
            {
                parameters!.File.Error(value, "wrong-type", $"parameter {key.Value} must be a list", "write it as [value]");
            }
        }
        return pairs.Count == 0 ? "" : "?" + string.Join('&', pairs);
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
