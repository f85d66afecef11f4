using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Mvc;

namespace Nines.Server;

/// <summary>Errors at the HTTP border: RFC 9457 problems with a stable <c>code</c> and a <c>hint</c>.</summary>
internal static class Problems
{
    /// <summary>Answers with a problem.</summary>
    public static Task Write(HttpContext context, int status, string code, string hint)
    {
        var problem = new ProblemDetails { Status = status, Title = Title(status), Instance = context.Request.Path };
        problem.Extensions["code"] = code;
        problem.Extensions["hint"] = hint;
        return TypedResults.Problem(problem).ExecuteAsync(context);
    }

    /// <summary>The answer to a request of which a field cannot be read.</summary>
    public static ProblemHttpResult Unreadable(string field, string hint)
    {
        var problem = new ProblemDetails { Status = StatusCodes.Status400BadRequest, Title = Title(StatusCodes.Status400BadRequest) };
        problem.Extensions["code"] = "unreadable";
        problem.Extensions["field"] = field;
        problem.Extensions["hint"] = hint;
        return TypedResults.Problem(problem);
    }

    /// <summary>The answer to a request that what is there now does not allow.</summary>
    public static ProblemHttpResult Conflict(string code, string hint)
    {
        var problem = new ProblemDetails { Status = StatusCodes.Status409Conflict, Title = Title(StatusCodes.Status409Conflict) };
        problem.Extensions["code"] = code;
        problem.Extensions["hint"] = hint;
        return TypedResults.Problem(problem);
    }

    private static string Title(int status) => status switch
    {
        StatusCodes.Status401Unauthorized => "Nobody is signed in",
        StatusCodes.Status403Forbidden => "Not allowed",
        StatusCodes.Status404NotFound => "Not found",
        StatusCodes.Status429TooManyRequests => "Too many requests",
        _ => "The request failed",
    };
}
