using System.Net;
using System.Net.Http.Headers;
using System.Text;
using Nines.Core.Alerting.Routing;
using Nines.Core.Delivery;
using Nines.Core.Delivery.Integrations;
using Nines.Server.State;

namespace Nines.Server.Delivery.Integrations;

/// <summary>What a receiver said, and what it means.</summary>
/// <param name="Outcome">The verdict.</param>
/// <param name="Body">The answer's beginning, without secrets.</param>
internal sealed record HttpAnswer(SendOutcome Outcome, string Body);

/// <summary>Sends one message over HTTP and judges the answer.</summary>
internal sealed class HttpSender(HttpClients clients, HttpAuthorization authorization, TimeProvider time, IoTime io)
{
    private const int MaxAnswer = 256 * 1024;
    private const int MaxRedirects = 10;

    /// <summary>One attempt.</summary>
    /// <param name="message">The message.</param>
    /// <param name="config">The <c>http_config</c>; null for none.</param>
    /// <param name="headers">Headers of all messages.</param>
    /// <param name="secrets">What must not be said.</param>
    /// <param name="timeout">How long it may take.</param>
    /// <param name="cancellation">The server stops.</param>
    public async Task<HttpAnswer> SendAsync(HttpMessage message, Settings? config, IReadOnlyList<(string Name, string Value)> headers, OpenedSecrets secrets,
        TimeSpan timeout, CancellationToken cancellation)
    {
        using var late = new CancellationTokenSource(timeout, io.Provider);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(late.Token, cancellation);
        var body = new TrackedContent(message.Body);
        try
        {
            var added = await authorization.HeadersAsync(config, secrets, either.Token);
            using var response = await FollowAsync(message, config, [.. headers, .. message.Headers, .. added], body, either.Token);
            var answer = secrets.Strip(await ReadAsync(response, either.Token));
            var outcome = Judge(message, response, answer);
            return response.StatusCode == HttpStatusCode.Unauthorized && authorization.Refused(config)
                ? new HttpAnswer(outcome with { Verdict = SendVerdict.Retry }, answer) : new HttpAnswer(outcome, answer);
        }
        catch (OperationCanceledException) when (!cancellation.IsCancellationRequested)
        {
            return Broken(body, $"no answer within {timeout.TotalSeconds:0.###} s");
        }
        catch (HttpRequestException e)
        {
            // The exception's own message names the host: the error's kind says as much.
            var connects = e.HttpRequestError is not (HttpRequestError.ConnectionError or HttpRequestError.NameResolutionError
                or HttpRequestError.SecureConnectionError or HttpRequestError.ProxyTunnelError);
            return connects ? Broken(body, $"the connection broke ({e.HttpRequestError})")
                : new HttpAnswer(new SendOutcome(SendVerdict.Retry, $"cannot connect ({e.HttpRequestError})"), "");
        }
        catch (IOException)
        {
            return Broken(body, "the connection broke");
        }
    }

    // What was not yet written cannot have arrived.
    private static HttpAnswer Broken(TrackedContent body, string detail) =>
        new(new SendOutcome(body.Begun ? SendVerdict.InDoubt : SendVerdict.Retry, detail), "");

    private SendOutcome Judge(HttpMessage message, HttpResponseMessage response, string answer)
    {
        if ((int)response.StatusCode is >= 300 and < 400)
        {
            return new SendOutcome(SendVerdict.Failed, $"HTTP {(int)response.StatusCode}: the receiver sends elsewhere; give the address it means");
        }
        var header = response.Headers.RetryAfter;
        return message.Answer.Judge((int)response.StatusCode, answer, header?.Delta ?? (header?.Date is { } date ? date - time.GetUtcNow() : null));
    }

    // Only 307 and 308 keep the message; after the others a GET would be sent, and its 200 would be taken for a delivery.
    private async Task<HttpResponseMessage> FollowAsync(HttpMessage message, Settings? config, IReadOnlyList<(string Name, string Value)> headers,
        TrackedContent body, CancellationToken cancellation)
    {
        var target = new Uri(message.Url);
        var origin = target;
        for (var hop = 0; ; hop++)
        {
            using var request = Request(message, target, config, SameHost(origin, target) ? headers : [], body);
            var response = await clients.Of(config).SendAsync(request, HttpCompletionOption.ResponseHeadersRead, cancellation);
            var next = response.Headers.Location is { } location ? new Uri(target, location) : null;
            var follows = config is null || config.Any("follow_redirects") is not false;
            if ((int)response.StatusCode is not (307 or 308) || next is null || !follows || hop == MaxRedirects || next.Scheme is not ("http" or "https")
                || (target.Scheme == "https" && next.Scheme == "http"))
            {
                return response;
            }
            response.Dispose();
            target = next;
        }
    }

    private static bool SameHost(Uri a, Uri b) => a.Host.Equals(b.Host, StringComparison.OrdinalIgnoreCase) && a.Port == b.Port;

    private static HttpRequestMessage Request(
        HttpMessage message, Uri target, Settings? config, IReadOnlyList<(string Name, string Value)> headers, TrackedContent body)
    {
        var request = new HttpRequestMessage(new HttpMethod(message.Method), target) { Content = body.Again() };
        if (target.Scheme == "https" && (config is null || config.Any("enable_http2") is not false))
        {
            (request.Version, request.VersionPolicy) = (HttpVersion.Version20, HttpVersionPolicy.RequestVersionOrLower);
        }
        request.Content.Headers.ContentType = MediaTypeHeaderValue.Parse(message.ContentType);
        request.Headers.UserAgent.ParseAdd("Nines/0.1");
        foreach (var (name, value) in headers)
        {
            if (!request.Headers.TryAddWithoutValidation(name, value))
            {
                request.Content.Headers.TryAddWithoutValidation(name, value);
            }
        }
        return request;
    }

    private static async Task<string> ReadAsync(HttpResponseMessage response, CancellationToken cancellation)
    {
        var buffer = new byte[MaxAnswer];
        await using var body = await response.Content.ReadAsStreamAsync(cancellation);
        var length = await body.ReadAtLeastAsync(buffer, MaxAnswer, throwOnEndOfStream: false, cancellation);
        return Encoding.UTF8.GetString(buffer, 0, length);
    }

    /// <summary>A body that knows whether it began to be written.</summary>
    private sealed class TrackedContent(byte[] bytes)
    {
        public bool Begun { get; private set; }

        public HttpContent Again() => new Part(this, bytes);

        private sealed class Part(TrackedContent owner, byte[] bytes) : HttpContent
        {
            protected override Task SerializeToStreamAsync(Stream stream, TransportContext? context) =>
                SerializeToStreamAsync(stream, context, CancellationToken.None);

            protected override async Task SerializeToStreamAsync(Stream stream, TransportContext? context, CancellationToken cancellationToken)
            {
                owner.Begun = true;
                await stream.WriteAsync(bytes, cancellationToken);
            }

            protected override bool TryComputeLength(out long length)
            {
                length = bytes.Length;
                return true;
            }
        }
    }
}
