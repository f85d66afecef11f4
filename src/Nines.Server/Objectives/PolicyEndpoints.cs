using System.Globalization;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.Routing;
using Nines.Core.Objectives;
using Nines.Server.State;
using Nines.Server.Web;

namespace Nines.Server.Objectives;

/// <summary>Reads a document of kind ErrorBudgetPolicy; null and what is wrong when it is none.</summary>
internal delegate (ErrorBudgetPolicy? Policy, string Wrong) ReadBudgetPolicy(byte[] document);

/// <summary>The API of budget policies and adjustments, and the forms of the page.</summary>
internal static class PolicyEndpoints
{
    private const int MaxDays = 400;

    /// <summary><c>/nines/v1/budget-policy</c> and <c>/nines/v1/adjustments</c>.</summary>
    public static void MapPolicies(this IEndpointRouteBuilder routes)
    {
        var policy = routes.MapGroup("/nines/v1/budget-policy").WithTags("Objectives");
        policy.MapGet("/{**key}", (string key, int? days, [AsParameters] PolicyParts parts, CancellationToken stop) =>
                PolicyAsync(key, days, null, parts, stop))
            .WithName("GetBudgetPolicy").WithSummary("The policy of an objective, its band, and the bands of the last days (90) by the ledger.");
        policy.MapPost("/{**key}", async (string key, int? days, HttpRequest request, [AsParameters] PolicyParts parts, ReadBudgetPolicy read,
            CancellationToken stop) =>
            {
                using var body = new MemoryStream();
                await request.Body.CopyToAsync(body, stop);
                var (candidate, wrong) = read(body.ToArray());
                return candidate is null ? Refused(StatusCodes.Status422UnprocessableEntity, "body", wrong)
                    : await PolicyAsync(key, days, candidate, parts, stop);
            })
            .WithName("ReplayBudgetPolicy").WithSummary("When an objective would have been in which band by the policy in the body (YAML). Changes nothing.");
        var adjustments = routes.MapGroup("/nines/v1/adjustments").WithTags("Objectives");
        adjustments.MapGet("", List).WithName("ListAdjustments")
            .WithSummary("All adjustments, or those about ?objective= with what each does to its budget; the latest request first.");
        adjustments.MapPost("", async (AdjustmentRequest body, AdjustmentBook book, HttpContext context, CancellationToken stop) =>
                Answer(await RequestAsync(book, body, Actors.Of(context), stop)))
            .WithName("RequestAdjustment").WithSummary("Asks for a time to be taken out of accounts. It counts when a second person approves it.");
        adjustments.MapPost("/{id}/approve", async (string id, AdjustmentBook book, HttpContext context, CancellationToken stop) =>
                Answer(await book.ApproveAsync(id, Actors.Of(context), stop)))
            .WithName("ApproveAdjustment").WithSummary("Approves an adjustment that someone else asked for.");
        adjustments.MapPost("/{id}/undo", async (string id, AdjustmentUndo body, AdjustmentBook book, HttpContext context, CancellationToken stop) =>
                Answer(await book.UndoAsync(id, body.Reason ?? "", Actors.Of(context), stop)))
            .WithName("UndoAdjustment").WithSummary("Takes an adjustment back; the account is as if it had never been.");
    }

    private static Results<Ok<AdjustmentList>, NotFound> List(string? objective, AdjustmentBook book, IObjectiveReports reports)
    {
        if (objective is null)
        {
            return TypedResults.Ok(new AdjustmentList([.. book.All().Select(AdjustmentItem.Of)]));
        }
        return reports.Find(objective) is not { } report ? TypedResults.NotFound()
            : TypedResults.Ok(new AdjustmentList([.. book.About(report.Objective)
                .Select(a => AdjustmentItem.Of(a) with { Effect = reports.Effect(objective, a) is { } e ? new(e.Good, e.Bad, e.With, e.Without) : null })]));
    }

    private static async Task<Results<Ok<BudgetPolicyItem>, NotFound, ProblemHttpResult>> PolicyAsync(
        string key, int? days, ErrorBudgetPolicy? candidate, PolicyParts parts, CancellationToken stop)
    {
        if (parts.Reports.Find(key) is not { } report)
        {
            return TypedResults.NotFound();
        }
        try
        {
            var objective = candidate is null ? report.Objective : report.Objective with { ErrorBudgetPolicy = candidate };
            var replay = parts.History.Replay(objective, Math.Clamp(days ?? 90, 1, MaxDays) * 1440);
            var changes = candidate is null ? await parts.History.BandChangesAsync(key, stop) : [];
            var state = candidate is null ? parts.Bands.Of(key) : null;
            return TypedResults.Ok(BudgetPolicyItem.Of(objective.ErrorBudgetPolicy, key, state, replay.Stretches, changes));
        }
        catch (StoreRefusedException e)
        {
            return Refused(StatusCodes.Status503ServiceUnavailable, "", $"The ledger cannot be read: {e.Message}");
        }
    }

