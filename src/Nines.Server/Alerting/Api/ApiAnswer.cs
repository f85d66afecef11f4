using Microsoft.AspNetCore.Http;

namespace Nines.Server.Alerting.Api;

/// <summary>An answer in one of the shapes Alertmanager has: a document, a JSON text, a code with a message, or nothing.</summary>
/// <param name="status">The status.</param>
/// <param name="body">The body; null for none.</param>
internal sealed class ApiAnswer(int status, ReadOnlyMemory<byte>? body) : IResult, IStatusCodeHttpResult
{
    private static readonly byte[] LineEnd = "\n"u8.ToArray();

    public int? StatusCode => status;

    /// <summary>A document, or nothing, with a line's end as Go's encoder leaves it.</summary>
    public static ApiAnswer Ok(GoJson? document = null) => document is null ? Empty(StatusCodes.Status200OK) : new(StatusCodes.Status200OK, Line(document));

    /// <summary>Nothing but a status.</summary>
    public static ApiAnswer Empty(int status) => new(status, null);

    /// <summary>What a handler refuses: a JSON text.</summary>
    public static ApiAnswer Refused(int status, string reason) => new(status, Line(new GoJson().Text(reason)));

    /// <summary>What does not fit the API's description: a code, which need not be the status, and a message.</summary>
    public static ApiAnswer Unfit(int status, int code, string message) =>
        new(status, new GoJson { EscapesHtml = true }.Open('{').Key("code").Number(code).Key("message").Text(message).Close('}').Bytes);

    public async Task ExecuteAsync(HttpContext httpContext)
    {
        var response = httpContext.Response;
        response.StatusCode = status;
        response.Headers.CacheControl = "no-store";
        response.Headers.Vary = "Origin";
        if (body is { } bytes)
        {
            response.ContentType = "application/json";
            response.ContentLength = bytes.Length;
            await response.Body.WriteAsync(bytes, httpContext.RequestAborted);
        }
        else
        {
            response.ContentLength = 0;
        }
    }

    /// <summary>A document and the end of its line.</summary>
    public static byte[] Line(GoJson document) => [.. document.Bytes.Span, .. LineEnd];
}
