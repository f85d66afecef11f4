using Nines.Metrics;
using NodaTime;

namespace Nines.Core.Alerting.Routing;

/// <summary>A node of the routing tree, with what it inherits filled in.</summary>
public sealed record Route
{
    /// <summary>The matchers on the way from the root, as in a group's key: <c>{}/{team="a"}</c>.</summary>
    public required string Key { get; init; }

    /// <summary>The place in the tree: the number of each child on the way from the root, the root's is empty.</summary>
    public required IReadOnlyList<int> Path { get; init; }

    /// <summary>Conditions on an alert's labels; all must hold. Empty at the root.</summary>
    public required IReadOnlyList<Matcher> Matchers { get; init; }

    /// <summary>Name of the receiver.</summary>
    public required string Receiver { get; init; }

    /// <summary>Labels by which alerts are grouped; ignored when <see cref="GroupByAll"/>.</summary>
    public required IReadOnlyList<string> GroupBy { get; init; }

    /// <summary>Whether alerts with different labels are never in one group (<c>group_by: ['...']</c>).</summary>
    public bool GroupByAll { get; init; }

    /// <summary>From a group's first alert to its first notification, in ms.</summary>
    public required long GroupWaitMs { get; init; }

    /// <summary>Between two looks at a group, in ms; above 0.</summary>
    public required long GroupIntervalMs { get; init; }

    /// <summary>After which a notification without news is repeated, in ms; above 0.</summary>
    public required long RepeatIntervalMs { get; init; }

    /// <summary>Whether a group is looked at as soon as one of its alerts begins or ends, not only when its interval is over. Alertmanager has no such
    /// routes.</summary>
    public bool AtOnce { get; init; }

    /// <summary>Times in which nothing is notified. Not inherited.</summary>
    public IReadOnlyList<TimeInterval> MutedIn { get; init; } = [];

    /// <summary>Times outside of which nothing is notified; empty for always. Not inherited.</summary>
    public IReadOnlyList<TimeInterval> ActiveIn { get; init; } = [];

    /// <summary>Whether the siblings after a match are tried as well.</summary>
    public bool Continue { get; init; }

    /// <summary>The children, tried in order.</summary>
    public IReadOnlyList<Route> Routes { get; init; } = [];

    /// <summary>Where it is declared.</summary>
    public required SourcePosition Position { get; init; }

    /// <summary>The routes that an alert takes, in order: depth first, the first child that matches unless it says <c>continue</c>, and the node itself
    /// when none does. Empty when the node itself does not match.</summary>
    public IEnumerable<Route> Match(Labels labels)
    {
        if (!Matcher.AllMatch(Matchers, labels))
        {
            yield break;
        }
        var any = false;
        foreach (var child in Routes)
        {
            var matched = false;
            foreach (var route in child.Match(labels))
            {
                (any, matched) = (true, true);
                yield return route;
            }
            if (matched && !child.Continue)
            {
                break;
            }
        }
        if (!any)
        {
            yield return this;
        }
    }

    /// <summary>The labels of an alert by which this route groups it.</summary>
    public Labels GroupOf(Labels labels) => GroupByAll ? labels : labels.Keep([.. GroupBy]);

    /// <summary>The times that keep it quiet at a moment: those it is muted in, or those outside of which it is not active. Empty when it may tell.</summary>
    public IReadOnlyList<TimeInterval> QuietIn(Instant at) =>
        MutedIn.Where(i => i.Contains(at)).ToList() is { Count: > 0 } muted ? muted
        : ActiveIn.Count > 0 && !ActiveIn.Any(i => i.Contains(at)) ? ActiveIn
        : [];

    /// <summary>The node and all below it, parents first.</summary>
    public IEnumerable<Route> All() => Routes.SelectMany(r => r.All()).Prepend(this);
}
