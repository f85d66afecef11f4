using Nines.Metrics;
using Nines.PromQL;

namespace Nines.Core.Telemetry;

/// <summary>What became of an address: a target, nothing since relabelling dropped it, or a problem.</summary>
/// <param name="Target">The target, or null.</param>
/// <param name="Discovered">Its labels before relabelling.</param>
/// <param name="Problem">What is wrong; empty when nothing is.</param>
public readonly record struct ResolvedTarget(ScrapeTarget? Target, Labels Discovered, string Problem);

/// <summary>Makes targets of addresses, by a job's settings and relabelling, as Prometheus does.</summary>
public static class TargetResolver
{
    private const string Address = "__address__", Scheme = "__scheme__", Path = "__metrics_path__", Interval = "__scrape_interval__",
        Timeout = "__scrape_timeout__", Parameter = "__param_";

    /// <summary>The target of an address.</summary>
    /// <param name="job">The job; its targets are not looked at.</param>
    /// <param name="address">host:port, or host.</param>
    /// <param name="labels">Labels of the address's group.</param>
    public static ResolvedTarget Resolve(ScrapeJob job, string address, Labels labels)
    {
        var all = labels.Pairs.ToArray().ToDictionary(l => l.Key, l => l.Value, StringComparer.Ordinal);
        all[Address] = address;
        all.TryAdd("job", job.Name);
        all.TryAdd(Interval, Durations.Format((long)job.Interval.TotalMilliseconds));
        all.TryAdd(Timeout, Durations.Format((long)job.Timeout.TotalMilliseconds));
        all.TryAdd(Path, job.MetricsPath);
        all.TryAdd(Scheme, job.Scheme);
        foreach (var (name, values) in job.Parameters.Where(p => p.Value.Count > 0))
        {
            all.TryAdd(Parameter + name, values[0]);
        }
        var discovered = Labels.Of(all.Select(l => (l.Key, l.Value)));
        return Relabelling.Apply(job.RelabelRules, discovered) is { } relabelled
            ? Resolve(job, relabelled, discovered)
            : new(null, discovered, "");
    }

    private static ResolvedTarget Resolve(ScrapeJob job, Labels labels, Labels discovered)
    {
        var address = labels[Address];
        var scheme = labels[Scheme];
        if (address.Length == 0 || address.Contains('/', StringComparison.Ordinal) || scheme is not ("http" or "https")
            || !Uri.TryCreate(UrlOf(job, labels), UriKind.Absolute, out var url) || url.Host.Length == 0)
        {
            return new(null, discovered, scheme is "http" or "https" ? $"\"{address}\" is not a target" : $"\"{scheme}\" is not a scheme");
        }
        if (!Durations.TryParseMs(labels[Interval], out var interval) || !Durations.TryParseMs(labels[Timeout], out var timeout)
            || interval < 100 || timeout < 1 || timeout > interval)
        {
            return new(null, discovered, $"scrape interval \"{labels[Interval]}\" with timeout \"{labels[Timeout]}\" cannot be kept");
        }
        var own = labels.Pairs.ToArray().Where(l => !l.Key.StartsWith("__", StringComparison.Ordinal)).Select(l => (l.Key, l.Value));
        if (labels["instance"].Length == 0)
        {
            own = own.Append(("instance", address.Contains(':', StringComparison.Ordinal) ? address : $"{address}:{url.Port}"));
        }
        return new(new ScrapeTarget(url, Labels.Of(own))
        {
            Discovered = discovered,
            Interval = interval == (long)job.Interval.TotalMilliseconds ? null : TimeSpan.FromMilliseconds(interval),
            Timeout = timeout == (long)job.Timeout.TotalMilliseconds ? null : TimeSpan.FromMilliseconds(timeout),
        }, discovered, "");
    }

    private static string UrlOf(ScrapeJob job, Labels labels)
    {
        var parameters = new SortedDictionary<string, List<string>>(StringComparer.Ordinal);
        foreach (var (name, values) in job.Parameters)
        {
            parameters[name] = [.. values];
        }
        foreach (var (label, value) in labels.Pairs)
        {
            if (!label.StartsWith(Parameter, StringComparison.Ordinal))
            {
                continue;
            }
            if (parameters.TryGetValue(label[Parameter.Length..], out var values) && values.Count > 0)
            {
                values[0] = value;
            }
            else
            {
                parameters[label[Parameter.Length..]] = [value];
            }
        }
        var query = string.Join('&', parameters.SelectMany(p => p.Value.Select(v => $"{Uri.EscapeDataString(p.Key)}={Uri.EscapeDataString(v)}")));
        var path = labels[Path];
        return $"{labels[Scheme]}://{labels[Address]}{(path.StartsWith('/') ? "" : "/")}{path}{(query.Length > 0 ? "?" : "")}{query}";
    }
}
