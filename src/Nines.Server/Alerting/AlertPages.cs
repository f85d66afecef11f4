using System.Globalization;
using System.Security.Claims;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.Primitives;
using Nines.Core.Access;
using Nines.Core.Alerting;
using Nines.Core.Alerting.Routing;
using Nines.Server.Alerting.Pages;
using Nines.Server.Web;

namespace Nines.Server.Alerting;

/// <summary>The list of alerts, and the page of each with why people were told of it or not.</summary>
internal static class AlertPages
{
    /// <summary>Most alerts of one form.</summary>
    internal const int MostAlerts = 1000;

    /// <summary><c>/alerts</c> and <c>/alerts/{fingerprint}</c>.</summary>
    public static void MapAlertPages(this IEndpointRouteBuilder pages)
    {
        pages.MapGet("/alerts", (string? q, string? severity, string? state, string? by, string? why, HttpContext context, [AsParameters] Parts parts) =>
        {
            var routed = parts.Routing.Alerts().ToDictionary(a => a.State.Fingerprint, StringComparer.Ordinal);
            return new RazorComponentResult<AlertsPage>(new
            {
                All = parts.Reports.All().Select(r => new AlertEntry(r, routed.GetValueOrDefault(r.Fingerprint))).ToList(),
                Filter = new AlertFilter(
                    q?.Trim() ?? "", severity ?? "", Enum.TryParse<AlertList>(state, true, out var list) ? list : default, by == "receiver"),
                Groups = by == "receiver" ? parts.Routing.Groups() : null,
                Silences = parts.Routing.Silences().ToDictionary(s => s.Id, StringComparer.Ordinal),
                Receivers = parts.Routing.Plan.Receivers.Count,
                Why = why ?? "",
                Explain = (Func<string, Explanation?>)parts.Explanations.Explain,
                MayChange = MayChange(context),
                Shell = parts.Shell.For(context),
                parts.NowNs,
            });
        });
        pages.MapGet("/alerts/{fingerprint}", async Task<IResult> (string fingerprint, HttpContext context, [AsParameters] Parts parts,
            AlertHistory history, CancellationToken stop) => await history.OfAsync(fingerprint, stop) is { } known
            ? new RazorComponentResult<AlertPage>(new
            {
                Known = known,
                MayChange = MayChange(context),
                Others = parts.Reports.Firing()
                    .Where(a => a.Fingerprint != fingerprint && a.Labels["alertname"] == known.Report.Labels["alertname"]).ToList(),
                Shell = parts.Shell.For(context),
                parts.NowNs,
            })
            : TypedResults.NotFound());
        pages.MapPost("/alerts/acknowledge", ([AsParameters] Asked asked, HttpContext context, IAlertHandling alerts, CancellationToken stop) =>
            HandleAsync(Handling.Acknowledge, asked, context, alerts, stop));
        pages.MapPost("/alerts/resolve", ([AsParameters] Asked asked, HttpContext context, IAlertHandling alerts, CancellationToken stop) =>
            HandleAsync(Handling.Resolve, asked, context, alerts, stop));
    }

    private static bool MayChange(HttpContext context) =>
        Enum.TryParse<Role>(context.User.FindFirstValue(ClaimTypes.Role), out var role) && role >= Role.Responder;

    private static async Task<IResult> HandleAsync(Handling what, Asked asked, HttpContext context, IAlertHandling alerts, CancellationToken stop)
    {
        // What is over by now, or acknowledged, is seen on the page that comes back.
        await alerts.HandleAsync(what, [.. asked.Alert.OfType<string>().Take(MostAlerts).Select(Stretch)], Actors.ResponderOf(context, "page"), stop);
        return TypedResults.LocalRedirect(asked.Back is { } back && (back == "/alerts" || back.StartsWith("/alerts/", StringComparison.Ordinal)
            || back.StartsWith("/alerts?", StringComparison.Ordinal)) ? back : "/alerts");
    }

    // The stretch that the page showed: one that began since is not taken up unseen.
    private static AlertStretch Stretch(string shown) =>
        shown.Split('.') is [var fingerprint, var episode] && long.TryParse(episode, NumberStyles.None, CultureInfo.InvariantCulture, out var ns)
            ? new(fingerprint, ns) : new(shown);

    /// <summary>The alerts of a form, each as its fingerprint, a point and its stretch of firing, and the page to come back to.</summary>
    internal readonly record struct Asked([property: FromForm] StringValues Alert, [property: FromForm] string? Back);

    /// <summary>What each handler needs.</summary>
    internal readonly record struct Parts(IAlertReports Reports, IAlertRouting Routing, IAlertExplanations Explanations, ShellSource Shell, TimeProvider Time)
    {
        public long NowNs => (Time.GetUtcNow() - DateTimeOffset.UnixEpoch).Ticks * 100;
    }
}
