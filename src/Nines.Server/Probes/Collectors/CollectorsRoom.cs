using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Nines.Core.Alerting;
using Nines.Core.Probes.Collectors;
using Nines.Metrics;
using Nines.Server.Probes.Collectors.Pages;
using Nines.Server.Telemetry;
using Nines.Server.Web;

namespace Nines.Server.Probes.Collectors;

/// <summary>All collectors.</summary>
/// <param name="Items">In order of name.</param>
public sealed record CollectorList(IReadOnlyList<CollectorItem> Items);

/// <summary>A collector and how it does.</summary>
/// <param name="State"><c>ok</c>, <c>failing</c>, or <c>unknown</c> before its first run.</param>
/// <param name="Error">Why its last run failed; null when it did not.</param>
/// <param name="Scheduled">When its last run was due.</param>
/// <param name="Started">When its last run began.</param>
/// <param name="Seconds">How long its last run took.</param>
/// <param name="Series">How many series its last run wrote.</param>
/// <param name="Failures">Runs that failed one after the other, up to the last.</param>
/// <param name="FailingSince">When the first of them was due.</param>
/// <param name="AlertSince">Since when it is an alert; null when it is none.</param>
/// <param name="MissedRuns">Runs that did not happen since the server started.</param>
/// <param name="Values">What its last run wrote; null in the list.</param>
public sealed record CollectorItem(
    string Name, string DisplayName, string Type, string Service, string Environment, double IntervalSeconds, double TimeoutSeconds,
    string State, string? Error,
    DateTimeOffset? Scheduled, DateTimeOffset? Started, double? Seconds, int Series, DateTimeOffset? LastSuccess, int Failures, DateTimeOffset? FailingSince,
    DateTimeOffset? AlertSince, long MissedRuns, IReadOnlyList<CollectorValueItem>? Values)
{
    internal static CollectorItem Of(CollectorRunner runner, bool withValues)
    {
        var (collector, standing) = (runner.Collector, runner.Standing);
        var run = standing.LastRun;
        return new(collector.Name, collector.DisplayName, collector.Work.Type, collector.Service, collector.Environment, collector.Interval.TotalSeconds,
            collector.Timeout.TotalSeconds, run is null ? "unknown" : run.Error is null ? "ok" : "failing", run?.Error,
            At(run?.ScheduledMs), At(run?.StartedMs),
            run?.Seconds, run?.Series ?? 0, At(standing.LastSuccessMs), standing.Failures, At(standing.FailingSinceMs),
            At(standing.AlertSinceMs), standing.MissedRuns,
            withValues ? [.. runner.Values.Where(v => double.IsFinite(v.Value)).Select(CollectorValueItem.Of)] : null);
    }

    private static DateTimeOffset? At(long? ms) => ms is { } known ? DateTimeOffset.FromUnixTimeMilliseconds(known) : null;
}

/// <summary>A series that a collector wrote.</summary>
/// <param name="Metric">The metric's name.</param>
/// <param name="Labels">Its labels.</param>
/// <param name="Value">Its value.</param>
/// <param name="Unit">Its unit; may be empty.</param>
public sealed record CollectorValueItem(string Metric, IReadOnlyDictionary<string, string> Labels, double Value, string Unit)
{
    internal static CollectorValueItem Of(CollectedValue value) => new(value.Labels.Name,
        value.Labels.WithoutMetadata().Pairs.ToArray().ToDictionary(l => l.Key, l => l.Value, StringComparer.Ordinal), value.Value, value.Unit);
}

/// <summary>Puts collectors into the server: the loop, the API, the pages.</summary>
internal static class CollectorsRoom
{
    /// <summary>Series of which the page of one collector draws the trend, and of the list for each.</summary>
    private const int TrendsOfPage = 40, TrendsOfList = 3, MostShown = 500;

    /// <summary>Registers <see cref="CollectorLoop"/> as hosted service, and <see cref="IHostReports"/>.</summary>
    public static IServiceCollection AddCollectors(this IServiceCollection services, Uri publicUrl, string workspaceDirectory)
    {
        services.AddSingleton(s => new CollectorLoop(s.GetRequiredService<ISampleSink>(), s.GetRequiredService<MetadataStore>(),
            s.GetRequiredService<IAlertDoor>(),
            s.GetRequiredService<IAlertReports>(), publicUrl, workspaceDirectory, s.GetRequiredService<TimeProvider>(),
            s.GetRequiredService<ILogger<CollectorLoop>>()));
        services.AddSingleton<IHostedService>(s => s.GetRequiredService<CollectorLoop>());
        services.AddSingleton<CollectorHistory>();
        services.AddSingleton<IHostReports>(s => s.GetRequiredService<CollectorHistory>());
        return services;
    }

    /// <summary>The API: <c>GET /nines/v1/collectors</c> and one of them.</summary>
    public static void MapCollectors(this IEndpointRouteBuilder routes)
    {
        var group = routes.MapGroup("/nines/v1/collectors").WithTags("Collectors");
        group.MapGet("", (CollectorLoop loop) => TypedResults.Ok(new CollectorList([.. loop.Collectors.Select(c => CollectorItem.Of(c, withValues: false))])))
            .WithName("ListCollectors").WithSummary("All collectors and how they do.");
        group.MapGet("/{name}", Results<Ok<CollectorItem>, NotFound> (string name, CollectorLoop loop) =>
                Find(loop, name) is { } runner ? TypedResults.Ok(CollectorItem.Of(runner, withValues: true)) : TypedResults.NotFound())
            .WithName("GetCollector").WithSummary("One collector with what its last run wrote.");
    }

    /// <summary>The pages: <c>/collectors</c> and one of them.</summary>
    public static void MapCollectorPages(this IEndpointRouteBuilder pages)
    {
        pages.MapGet("/collectors", (CollectorLoop loop, CollectorHistory history, ShellSource shell, HttpContext context, TimeProvider time) =>
            new RazorComponentResult<CollectorsPage>(new
            {
                Rows = loop.Collectors
                    .Select(c => Row(c, history, [.. Headlines.Of(c.Collector, c.Values, v => v.Labels).Take(TrendsOfList)], TrendsOfList)).ToList(),
                Shell = shell.For(context),
                NowMs = time.GetUtcNow().ToUnixTimeMilliseconds(),
            }));
        pages.MapGet("/collectors/{name}",
            IResult (string name, CollectorLoop loop, CollectorHistory history, ShellSource shell, HttpContext context, TimeProvider time) =>
            Find(loop, name) is not { } runner ? TypedResults.NotFound() : new RazorComponentResult<CollectorPage>(new
            {
                Row = Row(runner, history, [.. Headlines.Of(runner.Collector, runner.Values, v => v.Labels).Take(MostShown)], TrendsOfPage),
                Shell = shell.For(context),
                NowMs = time.GetUtcNow().ToUnixTimeMilliseconds(),
            }));
    }

    private static CollectorRunner? Find(CollectorLoop loop, string name) => loop.Collectors.FirstOrDefault(c => c.Collector.Name == name);

    private static CollectorRow Row(CollectorRunner runner, CollectorHistory history, IReadOnlyList<CollectedValue> values, int trends) => new(runner.Collector,
        runner.Standing, runner.Values.Count,
        [.. values.Select((v, i) => new ValueRow(v.Labels, v.Value, FigureText.Of(v.Value, v.Labels.Name, v.Unit, v.IsCounter),
            i < trends ? history.Trend(v.Labels) : null))]);
}
