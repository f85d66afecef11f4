using Nines.Metrics;

namespace Nines.Core.Alerting.Routing;

/// <summary>The words of explanations.</summary>
internal static class ExplainedWords
{
    /// <summary>A moment; without its day when that is today.</summary>
    public static string At(long ns, long nowNs) => Clock.Text(ns) is var text && text[..10] == Clock.Text(nowNs)[..10] ? text[11..] : text;

    /// <summary>A length of time: <c>30 s</c>, <c>5 min</c>, <c>1 h 30 min</c>.</summary>
    public static string Length(long ms)
    {
        (long Ms, string Unit)[] units = [(86_400_000, "d"), (3_600_000, "h"), (60_000, "min"), (1000, "s"), (1, "ms")];
        var parts = new List<string>();
        foreach (var (size, unit) in units)
        {
            if (ms >= size)
            {
                parts.Add($"{ms / size} {unit}");
                ms %= size;
            }
        }
        return parts.Count == 0 ? "0 s" : string.Join(' ', parts.Take(2));
    }

    /// <summary>Why a message went out, to follow its time.</summary>
    public static string Because(NoticeReason? reason) => reason switch
    {
        NoticeReason.First => " as the first news of its group",
        NoticeReason.NewAlerts => " because alerts had joined its group",
        NoticeReason.SomeResolved => " because some alerts of its group were over",
        NoticeReason.AllResolved => " because nothing in its group fired any more",
        NoticeReason.Repeat => " again, because it fired on",
        NoticeReason.Digest => " with the digest",
        _ => "",
    };

    /// <summary>A silence with its author and reason: <c>silence 3f2a9c01 by anna, “deploy”, until 11:00:00 UTC</c>.</summary>
    public static string Of(Silence silence, long nowNs) =>
        $"silence {Short(silence.Id)} by {(silence.CreatedBy.Length > 0 ? silence.CreatedBy : "nobody")}, “{silence.Comment}”, "
        + (silence.StateAt(nowNs) == SilenceState.Expired ? $"over since {At(silence.EndsAtNs, nowNs)}" : $"until {At(silence.EndsAtNs, nowNs)}");

    /// <summary>Who has taken an alert up: <c>aiko acknowledged it in Slack at 10:02:03 UTC</c>.</summary>
    public static string Of(Acknowledgement taken, long nowNs) => $"{taken.By.Name} acknowledged it {taken.By.Where} at {At(taken.AtNs, nowNs)}";

    /// <summary>What inhibits: <c>NodeDown by rule at alertmanager.yml:12:3</c>.</summary>
    public static string Of(Inhibition inhibition) =>
        $"{inhibition.Source["alertname"]} {inhibition.Source.Without("alertname")}"
        + (inhibition.Rule.Name.Length > 0 ? $" by rule {inhibition.Rule.Name}" : "");

    /// <summary>The beginning of an identity, enough for people.</summary>
    public static string Short(string id) => id.Length > 8 ? id[..8] : id;

    /// <summary>Which alerts come this way: the matchers from the root on.</summary>
    public static string Trail(IReadOnlyList<Route> way)
    {
        var steps = way.Where(r => r.Matchers.Count > 0).Select(r => string.Join(", ", r.Matchers)).ToList();
        var route = way[^1];
        var text = steps.Count > 0 ? $"It matches {string.Join(", then ", steps)}."
            : route.Routes.Count > 0 ? "No route below the root matches it." : "Every alert comes here.";
        return text + (route.Continue ? " The routes after this one are tried too." : "");
    }

    /// <summary>With whom it is told, and when.</summary>
    public static string Group(Route route, DigestTimes? digest, int others)
    {
        if (digest is not null)
        {
            return $"Gathered for one message at {digest.Text} ({digest.Zone.Id})"
                + (others == 0 ? ", alone so far." : $", with {others} other alert{(others == 1 ? "" : "s")}.") + " What fires on is told with each.";
        }
        var by = route.GroupByAll ? "Told by itself"
            : (others == 0 ? "Alone so far" : $"With {others} other alert{(others == 1 ? "" : "s")}")
                + (route.GroupBy.Count == 0 ? ", in one group for the whole route" : $", grouped by {string.Join(", ", route.GroupBy)}");
        var waits = route.AtOnce ? "looked at as soon as an alert begins or ends"
            : $"first look {(route.GroupWaitMs == 0 ? "at once" : $"after {Length(route.GroupWaitMs)}")}, then every {Length(route.GroupIntervalMs)}";
        return $"{by}; {waits}; what goes on is told again after {Length(route.RepeatIntervalMs)}.";
    }

    /// <summary>Why an alert does not take a route, or null when it does or could.</summary>
    /// <param name="way">The route and those above it, from the root on.</param>
    /// <param name="alert">The alert.</param>
    /// <param name="taken">The routes it takes.</param>
    public static string Untaken(IReadOnlyList<Route> way, Labels alert, IReadOnlyList<Route> taken)
    {
        foreach (var matcher in way.SelectMany(r => r.Matchers).Where(m => !m.Matches(alert)))
        {
            var value = alert[matcher.Name];
            return $"{matcher} does not hold: it has {(value.Length == 0 ? $"no label {matcher.Name}" : new Matcher(matcher.Name, MatchOp.Equal, value))}.";
        }
        if (taken.Any(t => way[^1].All().Contains(t, ReferenceEqualityComparer.Instance)))
        {
            return "A route below it takes it.";
        }
        return "A route before it takes it and does not continue.";
    }

    /// <summary>Times that keep a route quiet: <c>quiet in nights</c>, <c>told only in office-hours</c>.</summary>
    public static string Times(Route route, IReadOnlyList<TimeInterval> quiet)
    {
        var names = string.Join(", ", quiet.Select(i => i.Name));
        return quiet.Any(route.MutedIn.Contains) ? $"the route is quiet in {names}" : $"the route tells only in {names}";
    }
}
