namespace Nines.Core.Probes;

/// <summary>When probes run: each on a grid of its own, so that many with one interval do not run at once.</summary>
public static class ProbeSchedule
{
    /// <summary>Within which time after a start or a change each runs for the first time.</summary>
    public const long SpreadMs = 10_000;

    /// <summary>When it runs first.</summary>
    public static long FirstMs(Probe probe, long nowMs) => nowMs + (long)(Hash(probe.Name) % (ulong)Math.Min(SpreadMs, probe.IntervalMs));

    /// <summary>The next time on its grid, later than now.</summary>
    public static long NextMs(Probe probe, long nowMs)
    {
        var offset = (long)(Hash(probe.Name) % (ulong)probe.IntervalMs);
        var since = ((nowMs - offset) % probe.IntervalMs + probe.IntervalMs) % probe.IntervalMs;
        return nowMs - since + probe.IntervalMs;
    }

    private static ulong Hash(string name)
    {
        var hash = 14695981039346656037UL;
        foreach (var c in name)
        {
            hash = (hash ^ c) * 1099511628211UL;
        }
        // FNV's low bits are the weak ones; fold before the remainder.
        hash ^= hash >> 29;
        hash *= 0xbf58476d1ce4e5b9UL;
        return hash ^ (hash >> 32);
    }
}
