using System.Globalization;
using System.Text;

namespace Nines.Shop;

/// <summary>
/// Requests by route and code, and how long they took, in OpenMetrics with <c>_created</c> or in Prometheus' text format.
/// A label set exists from its first request on, as in most services.
/// </summary>
public sealed class ShopMetrics(TimeProvider time)
{
    private static readonly double[] Bounds = [0.005, 0.01, 0.025, 0.05, 0.1, 0.2, 0.3, 0.5, 1, 2.5];

    private readonly Lock _gate = new();
    private readonly SortedDictionary<(string Method, string Route, int Code), Series> _requests = [];
    private readonly SortedDictionary<string, Series> _durations = new(StringComparer.Ordinal);

    private sealed class Series(double created)
    {
        public readonly double Created = created;
        public readonly long[] Buckets = new long[Bounds.Length];
        public long Count;
        public double Sum;
    }

    /// <summary>Counts a request that was answered.</summary>
    public void Observe(string method, string route, int code, double seconds)
    {
        lock (_gate)
        {
            Of(_requests, (method, route, code)).Count++;
            var duration = Of(_durations, route);
            duration.Count++;
            duration.Sum += seconds;
            for (var i = 0; i < Bounds.Length; i++)
            {
                duration.Buckets[i] += seconds <= Bounds[i] ? 1 : 0;
            }
        }
    }

    /// <summary>The exposition.</summary>
    public string Write(bool openMetrics)
    {
        var text = new StringBuilder();
        lock (_gate)
        {
            text.Append($"# HELP http_requests{(openMetrics ? "" : "_total")} Requests answered, by route and status code.\n");
            text.Append($"# TYPE http_requests{(openMetrics ? "" : "_total")} counter\n");
            foreach (var ((method, route, code), series) in _requests)
            {
                var labels = $"method=\"{method}\",route=\"{route}\",code=\"{code}\"";
                text.Append(CultureInfo.InvariantCulture, $"http_requests_total{{{labels}}} {series.Count}\n");
                Created(text, openMetrics, "http_requests", labels, series);
            }
            text.Append("# HELP http_request_duration_seconds Time to answer, by route.\n# TYPE http_request_duration_seconds histogram\n");
            foreach (var (route, series) in _durations)
            {
                for (var i = 0; i < Bounds.Length; i++)
                {
                    text.Append(CultureInfo.InvariantCulture, $"http_request_duration_seconds_bucket{{route=\"{route}\",le=\"{Bounds[i]:0.0##}\"}} {series.Buckets[i]}\n");
                }
                text.Append(CultureInfo.InvariantCulture, $"http_request_duration_seconds_bucket{{route=\"{route}\",le=\"+Inf\"}} {series.Count}\n");
                text.Append(CultureInfo.InvariantCulture, $"http_request_duration_seconds_sum{{route=\"{route}\"}} {series.Sum}\n");
                text.Append(CultureInfo.InvariantCulture, $"http_request_duration_seconds_count{{route=\"{route}\"}} {series.Count}\n");
                Created(text, openMetrics, "http_request_duration_seconds", $"route=\"{route}\"", series);
            }
        }
        return text.Append(openMetrics ? "# EOF\n" : "").ToString();
    }

    private static void Created(StringBuilder text, bool openMetrics, string name, string labels, Series series)
    {
        if (openMetrics)
        {
            text.Append(CultureInfo.InvariantCulture, $"{name}_created{{{labels}}} {series.Created:F3}\n");
        }
    }

    private Series Of<TKey>(SortedDictionary<TKey, Series> all, TKey key) where TKey : notnull
    {
        if (!all.TryGetValue(key, out var series))
        {
            all[key] = series = new Series(time.GetUtcNow().ToUnixTimeMilliseconds() / 1000.0);
        }
        return series;
    }
}
