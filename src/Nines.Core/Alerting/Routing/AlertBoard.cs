using Nines.Core.Delivery;
using Nines.Metrics;

namespace Nines.Core.Alerting.Routing;

/// <summary>
/// All alerts, silences and groups, and who is told what when: Alertmanager's pipeline. Decides; what it decided is in the changes that it gives back, and
/// recording and sending them is for the caller. One caller at a time.
/// </summary>
public sealed partial class AlertBoard
{
    /// <summary>So long after a start the alerts that were there before wait like new ones, so that what inhibits them can arrive.</summary>
    private const long GraceNs = 60 * Second;

    private const long Second = 1_000_000_000;
    private const long Millisecond = 1_000_000;

    private readonly Dictionary<Labels, BoardAlert> _alerts = [];
    private readonly Dictionary<string, Silence> _silences = new(StringComparer.Ordinal);
    private readonly PriorityQueue<BoardAlert, long> _deadlines = new();
    private readonly PriorityQueue<AlertGroup, long> _flushes = new();
    private readonly Dictionary<Route, Dictionary<Labels, AlertGroup>> _groups = new(ReferenceEqualityComparer.Instance);
    private readonly Cooldowns _cooldowns = new();
    private Inhibitor _inhibitor = new([]);
    private long _graceUntilNs = long.MinValue;

    /// <summary>The configuration in force; null until one is applied, and nobody is told of anything before.</summary>
    public RoutingPlan? Plan { get; private set; }

    /// <summary>How many alerts fire.</summary>
    public int Firing { get; private set; }

    /// <summary>When something is to be done next, on the steady clock; <see cref="long.MaxValue"/> for never.</summary>
    public long NextNs => Math.Min(
        _deadlines.TryPeek(out _, out var deadline) ? deadline : long.MaxValue, _flushes.TryPeek(out _, out var flush) ? flush : long.MaxValue);

    /// <summary>Takes over what an earlier process recorded. While this one was not there nobody could report: each alert gets a full timeout from now, or
    /// the time that its source gave it.</summary>
    public void Load(
        IEnumerable<(AlertState State, string Explanation)> alerts, IEnumerable<Silence> silences, IEnumerable<GroupNotice> notices, Moment now)
    {
        foreach (var (state, explanation) in alerts)
        {
            var alert = _alerts[state.Labels] = new BoardAlert(state, explanation);
            alert.OverNs = now.SteadyOf(state.UpdatedAtNs);
            if (state.Firing)
            {
                Firing++;
                alert.DeadlineNs = Math.Max(now.SteadyNs + AlertMachine.ResolveTimeoutNs, state.EndIsTimeout ? 0 : now.SteadyOf(state.EndsAtNs));
                _deadlines.Enqueue(alert, alert.DeadlineNs);
                _graceUntilNs = now.SteadyNs + GraceNs;
            }
        }
        foreach (var silence in silences)
        {
            _silences[silence.Id] = silence;
        }
        var byFingerprint = _alerts.Values.ToLookup(a => a.Fingerprint);
        foreach (var notice in notices)
        {
            // An alert whose own record was lost with a process is news when it is reported again.
            var firing = notice.Firing.Where(byFingerprint.Contains).ToHashSet();
            _notices[KeyOf(notice)] = new(notice with { Firing = firing }, now.SteadyOf(notice.AtNs));
            foreach (var alert in notice.Open.SelectMany(f => byFingerprint[f]))
            {
                alert.Told.Add(notice.Receiver);
            }
        }
        if (Plan is { } plan)
        {
            // The configuration was there first.
            Apply(plan, now);
        }
    }

    /// <summary>Puts a configuration in force. All groups begin anew, as Alertmanager's do.</summary>
    public void Apply(RoutingPlan plan, Moment now)
    {
        Plan = plan;
        _inhibitor = new Inhibitor(plan.InhibitRules);
        // What was told to begin, and is over, still has to be told so.
        var open = _notices.Values.SelectMany(n => n.Notice.Open).ToHashSet();
        var waiting = _alerts.Values.Where(a => a.State.Firing || open.Contains(a.Fingerprint)).ToList();
        var gathered = _alerts.Values.Where(a => !a.State.Firing && !open.Contains(a.Fingerprint)).SelectMany(a => Untold(a, now).Select(r => (a, r))).ToList();
        _groups.Clear();
        _flushes.Clear();
        foreach (var alert in _alerts.Values)
        {
            alert.Groups.Clear();
            if (alert.State.Firing)
            {
                alert.Looked.Clear();
                Inhibit(alert);
            }
        }
        waiting.ForEach(alert => Route(alert, now));
        gathered.ForEach(of => Route(of.a, now, of.r));
        WatchResponses();
    }

