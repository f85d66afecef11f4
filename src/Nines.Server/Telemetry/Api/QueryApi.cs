using Microsoft.AspNetCore.Http;
using Nines.Metrics;
using Nines.PromQL;

namespace Nines.Server.Telemetry.Api;

/// <summary><c>query</c>, <c>query_range</c>, <c>format_query</c>, <c>parse_query</c>.</summary>
internal sealed class QueryApi(ISeriesSource source, QueryOptions options, QueryBudget budget, TimeProvider time)
{
    private const int MostPoints = 11_000;
    private static readonly Annotation Truncated = new(AnnotationLevel.Warning, "results truncated due to limit");

    public async Task InstantAsync(ApiRequest request)
    {
        var parameters = request.Parameters;
        var limit = parameters.Limit();
        var at = parameters.Time("time", time.GetUtcNow().ToUnixTimeMilliseconds());
        var engine = Engine(parameters);
        var query = parameters["query"];
        ApiParameters.Query(query);
        var value = await RunAsync(request, () => engine.Instant(query, at, request.Stop));
        await WriteAsync(request, value, limit);
    }

    public async Task RangeAsync(ApiRequest request)
    {
        var parameters = request.Parameters;
        var limit = parameters.Limit();
        var (start, end) = (parameters.Time("start"), parameters.Time("end"));
        if (end < start)
        {
            throw ApiException.Parameter("end", "end timestamp must not be before start time");
        }
        var step = parameters.Duration("step");
        if (step <= 0)
        {
            throw ApiException.Parameter("step", "zero or negative query resolution step widths are not accepted. Try a positive integer");
        }
        if ((end - start) / step > MostPoints)
        {
            throw ApiException.Bad("exceeded maximum resolution of 11,000 points per timeseries. Try decreasing the query resolution (?step=XX)");
        }
        var engine = Engine(parameters);
        var query = parameters["query"];
        ApiParameters.Query(query);
        var value = await RunAsync(request, () => engine.Range(query, start, end, step, request.Stop));
        await WriteAsync(request, value, limit);
    }

    /// <summary>Exemplars are not kept, so there are none.</summary>
    public static Task ExemplarsAsync(ApiRequest request)
    {
        ApiParameters.Query(request.Parameters["query"]);
        request.Begin();
        request.Out.Json.WriteStartArray();
        request.Out.Json.WriteEndArray();
        return Task.CompletedTask;
    }

    public static Task FormatAsync(ApiRequest request)
    {
        var expr = ApiParameters.Query(request.Parameters["query"]);
        request.Begin();
        request.Out.Json.WriteStringValue(expr.ToString());
        return Task.CompletedTask;
    }

    public static Task ParseAsync(ApiRequest request)
    {
        var expr = ApiParameters.Query(request.Parameters["query"]);
        request.Begin();
        AstJson.Write(expr, request.Out.Json);
        return Task.CompletedTask;
    }

    private QueryEngine Engine(ApiParameters parameters)
    {
        // One point more than the distance divided by the step, as Prometheus counts.
        var own = options with { MaxPoints = MostPoints + 1 };
        if (parameters["timeout"].Length > 0)
        {
            var timeout = TimeSpan.FromMilliseconds(parameters.Duration("timeout"));
            own = timeout < own.Timeout ? own with { Timeout = timeout > TimeSpan.Zero ? timeout : TimeSpan.FromMilliseconds(1) } : own;
        }
        if (parameters["lookback_delta"].Length > 0)
        {
            own = own with
            {
                LookbackMs = ApiParameters.TryDuration(parameters["lookback_delta"], out var lookback, out var problem) && lookback > 0 ? lookback
                    : throw ApiException.Bad($"error parsing lookback delta duration: {(problem.Length > 0 ? problem : "it must be above 0")}"),
            };
        }
        return new QueryEngine(source, own, budget);
    }

    private async Task<QueryValue> RunAsync(ApiRequest request, Func<QueryResult> query)
    {
        using var place = await budget.EnterAsync(options.Timeout, request.Stop)
            ?? throw new ApiException("timeout", StatusCodes.Status503ServiceUnavailable, "query timed out in query queue");
        var result = query();
        request.Annotations.AddRange(result.Annotations);
        return result.Value ?? throw Error(result.Error!);
    }

    private static ApiException Error(QueryError error) => error.Kind switch
    {
        QueryErrorKind.BadData => ApiException.Parameter("query", error.Message),
        QueryErrorKind.Timeout => new("timeout", StatusCodes.Status503ServiceUnavailable, error.Message),
        QueryErrorKind.Canceled => new("canceled", StatusCodes.Status499ClientClosedRequest, error.Message),
        _ => new("execution", StatusCodes.Status422UnprocessableEntity, error.Message),
    };

    private static async Task WriteAsync(ApiRequest request, QueryValue value, int limit)
    {
        var most = limit == 0 ? int.MaxValue : limit;
        request.Begin();
        var json = request.Out.Json;
        json.WriteStartObject();
        switch (value)
        {
            case VectorValue vector:
                json.WriteString("resultType", "vector");
                json.WriteStartArray("result");
                foreach (var sample in vector.Samples.Take(most))
                {
                    json.WriteStartObject();
                    request.Out.Labels("metric", sample.Labels);
                    json.WritePropertyName("value");
                    request.Out.Sample(sample.Sample);
                    json.WriteEndObject();
                    await request.Out.BreatheAsync(request.Stop);
                }
                json.WriteEndArray();
                Note(request, vector.Samples.Count > most);
                break;
            case MatrixValue matrix:
                json.WriteString("resultType", "matrix");
                json.WriteStartArray("result");
                foreach (var series in matrix.Series.Take(most))
                {
                    Write(request.Out, series);
                    await request.Out.BreatheAsync(request.Stop);
                }
                json.WriteEndArray();
                Note(request, matrix.Series.Count > most);
                break;
            case ScalarValue scalar:
                json.WriteString("resultType", "scalar");
                json.WritePropertyName("result");
                request.Out.Sample(scalar.Sample);
                break;
            case StringValue text:
                json.WriteString("resultType", "string");
                json.WriteStartArray("result");
                request.Out.Time(text.TimeMs);
                json.WriteStringValue(text.Text);
                json.WriteEndArray();
                break;
        }
        json.WriteEndObject();
    }

    private static void Write(ApiJson to, MatrixSeries series)
    {
        to.Json.WriteStartObject();
        to.Labels("metric", series.Labels);
        to.Json.WriteStartArray("values");
        foreach (var sample in series.Samples)
        {
            to.Sample(sample);
        }
        to.Json.WriteEndArray();
        to.Json.WriteEndObject();
    }

    private static void Note(ApiRequest request, bool truncated)
    {
        if (truncated)
        {
            request.Annotations.Add(Truncated);
        }
    }
}
