using Nines.Core.Delivery;
using Nines.Metrics;
using NodaTime;
using static Nines.Core.Alerting.Routing.ExplainedWords;

namespace Nines.Core.Alerting.Routing;

public sealed partial class AlertBoard
{
    /// <summary>See <see cref="IAlertExplanations.Explain"/>.</summary>
    /// <param name="fingerprint">The alert.</param>
    /// <param name="now">The moment.</param>
    /// <param name="deliveries">How far its messages are; one that is not among them counts as delivered.</param>
    public Explanation? Explain(ulong fingerprint, Moment now, IReadOnlyList<DeliveryReport> deliveries)
    {
        if (_alerts.Values.FirstOrDefault(a => a.Fingerprint == fingerprint) is not { } alert)
        {
            return null;
        }
        var labels = alert.State.Labels;
        var all = (Plan?.Roots ?? []).SelectMany(root => Ways([root])).Where(w => Plan!.Receivers.ContainsKey(w[^1].Receiver)).ToList();
        var taken = (Plan?.Roots ?? []).SelectMany(root => root.Match(labels)).ToList();
        var routes = all.Where(w => taken.Contains(w[^1], ReferenceEqualityComparer.Instance)).Select(w => Explain(alert, w, now, deliveries)).ToList();
        var untaken = all.Where(w => !taken.Contains(w[^1], ReferenceEqualityComparer.Instance)).Take(Explanation.MostUntaken)
            .Select(w => new UntakenRoute(w[^1].Receiver, Untaken(w, labels, taken), w[^1].Position)).ToList();
        return new(alert.State, Summary(routes, now), routes, untaken);
    }

    /// <summary>All routes at or below one, each with those above it.</summary>
    private static IEnumerable<IReadOnlyList<Route>> Ways(IReadOnlyList<Route> way) =>
        way[^1].Routes.SelectMany(child => Ways([.. way, child])).Prepend(way);

    private static string Summary(List<ExplainedRoute> routes, Moment now)
    {
        var tellings = routes.SelectMany(r => r.Tellings).ToList();
        var told = tellings.Where(t => t is { State: TellingState.Told, AtNs: not null }).ToList();
        if (tellings.Count == 0)
        {
            return routes.Count == 0 ? "Nobody is told: no route leads it to a receiver."
                : $"Nobody is told: receiver {routes[0].Receiver} has nowhere to send to.";
        }
        if (told.Count == 0)
        {
            return $"{NameOf(tellings[0])}: {char.ToLowerInvariant(tellings[0].Text[0])}{tellings[0].Text[1..]}";
        }
        var others = tellings.Where(t => t.State != TellingState.Told).Select(NameOf).Distinct(StringComparer.Ordinal).ToList();
        return $"Told: {string.Join(", ", told.Select(t => $"{NameOf(t)} at {At(t.AtNs!.Value, now.WallNs)}"))}."
            + (others.Count > 0 ? $" Not told: {string.Join(", ", others)}." : "");

        string NameOf(ExplainedTelling telling) => routes.Find(r => r.Receiver == telling.Receiver)!.Tellings.Count == 1 || telling.Receiver == telling.Kind
            ? telling.Receiver : $"{telling.Receiver} ({telling.Kind})";
    }

    private ExplainedRoute Explain(BoardAlert alert, IReadOnlyList<Route> way, Moment now, IReadOnlyList<DeliveryReport> deliveries)
    {
        var route = way[^1];
        var (labels, digest) = Plan!.GroupOf(route, alert.State.Labels);
        var key = $"{route.Key}:{labels}";
        var group = alert.Groups.Find(g => ReferenceEquals(g.Route, route));
        var look = alert.Looked.Find(l => l.Group.IsOf(route, key)) is { Group: not null } found ? found : (AlertLook?)null;
        var state = alert.State;
        List<ExplainedStep> steps =
        [
            new(ExplainedStage.State, !state.Firing, state.Firing ? "It fires" : "It is over", Sentence(alert.Explanation), null),
            new(ExplainedStage.Route, false, $"Routed to {route.Receiver}", Trail(way), route.Position),
            new(ExplainedStage.Group, false, "Grouped", Group(route, digest, group is null ? 0 : group.Alerts.Count - 1), null),
            Inhibitions(state.Labels),
        ];
        if (state.Acknowledged is { } taken)
        {
            steps.Insert(1, new(ExplainedStage.Acknowledgement, false, "Acknowledged", $"{Of(taken, now.WallNs)}.", null));
        }
        if (route.MutedIn.Count + route.ActiveIn.Count > 0)
        {
            var quiet = route.QuietIn(Instant.FromUnixTimeTicks(now.WallNs / 100));
            steps.Add(new(ExplainedStage.Times, quiet.Count > 0, quiet.Count > 0 ? "Quiet at this time" : "Not a quiet time",
                quiet.Count > 0 ? Sentence(Times(route, quiet)) : "None of the route's times keeps it quiet now.", quiet.Count > 0 ? quiet[0].Position : null));
        }
        steps.Add(Silences(state.Labels, now.WallNs));
        var next = group?.NextLookNs(now);
        return new(route.Receiver, key, labels, next, steps,
            [.. Plan!.Receivers[route.Receiver].Integrations.Select((i, at) => Delivered(
                Telling(alert, route, key, i, at, group, look, next, now), deliveries, now.WallNs))]);
    }

