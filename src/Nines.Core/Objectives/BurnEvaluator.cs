namespace Nines.Core.Objectives;

/// <summary>Judges the burn rules of an objective. Pure.</summary>
public static class BurnEvaluator
{
    /// <summary>A rule keeps its verdict while less than this share of its short window was observed: too little is known to change it.</summary>
    public const double FreezeBelow = 0.2;

    /// <summary>A run of good events that would come about with more than this probability while the failure goes on ends no rule.</summary>
    public const double PauseAtMost = 0.001;

    /// <summary>A firing rule goes on until its long window burns slower than this share of its limit, so that a burn near the limit is one alert.</summary>
    public const double KeepAbove = 0.75;

    /// <summary>
    /// How fast a window spends the budget: bad ÷ total ÷ (1 − target) over what is known of it. 0 when it was observed and nothing happened;
    /// null when nothing of it is known, or when it lies within a span longer than itself.
    /// </summary>
    public static double? Rate(LedgerBook book, decimal target, long fromMinute, long toMinute, out WindowAccount account)
    {
        account = book.Sum(fromMinute, toMinute);
        if (account.KnownMinutes <= 0 || book.IsInsideSpan(fromMinute, toMinute))
        {
            return null;
        }
        return account.Total > 0 ? account.Bad / account.Total / (double)(1 - target) : 0;
    }

    /// <summary>The rules at a moment.</summary>
    /// <param name="objective">The objective.</param>
    /// <param name="book">Its account, the provisional minute included.</param>
    /// <param name="nowMs">The moment.</param>
    /// <param name="before">The readings of the last evaluation; empty at first.</param>
    public static IReadOnlyList<BurnRuleReading> Rules(Objective objective, LedgerBook book, long nowMs, IReadOnlyList<BurnRuleReading> before)
    {
        var minute = LedgerTime.MinuteOf(nowMs);
        var rules = objective.BurnPolicy.Rules;
        var readings = new BurnRuleReading[rules.Count];
        for (var i = 0; i < rules.Count; i++)
        {
            var rule = rules[i];
            var previous = i < before.Count && before[i].Rule == rule ? before[i] : null;
            var limit = rule.Limit(objective.WindowMinutes);
            var shortRate = Rate(book, objective.Target, minute - rule.ShortMinutes, minute, out var recent);
            var longRate = Rate(book, objective.Target, minute - rule.LongMinutes, minute, out var account);
            var wasFiring = previous is { Firing: true };
            var burning = longRate > limit && shortRate > limit && account.Bad >= MinimumBad(objective) && account.Total >= objective.BurnPolicy.MinimumEvents
                && (wasFiring || IsEvident(objective, book, rule, limit, minute));
            // What is not known changes no verdict: not a window that was hardly observed, and not one within a longer span.
            var unknown = shortRate is null || longRate is null || recent.KnownMinutes < rule.ShortMinutes * FreezeBelow;
            var frozen = previous is not null && unknown && !burning;
            var firing = frozen ? previous!.Firing : burning || wasFiring && longRate > limit * KeepAbove
                && (shortRate > limit || !IsRecovered(objective, book, recent, account));
            readings[i] = new BurnRuleReading(rule, limit, longRate, shortRate, firing,
                firing ? previous?.FiringSinceNs ?? nowMs * 1_000_000 : null);
        }
        return readings;
    }

    /// <summary>
    /// Whether no rule can begin to fire at a moment, told from the sums of hours: of calm objectives, which most are, no windows need be summed to the minute.
    /// False when it cannot be told so.
    /// </summary>
    /// <param name="objective">The objective; none of its rules fires.</param>
    /// <param name="book">Its account, the provisional minute included.</param>
    /// <param name="nowMs">The moment.</param>
    public static bool IsCalm(Objective objective, LedgerBook book, long nowMs)
    {
        var minute = LedgerTime.MinuteOf(nowMs);
        var allowed = (double)(1 - objective.Target);
        foreach (var rule in objective.BurnPolicy.Rules)
        {
            // A thousandth below the limit, so that no rounding matters.
            if (book.MostBadShare(minute - rule.LongMinutes, minute) is not { } share
                || !(share / allowed <= rule.Limit(objective.WindowMinutes) * 0.999))
            {
                return false;
            }
        }
        return true;
    }

