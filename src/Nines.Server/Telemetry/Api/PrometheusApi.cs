using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Nines.PromQL;

namespace Nines.Server.Telemetry.Api;

/// <summary>One request: its parameters, and where its answer is written.</summary>
/// <param name="Parameters">The parameters.</param>
/// <param name="Out">Where the value of <c>data</c> is written.</param>
/// <param name="Annotations">What is said beside it; filled before or while data is written.</param>
/// <param name="Http">The request.</param>
/// <param name="Stop">Ends it.</param>
internal sealed record ApiRequest(ApiParameters Parameters, ApiJson Out, List<Annotation> Annotations, HttpContext Http, CancellationToken Stop);

/// <summary>Answers one route: throws an <see cref="ApiException"/> before it writes, or writes the value of <c>data</c>.</summary>
internal delegate Task ApiHandler(ApiRequest request);

/// <summary>
/// Prometheus' HTTP API: the envelope <c>{"status", "data", "errorType", "error", "warnings", "infos"}</c> around what the handlers write.
/// </summary>
internal static class PrometheusApi
{
    public static void MapPrometheusApi(this IEndpointRouteBuilder routes)
    {
        var queries = routes.ServiceProvider.GetRequiredService<QueryApi>();
        var series = routes.ServiceProvider.GetRequiredService<SeriesApi>();
        var status = routes.ServiceProvider.GetRequiredService<StatusApi>();
        string[] both = ["GET", "POST"], get = ["GET"];
        Map(routes, both, "query", queries.InstantAsync);
        Map(routes, both, "query_range", queries.RangeAsync);
        Map(routes, both, "query_exemplars", QueryApi.ExemplarsAsync);
        Map(routes, both, "format_query", QueryApi.FormatAsync);
        Map(routes, both, "parse_query", QueryApi.ParseAsync);
        Map(routes, both, "series", series.SeriesAsync);
        Map(routes, both, "labels", series.LabelsAsync);
        Map(routes, get, "label/{name}/values", series.ValuesAsync);
        Map(routes, get, "metadata", series.MetadataAsync);
        Map(routes, get, "targets", status.TargetsAsync);
        Map(routes, get, "rules", status.RulesAsync);
        Map(routes, get, "alerts", status.AlertsAsync);
        Map(routes, get, "status/buildinfo", StatusApi.BuildAsync);
        Map(routes, get, "status/runtimeinfo", status.RuntimeAsync);
        Map(routes, get, "status/config", status.ConfigAsync);
        Map(routes, get, "status/flags", status.FlagsAsync);
        Map(routes, get, "status/tsdb", status.TsdbAsync);
        Map(routes, get, "status/walreplay", StatusApi.ReplayAsync);
    }

    private static void Map(IEndpointRouteBuilder routes, string[] methods, string path, ApiHandler handler) =>
        routes.MapMethods("/api/v1/" + path, methods, (HttpContext http) => AnswerAsync(http, handler)).ExcludeFromDescription();

    private static async Task AnswerAsync(HttpContext http, ApiHandler handler)
    {
        var stop = http.RequestAborted;
        // Written before the outcome is known, and thrown away when it is an error: up to the first flush nothing has left.
        using var answer = new ApiJson(http.Response.BodyWriter);
        try
        {
            var annotations = new List<Annotation>();
            var request = new ApiRequest(await ApiParameters.ReadAsync(http.Request, stop), answer, annotations, http, stop);
            http.Response.ContentType = "application/json";
            await handler(request);
            Notes(answer, "warnings", annotations, AnnotationLevel.Warning);
            Notes(answer, "infos", annotations, AnnotationLevel.Info);
            answer.Json.WriteEndObject();
            await answer.FlushAsync(stop);
        }
        catch (ApiException e)
        {
            http.Response.StatusCode = e.Status;
            http.Response.ContentType = "application/json";
            answer.Json.WriteStartObject();
            answer.Json.WriteString("status", "error");
            answer.Json.WriteString("errorType", e.Type);
            answer.Json.WriteString("error", e.Message);
            answer.Json.WriteEndObject();
            await answer.FlushAsync(stop);
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
            // Nobody is there to answer.
        }
    }

    /// <summary>Begins a good answer, up to the value of <c>data</c>. From here on nothing may fail.</summary>
    public static void Begin(this ApiRequest request)
    {
        request.Out.Json.WriteStartObject();
        request.Out.Json.WriteString("status", "success");
        request.Out.Json.WritePropertyName("data");
    }

    private static void Notes(ApiJson answer, string property, List<Annotation> annotations, AnnotationLevel level)
    {
        var texts = annotations.Where(a => a.Level == level).Select(a => a.Text).Distinct(StringComparer.Ordinal).ToList();
        if (texts.Count == 0)
        {
            return;
        }
        answer.Json.WriteStartArray(property);
        foreach (var text in texts)
        {
            answer.Json.WriteStringValue(text);
        }
        answer.Json.WriteEndArray();
    }
}
