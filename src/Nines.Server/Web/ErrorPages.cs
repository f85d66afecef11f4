using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;

namespace Nines.Server.Web;

/// <summary>Writes a problem as a page when a browser asks; programs get problem+json from the framework's own writer.</summary>
internal sealed class ErrorPages(ShellSource shell) : IProblemDetailsWriter
{
    public bool CanWrite(ProblemDetailsContext context) => WantsPage(context.HttpContext);

    /// <summary>Whether someone looks: a browser that loads a page, not a part of one, and not a program.</summary>
    public static bool WantsPage(HttpContext context) =>
        context.Request.Headers.Accept.ToString().Contains("text/html", StringComparison.Ordinal) && !context.Request.Headers.ContainsKey("HX-Request");

    public async ValueTask WriteAsync(ProblemDetailsContext context)
    {
        var http = context.HttpContext;
        var status = context.ProblemDetails.Status ?? http.Response.StatusCode;
        http.Response.StatusCode = status;
        var hint = context.ProblemDetails.Extensions.TryGetValue("hint", out var given) ? given as string : null;
        var (title, what) = Words(status, hint);
        var page = new RazorComponentResult<ErrorPage>(new
        {
            Title = title,
            What = what,
            Shell = http.User.Identity is { IsAuthenticated: true } ? shell.For(http) : null,
        }) { StatusCode = status };
        await page.ExecuteAsync(http);
    }

    private static (string Title, string What) Words(int status, string? hint) => status switch
    {
        StatusCodes.Status400BadRequest => ("The form could not be read", hint ?? "It was open for long, or sent from another place. Open the page again and repeat it."),
        StatusCodes.Status401Unauthorized => ("Nobody is signed in", "Sign in, then open the page again."),
        StatusCodes.Status403Forbidden => ("Not allowed", hint ?? "Your role does not allow this. An admin can give you another."),
        StatusCodes.Status404NotFound => ("Not found", "There is nothing at this address. An objective leaves when the workspace no longer declares it, or declares it under another key."),
        StatusCodes.Status429TooManyRequests => ("Too many tries", "Ten a minute are taken from one address. Wait a minute, then try again."),
        >= 500 => ("The server failed", "It could not make this page; its log says why. Counting and paging are not touched by it."),
        _ => ($"The request failed ({status})", hint ?? "Nothing was changed."),
    };
}
