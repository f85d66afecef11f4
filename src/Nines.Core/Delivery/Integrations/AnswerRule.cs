using System.Text.Json;

namespace Nines.Core.Delivery.Integrations;

/// <summary>How a receiver's answer is read: when it took the message, and when to try again.</summary>
public sealed record AnswerRule
{
    /// <summary>By the status alone.</summary>
    public static readonly AnswerRule ByStatus = new();

    /// <summary>Statuses besides 408, 425, 429 and 5xx after which to try again.</summary>
    public IReadOnlyList<int> Retries { get; init; } = [];

    /// <summary>The field of a JSON answer that says whether it was taken; empty when the status says it.</summary>
    public string OkField { get; init; } = "";

    /// <summary>What that field says then, as JSON.</summary>
    public string OkValue { get; init; } = "true";

    /// <summary>The field with the receiver's own name for the message, its proof; dots lead into nested objects.</summary>
    public string IdField { get; init; } = "";

    /// <summary>The field that names what is wrong; dots lead into nested objects.</summary>
    public string ErrorField { get; init; } = "";

    /// <summary>The errors after which to try again.</summary>
    public IReadOnlyList<string> RetryErrors { get; init; } = [];

    /// <summary>The only text that means success; empty for any.</summary>
    public string OkText { get; init; } = "";

    /// <summary>Parts of an answer after which to try again, whatever its status.</summary>
    public IReadOnlyList<string> RetryTexts { get; init; } = [];

    /// <summary>The field with the seconds to wait; dots lead into nested objects.</summary>
    public string RetryAfterField { get; init; } = "";

    /// <summary>The verdict on an answer.</summary>
    /// <param name="status">Its HTTP status.</param>
    /// <param name="body">Its beginning, without secrets.</param>
    /// <param name="retryAfter">How long its header asks to wait.</param>
    public SendOutcome Judge(int status, string body, TimeSpan? retryAfter)
    {
        var json = Parse(body);
        var error = ErrorField.Length > 0 ? Text(json, ErrorField) : "";
        var verdict = Verdict(status, body, json, error);
        if (verdict == SendVerdict.Sent)
        {
            var id = IdField.Length > 0 ? RichText.Clean(Text(json, IdField), 100) : "";
            return new SendOutcome(verdict, $"HTTP {status}{(id.Length > 0 ? ", message " : "")}{id}");
        }
        var wait = retryAfter ?? (Text(json, RetryAfterField) is { Length: > 0 } text && double.TryParse(text, out var seconds) && seconds is >= 0 and < 1e6
            ? TimeSpan.FromSeconds(seconds) : null);
        var line = string.Join(' ', (error.Length > 0 ? error : body).Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries));
        return new SendOutcome(verdict, $"HTTP {status}{(line.Length > 0 ? ": " : "")}{RichText.Clean(line, 200)}", wait);
    }

    private SendVerdict Verdict(int status, string body, JsonElement? json, string error)
    {
        var verdict = Retries.Contains(status) || RetryTexts.Any(t => body.Contains(t, StringComparison.OrdinalIgnoreCase)) ? SendVerdict.Retry
            : SendOutcome.VerdictOf(status);
        if (verdict != SendVerdict.Sent)
        {
            return verdict == SendVerdict.Failed && RetryErrors.Contains(error, StringComparer.Ordinal) ? SendVerdict.Retry : verdict;
        }
        if (OkText.Length > 0 && body.Trim() != OkText)
        {
            return SendVerdict.Failed;
        }
        if (OkField.Length == 0)
        {
            return SendVerdict.Sent;
        }
        // An answer that is not the receiver's own comes from something before it: a proxy, a login page.
        return json is null ? SendVerdict.Retry : Raw(json, OkField) == OkValue ? SendVerdict.Sent
            : RetryErrors.Contains(error, StringComparer.Ordinal) ? SendVerdict.Retry : SendVerdict.Failed;
    }

    private static JsonElement? Parse(string body)
    {
        try
        {
            using var document = JsonDocument.Parse(body);
            return document.RootElement.Clone();
        }
        catch (JsonException)
        {
            return null;
        }
    }

    private static string Text(JsonElement? json, string path) =>
        Find(json, path) is { } found ? found.ValueKind == JsonValueKind.String ? found.GetString()! : found.GetRawText() : "";

    private static string Raw(JsonElement? json, string path) => Find(json, path)?.GetRawText() ?? "";

    private static JsonElement? Find(JsonElement? json, string path)
    {
        foreach (var name in path.Split('.', StringSplitOptions.RemoveEmptyEntries))
        {
            json = json is { ValueKind: JsonValueKind.Object } o && o.TryGetProperty(name, out var next) ? next : null;
        }
        return path.Length == 0 ? null : json;
    }
}
