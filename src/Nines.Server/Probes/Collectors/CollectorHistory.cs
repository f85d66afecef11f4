using Nines.Core.Probes.Collectors;
using Nines.Core.Probes.Collectors.Host;
using Nines.Metrics;

namespace Nines.Server.Probes.Collectors;

/// <summary>Reads what collectors wrote before from the store.</summary>
internal sealed class CollectorHistory(CollectorLoop loop, ISeriesSource source, TimeProvider time) : IHostReports
{
    /// <summary>Over how long a trend goes, in ms.</summary>
    public const long TrendMs = 86_400_000;

    private const int TrendPoints = 48;
    private const long ProcessorMs = 5 * 60_000;
    private const long FillMs = 7 * 86_400_000L;
    private const long FillStepMs = 3_600_000;

    /// <inheritdoc/>
    public IReadOnlyList<HostReport> Hosts() =>
        [.. loop.Collectors.Where(c => c is { Collector.Work: HostWork, Standing.LastRun: not null }).Select(Host)];

    /// <summary>A series over the last day: the last value of each half hour, null where there was none.</summary>
    public double?[] Trend(Labels labels)
    {
        var nowMs = NowMs;
        var points = new double?[TrendPoints];
        foreach (var (at, value) in Read(labels, nowMs - TrendMs, nowMs))
        {
            points[Math.Clamp((int)((at - nowMs + TrendMs) * TrendPoints / TrendMs), 0, TrendPoints - 1)] = value;
        }
        return points;
    }

    private long NowMs => time.GetUtcNow().ToUnixTimeMilliseconds();

    private HostReport Host(CollectorRunner runner)
    {
        var report = HostReport.Of(runner.Collector, runner.Standing.LastRun!, [.. runner.Values.Select(v => (v.Labels, v.Value))]);
        var nowMs = NowMs;
        // Two readings at least, however far apart they are.
        var span = Math.Max(ProcessorMs, 3 * (long)runner.Collector.Interval.TotalMilliseconds);
        var growth = runner.Values.Where(v => v.Labels.Name == "node_cpu_seconds_total")
            .Select(v => (v.Labels["mode"], Read(v.Labels, nowMs - span, nowMs) is [var first, .., var last] ? last.Value - first.Value : 0));
        var free = report.Fullest is not { } fullest ? null
            : runner.Values.FirstOrDefault(v => v.Labels.Name == "node_filesystem_avail_bytes" && v.Labels["mountpoint"] == fullest.Mount)?.Labels;
        return report with { ProcessorUsed = HostReport.UsedOf(growth), Forecast = free is null ? default : FillForecast.Of(Hourly(free, nowMs)) };
    }

    private List<(long, double)> Hourly(Labels labels, long nowMs) =>
        [.. Read(labels, nowMs - FillMs, nowMs).GroupBy(s => s.TimeMs / FillStepMs).Select(g => g.Last())];

    private List<(long TimeMs, double Value)> Read(Labels labels, long fromMs, long toMs)
    {
        var columns = new SampleColumns();
        foreach (var series in source.Select([.. labels.Pairs.ToArray().Select(l => new Matcher(l.Key, MatchOp.Equal, l.Value))], fromMs, toMs))
        {
            if (series.Labels.Equals(labels))
            {
                series.Read(fromMs, toMs, columns);
            }
        }
        columns.DropStale();
        var samples = new List<(long, double)>(columns.Count);
        for (var i = 0; i < columns.Count; i++)
        {
            samples.Add((columns.Times[i], columns.Values[i]));
        }
        return samples;
    }
}
