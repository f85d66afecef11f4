using System.Buffers;
using System.Text.Json.Serialization;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Nines.Core.Telemetry;
using Nines.Metrics;
using Nines.Metrics.Exposition;
using Nines.PromQL;
using Nines.Server.Telemetry.Api;
using Nines.Server.Telemetry.Pages;
using Nines.Server.Telemetry.RemoteWrite;
using Nines.Tsdb;

namespace Nines.Server.Telemetry;

/// <summary>Puts the room into the server: the store, the scrape loop, and what Nines tells of itself.</summary>
public static partial class TelemetryRoom
{
    /// <summary>
    /// Registers <see cref="TsdbStore"/> as <see cref="ISeriesSource"/> and <see cref="ISampleSink"/>, <see cref="ScrapeLoop"/> and
    /// <see cref="SelfTelemetry"/>.
    /// Register what has to outlive the scraping before this.
    /// </summary>
    public static IServiceCollection AddTelemetry(this IServiceCollection services, NinesOptions options)
    {
        services.TryAddSingleton(TimeProvider.System);
        services.TryAddSingleton(options);
        services.AddSingleton(s =>
        {
            var log = s.GetRequiredService<ILogger<TsdbStore>>();
            var store = new TsdbStore(new TsdbOptions
            {
                Directory = Path.Combine(options.DataDirectory, "tsdb"),
                Retention = options.MetricsRetention,
                MaxBytes = options.MetricsMaxBytes,
                Time = s.GetRequiredService<TimeProvider>(),
                Warn = what => MetricsWarning(log, what),
            });
            var health = store.Health;
            foreach (var damage in health.Damages)
            {
                LogDamaged(log, damage);
            }
            foreach (var damage in health.BlockDamages)
            {
                BlockDamaged(log, damage);
            }
            return store;
        });
        services.AddSingleton<ISeriesSource>(s => s.GetRequiredService<TsdbStore>());
        services.AddSingleton<ISampleSink>(s => s.GetRequiredService<TsdbStore>());
        services.AddSingleton(options.RemoteWrite);
        services.AddSingleton<MetadataStore>();
        services.TryAddSingleton(new QueryOptions());
        services.AddSingleton(_ => new QueryBudget());
        services.AddSingleton<QueryApi>();
        services.AddSingleton<Explorer>();
        services.AddSingleton<SeriesApi>();
        services.AddSingleton<StatusApi>();
        services.AddSingleton<RemoteWriteReceiver>();
        services.AddSingleton<SelfTelemetry>();
        services.AddSingleton<ScrapeLoop>();
        services.AddHostedService<SelfWatch>();
        services.AddSingleton<IHostedService>(s => s.GetRequiredService<ScrapeLoop>());
        services.AddSingleton(s => new TargetDiscovery(s.GetRequiredService<ScrapeLoop>(), s.GetRequiredService<ReadTargetFile>(), options.WorkspaceDirectory,
            s.GetRequiredService<TimeProvider>(), s.GetRequiredService<ILogger<TargetDiscovery>>()));
        services.AddHostedService(s => s.GetRequiredService<TargetDiscovery>());
        return services;
    }

    /// <summary>Maps <c>GET /metrics</c> and <c>GET /nines/v1/targets</c>.</summary>
    public static IEndpointRouteBuilder MapTelemetry(this IEndpointRouteBuilder routes)
    {
        routes.MapMetrics();
        routes.MapRemoteWrite();
        routes.MapPrometheusApi();
        routes.MapGet("/nines/v1/targets", (ScrapeLoop loop, TargetDiscovery discovery) =>
            Results.Json(new TargetList([.. loop.Targets.Select(TargetItem.Of)], discovery.Problems), TelemetryJson.Default.TargetList))
            .WithName("ListTargets");
        return routes;
    }

    /// <summary>Maps <c>GET /metrics</c>: Nines' own metrics in the format asked for.</summary>
    public static IEndpointConventionBuilder MapMetrics(this IEndpointRouteBuilder routes) =>
        routes.MapGet("/metrics", (HttpContext http, SelfTelemetry self) =>
        {
            var format = ExpositionWriter.Negotiate(http.Request.Headers.Accept);
            var output = new ArrayBufferWriter<byte>(16 * 1024);
            self.WriteTo(output, format);
            return Results.Bytes(output.WrittenMemory, ExpositionWriter.ContentType(format));
        }).ExcludeFromDescription();

    [LoggerMessage(Level = LogLevel.Warning, Message = "{What}")]
    private static partial void MetricsWarning(ILogger log, string what);

    [LoggerMessage(Level = LogLevel.Warning, Message = "part of the metrics log cannot be read: {Damage}")]
    private static partial void LogDamaged(ILogger log, LogDamage damage);

    [LoggerMessage(Level = LogLevel.Warning, Message = "part of the metrics blocks cannot be read: {Damage}")]
    private static partial void BlockDamaged(ILogger log, BlockDamage damage);

    /// <summary>Collects metrics, the store's health among them, while the server runs.</summary>
    private sealed class SelfWatch(TsdbStore store, RemoteWriteReceiver receiver, SelfTelemetry self) : IHostedService
    {
        private System.Diagnostics.Metrics.Meter? _meter;

        public Task StartAsync(CancellationToken cancellationToken)
        {
            self.Listen();
            _meter = TelemetryMeter.Watch(store, receiver);
            return Task.CompletedTask;
        }

        public Task StopAsync(CancellationToken cancellationToken)
        {
            _meter?.Dispose();
            return Task.CompletedTask;
        }
    }
}

/// <summary>The answer of <c>GET /nines/v1/targets</c>.</summary>
/// <param name="Items">The targets.</param>
/// <param name="DiscoveryProblems">Files of targets that cannot be used; what they last said goes on.</param>
internal sealed record TargetList(IReadOnlyList<TargetItem> Items, IReadOnlyList<DiscoveryProblem> DiscoveryProblems);

/// <summary>One target.</summary>
internal sealed record TargetItem(
    string Job, string Url, IReadOnlyDictionary<string, string> Labels, string Health, DateTimeOffset? LastScrape, double LastDurationSeconds, int LastSamples,
        int LastRefused, string? LastRefusal, string? LastError)
{
    public static TargetItem Of(TargetStatus status)
    {
        var labels = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var (name, value) in status.Labels.Pairs)
        {
            labels[name] = value;
        }
        // A password in the address is for the target, not for readers.
        return new TargetItem(status.Job, status.Url.GetComponents(UriComponents.HttpRequestUrl, UriFormat.UriEscaped), labels,
            status.Health switch { TargetHealth.Up => "up", TargetHealth.Down => "down", _ => "unknown" },
            status.LastScrape, status.LastDuration.TotalSeconds, status.LastSamples, status.LastRefused.Total,
            status.LastRefused.Total == 0 ? null : status.LastRefused.ToString(), status.LastError);
    }
}

/// <summary>JSON of this room.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase)]
[JsonSerializable(typeof(TargetList))]
internal sealed partial class TelemetryJson : JsonSerializerContext;
