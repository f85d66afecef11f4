using System.Text.Json.Serialization;
using Microsoft.AspNetCore.Http;
using Nines.Core.Alerting;
using Nines.Core.Alerting.Routing;
using Nines.Metrics;
using Nines.Server.Delivery;
using Nines.Server.Web;

namespace Nines.Server.Alerting;

/// <summary>Our own list of alerts, and each with why people were told of it or not.</summary>
internal static class AlertEndpoints
{
    public static IResult List(IAlertReports reports) =>
        Results.Json(new AlertItems([.. reports.All().Select(ItemOf)]), AlertApiJson.Default.AlertItems);

    public static async Task<IResult> OneAsync(string fingerprint, AlertHistory history, CancellationToken stop) =>
        await history.OfAsync(fingerprint, stop) is { } known ? Results.Json(DetailOf(known), AlertApiJson.Default.AlertDetail) : Results.NotFound();

    /// <summary>Somebody takes an alert in hand: 200 with what came of it, 404 for an alert that is not known, 409 for one that is over.</summary>
    public static async Task<IResult> HandleAsync(Handling what, string fingerprint, IAlertHandling alerts, HttpContext context, CancellationToken stop)
    {
        var handled = (await alerts.HandleAsync(what, [new(fingerprint)], Actors.ResponderOf(context, "api"), stop))[0];
        return handled.State is not { } state ? Results.NotFound()
            : handled.Outcome == HandlingOutcome.Over ? Problems.Conflict("over", $"It is over since {Clock.Text(state.EndsAtNs)}.")
            : Results.Json(new HandledItem(state.Fingerprint, state.Firing ? "firing" : "resolved", handled.Outcome == HandlingOutcome.Already,
                ItemOf(state.Acknowledged), what == Handling.Resolve ? "If its source goes on to report it, it fires again." : ""),
                AlertApiJson.Default.HandledItem);
    }

    private static AcknowledgedItem? ItemOf(Acknowledgement? taken) =>
        taken is null ? null : new(taken.By.Name, taken.By.Actor, taken.By.Through, Clock.ToRfc3339(taken.AtNs));

    private static AlertItem ItemOf(AlertReport report) => new(
        report.Fingerprint, report.Firing ? "firing" : "resolved", report.Labels, report.Annotations, Clock.ToRfc3339(report.SinceNs),
        Optional(report.EndedNs), Clock.ToRfc3339(report.UpdatedNs), report.GeneratorUrl, report.Explanation,
        [.. report.Deliveries.Select(d => new DeliveryItem(d.Key, d.Receiver, d.Resolved ? "resolved" : "firing",
            Word(d.State), d.Attempts, Clock.ToRfc3339(d.AtNs), d.Detail, d.Recorded))],
        report.Rank, report.Pages, Optional(report.Response?.AtNs), ItemOf(report.Acknowledged));

    private static AlertDetail DetailOf(KnownAlert known) => new(
        ItemOf(known.Report), known.Explanation is { } explanation ? ExplanationOf(explanation) : null,
        [.. known.Messages.Select(m => new ToldItem(m.Key, m.Receiver, m.Kind, Word(m.Reason), m.Alerts, m.Resolved ? "resolved" : "firing", Word(m.State),
            Clock.ToRfc3339(m.DecidedNs), m.Detail, m.Recorded,
            [.. m.Attempts.Select(a => new ToldAttempt(a.Number, Clock.ToRfc3339(a.StartedNs), Optional(a.FinishedNs), a.Outcome, a.Detail))]))],
        [.. known.Transitions.Select(t => new TransitionItem(t.Resolved ? "resolved" : "firing", Clock.ToRfc3339(t.AtNs), t.Explanation))]);

