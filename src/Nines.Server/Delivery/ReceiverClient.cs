using System.Net;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using Nines.Core;
using Nines.Core.Alerting.Routing;
using Nines.Core.Delivery;
using Nines.Server.State;

namespace Nines.Server.Delivery;

/// <summary>One attempt to hand a message to a receiver. Tells what came of it in words that carry no secret.</summary>
internal sealed class ReceiverClient : IDisposable
{
    /// <summary>How long an attempt may take.</summary>
    public static readonly TimeSpan Timeout = TimeSpan.FromSeconds(10);

    private const int MaxAnswer = 4096;
    private const int MaxExcerpt = 200;

    /// <summary>Shorter parts are words, not secrets: taking them out would make answers unreadable.</summary>
    private const int LongEnough = 6;

    private readonly TimeProvider _time;
    private readonly IoTime _io;
    private readonly string _externalUrl;
    private readonly HttpClient _http;

    public ReceiverClient(NinesOptions options, TimeProvider time, IoTime io)
    {
        _io = io;
        _time = time;
        _externalUrl = (options.PublicUrl?.ToString() ?? options.Listen).TrimEnd('/');
        _http = new HttpClient(new SocketsHttpHandler
        {
            // A redirect would turn the POST into a GET, or carry the token elsewhere.
            AllowAutoRedirect = false,
            PooledConnectionLifetime = TimeSpan.FromMinutes(5),
            ConnectTimeout = Timeout,
            // Traces would carry addresses, and those carry tokens.
            ActivityHeadersPropagator = null,
        })
        { Timeout = System.Threading.Timeout.InfiniteTimeSpan };
    }

    public async Task<SendOutcome> SendAsync(Integration integration, GroupNotification notification, DeliveryMarks marks, CancellationToken cancellation)
    {
        var secrets = new List<string>();
        try
        {
            using var request = RequestOf(integration, notification, marks, secrets);
            return await SendAsync(request, secrets, cancellation);
        }
        catch (SecretMissingException e)
        {
            return new SendOutcome(SendVerdict.Retry, e.Message);
        }
        catch (Exception e) when (e is UriFormatException or FormatException or NotSupportedException)
        {
            return new SendOutcome(SendVerdict.Retry, "the receiver's address or token is not one");
        }
    }

    public void Dispose() => _http.Dispose();

    private HttpRequestMessage RequestOf(Integration integration, GroupNotification notification, DeliveryMarks marks, List<string> secrets)
    {
        string Open(Secret secret)
        {
            var value = SecretReader.Resolve(secret);
            secrets.Add(value);
            return value;
        }

        var settings = integration.Settings;
        HttpRequestMessage request;
        switch (integration.Kind)
        {
            case "telegram":
                var token = Open(settings.Secret("bot_token")!);
                var root = settings.Text("api_url")!.TrimEnd('/');
                request = Post(new Uri($"{root}/bot{token}/sendMessage"), TelegramMessage.Body(settings.Text("chat_id")!, notification, marks));
                break;
            case "webhook":
                var address = new Uri(Open(settings.Secret("url")!));
                // Such addresses carry their token in the path or the query, and receivers echo those.
                secrets.AddRange(address.PathAndQuery.Split(['/', '?', '&', '=']).Where(part => part.Length >= LongEnough));
                request = Post(address, WebhookPayload.Render(notification, marks, _externalUrl));
                if (settings.Nested("http_config")?.Nested("authorization")?.Secret("credentials") is { } bearer)
                {
                    request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", Open(bearer));
                }
                break;
            default:
                throw new NotSupportedException($"receivers of type {integration.Kind} cannot be sent to");
        }
        request.Headers.Add("Idempotency-Key", notification.Key);
        request.Headers.Add("X-Nines-Attempt", marks.Attempt.ToString());
        if (marks.PossibleRepeat)
        {
            request.Headers.Add("X-Nines-Possible-Repeat", "true");
        }
        if (marks.Unrecorded)
        {
            request.Headers.Add("X-Nines-Unrecorded", "true");
        }
        request.Headers.UserAgent.ParseAdd("Nines/0.1");
        return request;
    }

    private static HttpRequestMessage Post(Uri to, byte[] json)
    {
        var content = new ByteArrayContent(json);
        content.Headers.ContentType = new MediaTypeHeaderValue("application/json");
        return new HttpRequestMessage(HttpMethod.Post, to) { Content = content };
    }

    private async Task<SendOutcome> SendAsync(HttpRequestMessage request, List<string> secrets, CancellationToken cancellation)
    {
        using var timeout = new CancellationTokenSource(Timeout, _io.Provider);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(timeout.Token, cancellation);
        try
        {
            using var response = await _http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, either.Token);
            var verdict = SendOutcome.VerdictOf((int)response.StatusCode);
            if (verdict == SendVerdict.Sent)
            {
                return new SendOutcome(verdict, "");
            }
            var answer = await ExcerptAsync(response, either.Token);
            return new SendOutcome(verdict, Detail(response.StatusCode, answer, secrets), RetryAfter(response, answer));
        }
        catch (OperationCanceledException) when (!cancellation.IsCancellationRequested)
        {
            return new SendOutcome(SendVerdict.InDoubt, $"no answer within {Timeout.TotalSeconds:0} s");
        }
        catch (HttpRequestException e)
        {
            // The exception's own message names the host: the error's kind says as much.
            return e.HttpRequestError is HttpRequestError.ConnectionError or HttpRequestError.NameResolutionError or HttpRequestError.SecureConnectionError
                ? new SendOutcome(SendVerdict.Retry, $"cannot connect ({e.HttpRequestError})")
                : new SendOutcome(SendVerdict.InDoubt, $"the connection broke ({e.HttpRequestError})");
        }
        catch (IOException)
        {
            return new SendOutcome(SendVerdict.InDoubt, "the connection broke");
        }
    }

    private TimeSpan? RetryAfter(HttpResponseMessage response, string answer)
    {
        if (response.Headers.RetryAfter is { } header)
        {
            return header.Delta ?? (header.Date is { } date ? date - _time.GetUtcNow() : null);
        }
        try
        {
            using var json = JsonDocument.Parse(answer);
            return json.RootElement.ValueKind == JsonValueKind.Object
                && json.RootElement.TryGetProperty("parameters", out var parameters) && parameters.ValueKind == JsonValueKind.Object
                && parameters.TryGetProperty("retry_after", out var seconds) && seconds.TryGetInt32(out var s)
                ? TimeSpan.FromSeconds(s)
                : null;
        }
        catch (JsonException)
        {
            return null; // Only Telegram answers in JSON.
        }
    }

    private static async Task<string> ExcerptAsync(HttpResponseMessage response, CancellationToken cancellation)
    {
        var buffer = new byte[MaxAnswer];
        await using var body = await response.Content.ReadAsStreamAsync(cancellation);
        var length = await body.ReadAtLeastAsync(buffer, MaxAnswer, throwOnEndOfStream: false, cancellation);
        return Encoding.UTF8.GetString(buffer, 0, length);
    }

    private static string Detail(HttpStatusCode status, string answer, List<string> secrets)
    {
        // Receivers echo what they were sent.
        foreach (var secret in secrets.Where(s => s.Length >= LongEnough).OrderByDescending(s => s.Length))
        {
            answer = answer.Replace(secret, "<secret>");
        }
        var line = string.Join(' ', answer.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries));
        return $"HTTP {(int)status}{(line.Length > 0 ? ": " : "")}{(line.Length > MaxExcerpt ? line[..MaxExcerpt] + "…" : line)}";
    }
}
