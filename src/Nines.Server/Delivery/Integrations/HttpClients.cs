using System.Collections.Concurrent;
using System.Net;
using System.Net.Security;
using System.Security.Authentication;
using System.Security.Cryptography.X509Certificates;
using Nines.Core.Alerting.Routing;
using Nines.Core.Delivery.Integrations;

namespace Nines.Server.Delivery.Integrations;

/// <summary>HTTP clients by the <c>http_config</c> they follow: certificates, proxy, server name. Kept for five minutes, so that renewed files are
/// read.</summary>
internal sealed class HttpClients(TimeProvider time) : IDisposable
{
    private const int MaxClients = 1000;

    private static readonly TimeSpan Life = TimeSpan.FromMinutes(5);
    private static readonly TimeSpan ConnectTimeout = TimeSpan.FromSeconds(10);
    private static readonly Settings None = new(new Dictionary<string, object>(StringComparer.Ordinal));

    private readonly ConcurrentDictionary<Settings, (HttpClient Client, DateTimeOffset Until)> _clients = new();

    /// <summary>The client for a configuration.</summary>
    /// <exception cref="MessageException">A certificate or the proxy's address cannot be used.</exception>
    public HttpClient Of(Settings? config)
    {
        var key = config ?? None;
        var now = time.GetUtcNow();
        if (_clients.TryGetValue(key, out var known) && now < known.Until)
        {
            return known.Client;
        }
        if (_clients.Count >= MaxClients)
        {
            _clients.Clear();
        }
        // The one before it is left to whoever still uses it; its connections end when they are idle.
        var client = new HttpClient(Handler(key)) { Timeout = Timeout.InfiniteTimeSpan };
        _clients[key] = (client, now + Life);
        return client;
    }

    public void Dispose()
    {
        foreach (var (client, _) in _clients.Values)
        {
            client.Dispose();
        }
    }

    /// <summary>How TLS is spoken by a <c>tls_config</c>.</summary>
    /// <param name="tls">The settings; null for the usual.</param>
    /// <param name="host">The name the certificate must have unless the settings say another; null leaves it to the caller.</param>
    /// <exception cref="MessageException">A certificate cannot be read.</exception>
    public static SslClientAuthenticationOptions Tls(Settings? tls, string? host)
    {
        var options = new SslClientAuthenticationOptions { TargetHost = host };
        if (tls is null)
        {
            return options;
        }
        if (tls.Text("server_name") is { Length: > 0 } name)
        {
            options.TargetHost = name;
        }
        options.EnabledSslProtocols = Protocols(tls.Text("min_version"), tls.Text("max_version"));
        try
        {
            if (Pem(tls, "ca") is { } ca)
            {
                var trusted = new X509Certificate2Collection();
                trusted.ImportFromPem(ca);
                options.CertificateChainPolicy = new X509ChainPolicy
                {
                    TrustMode = X509ChainTrustMode.CustomRootTrust, RevocationMode = X509RevocationMode.NoCheck,
                };
                options.CertificateChainPolicy.CustomTrustStore.AddRange(trusted);
            }
            if (Pem(tls, "cert") is { } cert && Pem(tls, "key") is { } key)
            {
                options.ClientCertificates = [X509Certificate2.CreateFromPem(cert, key)];
            }
        }
        catch (System.Security.Cryptography.CryptographicException)
        {
            throw new MessageException("a certificate of tls_config cannot be read");
        }
        if (tls.Flag("insecure_skip_verify"))
        {
#pragma warning disable CA5359 // The file asks for exactly this.
            options.RemoteCertificateValidationCallback = (_, _, _, _) => true;
#pragma warning restore CA5359
        }
        return options;
    }

    private static SocketsHttpHandler Handler(Settings config)
    {
        var handler = new SocketsHttpHandler
        {
            // Followed by hand: a redirect may turn a POST into a GET, or carry the token elsewhere.
            AllowAutoRedirect = false,
            UseCookies = false,
            PooledConnectionLifetime = Life,
            ConnectTimeout = ConnectTimeout,
            // Traces would carry addresses, and those carry tokens.
            ActivityHeadersPropagator = null,
            SslOptions = Tls(config.Nested("tls_config"), null),
        };
        if (config.Text("proxy_url") is { Length: > 0 } proxy)
        {
            var bypass = (config.Text("no_proxy") ?? "").Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries);
            handler.Proxy = new NamedProxy(new Uri(proxy), bypass);
        }
        else
        {
            handler.UseProxy = config.Flag("proxy_from_environment");
        }
        return handler;
    }

    private static string? Pem(Settings tls, string name)
    {
        if (tls.Secret(name) is { } inline)
        {
            return SecretReader.Resolve(inline);
        }
        if (tls.Text(name + "_file") is not { } file)
        {
            return null;
        }
        try
        {
            return File.ReadAllText(file);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new SecretMissingException($"the file {file} cannot be read");
        }
    }

    private static SslProtocols Protocols(string? min, string? max)
    {
        (string Name, SslProtocols Protocol)[] known = [("TLS12", SslProtocols.Tls12), ("TLS13", SslProtocols.Tls13)];
        var from = Math.Max(0, Array.FindIndex(known, k => k.Name == min));
        var to = Array.FindIndex(known, k => k.Name == max) is var at and >= 0 ? at : known.Length - 1;
        return string.IsNullOrEmpty(min) && string.IsNullOrEmpty(max) ? SslProtocols.None
            : known[from..(Math.Max(from, to) + 1)].Aggregate(SslProtocols.None, (all, k) => all | k.Protocol);
    }

    private sealed class NamedProxy(Uri address, string[] bypass) : IWebProxy
    {
        public ICredentials? Credentials { get; set; } = address.UserInfo.Split(':', 2) is [{ Length: > 0 } user, var password]
            ? new NetworkCredential(Uri.UnescapeDataString(user), Uri.UnescapeDataString(password)) : null;

        public Uri GetProxy(Uri destination) => address;

        public bool IsBypassed(Uri host) => bypass.Any(b => b == "*" || host.Host.Equals(b, StringComparison.OrdinalIgnoreCase)
            || host.Host.EndsWith("." + b.TrimStart('.', '*'), StringComparison.OrdinalIgnoreCase));
    }
}
