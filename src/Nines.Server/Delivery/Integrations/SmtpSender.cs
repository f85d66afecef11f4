using System.Net;
using System.Net.Sockets;
using System.Security.Authentication;
using System.Security.Cryptography;
using System.Text;
using Nines.Core.Alerting.Routing;
using Nines.Core.Delivery;
using Nines.Core.Delivery.Integrations;
using Nines.Server.State;

namespace Nines.Server.Delivery.Integrations;

/// <summary>Hands a mail to an SMTP server: TLS from the start on port 465, else STARTTLS unless <c>require_tls</c> is off; AUTH CRAM-MD5, PLAIN or
/// LOGIN.</summary>
internal sealed class SmtpSender(IoTime io)
{
    /// <summary>How long an attempt may take. Servers that greylist or scan answer late.</summary>
    public static readonly TimeSpan Timeout = TimeSpan.FromSeconds(30);

    private const int ImplicitTlsPort = 465;

    /// <summary>One attempt.</summary>
    public async Task<SendOutcome> SendAsync(EmailMessage mail, Settings settings, OpenedSecrets secrets, CancellationToken cancellation)
    {
        using var late = new CancellationTokenSource(Timeout, io.Provider);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(late.Token, cancellation);
        await using var session = new SmtpSession();
        try
        {
            var outcome = await SendAsync(session, mail, settings, secrets, either.Token);
            return outcome with { Detail = secrets.Strip(outcome.Detail) };
        }
        catch (SmtpRefusal e)
        {
            var detail = secrets.Strip($"{e.Step}: {e.Code} {RichText.Clean(e.Reply, 200)}");
            return new SendOutcome(e.Code is >= 400 and < 500 ? SendVerdict.Retry : SendVerdict.Failed, detail);
        }
        catch (AuthenticationException)
        {
            return new SendOutcome(SendVerdict.Retry, "TLS failed: the server's certificate is not trusted or names another host");
        }
        catch (OperationCanceledException) when (!cancellation.IsCancellationRequested)
        {
            return Broken(session, $"no answer within {Timeout.TotalSeconds:0} s");
        }
        catch (SocketException e)
        {
            return Broken(session, $"cannot connect ({e.SocketErrorCode})");
        }
        catch (IOException)
        {
            return Broken(session, "the connection broke");
        }
    }

    // Once the last line of the mail is out, the server may have taken it.
    private static SendOutcome Broken(SmtpSession session, string detail) =>
        new(session.Delivered ? SendVerdict.InDoubt : SendVerdict.Retry, detail);

    private static async Task<SendOutcome> SendAsync(
        SmtpSession session, EmailMessage mail, Settings settings, OpenedSecrets secrets, CancellationToken cancellation)
    {
        var smarthost = settings.Text("smarthost") ?? throw new MessageException("smarthost has no value");
        var colon = smarthost.LastIndexOf(':');
        var host = smarthost[..Math.Max(0, colon)].Trim('[', ']');
        if (host.Length == 0 || !ushort.TryParse(smarthost.AsSpan(colon + 1), out var port))
        {
            throw new MessageException("smarthost is not host:port");
        }
        var hello = settings.Text("hello") is { Length: > 0 } name ? name : "localhost";
        var tls = HttpClients.Tls(settings.Nested("tls_config"), host);
        await session.ConnectAsync(host, port, port == ImplicitTlsPort || settings.Flag("implicit_tls") ? tls : null, cancellation);
        await session.ExpectAsync("greeting", 220, cancellation);
        var offers = await session.HelloAsync(hello, cancellation);
        if (!session.IsEncrypted && settings.Any("require_tls") is not false)
        {
            if (!offers.ContainsKey("STARTTLS"))
            {
                return new SendOutcome(SendVerdict.Failed, "the server offers no STARTTLS, and require_tls is on");
            }
            await session.CommandAsync("STARTTLS", "STARTTLS", 220, cancellation);
            await session.StartTlsAsync(tls, cancellation);
            offers = await session.HelloAsync(hello, cancellation);
        }
        if (settings.Text("auth_username") is { Length: > 0 } user)
        {
            await AuthenticateAsync(session, offers.GetValueOrDefault("AUTH", ""), user, settings, secrets, host, cancellation);
        }
        return await TransferAsync(session, mail, offers, cancellation);
    }

