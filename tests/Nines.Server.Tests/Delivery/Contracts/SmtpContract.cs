using System.Collections.Concurrent;
using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using System.Threading.Channels;

namespace Nines.Server.Tests.Delivery.Contracts;

/// <summary>A mail as an SMTP server took it.</summary>
internal sealed record TakenMail(bool Encrypted, string User, string From, IReadOnlyList<string> To, string Data);

/// <summary>An SMTP server on loopback: STARTTLS with a certificate of its own, AUTH, and the rules of RFC 5321 about lines. Answers a step as told.</summary>
internal sealed class SmtpContract : IAsyncDisposable
{
    public const string User = "ops@example.org";
    public const string Password = "correct horse battery";

    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly X509Certificate2 _certificate = Certificate();
    private readonly CancellationTokenSource _ends = new();
    private readonly Channel<TakenMail> _taken = Channel.CreateUnbounded<TakenMail>();
    private readonly ConcurrentBag<Task> _sessions = [];

    public SmtpContract()
    {
        _listener.Start();
        _sessions.Add(AcceptAsync());
    }

    public string Smarthost => $"localhost:{((IPEndPoint)_listener.LocalEndpoint).Port}";

    public string CertificatePem => _certificate.ExportCertificatePem();

    public bool OffersTls { get; set; } = true;

    public bool ImplicitTls { get; set; }

    public string Mechanisms { get; set; } = "PLAIN LOGIN CRAM-MD5";

    /// <summary>What a step is answered instead; <c>hang</c> and <c>drop</c> do that.</summary>
    public ConcurrentDictionary<string, string> Answers { get; } = new(StringComparer.Ordinal);

    /// <summary>Set when the server hangs.</summary>
    public TaskCompletionSource Hangs { get; } = new();

    public async Task<TakenMail> NextAsync()
    {
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        patience.CancelAfter(TimeSpan.FromSeconds(10));
        return await _taken.Reader.ReadAsync(patience.Token);
    }

    public bool Empty => !_taken.Reader.TryPeek(out _);

