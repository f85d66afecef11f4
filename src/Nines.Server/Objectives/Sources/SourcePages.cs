using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Routing;
using Nines.Core.Objectives;
using Nines.Server.Objectives.Pages;
using Nines.Server.Web;

namespace Nines.Server.Objectives.Sources;

/// <summary>Gaps in the windows of objectives.</summary>
/// <param name="Count">How many.</param>
/// <param name="Minutes">How long together.</param>
public readonly record struct GapSum(int Count, double Minutes)
{
    /// <summary>The gaps of a report's window: nothing was read, whether or not the counters told the sum afterwards.</summary>
    public static GapSum Of(ObjectiveReport report)
    {
        var gaps = report.Spans.Where(s => s.Kind is SpanKind.Gap or SpanKind.NoData).ToList();
        return new(gaps.Count, gaps.Sum(s => s.ToMs - s.FromMs) / 60_000.0);
    }
}

/// <summary>What the page says of the built-in engine.</summary>
/// <param name="SteppedMs">When the ledger last read, ms since the Unix epoch; 0 before.</param>
/// <param name="ClosedMinute">To which minute all accounts are closed; 0 before.</param>
/// <param name="Objectives">How many objectives are read from it.</param>
/// <param name="Series">Series that objectives count.</param>
/// <param name="Gaps">Gaps in the windows of those objectives.</param>
/// <param name="StoreFailure">Why the ledger is not stored; null when it is.</param>
public sealed record EngineStanding(long SteppedMs, long ClosedMinute, int Objectives, long Series, GapSum Gaps, string? StoreFailure);

/// <summary>The page of sources.</summary>
internal static class SourcePages
{
    /// <summary><c>/sources</c>.</summary>
    public static void MapSourcePages(this IEndpointRouteBuilder pages) =>
        pages.MapGet("/sources", (SourceReaders readers, LedgerEngine engine, IObjectiveReports reports, ShellSource shell, HttpContext context,
            TimeProvider time) =>
        {
            var all = reports.All();
            var gaps = all.ToDictionary(r => r.Objective.Key, GapSum.Of, StringComparer.Ordinal);
            var own = all.Where(r => r.Objective.Indicator.Source is null).ToList();
            return new RazorComponentResult<SourcesPage>(new
            {
                Engine = new EngineStanding(engine.SteppedMs, engine.ClosedMinute, own.Count, engine.SeriesCount,
                    new(own.Sum(r => gaps[r.Objective.Key].Count), own.Sum(r => gaps[r.Objective.Key].Minutes)), engine.StoreFailure),
                Sources = readers.Status().Items,
                Gaps = gaps,
                Shell = shell.For(context),
                NowMs = time.GetUtcNow().ToUnixTimeMilliseconds(),
            });
        });
}
