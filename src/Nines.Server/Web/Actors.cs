using System.Security.Claims;
using Microsoft.AspNetCore.Http;
using Nines.Core.Alerting;

namespace Nines.Server.Web;

/// <summary>Who asks, as the journal names them.</summary>
internal static class Actors
{
    /// <summary><c>person:…</c> or <c>token:…</c>, from the credential; <c>anonymous</c> where none is asked for.</summary>
    public static string Of(HttpContext context)
    {
        var id = context.User.FindFirstValue(ClaimTypes.NameIdentifier) ?? "";
        return id.Length == 0 ? "anonymous" : (id.StartsWith("tok_", StringComparison.Ordinal) ? "token:" : "person:") + id;
    }

    /// <summary>Whoever takes alerts in hand.</summary>
    /// <param name="context">The request.</param>
    /// <param name="through">By which way: <c>page</c> or <c>api</c>.</param>
    public static Responder ResponderOf(HttpContext context, string through) =>
        new(Of(context), context.User.Identity?.Name is { Length: > 0 } name ? name : Of(context), through);
}
