using Nines.Core.Delivery;
using Nines.Metrics;
using NodaTime;

namespace Nines.Core.Alerting.Routing;

public sealed partial class AlertBoard
{
    // As long as Alertmanager remembers what was told, at most.
    private const long NoticesKnownNs = 120L * 3600 * Second;

    // A receiver that refuses for good is asked again after one interval, then after two, four, …, at most after an hour; of other alerts at once.
    private const long LongestRefusalNs = 3600 * Second;

    private readonly Dictionary<(string Receiver, string Kind, int Index, string GroupKey), Known> _notices = [];

    private static readonly IReadOnlySet<ulong> None = System.Collections.Frozen.FrozenSet<ulong>.Empty;

    /// <summary>Takes back that an integration was told: it refused the message for good. A later look at the group decides anew.</summary>
    public void Undo(GroupNotification refused, Moment now, BoardChanges changes)
    {
        var key = (refused.Receiver, refused.Kind, refused.Index, refused.GroupKey);
        if (!_notices.TryGetValue(key, out var known) || known.Notice.Sequence != refused.Sequence)
        {
            if (known?.Notice.Before is { } last && last.Sequence == refused.Sequence)
            {
                // The next message tells it; if that is refused too, this one was never told.
                known.Notice = known.Notice with { Before = last with { Firing = None } };
                changes.Notices.Add(known.Notice);
            }
            return;
        }
        known.Refused = known.Notice.Firing;
        var before = known.Notice.Before ?? known.Notice with { Firing = None, Resolved = None, Open = None };
        var ended = refused.Alerts.Where(a => a.EndsAtNs != 0).Select(a => a.Fingerprint).Concat(refused.UntoldEnds).Select(AlertMachine.HashOf)
            .OfType<ulong>().ToHashSet();
        // Who has a stand-in, or got the message all the same, counts on hearing of the end.
        var heard = refused.MayHaveArrived || Plan?.Failover.ContainsKey(refused.Receiver) == true ? known.Notice.Open : None;
        var open = before.Open.Concat(ended).Concat(heard).ToHashSet();
        known.Notice = before with
        {
            Sequence = refused.Sequence,
            Before = null,
            // Whose end was refused is open, but when it fires again that is news. What it took over was decided, and not told.
            Firing = refused.TookOver ? None : before.Firing.Except(ended).ToHashSet(),
            Resolved = before.Resolved.Except(open).ToHashSet(),
            Open = open,
        };
        known.Refusals++;
        known.RefusedNs = now.SteadyNs;
        changes.Notices.Add(known.Notice);
        // The end of what is open has to be told: back into the group with it.
        foreach (var alert in refused.Alerts)
        {
            _alerts.GetValueOrDefault(alert.Labels)?.Told.Remove(refused.Receiver);
            if (_alerts.TryGetValue(alert.Labels, out var over) && known.Notice.Open.Contains(over.Fingerprint))
            {
                Route(over, now, refused.Receiver);
                over.Groups.Where(g => !g.Flushed && g.Key == refused.GroupKey).ToList()
                    .ForEach(g => Schedule(g, now.SteadyNs + g.Route.GroupIntervalMs * Millisecond));
            }
        }
        foreach (var group in _groups.Values.SelectMany(of => of.Values).Where(g => g.Digest is not null && g.Key == refused.GroupKey))
        {
            // Not only with the next digest.
            group.DigestNs = now.WallNs + Math.Max(group.Route.GroupIntervalMs * Millisecond, known.RefusesUntil(group.Route) - now.SteadyNs);
        }
    }

