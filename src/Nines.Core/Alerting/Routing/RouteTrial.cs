using Nines.Metrics;

namespace Nines.Core.Alerting.Routing;

/// <summary>What becomes of an alert at a route.</summary>
public enum RouteFate
{
    /// <summary>The route takes it: its receiver is told.</summary>
    Takes,
    /// <summary>It matches, and a route below takes it.</summary>
    Passes,
    /// <summary>A matcher does not hold.</summary>
    Differs,
    /// <summary>A route before it, among its siblings, took it and does not say <c>continue</c>.</summary>
    Shadowed,
    /// <summary>The route above it was not reached or does not match.</summary>
    Unreached,
}

/// <summary>A route and what becomes of an alert there.</summary>
/// <param name="Route">The route.</param>
/// <param name="Fate">What becomes of it.</param>
/// <param name="Fails">The first matcher that does not hold; null unless it <see cref="RouteFate.Differs"/>.</param>
/// <param name="By">The sibling that took it, or the route above that it did not get past; null otherwise.</param>
public sealed record RouteTrial(Route Route, RouteFate Fate, Matcher? Fails = null, Route? By = null)
{
    /// <summary>All routes of a tree, parents first, in the order in which they are tried. Those that take it are those of <see cref="Route.Match"/>.
    /// </summary>
    public static IReadOnlyList<RouteTrial> Of(Route root, Labels alert)
    {
        var trials = new List<RouteTrial>();
        Try(root, alert, trials);
        return trials;
    }

    private static bool Try(Route route, Labels alert, List<RouteTrial> trials)
    {
        if (route.Matchers.FirstOrDefault(m => !m.Matches(alert)) is { } fails)
        {
            trials.Add(new(route, RouteFate.Differs, fails));
            Skip(route, route, trials);
            return false;
        }
        var place = trials.Count;
        trials.Add(new(route, RouteFate.Takes));
        var any = false;
        Route? last = null;
        foreach (var child in route.Routes)
        {
            if (last is not null)
            {
                trials.Add(new(child, RouteFate.Shadowed, null, last));
                Skip(child, child, trials);
                continue;
            }
            var took = Try(child, alert, trials);
            any |= took;
            last = took && !child.Continue ? child : null;
        }
        if (any)
        {
            trials[place] = new(route, RouteFate.Passes);
        }
        return true;
    }

    private static void Skip(Route above, Route by, List<RouteTrial> trials) =>
        trials.AddRange(above.All().Skip(1).Select(r => new RouteTrial(r, RouteFate.Unreached, null, by)));
}
