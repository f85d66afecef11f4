namespace Nines.Core.Objectives;

/// <summary>What one adjustment does to the budget of one objective.</summary>
/// <param name="Objective">The objective's key.</param>
/// <param name="Good">Good events of the present window that lie in its time.</param>
/// <param name="Bad">Bad events of the present window that lie in its time.</param>
/// <param name="With">Share of budget left with it, all others as they are; null without events.</param>
/// <param name="Without">Share of budget left without it, all others as they are; null without events.</param>
public sealed record AdjustmentEffect(string Objective, double Good, double Bad, double? With, double? Without)
{
    /// <summary>The effect of one adjustment, whether it counts or is only asked for.</summary>
    /// <param name="objective">The objective it is about.</param>
    /// <param name="book">The objective's account.</param>
    /// <param name="all">All adjustments; the ones that count stay in both figures.</param>
    /// <param name="one">The adjustment.</param>
    /// <param name="nowMinute">Now, Unix minutes.</param>
    /// <param name="asOfMs">What is later than this is not missing but to come.</param>
    public static AdjustmentEffect Of(
        Objective objective, LedgerBook book, IEnumerable<Adjustment> all, Adjustment one, long nowMinute, long asOfMs = long.MaxValue)
    {
        var others = all.Where(a => a.Id != one.Id && a.Counts && a.IsAbout(objective)).Select(a => (a.FromMinute, a.ToMinute)).ToList();
        double? Left(IEnumerable<(long, long)> ranges) =>
            BudgetCalculator.Over(objective, book, objective.Windows[0], nowMinute, asOfMs, ExcludedTime.Of(ranges)).RemainingShare;
        var own = ExcludedTime.Of([(one.FromMinute, one.ToMinute)]).Sum(book, objective.Windows[0].At(nowMinute).FromMinute, nowMinute, asOfMs);
        return new(objective.Key, own.Good, own.Bad, Left(others.Append((one.FromMinute, one.ToMinute))), Left(others));
    }
}

/// <summary>What one cause that adjustments name has to answer for.</summary>
/// <param name="Cause">The cause.</param>
/// <param name="Counts">Whether the adjustments that name it are approved, so that its events are out of the account.</param>
/// <param name="Adjustments">How many name it.</param>
/// <param name="Good">Good events of the stretch.</param>
/// <param name="Bad">Bad events of the stretch.</param>
public sealed record CauseAttribution(string Cause, bool Counts, int Adjustments, double Good, double Bad)
{
    /// <summary>
    /// The causes that adjustments name for a stretch, approved ones first, then the most bad events. Events are charged once: where times overlap,
    /// to approved adjustments before proposed ones, and to the earlier request.
    /// </summary>
    public static IReadOnlyList<CauseAttribution> Of(Objective objective, LedgerBook book, IEnumerable<Adjustment> all, long fromMinute, long toMinute)
    {
        var shares = new List<CauseAttribution>();
        var edges = new List<(long Minute, int Rank, bool Begins)>();
        foreach (var a in all.Where(a => a.UndoneBy is null && a.IsAbout(objective) && a.FromMinute < toMinute && a.ToMinute > fromMinute)
            .OrderByDescending(a => a.Counts).ThenBy(a => a.RequestedAtMs).ThenBy(a => a.Id, StringComparer.Ordinal))
        {
            edges.Add((Math.Max(a.FromMinute, fromMinute), shares.Count, true));
            edges.Add((Math.Min(a.ToMinute, toMinute), shares.Count, false));
            shares.Add(new(a.Cause, a.Counts, 1, 0, 0));
        }
        // Along the time, each stretch is summed once, for the first in rank of those that cover it.
        var covering = new SortedSet<int>();
        var (since, charged) = (fromMinute, -1);
        foreach (var (minute, rank, begins) in edges.OrderBy(e => e.Minute))
        {
            _ = begins ? covering.Add(rank) : covering.Remove(rank);
            var next = covering.Count > 0 ? covering.Min : -1;
            if (next == charged)
            {
                continue;
            }
            if (charged >= 0 && minute > since)
            {
                var sum = book.Sum(since, minute);
                shares[charged] = shares[charged] with { Good = shares[charged].Good + sum.Good, Bad = shares[charged].Bad + sum.Bad };
            }
            (since, charged) = (minute, next);
        }
        return [.. shares.GroupBy(s => (s.Cause, s.Counts))
            .Select(g => new CauseAttribution(g.Key.Cause, g.Key.Counts, g.Count(), g.Sum(s => s.Good), g.Sum(s => s.Bad)))
            .OrderByDescending(s => s.Counts).ThenByDescending(s => s.Bad).ThenBy(s => s.Cause, StringComparer.Ordinal)];
    }
}
