using Nines.Core.Delivery;
using Nines.Metrics;
using NodaTime;

namespace Nines.Core.Alerting.Routing;

/// <summary>What would become of an alert that begins to fire at a moment. Nothing is told.</summary>
public sealed record AlertTrial
{
    // A silence of a month, or a time interval that comes once a month, is waited for; nobody plans further ahead.
    private const long FarthestNs = 40L * 86_400 * 1_000_000_000;
    private const int MostLooks = 50_000;

    /// <summary>The alert.</summary>
    public required NotifiedAlert Alert { get; init; }

    /// <summary>When it begins, nanoseconds since the Unix epoch.</summary>
    public required long AtNs { get; init; }

    /// <summary>Every route of every tree, in order.</summary>
    public required IReadOnlyList<RouteTrial> Routes { get; init; }

    /// <summary>Who is told, in order of the routes.</summary>
    public required IReadOnlyList<TrialTelling> Tellings { get; init; }

    /// <summary>The alerts that fire now and inhibit it, and by which rule.</summary>
    public required IReadOnlyList<(InhibitRule Rule, Labels Source)> InhibitedBy { get; init; }

    /// <summary>Tries an alert.</summary>
    /// <param name="plan">The configuration.</param>
    /// <param name="alert">The alert.</param>
    /// <param name="atNs">When it begins, nanoseconds since the Unix epoch.</param>
    /// <param name="silences">The silences there are.</param>
    /// <param name="firing">The alerts that fire, which may inhibit it.</param>
    /// <param name="groups">The groups that it may join; none where the moment is not now.</param>
    public static AlertTrial Of(
        RoutingPlan plan, NotifiedAlert alert, long atNs, IReadOnlyList<Silence> silences, IReadOnlyList<Labels> firing, IReadOnlyList<GroupReport> groups)
    {
        var routes = plan.Roots.SelectMany(root => RouteTrial.Of(root, alert.Labels)).ToList();
        var inhibited = plan.InhibitRules.Select(rule => (rule, Source: rule.InhibitorOf(alert.Labels, firing)))
            .Where(i => i.Source is not null).Select(i => (i.rule, i.Source!)).ToList();
        var matching = silences.Where(s => Matcher.AllMatch(s.Matchers, alert.Labels)).ToList();
        return new()
        {
            Alert = alert,
            AtNs = atNs,
            Routes = routes,
            InhibitedBy = inhibited,
            Tellings = [.. routes.Where(r => r.Fate == RouteFate.Takes && plan.Receivers.ContainsKey(r.Route.Receiver))
                .Select(r => Telling(plan, r.Route, alert, atNs, matching, inhibited.Count > 0, groups))],
        };
    }

    private static TrialTelling Telling(
        RoutingPlan plan, Route route, NotifiedAlert alert, long atNs, List<Silence> silences, bool inhibited, IReadOnlyList<GroupReport> groups)
    {
        var (labels, digest) = plan.GroupOf(route, alert.Labels);
        var key = $"{route.Key}:{labels}";
        var group = groups.FirstOrDefault(g => g.Receiver == route.Receiver && g.Key == key);
        var lookNs = digest is not null ? digest.NextNs(atNs) : route.AtOnce ? atNs : group?.NextFlushNs ?? atNs + route.GroupWaitMs * 1_000_000;
        var others = group?.Alerts.Where(a => a.Standing != AlertStanding.Suppressed && a.State.Fingerprint != alert.Fingerprint).Select(a => a.State).ToList();
        return new(route, plan.Receivers[route.Receiver], key, labels, lookNs, route.QuietIn(At(lookNs)),
            [.. silences.Where(s => s.StateAt(lookNs) == SilenceState.Active)],
            inhibited ? null : FirstQuietless(route, digest, lookNs, silences), others ?? []) { Digest = digest };
    }

    /// <summary>The first look at which neither a time interval nor a silence keeps it quiet; null when there is none in the time that is looked at.</summary>
    private static long? FirstQuietless(Route route, DigestTimes? digest, long lookNs, List<Silence> silences)
    {
        var (at, step) = (lookNs, route.GroupIntervalMs * 1_000_000);
        for (var looks = 0; looks < MostLooks && at - lookNs <= FarthestNs; looks++, at = digest?.NextNs(at) ?? at + step)
        {
            if (silences.TrueForAll(s => s.StateAt(at) != SilenceState.Active) && route.QuietIn(At(at)).Count == 0)
            {
                return at;
            }
        }
        return null;
    }

    private static Instant At(long ns) => NodaConstants.UnixEpoch + Duration.FromNanoseconds(ns);
}

/// <summary>A receiver that would be told.</summary>
/// <param name="Route">The route that leads to it.</param>
/// <param name="Receiver">The receiver.</param>
/// <param name="GroupKey">The group in which it is told.</param>
/// <param name="GroupLabels">The labels by which it is grouped.</param>
/// <param name="LookNs">When the group is looked at for the first time with it, nanoseconds since the Unix epoch.</param>
/// <param name="QuietIn">The time intervals that keep it quiet then.</param>
/// <param name="SilencedBy">The silences that do.</param>
/// <param name="ToldNs">When it is told; null when an alert inhibits it, or it is kept quiet for longer than is looked ahead.</param>
/// <param name="Others">The alerts of the group that fire already and are told with it.</param>
public sealed record TrialTelling(
    Route Route, AlertReceiver Receiver, string GroupKey, Labels GroupLabels, long LookNs, IReadOnlyList<TimeInterval> QuietIn,
    IReadOnlyList<Silence> SilencedBy, long? ToldNs, IReadOnlyList<AlertState> Others)
{
    /// <summary>The times at which it is told together with what else gathers; null for the route's own.</summary>
    public DigestTimes? Digest { get; init; }

    /// <summary>What an integration would be told.</summary>
    public GroupNotification Notification(Integration integration, NotifiedAlert alert)
    {
        var atNs = ToldNs ?? LookNs;
        var alerts = Others.Select(a => new NotifiedAlert(a.Fingerprint, a.Labels, a.Annotations, a.StartsAtNs, 0, a.GeneratorUrl)).Append(alert)
            .OrderBy(a => a.Labels, AlertBoard.AlertOrder).ToList();
        return new(GroupNotification.KeyOf(Receiver.Name, integration.Kind, integration.Index, GroupKey, atNs / 1_000_000), Receiver.Name, integration.Kind,
            integration.Index, GroupKey, GroupLabels, atNs / 1_000_000,
            Digest is not null ? NoticeReason.Digest : Others.Count > 0 ? NoticeReason.NewAlerts : NoticeReason.First, atNs, alerts);
    }
}