    private ExplainedStep Inhibitions(Labels labels)
    {
        var rules = Plan!.InhibitRules.Count;
        return _inhibitor.InhibitorsOf(labels).FirstOrDefault() is { } by
            ? new(ExplainedStage.Inhibition, true, "Kept quiet by another alert", $"{Of(by)} fires.", by.Rule.Position)
            { InhibitedBy = AlertMachine.FingerprintOf(by.Source) }
            : new(ExplainedStage.Inhibition, false, "Not inhibited", rules == 0 ? "There are no inhibition rules."
                : rules == 1 ? "The one inhibition rule does not apply now." : $"None of {rules} inhibition rules applies now.", null);
    }

    private ExplainedStep Silences(Labels labels, long wallNs)
    {
        var active = _silences.Values.Where(s => s.StateAt(wallNs) == SilenceState.Active).ToList();
        var by = active.Where(s => Matcher.AllMatch(s.Matchers, labels)).OrderByDescending(s => s.EndsAtNs).ToList();
        return by.Count > 0
            ? new(ExplainedStage.Silence, true, "Silenced", Sentence(Of(by[0], wallNs)) + (by.Count > 1 ? $" {by.Count - 1} more match too." : ""), null)
            { SilenceId = by[0].Id }
            : new(ExplainedStage.Silence, false, "Not silenced", active.Count == 0 ? "No silence is active."
                : active.Count == 1 ? "One silence is active; it does not match." : $"{active.Count} silences are active; none matches.", null);
    }

    /// <summary>What is decided is told only when the receiver has it.</summary>
    private static ExplainedTelling Delivered(ExplainedTelling telling, IReadOnlyList<DeliveryReport> deliveries, long nowNs)
    {
        var delivery = deliveries.FirstOrDefault(d => d.Key == telling.Key);
        var decided = telling.AtNs is { } at ? $"decided at {At(at, nowNs)}" : "";
        return delivery switch
        {
            { State: DeliveryState.Pending, Attempts: > 0 } => telling with
            {
                State = TellingState.NotTold,
                Text = $"Not delivered yet: {decided}, and attempt {delivery.Attempts} failed ({delivery.Detail}). It is tried again.",
            },
            { State: DeliveryState.Pending or DeliveryState.Sending } => telling with { State = TellingState.Waits, Text = $"On its way: {decided}." },
            _ => telling,
        };
    }

