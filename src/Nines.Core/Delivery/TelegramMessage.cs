using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;
using System.Text.Unicode;
using Nines.Core.Alerting;

namespace Nines.Core.Delivery;

/// <summary>The default message for Telegram, in the Bot API's HTML.</summary>
public static class TelegramMessage
{
    /// <summary>The longest text the Bot API takes, in UTF-16 code units.</summary>
    public const int MaxLength = 4096;

    private const int MaxLine = 300;
    private const int MaxFacts = 12;
    private static readonly string[] Told = ["summary", "description", "runbook_url"];

    private static readonly TelegramJson Json = new(new JsonSerializerOptions
    {
        Encoder = JavaScriptEncoder.Create(UnicodeRanges.All),
        PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower,
    });

    /// <summary>The UTF-8 bytes of a <c>sendMessage</c> call.</summary>
    public static byte[] Body(string chatId, GroupNotification notification, DeliveryMarks marks) =>
        JsonSerializer.SerializeToUtf8Bytes(
            new TelegramCall(chatId, Text(notification, marks), "HTML", new LinkPreview(true)), Json.TelegramCall);

    /// <summary>
    /// The text: first severity, objective and what happens (what a locked phone shows), then what it says about its own
    /// delivery, the facts, the links, and the first 8 digits of the key. At most <see cref="MaxLength"/> units; what does
    /// not fit is left out from the facts.
    /// </summary>
    public static string Text(GroupNotification notification, DeliveryMarks marks)
    {
        var alert = notification.Alerts[0];
        var head = new StringBuilder(Headline(notification)).Append('\n');
        foreach (var sentence in marks.Sentences(notification))
        {
            head.Append("<i>").Append(Escape(sentence, MaxLine)).Append("</i>\n");
        }
        var foot = new StringBuilder();
        Link(foot, alert.GeneratorUrl, "Open in Nines");
        Link(foot, alert.Annotations["runbook_url"], "Runbook");
        foot.Append(foot.Length > 0 ? "\n" : "").Append("<code>ref ").Append(notification.Key.AsSpan(0, 8)).Append("</code>");

        foreach (var line in Facts(notification))
        {
            if (head.Length + line.Length + 1 + foot.Length > MaxLength)
            {
                break;
            }
            head.Append(line).Append('\n');
        }
        return head.Append(foot).ToString();
    }

    private static string Headline(GroupNotification notification)
    {
        var alert = notification.Alerts[0];
        var severity = alert.Labels["severity"] is { Length: > 0 } s ? s.ToUpperInvariant() : "ALERT";
        var sign = notification.Resolved ? "✅ RESOLVED" : severity == "PAGE" || severity == "CRITICAL" ? $"🔴 {severity}" : $"🟠 {severity}";
        var name = FirstOf(alert.Labels["objective"], alert.Labels["service"], alert.Labels["alertname"]);
        var what = FirstOf(alert.Annotations["summary"], alert.Labels["alertname"]);
        return $"<b>{Escape(sign, 60)} · {Escape(name, 200)}</b> · {Escape(what, MaxLine)}";
    }

    private static IEnumerable<string> Facts(GroupNotification notification)
    {
        var alert = notification.Alerts[0];
        if (alert.Annotations["description"] is { Length: > 0 } description)
        {
            yield return Escape(description, 1000);
        }
        var count = 0;
        foreach (var (name, value) in alert.Annotations.Pairs.ToArray())
        {
            if (!Told.Contains(name) && count++ < MaxFacts)
            {
                yield return $"{Escape(name.Replace('_', ' '), 60)}: <b>{Escape(value, MaxLine)}</b>";
            }
        }
        yield return notification.Resolved
            ? $"fired {Clock.Text(alert.StartsAtNs)}, over {Clock.Text(alert.EndsAtNs)}"
            : $"since {Clock.Text(alert.StartsAtNs)}";
    }

    private static void Link(StringBuilder text, string url, string title)
    {
        if (url.Length is > 0 and <= 1000)
        {
            text.Append(text.Length > 0 ? " · " : "").Append("<a href=\"").Append(Escape(url, 1000)).Append("\">").Append(title).Append("</a>");
        }
    }

    private static string FirstOf(params ReadOnlySpan<string> texts)
    {
        foreach (var text in texts)
        {
            if (text.Length > 0)
            {
                return text;
            }
        }
        return "";
    }

    /// <summary>Cuts first and escapes then, so that no entity and no surrogate pair is cut.</summary>
    private static string Escape(string text, int limit)
    {
        if (text.Length > limit)
        {
            text = string.Concat(text.AsSpan(0, char.IsHighSurrogate(text[limit - 2]) ? limit - 2 : limit - 1), "…");
        }
        return text.Replace("&", "&amp;").Replace("<", "&lt;").Replace(">", "&gt;").Replace("\"", "&quot;");
    }
}

internal sealed record LinkPreview(bool IsDisabled);

internal sealed record TelegramCall(string ChatId, string Text, string ParseMode, LinkPreview LinkPreviewOptions);

[JsonSerializable(typeof(TelegramCall))]
internal sealed partial class TelegramJson : JsonSerializerContext;
