namespace Nines.Core.Objectives;

/// <summary>When the budget will be gone if it is spent on as in the last days.</summary>
/// <param name="Days">How many days it is drawn from.</param>
/// <param name="BadADay">Bad events of a mean day of them.</param>
/// <param name="Probability">How probable it is that the budget is gone by <paramref name="UntilMinute"/>, 0 to 1.</param>
/// <param name="UntilMinute">The window's end: that of the period, or one length of a rolling window from now.</param>
/// <param name="GoneMinute">When it is gone at the mean pace, Unix minutes; null when not by then.</param>
/// <param name="EarliestMinute">When it is gone at the upper end of what the days allow (one in ten is faster).</param>
/// <param name="LatestMinute">When it is gone at the lower end; null when not by then.</param>
/// <param name="IsTrend">Whether so many bad events in these days are more than chance at half the pace that would use the budget up.</param>
public sealed record BudgetForecast(
    int Days, double BadADay, double Probability, long UntilMinute, long? GoneMinute, long? EarliestMinute, long? LatestMinute, bool IsTrend)
{
    /// <summary>It is told from this probability on.</summary>
    public const double TellFrom = 0.9;

    /// <summary>Once told, it holds down to this probability.</summary>
    public const double HoldDownTo = 0.5;

    /// <summary>It is drawn from so many days.</summary>
    public const int DaysUsed = 7;

    /// <summary>With fewer days nothing is forecast: one bad day is no trend.</summary>
    public const int DaysNeeded = 3;

    /// <summary>Whether the budget is at risk, given whether it was.</summary>
    public bool IsAtRisk(bool before) => Probability >= (before ? HoldDownTo : TellFrom) && (before || IsTrend);

    // One look a day for thirty years.
    private const double ChanceAtMost = 1e-4;

    // Of so many trials, each hardly ever bad, the number is Poisson.
    private const double Many = 1e9;

    /// <summary>
    /// The forecast; null while there are too few days. The rate of bad events is drawn from the last days and as uncertain as they differ (gamma–Poisson,
    /// widened by their dispersion), so one spike makes the forecast vague, not certain. What leaves a rolling window on the way is taken into account.
    /// </summary>
    public static BudgetForecast? Of(Objective objective, LedgerBook book, BudgetWindow window, long nowMinute, ExcludedTime? excluded = null)
    {
        var days = Enumerable.Range(0, DaysUsed)
            .Select(d => BudgetCalculator.Window(objective, book, nowMinute - 1440L * (d + 1), nowMinute - 1440L * d, excluded: excluded))
            .Where(a => a.KnownMinutes >= 720).ToList();
        if (days.Count < DaysNeeded)
        {
            return null;
        }
        var perDay = days.Select(a => a.Charged * 1440 / a.KnownMinutes).ToList();
        var mean = perDay.Average();
        var variance = perDay.Sum(b => (b - mean) * (b - mean)) / (perDay.Count - 1);
        var dispersion = mean > 0 ? Math.Max(1, variance / mean) : 1;
        // In units of the dispersion the days are counts; half an event stands for not knowing better.
        var shape = (mean * perDay.Count + 0.5) / dispersion;
        var rate = (mean * perDay.Count + 0.5) / perDay.Count;
        var spread = 1.2816 * rate / Math.Sqrt(shape);
        var traffic = days.Sum(a => a.Total) * 1440 / days.Sum(a => a.KnownMinutes);
        var path = Path(objective, book, window, nowMinute, traffic, excluded).ToList();
        var probability = path.Max(p => Tail.NegativeBinomial(shape, rate * p.Days / dispersion, p.Needed / dispersion));
        // The forecast looks every day, and with few events one clump in a year looks like a trend: it must be more than chance at half the pace.
        var harmless = Math.Max(0, path.Min(p => p.Needed / p.Days)) / 2 * days.Count / dispersion;
        var isTrend = Tail.Binomial(Many, harmless / Many, Math.Floor(mean * days.Count / dispersion + 1e-9)) <= ChanceAtMost;
        return new(days.Count, mean, probability, path[^1].Minute,
            Gone(path, mean, nowMinute), Gone(path, rate + spread, nowMinute), Gone(path, Math.Max(0, rate - spread), nowMinute), isTrend);
    }

    /// <summary>At days from now to the window's end: how many bad events from now on would use the budget up by then.</summary>
    private static IEnumerable<(long Minute, double Days, double Needed)> Path(
        Objective objective, LedgerBook book, BudgetWindow window, long nowMinute, double traffic, ExcludedTime? excluded)
    {
        var (from, end) = window.At(nowMinute);
        var isRolling = end <= nowMinute;
        var until = isRolling ? nowMinute + window.NominalMinutes : end;
        var step = Math.Max(1440, (until - nowMinute) / 60);
        for (var at = Math.Min(until, nowMinute + step); ; at = Math.Min(until, at + step))
        {
            var start = isRolling ? at - window.NominalMinutes : from;
            var length = isRolling ? window.NominalMinutes : end - from;
            var past = BudgetCalculator.Window(objective, book, Math.Min(start, nowMinute), nowMinute, excluded: excluded);
            // What is not known of the window, past or to come, has the traffic of the last days.
            var events = past.Total + traffic * (length - past.KnownMinutes) / 1440;
            yield return (at, (at - nowMinute) / 1440.0, BudgetCalculator.BudgetTotal(objective.Target, events) - past.Charged);
            if (at == until)
            {
                yield break;
            }
        }
    }

    private static long? Gone(List<(long Minute, double Days, double Needed)> path, double rate, long nowMinute)
    {
        foreach (var (minute, days, needed) in path)
        {
            if (needed <= rate * days)
            {
                return rate <= 0 || needed <= 0 ? nowMinute : Math.Min(minute, nowMinute + (long)Math.Ceiling(needed / rate * 1440));
            }
        }
        return null;
    }
}
