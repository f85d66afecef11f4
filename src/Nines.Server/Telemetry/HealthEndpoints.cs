using System.Text.Json;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Routing;
using Nines.Core.Telemetry;

namespace Nines.Server.Telemetry;

/// <summary>Looks at the parts of the server.</summary>
/// <param name="Look">The checks; given by the composition root, which knows all rooms.</param>
public sealed record HealthSource(Func<IReadOnlyList<HealthCheck>> Look);

/// <summary>
/// <c>/health</c>, <c>/health/live|liveness</c>, <c>/health/ready|readiness</c>, <c>/health/detailed</c> as health+json. Liveness looks at nothing but the
/// process.
/// <c>?format=healthy|up|ok</c> answers in the words of other tools, <c>?format=healthy</c> also with their <c>components</c>.
/// </summary>
internal static class HealthEndpoints
{
    private const string ContentType = "application/health+json";

    private static readonly string Version = typeof(HealthEndpoints).Assembly.GetName().Version?.ToString(3) ?? "0";

    public static void MapHealth(this IEndpointRouteBuilder routes, DateTimeOffset startedAt)
    {
        var group = routes.MapGroup("/health").WithTags("Health");
        group.MapGet("", (string? format, HealthSource source, TimeProvider time) => Answer(Overall(source), format, source, time, startedAt, details: false))
            .WithName("GetHealth");
        group.MapGet("/detailed", (string? format, HealthSource source, TimeProvider time) =>
            Answer(Overall(source), format, source, time, startedAt, details: true)).WithName("GetHealthDetailed");
        // As clients of Prometheus ask.
        routes.MapGet("/-/healthy", () => TypedResults.Text("Nines is healthy.\n")).ExcludeFromDescription();
        routes.MapGet("/-/ready", ContentHttpResult (HealthSource source) => HealthEvaluator.IsReady(source.Look())
            ? TypedResults.Text("Nines is ready.\n") : TypedResults.Text("Nines is not ready.\n", statusCode: 503)).ExcludeFromDescription();
        foreach (var path in (string[])["/live", "/liveness"])
        {
            group.MapGet(path, (string? format, TimeProvider time) => Answer(HealthStatus.Pass, format, null, time, startedAt, details: false))
                .WithName("GetHealth" + char.ToUpperInvariant(path[1]) + path[2..]);
        }
        foreach (var path in (string[])["/ready", "/readiness"])
        {
            group.MapGet(path, (string? format, HealthSource source, TimeProvider time) =>
                Answer(HealthEvaluator.IsReady(source.Look()) ? HealthStatus.Pass : HealthStatus.Fail, format, null, time, startedAt, details: false))
                    .WithName("GetHealth" + char.ToUpperInvariant(path[1]) + path[2..]);
        }
    }

    private static HealthStatus Overall(HealthSource source) => HealthEvaluator.Overall(source.Look());

    private static ContentHttpResult Answer(HealthStatus status, string? format, HealthSource? source, TimeProvider time, DateTimeOffset startedAt,
        bool details)
    {
        var now = time.GetUtcNow();
        var body = new JsonObject
        {
            ["status"] = HealthEvaluator.Word(status, format),
            ["version"] = Version,
            ["serviceId"] = "nines",
            ["time"] = now.ToString("yyyy-MM-ddTHH:mm:ssZ"),
        };
        if (source is not null)
        {
            body["uptime_seconds"] = (long)(now - startedAt).TotalSeconds;
        }
        if (source is not null && (details || format is not null))
        {
            var checks = source.Look();
            if (format is null)
            {
                body["checks"] = Checks(checks, now);
            }
            else
            {
                body["components"] = new JsonObject(checks.GroupBy(c => c.Component, StringComparer.Ordinal)
                    .Select(g => KeyValuePair.Create(g.Key, (JsonNode?)HealthEvaluator.Word(g.Max(c => c.Status), format == "healthy" ? "ok" : format))));
            }
        }
        return TypedResults.Text(body.ToJsonString(JsonSerializerOptions.Web), ContentType, statusCode: status == HealthStatus.Fail ? 503 : 200);
    }

    private static JsonObject Checks(IReadOnlyList<HealthCheck> checks, DateTimeOffset now)
    {
        var all = new JsonObject();
        foreach (var check in checks)
        {
            var one = new JsonObject
            {
                ["componentType"] = check.ComponentType,
                ["observedValue"] = check.ObservedValue is double number ? JsonValue.Create(number) : JsonValue.Create(check.ObservedValue.ToString()),
                ["status"] = HealthEvaluator.Word(check.Status, null),
                ["time"] = now.ToString("yyyy-MM-ddTHH:mm:ssZ"),
            };
            if (check.ObservedUnit.Length > 0)
            {
                one["observedUnit"] = check.ObservedUnit;
            }
            if (check.Output.Length > 0)
            {
                one["output"] = check.Output;
            }
            if (check.AffectedEndpoints.Count > 0)
            {
                one["affectedEndpoints"] = new JsonArray([.. check.AffectedEndpoints.Select(e => (JsonNode)e)]);
            }
            all[$"{check.Component}:{check.Measurement}"] = new JsonArray(one);
        }
        return all;
    }
}
