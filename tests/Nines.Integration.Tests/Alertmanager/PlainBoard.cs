using Nines.Core.Alerting;
using Nines.Core.Alerting.Routing;
using NodaTime;

namespace Nines.Integration.Tests.Alertmanager;

/// <summary>Door and routing as a plain reference: lists, and everything computed anew at each question.</summary>
internal sealed class PlainBoard : IAlertRouting, IAlertDoor
{
    private readonly Lock _gate = new();
    private readonly Dictionary<string, AlertState> _alerts = new(StringComparer.Ordinal);
    private readonly List<Silence> _silences = [];

    public RoutingPlan Plan { get; private set; } = RoutingPlan.Empty;

    public void Apply(RoutingPlan plan) => Plan = plan;

    public Task PostAsync(IReadOnlyList<PostedAlert> alerts, CancellationToken cancellation)
    {
        lock (_gate)
        {
            foreach (var posted in alerts)
            {
                var key = AlertMachine.FingerprintOf(posted.Labels);
                if (AlertMachine.Receive(_alerts.GetValueOrDefault(key), posted, Now) is { } decision)
                {
                    _alerts[key] = decision.State;
                }
            }
            return Task.CompletedTask;
        }
    }

    public IReadOnlyList<RoutedAlert> Alerts()
    {
        lock (_gate)
        {
            return [.. Firing().Select(a => Routed(a, [.. Routes(a).SelectMany(MutedBy).Distinct(StringComparer.Ordinal)]))];
        }
    }

    public IReadOnlyList<GroupReport> Groups()
    {
        lock (_gate)
        {
            return [.. Firing().SelectMany(a => Routes(a).Select(r => (Alert: a, Route: r)))
                .GroupBy(t => (t.Route, Group: t.Route.GroupOf(t.Alert.Labels)))
                .Select(g => new GroupReport(g.Key.Group, g.Key.Route.Receiver, $"{g.Key.Route.Key}:{g.Key.Group}", 0,
                    [.. g.Select(t => Routed(t.Alert, [.. MutedBy(t.Route)])).OrderBy(a => a.State.Fingerprint, StringComparer.Ordinal)]))
                .OrderBy(g => g.Labels, Comparer<Nines.Metrics.Labels>.Create(Nines.Metrics.Labels.Compare)).ThenBy(g => g.Receiver, StringComparer.Ordinal)];
        }
    }

    public IReadOnlyList<Silence> Silences()
    {
        lock (_gate)
        {
            return [.. _silences];
        }
    }

    public Task<SilenceChange?> SetSilenceAsync(string id, Silence asked, Responder by, CancellationToken cancellation)
    {
        lock (_gate)
        {
            var before = _silences.Find(s => s.Id == id);
            if (id.Length > 0 && before is null)
            {
                return Task.FromResult<SilenceChange?>(null);
            }
            var change = Silence.Set(before, asked, Guid.CreateVersion7().ToString(), Now);
            change.Stored.ToList().ForEach(Keep);
            return Task.FromResult<SilenceChange?>(change);
        }
    }

    public Task<bool> ExpireSilenceAsync(string id, Responder by, CancellationToken cancellation)
    {
        lock (_gate)
        {
            if (_silences.Find(s => s.Id == id) is not { } silence)
            {
                return Task.FromResult(false);
            }
            Keep(silence.Expire(Now));
            return Task.FromResult(true);
        }
    }

    private static long Now => (TimeProvider.System.GetUtcNow() - DateTimeOffset.UnixEpoch).Ticks * 100;

    private void Keep(Silence silence)
    {
        _silences.RemoveAll(s => s.Id == silence.Id);
        _silences.Add(silence);
    }

    private IEnumerable<AlertState> Firing() => _alerts.Values.Where(a => a.Firing && a.EndsAtNs > Now);

    private IEnumerable<Route> Routes(AlertState alert) => Plan.Roots.SelectMany(r => r.Match(alert.Labels));

    private RoutedAlert Routed(AlertState alert, IReadOnlyList<string> mutedBy)
    {
        string[] silenced = [.. _silences.Where(s => s.Mutes(alert.Labels, Now)).Select(s => s.Id).Order(StringComparer.Ordinal)];
        string[] inhibited = [.. Firing().Where(source => Plan.InhibitRules.Any(r => r.InhibitorOf(alert.Labels, [source.Labels]) is not null)).Select(a => a.Fingerprint)];
        var quiet = silenced.Length + inhibited.Length + mutedBy.Count > 0;
        return new(alert, [.. Routes(alert).Select(r => r.Receiver)], quiet ? AlertStanding.Suppressed : AlertStanding.Active, silenced, inhibited, mutedBy);
    }

    private static IEnumerable<string> MutedBy(Route route)
    {
        var now = SystemClock.Instance.GetCurrentInstant();
        return route.MutedIn.Where(i => i.Contains(now)).Select(i => i.Name);
    }
}
