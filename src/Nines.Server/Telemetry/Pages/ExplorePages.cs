using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Routing;
using Nines.Server.Web;

namespace Nines.Server.Telemetry.Pages;

/// <summary>The query page, and the address that Prometheus' links have.</summary>
internal static class ExplorePages
{
    public static void MapExplorePages(this IEndpointRouteBuilder pages)
    {
        pages.MapGet("/explore", async (Explorer explorer, ShellSource shell, HttpContext context) =>
        {
            var answer = await explorer.AskAsync(ExploreQuery.Read(name => context.Request.Query[name]), context.RequestAborted);
            return new RazorComponentResult<ExplorePage>(new { Answer = answer, Shell = shell.For(context) });
        });
        pages.MapGet("/graph", (HttpContext context) => TypedResults.LocalRedirect(ExploreQuery.Read(name => context.Request.Query[name], "g0.").Url));
    }
}
