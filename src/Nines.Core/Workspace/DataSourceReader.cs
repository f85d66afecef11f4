using Nines.Core.Objectives.Sources;

namespace Nines.Core.Workspace;

/// <summary>Reads an OpenSLO DataSource: the built-in engine, or a server with Prometheus' HTTP API.</summary>
internal static class DataSourceReader
{
    public static void Read(Fields spec, YamlText? name, Found found)
    {
        var file = spec.File;
        spec.Ignore("description");
        var type = spec.Text("type", required: true);
        var isPrometheus = type?.Value is "Prometheus" or "prometheus";
        var details = isPrometheus ? spec.Map("connectionDetails", required: true) : null;
        spec.Ignore("connectionDetails");
        if (type is not null && !isPrometheus && type.Value != "Nines")
        {
            file.Error(type, "unsupported", $"sources of type {type.Value} are not read",
                "use type Prometheus for what answers Prometheus' HTTP API (Thanos, Mimir, VictoriaMetrics too), or type Nines for the built-in engine");
        }
        spec.Done();
        var source = details is null ? null : Prometheus(details, name?.Value ?? "");
        if (name is not null && found.IsNew(file, name, "DataSource", name.Value))
        {
            found.Sources.Add(name.Value, source);
        }
    }

    private static MetricsSource? Prometheus(Fields details, string name)
    {
        var file = details.File;
        var text = details.Text("url", required: true);
        Uri? url = null;
        if (text is not null && !(Uri.TryCreate(text.Value.TrimEnd('/') + "/", UriKind.Absolute, out url) && url is { Scheme: "http" or "https", Query: "" }))
        {
            file.Error(text, "bad-value", $"url is not an http address: {text.Value}",
                "write the address under which /api/v1/query is, such as http://prometheus:9090");
            url = null;
        }
        else if (text is not null && (url!.UserInfo.Length > 0 || url.AbsolutePath.EndsWith("/api/v1/", StringComparison.Ordinal)))
        {
            file.Error(text, "bad-value", url.UserInfo.Length > 0 ? "url holds credentials" : "url ends in /api/v1",
                url.UserInfo.Length > 0 ? "use basic_auth" : "drop it: it is added");
            url = null;
        }
        var timeout = details.Duration("timeout", 1_000, 300_000) ?? 30_000;
        var concurrent = details.Number("maxConcurrent", 1, 64) ?? 4;
        var series = details.Number("maxSeries", 1, 1_000_000) ?? 10_000;
        var samples = details.Number("maxSamples", 1_000, 10_000_000) ?? 1_000_000;
        var headers = Headers(details);
        var access = HttpAccessReader.Read(details);
        details.Done();
        return url is null ? null : new(name, url, file.At(details.Node))
        {
            Access = access,
            Headers = headers,
            Timeout = TimeSpan.FromMilliseconds(timeout),
            MaxConcurrent = (int)concurrent,
            MaxSeries = (int)series,
            MaxSamples = (int)samples,
        };
    }

    internal static List<(string Name, Secret Value)> Headers(Fields details)
    {
        var headers = new List<(string, Secret)>();
        if (details.Map("headers") is not { } map)
        {
            return headers;
        }
        foreach (var (key, _) in ((YamlMap)map.Node).Entries)
        {
            var isToken = key.Value.Length > 0 && key.Value.All(c => char.IsAsciiLetterOrDigit(c) || c is '-' or '_');
            if (!isToken || key.Value.ToUpperInvariant() is "AUTHORIZATION" or "HOST" or "CONTENT-LENGTH")
            {
                map.File.Error(key, "bad-value", $"{key.Value} cannot be set as a header",
                    key.Value.Equals("authorization", StringComparison.OrdinalIgnoreCase) ? "use authorization, bearer_token or basic_auth" : "");
            }
            if (map.Secret(key.Value, required: true, warnWhenLiteral: false) is { } value)
            {
                headers.Add((key.Value, value));
            }
        }
        map.Done();
        return headers;
    }
}
