namespace Nines.Core.Telemetry;

/// <summary>When targets are scraped, and what a gap between scrapes means.</summary>
public static class ScrapeTiming
{
    /// <summary>How long after a scrape the next one still proves that nothing happened unseen, in intervals.</summary>
    public const double KnownIntervals = 2.5;

    private const long MostAlignmentMs = 50;

    /// <summary>Where in the interval a target is scraped: the same in every process, spread evenly over targets.</summary>
    /// <returns>Milliseconds from 0 to less than the interval.</returns>
    public static long OffsetMs(string job, ScrapeTarget target, long intervalMs)
    {
        var hash = target.Labels.StableHash;
        foreach (var c in job + "\n" + target.Url.AbsoluteUri)
        {
            hash = (hash ^ c) * 1099511628211UL;
        }
        // FNV's low bits are the weak ones; fold before the remainder.
        hash ^= hash >> 29;
        hash *= 0xbf58476d1ce4e5b9UL;
        hash ^= hash >> 32;
        return (long)(hash % (ulong)intervalMs);
    }

    /// <summary>The next time to scrape: on the target's grid, after now, and not the slot that was scraped last.</summary>
    /// <param name="nowMs">Now, in ms since the Unix epoch.</param>
    /// <param name="lastMs">The slot scraped last, or null. A timer may fire a little before its time.</param>
    /// <returns>The slot. It may just have passed, when the last scrape took up to its time: then scrape at once.</returns>
    public static long NextMs(long nowMs, long? lastMs, long intervalMs, long offsetMs)
    {
        if (lastMs is { } last && nowMs >= last + intervalMs && nowMs < last + intervalMs + intervalMs / 2)
        {
            return last + intervalMs;
        }
        var next = nowMs - Modulo(nowMs - offsetMs, intervalMs) + intervalMs;
        return next == lastMs ? next + intervalMs : next;
    }

    /// <summary>The timestamp of a scrape: its slot when it began close to it, so that distances are even; else when it began.</summary>
    public static long TimestampMs(long slotMs, long startedMs, long intervalMs) =>
        Math.Abs(startedMs - slotMs) <= Math.Min(intervalMs / 100, MostAlignmentMs) ? slotMs : startedMs;

    /// <summary>Whether a series that appears now was surely absent at the previous scrape of its target.</summary>
    /// <param name="lastSuccessMs">When the target's previous scrape was, if it succeeded; else null.</param>
    public static bool IsKnown(long? lastSuccessMs, long nowMs, long intervalMs) =>
        lastSuccessMs is { } last && nowMs > last && nowMs - last <= intervalMs * KnownIntervals;

    private static long Modulo(long value, long by) => ((value % by) + by) % by;
}
