using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Nines.Core.Alerting;
using Nines.Core.Alerting.Routing;
using Nines.Metrics;
using Nines.Server.Alerting.Api;

namespace Nines.Server.Alerting;

/// <summary>Puts alerting into a server.</summary>
internal static class AlertingRoom
{
    /// <summary>Registers <see cref="AlertDoor"/> as <see cref="IAlertDoor"/>, <see cref="IAlertReports"/> and hosted service.</summary>
    public static IServiceCollection AddAlertDoor(this IServiceCollection services)
    {
        services.AddSingleton<AlertDoor>();
        services.AddSingleton<IAlertDoor>(provider => provider.GetRequiredService<AlertDoor>());
        services.AddSingleton<IAlertHandling>(provider => provider.GetRequiredService<AlertDoor>());
        services.AddSingleton<IAlertLife>(provider => provider.GetRequiredService<AlertDoor>());
        services.AddSingleton<IAlertReports>(provider => provider.GetRequiredService<AlertDoor>());
        services.AddSingleton<IAlertExplanations>(provider => provider.GetRequiredService<AlertDoor>());
        services.AddSingleton<IAlertRouting>(provider => provider.GetRequiredService<AlertDoor>());
        services.AddSingleton<IHostedService>(provider => provider.GetRequiredService<AlertDoor>());
        return services;
    }

    /// <summary>Registers the door, Alertmanager's API, and <see cref="RuleWorker"/> as <see cref="IRuleReports"/> and hosted service.</summary>
    public static IServiceCollection AddAlerting(this IServiceCollection services, Uri publicUrl)
    {
        services.AddAlertDoor().AddAlertmanagerApi();
        services.AddSingleton<RouteSimulator>();
        services.AddSingleton<RuleHistoryStore>();
        services.AddSingleton<AlertHistory>();
        services.AddSingleton(provider => new RuleWorker(
            provider.GetRequiredService<ISeriesSource>(), provider.GetRequiredService<ISampleSink>(), provider.GetRequiredService<IAlertDoor>(),
            provider.GetRequiredService<IAlertReports>(), publicUrl, provider.GetRequiredService<TimeProvider>(),
            provider.GetRequiredService<ILogger<RuleWorker>>()));
        services.AddSingleton<IRuleReports>(provider => provider.GetRequiredService<RuleWorker>());
        services.AddSingleton<IHostedService>(provider => provider.GetRequiredService<RuleWorker>());
        return services;
    }

    /// <summary>Registers Alertmanager's API; the door and the routing behind it are those of the server.</summary>
    public static IServiceCollection AddAlertmanagerApi(this IServiceCollection services, MatcherMode matchers = MatcherMode.Fallback, string? cluster = null)
    {
        services.AddSingleton(provider => new AlertmanagerApi(provider.GetRequiredService<IAlertRouting>(), provider.GetRequiredService<IAlertDoor>(),
            provider.GetRequiredService<TimeProvider>(),
            new AlertmanagerApiOptions(matchers, provider.GetRequiredService<TimeProvider>().GetUtcNow(), cluster), provider.GetService<IInboundAlerts>()));
        return services;
    }

    /// <summary>Maps the pages of alerts, silences, routing and rules.</summary>
    public static void MapAlertingPages(this IEndpointRouteBuilder pages)
    {
        pages.MapAlertPages();
        pages.MapSilencePages();
        pages.MapRoutingPages();
        pages.MapRulePages();
    }

    /// <summary>Maps <c>/nines/v1/alerts</c>, <c>/nines/v1/routes/test</c> and Alertmanager's API v2. Who may call them is for the caller to say.</summary>
    public static IEndpointRouteBuilder MapAlerting(this IEndpointRouteBuilder routes)
    {
        routes.MapGet("/nines/v1/alerts", AlertEndpoints.List).WithName("ListAlerts");
        routes.MapGet("/nines/v1/alerts/{fingerprint}", AlertEndpoints.OneAsync).WithName("ExplainAlert")
            .WithSummary("An alert with why people were told of it or not, and every attempt to tell them.");
        routes.MapPost("/nines/v1/alerts/{fingerprint}/acknowledge", (string fingerprint, IAlertHandling alerts, HttpContext context, CancellationToken stop) =>
                AlertEndpoints.HandleAsync(Handling.Acknowledge, fingerprint, alerts, context, stop))
            .WithTags("Alerting").WithName("AcknowledgeAlert")
            .WithSummary("Takes an alert up: what goes on is not told again while all that fires in its group is acknowledged.");
        routes.MapPost("/nines/v1/alerts/{fingerprint}/resolve", (string fingerprint, IAlertHandling alerts, HttpContext context, CancellationToken stop) =>
                AlertEndpoints.HandleAsync(Handling.Resolve, fingerprint, alerts, context, stop))
            .WithTags("Alerting").WithName("ResolveAlert").WithSummary("Says that an alert is over. If its source goes on to report it, it fires again.");
        routes.MapRouteTest();
        routes.MapAlertmanagerApi();
        return routes;
    }
}
