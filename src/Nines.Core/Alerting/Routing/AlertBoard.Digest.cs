namespace Nines.Core.Alerting.Routing;

public sealed partial class AlertBoard
{
    // A digest is due by the wall's clock, which may be set; so often it is looked at.
    private const long DigestCheckNs = 60 * Second;

    /// <summary>Sees to it that an alert is told with the first digest after it began, or after the last one: also when the server was down then.</summary>
    private void Gather(AlertGroup group, DigestTimes digest, BoardAlert alert, Moment now)
    {
        var sinceNs = Math.Max(LastDigestNs(group.Route.Receiver, group.Key), alert.State.Firing ? alert.State.StartsAtNs : alert.State.EndsAtNs);
        group.DigestNs = Math.Min(group.DigestNs, digest.NextNs(Math.Min(sinceNs, now.WallNs)));
    }

    /// <summary>Whether a digest is to be told now. One that falls into a quiet time of its route waits for the next.</summary>
    private static bool Gathered(AlertGroup group, DigestTimes digest, Moment now)
    {
        if (now.WallNs < group.DigestNs)
        {
            // A clock that was set back does not hold it for longer than from one to the next.
            group.DigestNs = Math.Min(group.DigestNs, digest.NextNs(now.WallNs));
            return false;
        }
        group.DigestNs = digest.NextNs(now.WallNs);
        return group.Route.QuietIn(NodaTime.Instant.FromUnixTimeTicks(now.WallNs / 100)).Count == 0;
    }

    /// <summary>The receivers whose next digest is to tell that an alert was there, though it is over: another configuration, or a restart, forgets no
    /// part of a digest.</summary>
    private IEnumerable<string> Untold(BoardAlert alert, Moment now)
    {
        foreach (var route in Plan!.Roots.SelectMany(root => root.Match(alert.State.Labels)))
        {
            if (Plan.GroupOf(route, alert.State.Labels) is (var labels, { } digest))
            {
                var told = LastDigestNs(route.Receiver, $"{route.Key}:{labels}");
                // Of a receiver that was never told, what the last digest would have held, had the server been there, and the next one.
                if (alert.State.EndsAtNs > (told > 0 ? told : digest.LastNs(digest.LastNs(now.WallNs) - 1)))
                {
                    yield return route.Receiver;
                }
            }
        }
    }

    private long LastDigestNs(string receiver, string groupKey) =>
        _notices.Values.Where(n => n.Notice.Receiver == receiver && n.Notice.GroupKey == groupKey).Select(n => n.Notice.AtNs).DefaultIfEmpty().Max();
}