    /// <summary>Whether failures are independent of each other as far as anyone can tell, so that chance can be reckoned.</summary>
    public static bool CanReckonChance(Objective objective) => objective.Indicator is CounterRatio && objective.Slices is null;

    /// <summary>Bad events (or slices) that a rule of an objective needs.</summary>
    public static int MinimumBad(Objective objective) => objective.BurnPolicy.MinimumBad
        ?? (CanReckonChance(objective) ? BurnPolicy.LeastBadEvents : BurnPolicy.LeastBadSlices);

    /// <summary>Share of bad events that is no reason for a rule to fire: what the target allows or, for a rule that asks for less than twice that, half of
    /// what the rule asks for.</summary>
    public static double Harmless(decimal target, double limit) => Math.Min(1, limit / 2) * (double)(1 - target);

    private static bool IsEvident(Objective objective, LedgerBook book, BurnRule rule, double limit, long minute)
    {
        if (!CanReckonChance(objective))
        {
            return true;
        }
        // How much traffic there is shows best over the longest time; the long window is a part of it.
        var seen = book.Sum(minute - Math.Max(objective.HistoryMinutes, rule.LongMinutes), minute);
        return BurnEvidence.IsMoreThanChance(
            book, minute - rule.LongMinutes, minute, Harmless(objective.Target, limit), BurnEvidence.EventsAYear(seen));
    }

    /// <summary>
    /// Whether a rule whose short window is calm may end. Without events nothing has recovered. With few, the short window or the run of good events since
    /// the last bad one must be more than a pause: likely at most <see cref="PauseAtMost"/> if the failure went on as from the long window's first bad event
    /// to its last.
    /// </summary>
    private static bool IsRecovered(Objective objective, LedgerBook book, WindowAccount recent, WindowAccount account)
    {
        if (recent.Total <= 0)
        {
            return false;
        }
        if (!CanReckonChance(objective))
        {
            return true;
        }
        // Backwards: the good events since the last bad one, and those between the first and the last.
        var (since, between, bad, run) = (0.0, 0.0, 0.0, 0.0);
        foreach (var (goodHere, badHere) in book.Backwards(account.FromMinute, account.ToMinute))
        {
            run += goodHere;
            if (badHere > 0)
            {
                (since, between) = bad > 0 ? (since, between + run) : (run - goodHere, goodHere);
                (bad, run) = (bad + badHere, 0);
            }
        }
        // One good event more than was seen between them: two bad ones in a row are no proof that everything fails.
        var rate = bad / (bad + between + 1);
        return Math.Pow(1 - rate, since) <= PauseAtMost
            || 1 - Tail.Binomial(Math.Ceiling(recent.Total), rate, Math.Floor(recent.Bad) + 1) <= PauseAtMost;
    }

    /// <summary>
    /// Since when an objective has no signal: its last one, when that is longer ago than three intervals and two minutes, else null.
    /// Before the first signal, the moment from which it was expected stands for it.
    /// </summary>
    public static long? LostSince(long lastSignalMs, long expectedSinceMs, long intervalMs, long nowMs)
    {
        var last = Math.Max(lastSignalMs, expectedSinceMs);
        // A clock that was set back makes the last signal one of the future. New readings are refused until then, so it is no signal of the present.
        return Math.Abs(nowMs - last) > Math.Max(3 * intervalMs, 120_000) ? Math.Min(nowMs, lastSignalMs > 0 ? lastSignalMs : expectedSinceMs) : null;
    }
}
