namespace Nines.Core.Objectives;

/// <summary>Reads an objective's budget off its account. Pure.</summary>
public static class BudgetCalculator
{
    /// <summary>The report of an objective at a moment.</summary>
    /// <param name="objective">The objective.</param>
    /// <param name="ledger">Its ledger.</param>
    /// <param name="rules">Its burn rules as last judged.</param>
    /// <param name="lostSinceMs">Since when there is no signal; null while there is one.</param>
    /// <param name="nowMs">The moment.</param>
    /// <param name="excluded">What adjustments take out of its budget; burn goes by all events.</param>
    public static ObjectiveReport Report(
        Objective objective, ObjectiveLedger ledger, IReadOnlyList<BurnRuleReading> rules, long? lostSinceMs, long nowMs, ExcludedTime? excluded = null)
    {
        var now = LedgerTime.MinuteOf(nowMs);
        // While there is a signal, the stretch since the last reading is not missing but to come.
        var asOfMs = lostSinceMs is null && ledger.LastSignalMs > 0 ? ledger.LastSignalMs : nowMs;
        var windows = objective.Windows.Select(w => Over(objective, ledger.Book, w, now, asOfMs, excluded)).ToList();
        var left = windows[0].RemainingShare;
        return new ObjectiveReport
        {
            Objective = objective,
            State = lostSinceMs is not null || left is null ? BudgetState.Unknown : objective.ErrorBudgetPolicy.BandOf(left.Value).Level,
            Windows = windows,
            Excluded = excluded ?? ExcludedTime.None,
            Burn = Burn(objective, ledger.Book, now),
            Rules = rules,
            Spans = [.. Spans(ledger.Events, windows[0].FromMinute, LedgerTime.LastEnded(nowMs))],
            LostSinceMinute = lostSinceMs / LedgerTime.MinuteMs,
            ClosedMinute = ledger.ClosedMinute,
            KnownSinceMinute = ledger.Events.FirstMinute ?? now,
            CarriedToMinute = ledger.Events.CarriedToMinute,
        };
    }

    /// <summary>The account of one window at a minute, with what adjustments take out and how it would be without them.</summary>
    public static WindowReport Over(
        Objective objective, LedgerBook book, BudgetWindow window, long nowMinute, long asOfMs = long.MaxValue, ExcludedTime? excluded = null)
    {
        var (from, end) = window.At(nowMinute);
        var account = Window(objective, book, from, nowMinute, asOfMs, excluded);
        var report = new WindowReport(window, from, end, account, BudgetTotal(objective.Target, account.Total));
        if (excluded is null or { Ranges.Count: 0 })
        {
            return report with { RemainingShareWithout = report.RemainingShare };
        }
        var all = Window(objective, book, from, nowMinute, asOfMs);
        var without = report with { Account = all, BudgetTotal = BudgetTotal(objective.Target, all.Total) };
        return report with { Excluded = excluded.Sum(book, from, nowMinute, asOfMs), RemainingShareWithout = without.RemainingShare };
    }

    /// <summary>Bad events a target allows among a number of events.</summary>
    public static double BudgetTotal(decimal target, double events) => (double)(1 - target) * events;

    /// <summary>The account of a window without excluded time, unknown minutes charged as the objective declares: at the mean rate of events of the known
    /// ones.</summary>
    public static WindowAccount Window(
        Objective objective, LedgerBook book, long fromMinute, long toMinute, long asOfMs = long.MaxValue, ExcludedTime? excluded = null)
    {
        var account = book.Sum(fromMinute, toMinute, asOfMs);
        if (excluded is { Ranges.Count: > 0 })
        {
            var gone = excluded.Sum(book, fromMinute, toMinute, asOfMs);
            account = account with
            {
                Good = account.Good - gone.Good,
                Bad = account.Bad - gone.Bad,
                KnownMinutes = Math.Max(0, account.KnownMinutes - gone.KnownMinutes),
                UnknownMinutes = Math.Max(0, account.UnknownMinutes - gone.UnknownMinutes),
                UnseenAtMost = account.UnseenAtMost - gone.UnseenAtMost,
            };
        }
        var share = objective.Unknown switch { UnknownTreatment.Bad => 1.0, UnknownTreatment.Half => 0.5, _ => 0 };
        return share == 0 || account.KnownMinutes <= 0
            ? account
            : account with { ChargedForUnknown = share * account.UnknownMinutes * account.Total / account.KnownMinutes };
    }

    /// <summary>The course of an objective in buckets that end at <paramref name="toMinute"/>, the budget counted from the window's start.</summary>
    public static IReadOnlyList<CoursePoint> Course(Objective objective, LedgerBook book, long fromMinute, long toMinute, int stepMinutes, long nowMinute,
        ExcludedTime? excluded = null, long asOfMs = long.MaxValue)
    {
        var points = new List<CoursePoint>();
        var window = Over(objective, book, objective.Windows[0], nowMinute, asOfMs, excluded);
        var budget = window.BudgetTotal;
        for (var at = fromMinute; at < toMinute; at += stepMinutes)
        {
            var end = Math.Min(at + stepMinutes, toMinute);
            var bucket = book.Sum(at, end);
            var known = bucket.KnownMinutes / (end - at);
            double? left = null;
            if (budget > 0 && end > window.FromMinute && book.FirstMinute <= end)
            {
                left = 1 - Window(objective, book, window.FromMinute, end, asOfMs, excluded).Charged / budget;
            }
            points.Add(new CoursePoint(end, known > 0 ? bucket.Good : null, known > 0 ? bucket.Bad : null, left, known));
        }
        return points;
    }

    private static List<BurnReading> Burn(Objective objective, LedgerBook book, long now)
    {
        var windows = objective.BurnPolicy.Rules.SelectMany(r => new[] { r.ShortMinutes, r.LongMinutes }).Distinct().Order();
        var readings = new List<BurnReading>();
        foreach (var minutes in windows)
        {
            var rate = BurnEvaluator.Rate(book, objective.Target, now - minutes, now, out var account);
            // A window proves one rule and confirms another: its own limit is that of the rule it proves.
            var rules = objective.BurnPolicy.Rules.Where(r => r.LongMinutes == minutes).DefaultIfEmpty()
                .Select(r => r ?? objective.BurnPolicy.Rules.First(c => c.ShortMinutes == minutes));
            var limit = rules.Min(r => r.Limit(objective.WindowMinutes));
            readings.Add(new BurnReading(minutes, account, rate, limit));
        }
        return readings;
    }

    private static IEnumerable<LedgerSpan> Spans(LedgerBook book, long fromMinute, long toMinute) =>
        book.Spans.Where(s => s.ToMs > fromMinute * LedgerTime.MinuteMs)
            .Concat(book.Unobserved(fromMinute, toMinute).Where(n => !book.Spans.Any(s =>
                s.Good + s.Bad > 0 && s.FromMs <= n.FromMs + LedgerTime.MinuteMs && s.ToMs >= n.ToMs - LedgerTime.MinuteMs)))
            .OrderBy(s => s.FromMs);
}
