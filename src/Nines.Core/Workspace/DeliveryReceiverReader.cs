using Nines.Core.Alerting.Routing;
using Nines.Core.Workspace.Alertmanager;

namespace Nines.Core.Workspace;

/// <summary>Reads a receiver of a Delivery document: a name, what it takes, and one way in which it is told.</summary>
internal static class DeliveryReceiverReader
{
    private static readonly string[] Kinds = ["telegram", "webhook", .. DeliveryGrammar.Kinds.Keys];

    public static void Read(Fields receiver, Found found)
    {
        var file = receiver.File;
        var name = receiver.Text("name", required: true);
        var severities = new List<string>();
        foreach (var node in receiver.List("severities"))
        {
            if (node is YamlText { Value: "page" or "ticket" } severity)
            {
                severities.Add(severity.Value);
            }
            else
            {
                file.Error(node, "bad-value", "a severity is page or ticket");
            }
        }
        var sendResolved = receiver.Flag("sendResolved", true);
        var given = Kinds.Where(kind => receiver.Any(kind) is not null).ToList();
        var settings = given.Select(kind => receiver.Map(kind) is { } fields ? SettingsOf(kind, fields) : null).ToList();
        receiver.Done();
        if (given.Count != 1)
        {
            file.Error(receiver.Node, given.Count == 0 ? "missing" : "bad-value",
                given.Count == 0 ? $"a receiver needs one of {string.Join(", ", Kinds)}" : $"a receiver is one of {string.Join(", ", given)}",
                given.Count == 0 ? "" : "write a receiver for each");
        }
        if (name is not null && found.IsNew(file, name, "receiver", name.Value) && settings is [{ } how])
        {
            found.Receivers.Add(new(name.Value, severities, new(given[0], 0, sendResolved, how, file.At(receiver.Node))));
        }
    }

    private static Settings? SettingsOf(string kind, Fields fields) => kind switch
    {
        "telegram" => Telegram(fields) is { } telegram ? new(telegram) : null,
        "webhook" => Webhook(fields) is { } webhook ? new(webhook) : null,
        _ => SettingsReader.Read(fields, DeliveryGrammar.Of(kind, fields)),
    };

    private static Dictionary<string, object>? Telegram(Fields fields)
    {
        var chat = fields.Text("chatId", required: true);
        var token = fields.Secret("botToken", required: true, warnWhenLiteral: true);
        var buttons = fields.Flag("buttons", false);
        if (buttons && chat?.Value.StartsWith('@') == true)
        {
            fields.File.Error(fields.Any("buttons")!, "bad-value", $"anybody can join {chat.Value}, and would press its buttons",
                "give the chatId of a private chat or group, a number, or leave the buttons out");
        }
        var api = new Uri("https://api.telegram.org");
        if (fields.Text("apiUrl") is { } text && !(Uri.TryCreate(text.Value, UriKind.Absolute, out api!) && api.Scheme is "http" or "https"))
        {
            fields.File.Error(text, "bad-value", $"apiUrl is not an http address: {text.Value}");
            api = null;
        }
        fields.Done();
        return chat is null || token is null || api is null ? null
            : new(StringComparer.Ordinal) { ["api_url"] = api.AbsoluteUri, ["bot_token"] = token, ["chat_id"] = chat.Value, ["buttons"] = buttons };
    }

    private static Dictionary<string, object>? Webhook(Fields fields)
    {
        var url = fields.Secret("url", required: true, warnWhenLiteral: false);
        if (url is not null && !url.Reference.Contains("${", StringComparison.Ordinal)
            && !(Uri.TryCreate(url.Reference, UriKind.Absolute, out var parsed) && parsed.Scheme is "http" or "https"))
        {
            fields.File.Error(fields.Any("url")!, "bad-value", "url is not an http address", "write http://… or https://…, or ${env:NAME}");
            url = null;
        }
        var settings = new Dictionary<string, object>(StringComparer.Ordinal);
        if (fields.Secret("bearerToken", required: false, warnWhenLiteral: true) is { } bearer)
        {
            var authorization = new Dictionary<string, object>(StringComparer.Ordinal) { ["type"] = "Bearer", ["credentials"] = bearer };
            settings["http_config"] = new Settings(new Dictionary<string, object>(StringComparer.Ordinal) { ["authorization"] = new Settings(authorization) });
        }
        if (fields.Secret("hmacSecret", required: false, warnWhenLiteral: true) is { } signing)
        {
            settings["hmac_secret"] = signing;
        }
        fields.Done();
        if (url is null)
        {
            return null;
        }
        settings["url"] = url;
        return settings;
    }
}
