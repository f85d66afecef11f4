namespace Nines.Core.Probes;

/// <summary>A stretch of a probe's past.</summary>
/// <param name="FromMs">Its begin, ms since the Unix epoch.</param>
/// <param name="Good">Runs in it that succeeded.</param>
/// <param name="Bad">Runs in it that failed.</param>
/// <param name="Known">Whether it was looked at: a stretch shorter than the interval is known by the run before it.</param>
/// <param name="LastGood">What the last run in it or before it was.</param>
public readonly record struct ProbeStretch(long FromMs, int Good, int Bad, bool Known, bool LastGood);

/// <summary>Cuts the runs of a probe into stretches of one length. What nobody looked at is unknown.</summary>
public static class ProbeCourse
{
    /// <summary>Cuts.</summary>
    /// <param name="runs">The runs, oldest first, from a little before <paramref name="fromMs"/> on.</param>
    /// <param name="fromMs">The begin.</param>
    /// <param name="toMs">The end.</param>
    /// <param name="count">How many stretches.</param>
    /// <param name="intervalMs">How far apart runs are meant to be.</param>
    public static IReadOnlyList<ProbeStretch> Of(IReadOnlyList<(long TimeMs, bool Good)> runs, long fromMs, long toMs, int count, long intervalMs)
    {
        var stretches = new ProbeStretch[count];
        var (at, lastMs, lastGood) = (0, long.MinValue / 2, false);
        for (var i = 0; i < count; i++)
        {
            var (begin, end) = (fromMs + (toMs - fromMs) * i / count, fromMs + (toMs - fromMs) * (i + 1) / count);
            var (good, bad) = (0, 0);
            for (; at < runs.Count && runs[at].TimeMs < end; at++)
            {
                (lastMs, lastGood) = runs[at];
                if (lastMs >= begin)
                {
                    (good, bad) = lastGood ? (good + 1, bad) : (good, bad + 1);
                }
            }
            stretches[i] = new(begin, good, bad, begin - lastMs <= intervalMs * ProbeState.KnownIntervals || good + bad > 0, lastGood);
        }
        return stretches;
    }
}
