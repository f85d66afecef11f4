using Nines.Metrics;
using Nines.PromQL;
using Nines.PromQL.Scripts;

namespace Nines.Conformance.Tests.Promql;

/// <summary>
/// Where Debian's Prometheus 2.42 and the language as it is since Prometheus 3 differ: the whole list, each entry seen on both sides. What it does not
/// name has to agree (<see cref="DifferentialTests"/>).
/// </summary>
public sealed class NamedDifferenceTests
{
    private const long Start = DataSets.StartMs;

    private static readonly Case[] Cases =
    [
        new("a range does not hold a sample at its very start", "m 1 1 1 1 1", "count_over_time(m[30s])", 60, "{} 3", "{} 2"),
        new("a lookback does not reach a sample at its very start", "m 7", "m", 300, "m 7", ""),
        new("a subquery does not hold a step at its very start", "m 1 1 1 1 1", "count_over_time(m[30s:15s])", 60, "{} 3", "{} 2"),
        new("a counter that starts near zero is extrapolated by half an interval at most", "m_total _ _ _ _ 10 20 30", "increase(m_total[65s])", 93, "{} 32", "{} 27"),
        new("atan2 takes the metric name away", "m 0", "m atan2 m", 0, "m 0", "{} 0"),
        new("the variance of a single infinity is no number", "m Inf", "stdvar(m)", 0, "{} 0", "{} NaN"),
        new("bucket counts that differ by rounding are taken for equal",
            "b{le=\"1\"} 1\nb{le=\"2\"} 1.0000000000001\nb{le=\"+Inf\"} 1.0000000000001", "histogram_quantile(1, b)", 0, "{} 2", "{} 1"),
        new("predict_linear of a range pinned by @ has a value at every step",
            "m 0 1 2 3 4 5 6 7 8", "count_over_time(predict_linear(m[1m] @ 1700002920, 60)[2m:1m])", 240, "{} 1", "{} 2"),
    ];

    [Fact]
    public async Task EachDifference_IsSeenOnBothSides()
    {
        var stop = TestContext.Current.CancellationToken;
        foreach (var named in Cases)
        {
            var series = named.Load.Split('\n').Select(SeriesNotation.Parse).Select(s => (s.Labels, Samples(s.Samples))).ToList();
            await using var prometheus = await PrometheusServer.StartAsync(series, stop);
            var at = Start + (named.Seconds * 1000);
            var theirs = await prometheus.RangeAsync(named.Query, at, at, 1000, stop);
            Text(theirs!.Select(s => (s.Key.Series, s.Value))).ShouldBe(named.Theirs, $"Prometheus 2.42: {named.What}");
            var source = new MemorySeriesSource();
            series.ForEach(s => s.Item2.ForEach(sample => source.Add(s.Labels, sample)));
            var ours = (VectorValue)new QueryEngine(source, new QueryOptions()).Instant(named.Query, at, stop).Value!;
            Text(ours.Samples.Select(s => (s.Labels.ToString(), s.Sample.Value))).ShouldBe(named.Ours, $"Nines: {named.What}");
        }
    }

    private static string Text(IEnumerable<(string Series, double Value)> samples) =>
        string.Join("; ", samples.Select(s => $"{s.Series} {Math.Round(s.Value, 9)}").Order());

    private static List<Sample> Samples(IReadOnlyList<NotedSample> noted) =>
        [.. noted.Select((s, i) => (s.Value, Time: Start + (i * 15_000L))).Where(s => s.Value is not null).Select(s => new Sample(s.Time, s.Value!.Value))];

    private sealed record Case(string What, string Load, string Query, long Seconds, string Theirs, string Ours);
}
