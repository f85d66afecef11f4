using System.Globalization;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Nines.Core.Delivery.Integrations;

/// <summary>A press of a button as Telegram tells of it, and the calls about it. https://core.telegram.org/bots/api#callbackquery</summary>
/// <param name="QueryId">Telegram's name for the press.</param>
/// <param name="Press">The button; null when it is none of ours.</param>
/// <param name="UserId">Telegram's id of whoever pressed it.</param>
/// <param name="UserName">What Telegram calls them.</param>
/// <param name="ChatId">The chat that has the message.</param>
/// <param name="ChatName">The public name of that chat, without <c>@</c>; empty when it has none.</param>
/// <param name="Message">The message; null when Telegram does not say.</param>
public sealed record TelegramPress(
    string QueryId, ButtonPress? Press, string UserId, string UserName, string ChatId, string ChatName, JsonObject? Message)
{
    /// <summary>So long Telegram holds a question for presses when there are none, in seconds.</summary>
    public const int HoldSeconds = 50;

    // Each press comes with its message: more of them would be more than is read of an answer.
    private const int MaxUpdates = 5;
    private const int MaxToast = 200;
    private const int MaxName = 80;

    /// <summary>Asks for presses, and confirms those before <paramref name="offset"/>.</summary>
    /// <param name="offset">The first that is wanted; 0 for the first that was not confirmed.</param>
    public static BotCall Ask(long offset) => new("getUpdates", new()
    {
        ["offset"] = offset,
        ["limit"] = MaxUpdates,
        ["timeout"] = HoldSeconds,
        ["allowed_updates"] = new JsonArray("callback_query"),
    });

    /// <summary>Reads the answer to <see cref="Ask"/>.</summary>
    /// <param name="answer">The answer.</param>
    /// <param name="next">The offset after what it tells; stays when it tells nothing.</param>
    public static IReadOnlyList<TelegramPress> Read(string answer, ref long next)
    {
        var presses = new List<TelegramPress>();
        JsonArray? updates;
        try
        {
            updates = JsonNode.Parse(answer)?["result"] as JsonArray;
        }
        catch (JsonException)
        {
            return presses;
        }
        foreach (var update in updates?.ToList() ?? [])
        {
            try
            {
                next = Math.Max(next, Number(update?["update_id"]) + 1 ?? next);
                if (Of(update?["callback_query"]) is { } press)
                {
                    presses.Add(press);
                }
            }
            catch (InvalidOperationException)
            {
                // What is not of Telegram's form is no press.
                continue;
            }
        }
        return presses;
    }

    /// <summary>Whether it was pressed in the chat that a receiver posts to.</summary>
    /// <param name="chat">The receiver's chat: its id, or <c>@</c> and its public name.</param>
    public bool IsIn(string chat) => chat.StartsWith('@')
        ? ChatName.Length > 0 && chat.AsSpan(1).Equals(ChatName, StringComparison.OrdinalIgnoreCase)
        : ChatId.Length > 0 && chat == ChatId;

    /// <summary>Says to whoever pressed it what came of it.</summary>
    public BotCall Toast(string text) => new("answerCallbackQuery", new() { ["callback_query_id"] = QueryId, ["text"] = RichText.Cut(text, MaxToast) });

    /// <summary>Brings the message up to date: what came of it below its text, and no buttons that ask for nothing more. Null when there is nothing to
    /// change, or Telegram does not show the message to the bot any more.</summary>
    public BotCall? Edit(ButtonAnswer answer)
    {
        if (answer.Left is not { } left || Message is null || Number(Message["message_id"]) is not { } id || ChatId.Length == 0
            || Text(Message["text"]) is not { Length: > 0 } before)
        {
            return null;
        }
        var text = $"{before}\n{answer.Text}";
        var said = before.EndsWith('\n' + answer.Text, StringComparison.Ordinal) || text.Length > TelegramCalls.MaxLength;
        var call = new JsonObject
        {
            ["chat_id"] = long.Parse(ChatId, CultureInfo.InvariantCulture),
            ["message_id"] = id,
            ["reply_markup"] = new JsonObject { ["inline_keyboard"] = Kept(Message["reply_markup"]?["inline_keyboard"] as JsonArray, left) },
        };
        if (said)
        {
            return new("editMessageReplyMarkup", call);
        }
        call["text"] = text;
        call["entities"] = Message["entities"]?.DeepClone() ?? new JsonArray();
        call["link_preview_options"] = new JsonObject { ["is_disabled"] = true };
        return new("editMessageText", call);
    }

    private static TelegramPress? Of(JsonNode? query)
    {
        var (from, message) = (query?["from"], query?["message"] as JsonObject);
        if (Text(query?["id"]) is not { } id || Number(from?["id"]) is not { } user)
        {
            return null;
        }
        var chat = message?["chat"];
        var name = Text(from?["username"]) ?? Text(from?["first_name"]) ?? $"{user}";
        return new(id, ButtonPress.Read(Text(query?["data"])), $"{user}", RichText.Clean(name, MaxName),
            Number(chat?["id"]) is { } number ? $"{number}" : "", Text(chat?["username"]) ?? "", message);
    }

    private static long? Number(JsonNode? node) => node is JsonValue value && value.TryGetValue(out long number) ? number : null;

    private static string? Text(JsonNode? node) => node is JsonValue value && value.TryGetValue(out string? text) ? text : null;

    private static JsonArray Kept(JsonArray? rows, IReadOnlyList<Alerting.Handling> left) => new([.. (rows?.OfType<JsonArray>() ?? [])
        .Select(row => row.Where(b => ButtonPress.Read(Text(b?["callback_data"])) is not { } press || left.Contains(press.What))
            .Select(b => b?.DeepClone()).ToArray())
        .Where(row => row.Length > 0).Select(row => new JsonArray(row))]);
}

/// <summary>A call of the Bot API.</summary>
/// <param name="Method">The method.</param>
/// <param name="Body">Its parameters.</param>
public sealed record BotCall(string Method, JsonObject Body)
{
    private static readonly AnswerRule Answer = new()
    {
        OkField = "ok", IdField = "result.message_id", ErrorField = "description", RetryAfterField = "parameters.retry_after",
    };

    /// <summary>The call as it goes to a bot.</summary>
    /// <param name="settings">The integration's settings, which say where the Bot API is.</param>
    /// <param name="token">The bot's token, opened.</param>
    public HttpMessage To(Alerting.Routing.Settings settings, string token) => new(
        $"{(settings.Text("api_url") ?? "https://api.telegram.org").TrimEnd('/')}/bot{token}/{Method}", Encoding.UTF8.GetBytes(Body.ToJsonString()), Answer);
}