    /// <summary>What RFC 5321 and 5322 say against a mail.</summary>
    public static IEnumerable<string> Violations(string data)
    {
        if (data.Replace("\r\n", "").IndexOfAny(['\r', '\n']) >= 0)
        {
            yield return "a bare CR or LF";
        }
        if (data.Any(c => c > '~' || (c < ' ' && c is not ('\r' or '\n' or '\t'))))
        {
            yield return "characters beyond ASCII";
        }
        if (data.Split("\r\n").Any(line => line.Length > 998))
        {
            yield return "a line longer than 998";
        }
        var head = data[..data.IndexOf("\r\n\r\n", StringComparison.Ordinal)].Replace("\r\n ", " ").Split("\r\n");
        foreach (var name in (string[])["Date", "From", "To", "Subject", "Message-ID", "MIME-Version", "Content-Type"])
        {
            if (head.Count(line => line.StartsWith(name + ":", StringComparison.OrdinalIgnoreCase)) != 1)
            {
                yield return $"not one {name}";
            }
        }
        if (head.Any(line => line.StartsWith("Bcc:", StringComparison.OrdinalIgnoreCase)))
        {
            yield return "a Bcc in the mail";
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _ends.CancelAsync();
        _listener.Stop();
        await Task.WhenAll(_sessions);
        _certificate.Dispose();
        _ends.Dispose();
    }

    private static X509Certificate2 Certificate()
    {
        using var key = RSA.Create(2048);
        var request = new CertificateRequest("CN=localhost", key, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1);
        var names = new SubjectAlternativeNameBuilder();
        names.AddDnsName("localhost");
        request.CertificateExtensions.Add(names.Build());
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, false, 0, true));
        var now = TimeProvider.System.GetUtcNow();
        using var made = request.CreateSelfSigned(now.AddDays(-1), now.AddDays(30));
        return X509CertificateLoader.LoadPkcs12(made.Export(X509ContentType.Pfx), null);
    }

    private async Task AcceptAsync()
    {
        try
        {
            while (true)
            {
                _sessions.Add(ServeAsync(await _listener.AcceptTcpClientAsync(_ends.Token)));
            }
        }
        catch (Exception e) when (e is OperationCanceledException or SocketException or ObjectDisposedException)
        {
            // The server ends.
        }
    }

    private async Task ServeAsync(TcpClient client)
    {
        using (client)
        {
            try
            {
                await new Session(this, client).RunAsync(_ends.Token);
            }
            catch (Exception e) when (e is IOException or OperationCanceledException or System.Security.Authentication.AuthenticationException)
            {
                // The client left, or refuses our certificate.
            }
        }
    }

    private sealed class Session(SmtpContract server, TcpClient client)
    {
        private readonly List<string> _to = [];
        private Stream _stream = client.GetStream();
        private string _user = "";
        private string _from = "";

        public async Task RunAsync(CancellationToken ends)
        {
            if (server.ImplicitTls)
            {
                await TlsAsync(ends);
            }
            await SayAsync("220-localhost greets\r\n220 and waits", ends);
            while (await LineAsync(ends) is { } line && !line.StartsWith("QUIT", StringComparison.Ordinal))
            {
                var verb = line.Split(' ')[0];
                if (server.Answers.TryGetValue(verb, out var answer))
                {
                    await SayAsync(answer, ends);
                    continue;
                }
                await StepAsync(verb, line, ends);
            }
        }

        private async Task StepAsync(string verb, string line, CancellationToken ends)
        {
            switch (verb)
            {
                case "EHLO":
                    var tls = server.OffersTls && _stream is not SslStream ? "250-STARTTLS\r\n" : "";
                    await SayAsync($"250-localhost\r\n{tls}250-AUTH {server.Mechanisms}\r\n250 SIZE 1000000", ends);
                    break;
                case "STARTTLS":
                    await SayAsync("220 go ahead", ends);
                    await TlsAsync(ends);
                    break;
                case "AUTH": await AuthAsync(line.Split(' '), ends); break;
                case "MAIL":
                    _from = line[(line.IndexOf('<') + 1)..line.IndexOf('>')];
                    await SayAsync(line.StartsWith("MAIL FROM:<", StringComparison.Ordinal) && _from.Contains('@') ? "250 ok" : "501 syntax", ends);
                    break;
                case "RCPT":
                    var to = line[(line.IndexOf('<') + 1)..line.IndexOf('>')];
                    _to.Add(to);
                    await SayAsync(server.Answers.TryGetValue(to, out var answer) ? answer : "250 ok", ends);
                    break;
                case "DATA": await DataAsync(ends); break;
                default: await SayAsync("500 what", ends); break;
            }
        }

        private async Task AuthAsync(string[] words, CancellationToken ends)
        {
            string Text(string base64) => Encoding.UTF8.GetString(Convert.FromBase64String(base64));
            var right = false;
            switch (words[1])
            {
                case "PLAIN":
                    right = Text(words[2]) == $"\0{User}\0{Password}";
                    break;
                case "LOGIN":
                    await SayAsync("334 VXNlcm5hbWU6", ends);
                    var user = Text((await LineAsync(ends))!);
                    await SayAsync("334 UGFzc3dvcmQ6", ends);
                    right = user == User && Text((await LineAsync(ends))!) == Password;
                    break;
                case "CRAM-MD5":
                    await SayAsync("334 " + Convert.ToBase64String("<1896.697170952@localhost>"u8), ends);
#pragma warning disable CA5351 // RFC 2195
                    var digest = Convert.ToHexStringLower(HMACMD5.HashData(Encoding.UTF8.GetBytes(Password), "<1896.697170952@localhost>"u8));
#pragma warning restore CA5351
                    right = Text((await LineAsync(ends))!) == $"{User} {digest}";
                    break;
            }
            _user = right ? $"{words[1]} {User}" : "";
            await SayAsync(right ? "235 welcome" : $"535 5.7.8 not you: {string.Join(' ', words)}", ends);
        }

        private async Task DataAsync(CancellationToken ends)
        {
            await SayAsync("354 go on", ends);
            var data = new StringBuilder();
            while (await LineAsync(ends) is { } line && line != ".")
            {
                data.Append(line.StartsWith('.') ? line[1..] : line).Append("\r\n");
            }
            await server._taken.Writer.WriteAsync(new TakenMail(_stream is SslStream, _user, _from, [.. _to], data.ToString()), ends);
            await SayAsync(server.Answers.TryGetValue("mail", out var answer) ? answer : "250 2.0.0 queued", ends);
        }

        private async Task TlsAsync(CancellationToken ends)
        {
            var encrypted = new SslStream(_stream);
            await encrypted.AuthenticateAsServerAsync(new SslServerAuthenticationOptions { ServerCertificate = server._certificate }, ends);
            _stream = encrypted;
        }

        private async Task SayAsync(string text, CancellationToken ends)
        {
            if (text == "hang")
            {
                server.Hangs.TrySetResult();
                await Task.Delay(Timeout.InfiniteTimeSpan, TimeProvider.System, ends);
            }
            if (text == "drop")
            {
                client.Client.Close(0);
                throw new IOException("dropped");
            }
            await _stream.WriteAsync(Encoding.UTF8.GetBytes(text + "\r\n"), ends);
        }

        // Only CR LF ends a line.
        private async Task<string?> LineAsync(CancellationToken ends)
        {
            var line = new List<byte>();
            var one = new byte[1];
            while (await _stream.ReadAsync(one, ends) == 1)
            {
                line.Add(one[0]);
                if (line is [.., (byte)'\r', (byte)'\n'])
                {
                    return Encoding.UTF8.GetString(line.ToArray(), 0, line.Count - 2);
                }
            }
            return null;
        }
    }
}
