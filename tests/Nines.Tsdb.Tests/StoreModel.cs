using Nines.Metrics;
using Nines.Tsdb.Files;

namespace Nines.Tsdb.Tests;

/// <summary>The plainest store: a list of samples per series.</summary>
internal sealed class StoreModel
{
    public Dictionary<Labels, List<CounterSample>> Series { get; } = [];

    public void Add(Labels labels, CounterSample sample)
    {
        if (!Series.TryGetValue(labels, out var list))
        {
            Series[labels] = list = [];
        }
        if (list.Count == 0 || list[^1].TimeMs < sample.TimeMs)
        {
            list.Add(sample);
        }
    }
}

internal static class Stores
{
    public static readonly Matcher[] Everything = [new("__name__", MatchOp.NotEqual, "")];

    public static TsdbStore Open(
        IStoreFiles files, int segmentBytes = 1 << 20, TimeSpan? retention = null, int maxSeries = 1000, TimeProvider? time = null, TsdbFault fault = TsdbFault.None,
        long maxBytes = long.MaxValue, Action<string>? warn = null) =>
        new(new TsdbOptions
        {
            Directory = "unused",
            SegmentBytes = segmentBytes,
            Retention = retention ?? TimeSpan.FromDays(400_000),
            SyncInterval = Timeout.InfiniteTimeSpan,
            MaintenanceInterval = Timeout.InfiniteTimeSpan,
            MaxBytes = maxBytes,
            Fault = fault,
            Warn = warn ?? (_ => { }),
            MaxSeries = maxSeries,
            Time = time ?? TimeProvider.System,
        }, files);

    public static Labels Named(string name, params (string, string)[] labels) => Labels.Of([("__name__", name), .. labels]);

    public static void Append(this TsdbStore store, Labels labels, params CounterSample[] samples)
    {
        using var append = store.Begin();
        var series = append.Series(labels, bornInKnownTarget: true, intervalMs: 15_000);
        foreach (var sample in samples)
        {
            append.Add(series, sample);
        }
        append.Commit();
    }

    public static Dictionary<Labels, List<CounterSample>> ReadAll(this TsdbStore store, int buffer = 7)
    {
        using var tracked = store.Track(Everything);
        return tracked.Handles.ToDictionary(h => h.Labels, h => ReadAll(h, buffer));
    }

    public static List<CounterSample> ReadAll(ISeriesHandle handle, int buffer = 7)
    {
        var (all, into, after) = (new List<CounterSample>(), new CounterSample[buffer], long.MinValue);
        for (int read; (read = handle.Read(after, long.MaxValue, into)) > 0; after = into[read - 1].TimeMs)
        {
            all.AddRange(into[..read]);
        }
        return all;
    }

    public static void ShouldHold(this TsdbStore store, StoreModel model)
    {
        var read = store.ReadAll();
        foreach (var (labels, samples) in model.Series.Where(s => s.Value.Count > 0))
        {
            if (!read.TryGetValue(labels, out var held) || !held.SequenceEqual(samples))
            {
                read.GetValueOrDefault(labels, []).ShouldBe(samples, labels.ToString());
            }
        }
        read.Count.ShouldBe(model.Series.Count(s => s.Value.Count > 0));
    }
}
