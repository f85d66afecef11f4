using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Routing;
using Nines.Core.Alerting;
using Nines.Core.Alerting.Routing;
using Nines.Server.Alerting.Pages;
using Nines.Server.Web;

namespace Nines.Server.Alerting;

/// <summary>The list of alerts, and the page of each with why people were told of it or not.</summary>
internal static class AlertPages
{
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
                Shell = parts.Shell.For(context),
                parts.NowNs,
            });
        });
        pages.MapGet("/alerts/{fingerprint}", async Task<IResult> (string fingerprint, HttpContext context, [AsParameters] Parts parts,
            AlertHistory history, CancellationToken stop) => await history.OfAsync(fingerprint, stop) is { } known
            ? new RazorComponentResult<AlertPage>(new
            {
                Known = known,
                Others = parts.Reports.Firing()
                    .Where(a => a.Fingerprint != fingerprint && a.Labels["alertname"] == known.Report.Labels["alertname"]).ToList(),
                Shell = parts.Shell.For(context),
                parts.NowNs,
            })
            : TypedResults.NotFound());
    }

    /// <summary>What each handler needs.</summary>
    internal readonly record struct Parts(IAlertReports Reports, IAlertRouting Routing, IAlertExplanations Explanations, ShellSource Shell, TimeProvider Time)
    {
        public long NowNs => (Time.GetUtcNow() - DateTimeOffset.UnixEpoch).Ticks * 100;
    }
}
