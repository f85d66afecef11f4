using System.Globalization;
using System.Text;
using Microsoft.Extensions.DependencyInjection;
using Nines.Core.Alerting;
using Nines.PromQL;
using Nines.Tsdb;

namespace Nines.Server.Telemetry.Api;

/// <summary><c>targets</c>, <c>rules</c>, <c>alerts</c> and <c>status/…</c>.</summary>
internal sealed class StatusApi(ScrapeLoop loop, TsdbStore store, QueryOptions queries, NinesOptions options, TimeProvider time, IServiceProvider services)
{
    // The version whose answers these are; clients choose what they ask by it.
    private const string PrometheusVersion = "3.5.0";
    private readonly DateTimeOffset _startedAt = time.GetUtcNow();
    private readonly IRuleReports? _rules = services.GetService<IRuleReports>();

    public async Task TargetsAsync(ApiRequest request)
    {
        var (state, pool) = (request.Parameters["state"].ToLowerInvariant(), request.Parameters["scrapePool"]);
        var active = state == "dropped" ? [] : loop.Targets.Where(t => pool.Length == 0 || t.Job == pool);
        var dropped = loop.Jobs.Where(j => pool.Length == 0 || j.Name == pool).ToList();
        request.Begin();
        var json = request.Out.Json;
        json.WriteStartObject();
        json.WriteStartArray("activeTargets");
        foreach (var target in active)
        {
            Target(request.Out, target);
            await request.Out.BreatheAsync(request.Stop);
        }
        json.WriteEndArray();
        json.WriteStartArray("droppedTargets");
        foreach (var (job, labels) in state == "active" ? [] : dropped.SelectMany(j => j.Dropped.Select(d => (j.Name, d))))
        {
            json.WriteStartObject();
            request.Out.Labels("discoveredLabels", labels);
            json.WriteString("scrapePool", job);
            json.WriteEndObject();
            await request.Out.BreatheAsync(request.Stop);
        }
        json.WriteEndArray();
        json.WriteStartObject("droppedTargetCounts");
        foreach (var job in dropped)
        {
            json.WriteNumber(job.Name, job.Dropped.Count);
        }
        json.WriteEndObject();
        json.WriteEndObject();
    }

    public Task RulesAsync(ApiRequest request) => RulesJson.WriteGroupsAsync(request, _rules?.Groups() ?? []);

    public Task AlertsAsync(ApiRequest request) => RulesJson.WriteAlertsAsync(request, _rules?.Groups() ?? []);

    public static Task BuildAsync(ApiRequest request) => Texts(request,
        ("version", PrometheusVersion), ("revision", $"nines-{typeof(StatusApi).Assembly.GetName().Version?.ToString(3)}"), ("branch", "nines"),
        ("buildUser", ""), ("buildDate", ""), ("goVersion", ""));

    public Task RuntimeAsync(ApiRequest request)
    {
        request.Begin();
        var json = request.Out.Json;
        json.WriteStartObject();
        json.WriteString("startTime", ApiJson.Rfc3339(_startedAt.ToUnixTimeMilliseconds()));
        json.WriteString("CWD", options.WorkspaceDirectory);
        json.WriteString("hostname", Environment.MachineName);
        json.WriteString("serverTime", ApiJson.Rfc3339(time.GetUtcNow().ToUnixTimeMilliseconds()));
        json.WriteBoolean("reloadConfigSuccess", true);
        json.WriteString("lastConfigTime", ApiJson.Rfc3339(_startedAt.ToUnixTimeMilliseconds()));
        json.WriteNumber("corruptionCount", store.Health.Damages.Count);
        json.WriteNumber("goroutineCount", ThreadPool.ThreadCount);
        json.WriteNumber("GOMAXPROCS", Environment.ProcessorCount);
        json.WriteNumber("GOMEMLIMIT", GC.GetGCMemoryInfo().TotalAvailableMemoryBytes);
        json.WriteString("GOGC", "");
        json.WriteString("GODEBUG", "");
        json.WriteString("storageRetention", Retention);
        json.WriteEndObject();
        return Task.CompletedTask;
    }