    /// <summary>Takes in posted alerts.</summary>
    /// <param name="posted">The alerts.</param>
    /// <param name="now">The moment.</param>
    /// <param name="room">How many alerts may fire; those beyond are left out.</param>
    /// <param name="changes">Gets what is to be recorded.</param>
    /// <returns>How many were left out.</returns>
    public int Receive(IReadOnlyList<PostedAlert> posted, Moment now, int room, BoardChanges changes)
    {
        var left = 0;
        foreach (var one in posted)
        {
            _alerts.TryGetValue(one.Labels, out var alert);
            var fired = alert?.State.Firing == true;
            if (!fired && Firing >= room)
            {
                left++;
                continue;
            }
            var timeoutNs = Plan is { ResolveTimeoutMs: var ms } ? ms * Millisecond : AlertMachine.ResolveTimeoutNs;
            if (AlertMachine.Receive(alert?.State, one, now.WallNs, timeoutNs) is { } decision)
            {
                if (alert is null)
                {
                    _alerts[one.Labels] = alert = new BoardAlert(decision.State, "");
                }
                Take(alert, fired, decision, now, changes);
            }
        }
        return left;
    }

    /// <summary>What passes with time: ends that nobody reported, and looks at the groups whose time has come.</summary>
    public void Pass(Moment now, BoardChanges changes)
    {
        while (_deadlines.TryPeek(out var alert, out var at) && at <= now.SteadyNs)
        {
            _deadlines.Dequeue();
            if (!alert.State.Firing || alert.DeadlineNs > now.SteadyNs)
            {
                if (alert.State.Firing && alert.DeadlineNs > at)
                {
                    _deadlines.Enqueue(alert, alert.DeadlineNs);
                }
                continue;
            }
            Take(alert, true, AlertMachine.Expire(alert.State, now.WallNs), now, changes);
        }
        while (_flushes.TryPeek(out var group, out var due) && due <= now.SteadyNs)
        {
            _flushes.Dequeue();
            if (due == group.NextFlushNs && group.Alerts.Count > 0)
            {
                var isTime = group.Digest is not { } digest || Gathered(group, digest, now);
                // Before the look: what it takes does not count.
                Schedule(group, now.SteadyNs + (group.Digest is null ? group.Route.GroupIntervalMs * Millisecond : DigestCheckNs));
                if (isTime)
                {
                    Flush(group, now, changes);
                }
            }
        }
    }

    /// <summary>Sets a silence. See <see cref="Silence.Set"/>.</summary>
    /// <returns>Null when there is none with that identity.</returns>
    public SilenceChange? SetSilence(string id, Silence asked, string newId, Moment now, BoardChanges changes)
    {
        if (id.Length > 0 && !_silences.ContainsKey(id))
        {
            return null;
        }
        var change = Silence.Set(_silences.GetValueOrDefault(id), asked, newId, now.WallNs);
        foreach (var silence in change.Stored)
        {
            _silences[silence.Id] = silence;
            changes.Silences.Add(silence);
        }
        return change;
    }

    /// <summary>Ends a silence; false when there is none with that identity.</summary>
    public bool ExpireSilence(string id, Moment now, BoardChanges changes)
    {
        if (!_silences.TryGetValue(id, out var silence))
        {
            return false;
        }
        if (silence.StateAt(now.WallNs) != SilenceState.Expired)
        {
            _silences[id] = silence = silence.Expire(now.WallNs);
            changes.Silences.Add(silence);
        }
        return true;
    }

