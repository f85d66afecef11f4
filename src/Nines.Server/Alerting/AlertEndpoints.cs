using System.Text.Json.Serialization;
using Microsoft.AspNetCore.Http;
using Nines.Core.Alerting;
using Nines.Metrics;
using Nines.Server.Delivery;

namespace Nines.Server.Alerting;

/// <summary>Our own list of alerts.</summary>
internal static class AlertEndpoints
{
    public static IResult List(IAlertReports reports) =>
        Results.Json(new AlertList([.. reports.All().Select(ItemOf)]), AlertApiJson.Default.AlertList);

    private static AlertItem ItemOf(AlertReport report) => new(
        report.Fingerprint, report.Firing ? "firing" : "resolved", report.Labels, report.Annotations, Clock.ToRfc3339(report.SinceNs),
        report.EndedNs is { } ended ? Clock.ToRfc3339(ended) : null, Clock.ToRfc3339(report.UpdatedNs), report.GeneratorUrl, report.Explanation,
        [.. report.Deliveries.Select(d => new DeliveryItem(d.Key, d.Receiver, d.Resolved ? "resolved" : "firing",
            d.State.ToString().ToLowerInvariant(), d.Attempts, Clock.ToRfc3339(d.AtNs), d.Detail, d.Recorded))]);
}

internal sealed record AlertList(AlertItem[] Items);

internal sealed record AlertItem(
    string Fingerprint, string State, Labels Labels, Labels Annotations, string Since, string? Ended, string Updated, string GeneratorUrl,
    string Explanation, DeliveryItem[] Deliveries);

internal sealed record DeliveryItem(
    string Key, string Receiver, string Status, string State, int Attempts, string DecidedAt, string Detail, bool Recorded);

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, Converters = [typeof(LabelsJson)])]
[JsonSerializable(typeof(AlertList))]
[JsonSerializable(typeof(string))]
internal sealed partial class AlertApiJson : JsonSerializerContext;
