using System.Text.Json;
using System.Text.Json.Nodes;

namespace Nines.Cli.Verbs;

/// <summary>Finds the chat of whoever wrote to a bot last, and writes there.</summary>
internal sealed class TelegramChat(Uri api, string token) : IDisposable
{
    public const string Api = "https://api.telegram.org";

    private readonly HttpClient _client = new() { Timeout = TimeSpan.FromSeconds(15) };

    /// <summary>Why Telegram refused what was asked last; empty when it did not.</summary>
    public string Refusal { get; private set; } = "";

    /// <summary>The chat of the last message to the bot; null when there is none.</summary>
    public async Task<string?> LastAsync(CancellationToken stop) =>
        (await CallAsync("getUpdates", new JsonObject { ["allowed_updates"] = new JsonArray("message", "channel_post") }, stop)) is JsonArray updates
            ? updates.Select(u => (u?["message"] ?? u?["channel_post"])?["chat"]?["id"]?.ToString()).LastOrDefault(id => id is not null) : null;

    /// <summary>Writes to a chat; gives why that was refused, empty when it was not.</summary>
    public async Task<string> SayAsync(string chat, string text, CancellationToken stop)
    {
        await CallAsync("sendMessage", new JsonObject { ["chat_id"] = chat, ["text"] = text }, stop);
        return Refusal;
    }

    public void Dispose() => _client.Dispose();

    private async Task<JsonNode?> CallAsync(string method, JsonObject body, CancellationToken stop)
    {
        try
        {
            using var answer = await _client.PostAsJsonAsync($"{api.AbsoluteUri.TrimEnd('/')}/bot{token}/{method}", body, CliJson.Default.JsonObject, stop);
            var said = JsonNode.Parse(await answer.Content.ReadAsStringAsync(stop));
            Refusal = said?["ok"]?.GetValue<bool>() == true ? "" : said?["description"]?.ToString() ?? $"HTTP {(int)answer.StatusCode}";
            return said?["result"];
        }
        catch (Exception e) when (e is HttpRequestException or JsonException or TaskCanceledException && !stop.IsCancellationRequested)
        {
            // The address holds the token: of the failure only its kind is told.
            Refusal = $"{api.Host} does not answer ({(e as HttpRequestException)?.HttpRequestError.ToString() ?? e.GetType().Name})";
            return null;
        }
    }
}
