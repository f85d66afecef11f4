using System.Net;
using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.AspNetCore.StaticAssets;
using Nines.Core.Access;
using Nines.Server.State;
using Nines.Server.Web;

namespace Nines.Server.Access;

/// <summary>Finds out who asks and holds the route × role table against it. A route that is not in the table is refused.</summary>
internal sealed class AccessGate(RequestDelegate next, Accounts accounts, NinesOptions options)
{
    public async Task InvokeAsync(HttpContext context)
    {
        if (context.GetEndpoint() is not RouteEndpoint endpoint || endpoint.Metadata.GetMetadata<StaticAssetDescriptor>() is not null)
        {
            await next(context);
            return;
        }
        var least = RouteTable.Least(context.Request.Method, endpoint.RoutePattern.RawText ?? "");
        try
        {
            // What anyone may ask must answer without the store: a probe that carries a token would find the server dead with its database.
            context.User = (least == Role.Anyone && context.Request.Headers.ContainsKey("Authorization") ? null : await WhoAsync(context)) ?? context.User;
        }
        catch (StoreRefusedException e)
        {
            await Problems.Write(context, StatusCodes.Status503ServiceUnavailable, "store-away", $"Who asks cannot be looked up: {e.Message}");
            return;
        }
        var role = Accounts.RoleOf(context.User);
        if (least is { } needed && RouteTable.Allows(needed, role))
        {
            await next(context);
        }
        else if (role == Role.Anyone && WantsPage(context))
        {
            var first = await accounts.SetupTokenAsync(context.RequestAborted) is not null;
            context.Response.Redirect((first ? "/setup" : "/login") + "?next=" + Uri.EscapeDataString(context.Request.Path + context.Request.QueryString));
        }
        else
        {
            var (status, code, hint) = role == Role.Anyone
                ? (StatusCodes.Status401Unauthorized, "not-signed-in", "Send an API token: Authorization: Bearer nines_…")
                : (StatusCodes.Status403Forbidden, "role-too-low", least is { } role1 ? $"This needs the role {role1.ToString().ToLowerInvariant()}."
                : "This route is not in the access table.");
            await Problems.Write(context, status, code, hint);
        }
    }

    private async Task<System.Security.Claims.ClaimsPrincipal?> WhoAsync(HttpContext context)
    {
        var header = context.Request.Headers.Authorization.ToString();
        if (header.StartsWith("Bearer ", StringComparison.OrdinalIgnoreCase))
        {
            return await accounts.TokenAsync(header["Bearer ".Length..].Trim(), context.RequestAborted);
        }
        if (header.StartsWith("Basic ", StringComparison.OrdinalIgnoreCase))
        {
            // Clients that know no bearer, such as promtool with a user in the address, send the token as the password.
            return PasswordIn(header["Basic ".Length..]) is { } token ? await accounts.TokenAsync(token, context.RequestAborted) : null;
        }
        var cookie = await context.AuthenticateAsync(Accounts.Scheme);
        if (cookie.Succeeded)
        {
            return cookie.Principal;
        }
        var fromLoopback = context.Connection.RemoteIpAddress is { } address && IPAddress.IsLoopback(address)
            && !context.Request.Headers.ContainsKey("X-Forwarded-For");
        return options.Demo && fromLoopback ? Accounts.Principal("visitor", "", Role.Viewer, "visitor") : null;
    }

    private static string? PasswordIn(string credentials)
    {
        Span<byte> bytes = stackalloc byte[1024];
        if (credentials.Length > 1024 || !Convert.TryFromBase64String(credentials.Trim(), bytes, out var length))
        {
            return null;
        }
        var text = System.Text.Encoding.UTF8.GetString(bytes[..length]);
        var colon = text.IndexOf(':', StringComparison.Ordinal);
        return colon < 0 ? null : text[(colon + 1)..];
    }

    private static bool WantsPage(HttpContext context) =>
        HttpMethods.IsGet(context.Request.Method) && ErrorPages.WantsPage(context);
}
