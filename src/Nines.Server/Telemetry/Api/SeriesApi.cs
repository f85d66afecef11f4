using System.Globalization;
using System.Text;
using Microsoft.AspNetCore.Routing;
using Nines.Metrics;
using Nines.PromQL;

namespace Nines.Server.Telemetry.Api;

/// <summary><c>series</c>, <c>labels</c>, <c>label/{name}/values</c>, <c>metadata</c>.</summary>
internal sealed class SeriesApi(ISeriesSource source, MetadataStore metadata)
{
    private static readonly Annotation Truncated = new(AnnotationLevel.Warning, "results truncated due to limit");

    public async Task SeriesAsync(ApiRequest request)
    {
        if (request.Parameters.All("match[]").Count == 0)
        {
            throw ApiException.Bad("no match[] parameter provided");
        }
        var (limit, from, to) = Bounds(request);
        var selectors = request.Parameters.Selectors(problem => ApiException.Parameter("match[]", problem));
        var found = new HashSet<Labels>(selectors.SelectMany(s => source.Select(s, from, to)).Select(s => s.Labels));
        request.Begin();
        request.Out.Json.WriteStartArray();
        foreach (var labels in Cut(request, found.Order(LabelOrder.Instance), found.Count, limit))
        {
            request.Out.Labels(labels);
            await request.Out.BreatheAsync(request.Stop);
        }
        request.Out.Json.WriteEndArray();
    }

    public Task LabelsAsync(ApiRequest request)
    {
        var (limit, from, to) = Bounds(request);
        return NamesAsync(request, limit, matchers => source.LabelNames(matchers, from, to));
    }

    public Task ValuesAsync(ApiRequest request)
    {
        var name = Unescaped((string?)request.Http.GetRouteValue("name") ?? "");
        if (name.Length == 0)
        {
            throw ApiException.Bad("invalid label name: \"\"");
        }
        var (limit, from, to) = Bounds(request);
        return NamesAsync(request, limit, matchers => source.LabelValues(name, matchers, from, to));
    }

    public async Task MetadataAsync(ApiRequest request)
    {
        int Number(string name)
        {
            var text = request.Parameters[name];
            return text.Length == 0 ? -1 : int.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var number) ? number
                : throw ApiException.Bad($"{name} must be a number");
        }
        var (limit, perMetric, metric) = (Number("limit"), Number("limit_per_metric"), request.Parameters["metric"]);
        request.Begin();
        var json = request.Out.Json;
        json.WriteStartObject();
        foreach (var (family, accounts) in metadata.Read(metric.Length > 0 ? metric : null, limit, perMetric))
        {
            json.WriteStartArray(family);
            foreach (var account in accounts)
            {
                json.WriteStartObject();
                json.WriteString("type", account.Type);
                json.WriteString("help", account.Help);
                json.WriteString("unit", account.Unit);
                json.WriteEndObject();
            }
            json.WriteEndArray();
            await request.Out.BreatheAsync(request.Stop);
        }
        json.WriteEndObject();
    }

    private static (int Limit, long From, long To) Bounds(ApiRequest request)
    {
        var limit = request.Parameters.Limit();
        var (from, to) = (request.Parameters.Time("start", long.MinValue), request.Parameters.Time("end", long.MaxValue));
        return (limit, from, to);
    }

    private static async Task NamesAsync(ApiRequest request, int limit, Func<IReadOnlyList<Matcher>, IReadOnlyList<string>> look)
    {
        var selectors = request.Parameters.Selectors(ApiException.Bad);
        var names = selectors.Count switch
        {
            0 => look([]),
            1 => look(selectors[0]),
            _ => [.. new SortedSet<string>(selectors.SelectMany(look), StringComparer.Ordinal)],
        };
        request.Begin();
        request.Out.Json.WriteStartArray();
        foreach (var name in Cut(request, names, names.Count, limit))
        {
            request.Out.Json.WriteStringValue(name);
            await request.Out.BreatheAsync(request.Stop);
        }
        request.Out.Json.WriteEndArray();
    }

    private static IEnumerable<T> Cut<T>(ApiRequest request, IEnumerable<T> all, int count, int limit)
    {
        if (limit == 0 || count <= limit)
        {
            return all;
        }
        request.Annotations.Add(Truncated);
        return all.Take(limit);
    }

    // Names that a path cannot carry are sent as U__ with _ doubled and other characters as _hex_.
    private static string Unescaped(string name)
    {
        if (!name.StartsWith("U__", StringComparison.Ordinal))
        {
            return name;
        }
        var text = new StringBuilder();
        for (var at = 3; at < name.Length;)
        {
            if (name[at] != '_')
            {
                text.Append(name[at++]);
                continue;
            }
            var end = name.IndexOf('_', at + 1);
            if (end == at + 1)
            {
                text.Append('_');
            }
            else if (end > 0 && int.TryParse(name.AsSpan(at + 1, end - at - 1), NumberStyles.HexNumber, CultureInfo.InvariantCulture, out var code)
                && Rune.IsValid(code))
            {
                text.Append(new Rune(code).ToString());
            }
            else
            {
                return name;
            }
            at = end + 1;
        }
        return text.ToString();
    }

    /// <summary>Labels name by name and value by value, as Prometheus sorts series.</summary>
    private sealed class LabelOrder : IComparer<Labels>
    {
        public static readonly LabelOrder Instance = new();

        public int Compare(Labels? x, Labels? y)
        {
            var a = x!.Pairs;
            var b = y!.Pairs;
            for (var i = 0; i < Math.Min(a.Length, b.Length); i++)
            {
                var order = string.CompareOrdinal(a[i].Key, b[i].Key);
                order = order != 0 ? order : string.CompareOrdinal(a[i].Value, b[i].Value);
                if (order != 0)
                {
                    return order;
                }
            }
            return a.Length.CompareTo(b.Length);
        }
    }
}