    private readonly record struct PolicyParts(IObjectiveReports Reports, IObjectiveHistory History, IBudgetBands Bands);

    /// <summary>Asks for an adjustment in words.</summary>
    internal static Task<AdjustmentOutcome> RequestAsync(AdjustmentBook book, AdjustmentRequest asked, string actor, CancellationToken stop)
    {
        if (Minute(asked.From, up: false) is not { } from || Minute(asked.To, up: true) is not { } to)
        {
            return Task.FromResult(new AdjustmentOutcome(null, 422, Minute(asked.From, up: false) is null ? "from" : "to",
                "write times as 2026-07-01T10:00Z"));
        }
        return book.RequestAsync(Given(asked.Objective), Given(asked.Service), from, to, asked.Reason ?? "", asked.Cause ?? "", actor, stop);
    }

    private static string? Given(string? text) => string.IsNullOrWhiteSpace(text) ? null : text.Trim();

    // A range that does not fall on minutes grows to whole ones: what was meant must be covered.
    private static long? Minute(string? text, bool up) =>
        DateTimeOffset.TryParse(text, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var at)
            ? (at.ToUnixTimeSeconds() + (up ? 59 : 0)) / 60 : null;

    private static Results<Ok<AdjustmentItem>, ProblemHttpResult> Answer(AdjustmentOutcome outcome) =>
        outcome.Adjustment is { } adjustment ? TypedResults.Ok(AdjustmentItem.Of(adjustment)) : Refused(outcome.Status, outcome.Field, outcome.Wrong);

    private static ProblemHttpResult Refused(int status, string field, string wrong)
    {
        var problem = new ProblemDetails { Status = status, Title = "The request failed", Detail = wrong };
        problem.Extensions["code"] = status switch { 404 => "not-found", 409 => "conflict", 503 => "store-away", _ => "bad-value" };
        problem.Extensions["field"] = field;
        problem.Extensions["hint"] = wrong;
        return TypedResults.Problem(problem);
    }
}

/// <summary>An adjustment that is asked for: an objective or a service.</summary>
/// <param name="Objective">The objective's key.</param>
/// <param name="Service">All objectives of this service.</param>
/// <param name="From">Start, RFC 3339.</param>
/// <param name="To">End; may lie in the future.</param>
/// <param name="Reason">Why, in a sentence.</param>
/// <param name="Cause">In one word, such as network, load-test or maintenance.</param>
public sealed record AdjustmentRequest(string? Objective, string? Service, string? From, string? To, string? Reason, string? Cause);

/// <summary>An adjustment that is taken back.</summary>
/// <param name="Reason">Why.</param>
public sealed record AdjustmentUndo(string? Reason);

/// <summary>A list of adjustments.</summary>
/// <param name="Items">The adjustments, the latest request first.</param>
public sealed record AdjustmentList(IReadOnlyList<AdjustmentItem> Items);

/// <summary>A time that is taken out of accounts.</summary>
/// <param name="Id">Its id.</param>
/// <param name="Status">requested, approved, undone or withdrawn; only an approved one counts.</param>
/// <param name="Objective">The objective it is about.</param>
/// <param name="Service">The service whose objectives it is about.</param>
/// <param name="From">Start.</param>
/// <param name="To">End.</param>
/// <param name="Reason">Why.</param>
/// <param name="Cause">In one word.</param>
/// <param name="RequestedBy">Who asked for it.</param>
/// <param name="RequestedAt">When.</param>
/// <param name="ApprovedBy">Who approved it.</param>
/// <param name="ApprovedAt">When.</param>
/// <param name="UndoneBy">Who took it back.</param>
/// <param name="UndoneAt">When.</param>
/// <param name="UndoReason">Why it was taken back.</param>
public sealed record AdjustmentItem(
    string Id, string Status, string? Objective, string? Service, string From, string To, string Reason, string Cause, string RequestedBy, string RequestedAt,
    string? ApprovedBy, string? ApprovedAt, string? UndoneBy, string? UndoneAt, string UndoReason)
{
    /// <summary>What it does to the budget of the objective that was asked for; null when none was.</summary>
    public AdjustmentEffectItem? Effect { get; init; }

    /// <summary>The item of an adjustment.</summary>
    public static AdjustmentItem Of(Adjustment a) => new(
        a.Id, a.Status, a.Objective, a.Service, Format.Iso(a.FromMinute * LedgerTime.MinuteMs), Format.Iso(a.ToMinute * LedgerTime.MinuteMs), a.Reason, a.Cause,
        a.RequestedBy, Format.Iso(a.RequestedAtMs), a.ApprovedBy, a.ApprovedAtMs is { } approved ? Format.Iso(approved) : null, a.UndoneBy,
        a.UndoneAtMs is { } undone ? Format.Iso(undone) : null, a.UndoReason);
}

