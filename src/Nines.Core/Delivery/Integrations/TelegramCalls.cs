using System.Net;
using System.Text;
using System.Text.Json.Nodes;

namespace Nines.Core.Delivery.Integrations;

/// <summary>
/// Telegram's <c>sendMessage</c>. Our message gives its styles as entities, so nothing in it can be taken for markup; one of <c>alertmanager.yml</c> keeps its
/// parse mode, and goes as plain text when Telegram cannot read it.
/// </summary>
public static class TelegramCalls
{
    /// <summary>The longest text the Bot API takes, in UTF-16 code units behind its entities.</summary>
    public const int MaxLength = 4096;

    /// <summary>The message.</summary>
    public static HttpMessage Of(MessageScope scope)
    {
        var settings = scope.Integration.Settings;
        var token = scope.Needed("bot_token");
        var call = new JsonObject
        {
            ["chat_id"] = settings.Number("chat_id") is { } id ? JsonValue.Create(id) : JsonValue.Create(scope.Needed("chat_id")),
            ["link_preview_options"] = new JsonObject { ["is_disabled"] = true },
            ["disable_notification"] = settings.Flag("disable_notifications") || (scope.IsOurs && scope.Notification.Resolved),
        };
        if (settings.Number("message_thread_id") is { } thread and not 0)
        {
            call["message_thread_id"] = thread;
        }
        return scope.IsOurs ? Ours(scope, token, call) : Templated(scope, token, call);
    }

    private static HttpMessage Ours(MessageScope scope, string token, JsonObject call)
    {
        var message = scope.Default;
        // A button may only lead where Telegram believes an address to be.
        var buttons = message.Links.Where(l => CanBeButton(l.Url)).ToList();
        var others = message.Links.Except(buttons).Select(l => $"\n{l.Title}: {l.Url}").ToList();
        var text = message.Fit(t => t.Plain.Length, MaxLength - others.Sum(o => o.Length));
        text = new RichText([.. text.Spans, .. others.Select(o => new TextSpan(o))]);
        call["text"] = text.Plain;
        call["entities"] = Entities(text);
        JsonArray[] rows =
        [
            new([.. scope.Buttons.Select(b => new JsonObject { ["text"] = b.Title, ["callback_data"] = b.Data })]),
            new([.. buttons.Select(b => new JsonObject { ["text"] = b.Title, ["url"] = b.Url })]),
        ];
        if (rows.Any(r => r.Count > 0))
        {
            call["reply_markup"] = new JsonObject { ["inline_keyboard"] = new JsonArray([.. rows.Where(r => r.Count > 0)]) };
        }
        return Message(scope, token, call);
    }

    private static HttpMessage Templated(MessageScope scope, string token, JsonObject call)
    {
        var mode = scope.Integration.Settings.Text("parse_mode") ?? "";
        var text = scope.Text("message", html: mode == "HTML");
        var notes = string.Concat(scope.Notes.Select(n => "\n" + n));
        var plain = (JsonObject)call.DeepClone();
        plain["text"] = Full(RichText.Cut(mode == "HTML" ? Stripped(text) : text, MaxLength - notes.Length) + notes);
        // What is too long is cut where nothing but text can be cut.
        if (mode.Length == 0 || text.Length + notes.Length > MaxLength || text.Trim().Length == 0)
        {
            return Message(scope, token, plain);
        }
        call["text"] = text + (mode == "HTML" ? WebUtility.HtmlEncode(notes) : mode == "MarkdownV2" ? EscapeV2(notes) : notes);
        call["parse_mode"] = mode;
        return Message(scope, token, call) with { Fallback = Message(scope, token, plain), FallsBackOn = "can't parse entities" };
    }

    private static HttpMessage Message(MessageScope scope, string token, JsonObject call) =>
        new BotCall("sendMessage", call).To(scope.Integration.Settings, token);

    // An empty text is refused, and with it the page.
    private static string Full(string text) => text.Trim().Length > 0 ? text : "(the template gave an empty message)";

    private static JsonArray Entities(RichText text)
    {
        var entities = new JsonArray();
        var at = 0;
        foreach (var (piece, style) in text.Spans)
        {
            if (style != TextStyle.Plain && piece.Trim().Length > 0)
            {
                entities.Add((JsonNode)new JsonObject
                {
                    ["type"] = style switch { TextStyle.Bold => "bold", TextStyle.Italic => "italic", _ => "code" },
                    ["offset"] = at,
                    ["length"] = piece.Length,
                });
            }
            at += piece.Length;
        }
        return entities;
    }

    private static bool CanBeButton(string url) => Uri.TryCreate(url, UriKind.Absolute, out var address) && address.Scheme is "http" or "https"
        && address!.Host.Contains('.', StringComparison.Ordinal) && url.All(c => c is > ' ' and < '\u007f');

    private static string EscapeV2(string text)
    {
        var escaped = new StringBuilder(text.Length);
        foreach (var c in text)
        {
            _ = "_*[]()~`>#+-=|{}.!\\".Contains(c, StringComparison.Ordinal) ? escaped.Append('\\').Append(c) : escaped.Append(c);
        }
        return escaped.ToString();
    }

    private static string Stripped(string html)
    {
        var text = new StringBuilder(html.Length);
        var inside = false;
        foreach (var c in html)
        {
            inside = c == '<' || (inside && c != '>');
            _ = inside || c == '>' ? text : text.Append(c);
        }
        return WebUtility.HtmlDecode(text.ToString());
    }
}
