using Nines.Core.Objectives;
using Nines.Metrics;

namespace Nines.Server.Objectives;

/// <summary>
/// The parts of an objective that is kept for each value of some labels: one objective for each group of series, up to a cap, and one for all others.
/// Groups that were counted before come first, so that a restart does not move the line.
/// </summary>
internal sealed class ObjectiveGroups : IDisposable
{
    /// <summary>Most groups of an objective; what comes after them is counted as <c>other</c>.</summary>
    public const int Cap = 200;

    private readonly Objective _parent;
    private readonly ISeriesFeed _feed;
    private readonly Func<Objective, Func<Labels, bool>, TrackedObjective> _start;
    private readonly Dictionary<Labels, TrackedObjective> _groups = [];
    private TrackedObjective? _other;
    private int _version;

    /// <param name="parent">The objective that is grouped.</param>
    /// <param name="feed">Its series.</param>
    /// <param name="known">Keys of groups that were counted before.</param>
    /// <param name="start">Starts a group's account over the series that a filter lets through.</param>
    public ObjectiveGroups(Objective parent, ISeriesFeed feed, IEnumerable<string> known, Func<Objective, Func<Labels, bool>, TrackedObjective> start)
    {
        (_parent, _feed, _start) = (parent, feed, start);
        KnownKeys = [.. known];
    }

    /// <summary>The groups, and last the rest of them.</summary>
    public IEnumerable<TrackedObjective> All
    {
        get
        {
            foreach (var group in _groups.Values)
            {
                yield return group;
            }
            if (_other is not null)
            {
                yield return _other;
            }
        }
    }

    private HashSet<string> KnownKeys { get; }

    /// <summary>Starts an account for each group that is new.</summary>
    public void Update()
    {
        if (_feed.Version == _version)
        {
            return;
        }
        var found = _feed.Total.SelectMany(t => t).Select(h => GroupOf(h.Labels)).Distinct().Where(g => !_groups.ContainsKey(g))
            .OrderByDescending(g => KnownKeys.Contains(_parent.KeyOfGroup(g))).ThenBy(g => g.ToString(), StringComparer.Ordinal).ToList();
        foreach (var group in found)
        {
            if (_groups.Count < Cap)
            {
                _groups[group] = _start(_parent.OfGroup(group), labels => GroupOf(labels).Equals(group));
            }
            else
            {
                _other ??= _start(_parent.OfGroup(null), labels => !_groups.ContainsKey(GroupOf(labels)));
            }
        }
        _version = _feed.Version;
    }

    public void Dispose()
    {
        foreach (var group in All)
        {
            group.Dispose();
        }
    }

    private Labels GroupOf(Labels labels) => labels.Keep([.. _parent.GroupBy]);
}
