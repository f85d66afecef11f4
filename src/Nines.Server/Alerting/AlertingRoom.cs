using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Nines.Core.Alerting;
using Nines.Core.Alerting.Routing;
using Nines.Metrics;

namespace Nines.Server.Alerting;

/// <summary>Puts alerting into a server.</summary>
internal static class AlertingRoom
{
    /// <summary>Registers <see cref="AlertDoor"/> as <see cref="IAlertDoor"/>, <see cref="IAlertReports"/> and hosted service, and
    /// <see cref="RuleWorker"/> as <see cref="IRuleReports"/> and hosted service.</summary>
    public static IServiceCollection AddAlerting(this IServiceCollection services, Uri publicUrl)
    {
        services.AddSingleton<AlertDoor>();
        services.AddSingleton<IAlertDoor>(provider => provider.GetRequiredService<AlertDoor>());
        services.AddSingleton<IAlertReports>(provider => provider.GetRequiredService<AlertDoor>());
        services.AddSingleton<IAlertRouting>(provider => provider.GetRequiredService<AlertDoor>());
        services.AddSingleton<IHostedService>(provider => provider.GetRequiredService<AlertDoor>());
        services.AddSingleton(provider => new RuleWorker(
            provider.GetRequiredService<ISeriesSource>(), provider.GetRequiredService<ISampleSink>(), provider.GetRequiredService<IAlertDoor>(),
            provider.GetRequiredService<IAlertReports>(), publicUrl, provider.GetRequiredService<TimeProvider>(),
            provider.GetRequiredService<ILogger<RuleWorker>>()));
        services.AddSingleton<IRuleReports>(provider => provider.GetRequiredService<RuleWorker>());
        services.AddSingleton<IHostedService>(provider => provider.GetRequiredService<RuleWorker>());
        return services;
    }

    /// <summary>Maps <c>GET /nines/v1/alerts</c> and Alertmanager's <c>GET</c> and <c>POST /api/v2/alerts</c>. Who may call them is for the caller to
    /// say.</summary>
    public static IEndpointRouteBuilder MapAlerting(this IEndpointRouteBuilder routes)
    {
        routes.MapGet("/nines/v1/alerts", AlertEndpoints.List).WithName("ListAlerts");
        routes.MapGet("/api/v2/alerts", AlertEndpoints.GetV2).WithName("GetAlertmanagerAlerts");
        routes.MapPost("/api/v2/alerts", async (HttpRequest request, IAlertDoor door, CancellationToken cancellation) =>
        {
            try
            {
                var body = await JsonSerializer.DeserializeAsync(request.Body, AlertApiJson.Default.PostableAlertArray, cancellation);
                return await AlertEndpoints.PostV2(body ?? [], door, cancellation);
            }
            catch (JsonException)
            {
                return Results.Json("the body is not a JSON array of alerts", AlertApiJson.Default.String, statusCode: StatusCodes.Status400BadRequest);
            }
        }).WithName("PostAlertmanagerAlerts");
        return routes;
    }
}
