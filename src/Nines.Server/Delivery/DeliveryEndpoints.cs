using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Routing;
using Nines.Core.Alerting;
using Nines.Core.Alerting.Routing;
using Nines.Core.Delivery;
using Nines.Metrics;
using Nines.Server.Delivery.Buttons;
using Nines.Server.Delivery.Pages;
using Nines.Server.Web;

namespace Nines.Server.Delivery;

/// <summary>The delivery ledger: pages and API.</summary>
internal static class DeliveryEndpoints
{
    internal readonly record struct Parts(DeliveryLedger Ledger, IAlertRouting Routing, ShellSource Shell, TimeProvider Time)
    {
        public long NowNs => (Time.GetUtcNow() - DateTimeOffset.UnixEpoch).Ticks * 100;
    }

    /// <summary><c>GET /nines/v1/deliveries</c> and one of them.</summary>
    public static void MapDeliveries(this IEndpointRouteBuilder routes)
    {
        var group = routes.MapGroup("/nines/v1/deliveries").WithTags("Delivery");
        group.MapGet("", async Task<Results<Ok<DeliveryList>, ProblemHttpResult>> (HttpRequest request, [AsParameters] Parts parts, CancellationToken stop) =>
        {
            var filter = DeliveryFilter.Read(name => request.Query[name]);
            if (filter.Problems.Count > 0)
            {
                var (field, hint) = filter.Problems.First();
                return Problems.Unreadable(field, hint);
            }
            var (items, next) = await parts.Ledger.PageAsync(filter, parts.NowNs, stop);
            var tallies = await parts.Ledger.TallyAsync(parts.NowNs, stop);
            return TypedResults.Ok(new DeliveryList([.. items.Select(MessageItem.Of)], next, [.. tallies.Select(ReceiverItem.Of)]));
        }).WithName("ListDeliveries").WithSummary(
            "Every message that was decided, the latest first, with its attempts. Query: receiver, state, alert (a fingerprint), since, until (UTC), trouble "
            + "(true for those that did not go out at the first attempt), after (next of the page before), limit (50, at most 500).");
        group.MapGet("/{key}", async Task<Results<Ok<MessageItem>, NotFound>> (string key, [AsParameters] Parts parts, CancellationToken stop) =>
                await parts.Ledger.FindAsync(key, stop) is { } entry ? TypedResults.Ok(MessageItem.Of(entry)) : TypedResults.NotFound())
            .WithName("GetDelivery").WithSummary("One message with its attempts and alerts.");
        routes.MapPost("/nines/v1/integrations/slack", (SlackPresses presses, HttpContext context) => presses.ReceiveAsync(context)).WithTags("Delivery")
            .WithName("AnswerSlack").WithSummary("Where a Slack app sends the buttons that people press. Its signature is the credential.");
    }

    /// <summary><c>/deliveries</c> and one of them.</summary>
    public static void MapDeliveryPages(this IEndpointRouteBuilder pages)
    {
        pages.MapGet("/deliveries", async (HttpContext context, [AsParameters] Parts parts) =>
        {
            var filter = DeliveryFilter.Read(name => context.Request.Query[name]);
            var (items, next) = await parts.Ledger.PageAsync(filter, parts.NowNs, context.RequestAborted);
            return new RazorComponentResult<DeliveriesPage>(new
            {
                Filter = filter,
                Items = items,
                Next = next,
                Tallies = await parts.Ledger.TallyAsync(parts.NowNs, context.RequestAborted),
                Receivers = parts.Routing.Plan.Receivers.Keys.Order(StringComparer.Ordinal).ToList(),
                Shell = parts.Shell.For(context),
                parts.NowNs,
            });
        });
        pages.MapGet("/deliveries/{key}", async Task<IResult> (string key, HttpContext context, [AsParameters] Parts parts) =>
            await parts.Ledger.FindAsync(key, context.RequestAborted) is not { } entry ? TypedResults.NotFound()
                : new RazorComponentResult<DeliveryPage>(new { Entry = entry, Shell = parts.Shell.For(context), parts.NowNs }));
    }
}

/// <summary>A page of the delivery ledger.</summary>
/// <param name="Items">The messages, the latest first.</param>
/// <param name="Next">What <c>after</c> of the next page is; null on the last.</param>
/// <param name="Receivers">How delivery goes by receiver, over the last 24 hours.</param>
public sealed record DeliveryList(IReadOnlyList<MessageItem> Items, string? Next, IReadOnlyList<ReceiverItem> Receivers);

