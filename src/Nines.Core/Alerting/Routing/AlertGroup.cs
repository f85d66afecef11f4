using Nines.Metrics;

namespace Nines.Core.Alerting.Routing;

/// <summary>An alert in memory: its state, and the groups it is in.</summary>
internal sealed class BoardAlert(AlertState state, string explanation)
{
    public AlertState State { get; set; } = state;

    /// <summary>Why it is in its state.</summary>
    public string Explanation { get; set; } = explanation;

    /// <summary>When it ends unless somebody reports it again, on the steady clock.</summary>
    public long DeadlineNs { get; set; }

    /// <summary>Since when it is over, on the steady clock.</summary>
    public long OverNs { get; set; }

    /// <summary>The groups that have it, in order of the routes.</summary>
    public List<AlertGroup> Groups { get; } = [];

    /// <summary>The receivers told of this stretch of firing, or that were to be.</summary>
    public HashSet<string> Told { get; } = new(StringComparer.Ordinal);

    public ulong Fingerprint => State.Labels.StableHash;
}

/// <summary>The alerts of a route with the same group labels.</summary>
internal sealed class AlertGroup(Route route, Labels labels, string key, long nextFlushNs)
{
    public Route Route { get; } = route;

    public Labels Labels { get; } = labels;

    public string Key { get; } = key;

    public HashSet<BoardAlert> Alerts { get; } = [];

    /// <summary>When it is looked at next, on the steady clock.</summary>
    public long NextFlushNs { get; set; } = nextFlushNs;

    /// <summary>Whether it was looked at since it began.</summary>
    public bool Flushed { get; set; }

    /// <summary>What came of the last look, by integration.</summary>
    public List<GroupLook> Looks { get; } = [];
}

/// <summary>What came of looking at a group for an integration.</summary>
/// <param name="Kind">Kind of the integration.</param>
/// <param name="Index">Its number among those of its kind.</param>
/// <param name="AtNs">When, nanoseconds since the Unix epoch.</param>
/// <param name="Reason">Why it was told; null when it was not.</param>
/// <param name="Key">The key of the notification; null when there was none.</param>
public sealed record GroupLook(string Kind, int Index, long AtNs, NoticeReason? Reason, string? Key);
