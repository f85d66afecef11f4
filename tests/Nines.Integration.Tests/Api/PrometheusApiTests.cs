using System.Net;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json.Nodes;
using Nines.Core.Access;
using Nines.Metrics.Tests.RemoteWrite;

namespace Nines.Integration.Tests.Api;

/// <summary>The query API as Prometheus' clients see it, over data that came by remote write.</summary>
public sealed class PrometheusApiTests : IAsyncLifetime
{
    private const long T0 = 1_700_000_000_000;
    private RunningServer _server = null!;
    private HttpClient _client = null!;

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        _server = await RunningServer.StartAsync();
        _client = await _server.ClientAsync(Role.Admin);
        var body = new RemoteBody();
        foreach (var (job, factor) in (IEnumerable<(string, double)>)[("a", 1), ("b", 0.1)])
        {
            body.Series([("__name__", "x"), ("job", job)], [.. Enumerable.Range(0, 5).Select(i => (T0 + i * 15_000L, i * factor))]);
        }
        body.Series([("__name__", "odd"), ("quote", "\"<é>\"")], (T0 + 500, double.PositiveInfinity)).Metadata("x", 2, "An x.", "");
        var answer = await WriteAsync(body.Block);
        answer.StatusCode.ShouldBe(HttpStatusCode.NoContent, await answer.Content.ReadAsStringAsync(Stop));
    }

    public async ValueTask DisposeAsync()
    {
        _client.Dispose();
        await _server.DisposeAsync();
    }

    [Theory]
    [InlineData("query?query=x&time=1700000060", """{"status":"success","data":{"resultType":"vector","result":[{"metric":{"__name__":"x","job":"a"},"value":[1700000060,"4"]},{"metric":{"__name__":"x","job":"b"},"value":[1700000060,"0.4"]}]}}""")]
    [InlineData("query?query=odd&time=2023-11-14T22:13:20.5Z", """{"status":"success","data":{"resultType":"vector","result":[{"metric":{"__name__":"odd","quote":"\"<é>\""},"value":[1700000000.500,"+Inf"]}]}}""")]
    [InlineData("query?query=1%2F3&time=1.05", """{"status":"success","data":{"resultType":"scalar","result":[1.050,"0.3333333333333333"]}}""")]
    [InlineData("query?query=1e21&time=0", """{"status":"success","data":{"resultType":"scalar","result":[0,"1e+21"]}}""")]
    [InlineData("query?query=123456789012345678&time=0", """{"status":"success","data":{"resultType":"scalar","result":[0,"123456789012345680"]}}""")]
    [InlineData("query?query=-0.0000001&time=0", """{"status":"success","data":{"resultType":"scalar","result":[0,"-1e-07"]}}""")]
    [InlineData("query?query=%22a%22&time=0", """{"status":"success","data":{"resultType":"string","result":[0,"a"]}}""")]
    [InlineData("query?query=x{job='a'}[20s]&time=1700000030", """{"status":"success","data":{"resultType":"matrix","result":[{"metric":{"__name__":"x","job":"a"},"values":[[1700000015,"1"],[1700000030,"2"]]}]}}""")]
    [InlineData("query?query=x&time=1700000060&limit=1", """{"status":"success","data":{"resultType":"vector","result":[{"metric":{"__name__":"x","job":"a"},"value":[1700000060,"4"]}]},"warnings":["results truncated due to limit"]}""")]
    [InlineData("query_range?query=x{job='a'}&start=1700000000&end=1700000030&step=15", """{"status":"success","data":{"resultType":"matrix","result":[{"metric":{"__name__":"x","job":"a"},"values":[[1700000000,"0"],[1700000015,"1"],[1700000030,"2"]]}]}}""")]
    [InlineData("series?match[]=x&match[]={job=%22a%22}", """{"status":"success","data":[{"__name__":"x","job":"a"},{"__name__":"x","job":"b"}]}""")]
    [InlineData("series?match[]=x&limit=1", """{"status":"success","data":[{"__name__":"x","job":"a"}],"warnings":["results truncated due to limit"]}""")]
    [InlineData("series?match[]=x&end=1600000000", """{"status":"success","data":[]}""")]
    [InlineData("labels", """{"status":"success","data":["__name__","job","quote"]}""")]
    [InlineData("labels?match[]=odd&match[]=x{job='nobody'}", """{"status":"success","data":["__name__","quote"]}""")]
    [InlineData("label/job/values", """{"status":"success","data":["a","b"]}""")]
    [InlineData("label/U__job/values?match[]=x{job!='a'}", """{"status":"success","data":["b"]}""")]
    [InlineData("metadata", """{"status":"success","data":{"x":[{"type":"gauge","help":"An x.","unit":""}]}}""")]
    [InlineData("targets", """{"status":"success","data":{"activeTargets":[],"droppedTargets":[],"droppedTargetCounts":{}}}""")]
    [InlineData("rules", """{"status":"success","data":{"groups":[]}}""")]
    [InlineData("alerts", """{"status":"success","data":{"alerts":[]}}""")]
    [InlineData("query_exemplars?query=x", """{"status":"success","data":[]}""")]
    [InlineData("format_query?query=sum(x)by(job)", """{"status":"success","data":"sum by (job) (x)"}""")]
    [InlineData("parse_query?query=-x[5m]", null)]
    public async Task Get_GoodQuestions_AreAnsweredAsPrometheusDoes(string ask, string? expected)
    {
        var answer = await _client.GetAsync("/api/v1/" + ask, Stop);
        var text = await answer.Content.ReadAsStringAsync(Stop);
        if (expected is not null)
        {
            text.ShouldBe(expected);
        }
        answer.Content.Headers.ContentType!.MediaType.ShouldBe("application/json");
    }

    [Theory]
    [InlineData("query?query=", 400, "bad_data", "invalid parameter \"query\": unknown position: parse error: no expression found in input")]
    [InlineData("query?query=sum(", 400, "bad_data", "invalid parameter \"query\": 1:5: parse error: ")]
    [InlineData("query?query=1&time=x", 400, "bad_data", "invalid parameter \"time\": invalid time value for 'time': cannot parse \"x\" to a valid timestamp")]
    [InlineData("query?query=1&timeout=x", 400, "bad_data", "invalid parameter \"timeout\": cannot parse \"x\" to a valid duration")]
    [InlineData("query?query=1&limit=-1", 400, "bad_data", "invalid parameter \"limit\": limit must be non-negative")]
    [InlineData("query?query=x%2Bon()x&time=1700000060", 422, "execution", "")]
    [InlineData("query_range?query=1", 400, "bad_data", "invalid parameter \"start\": cannot parse \"\" to a valid timestamp")]
    [InlineData("query_range?query=1&start=2&end=1&step=1", 400, "bad_data", "invalid parameter \"end\": end timestamp must not be before start time")]
    [InlineData("query_range?query=1&start=1&end=2&step=0", 400, "bad_data", "invalid parameter \"step\": zero or negative query resolution step widths are not accepted. Try a positive integer")]
    [InlineData("query_range?query=1&start=0&end=11001&step=1", 400, "bad_data", "exceeded maximum resolution of 11,000 points per timeseries. Try decreasing the query resolution (?step=XX)")]
    [InlineData("query_range?query=x[1m]&start=0&end=1&step=1", 400, "bad_data", "invalid parameter \"query\": invalid expression type \"range vector\" for range query, must be Scalar or instant Vector")]
    [InlineData("series", 400, "bad_data", "no match[] parameter provided")]
    [InlineData("series?match[]={}", 400, "bad_data", "invalid parameter \"match[]\": match[] must contain at least one non-empty matcher")]
    [InlineData("labels?match[]={", 400, "bad_data", "1:2: parse error: ")]
    [InlineData("metadata?limit=x", 400, "bad_data", "limit must be a number")]
    [InlineData("rules?type=x", 400, "bad_data", "invalid parameter \"type\": not supported value \"x\"")]
    [InlineData("status/tsdb?limit=0", 400, "bad_data", "limit must be a positive number")]
    public async Task Get_BadQuestions_AreRefusedInPrometheusWords(string ask, int status, string type, string message)
    {
        var answer = await _client.GetAsync("/api/v1/" + ask, Stop);
        var body = JsonNode.Parse(await answer.Content.ReadAsStringAsync(Stop))!;
        ((int)answer.StatusCode, (string?)body["status"], (string?)body["errorType"]).ShouldBe((status, "error", type));
        ((string?)body["error"])!.ShouldStartWith(message);
    }

    [Fact]
    public async Task Range_ElevenThousandAndOnePoints_IsTheMost()
    {
        var data = await DataAsync("query_range?query=vector(1)&start=0&end=11000&step=1");
        data["result"]![0]!["values"]!.AsArray().Count.ShouldBe(11_001);
    }

    [Fact]
    public async Task Post_FormAndAddress_GiveTheSameAsGet()
    {
        using var form = new FormUrlEncodedContent([new("query", "sum(x)"), new("time", "1700000060")]);
        var posted = await (await _client.PostAsync("/api/v1/query", form, Stop)).Content.ReadAsStringAsync(Stop);
        posted.ShouldBe(await _client.GetStringAsync("/api/v1/query?query=sum(x)&time=1700000060", Stop));
        using var match = new FormUrlEncodedContent([new("match[]", "x"), new("match[]", "odd")]);
        var series = JsonNode.Parse(await (await _client.PostAsync("/api/v1/series", match, Stop)).Content.ReadAsStringAsync(Stop))!;
        series["data"]!.AsArray().Count.ShouldBe(3);
    }

    [Fact]
    public async Task Parse_EachKindOfNode_IsInTheTree()
    {
        var tree = await DataAsync("parse_query?query=" + Uri.EscapeDataString("sum by (a) (rate(x{b=~\"c\"}[5m] offset 1m)) / on (a) group_left (d) (-y @ start()) > bool 1.5"));
        ((string?)tree["type"], (string?)tree["op"], (bool?)tree["bool"]).ShouldBe(("binaryExpr", ">", true));
        var division = tree["lhs"]!;
        division["matching"]!.ToJsonString().ShouldBe("""{"card":"many-to-one","labels":["a"],"on":true,"include":["d"]}""");
        var call = division["lhs"]!["expr"]!;
        call["func"]!.ToJsonString().ShouldBe("""{"name":"rate","argTypes":["matrix"],"variadic":0,"returnType":"vector"}""");
        var matrix = call["args"]![0]!;
        ((long?)matrix["range"], (long?)matrix["offset"], (string?)matrix["name"]).ShouldBe((300_000, 60_000, "x"));
        matrix["matchers"]!.ToJsonString().ShouldBe("""[{"name":"b","value":"c","type":"=~"},{"name":"__name__","value":"x","type":"="}]""");
        division["rhs"]!["expr"]!["expr"]!["startOrEnd"]!.GetValue<string>().ShouldBe("start");
        ((string?)tree["rhs"]!["val"]).ShouldBe("1.5");
    }

    [Fact]
    public async Task Status_WhatClientsAskOnConnecting_IsThere()
    {
        ((string?)(await DataAsync("status/buildinfo"))["version"])!.ShouldStartWith("3.");
        ((string?)(await DataAsync("status/flags"))["query.lookback-delta"]).ShouldBe("5m");
        (await DataAsync("status/runtimeinfo"))["storageRetention"].ShouldNotBeNull();
        (await DataAsync("status/config"))["yaml"].ShouldNotBeNull();
        var store = await DataAsync("status/tsdb?limit=1");
        ((int?)store["headStats"]!["numSeries"], (string?)store["seriesCountByMetricName"]![0]!["name"]).ShouldBe((3, "x"));
        (await _client.GetStringAsync("/-/healthy", Stop)).ShouldBe("Nines is healthy.\n");
        (await _client.GetStringAsync("/-/ready", Stop)).ShouldBe("Nines is ready.\n");
    }

    [Fact]
    public async Task Basic_WithTheTokenAsPassword_IsLetIn()
    {
        using var plain = await _server.ClientAsync();
        var token = _client.DefaultRequestHeaders.Authorization!.Parameter!;
        plain.DefaultRequestHeaders.Authorization = new("Basic", Convert.ToBase64String(Encoding.UTF8.GetBytes($"any:{token}")));
        (await plain.GetAsync("/api/v1/labels", Stop)).StatusCode.ShouldBe(HttpStatusCode.OK);
        plain.DefaultRequestHeaders.Authorization = new("Basic", Convert.ToBase64String("any:wrong"u8));
        (await plain.GetAsync("/api/v1/labels", Stop)).StatusCode.ShouldBe(HttpStatusCode.Unauthorized);
    }

    [Fact]
    public async Task Write_WrongTypesAndSizes_AreRefused()
    {
        var good = new RemoteBody().Series([("__name__", "y")], (T0, 1)).Block;
        (await WriteAsync(good, type: "application/json")).StatusCode.ShouldBe(HttpStatusCode.UnsupportedMediaType);
        (await WriteAsync(good, type: "application/x-protobuf;proto=io.prometheus.write.v2.Request")).StatusCode.ShouldBe(HttpStatusCode.UnsupportedMediaType);
        (await WriteAsync(good, encoding: "gzip")).StatusCode.ShouldBe(HttpStatusCode.UnsupportedMediaType);
        (await WriteAsync(new byte[9 << 20])).StatusCode.ShouldBe(HttpStatusCode.RequestEntityTooLarge);
        (await WriteAsync([0x80, 0x80, 0x80, 0x80, 0x08, 0x00])).StatusCode.ShouldBe(HttpStatusCode.RequestEntityTooLarge);
        (await WriteAsync("nonsense"u8.ToArray())).StatusCode.ShouldBe(HttpStatusCode.BadRequest);
        (await WriteAsync(good, type: "application/x-protobuf;proto=prometheus.WriteRequest")).StatusCode.ShouldBe(HttpStatusCode.NoContent);
        var late = await WriteAsync(new RemoteBody().Series([("__name__", "y")], (T0 - 1, 1)).Block);
        (late.StatusCode, await late.Content.ReadAsStringAsync(Stop)).ShouldBe((HttpStatusCode.BadRequest,
            $"0 samples were stored; refused: 1 out of order; the first: out of order: series y at {T0 - 1}\n"));
    }

    private async Task<JsonNode> DataAsync(string ask) => JsonNode.Parse(await _client.GetStringAsync("/api/v1/" + ask, Stop))!["data"]!;

    private async Task<HttpResponseMessage> WriteAsync(byte[] block, string type = "application/x-protobuf", string encoding = "snappy")
    {
        using var content = new ByteArrayContent(block);
        content.Headers.ContentType = MediaTypeHeaderValue.Parse(type);
        content.Headers.ContentEncoding.Add(encoding);
        using var request = new HttpRequestMessage(HttpMethod.Post, "/api/v1/write") { Content = content };
        // So that a refusal is read before a large body is sent.
        request.Headers.ExpectContinue = true;
        return await _client.SendAsync(request, Stop);
    }
}
