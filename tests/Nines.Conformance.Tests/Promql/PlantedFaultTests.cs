using Nines.Metrics;
using Nines.PromQL;
using Nines.PromQL.Scripts;

namespace Nines.Conformance.Tests.Promql;

/// <summary>The scripts notice each of these faults; else their agreement would mean little.</summary>
public sealed class PlantedFaultTests
{
    private static readonly Dictionary<string, Func<ISeriesSource, QueryEngine>> Faults = new()
    {
        ["samples come a millisecond late"] = source => Engine(new Faulty(source, (t, v) => (t + 1, v))),
        ["stale markers are lost"] = source => Engine(new Faulty(source, (t, v) => StaleMarker.Is(v) ? null : (t, v))),
        ["zeroes are lost"] = source => Engine(new Faulty(source, (t, v) => v == 0 ? null : (t, v))),
        ["values are rounded to floats"] = source => Engine(new Faulty(source, (t, v) => (t, StaleMarker.Is(v) ? v : v * (1 + 1e-5)))),
        ["the lookback is a millisecond longer"] = source => new QueryEngine(source, ScriptRunner.Options with { LookbackMs = 300_001 }),
        ["the oldest samples are lost"] = source => Engine(new Faulty(source, (t, v) => t == 0 ? null : (t, v))),
        ["names are dropped at once"] = source => new QueryEngine(source, new QueryOptions()),
    };

    public static TheoryData<string> Names => [.. Faults.Keys];

    [Theory]
    [MemberData(nameof(Names))]
    public void Scripts_WithAPlantedFault_Fail(string fault)
    {
        var folder = OutsideData.Folder("promql");
        string[] files = ["functions", "staleness", "operators", "name_label_dropping", "subquery", "at_modifier"];
        files.SelectMany(name => new ScriptRunner(onlyFloats: true, Faults[fault]).Run(name, File.ReadAllText(Path.Combine(folder, name + ".test"))))
            .ShouldContain(e => e.Outcome == EvaluationOutcome.Failed);
    }

    private static QueryEngine Engine(ISeriesSource source) => new(source, ScriptRunner.Options);

    private sealed class Faulty(ISeriesSource source, Func<long, double, (long TimeMs, double Value)?> change) : ISeriesSource
    {
        public IReadOnlyList<ISelectedSeries> Select(IReadOnlyList<Matcher> matchers, long fromMs, long toMs) =>
            [.. source.Select(matchers, fromMs, toMs).Select(s => new FaultySeries(s, change))];

        public IReadOnlyList<string> LabelNames(IReadOnlyList<Matcher> matchers, long fromMs, long toMs) => source.LabelNames(matchers, fromMs, toMs);

        public IReadOnlyList<string> LabelValues(string name, IReadOnlyList<Matcher> matchers, long fromMs, long toMs) =>
            source.LabelValues(name, matchers, fromMs, toMs);

        public ITrackedSeries Track(IReadOnlyList<Matcher> matchers) => source.Track(matchers);
    }

    private sealed class FaultySeries(ISelectedSeries series, Func<long, double, (long TimeMs, double Value)?> change) : ISelectedSeries
    {
        public Labels Labels => series.Labels;

        public void Read(long fromMs, long toMs, SampleColumns into)
        {
            var whole = new SampleColumns();
            series.Read(long.MinValue, long.MaxValue, whole);
            for (var i = 0; i < whole.Count; i++)
            {
                if (change(whole.Times[i], whole.Values[i]) is var (time, value) && time >= fromMs && time <= toMs)
                {
                    into.Add(time, value);
                }
            }
        }
    }
}
