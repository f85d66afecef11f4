using Nines.Core.Probes;
using Nines.Metrics;

namespace Nines.Server.Probes;

/// <summary>Reads a probe's past back from its series, whatever labels it had then.</summary>
internal sealed class ProbeHistory(ISeriesSource source)
{
    /// <summary>The runs of a time, cut into stretches.</summary>
    public IReadOnlyList<ProbeStretch> Course(Probe probe, long fromMs, long toMs, int count) => ProbeCourse.Of(
        [.. Read(probe, ProbeSamples.Success, fromMs - 3 * probe.IntervalMs, toMs).Select(s => (s.TimeMs, s.Value == 1))],
        fromMs, toMs, count, probe.IntervalMs);

    /// <summary>How long runs took, the longest of each stretch in seconds; null where none ran.</summary>
    public IReadOnlyList<double?> Durations(Probe probe, long fromMs, long toMs, int count)
    {
        var longest = new double?[count];
        foreach (var (timeMs, value) in Read(probe, ProbeSamples.Duration, fromMs, toMs))
        {
            var at = (int)Math.Clamp((timeMs - fromMs) * count / Math.Max(1, toMs - fromMs), 0, count - 1);
            longest[at] = Math.Max(longest[at] ?? 0, value);
        }
        return longest;
    }

    private List<(long TimeMs, double Value)> Read(Probe probe, string name, long fromMs, long toMs)
    {
        var (read, samples) = (new List<(long, double)>(), new SampleColumns());
        foreach (var series in source.Select([new(Labels.MetricName, MatchOp.Equal, name), new("probe", MatchOp.Equal, probe.Name)], fromMs, toMs))
        {
            samples.Clear();
            series.Read(fromMs, toMs, samples);
            samples.DropStale();
            for (var i = 0; i < samples.Count; i++)
            {
                read.Add((samples.Times[i], samples.Values[i]));
            }
        }
        read.Sort();
        return read;
    }
}
