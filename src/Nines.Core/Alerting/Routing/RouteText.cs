using Nines.Metrics;
using Nines.PromQL;
using NodaTime;

namespace Nines.Core.Alerting.Routing;

/// <summary>Routes in words, the same on the command line, in the API and on the page.</summary>
public static class RouteText
{
    /// <summary>What a route asks for: <c>{team="a"}</c>, or <c>all alerts</c>.</summary>
    public static string Matchers(Route route) => route.Matchers.Count == 0 ? "all alerts" : MatcherText.Print(route.Matchers);

    /// <summary>How it groups: <c>alertname cluster</c>, <c>all labels</c> or <c>nothing</c>.</summary>
    public static string GroupBy(Route route) => route.GroupByAll ? "all labels" : route.GroupBy.Count == 0 ? "nothing" : string.Join(' ', route.GroupBy);

    /// <summary>Its timers, those it inherits among them.</summary>
    public static string Timers(Route route) =>
        $"by {GroupBy(route)}, wait {Durations.Format(route.GroupWaitMs)}, news every {Durations.Format(route.GroupIntervalMs)}, "
        + $"repeat {Durations.Format(route.RepeatIntervalMs)}";

    /// <summary>Why nothing is told at a moment; null when it is.</summary>
    public static string? Quiet(Route route, Instant at) => route.QuietIn(at) is { Count: > 0 } quiet ? Quiet(route, quiet) : null;

    /// <summary>Why nothing is told while some time intervals decide.</summary>
    /// <param name="route">The route.</param>
    /// <param name="quiet">Those that do, see <see cref="Route.QuietIn"/>; at least one.</param>
    public static string Quiet(Route route, IReadOnlyList<TimeInterval> quiet) =>
        (route.MutedIn.Contains(quiet[0]) ? "muted in " : "active only in ") + string.Join(", ", quiet.Select(i => i.Name));

    /// <summary>Why a route does not take an alert; empty for one that does.</summary>
    public static string Why(RouteTrial trial, Labels alert) => trial.Fate switch
    {
        RouteFate.Differs when alert[trial.Fails!.Name] is { Length: > 0 } value => $"{trial.Fails} does not hold: {trial.Fails.Name} is {value}",
        RouteFate.Differs => $"{trial.Fails} does not hold: the alert has no {trial.Fails!.Name}",
        RouteFate.Shadowed => $"{Matchers(trial.By!)} at {trial.By!.Position} took it before and does not say continue",
        RouteFate.Unreached => "the route above was not taken",
        RouteFate.Passes => "a route below takes it",
        _ => "",
    };
}
