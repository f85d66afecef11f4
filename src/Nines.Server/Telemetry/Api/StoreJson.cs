using Nines.Tsdb;

namespace Nines.Server.Telemetry.Api;

/// <summary>Writes <c>status/tsdb</c>: where the series are.</summary>
internal static class StoreJson
{
    public static async Task WriteAsync(ApiRequest request, TsdbStore store, int limit)
    {
        var series = store.Select([], long.MinValue, long.MaxValue);
        var (byMetric, byPair, bytes) = (new Counts(), new Counts(), new Counts());
        var values = new Dictionary<string, HashSet<string>>(StringComparer.Ordinal);
        foreach (var one in series)
        {
            byMetric.Add(one.Labels.Name, 1);
            foreach (var (name, value) in one.Labels.Pairs)
            {
                byPair.Add($"{name}={value}", 1);
                if (!values.TryGetValue(name, out var known))
                {
                    values[name] = known = new(StringComparer.Ordinal);
                }
                if (known.Add(value))
                {
                    bytes.Add(name, System.Text.Encoding.UTF8.GetByteCount(value));
                }
            }
        }
        request.Begin();
        var json = request.Out.Json;
        json.WriteStartObject();
        json.WriteStartObject("headStats");
        json.WriteNumber("numSeries", series.Count);
        json.WriteNumber("numLabelPairs", byPair.Count);
        json.WriteNumber("chunkCount", series.Count);
        json.WriteNumber("minTime", 0);
        json.WriteNumber("maxTime", 0);
        json.WriteEndObject();
        Top(request, "seriesCountByMetricName", byMetric.Largest(limit));
        Top(request, "labelValueCountByLabelName", values.Select(v => (v.Key, (long)v.Value.Count)).OrderByDescending(v => v.Item2)
            .ThenBy(v => v.Key, StringComparer.Ordinal).Take(limit));
        Top(request, "memoryInBytesByLabelName", bytes.Largest(limit));
        Top(request, "seriesCountByLabelValuePair", byPair.Largest(limit));
        json.WriteEndObject();
        await request.Out.BreatheAsync(request.Stop);
    }

    private static void Top(ApiRequest request, string property, IEnumerable<(string Name, long Value)> rows)
    {
        request.Out.Json.WriteStartArray(property);
        foreach (var (name, value) in rows)
        {
            request.Out.Json.WriteStartObject();
            request.Out.Json.WriteString("name", name);
            request.Out.Json.WriteNumber("value", value);
            request.Out.Json.WriteEndObject();
        }
        request.Out.Json.WriteEndArray();
    }

    private sealed class Counts
    {
        private readonly Dictionary<string, long> _counts = new(StringComparer.Ordinal);

        public int Count => _counts.Count;

        public void Add(string name, long by) => System.Runtime.InteropServices.CollectionsMarshal.GetValueRefOrAddDefault(_counts, name, out _) += by;

        public IEnumerable<(string Name, long Value)> Largest(int limit) =>
            _counts.Select(c => (c.Key, c.Value)).OrderByDescending(c => c.Value).ThenBy(c => c.Key, StringComparer.Ordinal).Take(limit);
    }
}
