using System.Text;
using System.Text.Json;
using System.Web;

namespace Nines.Server.Tests.Delivery.Contracts;

/// <summary>What a vendor publishes about its interface: which requests it refuses, and how it answers those it takes.</summary>
/// <param name="Kind">The kind of integration that sends to it.</param>
/// <param name="Check">What is wrong with a request.</param>
/// <param name="Status">The status of success.</param>
/// <param name="Answer">The body of success.</param>
internal sealed record VendorContract(string Kind, Func<Arrived, IEnumerable<string>> Check, int Status, string Answer)
{
    public static IReadOnlyDictionary<string, VendorContract> All { get; } = new VendorContract[]
    {
        new("webhook", Json(Webhook), 200, ""),
        new("slack", Slack, 200, "ok"),
        new("telegram", Telegram, 200, """{"ok":true,"result":{"message_id":42,"date":1763719200,"chat":{"id":-100,"type":"group"}}}"""),
        new("pagerduty", Json(PagerDuty), 202, """{"status":"success","message":"Event processed","dedup_key":"samplekeyhere"}"""),
        new("discord", Json(Discord), 204, ""),
        new("msteams", Json(MessageCard), 200, "1"),
        new("msteamsv2", Json(AdaptiveCard), 202, ""),
        new("mattermost", Json(Mattermost), 200, "ok"),
        new("opsgenie", Opsgenie, 202, """{"result":"Request will be processed","took":0.302,"requestId":"43a29c5c-3dbf-4fa4-9c26-f4f71023e120"}"""),
        new("pushover", Pushover, 200, """{"status":1,"request":"647d2300-702c-4b38-8b2f-d56326ae460b"}"""),
        new("webex", Json(Webex), 200, """{"id":"Y2lzY29","roomId":"Y2lz"}"""),
        new("victorops", Json(VictorOps), 200, """{"result":"success","entity_id":"disk space/db01.mycompany.com"}"""),
        new("rocketchat", RocketChat, 200, """{"ts":1481748965123,"channel":"general","success":true}"""),
        new("ntfy", Json(Ntfy), 200, """{"id":"sPs71M8A2T","time":1643935928,"event":"message","topic":"mytopic"}"""),
        new("incidentio", Json(IncidentIo), 202, """{"deduplication_key":"x","message":"Event accepted for processing","status":"success"}"""),
        new("sms", Sms, 200, ""),
    }.ToDictionary(c => c.Kind, StringComparer.Ordinal);

    private static Func<Arrived, IEnumerable<string>> Json(Func<JsonElement, Arrived, IEnumerable<string>> check) => arrived =>
    {
        if (!arrived.Headers.GetValueOrDefault("Content-Type", "").StartsWith("application/json", StringComparison.Ordinal))
        {
            return ["the content type is not application/json"];
        }
        try
        {
            using var json = JsonDocument.Parse(arrived.Body);
            return check(json.RootElement, arrived).ToList();
        }
        catch (Exception e) when (e is JsonException or KeyNotFoundException or InvalidOperationException)
        {
            return ["no JSON, or a field is missing: " + e.Message];
        }
    };

    private static IEnumerable<string> Webhook(JsonElement json, Arrived arrived)
    {
        foreach (var name in (string[])["receiver", "status", "externalURL", "version", "groupKey"])
        {
            yield return Text(json, name, 1, 100_000);
        }
        foreach (var name in (string[])["groupLabels", "commonLabels", "commonAnnotations"])
        {
            yield return json.TryGetProperty(name, out var map) && map.ValueKind == JsonValueKind.Object ? "" : $"{name} is no object";
        }
        yield return json.GetProperty("alerts").GetArrayLength() > 0 ? "" : "no alerts";
    }

    /// <summary>Block Kit and chat.postMessage, chat.update: https://docs.slack.dev/reference/block-kit, /reference/methods/chat.postMessage.</summary>
    private static IEnumerable<string> Slack(Arrived arrived) => Json(SlackJson)(arrived);