    private void Flush(AlertGroup group, Moment now, BoardChanges changes)
    {
        group.Flushed = true;
        var times = group.Route.QuietIn(Instant.FromUnixTimeTicks(now.WallNs / 100));
        var muted = times.Count > 0;
        group.Last = new(group.Route, group.Key, now.WallNs, times);
        var alerts = group.Alerts.OrderBy(a => a.State.Labels, AlertOrder).ToList();
        var quiet = new HashSet<BoardAlert>();
        foreach (var alert in alerts)
        {
            var why = WhatQuiets(alert.State.Labels, now.WallNs);
            alert.Note(new(group.Last, why));
            if (why is not null)
            {
                quiet.Add(alert);
            }
        }
        foreach (var integration in Plan!.Receivers[group.Route.Receiver].Integrations)
        {
            group.Last.Reasons.Add(Look(group, integration, alerts, muted ? null : quiet, now, changes));
        }
        foreach (var alert in alerts.Where(a => !a.State.Firing))
        {
            // What was told to begin while nothing may be told stays until its end can be.
            if (!Waits(group, alert, muted, now))
            {
                group.Alerts.Remove(alert);
                alert.Groups.Remove(group);
            }
        }
        if (group.Alerts.Count == 0)
        {
            _groups[group.Route].Remove(group.Labels);
        }
    }

    /// <param name="group">The group.</param>
    /// <param name="integration">Whom to tell.</param>
    /// <param name="alerts">All alerts of the group, in order.</param>
    /// <param name="quiet">Those of which nothing is told; null when the route itself is quiet.</param>
    /// <param name="now">The moment.</param>
    /// <param name="changes">Gets what is told.</param>
    /// <returns>Why it is told; null when it is not.</returns>
    private NoticeReason? Look(AlertGroup group, Integration integration, List<BoardAlert> alerts, HashSet<BoardAlert>? quiet, Moment now, BoardChanges changes)
    {
        var receiver = group.Route.Receiver;
        var wishes = Plan!.WishesOf(receiver);
        var key = (receiver, integration.Kind, integration.Index, group.Key);
        var known = _notices.GetValueOrDefault(key);
        var knownNs = Math.Min(NoticesKnownNs, 2 * group.Route.RepeatIntervalMs * Millisecond);
        // While alerts of it are open, what was told is not forgotten.
        // Setting the wall's clock makes nothing older.
        var sinceNs = now.SteadyNs - (known?.ToldNs ?? 0);
        var last = known?.Notice is { } notice && (notice.Open.Count > 0 || sinceNs < knownNs) ? notice : null;
        NoticeReason? reason = null;
        var held = quiet is null || (known is not null && known.RefusesUntil(group.Route) > now.SteadyNs
            && alerts.TrueForAll(a => !a.State.Firing || quiet.Contains(a) || known.Refused.Contains(a.Fingerprint)));
        if (!held)
        {
            var heard = alerts.Where(a => a.State.Firing ? !quiet!.Contains(a)
                : !ToldElsewhere(a, receiver) && (!quiet!.Contains(a) || wishes.TellsQuietEnds && last?.Open.Contains(a.Fingerprint) == true)).ToList();
            if (wishes.CooldownMs > 0)
            {
                heard.RemoveAll(a => a.State.Firing
                    ? last?.Firing.Contains(a.Fingerprint) != true
                        && _cooldowns.Holds((receiver, integration.Kind, integration.Index), a.State.Labels, now.SteadyNs, Plan.Ladders)
                        && group.Last!.Cooling.Add((group.Last.Reasons.Count, a.Fingerprint))
                    : last?.Open.Contains(a.Fingerprint) != true);
            }
            last = Knowing(group, integration, last, heard, now, changes);
            var firing = heard.Where(a => a.State.Firing).Select(a => a.Fingerprint).ToHashSet();
            var resolved = heard.Where(a => !a.State.Firing).Select(a => a.Fingerprint).ToHashSet();
            reason = heard.Count == 0 ? null
                : group.Digest is not null ? NoticeReason.Digest
                : GroupNotice.ReasonToTell(last, firing, resolved, integration.SendsResolved,
                    sinceNs > group.Route.RepeatIntervalMs * Millisecond && !AreAcknowledged(heard));
            if (reason is { } why)
            {
                var open = firing.Concat(last?.Open ?? None).Except(resolved).ToHashSet();
                Tell(group, integration, Put(group, integration, last, now, why, firing, resolved, open, changes), why, heard, changes);
                if (wishes.CooldownMs > 0)
                {
                    heard.Where(a => a.State.Firing).ToList().ForEach(a => _cooldowns.Tell(
                        (receiver, integration.Kind, integration.Index), a.State.Labels, now.SteadyNs + wishes.CooldownMs * Millisecond));
                }
            }
        }
        Forget(group, key, alerts, quiet is null, now, changes);
        return reason;
    }

