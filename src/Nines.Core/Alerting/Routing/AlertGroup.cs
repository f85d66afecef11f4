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

    /// <summary>What came of it when each of its groups was last looked at, also after it left the group; of this stretch of firing.</summary>
    public List<AlertLook> Looked { get; } = [];

    public ulong Fingerprint => State.Labels.StableHash;

    /// <summary>Remembers a look in place of the one before.</summary>
    public void Note(AlertLook look)
    {
        var before = Looked.FindIndex(l => l.Group.IsOf(look.Group.Route, look.Group.Key));
        if (before < 0)
        {
            Looked.Add(look);
        }
        else
        {
            Looked[before] = look;
        }
    }
}

/// <summary>The alerts of a route with the same group labels.</summary>
internal sealed class AlertGroup(Route route, Labels labels, string key, long beganNs, DigestTimes? digest)
{
    public Route Route { get; } = route;

    public Labels Labels { get; } = labels;

    public string Key { get; } = key;

    public HashSet<BoardAlert> Alerts { get; } = [];

    /// <summary>When its first alert came, on the wall's clock.</summary>
    public long BeganNs { get; } = beganNs;

    /// <summary>When what gathers in it is told; null for the times of its route.</summary>
    public DigestTimes? Digest { get; } = digest;

    /// <summary>Of a digest: when it is told next, on the wall's clock.</summary>
    public long DigestNs { get; set; } = long.MaxValue;

    /// <summary>When it is looked at next, on the steady clock; of a digest, when the wall's clock is.</summary>
    public long NextFlushNs { get; set; } = long.MaxValue;

    /// <summary>Whether it was looked at since it began.</summary>
    public bool Flushed { get; set; }

    /// <summary>When it is looked at next, on the wall's clock.</summary>
    public long NextLookNs(Moment now) => Digest is null ? now.WallNs + (NextFlushNs - now.SteadyNs) : DigestNs;

    /// <summary>The last look at it; null before the first.</summary>
    public GroupLook? Last { get; set; }
}

/// <summary>A look at a group, which all its alerts share.</summary>
internal sealed record GroupLook(Route Route, string Key, long AtNs, IReadOnlyList<TimeInterval> QuietTimes)
{
    /// <summary>Why each integration was told then, in the receiver's order; null for one that was not.</summary>
    public List<NoticeReason?> Reasons { get; } = [];

    /// <summary>The alerts of which an integration was not told for their cooldown, by its number in the receiver's order.</summary>
    public HashSet<(int Integration, ulong Fingerprint)> Cooling { get; } = [];

    /// <summary>Whether it is one at the group with this key on this route, or on the same route of an earlier configuration.</summary>
    public bool IsOf(Route route, string key) => Key == key && Route.Receiver == route.Receiver;
}

/// <summary>An alert in a look at its group.</summary>
internal readonly record struct AlertLook(GroupLook Group, Quieting? Quiet);

/// <summary>What kept an alert quiet: a silence, or another alert by a rule.</summary>
internal sealed record Quieting(Silence? Silence, Inhibition? Inhibition);
