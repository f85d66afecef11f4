using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using Nines.Core.Alerting;
using Nines.Core.Alerting.Routing;

namespace Nines.Core.Delivery.Integrations;

/// <summary>The message of an integration that is told over HTTP, and the preview of any.</summary>
public static class IntegrationMessage
{
    private const string Hidden = "hidden";
    private const int MaxText = 16_000;

    private static readonly JsonSerializerOptions Readable = new() { WriteIndented = true, Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>The message.</summary>
    /// <param name="scope">What it is made of.</param>
    /// <param name="unixSeconds">The moment of the attempt, which a signature covers.</param>
    /// <exception cref="MessageException">It cannot be made of its settings.</exception>
    public static HttpMessage Of(MessageScope scope, long unixSeconds) => scope.Integration.Kind switch
    {
        "webhook" => WebhookMessage.Of(scope, unixSeconds),
        "telegram" => TelegramCalls.Of(scope),
        "slack" => SlackMessage.OfWebhook(scope),
        "pagerduty" => PagerDutyEvent.Of(scope),
        "http" => HttpPresets.Own(scope.Integration.Settings).Of(scope),
        var kind => HttpPresets.All.TryGetValue(kind, out var preset) ? preset.Of(scope)
            : throw new MessageException($"receivers of kind {kind} cannot be sent to"),
    };

    /// <summary>The preview.</summary>
    /// <param name="integration">Where it would go.</param>
    /// <param name="notification">What it would tell.</param>
    /// <param name="templates">The named templates.</param>
    /// <param name="externalUrl">The address people reach this server at, without a slash at its end.</param>
    /// <param name="ladders">What words of severity mean; null for what they usually mean.</param>
    public static MessagePreview Preview(
        Integration integration, GroupNotification notification, NotificationTemplates templates, string externalUrl, SeverityLadders? ladders = null)
    {
        var scope = new MessageScope(integration, notification, new DeliveryMarks(1, false, false, null), templates, externalUrl, Placeholder)
        {
            Ladders = ladders ?? SeverityLadders.Default,
        };
        try
        {
            if (integration.Kind == "email")
            {
                var mail = EmailMessage.Of(scope);
                return new(mail.Subject, mail.Text, Encoding.ASCII.GetString(mail.Data), "");
            }
            var message = integration.Kind == "slack" && SlackMessage.PostUrl(scope) is { } post
                ? SlackMessage.OfBot(scope, post, scope.Text("channel"), ts: null, thread: null) : Of(scope, notification.DecidedAtNs / 1_000_000_000);
            var (title, text) = Words(scope);
            return new(title, text, Shown(message), "");
        }
        catch (MessageException e)
        {
            return new("", "", "", e.Message);
        }

        string? Placeholder(string name) => integration.Settings.Any(name) is null && integration.Settings.Any(name + "_file") is null ? null
            : name.Contains("url", StringComparison.Ordinal) ? $"https://{Hidden}.invalid/" : Hidden;
    }

    private static (string Title, string Text) Words(MessageScope scope)
    {
        if (scope.Integration.Kind == "webhook")
        {
            return ("", "");
        }
        if (scope.IsOurs)
        {
            return (scope.Default.Headline, scope.Default.Fit(t => t.Plain.Length, MaxText, headline: false).Plain);
        }
        var (title, text) = scope.Integration.Kind switch
        {
            "slack" => ("title", "text"),
            "telegram" => ("", "message"),
            "pagerduty" => ("description", ""),
            "http" => ("title", "message"),
            var kind => (HttpPresets.All[kind].Title, HttpPresets.All[kind].Message),
        };
        return (scope.Text(title), scope.Text(text));
    }

    private static string Shown(HttpMessage message)
    {
        var body = Encoding.UTF8.GetString(message.Body);
        try
        {
            return message.ContentType.StartsWith("application/json", StringComparison.Ordinal) && JsonNode.Parse(body) is { } json
                ? json.ToJsonString(Readable) : body;
        }
        catch (JsonException)
        {
            return body;
        }
    }
}
