using System.Text.Json.Serialization;
using Microsoft.AspNetCore.Http;
using Nines.Core.Alerting;
using Nines.Metrics;
using Nines.Server.Delivery;

namespace Nines.Server.Alerting;

/// <summary>The alerts' routes: our own list, and Alertmanager's API v2.</summary>
internal static class AlertEndpoints
{
    private const int MaxPosted = 10_000;

    public static IResult List(IAlertReports reports) =>
        Results.Json(new AlertList([.. reports.All().Select(ItemOf)]), AlertApiJson.Default.AlertList);

    public static IResult GetV2(IAlertReports reports) =>
        Results.Json([.. reports.Firing().OrderBy(r => r.Fingerprint, StringComparer.Ordinal).Select(GettableOf)], AlertApiJson.Default.GettableAlertArray);

    public static async Task<IResult> PostV2(PostableAlert[] body, IAlertDoor door, CancellationToken cancellation)
    {
        if (body.Length > MaxPosted)
        {
            return Bad($"{body.Length} alerts at once; at most {MaxPosted}");
        }
        var alerts = new List<PostedAlert>(body.Length);
        for (var i = 0; i < body.Length; i++)
        {
            var (alert, problem) = Read(body[i]);
            if (alert is null)
            {
                return Bad($"alert {i}: {problem}");
            }
            alerts.Add(alert);
        }
        await door.PostAsync(alerts, cancellation);
        return Results.Ok();
    }

    internal static (PostedAlert? Alert, string Problem) Read(PostableAlert alert)
    {
        if (alert.Labels is null || !alert.Labels.Any(l => l.Value.Length > 0))
        {
            return (null, "at least one label is needed");
        }
        if (alert.Labels.Keys.Concat(alert.Annotations?.Keys ?? Enumerable.Empty<string>()).FirstOrDefault(name => !IsLabelName(name)) is { } wrong)
        {
            return (null, $"\"{wrong}\" is not a label name");
        }
        if (!Clock.TryParse(alert.StartsAt, out var starts) || !Clock.TryParse(alert.EndsAt, out var ends))
        {
            return (null, "startsAt and endsAt are times in RFC 3339");
        }
        if (starts != 0 && ends != 0 && ends < starts)
        {
            return (null, "it ends before it starts");
        }
        return (new PostedAlert(LabelsOf(alert.Labels), LabelsOf(alert.Annotations), starts, ends, alert.GeneratorURL ?? ""), "");
    }

    private static bool IsLabelName(string name) => name.Length > 0
        && (char.IsAsciiLetter(name[0]) || name[0] == '_') && name.All(c => char.IsAsciiLetterOrDigit(c) || c == '_');

    private static Labels LabelsOf(Dictionary<string, string>? map) => Labels.Of(map?.Select(l => (l.Key, l.Value ?? "")) ?? []);

    private static IResult Bad(string text) => Results.Json(text, AlertApiJson.Default.String, statusCode: StatusCodes.Status400BadRequest);

    private static AlertItem ItemOf(AlertReport report) => new(
        report.Fingerprint, report.Firing ? "firing" : "resolved", report.Labels, report.Annotations, Clock.ToRfc3339(report.SinceNs),
        report.EndedNs is { } ended ? Clock.ToRfc3339(ended) : null, Clock.ToRfc3339(report.UpdatedNs), report.GeneratorUrl, report.Explanation,
        [.. report.Deliveries.Select(d => new DeliveryItem(d.Key, d.Receiver, d.Resolved ? "resolved" : "firing",
            d.State.ToString().ToLowerInvariant(), d.Attempts, Clock.ToRfc3339(d.AtNs), d.Detail, d.Recorded))]);

    private static GettableAlert GettableOf(AlertReport report) => new(
        report.Annotations, Clock.ToRfc3339(report.UpdatedNs + AlertMachine.ResolveTimeoutNs), report.Fingerprint,
        [.. report.Deliveries.Select(d => d.Receiver).Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal).Select(r => new ReceiverItem(r))],
        Clock.ToRfc3339(report.SinceNs), new GettableStatus("active", [], [], []), Clock.ToRfc3339(report.UpdatedNs), report.GeneratorUrl, report.Labels);
}

internal sealed record PostableAlert(
    Dictionary<string, string>? Labels, Dictionary<string, string>? Annotations, string? StartsAt, string? EndsAt, string? GeneratorURL);

internal sealed record GettableAlert(
    Labels Annotations, string EndsAt, string Fingerprint, ReceiverItem[] Receivers, string StartsAt, GettableStatus Status, string UpdatedAt,
    string GeneratorURL, Labels Labels);

internal sealed record ReceiverItem(string Name);

internal sealed record GettableStatus(string State, string[] SilencedBy, string[] InhibitedBy, string[] MutedBy);

internal sealed record AlertList(AlertItem[] Items);

internal sealed record AlertItem(
    string Fingerprint, string State, Labels Labels, Labels Annotations, string Since, string? Ended, string Updated, string GeneratorUrl,
    string Explanation, DeliveryItem[] Deliveries);

internal sealed record DeliveryItem(
    string Key, string Receiver, string Status, string State, int Attempts, string DecidedAt, string Detail, bool Recorded);

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, Converters = [typeof(LabelsJson)])]
[JsonSerializable(typeof(AlertList))]
[JsonSerializable(typeof(GettableAlert[]))]
[JsonSerializable(typeof(PostableAlert[]))]
[JsonSerializable(typeof(string))]
internal sealed partial class AlertApiJson : JsonSerializerContext;