    private static async Task<SendOutcome> TransferAsync(
        SmtpSession session, EmailMessage mail, Dictionary<string, string> offers, CancellationToken cancellation)
    {
        if (offers.TryGetValue("SIZE", out var size) && long.TryParse(size, out var most) && most > 0 && mail.Data.Length > most)
        {
            return new SendOutcome(SendVerdict.Failed, $"the mail has {mail.Data.Length} bytes; the server takes {most}");
        }
        await session.CommandAsync("MAIL", $"MAIL FROM:<{mail.From}>", 250, cancellation);
        SmtpRefusal? refused = null;
        var refusals = 0;
        foreach (var to in mail.To)
        {
            try
            {
                await session.CommandAsync("RCPT", $"RCPT TO:<{to}>", 250, cancellation);
            }
            catch (SmtpRefusal e) when (e.Code != 421)
            {
                refusals++;
                refused = refused is { Code: < 500 } ? refused : e;
            }
        }
        if (refusals == mail.To.Count)
        {
            throw refused!;
        }
        await session.CommandAsync("DATA", "DATA", 354, cancellation);
        var reply = RichText.Clean(await session.DataAsync(mail.Data, cancellation), 200);
        await session.QuitAsync(cancellation);
        return new SendOutcome(SendVerdict.Sent, refusals == 0 ? $"SMTP 250 {reply}"
            : $"{refusals} of {mail.To.Count} recipients were refused: {refused!.Code}");
    }

    private static async Task AuthenticateAsync(SmtpSession session, string mechanisms, string user, Settings settings, OpenedSecrets secrets, string host,
        CancellationToken cancellation)
    {
        var offered = mechanisms.Split(' ', StringSplitOptions.RemoveEmptyEntries).Select(m => m.ToUpperInvariant()).ToHashSet(StringComparer.Ordinal);
        var password = secrets.Open(settings, "auth_password");
        if (offered.Contains("CRAM-MD5") && secrets.Open(settings, "auth_secret") is { Length: > 0 } shared)
        {
            var challenge = await session.CommandAsync("AUTH", "AUTH CRAM-MD5", 334, cancellation);
#pragma warning disable CA5351 // RFC 2195 says MD5; the server asked for it.
            var digest = Convert.ToHexStringLower(HMACMD5.HashData(Encoding.UTF8.GetBytes(shared), Convert.FromBase64String(challenge.Trim())));
#pragma warning restore CA5351
            await session.CommandAsync("AUTH", Base64($"{user} {digest}"), 235, cancellation);
            return;
        }
        if (password is null)
        {
            throw new MessageException("auth_username is given, but no password of a kind the server takes");
        }
        if (!session.IsEncrypted && !(IPAddress.TryParse(host, out var address) ? IPAddress.IsLoopback(address) : host == "localhost"))
        {
            throw new MessageException("the password would go over an open connection; set require_tls");
        }
        secrets.Remembered(Base64(password));
        if (offered.Contains("PLAIN"))
        {
            var identity = settings.Text("auth_identity") ?? "";
            await session.CommandAsync("AUTH", "AUTH PLAIN " + secrets.Remembered(Base64($"{identity}\0{user}\0{password}")), 235, cancellation);
        }
        else if (offered.Contains("LOGIN"))
        {
            await session.CommandAsync("AUTH", "AUTH LOGIN", 334, cancellation);
            await session.CommandAsync("AUTH", Base64(user), 334, cancellation);
            await session.CommandAsync("AUTH", Base64(password), 235, cancellation);
        }
        else
        {
            throw new MessageException("the server offers none of CRAM-MD5, PLAIN and LOGIN");
        }
    }

    private static string Base64(string text) => Convert.ToBase64String(Encoding.UTF8.GetBytes(text));
}

/// <summary>The server refuses a step.</summary>
internal sealed class SmtpRefusal(string step, int code, string reply) : Exception($"{step}: {code}")
{
    public string Step => step;

    public int Code => code;

    public string Reply => reply;
}
