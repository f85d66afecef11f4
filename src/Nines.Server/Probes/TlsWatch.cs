using System.Net.Security;
using System.Security.Authentication;
using System.Security.Cryptography.X509Certificates;
using Nines.Core.Telemetry;
using Nines.Server.Telemetry;

namespace Nines.Server.Probes;

/// <summary>Speaks TLS and remembers when the other side's certificate ends, be it trusted or not.</summary>
/// <param name="trust">What is believed of the other side.</param>
/// <param name="clients">Reads the files that the trust names.</param>
internal sealed class TlsWatch(TlsTrust trust, HttpAccessClients clients)
{
    /// <summary>When the certificate ends; null before one was seen.</summary>
    public DateTimeOffset? EndsAt { get; private set; }

    /// <summary>The options of a handshake.</summary>
    /// <exception cref="AccessFileException">A certificate or key cannot be read.</exception>
    public SslClientAuthenticationOptions Options()
    {
        var options = clients.Options(trust);
        options.RemoteCertificateValidationCallback = (_, certificate, _, errors) =>
        {
            EndsAt = certificate is X509Certificate2 shown ? new DateTimeOffset(shown.NotAfter) : EndsAt;
            return trust.InsecureSkipVerify || errors == SslPolicyErrors.None;
        };
        return options;
    }

    /// <summary>Makes a connection a secure one.</summary>
    /// <exception cref="ProbeFailedException">The other side is not believed.</exception>
    public async Task<SslStream> SecureAsync(Stream plain, string host, CancellationToken stop)
    {
        var secure = new SslStream(plain, leaveInnerStreamOpen: false);
        var options = Options();
        options.TargetHost = trust.ServerName ?? host;
        try
        {
            await secure.AuthenticateAsClientAsync(options, stop);
            return secure;
        }
        catch (AuthenticationException e)
        {
            await secure.DisposeAsync();
            throw new ProbeFailedException(Problem(e.Message));
        }
        catch
        {
            await secure.DisposeAsync();
            throw;
        }
    }

    /// <summary>What is wrong with the other side, in words.</summary>
    public string Problem(string message) => EndsAt is null ? $"no TLS: {message}" : $"the certificate is not believed: {message}";
}