    public Task ConfigAsync(ApiRequest request)
    {
        // Names and intervals; what may hold a secret is not repeated.
        var text = new StringBuilder("global:\n  scrape_interval: 15s\nscrape_configs:\n");
        foreach (var job in loop.Jobs)
        {
            text.Append(CultureInfo.InvariantCulture, $"- job_name: {ApiParameters.Quoted(job.Name)}\n")
                .Append(CultureInfo.InvariantCulture, $"  scrape_interval: {Durations.Format((long)job.Interval.TotalMilliseconds)}\n")
                .Append(CultureInfo.InvariantCulture, $"  scrape_timeout: {Durations.Format((long)job.Timeout.TotalMilliseconds)}\n");
        }
        return Texts(request, ("yaml", loop.Jobs.Count == 0 ? "global:\n  scrape_interval: 15s\n" : text.ToString()));
    }

    public Task FlagsAsync(ApiRequest request) => Texts(request,
        ("query.lookback-delta", Durations.Format(queries.LookbackMs)),
        ("query.max-samples", $"{queries.MaxSamples}"),
        ("query.timeout", Durations.Format((long)queries.Timeout.TotalMilliseconds)),
        ("storage.tsdb.path", Path.Combine(options.DataDirectory, "tsdb")),
        ("storage.tsdb.retention.time", Retention),
        ("web.enable-admin-api", "false"),
        ("web.enable-remote-write-receiver", "true"),
        ("web.listen-address", options.Listen));

    public Task TsdbAsync(ApiRequest request)
    {
        var text = request.Parameters["limit"];
        var limit = text.Length == 0 ? 10 : int.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var number) && number > 0
            ? number : throw ApiException.Bad("limit must be a positive number");
        StoreJson.Write(request, store.Stats(limit));
        return Task.CompletedTask;
    }

    public static Task ReplayAsync(ApiRequest request)
    {
        request.Begin();
        request.Out.Json.WriteStartObject();
        foreach (var name in (string[])["min", "max", "current"])
        {
            request.Out.Json.WriteNumber(name, 0);
        }
        request.Out.Json.WriteEndObject();
        return Task.CompletedTask;
    }

    private static string Retention => Durations.Format((long)new TsdbOptions { Directory = "" }.Retention.TotalMilliseconds);

    private static Task Texts(ApiRequest request, params ReadOnlySpan<(string Name, string Value)> texts)
    {
        request.Begin();
        request.Out.Json.WriteStartObject();
        foreach (var (name, value) in texts)
        {
            request.Out.Json.WriteString(name, value);
        }
        request.Out.Json.WriteEndObject();
        return Task.CompletedTask;
    }

    private static void Target(ApiJson to, TargetStatus target)
    {
        // A password in the address is for the target, not for readers.
        var url = target.Url.GetComponents(UriComponents.HttpRequestUrl, UriFormat.UriEscaped);
        var json = to.Json;
        json.WriteStartObject();
        to.Labels("discoveredLabels", target.Discovered);
        to.Labels("labels", target.Labels);
        json.WriteString("scrapePool", target.Job);
        json.WriteString("scrapeUrl", url);
        json.WriteString("globalUrl", url);
        json.WriteString("lastError", target.LastError ?? "");
        json.WriteString("lastScrape", ApiJson.Rfc3339(target.LastScrape?.ToUnixTimeMilliseconds()));
        json.WriteNumber("lastScrapeDuration", target.LastDuration.TotalSeconds);
        json.WriteString("health", target.Health switch { TargetHealth.Up => "up", TargetHealth.Down => "down", _ => "unknown" });
        json.WriteString("scrapeInterval", Durations.Format((long)target.Interval.TotalMilliseconds));
        json.WriteString("scrapeTimeout", Durations.Format((long)target.Timeout.TotalMilliseconds));
        json.WriteEndObject();
    }
}
