using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;
using System.Text.RegularExpressions;
using System.Text.Unicode;
using Nines.Core.Alerting;
using Nines.Metrics;

namespace Nines.Core.Delivery;

/// <summary>The body of Alertmanager's webhook, version 4.</summary>
public static class WebhookPayload
{
    /// <summary>The annotation that carries what a message says about its own delivery; absent when there is nothing to say.</summary>
    public const string DeliveryAnnotation = "nines_delivery";

    private static readonly WebhookJson Json = new(new JsonSerializerOptions
    {
        // Go leaves text beyond ASCII alone and escapes <, > and &, as this encoder does.
        Encoder = JavaScriptEncoder.Create(UnicodeRanges.All),
        PropertyNamingPolicy = JsonNamingPolicy.CamelCase,
    });

    /// <summary>The UTF-8 bytes of the body.</summary>
    /// <param name="externalUrl">The address people reach this server at.</param>
    public static byte[] Render(GroupNotification notification, DeliveryMarks marks, string externalUrl)
    {
        var annotations = Map(notification.CommonAnnotations);
        var delivery = string.Join("; ", marks.Sentences(notification));
        if (delivery.Length > 0)
        {
            annotations[DeliveryAnnotation] = delivery;
        }
        return JsonSerializer.SerializeToUtf8Bytes(new WebhookBody(
            Quoted(notification.Receiver), notification.Resolved ? "resolved" : "firing",
            [.. notification.Alerts.Select(a => new WebhookAlert(a.EndsAtNs != 0 ? "resolved" : "firing", Map(a.Labels), Map(a.Annotations),
                Clock.ToRfc3339(a.StartsAtNs), Clock.ToRfc3339(a.EndsAtNs), a.GeneratorUrl, a.Fingerprint))],
            Map(notification.GroupLabels), Map(notification.CommonLabels), annotations, externalUrl, "4", notification.GroupKey, 0), Json.WebhookBody);
    }

    private static SortedDictionary<string, string> Map(Labels labels)
    {
        var map = new SortedDictionary<string, string>(StringComparer.Ordinal);
        foreach (var (name, value) in labels.Pairs)
        {
            map[name] = value;
        }
        return map;
    }

    /// <summary>Alertmanager sends the receiver's name quoted as a regular expression.</summary>
    private static string Quoted(string receiver) => Special.Replace(receiver, @"\$0");

    private static readonly Regex Special = new(@"[\\.+*?()|\[\]{}^$]", RegexOptions.NonBacktracking, TimeSpan.FromSeconds(1));
}

internal sealed record WebhookBody(
    string Receiver, string Status, WebhookAlert[] Alerts, SortedDictionary<string, string> GroupLabels,
    SortedDictionary<string, string> CommonLabels, SortedDictionary<string, string> CommonAnnotations,
    [property: JsonPropertyName("externalURL")] string ExternalUrl, string Version, string GroupKey, int TruncatedAlerts);

internal sealed record WebhookAlert(
    string Status, SortedDictionary<string, string> Labels, SortedDictionary<string, string> Annotations, string StartsAt, string EndsAt,
    [property: JsonPropertyName("generatorURL")] string GeneratorUrl, string Fingerprint);

[JsonSerializable(typeof(WebhookBody))]
internal sealed partial class WebhookJson : JsonSerializerContext;