    /// <summary>Notes what an integration is told.</summary>
    private GroupNotice Put(
        AlertGroup group, Integration integration, GroupNotice? last, Moment now, NoticeReason? reason, IReadOnlySet<ulong> firing,
        IReadOnlySet<ulong> resolved, IReadOnlySet<ulong> open, BoardChanges changes)
    {
        var key = (group.Route.Receiver, integration.Kind, integration.Index, group.Key);
        var known = _notices.GetValueOrDefault(key);
        var notice = new GroupNotice
        {
            Receiver = group.Route.Receiver,
            Kind = integration.Kind,
            Index = integration.Index,
            GroupKey = group.Key,
            // Also after what was told is forgotten, no key comes twice.
            // Without a message it stands with the one before, which may still be refused.
            Sequence = reason is null && last is not null ? last.Sequence : Math.Max((known?.Notice.Sequence ?? 0) + 1, now.WallNs / Millisecond),
            AtNs = now.WallNs,
            Reason = reason,
            Firing = firing,
            Resolved = resolved,
            Open = open,
            Before = reason is null ? last?.Before : last is null ? null : last with { Before = null },
        };
        _notices[key] = new(notice, now.SteadyNs)
        {
            Refusals = known?.Refusals ?? 0,
            RefusedNs = known?.RefusedNs ?? 0,
            Refused = known?.Refused ?? None,
        };
        changes.Notices.RemoveAll(n => KeyOf(n) == key);
        changes.Notices.Add(notice);
        return notice;
    }

    /// <summary>Makes the message, unless it would be empty.</summary>
    private static void Tell(
        AlertGroup group, Integration integration, GroupNotice notice, NoticeReason reason, List<BoardAlert> heard, BoardChanges changes)
    {
        var alerts = heard.Where(a => a.State.Firing || integration.SendsResolved)
            .Select(a => new NotifiedAlert(a.State.Fingerprint, a.State.Labels, a.State.Annotations, a.State.StartsAtNs,
                a.State.Firing ? 0 : a.State.EndsAtNs, a.State.GeneratorUrl)
                { EpisodeNs = a.State.EpisodeNs, AcknowledgedBy = a.State.Acknowledged?.By.Name ?? "" })
            .ToList();
        heard.Where(a => a.State.Firing).ToList().ForEach(a => a.Told.Add(notice.Receiver));
        if (alerts.Count == 0)
        {
            return;
        }
        var key = GroupNotification.KeyOf(notice.Receiver, notice.Kind, notice.Index, notice.GroupKey, notice.Sequence);
        changes.Notifications.Add(new(
            key, notice.Receiver, notice.Kind, notice.Index, notice.GroupKey, group.Labels, notice.Sequence, reason, notice.AtNs, alerts));
    }

    /// <summary>What leaves the group is told to fire no more: when it comes again it is news.</summary>
    private void Forget(AlertGroup group, (string, string, int, string) key, List<BoardAlert> alerts, bool muted, Moment now, BoardChanges changes)
    {
        if (!_notices.TryGetValue(key, out var known))
        {
            return;
        }
        var gone = alerts.Where(a => !a.State.Firing && !Waits(group, a, muted, now)).Select(a => a.Fingerprint).ToHashSet();
        known.Refused = known.Refused.Except(gone).ToHashSet();
        if (gone.Overlaps(known.Notice.Firing) || gone.Overlaps(known.Notice.Open))
        {
            known.Notice = known.Notice with { Firing = known.Notice.Firing.Except(gone).ToHashSet(), Open = known.Notice.Open.Except(gone).ToHashSet() };
            changes.Notices.RemoveAll(n => KeyOf(n) == key);
            changes.Notices.Add(known.Notice);
        }
    }