/// <summary>How delivery to a receiver goes.</summary>
/// <param name="Receiver">Its name.</param>
/// <param name="Sent">Messages it took in the last 24 hours.</param>
/// <param name="Failed">Messages it refused for good.</param>
/// <param name="Waiting">Messages on their way.</param>
/// <param name="MedianSeconds">Half of those it took were there so long after the decision; null when it took none.</param>
/// <param name="P99Seconds">99 % of them were.</param>
/// <param name="OldestWaiting">When the oldest on its way was decided; null when none is.</param>
public sealed record ReceiverItem(string Receiver, int Sent, int Failed, int Waiting, double? MedianSeconds, double? P99Seconds, string? OldestWaiting)
{
    internal static ReceiverItem Of(DeliveryTally tally) => new(tally.Receiver, tally.Sent, tally.Failed, tally.Waiting, tally.MedianNs / 1e9,
        tally.P99Ns / 1e9, tally.OldestWaitingNs is { } oldest ? Clock.ToRfc3339(oldest) : null);
}

/// <summary>A message.</summary>
/// <param name="Key">Its key, which it carries: the header <c>Idempotency-Key</c>, or the last line of a text.</param>
/// <param name="Receiver">Name of the receiver.</param>
/// <param name="Kind">Kind of the integration.</param>
/// <param name="GroupKey">The group it tells of.</param>
/// <param name="Reason">Why it was decided: <c>first</c>, <c>newalerts</c>, <c>someresolved</c>, <c>allresolved</c>, <c>repeat</c>.</param>
/// <param name="DecidedAt">When.</param>
/// <param name="State">Where it stands: <c>pending</c>, <c>sending</c> (an attempt is under way, or its outcome is not known), <c>sent</c>, <c>failed</c>,
/// <c>collapsed</c> (a later message tells it as well).</param>
/// <param name="DeliveredAt">When the receiver had taken it; null when it has not.</param>
/// <param name="Recorded">Whether the store had it before it went out.</param>
/// <param name="Detail">The last error; empty when there is none.</param>
/// <param name="Attempts">Its attempts, the first first.</param>
/// <param name="Alerts">The alerts it tells of.</param>
public sealed record MessageItem(
    string Key, string Receiver, string Kind, string GroupKey, string Reason, string DecidedAt, string State, string? DeliveredAt, bool Recorded, string Detail,
    IReadOnlyList<AttemptItem> Attempts, IReadOnlyList<MessageAlertItem> Alerts)
{
    internal static MessageItem Of(DeliveryEntry entry)
    {
        var n = entry.Notification;
        return new(n.Key, n.Receiver, n.Kind, n.GroupKey, n.Reason.ToString().ToLowerInvariant(), Clock.ToRfc3339(n.DecidedAtNs), entry.State,
            entry.DeliveredAtNs is { } at ? Clock.ToRfc3339(at) : null, entry.Recorded, entry.Detail,
            [.. entry.Attempts.Select(a => new AttemptItem(a.Number, Clock.ToRfc3339(a.StartedNs), a.FinishedNs is { } end ? Clock.ToRfc3339(end) : null,
                a.Outcome, a.Detail, entry.IsPossibleRepeat(a)))],
            [.. n.Alerts.Select(a => new MessageAlertItem(a.Fingerprint, a.EndsAtNs == 0 ? "firing" : "resolved", Map(a.Labels), Clock.ToRfc3339(a.StartsAtNs),
                a.EndsAtNs == 0 ? null : Clock.ToRfc3339(a.EndsAtNs)))]);
    }

    private static Dictionary<string, string> Map(Labels labels) => labels.Pairs.ToArray().ToDictionary(p => p.Key, p => p.Value, StringComparer.Ordinal);
}

/// <summary>An attempt to send a message.</summary>
/// <param name="Number">Counts from 1.</param>
/// <param name="StartedAt">When it began.</param>
/// <param name="FinishedAt">When its outcome was known; null when it never was.</param>
/// <param name="Outcome">What came of it: <c>sent</c>, <c>retry</c>, <c>indoubt</c>, <c>failed</c>, or <c>unknown</c>.</param>
/// <param name="Detail">What the receiver said, without secrets.</param>
/// <param name="PossibleRepeat">Whether an attempt before it may have arrived.</param>
public sealed record AttemptItem(int Number, string StartedAt, string? FinishedAt, string Outcome, string Detail, bool PossibleRepeat);

/// <summary>An alert of a message.</summary>
/// <param name="Fingerprint">16 hex digits.</param>
/// <param name="Status"><c>firing</c> or <c>resolved</c>.</param>
/// <param name="Labels">Its identity.</param>
/// <param name="StartsAt">Since when it fires or fired.</param>
/// <param name="EndsAt">When it was over; null while it fired.</param>
public sealed record MessageAlertItem(string Fingerprint, string Status, IReadOnlyDictionary<string, string> Labels, string StartsAt, string? EndsAt);
