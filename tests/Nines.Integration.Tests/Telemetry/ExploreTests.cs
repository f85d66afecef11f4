using System.Net;
using Microsoft.Extensions.DependencyInjection;
using Nines.Core.Access;
using Nines.Metrics;
using Nines.Server.Telemetry.Pages;

namespace Nines.Integration.Tests.Telemetry;

/// <summary>The query page as it is sent, without scripts.</summary>
public sealed class ExploreTests : IAsyncLifetime
{
    private const string At = "&end=1700000060";
    private RunningServer _server = null!;
    private HttpClient _client = null!;

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        _server = await RunningServer.StartAsync();
        _client = await _server.ClientAsync(Role.Viewer);
        using var append = _server.App.Services.GetRequiredService<ISampleSink>().Begin();
        foreach (var (job, factor) in (IEnumerable<(string, double)>)[("a", 1), ("b", 0.1), ("</script><b>", 7)])
        {
            var series = append.Series(Labels.Of(("__name__", "x"), ("job", job), ("zone", "eu")), false, 15_000);
            for (var i = 0; i < 5; i++)
            {
                append.Add(series, new CounterSample(1_700_000_000_000 + i * 15_000L, i * factor, 0)).ShouldBe(Refusal.None);
            }
        }
        var infinite = append.Series(Labels.Of(("__name__", "odd")), false, 15_000);
        append.Add(infinite, new CounterSample(1_700_000_060_000, double.PositiveInfinity, 0)).ShouldBe(Refusal.None);
        append.Commit();
    }

    public async ValueTask DisposeAsync()
    {
        _client.Dispose();
        await _server.DisposeAsync();
    }

    [Theory]
    [InlineData("x", "3 series", "All have", "zone=\"eu\"", "{job=\"a\"}")]
    [InlineData("x&tab=1", "3 series", "<th scope=\"col\">job</th>", "<td class=\"num mono\">0.4</td>", "zone=\"eu\"")]
    [InlineData("sum(x)by(job)", "sum by (job) (x)")]
    [InlineData("x{job=\"a\"}[20s]&tab=table", "2023-11-14 22:14:05", "<td class=\"num mono\">4</td>")]
    [InlineData("1/3&tab=1", "a number", "0.3333333333333333")]
    [InlineData("\"<i>\"&tab=1", "a text", "<p class=\"single mono\"><i></p>")]
    [InlineData("odd", "Infinite values and NaN cannot be drawn")]
    [InlineData("odd&tab=1", "+Inf")]
    [InlineData("x[5m]", "A range vector has no graph.", "Show it as a table")]
    [InlineData("nowhere", "No series has a value in this range", "Nothing named <code>nowhere</code> is stored.")]
    [InlineData("x offset 1y", "No series has a value in this range")]
    [InlineData("x + on(zone) x", "role=\"alert\"", "Found duplicate series for the match group")]
    [InlineData("rate(x)", "column 6", "<span data-n=\"1\" class=\"hit\" data-state=\"exhausted\">rate(x)</span><span class=\"caret\" data-state=\"exhausted\">     ^</span>")]
    [InlineData("sum(\nx{job=5}\n)", "Line 2, column 7", "<span data-n=\"2\" class=\"hit\"", ">      ^</span>")]
    [InlineData("sum(", "Line 1, column 5", "    ^")]
    [InlineData("x&range=soon", "“soon” is no range")]
    [InlineData("x&range=5s", "“5s” is no range")]
    [InlineData("x&range=10min", "value=\"10m\"", "aria-current=\"true\">10\u00a0min</a>")]
    [InlineData("rate(x[1m])", "PromQL info: metric might not be a counter")]
    public async Task Page_Says(string ask, params string[] expected)
    {
        var html = WebUtility.HtmlDecode(await GetAsync(ask + At));
        foreach (var part in expected)
        {
            html.ShouldContain(part);
        }
    }

    [Fact]
    public async Task Page_HostileLabels_StayText()
    {
        foreach (var tab in (string[])["graph", "table"])
        {
            var html = await GetAsync($"x&tab={tab}{At}");
            html.ShouldNotContain("</script><b>");
            html.ShouldContain("&lt;/script&gt;&lt;b&gt;");
        }
        (await GetAsync("</textarea><script>")).ShouldNotContain("</textarea><script>");
    }

    [Fact]
    public async Task Page_ManyRows_AreCutAndSaysSo()
    {
        using var append = _server.App.Services.GetRequiredService<ISampleSink>().Begin();
        for (var i = 0; i < 600; i++)
        {
            append.Add(append.Series(Labels.Of(("__name__", "many"), ("n", $"{i:000}")), false, 15_000), new CounterSample(1_700_000_060_000, i, 0));
        }
        append.Commit();
        var table = await GetAsync("many&tab=1" + At);
        table.ShouldContain("The first 500 of 600 series are shown");
        table.Split("<tr>").Length.ShouldBe(1 + 1 + 500);
        var graph = await GetAsync("many" + At);
        graph.ShouldContain("50 of 600 drawn");
        graph.ShouldContain("{n=&quot;599&quot;}");
        graph.ShouldNotContain("{n=&quot;549&quot;}");
    }

    [Fact]
    public async Task Page_Empty_OffersMetricsThatExist()
    {
        await using var fresh = await RunningServer.StartAsync();
        using var client = await fresh.ClientAsync(Role.Viewer);
        var empty = await client.GetStringAsync("/explore", Stop);
        empty.ShouldContain("No series have been stored in the last hour");
        var some = await _client.GetStringAsync("/explore?end=1700000060", Stop);
        some.ShouldContain("topk(5, x)");
        some.ShouldContain("href=\"/explore?expr=topk%285%2C%20x%29&amp;range=1h&amp;end=2023-11-14%2022%3A14%3A20\"");
    }

    [Theory]
    [InlineData("g0.expr=sum(x)&g0.tab=1", "/explore?expr=sum%28x%29&range=1h&tab=table")]
    [InlineData("g0.expr=x%7Ba%3D%22%26%22%7D&g0.tab=0&g0.range_input=2d&g0.end_input=2026-03-12%2003%3A14%3A15", "/explore?expr=x%7Ba%3D%22%26%22%7D&range=2d&end=2026-03-12%2003%3A14%3A15")]
    [InlineData("", "/explore?expr=&range=1h")]
    public async Task Graph_OfPrometheus_LeadsHere(string ask, string expected)
    {
        using var answer = await _client.GetAsync("/graph?" + ask, Stop);
        answer.StatusCode.ShouldBe(HttpStatusCode.Found);
        answer.Headers.Location!.OriginalString.ShouldBe(expected);
        (await _client.GetAsync(expected, Stop)).StatusCode.ShouldBe(HttpStatusCode.OK);
    }

    [Theory]
    [InlineData(0, 1)]
    [InlineData(3, 7)]
    [InlineData(-5, 5)]
    [InlineData(0.00012, 0.00013)]
    [InlineData(1e9, 1.0000001e9)]
    [InlineData(-7, -7)]
    [InlineData(5, 5)]
    [InlineData(0, 0)]
    [InlineData(-1e308, 1e308)]
    [InlineData(-1.7e308, 1.7e308)]
    [InlineData(5e-324, 5e-324)]
    public void Axis_AnyValues_HoldsThemAndRisesEvenly(double min, double max)
    {
        var (low, high, ticks) = ExploreGraph.Axis(min, max);
        high.ShouldBeGreaterThan(low);
        low.ShouldBeLessThanOrEqualTo(min);
        high.ShouldBeGreaterThanOrEqualTo(max);
        ticks.Count.ShouldBeInRange(2, 21);
        ticks.Select(t => t.At).ShouldBeInOrder(SortDirection.Ascending);
        ticks.Select(t => t.Text).Distinct(StringComparer.Ordinal).Count().ShouldBe(ticks.Count, string.Join(" | ", ticks.Select(t => t.Text)));
    }

    [Fact]
    public void Address_ReadAgain_AsksTheSame()
    {
        var random = new Random(5);
        for (var i = 0; i < 500; i++)
        {
            var query = new ExploreQuery(string.Concat(Enumerable.Range(0, random.Next(1, 20)).Select(_ => "ax{}\"'&=%+#?\n€<"[random.Next(15)])).Trim(), 1000L * random.Next(10, 1_000_000),
                random.Next(2) == 0 ? null : 1_700_000_000_000 + 1000L * random.Next(1_000_000), random.Next(2) == 0);
            var parameters = Microsoft.AspNetCore.WebUtilities.QueryHelpers.ParseQuery(query.Url[query.Url.IndexOf('?', StringComparison.Ordinal)..]);
            ExploreQuery.Read(name => parameters.TryGetValue(name, out var value) ? value.ToString() : null).ShouldBe(query);
            (query.RangeMs / query.StepMs).ShouldBeLessThanOrEqualTo(360);
        }
    }

    private Task<string> GetAsync(string ask) =>
        _client.GetStringAsync("/explore?expr=" + string.Join('&', ask.Split('&').Select((part, i) => i == 0 ? Uri.EscapeDataString(part) : part)), Stop);
}