    private static IEnumerable<string> SlackJson(JsonElement json, Arrived arrived)
    {
        var api = arrived.Path.Contains("/api/", StringComparison.Ordinal);
        var has = (string name) => json.TryGetProperty(name, out _);
        yield return has("text") || has("blocks") || has("attachments") ? "" : "no_text";
        yield return !api || (has("channel") && arrived.Headers.ContainsKey("Authorization")) ? "" : "not_authed or channel_not_found";
        yield return !arrived.Path.EndsWith("chat.update", StringComparison.Ordinal) || has("ts") ? "" : "message_not_found: no ts";
        yield return !arrived.Path.EndsWith("chat.update", StringComparison.Ordinal) || !has("username") ? "" : "username cannot be changed";
        foreach (var block in List(json, "blocks", 50))
        {
            if (block.GetProperty("type").GetString() == "section")
            {
                yield return Text(block.GetProperty("text"), "text", 1, 3000);
                // Every & is the beginning of one of Slack's three escapes, and no < is but those of links.
                var text = block.GetProperty("text").GetProperty("text").GetString()!;
                yield return text.Replace("&amp;", "").Replace("&lt;", "").Replace("&gt;", "").IndexOfAny(['&', '<', '>']) < 0 ? "" : "an unescaped character";
            }
            foreach (var button in List(block, "elements", 25))
            {
                yield return Text(button.GetProperty("text"), "text", 1, 75);
                yield return button.TryGetProperty("url", out _) ? Text(button, "url", 1, 3000) : Text(button, "value", 1, 2000);
                yield return Text(button, "action_id", 1, 255);
            }
        }
        foreach (var attachment in List(json, "attachments", 100))
        {
            yield return attachment.GetRawText().Length < 60_000 ? "" : "an attachment too long";
        }
    }

    /// <summary>https://core.telegram.org/bots/api#sendmessage</summary>
    private static IEnumerable<string> Telegram(Arrived arrived) =>
        (arrived.Path.StartsWith("/bot", StringComparison.Ordinal) && arrived.Path.EndsWith("/sendMessage", StringComparison.Ordinal) ? [] : (string[])["no such method"])
            .Concat(Json(TelegramJson)(arrived));

    private static IEnumerable<string> TelegramJson(JsonElement json, Arrived arrived)
    {
        yield return json.TryGetProperty("chat_id", out _) ? "" : "Bad Request: chat_id is empty";
        yield return Text(json, "text", 1, 4096);
        var text = json.GetProperty("text").GetString()!;
        yield return text.Trim().Length > 0 ? "" : "Bad Request: message text is empty";
        yield return !json.TryGetProperty("parse_mode", out _) || !json.TryGetProperty("entities", out _) ? "" : "both parse_mode and entities";
        foreach (var entity in List(json, "entities", 100))
        {
            var (offset, length) = (entity.GetProperty("offset").GetInt32(), entity.GetProperty("length").GetInt32());
            if (offset < 0 || length <= 0 || offset + length > text.Length)
            {
                yield return "an entity outside the text";
                continue;
            }
            yield return !char.IsLowSurrogate(text[offset]) && (offset + length == text.Length || !char.IsLowSurrogate(text[offset + length])) ? "" : "half a character";
            yield return entity.GetProperty("type").GetString() is "bold" or "italic" or "code" or "text_link" ? "" : "an unknown entity";
        }
        if (json.TryGetProperty("reply_markup", out var markup))
        {
            foreach (var button in markup.GetProperty("inline_keyboard").EnumerateArray().SelectMany(row => row.EnumerateArray()))
            {
                yield return Text(button, "text", 1, 64);
                if (button.TryGetProperty("callback_data", out var data))
                {
                    yield return Encoding.UTF8.GetByteCount(data.GetString()!) is >= 1 and <= 64 ? "" : "BUTTON_DATA_INVALID";
                    continue;
                }
                var url = button.GetProperty("url").GetString()!;
                yield return Uri.TryCreate(url, UriKind.Absolute, out var u) && u.Scheme is "http" or "https" && u!.Host.Contains('.') ? "" : "BUTTON_URL_INVALID";
            }
        }
    }

