using System.Text;
using System.Text.Json.Nodes;

namespace Nines.Core.Delivery.Integrations;

/// <summary>Slack's messages: ours as blocks, those of <c>alertmanager.yml</c> as the attachment Alertmanager sends.</summary>
public static class SlackMessage
{
    private const int MaxSection = 3000;
    private const int MaxTitle = 1024;

    // Slack refuses whole messages from some 13,000 characters on.
    private const int MaxAttachment = 8000;

    /// <summary>How Slack's Web API answers: 200, whatever it thinks of the call.</summary>
    public static readonly AnswerRule Api = new()
    {
        OkField = "ok",
        IdField = "ts",
        ErrorField = "error",
        RetryErrors = ["ratelimited", "rate_limited", "internal_error", "fatal_error", "service_unavailable", "request_timeout", "team_added_to_org"],
    };

    private static readonly AnswerRule Webhook = new() { RetryTexts = ["rollup_error"] };

    /// <summary>Where a bot posts; null for an incoming webhook.</summary>
    public static string? PostUrl(MessageScope scope)
    {
        var url = scope.Secret("api_url");
        return url is null ? scope.Secret("bot_token") is { Length: > 0 } ? "https://slack.com/api/chat.postMessage" : null
            : new Uri(url).AbsolutePath.EndsWith("/chat.postMessage", StringComparison.Ordinal) ? url : null;
    }

    /// <summary>The message of an incoming webhook.</summary>
    public static HttpMessage OfWebhook(MessageScope scope) =>
        new(scope.Needed("api_url"), Encoding.UTF8.GetBytes(Message(scope).ToJsonString()), Webhook);

    /// <summary>A call of a bot: post, post into a thread, or change a message.</summary>
    /// <param name="scope">What it is made of.</param>
    /// <param name="url">Where to.</param>
    /// <param name="channel">The channel.</param>
    /// <param name="ts">The message to change; null for none.</param>
    /// <param name="thread">The message whose thread to post to; null for none.</param>
    public static HttpMessage OfBot(MessageScope scope, string url, string channel, string? ts, string? thread)
    {
        var message = Message(scope);
        message["channel"] = channel;
        if (ts is not null)
        {
            message["ts"] = ts;
            // These belong to posting; a change refuses them.
            foreach (var name in (string[])["username", "icon_emoji", "icon_url"])
            {
                message.Remove(name);
            }
        }
        if (thread is not null)
        {
            message["thread_ts"] = thread;
            message["reply_broadcast"] = scope.Notification.Reason == Alerting.Routing.NoticeReason.NewAlerts;
        }
        var token = scope.Secret("bot_token");
        return new HttpMessage(url, Encoding.UTF8.GetBytes(message.ToJsonString()), Api)
        {
            ContentType = "application/json; charset=utf-8",
            Headers = token is { Length: > 0 } ? [("Authorization", $"Bearer {token}")] : [],
        };
    }

    private static JsonObject Message(MessageScope scope) => scope.IsOurs ? Ours(scope) : Templated(scope);

    private static JsonObject Ours(MessageScope scope)
    {
        var ours = scope.Default;
        var text = ours.Fit(t => t.Slack.Length, MaxSection).Slack;
        var blocks = new JsonArray(
            new JsonObject { ["type"] = "section", ["text"] = new JsonObject { ["type"] = "mrkdwn", ["text"] = text } });
        var buttons = scope.Buttons.Select(b => Button(b.Word, b.Title, "value", b.Data))
            .Concat(ours.Links.Where(l => Uri.TryCreate(l.Url, UriKind.Absolute, out var address) && address.Scheme is "http" or "https")
                .Select((l, i) => Button($"open_{i}", l.Title, "url", l.Url))).ToArray();
        if (buttons.Length > 0)
        {
            blocks.Add((JsonNode)new JsonObject { ["type"] = "actions", ["elements"] = new JsonArray([.. buttons]) });
        }
        var message = new JsonObject { ["text"] = RichText.SlackEscape(ours.Headline), ["blocks"] = blocks };
        Add(message, "channel", scope.Text("channel"));
        return message;
    }

    private static JsonObject Button(string action, string title, string does, string value) => new()
    {
        ["type"] = "button",
        ["action_id"] = action,
        ["text"] = new JsonObject { ["type"] = "plain_text", ["text"] = title },
        [does] = value,
    };

    private static JsonObject Templated(MessageScope scope)
    {
        var settings = scope.Integration.Settings;
        var attachment = new JsonObject { ["title"] = RichText.Cut(scope.Text("title"), MaxTitle) };
        foreach (var name in (string[])["title_link", "pretext", "text", "fallback", "callback_id", "image_url", "thumb_url", "footer", "color"])
        {
            Add(attachment, name, RichText.Cut(scope.Text(name), MaxAttachment));
        }
        attachment["mrkdwn_in"] = new JsonArray(
            [.. (settings.Texts("mrkdwn_in") is { Count: > 0 } given ? given : ["fallback", "pretext", "text"]).Select(n => JsonValue.Create(n))]);
        var fields = new JsonArray([.. settings.NestedList("fields").Select(f => new JsonObject
        {
            ["title"] = scope.Render("fields.title", f.Text("title") ?? ""),
            ["value"] = scope.Render("fields.value", f.Text("value") ?? ""),
            ["short"] = f.Any("short") is bool s ? s : settings.Flag("short_fields"),
        })]);
        var actions = new JsonArray([.. settings.NestedList("actions").Select(a => Action(scope, a))]);
        foreach (var (name, list) in new[] { ("fields", fields), ("actions", actions) })
        {
            if (list.Count > 0)
            {
                attachment[name] = list;
            }
        }
        if (scope.Notes.Count > 0)
        {
            var footer = attachment["footer"]?.GetValue<string>();
            attachment["footer"] = string.Join(" · ", (string[])[.. footer is null ? Array.Empty<string>() : [footer], .. scope.Notes]);
        }
        var message = new JsonObject { ["attachments"] = new JsonArray(attachment) };
        foreach (var name in (string[])["channel", "username", "icon_emoji", "icon_url"])
        {
            Add(message, name, scope.Text(name));
        }
        if (settings.Flag("link_names"))
        {
            message["link_names"] = true;
        }
        return message;
    }

    private static JsonObject Action(MessageScope scope, Alerting.Routing.Settings action)
    {
        var o = new JsonObject();
        foreach (var name in (string[])["type", "text", "url", "style", "name", "value"])
        {
            Add(o, name, scope.Render("actions." + name, action.Text(name) ?? ""));
        }
        if (action.Nested("confirm") is { } confirm)
        {
            var asked = new JsonObject();
            foreach (var name in (string[])["text", "title", "ok_text", "dismiss_text"])
            {
                Add(asked, name, scope.Render("confirm." + name, confirm.Text(name) ?? ""));
            }
            o["confirm"] = asked;
        }
        return o;
    }

    private static void Add(JsonObject to, string name, string value)
    {
        if (value.Length > 0)
        {
            to[name] = value;
        }
    }
}
