using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Routing;
using Nines.Core.Probes.Push;
using Nines.Server.Probes.Push.Pages;
using Nines.Server.State;
using Nines.Server.Web;

namespace Nines.Server.Probes.Push;

/// <summary>The pages of heartbeats.</summary>
internal static class PushPages
{
    private const int ShownRuns = 60;

    public static void MapPushPages(this IEndpointRouteBuilder pages)
    {
        pages.MapGet("/heartbeats", (HeartbeatWorker worker, BeatSender sender, ShellSource shell, TimeProvider time, HttpContext context) =>
            new RazorComponentResult<HeartbeatsPage>(new
            {
                All = worker.All(),
                Sent = sender.Status(),
                Address = worker.PublicUrl.ToString(),
                Shell = shell.For(context),
                NowMs = time.GetUtcNow().ToUnixTimeMilliseconds(),
            }));
        pages.MapGet("/heartbeats/{name}", async (string name, HeartbeatWorker worker, ShellSource shell, TimeProvider time, HttpContext context) =>
        {
            if (worker.Find(name) is not { } watched)
            {
                return (IResult)TypedResults.NotFound();
            }
            IReadOnlyList<BookedRun> runs = [];
            string? unread = null;
            try
            {
                runs = await worker.RunsAsync(name, ShownRuns, context.RequestAborted);
            }
            catch (StoreRefusedException e)
            {
                unread = e.Message;
            }
            return new RazorComponentResult<HeartbeatPage>(new
            {
                Watched = watched,
                Runs = runs,
                Unread = unread,
                Address = worker.PublicUrl.ToString(),
                Shell = shell.For(context),
                NowMs = time.GetUtcNow().ToUnixTimeMilliseconds(),
            });
        });
    }
}
