using System.Globalization;

namespace Nines.LoadRig;

/// <summary>A query of the comparison: at one time, or over the hour at 241 steps.</summary>
internal sealed record BenchQuery(string Name, string Text, bool IsRange);

/// <summary>What a query cost at two servers: median wall time and mean CPU time in milliseconds.</summary>
internal sealed record QueryCost(BenchQuery Query, double TheirWall, double TheirCpu, double OurWall, double OurCpu)
{
    public double Ratio => OurWall / TheirWall;
}

/// <summary>Asks two servers that hold the same samples the same queries in turn.</summary>
internal sealed class QueryComparison(ServerProcess theirs, ServerProcess ours)
{
    /// <summary>The queries; those of a range go over the newest hour in steps of 15 s.</summary>
    public static readonly IReadOnlyList<BenchQuery> Queries =
    [
        new("rate_sum_job", "sum by (job) (rate(http_requests_total[5m]))", false),
        new("hist_q95", "histogram_quantile(0.95, sum by (le) (rate(http_request_duration_seconds_bucket[5m])))", false),
        new("hist_q95_job", "histogram_quantile(0.95, sum by (le, job) (rate(http_request_duration_seconds_bucket[5m])))", false),
        new("topk", "topk(10, rate(http_requests_total[5m]))", false),
        new("err_ratio_job", "sum by (job) (rate(http_requests_total{code=~\"5..\"}[5m])) / sum by (job) (rate(http_requests_total[5m]))", false),
        new("quantile_ot", "quantile_over_time(0.9, queue_depth[30m])", false),
        new("subq_max", "max_over_time(sum(rate(http_requests_total{job=\"svc-01\"}[1m]))[30m:15s])", false),
        new("group_left", "rate(process_cpu_seconds_total[5m]) * on (job, instance) group_left (version) build_info", false),
        new("ignoring", "node_cpu_seconds_total{mode=\"user\"} / ignoring (mode) node_cpu_seconds_total{mode=\"idle\"}", false),
        new("label_replace", "sum by (net) (label_replace(process_resident_memory_bytes, \"net\", \"$1\", \"instance\", \"10\\\\.([0-9]+)\\\\..*\"))", false),
        new("avg_stddev", "avg by (sensor) (stddev_over_time(temperature_celsius[30m]))", false),
        new("regex_count", "count by (code) (http_requests_total{handler=~\"/api/.*\"})", false),
        new("R_rate_sum_job", "sum by (job) (rate(http_requests_total[5m]))", true),
        new("R_hist_q95", "histogram_quantile(0.95, sum by (le) (rate(http_request_duration_seconds_bucket[5m])))", true),
        new("R_err_ratio", "sum(rate(http_requests_total{code=~\"5..\"}[5m])) / sum(rate(http_requests_total[5m]))", true),
        new("R_one_service", "sum by (handler) (rate(http_requests_total{job=\"svc-01\"}[5m]))", true),
        new("R_gauge_max", "max by (job) (queue_depth)", true),
        new("R_quantile_ot", "quantile_over_time(0.9, queue_depth{job=\"svc-01\"}[30m])", true),
    ];

    /// <summary>The cost of a query: one round to warm up, then some in turn.</summary>
    public async Task<QueryCost> MeasureAsync(BenchQuery query, long endMs, int rounds, CancellationToken stop)
    {
        var (their, our) = (new List<double>(), new List<double>());
        var form = Form(query, endMs);
        await AskAsync(theirs, query, form, stop);
        await AskAsync(ours, query, form, stop);
        var (theirCpu, ourCpu) = (theirs.Cpu, ours.Cpu);
        for (var i = 0; i < rounds; i++)
        {
            their.Add(await AskAsync(theirs, query, form, stop));
            our.Add(await AskAsync(ours, query, form, stop));
        }
        var (theirMs, ourMs) = ((theirs.Cpu - theirCpu).TotalMilliseconds, (ours.Cpu - ourCpu).TotalMilliseconds);
        return new QueryCost(query, Median(their), theirMs / rounds, Median(our), ourMs / rounds);
    }

    public static double GeometricMean(IEnumerable<double> ratios) => Math.Exp(ratios.Average(Math.Log));

    private static Dictionary<string, string> Form(BenchQuery query, long endMs)
    {
        var end = (endMs / 1000d).ToString(CultureInfo.InvariantCulture);
        var start = ((endMs / 1000d) - 3600).ToString(CultureInfo.InvariantCulture);
        return query.IsRange
            ? new(StringComparer.Ordinal) { ["query"] = query.Text, ["start"] = start, ["end"] = end, ["step"] = "15" }
            : new(StringComparer.Ordinal) { ["query"] = query.Text, ["time"] = end };
    }

    private static async Task<double> AskAsync(ServerProcess server, BenchQuery query, Dictionary<string, string> form, CancellationToken stop)
    {
        using var content = new FormUrlEncodedContent(form);
        var begun = TimeProvider.System.GetTimestamp();
        using var response = await server.Client.PostAsync(query.IsRange ? "/api/v1/query_range" : "/api/v1/query", content, stop);
        var body = await response.Content.ReadAsStringAsync(stop);
        var took = TimeProvider.System.GetElapsedTime(begun).TotalMilliseconds;
        return response.IsSuccessStatusCode && !body.Contains("\"result\":[]", StringComparison.Ordinal) ? took
            : throw new InvalidOperationException($"{server.Name}, {query.Name}: {(int)response.StatusCode} {body[..Math.Min(300, body.Length)]}");
    }

    private static double Median(List<double> values)
    {
        values.Sort();
        return values[values.Count / 2];
    }
}