    private static ExplanationItem ExplanationOf(Explanation explanation) => new(
        explanation.Summary,
        [.. explanation.Routes.Select(r => new RouteItem(r.Receiver, r.GroupKey, r.GroupLabels, Optional(r.NextLookNs),
            [.. r.Steps.Select(s => new StepItem(Word(s.Stage), s.Stops, s.Title, s.Text, s.Position?.ToString(), s.SilenceId, s.InhibitedBy))],
            [.. r.Tellings.Select(t => new TellingItem(t.Kind, t.Index, Word(t.State), t.Text, Optional(t.AtNs), t.Key))]))],
        [.. explanation.Untaken.Select(u => new UntakenItem(u.Receiver, u.Text, u.Position.ToString()))]);

    private static string? Optional(long? ns) => ns is { } at ? Clock.ToRfc3339(at) : null;

    private static string Word<T>(T value) where T : struct, Enum => value.ToString().ToLowerInvariant();
}

internal sealed record AlertItems(AlertItem[] Items);

/// <summary>An alert; the rank is that of its severity on the one scale of all ladders.</summary>
internal sealed record AlertItem(
    string Fingerprint, string State, Labels Labels, Labels Annotations, string Since, string? Ended, string Updated, string GeneratorUrl,
    string Explanation, DeliveryItem[] Deliveries, int? Rank, bool Pages, string? AcknowledgeBy, AcknowledgedItem? Acknowledged);

/// <summary>Who has taken an alert up: the actor as the journal names them, and which way: page, api, slack or telegram.</summary>
internal sealed record AcknowledgedItem(string By, string Actor, string Through, string At);

/// <summary>An alert after somebody took it in hand; <c>already</c> says that it had been acknowledged before.</summary>
internal sealed record HandledItem(string Fingerprint, string State, bool Already, AcknowledgedItem? Acknowledged, string Note);

internal sealed record DeliveryItem(
    string Key, string Receiver, string Status, string State, int Attempts, string DecidedAt, string Detail, bool Recorded);

/// <summary>All that is known of an alert.</summary>
internal sealed record AlertDetail(AlertItem Alert, ExplanationItem? Explanation, ToldItem[] Messages, TransitionItem[] Transitions);

/// <summary>Why people were told, or not.</summary>
internal sealed record ExplanationItem(string Summary, RouteItem[] Routes, UntakenItem[] OtherRoutes);

/// <summary>A route that the alert takes.</summary>
internal sealed record RouteItem(string Receiver, string GroupKey, Labels GroupLabels, string? NextLook, StepItem[] Steps, TellingItem[] Integrations);

/// <summary>A step on the way; <c>stops</c> says that it keeps the alert from going on now.</summary>
internal sealed record StepItem(string Stage, bool Stops, string Title, string Text, string? Declared, string? Silence, string? InhibitedBy);

/// <summary>What an integration knows: <c>told</c>, <c>waits</c>, <c>quiet</c> or <c>nottold</c>, and why.</summary>
internal sealed record TellingItem(string Kind, int Index, string State, string Text, string? ToldAt, string? MessageKey);

/// <summary>A route that the alert does not take, and why.</summary>
internal sealed record UntakenItem(string Receiver, string Text, string Declared);

/// <summary>A message that told of the alert.</summary>
internal sealed record ToldItem(
    string Key, string Receiver, string Kind, string Reason, int Alerts, string Status, string State, string DecidedAt, string Detail, bool Recorded,
    ToldAttempt[] Attempts);

/// <summary>One attempt to deliver it.</summary>
internal sealed record ToldAttempt(int Number, string Started, string? Finished, string Outcome, string Detail);

/// <summary>A begin or an end.</summary>
internal sealed record TransitionItem(string To, string At, string Explanation);

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, Converters = [typeof(LabelsJson)])]
[JsonSerializable(typeof(AlertItems))]
[JsonSerializable(typeof(AlertDetail))]
[JsonSerializable(typeof(HandledItem))]
[JsonSerializable(typeof(string))]
internal sealed partial class AlertApiJson : JsonSerializerContext;
