using Nines.Metrics;

namespace Nines.Core.Alerting.Routing;

/// <summary>What a team wishes of a receiver beyond what an <c>alertmanager.yml</c> can say.</summary>
public sealed record ReceiverWishes
{
    /// <summary>Nothing: as Alertmanager does, and ends are told whatever keeps the alert quiet by then.</summary>
    public static readonly ReceiverWishes None = new();

    /// <summary>An alert with which all of these match is told at once, without regard to waits and intervals; empty for no such alert.</summary>
    public IReadOnlyList<Matcher> Urgent { get; init; } = [];

    /// <summary>
    /// So long after an alert was told it is not told again when it ends and comes back, in ms; 0 for no such time. A rise of its severity is told, and so is
    /// any alert that differs in another label.
    /// </summary>
    public long CooldownMs { get; init; }

    /// <summary>Whether the end of what was told is told also while a silence, another alert or a time keeps the alert quiet.</summary>
    public bool TellsQuietEnds { get; init; } = true;

    /// <summary>When it is told of all that is not urgent, in one message; null for each group at its own time.</summary>
    public DigestTimes? Digest { get; init; }

    /// <summary>Whether an alert is told at once.</summary>
    public bool IsUrgent(Labels alert) => Urgent.Count > 0 && Matcher.AllMatch(Urgent, alert);
}

/// <summary>When integrations were last told of alerts for which they wish a pause. In memory: after a restart nothing is held back.</summary>
internal sealed class Cooldowns
{
    private const string SeverityLabel = "severity";
    private readonly Dictionary<((string, string, int) Integration, Labels Identity), (string Severity, long UntilNs)> _told = [];

    /// <summary>Notes that an integration is told of an alert.</summary>
    /// <param name="integration">Receiver, kind, number.</param>
    /// <param name="alert">The alert.</param>
    /// <param name="untilNs">Up to when it is not told again, on the steady clock.</param>
    public void Tell((string, string, int) integration, Labels alert, long untilNs) =>
        _told[(integration, alert.Without(SeverityLabel))] = (alert[SeverityLabel], untilNs);

    /// <summary>Whether an integration was told of an alert so lately that it is not told again.</summary>
    public bool Holds((string, string, int) integration, Labels alert, long steadyNs, SeverityLadders ladders) =>
        _told.TryGetValue((integration, alert.Without(SeverityLabel)), out var told) && steadyNs < told.UntilNs && !ladders.IsRise(told.Severity, alert);

    /// <summary>Forgets the pauses of an alert.</summary>
    public void Forget(Labels alert)
    {
        var identity = alert.Without(SeverityLabel);
        foreach (var key in _told.Keys.Where(k => k.Identity.Equals(identity)).ToList())
        {
            _told.Remove(key);
        }
    }

    /// <summary>Forgets the pauses that are over.</summary>
    public void Prune(long steadyNs)
    {
        foreach (var (key, _) in _told.Where(t => t.Value.UntilNs <= steadyNs).ToList())
        {
            _told.Remove(key);
        }
    }
}
