using System.Net;
using System.Net.Security;
using System.Security.Authentication;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using Nines.Core.Telemetry;

namespace Nines.Server.Telemetry;

/// <summary>A file that access to a server needs cannot be read; the message names it, never what is in it.</summary>
public sealed class AccessFileException(string message) : Exception(message);

/// <summary>HTTP clients by what they believe of the other side. A certificate file that changed makes a new client.</summary>
public sealed class HttpAccessClients(string directory) : IDisposable
{
    private readonly Lock _gate = new();
    private readonly Dictionary<(TlsTrust Tls, bool Redirects), (string Stamp, HttpClient Client)> _clients = [];

    /// <summary>The client for a way of access.</summary>
    /// <exception cref="AccessFileException">A certificate or key cannot be read.</exception>
    public HttpClient For(HttpAccess access)
    {
        var stamp = string.Concat(new[] { access.Tls.CaFile, access.Tls.CertFile, access.Tls.KeyFile }.OfType<string>()
            .Select(f => $"{File.GetLastWriteTimeUtc(PathOf(f)).Ticks};"));
        lock (_gate)
        {
            var key = (access.Tls, access.FollowRedirects);
            if (_clients.TryGetValue(key, out var known) && known.Stamp == stamp)
            {
                return known.Client;
            }
            // The one before may still be in use; its connections end by themselves.
            var client = new HttpClient(Handler(access)) { Timeout = Timeout.InfiniteTimeSpan };
            _clients[key] = (stamp, client);
            return client;
        }
    }

    /// <summary>Puts credentials and the server's name on a request.</summary>
    /// <exception cref="AccessFileException">A file of credentials cannot be read.</exception>
    /// <exception cref="SecretMissingException">A reference to a secret leads nowhere.</exception>
    public void Sign(HttpRequestMessage request, HttpAccess access)
    {
        if (access.Username is { } user)
        {
            var password = access.PasswordFile is { } file ? ReadSecret(file) : access.Password is { } secret ? SecretReader.Resolve(secret) : "";
            request.Headers.TryAddWithoutValidation("Authorization", "Basic " + Convert.ToBase64String(Encoding.UTF8.GetBytes($"{user}:{password}")));
        }
        else if ((access.CredentialsFile is { } file ? ReadSecret(file) : access.Credentials is { } secret ? SecretReader.Resolve(secret) : null)
            is { } credentials)
        {
            request.Headers.TryAddWithoutValidation("Authorization", $"{access.AuthorizationType} {credentials}");
        }
        // What is asked for in the handshake follows the host's name.
        request.Headers.Host = access.Tls.ServerName;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (var (_, client) in _clients.Values)
        {
            client.Dispose();
        }
    }

    private SocketsHttpHandler Handler(HttpAccess access) => new()
    {
        UseProxy = false,
        UseCookies = false,
        AutomaticDecompression = DecompressionMethods.None,
        AllowAutoRedirect = access.FollowRedirects,
        MaxAutomaticRedirections = 3,
        MaxResponseDrainSize = 0,
        MaxResponseHeadersLength = 32,
        PooledConnectionLifetime = TimeSpan.FromMinutes(5),
        // A trace header on each scrape would cost more than the scrape.
        ActivityHeadersPropagator = null,
        SslOptions = access.Tls.IsPlain ? new() : Options(access.Tls),
    };

    /// <summary>The options of a handshake with a server that is believed in a way.</summary>
    /// <exception cref="AccessFileException">A certificate or key cannot be read.</exception>
    public SslClientAuthenticationOptions Options(TlsTrust tls)
    {
        var options = new SslClientAuthenticationOptions { EnabledSslProtocols = Protocols(tls) };
        if (tls.InsecureSkipVerify)
        {
            // Asked for in so many words, in the workspace.
#pragma warning disable CA5359
            options.RemoteCertificateValidationCallback = (_, _, _, _) => true;
#pragma warning restore CA5359
        }
        else if (tls.CaFile is { } authorities)
        {
            var policy = new X509ChainPolicy { TrustMode = X509ChainTrustMode.CustomRootTrust, RevocationMode = X509RevocationMode.NoCheck };
            Read(authorities, path =>
            {
                policy.CustomTrustStore.ImportFromPemFile(path);
                if (policy.CustomTrustStore.Count == 0)
                {
                    throw new CryptographicException("no certificate in it");
                }
            });
            options.CertificateChainPolicy = policy;
        }
        if (tls is { CertFile: { } certificate, KeyFile: { } key })
        {
            Read(certificate, path => options.ClientCertificates = [X509Certificate2.CreateFromPemFile(path, PathOf(key))]);
        }
        return options;
    }

    // Naming versions is what the workspace asks for; without it the system chooses.
#pragma warning disable CA5397, CA5398, SYSLIB0039
    private static SslProtocols Protocols(TlsTrust tls)
    {
        if (tls.MinVersion is null && tls.MaxVersion is null)
        {
            return SslProtocols.None;
        }
        (string Name, SslProtocols Version)[] all =
            [("TLS10", SslProtocols.Tls), ("TLS11", SslProtocols.Tls11), ("TLS12", SslProtocols.Tls12), ("TLS13", SslProtocols.Tls13)];
        return all.Where(v => string.CompareOrdinal(v.Name, tls.MinVersion ?? "TLS12") >= 0 && string.CompareOrdinal(v.Name, tls.MaxVersion ?? "TLS13") <= 0)
            .Aggregate(SslProtocols.None, (sum, v) => sum | v.Version);
    }
#pragma warning restore CA5397, CA5398, SYSLIB0039

    private string ReadSecret(string file)
    {
        var secret = "";
        Read(file, path => secret = File.ReadAllText(path).Trim());
        return secret;
    }

    private void Read(string file, Action<string> read)
    {
        try
        {
            read(PathOf(file));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or CryptographicException)
        {
            var why = e is CryptographicException ? ": it is not PEM, or certificate and key differ" : "";
            throw new AccessFileException($"the file {file} cannot be read{why}");
        }
    }

    private string PathOf(string file) => Path.Combine(directory, file);
}
