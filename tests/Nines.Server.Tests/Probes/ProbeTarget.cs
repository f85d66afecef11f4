using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;

namespace Nines.Server.Tests.Probes;

/// <summary>A server on loopback that says, byte by byte, what a test wants, however wrong it is.</summary>
internal sealed class ProbeTarget : IAsyncDisposable
{
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly CancellationTokenSource _stop = new();
    private readonly Func<Stream, string, CancellationToken, Task> _answer;
    private readonly X509Certificate2? _certificate;
    private readonly Task _accepting;

    private ProbeTarget(Func<Stream, string, CancellationToken, Task> answer, X509Certificate2? certificate)
    {
        (_answer, _certificate) = (answer, certificate);
        _listener.Start();
        _accepting = Task.Run(AcceptAsync);
    }

    public int Port => ((IPEndPoint)_listener.LocalEndpoint).Port;

    /// <summary>The requests that came, heads only.</summary>
    public List<string> Requests { get; } = [];

    public Uri Url(string path = "/", string host = "127.0.0.1") => new($"{(_certificate is null ? "http" : "https")}://{host}:{Port}{path}");

    /// <summary>Answers with bytes.</summary>
    public static ProbeTarget Says(string text, X509Certificate2? certificate = null) => Answers((stream, _, stop) => stream.WriteAsync(Encoding.UTF8.GetBytes(text), stop).AsTask(), certificate);

    /// <summary>Answers with a status and a body.</summary>
    public static ProbeTarget Http(int status, string body, string type = "text/plain", string headers = "") => Says(Text(status, body, type, headers));

    public static string Text(int status, string body, string type = "text/plain", string headers = "") =>
        $"HTTP/1.1 {status} X\r\nContent-Type: {type}\r\nContent-Length: {Encoding.UTF8.GetByteCount(body)}\r\n{headers}Connection: close\r\n\r\n{body}";

    public static ProbeTarget Answers(Func<Stream, string, CancellationToken, Task> answer, X509Certificate2? certificate = null) => new(answer, certificate);

    /// <summary>A certificate for 127.0.0.1 that nobody signed, and ends in so many days.</summary>
    public static X509Certificate2 Certificate(int days)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest("CN=127.0.0.1", key, HashAlgorithmName.SHA256);
        var names = new SubjectAlternativeNameBuilder();
        names.AddIpAddress(IPAddress.Loopback);
        request.CertificateExtensions.Add(names.Build());
        var now = TimeProvider.System.GetUtcNow();
        using var made = request.CreateSelfSigned(now.AddDays(-400), now.AddDays(days));
        return X509CertificateLoader.LoadPkcs12(made.Export(X509ContentType.Pfx), null);
    }

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        _listener.Stop();
        await _accepting;
    }

    private async Task AcceptAsync()
    {
        try
        {
            while (true)
            {
                var client = await _listener.AcceptTcpClientAsync(_stop.Token);
                _ = Task.Run(() => ServeAsync(client));
            }
        }
        catch (Exception e) when (e is OperationCanceledException or SocketException or InvalidOperationException)
        {
            return;
        }
    }

    private async Task ServeAsync(TcpClient client)
    {
        try
        {
            using var _ = client;
            Stream stream = client.GetStream();
            if (_certificate is not null)
            {
                var secure = new SslStream(stream);
                await secure.AuthenticateAsServerAsync(_certificate);
                stream = secure;
            }
            var (head, buffer) = ("", new byte[4096]);
            // A hello of TLS has no empty line.
            while (!head.Contains("\r\n\r\n", StringComparison.Ordinal) && !head.StartsWith('\x16'))
            {
                var read = await stream.ReadAsync(buffer, _stop.Token);
                if (read == 0)
                {
                    break;
                }
                head += Encoding.UTF8.GetString(buffer, 0, read);
            }
            lock (Requests)
            {
                Requests.Add(head);
            }
            await _answer(stream, head, _stop.Token);
            await stream.FlushAsync(_stop.Token);
            await stream.DisposeAsync();
        }
        catch (Exception e) when (e is IOException or OperationCanceledException or System.Security.Authentication.AuthenticationException)
        {
            return;
        }
    }
}
