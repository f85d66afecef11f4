using System.Globalization;
using System.Text;
using System.Text.Json;
using System.Text.RegularExpressions;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;
using Nines.Metrics;

namespace Nines.Server.Tests.Objectives.Sources;

/// <summary>Answers Prometheus' query API over HTTP from samples a test gives it, badly when the test says so.</summary>
internal sealed partial class FakePrometheus : IAsyncDisposable
{
    private readonly WebApplication _app;

    private FakePrometheus(WebApplication app) => _app = app;

    public Uri Address => new(_app.Urls.First() + "/");

    public Dictionary<Labels, List<Sample>> Stored { get; } = [];

    public List<string> Queries { get; } = [];

    public List<Dictionary<string, string>> Headers { get; } = [];

    /// <summary>Answers the next requests, one each, instead of the samples: status and body.</summary>
    public Queue<(int Status, string Body)> Instead { get; } = [];

    /// <summary>So many more requests are answered, and then none.</summary>
    public int Left { get; set; } = int.MaxValue;

    /// <summary>Longest range that is answered; longer ones are too many samples.</summary>
    public long LongestMs { get; set; } = long.MaxValue;

    public static async Task<FakePrometheus> StartAsync()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        builder.Logging.ClearProviders();
        var fake = new FakePrometheus(builder.Build());
        fake._app.MapGet("/api/v1/query", fake.Query);
        fake._app.MapGet("/api/v1/query_range", fake.Range);
        await fake._app.StartAsync(TestContext.Current.CancellationToken);
        return fake;
    }

    public void Add(string name, string code, params (long TimeMs, double Value)[] samples)
    {
        var labels = Labels.Of((Labels.MetricName, name), ("job", "shop"), ("instance", "a:1"), ("code", code));
        lock (Stored)
        {
            if (!Stored.TryGetValue(labels, out var all))
            {
                Stored[labels] = all = [];
            }
            all.AddRange(samples.Select(s => new Sample(s.TimeMs, s.Value)));
        }
    }

    public ValueTask DisposeAsync() => _app.DisposeAsync();

    private IResult Query(HttpRequest request, string query, string time)
    {
        lock (Stored)
        {
            Queries.Add(query);
            Headers.Add(request.Headers.ToDictionary(h => h.Key, h => h.Value.ToString()));
            if (Instead.TryDequeue(out var instead))
            {
                return Results.Text(instead.Body, "application/json", Encoding.UTF8, instead.Status);
            }
            if (Left-- <= 0)
            {
                return Results.StatusCode(503);
            }
            var match = Selector().Match(query);
            var (to, range) = ((long)(decimal.Parse(time, CultureInfo.InvariantCulture) * 1000), long.Parse(match.Groups["ms"].Value, CultureInfo.InvariantCulture));
            if (range > LongestMs)
            {
                return Results.Text("""{"status":"error","errorType":"execution","error":"query processing would load too many samples into memory in query execution"}""",
                    "application/json", Encoding.UTF8, 422);
            }
            return Matrix(Stored.Where(s => s.Key.Name == match.Groups["name"].Value && s.Value.Exists(v => v.TimeMs >= to - range && v.TimeMs <= to))
                .Select(s => (s.Key, s.Value.Where(v => v.TimeMs >= to - range && v.TimeMs <= to))));
        }
    }

    // Any query is 1 at each step.
    private IResult Range(string query, decimal start, decimal end, decimal step)
    {
        lock (Stored)
        {
            Queries.Add(query);
            if (Instead.TryDequeue(out var instead))
            {
                return Results.Text(instead.Body, "application/json", Encoding.UTF8, instead.Status);
            }
            var count = (int)((end - start) / step) + 1;
            return count > 11_000 ? Results.Text("""{"status":"error","error":"exceeded maximum resolution of 11,000 points per timeseries"}""", "application/json", Encoding.UTF8, 400)
                : Matrix([(Labels.Empty, Enumerable.Range(0, count).Select(i => new Sample((long)((start + i * step) * 1000), 1)))]);
        }
    }

    private static IResult Matrix(IEnumerable<(Labels Labels, IEnumerable<Sample> Samples)> series) => Results.Text(JsonSerializer.Serialize(new
    {
        status = "success",
        data = new
        {
            resultType = "matrix",
            result = series.Select(s => new
            {
                metric = s.Labels.Pairs.ToArray().ToDictionary(p => p.Key, p => p.Value),
                values = s.Samples.Select(v => new object[] { v.TimeMs / 1000m, v.Value.ToString(CultureInfo.InvariantCulture) }),
            }),
        },
    }), "application/json");

    [GeneratedRegex("""__name__="(?<name>[^"]+)".*\[(?<ms>\d+)ms\]$""", RegexOptions.NonBacktracking)]
    private static partial Regex Selector();
}