    /// <summary>https://developer.pagerduty.com/docs/events-api-v2/trigger-events</summary>
    private static IEnumerable<string> PagerDuty(JsonElement json, Arrived arrived)
    {
        yield return Text(json, "routing_key", 32, 32);
        yield return Text(json, "dedup_key", 1, 255);
        var action = json.GetProperty("event_action").GetString();
        yield return action is "trigger" or "acknowledge" or "resolve" ? "" : "event_action is invalid";
        yield return Encoding.UTF8.GetByteCount(arrived.Body) <= 512_000 ? "" : "the event is too large";
        if (json.TryGetProperty("payload", out var payload) || action == "trigger")
        {
            yield return Text(payload, "summary", 1, 1024);
            yield return Text(payload, "source", 1, 100_000);
            yield return payload.GetProperty("severity").GetString() is "critical" or "error" or "warning" or "info" ? "" : "severity is invalid";
        }
        foreach (var link in List(json, "links", 1000))
        {
            yield return Text(link, "href", 1, 100_000);
        }
    }

    /// <summary>https://discord.com/developers/docs/resources/webhook#execute-webhook</summary>
    private static IEnumerable<string> Discord(JsonElement json, Arrived arrived)
    {
        yield return Text(json, "content", 0, 2000);
        var embeds = List(json, "embeds", 10).ToList();
        yield return embeds.Count > 0 || json.GetProperty("content").GetString()!.Length > 0 ? "" : "an empty message";
        foreach (var embed in embeds)
        {
            yield return Text(embed, "title", 0, 256);
            yield return Text(embed, "description", 0, 4096);
            yield return embed.GetProperty("color").GetInt32() is >= 0 and <= 0xffffff ? "" : "color is invalid";
        }
    }

    /// <summary>https://learn.microsoft.com/outlook/actionable-messages/message-card-reference</summary>
    private static IEnumerable<string> MessageCard(JsonElement json, Arrived arrived)
    {
        yield return json.GetProperty("@type").GetString() == "MessageCard" ? "" : "no card";
        yield return Text(json, "summary", 1, 10_000);
        yield return Text(json, "text", 1, 28_000);
        yield return Encoding.UTF8.GetByteCount(arrived.Body) <= 28 * 1024 ? "" : "larger than 28 KB";
    }

    /// <summary>https://learn.microsoft.com/microsoftteams/platform/webhooks-and-connectors/how-to/connectors-using</summary>
    private static IEnumerable<string> AdaptiveCard(JsonElement json, Arrived arrived)
    {
        yield return json.GetProperty("type").GetString() == "message" ? "" : "no message";
        yield return Encoding.UTF8.GetByteCount(arrived.Body) <= 28 * 1024 ? "" : "larger than 28 KB";
        foreach (var attachment in List(json, "attachments", 10))
        {
            yield return attachment.GetProperty("contentType").GetString() == "application/vnd.microsoft.card.adaptive" ? "" : "no card";
            var card = attachment.GetProperty("content");
            yield return card.GetProperty("type").GetString() == "AdaptiveCard" && card.TryGetProperty("version", out _) ? "" : "no card";
            foreach (var element in List(card, "body", 100))
            {
                yield return Text(element, "text", 1, 28_000);
            }
        }
    }

    private static IEnumerable<string> Mattermost(JsonElement json, Arrived arrived)
    {
        yield return Text(json, "text", 0, 16_383);
        yield return List(json, "attachments", 100).Any() ? "" : "neither text nor attachments";
    }

    /// <summary>https://docs.opsgenie.com/docs/alert-api</summary>
    private static IEnumerable<string> Opsgenie(Arrived arrived)
    {
        yield return arrived.Headers.GetValueOrDefault("Authorization", "").StartsWith("GenieKey ", StringComparison.Ordinal) ? "" : "API Key is missing";
        foreach (var problem in Json(OpsgenieJson)(arrived))
        {
            yield return problem;
        }
    }

    private static IEnumerable<string> OpsgenieJson(JsonElement json, Arrived arrived)
    {
        yield return Text(json, "source", 0, 100);
        if (arrived.Path.EndsWith("/close", StringComparison.Ordinal))
        {
            yield break;
        }
        yield return Text(json, "message", 1, 130);
        yield return Text(json, "description", 0, 15_000);
        yield return Text(json, "alias", 1, 512);
        yield return json.GetProperty("details").EnumerateObject().All(p => p.Value.ValueKind == JsonValueKind.String) ? "" : "details hold more than texts";
        yield return !json.TryGetProperty("priority", out var priority) || priority.GetString() is "P1" or "P2" or "P3" or "P4" or "P5" ? "" : "priority is invalid";
        yield return List(json, "tags", 20).All(t => t.GetString()!.Length <= 50) ? "" : "a tag too long";
    }

