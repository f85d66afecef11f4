using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Routing;
using Nines.Core.Alerting;
using Nines.Core.Alerting.Routing;
using Nines.Metrics;
using Nines.Server.Alerting.Pages;
using Nines.Server.Web;

namespace Nines.Server.Alerting;

/// <summary>The routing simulator: page and API.</summary>
internal static class RouteEndpoints
{
    // More than fit beside the form help nobody.
    private const int MostOffered = 6;

    /// <summary><c>GET /nines/v1/routes/test</c>.</summary>
    public static void MapRouteTest(this IEndpointRouteBuilder routes) =>
        routes.MapGet("/nines/v1/routes/test", Results<Ok<RouteTestAnswer>, ProblemHttpResult> (string? alert, string? at, RouteSimulator simulator) =>
        {
            var simulation = simulator.Run(SimulationQuery.Read(alert, at));
            return simulation.Trial is { } trial ? TypedResults.Ok(RouteTestAnswer.Of(trial, simulation.Messages))
                : simulation.AtProblem.Length > 0 ? Problems.Unreadable("at", simulation.AtProblem)
                : Problems.Unreadable("alert", simulation.AlertProblem.Length > 0 ? simulation.AlertProblem
                    : "Give the labels of an alert: alert=severity=critical service=mysql.");
        }).WithName("TestRoutes").WithTags("Alerting").WithSummary(
            "What would become of an alert: the routes it takes and why not the others, its groups, when they are told, what keeps it quiet, and each message. "
            + "Nothing is told. Query: alert (labels, JSON or the fingerprint of one that fires), at (UTC; now by default).");

    /// <summary><c>/routing</c>.</summary>
    public static void MapRoutingPages(this IEndpointRouteBuilder pages) =>
        pages.MapGet("/routing", (string? alert, string? at, RouteSimulator simulator, IAlertReports reports, ShellSource shell, HttpContext context) =>
        {
            var query = SimulationQuery.Read(alert, at);
            return new RazorComponentResult<RoutingPage>(new
            {
                Query = query,
                Simulation = simulator.Run(query),
                simulator.Plan,
                Firing = reports.Firing().DistinctBy(a => (a.Labels["alertname"], a.Labels["severity"])).Take(MostOffered).ToList(),
                Shell = shell.For(context),
            });
        });
}

/// <summary>What would become of an alert.</summary>
/// <param name="Fingerprint">The alert's fingerprint.</param>
/// <param name="Labels">Its labels.</param>
/// <param name="At">When it begins.</param>
/// <param name="Receivers">Names of the receivers that are told, in order of the routes.</param>
/// <param name="Routes">Every route, in the order in which they are tried.</param>
/// <param name="Tellings">Who is told, when and what.</param>
/// <param name="InhibitedBy">The alerts that fire and inhibit it.</param>
public sealed record RouteTestAnswer(
    string Fingerprint, IReadOnlyDictionary<string, string> Labels, string At, IReadOnlyList<string> Receivers, IReadOnlyList<TestedRoute> Routes,
    IReadOnlyList<TestedTelling> Tellings, IReadOnlyList<TestedInhibition> InhibitedBy)
{
    internal static RouteTestAnswer Of(AlertTrial trial, IReadOnlyList<IReadOnlyList<SimulatedMessage>> messages) => new(
        trial.Alert.Fingerprint, Map(trial.Alert.Labels), Clock.ToRfc3339(trial.AtNs), [.. trial.Tellings.Select(t => t.Receiver.Name)],
        [.. trial.Routes.Where(r => r.Route.Receiver.Length > 0).Select(r => TestedRoute.Of(r, trial.Alert.Labels))],
        [.. trial.Tellings.Zip(messages).Select(t => TestedTelling.Of(t.First, t.Second))],
        [.. trial.InhibitedBy.Select(i => new TestedInhibition(AlertMachine.FingerprintOf(i.Source), Map(i.Source), i.Rule.Position.ToString()))]);

    internal static Dictionary<string, string> Map(Labels labels) => labels.Pairs.ToArray().ToDictionary(p => p.Key, p => p.Value, StringComparer.Ordinal);
}

/// <summary>A route and what becomes of the alert there.</summary>
/// <param name="Key">The matchers on the way to the route.</param>
/// <param name="Receiver">Whom it leads to.</param>
/// <param name="Position">Where it is declared.</param>
/// <param name="Fate"><c>takes</c>, <c>passes</c> (a route below takes it), <c>differs</c> (a matcher does not hold), <c>shadowed</c> (an earlier sibling took
/// it), <c>unreached</c>.</param>
/// <param name="Why">Why it does not take it; empty when it does.</param>
/// <param name="Fails">The first matcher that does not hold; null unless it differs.</param>
public sealed record TestedRoute(string Key, string Receiver, string Position, string Fate, string Why, string? Fails)
{
    internal static TestedRoute Of(RouteTrial trial, Labels alert) => new(trial.Route.Key, trial.Route.Receiver, trial.Route.Position.ToString(),
        trial.Fate.ToString().ToLowerInvariant(), RouteText.Why(trial, alert), trial.Fails?.ToString());
}

/// <summary>A receiver that would be told.</summary>
/// <param name="Receiver">Its name.</param>
/// <param name="Position">Where the route that leads to it is declared.</param>
/// <param name="GroupKey">The group in which it is told.</param>
/// <param name="LookAt">When the group is looked at for the first time with the alert.</param>
/// <param name="ToldAt">When it is told; null when it is kept quiet without an end in sight.</param>
/// <param name="Quiet">The time intervals that keep it quiet at that look; null when none does.</param>
/// <param name="SilencedBy">The silences that do, by identity.</param>
/// <param name="Together">Fingerprints of the alerts that are told with it.</param>
/// <param name="Messages">The message for each integration.</param>
public sealed record TestedTelling(
    string Receiver, string Position, string GroupKey, string LookAt, string? ToldAt, string? Quiet, IReadOnlyList<string> SilencedBy,
    IReadOnlyList<string> Together, IReadOnlyList<TestedMessage> Messages)
{
    internal static TestedTelling Of(TrialTelling telling, IReadOnlyList<SimulatedMessage> messages) => new(
        telling.Receiver.Name, telling.Route.Position.ToString(), telling.GroupKey, Clock.ToRfc3339(telling.LookNs),
        telling.ToldNs is { } told ? Clock.ToRfc3339(told) : null, telling.QuietIn.Count > 0 ? RouteText.Quiet(telling.Route, telling.QuietIn) : null,
        [.. telling.SilencedBy.Select(s => s.Id)], [.. telling.Others.Select(a => a.Fingerprint)],
        [.. messages.Select(m => new TestedMessage(m.Integration.Kind, m.Preview.Title, m.Preview.Text, m.Preview.Body, m.Preview.Problem))]);
}

/// <summary>A message, secrets hidden.</summary>
/// <param name="Kind">Kind of the integration.</param>
/// <param name="Title">What it is headed by; empty where it has no title.</param>
/// <param name="Text">What people read; empty where programs read it.</param>
/// <param name="Body">What goes over the wire.</param>
/// <param name="Problem">Why it cannot be made; empty when it can.</param>
public sealed record TestedMessage(string Kind, string Title, string Text, string Body, string Problem);

/// <summary>An alert that keeps the tried one quiet.</summary>
/// <param name="Fingerprint">Its fingerprint.</param>
/// <param name="Labels">Its labels.</param>
/// <param name="Position">Where the inhibition rule is declared.</param>
public sealed record TestedInhibition(string Fingerprint, IReadOnlyDictionary<string, string> Labels, string Position);