    /// <summary>Whether an alert that is over stays in its group: its end is to be told, and cannot be now.</summary>
    private bool Waits(AlertGroup group, BoardAlert alert, bool muted, Moment now) => Plan!.Receivers[group.Route.Receiver].Integrations.Any(i =>
        i.SendsResolved && _notices.TryGetValue((group.Route.Receiver, i.Kind, i.Index, group.Key), out var known)
        && known.Notice.Open.Contains(alert.Fingerprint)
        && (muted && Plan.WishesOf(group.Route.Receiver).TellsQuietEnds || known.RefusesUntil(group.Route) > now.SteadyNs));

    /// <summary>What was told before, and with it what the receiver knows from another alert of the same story.</summary>
    private GroupNotice? Knowing(AlertGroup group, Integration integration, GroupNotice? last, List<BoardAlert> heard, Moment now, BoardChanges changes)
    {
        var known = heard.Where(a => a.State.Firing && last?.Firing.Contains(a.Fingerprint) != true && ToldElsewhere(a, group.Route.Receiver)).ToList();
        if (known.Count == 0)
        {
            return last;
        }
        known.ForEach(a => a.Told.Add(group.Route.Receiver));
        var fingerprints = known.ConvertAll(a => a.Fingerprint);
        return Put(group, integration, last, now, null, fingerprints.Concat(last?.Firing ?? None).ToHashSet(),
            last?.Resolved ?? None, fingerprints.Concat(last?.Open ?? None).ToHashSet(), changes);
    }

    /// <summary>Whether a receiver knows of an alert from another one of the same story, or will in a moment.</summary>
    private bool ToldElsewhere(BoardAlert alert, string receiver) => alert.State.ToldWith is { } story && _alerts.TryGetValue(story, out var other)
        && (other.Told.Contains(receiver) || other.Groups.Exists(g => !g.Flushed && g.Route.Receiver == receiver));

    private Quieting? WhatQuiets(Labels alert, long wallNs) =>
        _silences.Values.FirstOrDefault(s => s.Mutes(alert, wallNs)) is { } silence ? new(silence, null)
        : _inhibitor.InhibitorsOf(alert).FirstOrDefault() is { } inhibition ? new(null, inhibition) : null;

    private static (string, string, int, string) KeyOf(GroupNotice notice) => (notice.Receiver, notice.Kind, notice.Index, notice.GroupKey);

    /// <summary>Alertmanager's order within a group: by job, by instance, by all labels.</summary>
    internal static readonly Comparer<Labels> AlertOrder = Comparer<Labels>.Create(static (a, b) =>
        string.CompareOrdinal(a["job"], b["job"]) is not 0 and var byJob ? byJob
        : string.CompareOrdinal(a["instance"], b["instance"]) is not 0 and var byInstance ? byInstance
        : Labels.Compare(a, b));

    private sealed class Known(GroupNotice notice, long toldNs)
    {
        /// <summary>When it was told, on the steady clock.</summary>
        public long ToldNs { get; } = toldNs;

        public GroupNotice Notice { get; set; } = notice;

        /// <summary>How often in a row it refused for good.</summary>
        public int Refusals { get; set; }

        /// <summary>The alerts whose beginning it refused last.</summary>
        public IReadOnlySet<ulong> Refused { get; set; } = None;

        /// <summary>When it last did, on the steady clock.</summary>
        public long RefusedNs { get; set; }

        public long RefusesUntil(Route route) => Refusals < 2 ? long.MinValue
            : RefusedNs + Math.Min(LongestRefusalNs, route.GroupIntervalMs * Millisecond << Math.Min(Refusals - 1, 20));
    }
}
