using Nines.Core;
using Nines.Core.Objectives.Sources;
using Nines.Metrics;
using Nines.Server.Objectives.Sources;
using Nines.Server.Telemetry;

namespace Nines.Server.Tests.Objectives.Sources;

public sealed class SourceClientTests : IAsyncLifetime
{
    private const long T = 1_800_000_000_000;
    private readonly HttpAccessClients _http = new(".");
    private FakePrometheus _prometheus = null!;

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync() => _prometheus = await FakePrometheus.StartAsync();

    public async ValueTask DisposeAsync()
    {
        _http.Dispose();
        await _prometheus.DisposeAsync();
    }

    [Fact]
    public async Task Read_Samples_WithTimesToTheMillisecondAndTheHeadersAskedFor()
    {
        _prometheus.Add("requests_total", "200", (T + 1, 5), (T + 15_003, 7.5));
        using var client = Client(s => s with { Headers = [("X-Scope-OrgID", new Secret("team-a"))], Access = new() { Username = "u", Password = new Secret("p") } });
        var series = await client.ReadAsync("""{__name__="requests_total"}""", new(T, T + 60_000), Stop);
        series.ShouldHaveSingleItem().Samples.ShouldBe([new(T + 1, 5), new(T + 15_003, 7.5)]);
        series[0].Labels.ShouldBe(Labels.Of((Labels.MetricName, "requests_total"), ("job", "shop"), ("instance", "a:1"), ("code", "200")));
        _prometheus.Queries.ShouldBe(["""{__name__="requests_total"}[60000ms]"""]);
        _prometheus.Headers[0]["X-Scope-OrgID"].ShouldBe("team-a");
        _prometheus.Headers[0]["Authorization"].ShouldBe("Basic dTpw");
        (client.Requests, client.Failures, client.Samples, client.Error).ShouldBe((1, 0, 2, null));
    }

    [Theory]
    [InlineData(503, "Service Unavailable", false, "HTTP status 503: Service Unavailable")]
    [InlineData(500, """{"status":"error","errorType":"internal","error":"disk"}""", false, "HTTP status 500: disk")]
    [InlineData(422, """{"status":"error","errorType":"execution","error":"too many samples"}""", true, "HTTP status 422: too many samples")]
    [InlineData(503, """{"status":"error","errorType":"timeout","error":"query timed out in query execution"}""", true, "HTTP status 503: query timed out in query execution")]
    [InlineData(200, """{"status":"success","data":{"resultType":"matrix","result":[{"metric":{"a":"b"},"values":[[1,"2"],[3,""", false, "the answer cannot be read")]
    [InlineData(200, "", false, "the answer cannot be read")]
    [InlineData(200, "<html>", false, "the answer cannot be read")]
    [InlineData(200, """{"status":"success","data":{"resultType":"vector","result":[]}}""", false, "the source answers with a vector")]
    [InlineData(200, """{"status":"success"}""", false, "the answer cannot be read: the answer holds no data")]
    [InlineData(200, """{"status":"success","warnings":["store 2 did not answer"],"data":{"resultType":"matrix","result":[]}}""", false, "incomplete: store 2 did not answer")]
    [InlineData(200, """{"status":"success","isPartial":true,"data":{"resultType":"matrix","result":[]}}""", false, "partial")]
    [InlineData(200, """{"status":"success","data":{"resultType":"matrix","result":[{"metric":{},"values":[[1,"x"]]}]}}""", false, "a value is no number")]
    public async Task Read_BadAnswer_IsAFailureThatSaysWhy(int status, string body, bool tooMuch, string message)
    {
        _prometheus.Instead.Enqueue((status, body));
        using var client = Client(s => s);
        var failure = await Should.ThrowAsync<SourceException>(() => client.ReadAsync("""{__name__="x"}""", new(T, T + 60_000), Stop));
        failure.Message.ShouldContain(message);
        failure.TooMuch.ShouldBe(tooMuch);
        (client.Failures, client.Error).ShouldBe((1, failure.Message));
    }

    [Fact]
    public async Task Read_MoreSamplesThanAllowed_IsTooMuch()
    {
        _prometheus.Add("requests_total", "200", [.. Enumerable.Range(0, 1001).Select(i => (T + i, (double)i))]);
        using var client = Client(s => s with { MaxSamples = 1000 });
        (await Should.ThrowAsync<SourceException>(() => client.ReadAsync("""{__name__="requests_total"}""", new(T, T + 60_000), Stop))).TooMuch.ShouldBeTrue();
    }

    [Fact]
    public async Task Read_NobodyThere_IsAFailure()
    {
        using var client = Client(s => s with { Url = new("http://127.0.0.1:1/") });
        (await Should.ThrowAsync<SourceException>(() => client.ReadAsync("""{__name__="x"}""", new(T, T + 60_000), Stop))).TooMuch.ShouldBeFalse();
    }

    [Fact]
    public async Task Read_ValuesOutOfOrder_AreSorted()
    {
        _prometheus.Instead.Enqueue((200, """{"data":{"result":[{"values":[[3,"+Inf"],[1,"NaN"],[2,"1e3"]],"metric":{"a":"b"}}],"resultType":"matrix"},"status":"success"}"""));
        using var client = Client(s => s);
        var series = await client.ReadAsync("""{__name__="x"}""", new(T, T + 60_000), Stop);
        series.ShouldHaveSingleItem().Samples.ShouldBe([new(1000, double.NaN), new(2000, 1000), new(3000, double.PositiveInfinity)]);
    }

    private SourceClient Client(Func<MetricsSource, MetricsSource> with) =>
        new(with(new("p", _prometheus.Address, new SourcePosition("w.yaml", 1, 1))), _http, TimeProvider.System);
}
