using System.Collections.Concurrent;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Nines.Core.Alerting.Routing;
using Nines.Core.Delivery.Integrations;

namespace Nines.Server.Delivery.Integrations;

/// <summary>Who we say we are: basic auth, a token, OAuth 2 client credentials, and headers of one's own.</summary>
internal sealed class HttpAuthorization(HttpClients clients, TimeProvider time)
{
    private const int MaxTokens = 1000;
    private const int MaxAnswer = 64 * 1024;

    private readonly ConcurrentDictionary<Settings, (string Token, DateTimeOffset Until)> _tokens = new();

    /// <summary>The headers that a configuration adds.</summary>
    /// <exception cref="SecretMissingException">A secret cannot be read.</exception>
    /// <exception cref="MessageException">The token's server refuses.</exception>
    public async Task<IReadOnlyList<(string Name, string Value)>> HeadersAsync(Settings? config, OpenedSecrets secrets, CancellationToken cancellation)
    {
        if (config is null)
        {
            return [];
        }
        var headers = new List<(string, string)>();
        if (config.Nested("basic_auth") is { } basic)
        {
            var user = basic.Text("username") ?? (basic.Text("username_file") is { } file ? secrets.ReadFile(file) : "");
            headers.Add(("Authorization", Basic(user, secrets.Open(basic, "password") ?? "", secrets)));
        }
        else if (config.Nested("authorization") is { } authorization)
        {
            headers.Add(("Authorization", $"{authorization.Text("type") ?? "Bearer"} {secrets.Open(authorization, "credentials")}"));
        }
        else if (secrets.Open(config, "bearer_token") is { } bearer)
        {
            headers.Add(("Authorization", $"Bearer {bearer}"));
        }
        else if (config.Nested("oauth2") is { } oauth)
        {
            headers.Add(("Authorization", $"Bearer {await TokenAsync(oauth, secrets, cancellation)}"));
        }
        headers.AddRange(Own(config, secrets));
        return headers;
    }

    /// <summary>Forgets a token that was refused before its time.</summary>
    /// <returns>Whether there was one, so that another may do better.</returns>
    public bool Refused(Settings? config) => config?.Nested("oauth2") is { } oauth && _tokens.TryRemove(oauth, out _);

    private static string Basic(string user, string password, OpenedSecrets secrets) =>
        "Basic " + secrets.Remembered(Convert.ToBase64String(Encoding.UTF8.GetBytes($"{user}:{password}")));

    // http_headers: { Name: { values: […], secrets: […], files: […] } }
    private static IEnumerable<(string, string)> Own(Settings config, OpenedSecrets secrets)
    {
        foreach (var (name, node) in config.Any("http_headers") as JsonObject ?? [])
        {
            foreach (var (kind, list) in node as JsonObject ?? [])
            {
                foreach (var item in (list as JsonArray ?? []).Select(v => v?.ToString()).OfType<string>())
                {
                    yield return (name, kind == "files" ? secrets.ReadFile(item) : kind == "secrets" ? secrets.Remembered(item) : item);
                }
            }
        }
    }

    private async Task<string> TokenAsync(Settings oauth, OpenedSecrets secrets, CancellationToken cancellation)
    {
        var now = time.GetUtcNow();
        if (_tokens.TryGetValue(oauth, out var known) && now < known.Until)
        {
            return secrets.Remembered(known.Token);
        }
        var id = oauth.Text("client_id") ?? "";
        var secret = secrets.Open(oauth, "client_secret") ?? "";
        // As Go does: the credentials in a header, and in the body for servers that want them there.
        var answer = await AskAsync(oauth, [], Basic(Uri.EscapeDataString(id), Uri.EscapeDataString(secret), secrets), cancellation)
            ?? await AskAsync(oauth, [KeyValuePair.Create("client_id", id), KeyValuePair.Create("client_secret", secret)], null, cancellation)
            ?? throw new MessageException("the OAuth 2 server refuses to give a token");
        secrets.Remembered(answer.Token);
        if (_tokens.Count >= MaxTokens)
        {
            _tokens.Clear();
        }
        // Ten seconds early, so that no token ends on its way.
        _tokens[oauth] = (answer.Token, now + answer.Life - TimeSpan.FromSeconds(10));
        return answer.Token;
    }

    private async Task<(string Token, TimeSpan Life)?> AskAsync(
        Settings oauth, IReadOnlyList<KeyValuePair<string, string>> credentials, string? authorization, CancellationToken cancellation)
    {
        var form = new List<KeyValuePair<string, string>> { new("grant_type", "client_credentials") };
        if (oauth.Texts("scopes") is { Count: > 0 } scopes)
        {
            form.Add(new("scope", string.Join(' ', scopes)));
        }
        form.AddRange(oauth.Map("endpoint_params"));
        form.AddRange(credentials);
        using var request = new HttpRequestMessage(HttpMethod.Post, oauth.Text("token_url")) { Content = new FormUrlEncodedContent(form) };
        request.Headers.Accept.Add(new MediaTypeWithQualityHeaderValue("application/json"));
        if (authorization is not null)
        {
            request.Headers.TryAddWithoutValidation("Authorization", authorization);
        }
        using var response = await clients.Of(oauth).SendAsync(request, HttpCompletionOption.ResponseHeadersRead, cancellation);
        if (!response.IsSuccessStatusCode)
        {
            return (int)response.StatusCode >= 500
                ? throw new HttpRequestException(HttpRequestError.ConnectionError, "the OAuth 2 server answers " + (int)response.StatusCode) : null;
        }
        var buffer = new byte[MaxAnswer];
        await using var body = await response.Content.ReadAsStreamAsync(cancellation);
        var length = await body.ReadAtLeastAsync(buffer, MaxAnswer, throwOnEndOfStream: false, cancellation);
        try
        {
            using var json = JsonDocument.Parse(buffer.AsMemory(0, length));
            return json.RootElement.TryGetProperty("access_token", out var token) && token.GetString() is { Length: > 0 } value
                ? (value, TimeSpan.FromSeconds(json.RootElement.TryGetProperty("expires_in", out var s) && s.TryGetInt32(out var n) ? n : 300))
                : null;
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            return null;
        }
    }
}
