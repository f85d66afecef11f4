using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization;
using Nines.Core.Alerting;
using Nines.Metrics;

namespace Nines.Core.Delivery.Integrations;

/// <summary>Alertmanager's webhook, version 4.</summary>
public static class WebhookMessage
{
    /// <summary>The annotation that carries what a message says about its own delivery; absent when there is nothing to say.</summary>
    public const string DeliveryAnnotation = "nines_delivery";

    /// <summary>The header with the signature, where the receiver has an <c>hmac_secret</c>.</summary>
    public const string SignatureHeader = "X-Nines-Signature";

    private static readonly GroupWebhookJson Json = new(new JsonSerializerOptions
    {
        Encoder = GoJson.Encoder,
        PropertyNamingPolicy = JsonNamingPolicy.CamelCase,
    });

    /// <summary>The message.</summary>
    /// <param name="scope">What it is made of.</param>
    /// <param name="unixSeconds">The moment of the attempt, which the signature covers.</param>
    public static HttpMessage Of(MessageScope scope, long unixSeconds)
    {
        var body = Render(scope.Notification, scope.Notes, scope.ExternalUrl, scope.Integration.Settings.Number("max_alerts") ?? 0);
        return new HttpMessage(scope.Needed("url"), body, AnswerRule.ByStatus)
        {
            Headers = scope.Secret("hmac_secret") is { } secret ? [(SignatureHeader, Signature(secret, unixSeconds, body))] : [],
        };
    }

    /// <summary><c>t=UNIX,v1=HEX</c>: HMAC-SHA256 over the time, a point and the body.</summary>
    public static string Signature(string secret, long unixSeconds, ReadOnlySpan<byte> body)
    {
        byte[] signed = [.. Encoding.ASCII.GetBytes($"{unixSeconds}."), .. body];
        return $"t={unixSeconds},v1={Convert.ToHexStringLower(HMACSHA256.HashData(Encoding.UTF8.GetBytes(secret), signed))}";
    }

    /// <summary>The UTF-8 bytes of the body.</summary>
    /// <param name="notification">The notification.</param>
    /// <param name="notes">What it says about its own delivery.</param>
    /// <param name="externalUrl">The address people reach this server at.</param>
    /// <param name="maxAlerts">The most alerts in the list; 0 for all.</param>
    public static byte[] Render(GroupNotification notification, IReadOnlyList<string> notes, string externalUrl, long maxAlerts)
    {
        var common = Map(notification.CommonAnnotations);
        if (notes.Count > 0)
        {
            common[DeliveryAnnotation] = string.Join("; ", notes);
        }
        var shown = notification.Alerts.Take(maxAlerts is > 0 and < int.MaxValue ? (int)maxAlerts : int.MaxValue).Select(Alert).ToArray();
        return JsonSerializer.SerializeToUtf8Bytes(new GroupWebhookBody(
            NotificationData.Quoted(notification.Receiver), notification.Resolved ? "resolved" : "firing", shown, Map(notification.GroupLabels),
            Map(notification.CommonLabels), common, externalUrl, "4", notification.GroupKey, notification.Alerts.Count - shown.Length), Json.GroupWebhookBody);
    }

    private static GroupWebhookAlert Alert(NotifiedAlert alert) => new(
        alert.EndsAtNs == 0 ? "firing" : "resolved", Map(alert.Labels), Map(alert.Annotations), Clock.ToRfc3339(alert.StartsAtNs),
        Clock.ToRfc3339(alert.EndsAtNs), alert.GeneratorUrl, alert.Fingerprint);

    private static SortedDictionary<string, string> Map(Labels labels)
    {
        var map = new SortedDictionary<string, string>(StringComparer.Ordinal);
        foreach (var (name, value) in labels.Pairs)
        {
            map[name] = value;
        }
        return map;
    }
}

internal sealed record GroupWebhookBody(
    string Receiver, string Status, GroupWebhookAlert[] Alerts, SortedDictionary<string, string> GroupLabels,
    SortedDictionary<string, string> CommonLabels, SortedDictionary<string, string> CommonAnnotations,
    [property: JsonPropertyName("externalURL")] string ExternalUrl, string Version, string GroupKey, int TruncatedAlerts);

internal sealed record GroupWebhookAlert(
    string Status, SortedDictionary<string, string> Labels, SortedDictionary<string, string> Annotations, string StartsAt, string EndsAt,
    [property: JsonPropertyName("generatorURL")] string GeneratorUrl, string Fingerprint);

[JsonSerializable(typeof(GroupWebhookBody))]
internal sealed partial class GroupWebhookJson : JsonSerializerContext;
