using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Routing;
using Nines.Core.Probes.Push;
using Nines.Server.State;

namespace Nines.Server.Probes.Push;

/// <summary>The answer to pushed events.</summary>
/// <param name="Accepted">How many were counted.</param>
/// <param name="Duplicates">How many had been counted before, by their keys; they are not counted again.</param>
/// <param name="Late">How many of the counted happened in an earlier minute than the one they are counted in.</param>
/// <param name="Refused">Those that are not counted, each with its place in the request, a stable code, and what to do.</param>
public sealed record PushAnswer(int Accepted, int Duplicates, int Late, IReadOnlyList<RefusedEvent> Refused);

/// <summary><c>POST /nines/v1/events</c>.</summary>
internal static class EventEndpoints
{
    public static void MapEvents(this IEndpointRouteBuilder routes) =>
        routes.MapPost("/nines/v1/events", PushAsync).WithTags("Push").WithName("PushEvents")
            .WithSummary("Counts events: one, an array, {\"events\": […]}, or one a line. Each has a name, an outcome (good, bad, ignored) or a "
                + "value or both, and may have service, environment, labels, at and key. An Idempotency-Key stands for the keys of events that have none.")
            // curl -d says that it sends a form, and other clients say nothing.
            .Accepts<PushedEventBody>("application/json", "application/x-ndjson", "*/*");

    private static async Task<Results<Ok<PushAnswer>, UnprocessableEntity<PushAnswer>, ProblemHttpResult>> PushAsync(
        HttpContext context, EventBook book, PushMeter meter, TimeProvider time)
    {
        var key = context.Request.Headers["Idempotency-Key"].ToString();
        if (key.Length > PushLimits.MaxText)
        {
            return Problems.Unreadable("Idempotency-Key", $"A key has at most {PushLimits.MaxText} characters.");
        }
        if (await BodyAsync(context, PushLimits.MaxBytes) is not { } body)
        {
            return Refused(StatusCodes.Status413PayloadTooLarge, "too-large", $"A request has at most {PushLimits.MaxBytes >> 20} MiB.",
                "Send several requests, each with its own Idempotency-Key.");
        }
        var reading = EventReader.Read(body, time.GetUtcNow().ToUnixTimeMilliseconds(), key);
        if (reading.Unreadable is { } unreadable)
        {
            var status = unreadable.Code == "too-many-events" ? StatusCodes.Status413PayloadTooLarge : StatusCodes.Status400BadRequest;
            return Refused(status, unreadable.Code, $"Nothing was counted: {unreadable.Message}.", unreadable.Hint);
        }
        meter.Events("refused", reading.Refused.Count);
        try
        {
            var counted = reading.Events.Count == 0 ? new(0, 0, 0, []) : await book.CountAsync(reading.Events);
            var answer = new PushAnswer(counted.Accepted, counted.Duplicates, counted.Late,
                [.. reading.Refused.Concat(counted.Refused).OrderBy(r => r.Index)]);
            return answer.Accepted + answer.Duplicates > 0 ? TypedResults.Ok(answer) : TypedResults.UnprocessableEntity(answer);
        }
        catch (StoreRefusedException e)
        {
            context.Response.Headers.RetryAfter = "5";
            return Refused(StatusCodes.Status503ServiceUnavailable, "store-away", $"Nothing was counted: {e.Message}.",
                "Send the same again, with the same keys.");
        }
    }

    /// <summary>The body; null when it is larger than it may be.</summary>
    internal static async Task<ReadOnlyMemory<byte>?> BodyAsync(HttpContext context, int most)
    {
        if (context.Request.ContentLength > most)
        {
            return null;
        }
        var buffer = new MemoryStream((int)(context.Request.ContentLength ?? 1024));
        var piece = new byte[16 * 1024];
        for (int read; (read = await context.Request.Body.ReadAsync(piece, context.RequestAborted)) > 0;)
        {
            buffer.Write(piece, 0, read);
            if (buffer.Length > most)
            {
                return null;
            }
        }
        return buffer.GetBuffer().AsMemory(0, (int)buffer.Length);
    }

    internal static ProblemHttpResult Refused(int status, string code, string detail, string hint) => TypedResults.Problem(
        statusCode: status, title: "The request failed", detail: detail,
        extensions: new Dictionary<string, object?>(StringComparer.Ordinal) { ["code"] = code, ["hint"] = hint });
}

/// <summary>An event as it is pushed; only for the description of the API.</summary>
/// <param name="Name">What happened, such as <c>thumbs</c>: letters, digits and _.</param>
/// <param name="Outcome"><c>good</c>, <c>bad</c> or <c>ignored</c>.</param>
/// <param name="Value">A number that is added up, at least 0.</param>
/// <param name="Service">The service it is about.</param>
/// <param name="Environment">The environment; production when it is left out.</param>
/// <param name="Labels">At most 8 labels of its own.</param>
/// <param name="At">When it happened, at most an hour ago; it counts in the minute in which it arrives.</param>
/// <param name="Key">Two events of one name with the same key count once, for 7 days.</param>
internal sealed record PushedEventBody(string Name, string? Outcome, double? Value, string? Service, string? Environment,
    IReadOnlyDictionary<string, string>? Labels, DateTimeOffset? At, string? Key);
