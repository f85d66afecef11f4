using System.Globalization;
using System.Text;
using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Routing;
using Nines.Core.Probes.Push;
using Nines.Server.State;

namespace Nines.Server.Probes.Push;

/// <summary>
/// <c>/nines/v1/heartbeats</c>: who reports, and reporting. A report is a POST to the heartbeat's address, or to <c>/start</c>, <c>/success</c> or
/// <c>/fail</c> below it; these three also answer GET, for what can do no other.
/// </summary>
internal static class HeartbeatEndpoints
{
    private const int MaxBytes = 64 << 10;
    private const int MaxMessage = 500;
    private const int ShownRuns = 200;

    public static void MapHeartbeats(this IEndpointRouteBuilder routes)
    {
        var group = routes.MapGroup("/nines/v1/heartbeats").WithTags("Push");
        group.MapGet("", (HeartbeatWorker worker, BeatSender sender, TimeProvider time) =>
            TypedResults.Ok(new HeartbeatList([.. worker.All().Select(w => HeartbeatItem.Of(w, time.GetUtcNow().ToUnixTimeMilliseconds()))], sender.Status())))
            .WithName("ListHeartbeats").WithSummary("What is expected to report, and how it stands.");
        group.MapGet("/{name}", OneAsync).WithName("GetHeartbeat")
            .WithSummary("A heartbeat with its last runs, each with scheduled and actual time and its evidence.");
        foreach (var (path, kind) in new[] { ("", PingKind.Success), ("/start", PingKind.Start), ("/success", PingKind.Success), ("/fail", PingKind.Fail) })
        {
            Task<Results<Ok<HeartbeatItem>, ProblemHttpResult>> Take(
                string name, HttpContext context, HeartbeatWorker worker, TimeProvider time) => TakeAsync(name, kind, context, worker, time);
            var word = path.Length == 0 ? "" : char.ToUpperInvariant(path[1]) + path[2..];
            group.MapPost("/{name}" + path, Take).WithName("Report" + word).WithSummary("Reports that a run "
                + kind switch { PingKind.Start => "began", PingKind.Fail => "failed", _ => "is done" }
                + ": rows and message as query parameters, or as JSON in the body.");
            if (path.Length > 0)
            {
                group.MapGet("/{name}" + path, Take).WithName("Report" + word + "ByGet")
                    .WithSummary("The same, for what can only send GET. Needs an API token.");
            }
        }
    }

    private static async Task<Results<Ok<HeartbeatItem>, NotFound, ProblemHttpResult>> OneAsync(
        string name, HeartbeatWorker worker, TimeProvider time, CancellationToken stop)
    {
        if (worker.Find(name) is not { } watched)
        {
            return TypedResults.NotFound();
        }
        try
        {
            var runs = await worker.RunsAsync(name, ShownRuns, stop);
            return TypedResults.Ok(HeartbeatItem.Of(watched, time.GetUtcNow().ToUnixTimeMilliseconds()) with { Runs = [.. runs.Select(RunItem.Of)] });
        }
        catch (StoreRefusedException e)
        {
            return EventEndpoints.Refused(StatusCodes.Status503ServiceUnavailable, "store-away", e.Message, "Ask again later.");
        }
    }

    private static async Task<Results<Ok<HeartbeatItem>, ProblemHttpResult>> TakeAsync(
        string name, PingKind kind, HttpContext context, HeartbeatWorker worker, TimeProvider time)
    {
        if (HttpMethods.IsGet(context.Request.Method) && context.User.Identity?.AuthenticationType != "token")
        {
            // A browser sends the cookie of whoever is signed in with any link that is followed.
            return EventEndpoints.Refused(StatusCodes.Status403Forbidden, "token-needed", "A report by GET needs an API token.",
                "Send Authorization: Bearer nines_…, or POST.");
        }
        if (await EventEndpoints.BodyAsync(context, MaxBytes) is not { } body)
        {
            return EventEndpoints.Refused(StatusCodes.Status413PayloadTooLarge, "too-large", $"A report has at most {MaxBytes >> 10} KiB.",
                "Send the end of the log.");
        }
        if (!Read(context.Request.Query, body.Span, out var rows, out var message))
        {
            return Problems.Unreadable("rows", "rows must be a whole number, at least 0, and message a text.");
        }
        try
        {
            return await worker.TakeAsync(name, kind, rows, message) is { } taken
                ? TypedResults.Ok(HeartbeatItem.Of(taken, time.GetUtcNow().ToUnixTimeMilliseconds()))
                : EventEndpoints.Refused(StatusCodes.Status404NotFound, "unknown-heartbeat", $"There is no heartbeat {name}.",
                    "Declare it in the workspace: a nines/v1 document of kind Heartbeat.");
        }
        catch (StoreRefusedException e)
        {
            context.Response.Headers.RetryAfter = "5";
            return EventEndpoints.Refused(StatusCodes.Status503ServiceUnavailable, "store-away", $"The report was not taken: {e.Message}.", "Send it again.");
        }
    }

    /// <summary>Rows and message: of the query, else of a body that is a JSON object; any other body is the message.</summary>
    private static bool Read(IQueryCollection query, ReadOnlySpan<byte> body, out long? rows, out string message)
    {
        string? said = query["message"], counted = query["rows"];
        var text = Encoding.UTF8.GetString(body).Trim();
        if (text.StartsWith('{'))
        {
            try
            {
                using var json = JsonDocument.Parse(text);
                said ??= json.RootElement.TryGetProperty("message", out var given) && given.ValueKind == JsonValueKind.String ? given.GetString() : null;
                counted ??= json.RootElement.TryGetProperty("rows", out var number) && number.ValueKind != JsonValueKind.Null ? number.ToString() : null;
                text = "";
            }
            catch (Exception e) when (e is JsonException or InvalidOperationException)
            {
                // It only looks like JSON: a line of a log.
                _ = e;
            }
        }
        said ??= text;
        message = said.Length <= MaxMessage ? said : "…" + said[^(MaxMessage - 1)..];
        rows = null;
        if (string.IsNullOrEmpty(counted))
        {
            return true;
        }
        var isCount = long.TryParse(counted, NumberStyles.None, CultureInfo.InvariantCulture, out var count);
        rows = count;
        return isCount;
    }
}
