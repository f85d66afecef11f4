using System.Text;
using Nines.Metrics;

namespace Nines.Core.Objectives.Sources;

/// <summary>
/// Whether a series that appears counts from zero. It does when its own target was read before and did not have it: then its counter was at zero at that
/// reading. <c>up</c> tells of targets: its labels are the target's, and every series of the target carries them.
/// </summary>
internal static class RawBirths
{
    // So far back a reading of the target is looked for.
    private const long LookBackMs = 60 * LedgerTime.MinuteMs;

    // More targets than this are asked for by their job alone.
    private const int MaxTargets = 50;

    /// <summary>The selectors of <c>up</c> to ask for, one a job.</summary>
    public static IReadOnlyList<(string Selector, RawPiece Piece)> Ask(IReadOnlyList<RawSeries> born, long startMs)
    {
        var asks = new List<(string, RawPiece)>();
        var ofTargets = born.Where(b => b.Labels["job"].Length > 0 && b.Labels["instance"].Length > 0);
        foreach (var job in ofTargets.GroupBy(b => b.Labels["job"], StringComparer.Ordinal))
        {
            var instances = job.Select(b => b.Labels["instance"]).Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal).ToList();
            var matchers = new List<Matcher> { new(Labels.MetricName, MatchOp.Equal, "up"), new("job", MatchOp.Equal, job.Key) };
            if (instances.Count <= MaxTargets)
            {
                matchers.Add(new("instance", MatchOp.Regex, string.Join("|", instances.Select(Quoted))));
            }
            var (first, last) = (job.Min(b => b.Samples[0].TimeMs), job.Max(b => b.Samples[0].TimeMs));
            asks.Add((RawSelectors.Text(matchers), new(Math.Max(startMs, first - LookBackMs), last)));
        }
        return asks;
    }

    /// <summary>The time at which each newborn's counter was at zero, for those of which it is known.</summary>
    /// <param name="born">The series that were not there before.</param>
    /// <param name="ups">Samples of <c>up</c>.</param>
    /// <param name="known">The series that were there before, each with its newest sample.</param>
    /// <param name="answer">All that was read now.</param>
    public static Dictionary<Labels, long> Starts(
        IReadOnlyList<RawSeries> born, IReadOnlyList<RawSeries> ups, IReadOnlyList<(Labels Labels, long NewestMs, double Value)> known,
        IReadOnlyList<RawSeries> answer)
    {
        var starts = new Dictionary<Labels, long>();
        if (born.Count == 0 || ups.Count == 0)
        {
            return starts;
        }
        var targets = ups.ToLookup(u => (u.Labels["job"], u.Labels["instance"]));
        var old = known.ToLookup(k => MetricOf(k.Labels));
        var read = answer.ToLookup(a => a.Labels);
        foreach (var together in born.GroupBy(b => (Metric: MetricOf(b.Labels), At: b.Samples[0].TimeMs)))
        {
            foreach (var series in together)
            {
                var before = targets[(series.Labels["job"], series.Labels["instance"])].Where(u => IsTargetOf(u.Labels, series.Labels))
                    .SelectMany(u => u.Samples).Where(s => s.Value == 1 && s.TimeMs < together.Key.At).Select(s => s.TimeMs).DefaultIfEmpty(0).Max();
                if (before > 0 && !IsRenamed(together, old[together.Key.Metric], read, before, together.Key.At))
                {
                    starts[series.Labels] = before;
                }
            }
        }
        return starts;
    }

    // When all series of a metric end in a target as others begin that are no smaller, labels were changed and the counters are the same.
    private static bool IsRenamed(
        IEnumerable<RawSeries> born, IEnumerable<(Labels Labels, long NewestMs, double Value)> old, ILookup<Labels, RawSeries> read, long beforeMs, long atMs)
    {
        var (ended, sum) = (false, 0.0);
        foreach (var (labels, newestMs, newest) in old)
        {
            var samples = read[labels].SelectMany(r => r.Samples).ToList();
            if (samples.Exists(s => s.TimeMs >= atMs))
            {
                return false;
            }
            var last = samples.Append(new Sample(newestMs, newest)).MaxBy(s => s.TimeMs);
            if (last.TimeMs >= beforeMs)
            {
                ended = true;
                sum += last.Value;
            }
        }
        return ended && born.Sum(b => b.Samples[0].Value) >= sum;
    }

    private static (string, string, string) MetricOf(Labels labels) => (labels.Name, labels["job"], labels["instance"]);

    private static bool IsTargetOf(Labels up, Labels series)
    {
        foreach (var (name, value) in up.Pairs)
        {
            if (name != Labels.MetricName && series[name] != value)
            {
                return false;
            }
        }
        return true;
    }

    private static string Quoted(string text)
    {
        var quoted = new StringBuilder();
        foreach (var c in text)
        {
            quoted.Append(@"\.+*?()|[]{}^$".Contains(c, StringComparison.Ordinal) ? "\\" : "").Append(c);
        }
        return quoted.ToString();
    }
}
