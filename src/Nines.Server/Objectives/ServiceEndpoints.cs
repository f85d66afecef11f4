using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Routing;
using Nines.Core.Alerting;
using Nines.Core.Objectives;
using Nines.Server.Objectives.Pages;
using Nines.Server.Web;

namespace Nines.Server.Objectives;

/// <summary>The services: pages and API.</summary>
internal static class ServiceEndpoints
{
    internal readonly record struct Parts(
        KnownServices Services, IObjectiveReports Reports, IAlertReports Alerts, IBudgetBands Bands, TimeProvider Time)
    {
        public IReadOnlyList<ServiceStanding> All() =>
            ServiceStanding.All(Services(), ObjectiveRow.All(Reports, Time.GetUtcNow().ToUnixTimeMilliseconds()), Alerts.Firing());

        public ServiceStanding? Find(string name) => All().FirstOrDefault(s => s.Service.Name == name);
    }

    /// <summary><c>GET /nines/v1/services</c> and one of them.</summary>
    public static void MapServices(this IEndpointRouteBuilder routes)
    {
        var group = routes.MapGroup("/nines/v1/services").WithTags("Objectives");
        group.MapGet("", ([AsParameters] Parts parts) => TypedResults.Ok(new ServiceList([.. parts.All().Select(s => ServiceItem.Of(s, parts.Bands))])))
            .WithName("ListServices").WithSummary("All services with their objectives, worst first, and what fires for them.");
        group.MapGet("/{name}", Results<Ok<ServiceItem>, NotFound> (string name, [AsParameters] Parts parts) =>
                parts.Find(name) is { } found ? TypedResults.Ok(ServiceItem.Of(found, parts.Bands)) : TypedResults.NotFound())
            .WithName("GetService").WithSummary("One service.");
    }

    /// <summary><c>/services</c> and one of them.</summary>
    public static void MapServicePages(this IEndpointRouteBuilder pages)
    {
        pages.MapGet("/services", ([AsParameters] Parts parts, ShellSource shell, HttpContext context) =>
            new RazorComponentResult<ServicesPage>(new { Services = parts.All(), Shell = shell.For(context) }));
        pages.MapGet("/services/{name}", IResult (string name, [AsParameters] Parts parts, ShellSource shell, HttpContext context) =>
        {
            var all = parts.All();
            return all.FirstOrDefault(s => s.Service.Name == name) is not { } found ? TypedResults.NotFound()
                : new RazorComponentResult<ServicePage>(new
                {
                    Standing = found,
                    Bands = found.Objectives.ToDictionary(o => o.Objective.Key, o => parts.Bands.Of(o.Objective.Key), StringComparer.Ordinal),
                    Others = all,
                    Shell = shell.For(context),
                });
        });
    }
}

/// <summary>A list of services.</summary>
/// <param name="Items">The services, worst first.</param>
public sealed record ServiceList(IReadOnlyList<ServiceItem> Items);

/// <summary>A service.</summary>
/// <param name="Name">Its name.</param>
/// <param name="DisplayName">What people call it.</param>
/// <param name="Description">What it is for.</param>
/// <param name="Owner">Whom it belongs to; empty when the workspace does not say.</param>
/// <param name="Runbook">The address of its runbook; null when the workspace does not say.</param>
/// <param name="DependsOn">The services it needs.</param>
/// <param name="Objectives">Its objectives, worst first.</param>
/// <param name="FiringAlerts">Fingerprints of its firing alerts, pages first.</param>
public sealed record ServiceItem(
    string Name, string DisplayName, string Description, string Owner, string? Runbook, IReadOnlyList<string> DependsOn,
    IReadOnlyList<ServiceObjectiveItem> Objectives, IReadOnlyList<string> FiringAlerts)
{
    internal static ServiceItem Of(ServiceStanding standing, IBudgetBands bands) => new(
        standing.Service.Name, standing.Service.DisplayName, standing.Service.Description, standing.Service.Owner, standing.Service.Runbook?.ToString(),
        standing.Service.DependsOn,
        [.. standing.Objectives.Select(o => new ServiceObjectiveItem(o.Objective.Key, Format.State(o.Report.State).Attribute, o.Report.RemainingShare,
            o.Objective.ErrorBudgetPolicy.Name, bands.Of(o.Objective.Key)?.Band))],
        [.. standing.Alerts.Select(a => a.Fingerprint)]);
}

/// <summary>An objective of a service.</summary>
/// <param name="Key">Its key.</param>
/// <param name="State">As of an objective.</param>
/// <param name="RemainingShare">Share of budget left; null without events.</param>
/// <param name="Policy">Its budget policy.</param>
/// <param name="Band">The band it is in; null before it was judged.</param>
public sealed record ServiceObjectiveItem(string Key, string State, double? RemainingShare, string Policy, string? Band);
