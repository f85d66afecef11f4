using Microsoft.AspNetCore.Http;
using Nines.Server.Alerting.Api;

namespace Nines.Server;

/// <summary>What Alertmanager's server does around its handlers: scripts of any site may read the API, and what is not there is refused in its words.</summary>
internal sealed class AlertmanagerManners(RequestDelegate next)
{
    private static readonly string[] Methods = ["GET", "POST", "HEAD"];
    private static readonly string[] Headers = ["accept", "content-type", "x-requested-with"];

    public async Task InvokeAsync(HttpContext context)
    {
        var (request, response) = (context.Request, context.Response);
        var api = request.Path.StartsWithSegments("/api/v2", StringComparison.Ordinal);
        if (api && HttpMethods.IsOptions(request.Method) && request.Headers.AccessControlRequestMethod.Count > 0)
        {
            Preflight(request, response);
            return;
        }
        if (api && request.Headers.Origin.Count > 0 && Methods.Contains(request.Method, StringComparer.Ordinal))
        {
            response.Headers.AccessControlAllowOrigin = "*";
        }
        await next(context);
        if (response.HasStarted)
        {
            return;
        }
        if (response.StatusCode == StatusCodes.Status405MethodNotAllowed)
        {
            var allowed = response.Headers.Allow.ToString().Replace(" ", "");
            response.Headers.Allow = allowed;
            await (api ? ApiAnswer.Unfit(405, 405, $"method {request.Method} is not allowed, but [{allowed}] are").ExecuteAsync(context)
                : Plain(response, "Method Not Allowed\n"));
        }
        else if (response.StatusCode == StatusCodes.Status404NotFound && context.GetEndpoint() is null)
        {
            await (api ? ApiAnswer.Unfit(404, 404, $"path {request.PathBase}{request.Path} was not found").ExecuteAsync(context)
                : NotFound(response));
        }
    }

    public static Task NotFound(HttpResponse response)
    {
        response.StatusCode = StatusCodes.Status404NotFound;
        return Plain(response, "404 page not found\n");
    }

    private static void Preflight(HttpRequest request, HttpResponse response)
    {
        response.StatusCode = StatusCodes.Status204NoContent;
        response.Headers.Vary = "Origin, Access-Control-Request-Method, Access-Control-Request-Headers";
        var method = request.Headers.AccessControlRequestMethod.ToString();
        var asked = request.Headers.AccessControlRequestHeaders.ToString();
        if (request.Headers.Origin.Count == 0 || !Methods.Contains(method, StringComparer.Ordinal)
            || asked.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries).Except(Headers, StringComparer.OrdinalIgnoreCase).Any())
        {
            return;
        }
        response.Headers.AccessControlAllowOrigin = "*";
        response.Headers.AccessControlAllowMethods = method;
        if (asked.Length > 0)
        {
            response.Headers.AccessControlAllowHeaders = asked;
        }
    }

    private static Task Plain(HttpResponse response, string text)
    {
        response.ContentType = "text/plain; charset=utf-8";
        response.Headers.XContentTypeOptions = "nosniff";
        return response.WriteAsync(text);
    }
}
