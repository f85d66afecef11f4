using System.Text;
using Nines.Metrics;

namespace Nines.Tsdb.Head;

/// <summary>Counts over the series in memory.</summary>
internal static class HeadStats
{
    /// <summary>Counts; each list holds the first <paramref name="limit"/>, largest first, then by name.</summary>
    public static TsdbStats Of(SeriesRegistry registry, int limit)
    {
        var (byMetric, values, bytes, byPair) = (new List<TsdbCount>(), new List<TsdbCount>(), new List<TsdbCount>(), new List<TsdbCount>());
        registry.ReadPostings(postings =>
        {
            foreach (var (name, byValue) in postings)
            {
                values.Add(new TsdbCount(name, byValue.Count));
                bytes.Add(new TsdbCount(name, byValue.Sum(v => (long)Encoding.UTF8.GetByteCount(v.Key) * v.Value.Count)));
                byPair.AddRange(byValue.Select(v => new TsdbCount($"{name}={v.Key}", v.Value.Count)));
                if (name == Labels.MetricName)
                {
                    byMetric.AddRange(byValue.Select(v => new TsdbCount(v.Key, v.Value.Count)));
                }
            }
        });
        var (series, chunks, min, max) = (registry.All(), 0L, long.MaxValue, long.MinValue);
        foreach (var one in series)
        {
            chunks += one.ChunkCount;
            min = Math.Min(min, one.OldestMs);
            max = Math.Max(max, one.NewestMs);
        }
        return new TsdbStats(series.Length, byPair.Count, chunks, min == long.MaxValue ? 0 : min, max == long.MinValue ? 0 : max,
            Top(byMetric), Top(values), Top(bytes), Top(byPair));

        TsdbCount[] Top(List<TsdbCount> counts) =>
            [.. counts.OrderByDescending(c => c.Value).ThenBy(c => c.Name, StringComparer.Ordinal).Take(Math.Max(0, limit))];
    }
}
