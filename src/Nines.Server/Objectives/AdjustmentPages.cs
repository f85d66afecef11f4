using System.Collections.ObjectModel;
using System.Security.Claims;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.Routing;
using Nines.Core.Access;
using Nines.Core.Objectives;
using Nines.Server.Objectives.Pages;
using Nines.Server.State;
using Nines.Server.Web;

namespace Nines.Server.Objectives;

/// <summary>The names of people and programs by what the journal calls them, such as <c>person:usr_…</c>.</summary>
internal delegate Task<IReadOnlyDictionary<string, string>> KnownActors(CancellationToken cancellation);

/// <summary>The page of adjustments and its forms. A form that is refused comes back with what was typed.</summary>
internal static class AdjustmentPages
{
    /// <summary><c>/adjustments</c>: the list, and <c>POST</c> to ask, approve and take back.</summary>
    public static void MapAdjustmentPages(this IEndpointRouteBuilder pages)
    {
        pages.MapGet("/adjustments", (string? objective, string? status, HttpContext context, [AsParameters] Parts parts, CancellationToken stop) =>
            PageAsync(context, parts, objective, status, null, default, stop));
        pages.MapPost("/adjustments", async (HttpContext context, [AsParameters] Parts parts, [FromForm] string? about, [FromForm] string? from,
            [FromForm] string? to, [FromForm] string? reason, [FromForm] string? cause, [FromForm] string? objective, CancellationToken stop) =>
        {
            var form = new AdjustmentForm(about ?? "", from ?? "", to ?? "", reason ?? "", cause ?? "");
            // A key holds its environment; a service is a name.
            var isObjective = form.About.Contains('@', StringComparison.Ordinal);
            var outcome = await PolicyEndpoints.RequestAsync(
                parts.Book, new(isObjective ? form.About : null, isObjective ? null : form.About, from, to, reason, cause),
                Actors.Of(context), stop);
            return outcome.Adjustment is not null ? Back(objective, outcome.Adjustment.Id)
                : await PageAsync(context, parts, objective, null, form, outcome, stop);
        });
        pages.MapPost("/adjustments/approve", async (HttpContext context, [AsParameters] Parts parts, [FromForm] string? id, [FromForm] string? objective,
            CancellationToken stop) =>
            await SettledAsync(context, parts, id, objective, await parts.Book.ApproveAsync(id ?? "", Actors.Of(context), stop), stop));
        pages.MapPost("/adjustments/undo", async (HttpContext context, [AsParameters] Parts parts, [FromForm] string? id, [FromForm] string? reason,
            [FromForm] string? objective, CancellationToken stop) =>
            await SettledAsync(context, parts, id, objective,
                await parts.Book.UndoAsync(id ?? "", reason ?? "", Actors.Of(context), stop), stop));
    }

    private static async Task<IResult> SettledAsync(
        HttpContext context, Parts parts, string? id, string? objective, AdjustmentOutcome outcome, CancellationToken stop) =>
        outcome.Adjustment is not null ? Back(objective, outcome.Adjustment.Id)
            : await PageAsync(context, parts, objective, null, null, outcome with { Field = id ?? "" }, stop);

    private static RedirectHttpResult Back(string? objective, string id) => TypedResults.LocalRedirect(
        "/adjustments" + (string.IsNullOrEmpty(objective) ? "" : "?objective=" + Uri.EscapeDataString(objective)) + "#" + id);

    private static async Task<IResult> PageAsync(
        HttpContext context, Parts parts, string? key, string? status, AdjustmentForm? form, AdjustmentOutcome refused, CancellationToken stop)
    {
        var report = string.IsNullOrEmpty(key) ? null : parts.Reports.Find(key);
        var isRefused = refused.Wrong is { Length: > 0 };
        // What was typed comes back even if the objective the page was about is gone.
        if (!string.IsNullOrEmpty(key) && report is null && !isRefused)
        {
            return TypedResults.NotFound();
        }
        var objectives = parts.Reports.All().Select(r => r.Objective).ToList();
        var all = report is null ? parts.Book.All() : parts.Book.About(report.Objective);
        if (isRefused)
        {
            context.Response.StatusCode = refused.Status;
        }
        var shown = all.Where(a => string.IsNullOrEmpty(status) || a.Status == status).Take(AdjustmentsPage.Most).ToList();
        return new RazorComponentResult<AdjustmentsPage>(new
        {
            All = all,
            Shown = shown.Select(a => new AdjustmentView(a, [.. objectives.Where(a.IsAbout).Take(AdjustmentView.MostEffects)
                .Select(o => (o, parts.Reports.Effect(o.Key, a)!)).Where(e => e.Item2 is not null)])).ToList(),
            Of = report?.Objective,
            Status = status,
            Objectives = objectives,
            Form = form ?? new AdjustmentForm(key ?? "", "", "", "", ""),
            Wrong = refused.Wrong ?? "",
            // What is wrong with one of the list is told beside it; of another, above the form.
            WrongField = form is null && shown.All(a => a.Id != refused.Field) ? "" : refused.Field ?? "",
            Me = Actors.Of(context),
            MayChange = Enum.TryParse<Role>(context.User.FindFirstValue(ClaimTypes.Role), out var role) && role >= Role.Admin,
            Names = await NamesAsync(parts, stop),
            Shell = parts.Shell.For(context),
            NowMs = parts.Time.GetUtcNow().ToUnixTimeMilliseconds(),
        });
    }

    // While they cannot be read, ids stand for the names.
    private static async Task<IReadOnlyDictionary<string, string>> NamesAsync(Parts parts, CancellationToken stop)
    {
        try
        {
            return await parts.Actors(stop);
        }
        catch (StoreRefusedException)
        {
            return ReadOnlyDictionary<string, string>.Empty;
        }
    }

    /// <summary>What each handler needs.</summary>
    internal readonly record struct Parts(AdjustmentBook Book, IObjectiveReports Reports, ShellSource Shell, KnownActors Actors, TimeProvider Time);
}
