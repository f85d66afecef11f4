using System.Security.Claims;
using Microsoft.AspNetCore.Http;

namespace Nines.Server.Web;

/// <summary>Who asks, as the journal names them.</summary>
internal static class Actors
{
    /// <summary><c>person:…</c> or <c>token:…</c>, from the credential.</summary>
    public static string Of(HttpContext context)
    {
        var id = context.User.FindFirstValue(ClaimTypes.NameIdentifier) ?? "";
        return (id.StartsWith("tok_", StringComparison.Ordinal) ? "token:" : "person:") + id;
    }
}