    private ExplainedTelling Telling(BoardAlert alert, Route route, string key, Integration integration, int at, AlertGroup? group, AlertLook? look,
        long? nextNs, Moment now)
    {
        var known = _notices.GetValueOrDefault((route.Receiver, integration.Kind, integration.Index, key));
        var told = known is not null && (known.Notice.Firing.Contains(alert.Fingerprint) || known.Notice.Open.Contains(alert.Fingerprint));
        var toldEnd = !alert.State.Firing && look is { Group: var last } && last.Reasons.ElementAtOrDefault(at) is not null && last.AtNs == known?.Notice.AtNs;
        var next = nextNs is { } ns ? $" The next look is at {At(ns, now.WallNs)}." : "";
        var (state, text) = alert.State.Firing ? Beginning() : End();
        var isTold = state == TellingState.Told && (told || toldEnd) && known!.Notice.Reason is not null;
        return new(route.Receiver, integration.Kind, integration.Index, state, text, isTold ? known!.Notice.AtNs : null,
            isTold ? GroupNotification.KeyOf(route.Receiver, integration.Kind, integration.Index, key, known!.Notice.Sequence) : null);

        (TellingState, string) Beginning() =>
            known?.Refusals > 0 && !told ? (TellingState.NotTold, $"Not told: the receiver refused the message for good at {Refused()}.{next}")
            : told && alert.State.ToldWith is { } story && known!.Notice.Reason is null
                ? (TellingState.Told, $"Told of it with {story["alertname"]} {story.Without("alertname")}, which is the same story.")
            : told ? (TellingState.Told, $"Told at {At(known!.Notice.AtNs, now.WallNs)}{Because(known.Notice.Reason)}.{Unrepeated(known)}")
            : group is null ? (TellingState.Waits, "Not told yet.")
            : group.Last is null || group.Flushed == false ? (TellingState.Waits, FirstLook(group))
            : look is not { } seen || seen.Group != group.Last
                ? (TellingState.Waits, $"Not told yet: it came after the look at {At(group.Last.AtNs, now.WallNs)}.{next}")
            : seen.Group.Cooling.Contains((at, alert.Fingerprint)) ? (TellingState.Quiet, $"Not told at the look at {At(seen.Group.AtNs, now.WallNs)}: "
                + $"it came back within its cooldown of {Length(Plan!.WishesOf(route.Receiver).CooldownMs)}; a rise of its severity would be told.{next}")
            : Held(seen) is { } held ? (TellingState.Quiet, $"Not told at the look at {At(seen.Group.AtNs, now.WallNs)}: {held}.{next}")
            : (TellingState.Waits, $"Not told yet.{next}");

        (TellingState, string) End() =>
            group is { Digest: not null } ? (TellingState.Waits, $"Its end is told with the digest at {At(nextNs!.Value, now.WallNs)}.")
            : group is not null && !told ? (TellingState.NotTold, "Not told: it was over before its group was looked at, and what is over is no news.")
            : group is not null ? (TellingState.Waits,
                $"Told that it fires; of its end{(integration.SendsResolved ? " not yet" : " it is not told (send_resolved: false)")}.{next}")
            : look is not { } seen ? (TellingState.NotTold, "This server did not look at it since it started: only what was sent is known.")
            : !alert.Told.Contains(route.Receiver) ? (TellingState.NotTold, Held(seen) is { } held
                ? $"Not told: {held}, and it was over by the look at {At(seen.Group.AtNs, now.WallNs)}."
                : $"Not told: it was over before the look at {At(seen.Group.AtNs, now.WallNs)}, and what is over is no news.")
            : !integration.SendsResolved ? (TellingState.Told, "Told that it fired; of ends it is not told (send_resolved: false).")
            : toldEnd ? (TellingState.Told, $"Told of its end at {At(known!.Notice.AtNs, now.WallNs)}{Because(known.Notice.Reason)}.")
            : (TellingState.Told, $"Told that it fired; it left its group at the look at {At(seen.Group.AtNs, now.WallNs)}.");

        string Refused() => At(now.WallNs - (now.SteadyNs - known!.RefusedNs), now.WallNs);

        string FirstLook(AlertGroup waiting) => waiting.Digest is { } digest
            ? $"Not told yet: it is gathered for the digest of {digest.Text}; the next is at {At(nextNs!.Value, now.WallNs)}."
            : $"Not told yet: the first look at its group is at {At(nextNs!.Value, now.WallNs)}, "
            + $"{Length(route.GroupWaitMs)} after its first alert, so that what breaks together is told together.";

        string Unrepeated(Known last) => look is { } seen && seen.Group.AtNs > last.Notice.AtNs
            ? $" At the look at {At(seen.Group.AtNs, now.WallNs)} " + (Held(seen) is { } held ? $"it was kept quiet: {held}."
                : group is not null && AreAcknowledged(Heard(group)) ? "there was nothing new, and what goes on is acknowledged: it is not told again."
                : group is { Digest: not null } ? $"there was nothing to tell; what fires on is told with each digest.{next}"
                : $"there was nothing new; what goes on is told again from {At(last.Notice.AtNs + route.RepeatIntervalMs * Millisecond, now.WallNs)} on.")
            : "";

        IEnumerable<BoardAlert> Heard(AlertGroup of) => of.Alerts.Where(a => !a.Looked.Exists(l => l.Group == of.Last && l.Quiet is not null));

        string? Held(AlertLook seen) => seen.Group.QuietTimes.Count > 0 ? Times(seen.Group.Route, seen.Group.QuietTimes)
            : seen.Quiet is { Silence: { } silence } ? Of(_silences.GetValueOrDefault(silence.Id) ?? silence, now.WallNs)
            : seen.Quiet is { Inhibition: { } inhibition } ? $"{Of(inhibition)} fired" : null;
    }

    private static string Sentence(string text) =>
        text.Length == 0 ? "" : char.ToUpperInvariant(text[0]) + text[1..] + (text[^1] is '.' or '!' or '?' ? "" : ".");
}