    /// <summary>Drops what nobody asks for any more.</summary>
    /// <param name="now">The moment.</param>
    /// <param name="alertsKept">How many alerts that are over are kept at most: the latest.</param>
    /// <param name="alertsKeptNs">How long they are.</param>
    /// <param name="othersKeptNs">How long silences that are over, and what was told, are kept.</param>
    /// <returns>The fingerprints of the alerts dropped.</returns>
    public IReadOnlyList<string> Prune(Moment now, int alertsKept, long alertsKeptNs, long othersKeptNs)
    {
        var gone = _alerts.Values.Where(a => !a.State.Firing && a.Groups.Count == 0).OrderByDescending(a => a.OverNs)
            .Where((a, i) => i >= alertsKept || a.OverNs < now.SteadyNs - alertsKeptNs).ToList();
        gone.ForEach(a => _alerts.Remove(a.State.Labels));
        foreach (var silence in _silences.Values.Where(s => s.EndsAtNs < now.WallNs - othersKeptNs).ToList())
        {
            _silences.Remove(silence.Id);
        }
        var old = now.WallNs - othersKeptNs;
        foreach (var key in _notices.Where(n => n.Value.Notice is { Open.Count: 0 } notice && notice.AtNs < old).Select(n => n.Key).ToList())
        {
            _notices.Remove(key);
        }
        _cooldowns.Prune(now.SteadyNs);
        return [.. gone.Select(a => a.State.Fingerprint)];
    }

    private void Take(BoardAlert alert, bool fired, AlertDecision decision, Moment now, BoardChanges changes)
    {
        alert.State = decision.State;
        alert.Explanation = decision.Transition?.Explanation ?? alert.Explanation;
        changes.Alerts.Add((alert.State, alert.Explanation));
        if (decision.Transition is { } transition)
        {
            changes.Transitions.Add(transition);
        }
        if (alert.State.Firing)
        {
            // The wall's clock may be set; an alert must not end, or go on, for that.
            var deadline = now.SteadyNs + (alert.State.EndsAtNs - now.WallNs);
            if (!fired || deadline < alert.DeadlineNs)
            {
                _deadlines.Enqueue(alert, deadline);
            }
            alert.DeadlineNs = deadline;
        }
        if (alert.State.Firing != fired)
        {
            Firing += fired ? -1 : 1;
            if (fired)
            {
                _inhibitor.Remove(alert.State.Labels);
                alert.OverNs = now.SteadyNs;
            }
            else
            {
                alert.Told.Clear();
                alert.Looked.Clear();
                Inhibit(alert);
                WatchResponse(alert);
            }
            alert.Groups.Where(g => g.Route.AtOnce && g.Digest is null).ToList().ForEach(g => Schedule(g, now.SteadyNs));
        }
        if (alert.State.Firing && (!fired || alert.Groups.Exists(g => !g.Flushed)))
        {
            Route(alert, now);
        }
    }

    /// <summary>An alert about one that waits for too long must not keep that one quiet, nor others.</summary>
    private void Inhibit(BoardAlert alert)
    {
        if (alert.State.Labels["alertname"] != ResponseClock.AlertName)
        {
            _inhibitor.Add(alert.State.Labels);
        }
    }

    /// <summary>Puts an alert into its groups; of one receiver only when it is named.</summary>
    private void Route(BoardAlert alert, Moment now, string? receiver = null)
    {
        foreach (var route in Plan?.Roots.SelectMany(root => root.Match(alert.State.Labels)) ?? [])
        {
            if (!Plan!.Receivers.ContainsKey(route.Receiver) || route.Receiver != (receiver ?? route.Receiver)
                || DeliveryTrouble.IsAbout(alert.State.Labels, route.Receiver))
            {
                continue;
            }
            var (labels, digest) = Plan.GroupOf(route, alert.State.Labels);
            if (!_groups.TryGetValue(route, out var groups))
            {
                _groups[route] = groups = [];
            }
            if (!groups.TryGetValue(labels, out var group))
            {
                groups[labels] = group = new AlertGroup(route, labels, $"{route.Key}:{labels}", now.WallNs, digest);
                Schedule(group, now.SteadyNs + (digest is null ? route.GroupWaitMs * Millisecond : DigestCheckNs));
            }
            if (group.Alerts.Add(alert))
            {
                alert.Groups.Add(group);
            }
            if (digest is not null)
            {
                Gather(group, digest, alert, now);
                continue;
            }
            if (Plan.WishesOf(route.Receiver).IsUrgent(alert.State.Labels) && group.NextFlushNs > now.SteadyNs)
            {
                Schedule(group, now.SteadyNs);
            }
            var waited = alert.State.StartsAtNs + route.GroupWaitMs * Millisecond < now.WallNs;
            if (waited && !group.Flushed && now.SteadyNs >= _graceUntilNs && group.NextFlushNs > now.SteadyNs)
            {
                Schedule(group, now.SteadyNs);
            }
        }
    }

    private void Schedule(AlertGroup group, long steadyNs)
    {
        group.NextFlushNs = steadyNs;
        _flushes.Enqueue(group, steadyNs);
    }
}
