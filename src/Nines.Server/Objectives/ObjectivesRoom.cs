using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Nines.Core.Alerting;
using Nines.Core.Objectives;
using Nines.Metrics;
using Nines.PromQL;
using Nines.Server.Objectives.Sources;
using Nines.Server.State;

namespace Nines.Server.Objectives;

/// <summary>The room of objectives: ledger, API, pages.</summary>
internal static class ObjectivesRoom
{
    // Evaluated indicators are read on the ledger's thread, which pages: a query that takes long fails, and says so on its objective's page.
    private static readonly QueryOptions IndicatorQueries = new() { Timeout = TimeSpan.FromSeconds(5) };

    public static IServiceCollection AddObjectives(this IServiceCollection services, Uri publicUrl, string workspaceDirectory, LedgerFault fault)
    {
        services.AddSingleton(s => new SourceReaders(workspaceDirectory, s.GetRequiredService<TimeProvider>()));
        services.AddSingleton(s => LedgerStore.Open(s.GetRequiredService<DataDirectory>().LedgerFile));
        services.AddSingleton(s => new LedgerEngine(
            s.GetRequiredService<ISeriesSource>(), new EngineQueries(new QueryEngine(s.GetRequiredService<ISeriesSource>(), IndicatorQueries)),
            s.GetRequiredService<LedgerStore>(), publicUrl, fault, s.GetRequiredService<ILogger<LedgerEngine>>())
        {
            Sources = s.GetRequiredService<SourceReaders>(),
        });
        services.AddSingleton<IObjectiveReports>(s => s.GetRequiredService<LedgerEngine>());
        services.AddSingleton<AdjustmentBook>();
        services.AddHostedService(s => s.GetRequiredService<AdjustmentBook>());
        services.AddSingleton<ObjectiveDefinitions>();
        services.AddSingleton<IObjectiveHistory, ObjectiveHistory>();
        services.AddSingleton(s => new BudgetBands(
            s.GetRequiredService<LedgerEngine>(), s.GetRequiredService<IStateStore>(), s.GetRequiredService<IAlertDoor>(), publicUrl,
            s.GetRequiredService<TimeProvider>(), s.GetRequiredService<ILogger<BudgetBands>>()));
        services.AddSingleton<IBudgetBands>(s => s.GetRequiredService<BudgetBands>());
        services.AddHostedService(s => s.GetRequiredService<BudgetBands>());
        services.AddSingleton<LedgerMeter>();
        services.AddSingleton<LedgerWorker>();
        services.AddHostedService(s => s.GetRequiredService<LedgerWorker>());
        return services;
    }

    /// <summary>The API: <c>GET /nines/v1/objectives</c> and one of them.</summary>
    public static void MapObjectives(this IEndpointRouteBuilder routes)
    {
        var group = routes.MapGroup("/nines/v1/objectives").WithTags("Objectives");
        group.MapGet("", (IObjectiveReports reports) => TypedResults.Ok(new ObjectiveList([.. reports.All().Select(ObjectiveItem.Of)])))
            .WithName("ListObjectives").WithSummary("All objectives with their account over their window.");
        group.MapGet("/{**key}", Results<Ok<ObjectiveItem>, NotFound> (string key, IObjectiveReports reports) =>
                reports.Find(key) is { } report ? TypedResults.Ok(ObjectiveItem.Of(report, reports.Groups(key))) : TypedResults.NotFound())
            .WithName("GetObjective").WithSummary("One objective by its key, service/slo[/objective]@environment.");
        routes.MapPolicies();
        routes.MapServices();
        routes.MapGet("/nines/v1/generations/{**key}", Generations).WithTags("Objectives").WithName("ListGenerations")
            .WithSummary("The accounts of an objective, one for each meaning its indicator had, and the recorded edits of its promise.");
        routes.MapGet("/nines/v1/attribution/{**key}", Attribute).WithTags("Objectives")
            .WithName("AttributeObjective").WithSummary("How the bad events of an objective spread over the labels of the series that counted them.");
    }

    /// <summary><c>GET /nines/v1/attribution/{key}?minutes=</c>: what burned an objective's budget, by label.</summary>
    private static Results<Ok<AttributionItem>, NotFound, ProblemHttpResult> Attribute(string key, int? minutes, IObjectiveReports reports)
    {
        if (reports.Find(key) is not { } report)
        {
            return TypedResults.NotFound();
        }
        var length = Math.Clamp(minutes ?? report.Objective.WindowMinutes, 1, report.Objective.HistoryMinutes);
        var to = report.Window.ToMinute;
        return reports.Attribute(key, to - length, to) is { } spreads && reports.Window(key, to - length, to) is { } account
            ? TypedResults.Ok(AttributionItem.Of(spreads, reports.Causes(key, to - length, to), account))
            : TypedResults.Problem(statusCode: StatusCodes.Status422UnprocessableEntity, title: "The failures cannot be charged to labels",
                extensions: new Dictionary<string, object?>(StringComparer.Ordinal)
                {
                    ["code"] = "not-attributable",
                    ["hint"] = $"Only objectives that at most {Attribution.MaxSeries} series count have labels to charge; evaluated ones have none.",
                });
    }

    /// <summary><c>GET /nines/v1/generations/{key}</c>.</summary>
    private static async Task<Results<Ok<GenerationList>, NotFound, ProblemHttpResult>> Generations(
        string key, IObjectiveReports reports, IObjectiveHistory history, CancellationToken stop)
    {
        if (reports.Find(key) is not { } report)
        {
            return TypedResults.NotFound();
        }
        try
        {
            return TypedResults.Ok(GenerationList.Of(history.Generations(report), await history.EditsAsync(key, stop)));
        }
        catch (StoreRefusedException e)
        {
            return TypedResults.Problem(statusCode: StatusCodes.Status503ServiceUnavailable, title: "The request failed", detail: e.Message,
                extensions: new Dictionary<string, object?>(StringComparer.Ordinal) { ["code"] = "store-away" });
        }
    }

    /// <summary>The API: <c>GET /nines/v1/sources</c>.</summary>
    public static void MapSources(this IEndpointRouteBuilder routes) =>
        routes.MapGet("/nines/v1/sources", (SourceReaders readers) => TypedResults.Ok(readers.Status())).WithTags("Objectives")
            .WithName("ListSources").WithSummary("The external sources, and how far each objective was read from them.");
}
