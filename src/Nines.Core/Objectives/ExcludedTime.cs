namespace Nines.Core.Objectives;

/// <summary>The time that adjustments take out of an objective's account: a union of ranges, so that overlapping ones take nothing out twice.</summary>
public sealed class ExcludedTime
{
    /// <summary>No time.</summary>
    public static readonly ExcludedTime None = new([]);

    private ExcludedTime(IReadOnlyList<(long FromMinute, long ToMinute)> ranges) => Ranges = ranges;

    /// <summary>The ranges (from, to] in Unix minutes, apart from each other, in order.</summary>
    public IReadOnlyList<(long FromMinute, long ToMinute)> Ranges { get; }

    /// <summary>The union of ranges; empty ones are left out.</summary>
    public static ExcludedTime Of(IEnumerable<(long FromMinute, long ToMinute)> ranges)
    {
        var union = new List<(long FromMinute, long ToMinute)>();
        foreach (var range in ranges.Where(r => r.ToMinute > r.FromMinute).OrderBy(r => r.FromMinute))
        {
            if (union.Count > 0 && range.FromMinute <= union[^1].ToMinute)
            {
                union[^1] = (union[^1].FromMinute, Math.Max(union[^1].ToMinute, range.ToMinute));
            }
            else
            {
                union.Add(range);
            }
        }
        return union.Count == 0 ? None : new(union);
    }

    /// <summary>What adjustments take out of an objective.</summary>
    public static ExcludedTime Of(Objective objective, IEnumerable<Adjustment> adjustments) =>
        Of(adjustments.Where(a => a.Counts && a.IsAbout(objective)).Select(a => (a.FromMinute, a.ToMinute)));

    /// <summary>What of a window's account lies in it.</summary>
    public WindowAccount Sum(LedgerBook book, long fromMinute, long toMinute, long asOfMs = long.MaxValue)
    {
        var sum = new WindowAccount(fromMinute, toMinute, 0, 0, 0, 0, 0, 0, false);
        foreach (var (from, to) in Ranges)
        {
            if (from >= toMinute || to <= fromMinute)
            {
                continue;
            }
            var part = book.Sum(Math.Max(from, fromMinute), Math.Min(to, toMinute), asOfMs);
            sum = sum with
            {
                Good = sum.Good + part.Good,
                Bad = sum.Bad + part.Bad,
                KnownMinutes = sum.KnownMinutes + part.KnownMinutes,
                UnknownMinutes = sum.UnknownMinutes + part.UnknownMinutes,
                UnseenAtMost = sum.UnseenAtMost + part.UnseenAtMost,
                Approximate = sum.Approximate || part.Approximate,
            };
        }
        return sum;
    }
}
