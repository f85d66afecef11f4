using Nines.Metrics;

namespace Nines.PromQL;

/// <summary>Series in plain lists: what scripts and unit tests of rules are evaluated on. Not safe for writers beside readers.</summary>
public sealed class MemorySeriesSource : ISeriesSource
{
    private readonly Dictionary<Labels, Series> _series = [];

    /// <summary>Adds a sample, in any order; a later one of the same time replaces it.</summary>
    public void Add(Labels labels, Sample sample)
    {
        if (!_series.TryGetValue(labels, out var series))
        {
            _series[labels] = series = new Series(labels);
        }
        series.Samples[sample.TimeMs] = sample.Value;
    }

    /// <summary>Forgets everything.</summary>
    public void Clear() => _series.Clear();

    /// <inheritdoc/>
    public IReadOnlyList<ISelectedSeries> Select(IReadOnlyList<Matcher> matchers, long fromMs, long toMs) => Found(matchers, fromMs, toMs);

    /// <inheritdoc/>
    public IReadOnlyList<string> LabelNames(IReadOnlyList<Matcher> matchers, long fromMs, long toMs) =>
        [.. Found(matchers, fromMs, toMs).SelectMany(s => s.Labels.Pairs.ToArray()).Select(p => p.Key).Distinct(StringComparer.Ordinal)
            .Order(StringComparer.Ordinal)];

    /// <inheritdoc/>
    public IReadOnlyList<string> LabelValues(string name, IReadOnlyList<Matcher> matchers, long fromMs, long toMs) =>
        [.. Found(matchers, fromMs, toMs).Select(s => s.Labels[name]).Where(v => v.Length > 0).Distinct(StringComparer.Ordinal)
            .Order(StringComparer.Ordinal)];

    /// <inheritdoc/>
    public ITrackedSeries Track(IReadOnlyList<Matcher> matchers) => new Tracked(this, matchers);

    private Series[] Found(IReadOnlyList<Matcher> matchers, long fromMs, long toMs) =>
        [.. _series.Values.Where(s => Matcher.AllMatch(matchers, s.Labels) && s.Samples.Keys[0] <= toMs && s.Samples.Keys[^1] >= fromMs)
            .OrderBy(s => s.Labels, Comparer<Labels>.Create(Labels.Compare))];

    private sealed class Series(Labels labels) : ISelectedSeries, ISeriesHandle
    {
        public Labels Labels { get; } = labels;

        public SortedList<long, double> Samples { get; } = [];

        public bool BornInKnownTarget => false;

        public long IntervalMs => 0;

        public void Read(long fromMs, long toMs, SampleColumns into)
        {
            for (var i = FirstAt(fromMs); i < Samples.Count && Samples.Keys[i] <= toMs; i++)
            {
                into.Add(Samples.Keys[i], Samples.Values[i]);
            }
        }

        public int Read(long afterMs, long untilMs, Span<CounterSample> into)
        {
            var count = 0;
            for (var i = FirstAt(afterMs + 1); i < Samples.Count && Samples.Keys[i] <= untilMs && count < into.Length; i++)
            {
                into[count++] = new CounterSample(Samples.Keys[i], Samples.Values[i], 0);
            }
            return count;
        }

        private int FirstAt(long timeMs)
        {
            var (low, high) = (0, Samples.Count);
            while (low < high)
            {
                var middle = (low + high) / 2;
                (low, high) = Samples.Keys[middle] < timeMs ? (middle + 1, high) : (low, middle);
            }
            return low;
        }
    }

    private sealed class Tracked(MemorySeriesSource source, IReadOnlyList<Matcher> matchers) : ITrackedSeries
    {
        public IReadOnlyList<ISeriesHandle> Handles => source.Found(matchers, long.MinValue, long.MaxValue);

        public void Dispose()
        {
        }
    }
}
