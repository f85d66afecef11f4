using System.Globalization;
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
using Nines.Server.Objectives.Pages;
using Nines.Server.Objectives.Sources;
using Nines.Server.State;
using Nines.Server.Web;

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
            ? TypedResults.Ok(AttributionItem.Of(spreads, account))
            : TypedResults.Problem(statusCode: StatusCodes.Status422UnprocessableEntity, title: "The failures cannot be charged to labels",
                extensions: new Dictionary<string, object?>(StringComparer.Ordinal)
                {
                    ["code"] = "not-attributable",
                    ["hint"] = $"Only objectives that at most {Attribution.MaxSeries} series count have labels to charge; evaluated ones have none.",
                });
    }

    /// <summary>The API: <c>GET /nines/v1/sources</c>.</summary>
    public static void MapSources(this IEndpointRouteBuilder routes) =>
        routes.MapGet("/nines/v1/sources", (SourceReaders readers) => TypedResults.Ok(readers.Status())).WithTags("Objectives")
            .WithName("ListSources").WithSummary("The external sources, and how far each objective was read from them.");

    /// <summary>The pages: overview, list, detail.</summary>
    public static void MapObjectivePages(this IEndpointRouteBuilder pages)
    {
        pages.MapAdjustmentForms();
        pages.MapGet("/", (IObjectiveReports reports, ShellSource shell, HttpContext context, TimeProvider time) =>
        {
            var now = time.GetUtcNow().ToUnixTimeMilliseconds();
            return new RazorComponentResult<OverviewPage>(new { Rows = ObjectiveRow.All(reports, now), Shell = shell.For(context), NowMs = now });
        });
        pages.MapGet("/objectives", (string? q, string? state, IObjectiveReports reports, ShellSource shell, HttpContext context, TimeProvider time) =>
            new RazorComponentResult<ObjectivesPage>(new
            {
                Rows = ObjectiveRow.All(reports, time.GetUtcNow().ToUnixTimeMilliseconds()),
                Shell = shell.For(context),
                Query = q ?? "",
                State = Enum.GetValues<BudgetState>().Select(s => (BudgetState?)s).FirstOrDefault(s => Format.State(s!.Value).Attribute == state),
            }));
        pages.MapGet("/attribution/{**key}",
            IResult (string key, string? range, string? by, IObjectiveReports reports, ShellSource shell, HttpContext context, TimeProvider time) =>
        {
            if (reports.Find(key) is not { } report)
            {
                return TypedResults.NotFound();
            }
            var chosen = ChartRange.For(report.Objective).FirstOrDefault(r => r.Name == range) ?? ChartRange.For(report.Objective)[^1];
            var (from, to) = (report.Window.ToMinute - chosen.Minutes, report.Window.ToMinute);
            return new RazorComponentResult<AttributionPage>(new
            {
                Report = report,
                Spreads = reports.Attribute(key, from, to),
                Account = reports.Window(key, from, to) ?? default,
                By = by,
                Range = chosen,
                Shell = shell.For(context),
            });
        });
        pages.MapGet("/objectives/{**key}",
            IResult (string key, string? range, string? target, IObjectiveReports reports, ShellSource shell, HttpContext context, TimeProvider time) =>
        {
            if (reports.Find(key) is not { } report)
            {
                return TypedResults.NotFound();
            }
            var now = time.GetUtcNow().ToUnixTimeMilliseconds();
            var chosen = ChartRange.Choose(report, range, now);
            var end = LedgerTime.LastEnded(now);
            var course = reports.Course(key, end - chosen.Minutes, end, chosen.StepMinutes);
            return new RazorComponentResult<ObjectivePage>(new
            {
                Report = report,
                Groups = reports.Groups(key),
                Target = decimal.TryParse(target, NumberStyles.Float, CultureInfo.InvariantCulture, out var percent) && percent is > 0 and < 100
                    ? percent / 100 : (decimal?)null,
                Data = CourseData.Of(report, course, chosen, Format.State(report.State).Attribute),
                Range = chosen,
                Shell = shell.For(context),
                NowMs = now,
            });
        });
    }
}
