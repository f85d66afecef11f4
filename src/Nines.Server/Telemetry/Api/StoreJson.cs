using Nines.Tsdb;

namespace Nines.Server.Telemetry.Api;

/// <summary>Writes <c>status/tsdb</c>: where the series are.</summary>
internal static class StoreJson
{
    public static void Write(ApiRequest request, TsdbStats stats)
    {
        request.Begin();
        var json = request.Out.Json;
        json.WriteStartObject();
        json.WriteStartObject("headStats");
        json.WriteNumber("numSeries", stats.Series);
        json.WriteNumber("numLabelPairs", stats.LabelPairs);
        json.WriteNumber("chunkCount", stats.Chunks);
        json.WriteNumber("minTime", stats.MinMs);
        json.WriteNumber("maxTime", stats.MaxMs);
        json.WriteEndObject();
        Top(request, "seriesCountByMetricName", stats.SeriesByMetricName);
        Top(request, "labelValueCountByLabelName", stats.ValuesByLabelName);
        Top(request, "memoryInBytesByLabelName", stats.BytesByLabelName);
        Top(request, "seriesCountByLabelValuePair", stats.SeriesByLabelPair);
        json.WriteEndObject();
    }

    private static void Top(ApiRequest request, string property, IReadOnlyList<TsdbCount> rows)
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
}
