using System.Buffers;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.Primitives;
using Microsoft.Net.Http.Headers;
using Nines.Core.Telemetry;

namespace Nines.Server.Telemetry.RemoteWrite;

/// <summary><c>POST /api/v1/write</c>: Prometheus' remote write, version 1.0.</summary>
internal static class RemoteWriteEndpoints
{
    public static void MapRemoteWrite(this IEndpointRouteBuilder routes) =>
        routes.MapPost("/api/v1/write", WriteAsync).WithName("RemoteWrite").WithSummary("Prometheus remote write 1.0: snappy and protobuf.")
            .WithTags("Prometheus");

    private static async Task<IResult> WriteAsync(HttpRequest request, RemoteWriteReceiver receiver, RemoteWriteLimits limits, CancellationToken stop)
    {
        if (Unsupported(request.Headers) is { } problem)
        {
            return Text(StatusCodes.Status415UnsupportedMediaType, problem);
        }
        if (request.ContentLength > limits.BodyBytes)
        {
            return TooLarge(limits);
        }
        if (request.HttpContext.Features.Get<IHttpMaxRequestBodySizeFeature>() is { IsReadOnly: false } size)
        {
            size.MaxRequestBodySize = null;
        }
        var buffer = ArrayPool<byte>.Shared.Rent((int)(request.ContentLength ?? 64 * 1024) + 1);
        try
        {
            var filled = 0;
            for (int read; (read = await request.Body.ReadAsync(buffer.AsMemory(filled), stop)) > 0;)
            {
                filled += read;
                if (filled > limits.BodyBytes)
                {
                    return TooLarge(limits);
                }
                if (filled == buffer.Length)
                {
                    var larger = ArrayPool<byte>.Shared.Rent(buffer.Length * 2);
                    buffer.AsSpan(0, filled).CopyTo(larger);
                    ArrayPool<byte>.Shared.Return(buffer);
                    buffer = larger;
                }
            }
            var outcome = receiver.Take(buffer.AsSpan(0, filled));
            return outcome.Status == StatusCodes.Status204NoContent ? TypedResults.NoContent() : Text(outcome.Status, outcome.Message);
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    private static string? Unsupported(IHeaderDictionary headers)
    {
        // Version 1.0 says which message it is by its absence.
        if (!StringValues.IsNullOrEmpty(headers.ContentType)
            && (!MediaTypeHeaderValue.TryParse(headers.ContentType.ToString(), out var type)
                || !type.MediaType.Equals("application/x-protobuf", StringComparison.OrdinalIgnoreCase)
                || (type.Parameters.FirstOrDefault(p => p.Name == "proto")?.Value is { } proto && proto != "prometheus.WriteRequest")))
        {
            return $"Content-Type {headers.ContentType} is not taken: send application/x-protobuf with the message prometheus.WriteRequest (remote write 1.0)";
        }
        return headers.ContentEncoding.ToString().Equals("snappy", StringComparison.OrdinalIgnoreCase) ? null
            : $"Content-Encoding \"{headers.ContentEncoding}\" is not taken: send snappy";
    }

    private static ContentHttpResult TooLarge(RemoteWriteLimits limits) =>
        Text(StatusCodes.Status413PayloadTooLarge, $"the body is larger than {limits.BodyBytes} bytes");

    private static ContentHttpResult Text(int status, string text) => TypedResults.Text(text + "\n", "text/plain; charset=utf-8", statusCode: status);
}
