using System.Net;
using System.Security.Authentication;
using System.Text;
using Nines.Core.Probes;
using Nines.Server.Telemetry;

namespace Nines.Server.Probes;

/// <summary>
/// Asks an HTTP server over a connection of its own each time, so that connecting and TLS are measured too. Redirects are followed here and not by the
/// platform: each is checked, and credentials stay with the host that the document names.
/// </summary>
internal sealed class HttpProbing(ProbeConnector connector, HttpAccessClients clients)
{
    private const int MostHeaderKilobytes = 32;

    /// <summary>Runs a check into what was seen; a failure is thrown, with what was seen so far kept.</summary>
    /// <exception cref="ProbeFailedException">There is no complete answer.</exception>
    public async Task RunAsync(Probe probe, HttpCheck check, ProbeSight sight, CancellationToken stop)
    {
        var (url, method, hops) = (check.Url, check.Method, 0);
        while (true)
        {
            var own = IsSameServer(url, check.Url);
            var watch = new TlsWatch(own ? check.Access.Tls : new(), clients);
            // What a redirect leads to is not what the document wrote, unless it is the same host.
            using var handler = Handler(probe, watch, written: url.IdnHost == check.Url.IdnHost, sight);
            using var client = new HttpMessageInvoker(handler);
            using var request = Request(check, url, method, own);
            using var response = await SendAsync(client, request, watch, sight, stop);
            if (check.MaxRedirects == 0 || Target(response, url) is not { } next)
            {
                await ReadAsync(probe, check, response, sight, stop);
                return;
            }
            if (++hops > check.MaxRedirects)
            {
                throw new ProbeFailedException($"more than {check.MaxRedirects} redirects; the last is from {url} to {next}");
            }
            method = response.StatusCode is HttpStatusCode.TemporaryRedirect or HttpStatusCode.PermanentRedirect || method == "HEAD" ? method : "GET";
            url = next;
        }
    }

    private static async Task<HttpResponseMessage> SendAsync(
        HttpMessageInvoker client, HttpRequestMessage request, TlsWatch watch, ProbeSight sight, CancellationToken stop)
    {
        try
        {
            return await client.SendAsync(request, stop);
        }
        catch (HttpRequestException e)
        {
            throw new ProbeFailedException(e.InnerException is ProbeFailedException refused ? refused.Message
                : e.InnerException is AuthenticationException tls ? watch.Problem(tls.Message)
                : e.HttpRequestError == HttpRequestError.InvalidResponse ? $"the answer is not HTTP: {e.Message}"
                : e.InnerException is { } inner ? $"the connection broke: {inner.Message}" : e.Message);
        }
        finally
        {
            sight.CertificateEnds = watch.EndsAt ?? sight.CertificateEnds;
        }
    }

    private SocketsHttpHandler Handler(Probe probe, TlsWatch watch, bool written, ProbeSight sight) => new()
    {
        UseProxy = false,
        UseCookies = false,
        AllowAutoRedirect = false,
        AutomaticDecompression = DecompressionMethods.None,
        MaxResponseHeadersLength = MostHeaderKilobytes,
        MaxResponseDrainSize = 0,
        ActivityHeadersPropagator = null,
        SslOptions = watch.Options(),
        ConnectCallback = async (context, stop) =>
        {
            var (stream, address) = await connector.ConnectAsync(context.DnsEndPoint.Host, context.DnsEndPoint.Port, written, probe.AllowPrivate, stop);
            (sight.Connected, sight.Ip) = (true, address.ToString());
            return stream;
        },
    };

    private HttpRequestMessage Request(HttpCheck check, Uri url, string method, bool own)
    {
        var request = new HttpRequestMessage(new HttpMethod(method), url);
        request.Headers.TryAddWithoutValidation("User-Agent", "Nines");
        request.Headers.TryAddWithoutValidation("Accept", "*/*");
        if (check.Body is { } body && own && method == check.Method)
        {
            request.Content = new ByteArrayContent(Encoding.UTF8.GetBytes(SecretReader.Resolve(body)));
        }
        if (own)
        {
            clients.Sign(request, check.Access);
            foreach (var (name, value) in check.Headers)
            {
                var text = SecretReader.Resolve(value);
                if (!request.Headers.TryAddWithoutValidation(name, text))
                {
                    request.Content?.Headers.Remove(name);
                    request.Content?.Headers.TryAddWithoutValidation(name, text);
                }
            }
        }
        return request;
    }

    private static bool IsSameServer(Uri a, Uri b) => a.IdnHost == b.IdnHost && a.Port == b.Port && a.Scheme == b.Scheme;

    private static Uri? Target(HttpResponseMessage response, Uri from)
    {
        if ((int)response.StatusCode is not (301 or 302 or 303 or 307 or 308) || response.Headers.Location is not { } location)
        {
            return null;
        }
        var target = location.IsAbsoluteUri ? location : new Uri(from, location);
        return target.Scheme is "http" or "https" ? target : throw new ProbeFailedException($"a redirect leads to {target.Scheme}, which is not HTTP");
    }

    private static async Task ReadAsync(Probe probe, HttpCheck check, HttpResponseMessage response, ProbeSight sight, CancellationToken stop)
    {
        sight.Status = (int)response.StatusCode;
        sight.MediaType = response.Content.Headers.ContentType?.MediaType?.ToLowerInvariant() ?? "";
        sight.Headers = HeadersOf(response);
        var wanted = probe.Conditions.Any(c => c.UsesBody);
        // A body that no condition asks for may be any size; JSON is read for what it says of the parts.
        if (!wanted && !sight.MediaType.EndsWith("json", StringComparison.Ordinal))
        {
            return;
        }
        var body = new MemoryStream();
        var buffer = new byte[16 * 1024];
        try
        {
            await using var stream = await response.Content.ReadAsStreamAsync(stop);
            for (int read; (read = await stream.ReadAsync(buffer, stop)) > 0;)
            {
                if (body.Length + read > check.MaxBodyBytes)
                {
                    if (wanted)
                    {
                        throw new ProbeFailedException($"the body is larger than {check.MaxBodyBytes} bytes; maxBodyBytes may be up to 16777216");
                    }
                    return;
                }
                body.Write(buffer, 0, read);
            }
        }
        catch (Exception e) when (e is HttpRequestException or IOException)
        {
            throw new ProbeFailedException($"the connection broke within the body: {e.InnerException?.Message ?? e.Message}");
        }
        sight.Body = body.ToArray();
    }

    private static Dictionary<string, string> HeadersOf(HttpResponseMessage response)
    {
        var headers = new Dictionary<string, string>(StringComparer.OrdinalIgnoreCase);
        foreach (var (name, values) in response.Headers.NonValidated.Concat(response.Content.Headers.NonValidated))
        {
            headers.TryAdd(name, values.FirstOrDefault() ?? "");
        }
        return headers;
    }
}
