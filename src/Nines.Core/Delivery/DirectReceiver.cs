using Nines.Core.Alerting.Routing;
using Nines.Metrics;

namespace Nines.Core.Delivery;

/// <summary>A receiver of a Delivery document: told of each alert by itself, at once, and of its end.</summary>
/// <param name="Name">The receiver's name, unique.</param>
/// <param name="Severities">The alert severities it takes (<c>page</c>, <c>ticket</c>); empty takes all. An alert without one goes to all.</param>
/// <param name="Integration">How it is told; without settings for texts, so that Nines' own message is sent.</param>
public sealed record DirectReceiver(string Name, IReadOnlyList<string> Severities, Integration Integration)
{
    private const long IntervalMs = 60_000;
    private const long RepeatMs = 24 * 3_600_000;

    /// <summary>All words of the levels it takes, by the workspace's ladders; empty when there are none, or when it takes all.</summary>
    public IReadOnlyList<string> Words { get; init; } = [];

    /// <summary>The receiver as routing knows it.</summary>
    public AlertReceiver Receiver => new(Name, [Integration], Integration.Position);

    /// <summary>The tree that leads each alert to all that take it.</summary>
    public static Route RootOf(IReadOnlyList<DirectReceiver> receivers)
    {
        var root = new Route
        {
            Key = "{}",
            Path = [],
            Matchers = [],
            Receiver = "",
            GroupBy = [],
            GroupByAll = true,
            GroupWaitMs = 0,
            GroupIntervalMs = IntervalMs,
            AtOnce = true,
            RepeatIntervalMs = RepeatMs,
            Position = new("", 1, 1),
        };
        return root with { Routes = [.. receivers.Select((r, i) => r.RouteOf(root, i))] };
    }

    private Route RouteOf(Route root, int index)
    {
        IReadOnlyList<Matcher> asked = Severities.Count == 0 ? [] : [new Matcher("severity", MatchOp.Regex, string.Join('|', Severities) + "|")];
        var matchers = Severities.Count == 0 || Words.Count == 0 ? asked : [new Matcher("severity", MatchOp.Regex, $"(?i:{string.Join('|', Words)})|")];
        return root with
        {
            // By what was asked for: another ladder makes no other group, whose alerts would all be told again.
            Key = $"{root.Key}/{MatcherText.Print(asked)}",
            Path = [index],
            Matchers = matchers,
            Receiver = Name,
            Continue = true,
            Position = Integration.Position,
        };
    }
}
