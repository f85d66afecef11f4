using System.Net.Security;
using System.Net.Sockets;
using System.Text;

namespace Nines.Server.Delivery.Integrations;

/// <summary>The wire of SMTP: lines, replies, TLS, and the mail itself.</summary>
internal sealed class SmtpSession : IAsyncDisposable
{
    private const int MaxReply = 64 * 1024;

    private readonly TcpClient _tcp = new();
    private readonly byte[] _buffer = new byte[4096];
    private Stream _stream = Stream.Null;
    private int _at;
    private int _length;

    public bool IsEncrypted => _stream is SslStream;

    /// <summary>Whether the whole mail was written, so that the server may have taken it.</summary>
    public bool Delivered { get; private set; }

    public async Task ConnectAsync(string host, int port, SslClientAuthenticationOptions? tls, CancellationToken cancellation)
    {
        await _tcp.ConnectAsync(host, port, cancellation);
        _stream = _tcp.GetStream();
        if (tls is not null)
        {
            await StartTlsAsync(tls, cancellation);
        }
    }

    public async Task StartTlsAsync(SslClientAuthenticationOptions options, CancellationToken cancellation)
    {
        if (_at < _length)
        {
            // What came in the open before TLS began may be anybody's.
            throw new IOException("the server spoke before TLS began");
        }
        var encrypted = new SslStream(_stream);
        await encrypted.AuthenticateAsClientAsync(options, cancellation);
        _stream = encrypted;
    }

    /// <summary>What the server offers, by name.</summary>
    public async Task<Dictionary<string, string>> HelloAsync(string name, CancellationToken cancellation)
    {
        var offers = new Dictionary<string, string>(StringComparer.OrdinalIgnoreCase);
        foreach (var line in (await CommandAsync("EHLO", $"EHLO {name}", 250, cancellation)).Split('\n').Skip(1))
        {
            var (word, rest) = line.IndexOf(' ', StringComparison.Ordinal) is var space and >= 0 ? (line[..space], line[(space + 1)..]) : (line, "");
            offers[word] = rest;
        }
        return offers;
    }

    /// <summary>Sends a line and returns the reply's text.</summary>
    /// <exception cref="SmtpRefusal">The reply has another code.</exception>
    public async Task<string> CommandAsync(string step, string line, int expected, CancellationToken cancellation)
    {
        if (line.AsSpan().ContainsAny('\r', '\n'))
        {
            throw new Nines.Core.Delivery.Integrations.MessageException($"{step} would be more than one line");
        }
        await _stream.WriteAsync(Encoding.UTF8.GetBytes(line + "\r\n"), cancellation);
        await _stream.FlushAsync(cancellation);
        return await ExpectAsync(step, expected, cancellation);
    }

    /// <summary>Reads a reply.</summary>
    /// <exception cref="SmtpRefusal">It has another code.</exception>
    public async Task<string> ExpectAsync(string step, int expected, CancellationToken cancellation)
    {
        var text = new StringBuilder();
        while (true)
        {
            var line = await LineAsync(cancellation);
            if (line.Length < 3 || !int.TryParse(line.AsSpan(0, 3), out var code) || text.Length > MaxReply)
            {
                throw new IOException("the server does not speak SMTP");
            }
            text.Append(text.Length > 0 ? "\n" : "").Append(line.AsSpan(Math.Min(4, line.Length)));
            if (line.Length > 3 && line[3] == '-')
            {
                continue;
            }
            // 251: the server forwards.
            return code == expected || (expected == 250 && code == 251) ? text.ToString() : throw new SmtpRefusal(step, code, text.ToString());
        }
    }

    /// <summary>Sends the mail and returns the reply's text; a line that begins with a point gets another.</summary>
    public async Task<string> DataAsync(byte[] data, CancellationToken cancellation)
    {
        var stuffed = new MemoryStream(data.Length + 64);
        for (var i = 0; i < data.Length; i++)
        {
            if (data[i] == '.' && (i == 0 || data[i - 1] == '\n'))
            {
                stuffed.WriteByte((byte)'.');
            }
            stuffed.WriteByte(data[i]);
        }
        await _stream.WriteAsync(stuffed.ToArray(), cancellation);
        Delivered = true;
        await _stream.WriteAsync(".\r\n"u8.ToArray(), cancellation);
        await _stream.FlushAsync(cancellation);
        return await ExpectAsync("the mail", 250, cancellation);
    }

    /// <summary>Says goodbye; what the server says to that is of no matter.</summary>
    public async Task QuitAsync(CancellationToken cancellation)
    {
        try
        {
            await _stream.WriteAsync("QUIT\r\n"u8.ToArray(), cancellation);
            await _stream.FlushAsync(cancellation);
        }
        catch (Exception e) when (e is IOException or OperationCanceledException)
        {
            // The mail was taken.
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _stream.DisposeAsync();
        _tcp.Dispose();
    }

    private async Task<string> LineAsync(CancellationToken cancellation)
    {
        var line = new List<byte>();
        while (true)
        {
            if (_at == _length)
            {
                _at = 0;
                _length = await _stream.ReadAsync(_buffer, cancellation);
                if (_length == 0 || line.Count > MaxReply)
                {
                    throw new IOException("the server ended the connection");
                }
            }
            var b = _buffer[_at++];
            if (b == '\n')
            {
                return Encoding.UTF8.GetString([.. line]).TrimEnd('\r');
            }
            line.Add(b);
        }
    }
}