    /// <summary>https://pushover.net/api</summary>
    private static IEnumerable<string> Pushover(Arrived arrived)
    {
        var form = HttpUtility.ParseQueryString(arrived.Body);
        yield return arrived.Headers["Content-Type"] == "application/x-www-form-urlencoded" ? "" : "no form";
        foreach (var (name, most) in new[] { ("token", 30), ("user", 30), ("message", 1024) })
        {
            yield return form[name] is { Length: > 0 } value && value.EnumerateRunes().Count() <= most ? "" : $"{name} is invalid";
        }
        yield return (form["title"] ?? "").EnumerateRunes().Count() <= 250 ? "" : "title is too long";
        yield return (form["url"] ?? "").Length <= 512 ? "" : "url is too long";
        yield return form["priority"] != "2" || (int.Parse(form["retry"]!) >= 30 && int.Parse(form["expire"]!) <= 10_800) ? "" : "retry or expire is invalid";
    }

    private static IEnumerable<string> Webex(JsonElement json, Arrived arrived)
    {
        yield return arrived.Headers.GetValueOrDefault("Authorization", "").StartsWith("Bearer ", StringComparison.Ordinal) ? "" : "no token";
        yield return Text(json, "roomId", 1, 1000);
        yield return Encoding.UTF8.GetByteCount(json.GetProperty("markdown").GetString()!) is > 0 and <= 7439 ? "" : "markdown is longer than 7439 bytes";
    }

    private static IEnumerable<string> VictorOps(JsonElement json, Arrived arrived)
    {
        yield return json.GetProperty("message_type").GetString() is "CRITICAL" or "WARNING" or "ACKNOWLEDGEMENT" or "INFO" or "RECOVERY" ? "" : "message_type is invalid";
        yield return Text(json, "entity_id", 1, 512);
        yield return Text(json, "state_message", 0, 20_480);
    }

    private static IEnumerable<string> RocketChat(Arrived arrived)
    {
        yield return arrived.Headers.ContainsKey("X-Auth-Token") && arrived.Headers.ContainsKey("X-User-Id") ? "" : "You must be logged in to do this.";
        foreach (var problem in Json((json, _) => [Text(json, "channel", 1, 1000)])(arrived))
        {
            yield return problem;
        }
    }

    /// <summary>https://docs.ntfy.sh/publish/#publish-as-json</summary>
    private static IEnumerable<string> Ntfy(JsonElement json, Arrived arrived)
    {
        yield return Text(json, "topic", 1, 64);
        yield return Encoding.UTF8.GetByteCount(json.GetProperty("message").GetString()!) is > 0 and <= 4096 ? "" : "message is longer than 4096 bytes";
        yield return json.GetProperty("priority").GetInt32() is >= 1 and <= 5 ? "" : "priority is invalid";
        foreach (var action in List(json, "actions", 3))
        {
            yield return Text(action, "label", 1, 100);
            yield return Text(action, "url", 1, 2000);
        }
    }

    private static IEnumerable<string> IncidentIo(JsonElement json, Arrived arrived)
    {
        yield return Text(json, "title", 1, 1024);
        yield return Text(json, "deduplication_key", 1, 1000);
        yield return json.GetProperty("status").GetString() is "firing" or "resolved" ? "" : "status is invalid";
    }

    private static IEnumerable<string> Sms(Arrived arrived)
    {
        var form = HttpUtility.ParseQueryString(arrived.Body);
        yield return form["to"] is { Length: > 0 } && form["message"] is { Length: > 0 and <= 480 } ? "" : "to or message is invalid";
    }

    private static string Text(JsonElement json, string name, int least, int most) =>
        json.ValueKind == JsonValueKind.Object && json.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String
            && value.GetString()!.Length >= least && value.GetString()!.Length <= most
            ? "" : $"{name} must be a text of {least} to {most} characters";

    private static IEnumerable<JsonElement> List(JsonElement json, string name, int most) => !json.TryGetProperty(name, out var list) ? []
        : list.GetArrayLength() <= most ? list.EnumerateArray() : throw new JsonException($"{name} has more than {most} items");
}
