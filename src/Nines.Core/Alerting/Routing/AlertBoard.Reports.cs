using NodaTime;

namespace Nines.Core.Alerting.Routing;

public sealed partial class AlertBoard
{
    /// <summary>See <see cref="IAlertRouting.Alerts"/>.</summary>
    public IReadOnlyList<RoutedAlert> Alerts(long wallNs) =>
        [.. _alerts.Values.Where(a => a.State.Firing).OrderBy(a => a.Fingerprint).Select(a => Routed(a, a.Groups, wallNs))];

    /// <summary>See <see cref="IAlertRouting.Groups"/>.</summary>
    public IReadOnlyList<GroupReport> Groups(Moment now) => [.. _groups.Values.SelectMany(of => of.Values)
        .Where(g => g.Alerts.Any(a => a.State.Firing))
        .OrderBy(g => g.Labels, Comparer<Nines.Metrics.Labels>.Create(Nines.Metrics.Labels.Compare)).ThenBy(g => g.Route.Receiver, StringComparer.Ordinal)
        .Select(g => new GroupReport(g.Labels, g.Route.Receiver, g.Key, g.NextLookNs(now),
            [.. g.Alerts.Where(a => a.State.Firing).OrderBy(a => a.Fingerprint).Select(a => Routed(a, [g], now.WallNs))]))];

    /// <summary>All silences that are kept.</summary>
    public IReadOnlyList<Silence> Silences() => [.. _silences.Values];

    /// <summary>All alerts, in no order, each with the reason for its state.</summary>
    public IEnumerable<(AlertState State, string Explanation)> All() => _alerts.Values.Select(a => (a.State, a.Explanation));

    /// <summary>The alert with these labels; null when there is none.</summary>
    public AlertState? Find(Nines.Metrics.Labels labels) => _alerts.GetValueOrDefault(labels)?.State;

    private RoutedAlert Routed(BoardAlert alert, List<AlertGroup> groups, long wallNs)
    {
        var labels = alert.State.Labels;
        var silenced = _silences.Values.Where(s => s.Mutes(labels, wallNs)).Select(s => s.Id).Order(StringComparer.Ordinal).ToList();
        var inhibited = _inhibitor.InhibitorsOf(labels).Select(i => AlertMachine.FingerprintOf(i.Source)).Distinct(StringComparer.Ordinal).ToList();
        var at = Instant.FromUnixTimeTicks(wallNs / 100);
        var quiet = groups.ConvertAll(g => g.Route.QuietIn(at));
        var muted = quiet.Count > 0 && quiet.TrueForAll(q => q.Count > 0)
            ? quiet.SelectMany(q => q).Select(i => i.Name).Distinct(StringComparer.Ordinal).ToList() : [];
        var standing = silenced.Count + inhibited.Count + muted.Count > 0 ? AlertStanding.Suppressed
            : alert.Groups.Exists(g => g.Flushed) ? AlertStanding.Active : AlertStanding.Unprocessed;
        return new(alert.State, [.. alert.Groups.Select(g => g.Route.Receiver)], standing, silenced, inhibited, muted);
    }
}
