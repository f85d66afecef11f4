using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Nines.Core.Probes.Collectors;

namespace Nines.Server.Probes.Collectors;

/// <summary>Reads certificates from handshakes and files. Whether they are trusted is not asked: one that is not ends all the same.</summary>
internal sealed class CertificateReader(CertificateWork work, TimeProvider time) : ICollectorReader
{
    public async Task ReadAsync(CollectedSet set, CancellationToken stop)
    {
        var failed = new List<string>();
        foreach (var (host, port) in work.Endpoints)
        {
            var endpoint = host.Contains(':', StringComparison.Ordinal) ? $"[{host}]:{port}" : $"{host}:{port}";
            try
            {
                using var certificate = await ShownAsync(host, port, stop);
                Add(("endpoint", endpoint), certificate, set);
            }
            catch (Exception e) when (e is SocketException or IOException or AuthenticationException or CollectException)
            {
                failed.Add($"{endpoint}: {e.Message}");
            }
        }
        foreach (var pattern in work.Files)
        {
            var any = false;
            foreach (var path in FileReader.Find(pattern, stop))
            {
                any = true;
                failed.AddRange(FromFile(path, set) is { } problem ? [problem] : []);
            }
            failed.AddRange(any ? [] : [$"no file is {pattern}"]);
        }
        // The others' figures are read all the same.
        if (failed.Count > 0)
        {
            throw new CollectException(string.Join("; ", failed));
        }
    }

    private static async Task<X509Certificate2> ShownAsync(string host, int port, CancellationToken stop)
    {
        using var socket = new TcpClient();
        await socket.ConnectAsync(host, port, stop);
        await using var tls = new SslStream(socket.GetStream());
        var options = new SslClientAuthenticationOptions { TargetHost = host };
        // Only looked at: nothing is sent.
#pragma warning disable CA5359
        options.RemoteCertificateValidationCallback = (_, _, _, _) => true;
#pragma warning restore CA5359
        await tls.AuthenticateAsClientAsync(options, stop);
        return tls.RemoteCertificate is { } shown ? X509CertificateLoader.LoadCertificate(shown.GetRawCertData())
            : throw new CollectException("it shows no certificate");
    }

    private string? FromFile(string path, CollectedSet set)
    {
        var certificates = new X509Certificate2Collection();
        try
        {
            certificates.ImportFromPemFile(path);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or CryptographicException)
        {
            return $"{path} cannot be read";
        }
        foreach (var certificate in certificates.DistinctBy(c => (c.Subject, c.Issuer, c.SerialNumber)))
        {
            Add(("path", path), certificate, set);
        }
        return certificates.Count == 0 ? $"{path} holds no certificate" : null;
    }

    private void Add((string, string) where, X509Certificate2 certificate, CollectedSet set) =>
        FileFigures.Certificate(new(where, certificate.Subject, certificate.Issuer,
            new DateTimeOffset(certificate.NotAfter.ToUniversalTime()).ToUnixTimeMilliseconds(),
            certificate.SerialNumber), time.GetUtcNow().ToUnixTimeMilliseconds(), set);
}
