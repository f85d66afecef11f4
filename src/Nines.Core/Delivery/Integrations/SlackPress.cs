using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Nines.Core.Delivery.Integrations;

/// <summary>A press of a button as Slack tells of it.</summary>
/// <param name="Press">The button.</param>
/// <param name="UserId">Slack's id of whoever pressed it.</param>
/// <param name="UserName">What Slack calls them.</param>
/// <param name="ResponseUrl">Where to say what came of it.</param>
/// <param name="Message">The message as it is in Slack; null when Slack does not say.</param>
public sealed record SlackPress(ButtonPress Press, string UserId, string UserName, string ResponseUrl, JsonObject? Message)
{
    private const string AnswerBlock = "nines_answer";
    private const long MaxAgeSeconds = 300;
    private const int MaxName = 80;

    /// <summary>Whether a request is Slack's own: HMAC-SHA256 over version, time and body with the app's signing secret, and not older than five minutes.
    /// https://docs.slack.dev/authentication/verifying-requests-from-slack</summary>
    /// <param name="secret">The app's signing secret.</param>
    /// <param name="timestamp">The header <c>X-Slack-Request-Timestamp</c>: seconds since the Unix epoch.</param>
    /// <param name="signature">The header <c>X-Slack-Signature</c>.</param>
    /// <param name="body">The body as it arrived.</param>
    /// <param name="nowSeconds">The moment, seconds since the Unix epoch.</param>
    public static bool IsSigned(string secret, string timestamp, string signature, ReadOnlySpan<byte> body, long nowSeconds)
    {
        if (!long.TryParse(timestamp, NumberStyles.None, CultureInfo.InvariantCulture, out var at) || Math.Abs(nowSeconds - at) > MaxAgeSeconds)
        {
            return false;
        }
        byte[] signed = [.. Encoding.UTF8.GetBytes($"v0:{timestamp}:"), .. body];
        var right = "v0=" + Convert.ToHexStringLower(HMACSHA256.HashData(Encoding.UTF8.GetBytes(secret), signed));
        return CryptographicOperations.FixedTimeEquals(Encoding.UTF8.GetBytes(right), Encoding.UTF8.GetBytes(signature));
    }

    /// <summary>Reads the body of a request; null when it tells of anything but a press of a button of ours.</summary>
    public static SlackPress? Read(string body)
    {
        const string field = "payload=";
        if (body.Split('&').FirstOrDefault(p => p.StartsWith(field, StringComparison.Ordinal)) is not { } payload)
        {
            return null;
        }
        try
        {
            var json = JsonNode.Parse(Uri.UnescapeDataString(payload[field.Length..].Replace('+', ' ')));
            var user = json?["user"];
            return (string?)json?["type"] == "block_actions" && ButtonPress.Read((string?)json["actions"]?[0]?["value"]) is { } press
                && (string?)user?["id"] is { Length: > 0 } id
                ? new(press, RichText.Clean(id, MaxName), RichText.Clean((string?)user["username"] ?? (string?)user["name"] ?? id, MaxName),
                    (string?)json["response_url"] ?? "", json["message"] as JsonObject) : null;
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException or ArgumentOutOfRangeException)
        {
            return null;
        }
    }

    /// <summary>What came of it, for <see cref="ResponseUrl"/>: the message with that below it and without the buttons that ask for nothing more; or a note to
    /// whoever pressed it alone.</summary>
    public HttpMessage Answer(ButtonAnswer answer)
    {
        var text = RichText.SlackEscape(answer.Text);
        JsonObject body;
        if (answer.Left is { } left && Message?["blocks"] is JsonArray blocks)
        {
            var kept = blocks.OfType<JsonObject>().Where(b => (string?)b["block_id"] != AnswerBlock).Select(b => Kept(b, left)).OfType<JsonNode>();
            var said = new JsonObject
            {
                ["type"] = "context",
                ["block_id"] = AnswerBlock,
                ["elements"] = new JsonArray(new JsonObject { ["type"] = "mrkdwn", ["text"] = text }),
            };
            body = new() { ["replace_original"] = true, ["text"] = (string?)Message["text"] ?? text, ["blocks"] = new JsonArray([.. kept, said]) };
        }
        else
        {
            body = new() { ["replace_original"] = false, ["response_type"] = "ephemeral", ["text"] = text };
        }
        return new(ResponseUrl, Encoding.UTF8.GetBytes(body.ToJsonString()), AnswerRule.ByStatus);
    }

    private static JsonObject? Kept(JsonObject block, IReadOnlyList<Alerting.Handling> left)
    {
        var kept = (JsonObject)block.DeepClone();
        if (kept["elements"] is JsonArray elements && (string?)kept["type"] == "actions")
        {
            foreach (var button in elements.Where(e => ButtonPress.Read((string?)e?["value"]) is { } press && !left.Contains(press.What)).ToList())
            {
                elements.Remove(button);
            }
            return elements.Count > 0 ? kept : null;
        }
        return kept;
    }
}