/// <summary>What an adjustment does to a budget.</summary>
/// <param name="GoodEvents">Good events of the present window in its time.</param>
/// <param name="BadEvents">Bad events of the present window in its time.</param>
/// <param name="RemainingShareWith">Share of budget left with it; null without events.</param>
/// <param name="RemainingShareWithout">Share of budget left without it.</param>
public sealed record AdjustmentEffectItem(double GoodEvents, double BadEvents, double? RemainingShareWith, double? RemainingShareWithout);

/// <summary>A budget policy and what it makes of an objective.</summary>
/// <param name="Objective">The objective's key.</param>
/// <param name="Policy">The policy's name.</param>
/// <param name="Owner">Who decides when people disagree.</param>
/// <param name="Hysteresis">How far above a band's bound the share must be to return to it.</param>
/// <param name="Exceptions">Classes of changes that go on in every band.</param>
/// <param name="NotCounted">Causes that may be adjusted out; empty for any.</param>
/// <param name="Band">The present band; null before it was judged, and for a policy that is only tried.</param>
/// <param name="Since">Since when.</param>
/// <param name="Bands">The bands, best first.</param>
/// <param name="History">The bands by the ledger, oldest first, looked at once an hour.</param>
/// <param name="Changes">The changes that were recorded, the latest first; none for a policy that is only tried.</param>
public sealed record BudgetPolicyItem(
    string Objective, string Policy, string Owner, double Hysteresis, IReadOnlyList<string> Exceptions, IReadOnlyList<string> NotCounted, string? Band,
    string? Since, IReadOnlyList<BandItem> Bands, IReadOnlyList<BandStretchItem> History,
    IReadOnlyList<BandChangeItem> Changes)
{
    /// <summary>The item of a policy.</summary>
    public static BudgetPolicyItem Of(
        ErrorBudgetPolicy policy, string key, BandState? state, IReadOnlyList<BandStretch> history, IReadOnlyList<RecordedBand> changes) => new(
        key, policy.Name, policy.Owner, policy.Hysteresis, policy.Exceptions, policy.NotCounted, state?.Band, state is null ? null : Format.Iso(state.SinceMs),
        [.. policy.Bands.Select(b => new BandItem(b.Name, b.Above, b.Level.ToString().ToLowerInvariant(), b.Means))],
        [.. history.Select(h => new BandStretchItem(
            h.Band, Format.Iso(h.FromMinute * LedgerTime.MinuteMs), Format.Iso(h.ToMinute * LedgerTime.MinuteMs), h.RemainingShare))],
        [.. changes.Select(c => new BandChangeItem(Format.Iso(c.AtMs), c.Change.Policy, c.Change.From, c.Change.To, c.Change.RemainingShare))]);
}

/// <summary>A band of a budget policy.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Above">It holds shares above this one; null for all that is left below.</param>
/// <param name="Level">ok, caution, freeze or exhausted.</param>
/// <param name="Means">What it means for the team.</param>
public sealed record BandItem(string Name, double? Above, string Level, string Means);

/// <summary>A time in one band.</summary>
/// <param name="Band">The band.</param>
/// <param name="From">Start.</param>
/// <param name="To">End.</param>
/// <param name="RemainingShare">Share of budget left when it began.</param>
public sealed record BandStretchItem(string Band, string From, string To, double? RemainingShare);

/// <summary>A recorded change of band.</summary>
/// <param name="At">When.</param>
/// <param name="Policy">The policy it was judged by.</param>
/// <param name="From">The band before; empty at first sight.</param>
/// <param name="To">The band from then on.</param>
/// <param name="RemainingShare">Share of budget left.</param>
public sealed record BandChangeItem(string At, string Policy, string From, string To, double RemainingShare);
