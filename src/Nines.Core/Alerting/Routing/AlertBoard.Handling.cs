namespace Nines.Core.Alerting.Routing;

public sealed partial class AlertBoard
{
    /// <summary>Acknowledges alerts for the stretch in which they fire. The first to do so has it.</summary>
    /// <param name="which">The alerts.</param>
    /// <param name="by">Who acknowledges them.</param>
    /// <param name="now">The moment.</param>
    /// <param name="changes">Gets what is to be recorded.</param>
    /// <returns>What came of it for each, in order.</returns>
    public IReadOnlyList<HandledAlert> Acknowledge(IReadOnlyList<AlertStretch> which, Responder by, Moment now, BoardChanges changes)
    {
        return Handle(which, alert =>
        {
            // Who takes up the alert that another one waits for too long takes up that one.
            var other = alert.State.Labels["alertname"] == ResponseClock.AlertName ? alert.State.Labels[ResponseClock.FingerprintLabel] : "";
            if (other.Length > 0)
            {
                Handle([new(other)], TakeUp);
            }
            return TakeUp(alert);
        });

        HandlingOutcome TakeUp(BoardAlert alert)
        {
            if (alert.State.Acknowledged is not null)
            {
                return HandlingOutcome.Already;
            }
            alert.State = alert.State with { Acknowledged = new(by, now.WallNs) };
            changes.Alerts.Add((alert.State, alert.Explanation));
            changes.Handled.Add(new(Handling.Acknowledge, alert.State, by, now.WallNs));
            return HandlingOutcome.Done;
        }
    }

    /// <summary>Ends alerts because somebody says that they are over. One that its source goes on to report fires again, as a new stretch.</summary>
    /// <param name="which">The alerts.</param>
    /// <param name="by">Who says so.</param>
    /// <param name="now">The moment.</param>
    /// <param name="changes">Gets what is to be recorded.</param>
    /// <returns>What came of it for each, in order.</returns>
    public IReadOnlyList<HandledAlert> Resolve(IReadOnlyList<AlertStretch> which, Responder by, Moment now, BoardChanges changes) =>
        Handle(which, alert =>
        {
            Take(alert, true, AlertMachine.EndByHand(alert.State, by, now.WallNs), now, changes);
            changes.Handled.Add(new(Handling.Resolve, alert.State, by, now.WallNs));
            // The end is told before its source can report it again; and that would be told, cooldown or not.
            alert.Groups.ForEach(group => Schedule(group, now.SteadyNs));
            _cooldowns.Forget(alert.State.Labels);
            return HandlingOutcome.Done;
        });

    private List<HandledAlert> Handle(IReadOnlyList<AlertStretch> which, Func<BoardAlert, HandlingOutcome> act)
    {
        var wanted = which.Select(w => AlertMachine.HashOf(w.Fingerprint)).OfType<ulong>().ToHashSet();
        var found = _alerts.Values.Where(a => wanted.Contains(a.Fingerprint)).DistinctBy(a => a.Fingerprint)
            .ToDictionary(a => a.State.Fingerprint, StringComparer.OrdinalIgnoreCase);
        return [.. which.Select(w =>
        {
            var alert = found.GetValueOrDefault(w.Fingerprint);
            var outcome = alert is null ? HandlingOutcome.Unknown
                : !alert.State.Firing ? HandlingOutcome.Over
                : w.EpisodeNs != 0 && w.EpisodeNs != alert.State.EpisodeNs ? HandlingOutcome.Anew : act(alert);
            return new HandledAlert(w.Fingerprint, outcome, alert?.State);
        })];
    }

    /// <summary>Whether somebody has taken up all that fires.</summary>
    private static bool AreAcknowledged(IEnumerable<BoardAlert> alerts) => alerts.All(a => !a.State.Firing || a.State.Acknowledged is not null);
}
