using Nines.Core.Alerting;
using Nines.Core.Alerting.Routing;
using Nines.Core.Delivery;

namespace Nines.Simulation;

/// <summary>What must not be was.</summary>
public sealed class ViolationException(string message) : Exception(message);

/// <summary>Watches a world: what receivers know, against what is true and what was promised.</summary>
internal sealed class Checker(World world)
{
    /// <summary>Within so long after all is well, who is to be told is told: a grace of a minute after a start, a group's interval, and a
    /// wait of a minute.</summary>
    private const long BoundNs = 240 * Plan.Second;

    /// <summary>For so long a receiver that refused for good is left alone at most, and a look at the group.</summary>
    private const long RefusalNs = 66 * 60 * Plan.Second;

    private readonly Dictionary<(string Receiver, string Kind, int Index, string Group, string? InPlaceOf), Told> _lanes = [];
    private readonly Dictionary<string, int> _arrivals = new(StringComparer.Ordinal);
    private readonly Dictionary<string, int> _doubts = new(StringComparer.Ordinal);
    private readonly Dictionary<(string Receiver, int Index, string? InPlaceOf, string Alert), bool> _beliefs = [];
    private readonly Dictionary<string, Silence> _silences = new(StringComparer.Ordinal);

    private sealed class Told
    {
        public long Sequence { get; set; }

        public string Key { get; set; } = "";

        public string Content { get; set; } = "";

        /// <summary>When that was decided.</summary>
        public long DecidedNs { get; set; }

        /// <summary>Whether something happened since that makes the same news again right: what was told between was merged, or refused.</summary>
        public bool Excused { get; set; }
    }

    /// <summary>Whether records that were in memory only were lost with a process: then the same is decided anew, under another key.</summary>
    public bool LostRecords { get; set; }

    /// <summary>Whether what went out while the store refused is on no disk that the next process reads.</summary>
    public bool LostSpool { get; set; }

    /// <summary>Whether what receivers were told can be on no disk: then an alert that ended and fires again passes for one that goes on.</summary>
    private bool Unknowable => LostRecords && (LostSpool || world.Spool.WasBroken);

    /// <summary>An attempt whose outcome the server cannot know: its message may come once more.</summary>
    public void Doubt(string key) => _doubts[key] = _doubts.GetValueOrDefault(key) + 1;

    public void Heard(OutboxChanges changes)
    {
        foreach (var entry in changes.Standings.Where(e => e.State is DeliveryState.Collapsed or DeliveryState.Failed or DeliveryState.FailedOver))
        {
            LaneOf(entry.Notification).Excused = true;
        }
    }

    /// <summary>A silence, or its end, was taken for good.</summary>
    public void Silenced(Silence silence) => _silences[silence.Id] = silence;

    /// <summary>A silence is to change: until that is durable, either may be.</summary>
    public void Unsilenced(string id) => _silences.Remove(id);

    public void Arrived(GroupNotification message, DeliveryMarks marks, IReadOnlyList<Source> sources)
    {
        var lane = LaneOf(message);
        var came = _arrivals[message.Key] = _arrivals.GetValueOrDefault(message.Key) + 1;
        if (came > 1 + _doubts.GetValueOrDefault(message.Key) && !Unknowable)
        {
            throw new ViolationException(
                $"{message.Receiver} got {message.Key} {came} times; the outcome of {_doubts.GetValueOrDefault(message.Key)} attempts was not known");
        }
        if (came > 1 && !marks.PossibleRepeat && !LostRecords)
        {
            throw new ViolationException($"{message.Receiver} got {message.Key} again, and it does not say so");
        }
        if (message.Sequence < lane.Sequence && !LostRecords)
        {
            throw new ViolationException($"{message.Receiver} got an older message after a newer one");
        }
        var content = string.Join(' ', message.Alerts
            .Select(a => a.Labels["alertname"] + a.Labels["receiver"] + (a.EndsAtNs == 0 ? "+" : "-") + a.StartsAtNs).Order(StringComparer.Ordinal));
        if (content == lane.Content && message.Key != lane.Key && marks.DelayedSinceNs is null && !lane.Excused && !LostRecords
            && _doubts.GetValueOrDefault(lane.Key) == 0 && message.Reason != NoticeReason.Repeat && message.Index == 0
            // Who was told of an alert that was silenced meanwhile, by a message decided before, is told again when the silence ends.
            && !sources.Any(s => s.MutedNs >= lane.DecidedNs && message.Alerts.Any(a => a.Labels.Equals(s.Labels))))
        {
            throw new ViolationException($"{message.Receiver} was told {content} twice, as {lane.Key} and {message.Key}");
        }
        (lane.Sequence, lane.Key, lane.Content, lane.Excused) = (message.Sequence, message.Key, content, false);
        lane.DecidedNs = Math.Min(world.NowNs, world.NowNs - (world.WallNs - message.DecidedAtNs));
        foreach (var alert in message.Alerts)
        {
            _beliefs[(message.Receiver, message.Index, message.InPlaceOf, alert.Labels["alertname"])] = alert.EndsAtNs == 0;
            if (message.InPlaceOf is null && sources.FirstOrDefault(s => s.Labels.Equals(alert.Labels)) is { } source)
            {
                source.Episodes.ForEach(e => e.Told.Add(message.Receiver));
            }
        }
    }

