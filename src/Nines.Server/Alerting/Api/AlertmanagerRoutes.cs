using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;

namespace Nines.Server.Alerting.Api;

/// <summary>Where Alertmanager's API v2 is found.</summary>
internal static class AlertmanagerRoutes
{
    /// <summary>Maps the API below <c>/api/v2</c>. Who may call it is for the caller to say.</summary>
    public static void MapAlertmanagerApi(this IEndpointRouteBuilder routes)
    {
        var v2 = routes.ServiceProvider.GetRequiredService<AlertmanagerApi>();
        var api = routes.MapGroup("/api/v2").WithTags("Alertmanager");
        api.MapGet("/status", (HttpRequest request) => v2.Status(request))
            .WithName("GetAlertmanagerStatus").WithSummary("Version, configuration and cluster, as Alertmanager says them.");
        api.MapGet("/receivers", (HttpRequest request) => v2.Receivers(request))
            .WithName("GetAlertmanagerReceivers").WithSummary("Names of the receivers.");
        api.MapGet("/alerts", (HttpRequest request) => v2.Alerts(request)).WithName("GetAlertmanagerAlerts")
            .WithSummary("Alerts that are not over. Query: active, silenced, inhibited, unprocessed (true by default), "
                + "filter (a matcher, repeatable), receiver.");
        api.MapPost("/alerts", (HttpRequest request) => v2.PostAlertsAsync(request))
            .WithName("PostAlertmanagerAlerts").WithSummary("Takes alerts in. Of a batch, those that are right are taken even when others are refused.");
        api.MapGet("/alerts/groups", (HttpRequest request) => v2.Groups(request)).WithName("GetAlertmanagerGroups")
            .WithSummary("Alerts by group. Query: active, silenced, inhibited, muted (true by default), filter (a matcher, repeatable), receiver.");
        api.MapGet("/silences", (HttpRequest request) => v2.Silences(request))
            .WithName("GetAlertmanagerSilences").WithSummary("Silences. Query: filter (a matcher the silence has, repeatable).");
        api.MapPost("/silences", (HttpRequest request) => v2.PostSilenceAsync(request))
            .WithName("PostAlertmanagerSilence").WithSummary("Makes a silence, or changes one.");
        api.MapGet("/silence/{id}", (HttpRequest request, string id) => v2.Silence(request, id))
            .WithName("GetAlertmanagerSilence").WithSummary("A silence.");
        api.MapDelete("/silence/{id}", (HttpRequest request, string id) => v2.ExpireSilenceAsync(request, id))
            .WithName("DeleteAlertmanagerSilence").WithSummary("Ends a silence now.");
    }
}
