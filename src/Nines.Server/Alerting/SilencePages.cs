using System.Security.Claims;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.Routing;
using Nines.Core.Access;
using Nines.Core.Alerting.Routing;
using Nines.Server.Alerting.Pages;
using Nines.Server.Web;

namespace Nines.Server.Alerting;

/// <summary>Silences: the list, one of them, and the form with its preview. A form that is refused comes back with what was typed.</summary>
internal static class SilencePages
{
    private const long MinuteNs = 60_000_000_000;

    /// <summary><c>/silences</c> and what is below it.</summary>
    public static void MapSilencePages(this IEndpointRouteBuilder pages)
    {
        pages.MapGet("/silences", (HttpContext context, [AsParameters] Parts parts) => new RazorComponentResult<SilencesPage>(new
        {
            All = parts.Routing.Silences(),
            Firing = parts.Routing.Alerts(),
            MayChange = MayChange(context),
            Shell = parts.Shell.For(context),
            parts.NowNs,
        }));
        pages.MapGet("/silences/new", (string? id, string? match, string? comment, HttpContext context, [AsParameters] Parts parts, CancellationToken stop) =>
            parts.Find(id) is { } before ? FormAsync(context, parts, SilenceForm.Of(before, parts.NowNs), null, stop)
                : FormAsync(context, parts, new("", match ?? "", "", "60", "", comment ?? "", ""), null, stop));
        pages.MapPost("/silences/preview", (HttpContext context, [AsParameters] Parts parts, [AsParameters] Typed typed, CancellationToken stop) =>
            FormAsync(context, parts, typed.Form, null, stop));
        pages.MapPost("/silences", SetAsync);
        pages.MapGet("/silences/{id}", (string id, HttpContext context, [AsParameters] Parts parts, CancellationToken stop) =>
            OneAsync(context, parts, id, stop));
        pages.MapPost("/silences/{id}/expire", async (string id, HttpContext context, [AsParameters] Parts parts, CancellationToken stop) =>
            await parts.Routing.ExpireSilenceAsync(id, Actors.ResponderOf(context, "page"), stop)
                ? (IResult)TypedResults.LocalRedirect("/silences") : TypedResults.NotFound());
        pages.MapPost("/silences/{id}/extend", async Task<IResult> (string id, [FromForm] int minutes, HttpContext context,
            [AsParameters] Parts parts, CancellationToken stop) =>
        {
            // What is over keeps quiet no more: it is made anew, with a preview.
            if (parts.Find(id) is not { } silence || silence.StateAt(parts.NowNs) == SilenceState.Expired || minutes is < 1 or > 7 * 1440)
            {
                return TypedResults.NotFound();
            }
            await parts.Routing.SetSilenceAsync(id, silence with { EndsAtNs = silence.EndsAtNs + minutes * MinuteNs },
                Actors.ResponderOf(context, "page"), stop);
            return TypedResults.LocalRedirect("/silences/" + id);
        });
    }

    private static async Task<IResult> SetAsync(HttpContext context, [AsParameters] Parts parts, [AsParameters] Typed typed, CancellationToken stop)
    {
        var form = typed.Form;
        var reading = form.Read(parts.NowNs);
        if (reading.Wrong is not null || form.Comment.Trim().Length == 0 || form.Previewed != form.Shown)
        {
            return await FormAsync(context, parts, form, reading.Wrong is null && form.Comment.Trim().Length == 0
                ? ("comment", "Say why. It is shown to everyone while the silence lasts.") : null, stop, StatusCodes.Status422UnprocessableEntity);
        }
        var asked = new Silence
        {
            Id = form.Id,
            Matchers = reading.Matchers,
            StartsAtNs = reading.StartsNs,
            EndsAtNs = reading.EndsNs,
            UpdatedAtNs = parts.NowNs,
            CreatedBy = context.User.Identity?.Name ?? "",
            Comment = form.Comment.Trim(),
        };
        var change = await parts.Routing.SetSilenceAsync(form.Id, asked, Actors.ResponderOf(context, "page"), stop);
        return change switch
        {
            null => TypedResults.NotFound(),
            { Refusal: { } refusal } => await FormAsync(
                context, parts, form, ("match", Format.Capital(refusal) + "."), stop, StatusCodes.Status422UnprocessableEntity),
            { Stored: [.., var stored] } => TypedResults.LocalRedirect("/silences/" + stored.Id),
            _ => TypedResults.LocalRedirect("/silences"),
        };
    }

    private static async Task<IResult> FormAsync(HttpContext context, Parts parts, SilenceForm form, (string Field, string Text)? wrong, CancellationToken stop,
        int status = StatusCodes.Status200OK)
    {
        var reading = form.Read(parts.NowNs);
        context.Response.StatusCode = status;
        return new RazorComponentResult<SilenceFormPage>(new
        {
            Form = form,
            Before = parts.Find(form.Id),
            Reading = reading,
            Preview = reading.Matchers.Count > 0 ? await parts.History.PreviewAsync(reading.Matchers, reading.EndsNs - reading.StartsNs, stop) : null,
            // An empty form is not wrong before somebody sends it.
            Wrong = wrong ?? (form.Match.Length > 0 || status != StatusCodes.Status200OK ? reading.Wrong : null),
            Changed = status != StatusCodes.Status200OK && reading.Wrong is null && wrong is null,
            MayChange = MayChange(context),
            Shell = parts.Shell.For(context),
            parts.NowNs,
        });
    }

    private static async Task<IResult> OneAsync(HttpContext context, Parts parts, string id, CancellationToken stop) => parts.Find(id) is not { } silence
        ? TypedResults.NotFound()
        : new RazorComponentResult<SilencePage>(new
        {
            Silence = silence,
            Preview = await parts.History.PreviewAsync(silence.Matchers, silence.EndsAtNs - silence.StartsAtNs, stop),
            Quiet = parts.Routing.Alerts().Where(a => a.SilencedBy.Contains(id, StringComparer.Ordinal)).ToList(),
            MayChange = MayChange(context),
            Shell = parts.Shell.For(context),
            parts.NowNs,
        });

    private static bool MayChange(HttpContext context) =>
        Enum.TryParse<Role>(context.User.FindFirstValue(ClaimTypes.Role), out var role) && role >= Role.Responder;

    /// <summary>What each handler needs.</summary>
    internal readonly record struct Parts(IAlertRouting Routing, AlertHistory History, ShellSource Shell, TimeProvider Time)
    {
        public long NowNs => (Time.GetUtcNow() - DateTimeOffset.UnixEpoch).Ticks * 100;

        public Silence? Find(string? id) => string.IsNullOrEmpty(id) ? null : Routing.Silences().FirstOrDefault(s => s.Id == id);
    }

    /// <summary>The form as it is posted.</summary>
    internal readonly record struct Typed([property: FromForm] string? Id, [property: FromForm] string? Match, [property: FromForm] string? From,
        [property: FromForm] string? For, [property: FromForm] string? Until, [property: FromForm] string? Comment, [property: FromForm] string? Previewed)
    {
        public SilenceForm Form => new(Id ?? "", Match?.Trim() ?? "", From ?? "", For ?? "", Until ?? "", Comment ?? "", Previewed ?? "");
    }
}
