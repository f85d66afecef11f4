using System.Globalization;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Routing;
using Nines.Core.Objectives;
using Nines.Server.Objectives.Pages;
using Nines.Server.Objectives.Sources;
using Nines.Server.Probes;
using Nines.Server.State;
using Nines.Server.Web;

namespace Nines.Server.Objectives;

/// <summary>The pages of objectives: overview, list, one of them, what burned it, its earlier accounts.</summary>
internal static class ObjectivePages
{
    internal readonly record struct Parts(
        IObjectiveReports Reports, IObjectiveHistory History, IBudgetBands Bands, AdjustmentBook Adjustments, ShellSource Shell, TimeProvider Time)
    {
        public long NowMs => Time.GetUtcNow().ToUnixTimeMilliseconds();
    }

    /// <summary>All pages of the room.</summary>
    public static void MapObjectivePages(this IEndpointRouteBuilder pages)
    {
        pages.MapAdjustmentPages();
        pages.MapServicePages();
        pages.MapSourcePages();
        pages.MapGet("/", (HttpContext context, IHostReports hosts, [AsParameters] Parts parts) =>
            new RazorComponentResult<OverviewPage>(new
            {
                Rows = ObjectiveRow.All(parts.Reports, parts.NowMs),
                Hosts = hosts.Hosts(),
                Shell = parts.Shell.For(context),
                parts.NowMs,
            }));
        pages.MapGet("/objectives", (string? q, string? state, HttpContext context, [AsParameters] Parts parts) =>
            new RazorComponentResult<ObjectivesPage>(new
            {
                Rows = ObjectiveRow.All(parts.Reports, parts.NowMs),
                Shell = parts.Shell.For(context),
                Query = q ?? "",
                State = Enum.GetValues<BudgetState>().Select(s => (BudgetState?)s).FirstOrDefault(s => Format.State(s!.Value).Attribute == state),
            }));
        pages.MapGet("/objectives/{**key}", ObjectiveAsync);
        pages.MapGet("/attribution/{**key}", Attribution);
        pages.MapGet("/generations/{id}", IResult (long id, HttpContext context, [AsParameters] Parts parts) =>
        {
            try
            {
                return parts.History.Generation(id) is { } account
                    ? new RazorComponentResult<GenerationPage>(new { Account = account, Shell = parts.Shell.For(context) }) : TypedResults.NotFound();
            }
            catch (StoreRefusedException e)
            {
                return TypedResults.Problem($"The ledger cannot be read: {e.Message}", statusCode: StatusCodes.Status503ServiceUnavailable);
            }
        });
    }

    private static async Task<IResult> ObjectiveAsync(
        string key, string? range, string? target, HttpContext context, [AsParameters] Parts parts, CancellationToken stop)
    {
        if (parts.Reports.Find(key) is not { } report)
        {
            return TypedResults.NotFound();
        }
        var now = parts.NowMs;
        var chosen = ChartRange.Choose(report, range, now);
        var end = LedgerTime.LastEnded(now);
        var detail = await ObjectiveDetail.ReadAsync(report, parts.Reports, parts.History, parts.Bands, parts.Adjustments, stop);
        var course = parts.Reports.Course(key, end - chosen.Minutes, end, chosen.StepMinutes);
        var data = CourseData.Of(report, course, chosen, Format.State(report.State).Attribute);
        return new RazorComponentResult<ObjectivePage>(new
        {
            Report = report,
            Groups = parts.Reports.Groups(key),
            Target = decimal.TryParse(target, NumberStyles.Float, CultureInfo.InvariantCulture, out var percent) && percent is > 0 and < 100
                ? percent / 100 : (decimal?)null,
            Data = data with { Seams = [.. detail.Seams.Where(s => s.At > data.Start)] },
            Detail = detail,
            Range = chosen,
            Shell = parts.Shell.For(context),
            NowMs = now,
        });
    }

    private static IResult Attribution(string key, string? range, string? by, HttpContext context, [AsParameters] Parts parts)
    {
        if (parts.Reports.Find(key) is not { } report)
        {
            return TypedResults.NotFound();
        }
        var chosen = ChartRange.For(report.Objective).FirstOrDefault(r => r.Name == range) ?? ChartRange.For(report.Objective)[^1];
        var (from, to) = (report.Window.ToMinute - chosen.Minutes, report.Window.ToMinute);
        return new RazorComponentResult<AttributionPage>(new
        {
            Report = report,
            Spreads = parts.Reports.Attribute(key, from, to),
            Causes = parts.Reports.Causes(key, from, to),
            Account = parts.Reports.Window(key, from, to) ?? default,
            By = by,
            Range = chosen,
            Shell = parts.Shell.For(context),
        });
    }
}