    /// <summary>What must hold at any time.</summary>
    public void Check(Node node, IReadOnlyList<Source> sources)
    {
        var known = node.Silences.ToDictionary(s => s.Id, StringComparer.Ordinal);
        foreach (var (id, silence) in _silences)
        {
            if (!known.TryGetValue(id, out var now) || now.EndsAtNs != silence.EndsAtNs)
            {
                throw new ViolationException($"silence {id} was taken and is forgotten");
            }
        }
        NoteSilenced(node, sources);
        foreach (var source in sources)
        {
            if (source.Firing && source.AckedNs != long.MaxValue && !Unknowable)
            {
                Plan.Receivers.Where(source.IsTakenBy).ToList().ForEach(receiver => CheckTold(source, receiver));
            }
        }
    }

    /// <summary>Notes which alerts are silenced: they need not be told.</summary>
    public void NoteSilenced(Node node, IReadOnlyList<Source> sources)
    {
        foreach (var source in sources.Where(s => node.Silences.Any(silence => silence.Mutes(s.Labels, world.WallNs))))
        {
            source.MutedNs = world.NowNs;
            source.Episodes.Where(e => e.BeganNs > world.NowNs - BoundNs || source.Firing).ToList().ForEach(e => e.Excused = true);
        }
    }

    /// <summary>What must hold when all is well for long enough.</summary>
    public void CheckEnd(IReadOnlyList<Source> sources, Rows rows)
    {
        foreach (var source in sources)
        {
            foreach (var receiver in Plan.Receivers)
            {
                // A message from the spool may tell of an alert whose own record was lost with the process; its end is not told then.
                var wrong = source.Firing ? !IsTold(receiver, source.Name) : !LostRecords && _beliefs.GetValueOrDefault((receiver, 0, null, source.Name));
                if (wrong && source.IsTakenBy(receiver) && !Unknowable)
                {
                    throw new ViolationException($"in the end {receiver} takes {source.Name} to {(source.Firing ? "be over" : "fire")}, and it does not");
                }
                if (!source.Firing && !LostRecords && Plan.Receivers.Any(of => _beliefs.GetValueOrDefault((receiver, 0, of, source.Name))))
                {
                    throw new ViolationException($"in the end {receiver}, told in another's place, takes {source.Name} to fire, and it is over");
                }
                // An end that was lost, and is reported anew by a clock that was set back, passes for one of an earlier stretch.
                if (receiver != "chat" && !(LostRecords && world.ClockWasSet) && source.IsTakenBy(receiver) && world.ReceiverOf(receiver).RefusedNs < 0
                    && source.Episodes.Find(e => e.Taken && !e.Excused && !e.Told.Contains(receiver)) is { } untold)
                {
                    throw new ViolationException($"{receiver} was never told that {source.Name} fired at {untold.BeganNs / Plan.Second} s");
                }
            }
        }
        if (rows.Outbox.Values.FirstOrDefault(e => e.State is DeliveryState.Pending or DeliveryState.Sending) is { } open)
        {
            throw new ViolationException($"in the end message {open.Notification.Key} to {open.Notification.Receiver} is {open.State}");
        }
    }

    private void CheckTold(Source source, string name)
    {
        var receiver = world.ReceiverOf(name);
        var since = Latest(source.AckedNs, source.MutedNs, world.UpSinceNs, world.SleptNs);
        if (Due(Latest(since, receiver.HealthySinceNs, receiver.RefusedNs + RefusalNs)) && !IsTold(name, source.Name))
        {
            throw new ViolationException($"{name} is not told that {source.Name} fires, taken at {source.AckedNs / Plan.Second} s");
        }
        if (!world.Routing.Failover.TryGetValue(name, out var failover) || receiver.Behaviour == Behaviour.Takes)
        {
            return;
        }
        var standIn = world.ReceiverOf(failover.To);
        var failing = receiver.FailsSinceNs + failover.AfterMs * 1_000_000;
        if (Due(Latest(since + failover.AfterMs * 1_000_000, failing, standIn.HealthySinceNs, standIn.RefusedNs + RefusalNs))
            && !IsTold(name, source.Name))
        {
            throw new ViolationException($"{name} cannot be told that {source.Name} fires, and {failover.To} is not told in its place");
        }
    }

    /// <summary>Whether a receiver, or who stands in for it, takes an alert to fire.</summary>
    private bool IsTold(string receiver, string alert) => _beliefs.GetValueOrDefault((receiver, 0, null, alert))
        || (world.Routing.Failover.TryGetValue(receiver, out var failover) && _beliefs.GetValueOrDefault((failover.To, 0, receiver, alert)));

    private bool Due(long since) => since < world.NowNs - BoundNs;

    private static long Latest(params ReadOnlySpan<long> times)
    {
        var latest = long.MinValue;
        foreach (var time in times)
        {
            latest = Math.Max(latest, time);
        }
        return latest;
    }

    private Told LaneOf(GroupNotification message)
    {
        var key = (message.Receiver, message.Kind, message.Index, message.GroupKey, message.InPlaceOf);
        if (!_lanes.TryGetValue(key, out var lane))
        {
            _lanes[key] = lane = new Told();
        }
        return lane;
    }
}
