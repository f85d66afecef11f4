using System.Text;
using Nines.Core.Probes;
using Nines.Server.Telemetry;

namespace Nines.Server.Probes;

/// <summary>Connects, says something and listens for an answer.</summary>
internal sealed class TcpProbing(ProbeConnector connector, HttpAccessClients clients)
{
    private const int MostHeard = 64 * 1024;

    /// <summary>Runs a check into what was seen.</summary>
    /// <exception cref="ProbeFailedException">There is no connection, or not the answer that is expected.</exception>
    public async Task RunAsync(Probe probe, TcpCheck check, ProbeSight sight, CancellationToken stop)
    {
        var (plain, address) = await connector.ConnectAsync(check.Address.Host, check.Address.Port, written: true, probe.AllowPrivate, stop);
        await using var connection = plain;
        (sight.Connected, sight.Ip) = (true, address.ToString());
        Stream stream = connection;
        if (check.Tls is { } tls)
        {
            var watch = new TlsWatch(tls, clients);
            try
            {
                stream = await watch.SecureAsync(connection, check.Address.Host, stop);
            }
            finally
            {
                sight.CertificateEnds = watch.EndsAt;
            }
        }
        await using var secure = stream;
        if (check.Send is { } said)
        {
            await stream.WriteAsync(Encoding.UTF8.GetBytes(said), stop);
            await stream.FlushAsync(stop);
        }
        if (check.Expect is not null || probe.Conditions.Any(c => c.UsesBody))
        {
            await HearAsync(check, stream, sight, stop);
        }
    }

    private static async Task HearAsync(TcpCheck check, Stream stream, ProbeSight sight, CancellationToken stop)
    {
        var buffer = new byte[MostHeard];
        var (heard, expected) = (0, Encoding.UTF8.GetBytes(check.Expect ?? ""));
        while (heard < buffer.Length)
        {
            var read = await stream.ReadAsync(buffer.AsMemory(heard), stop);
            heard += read;
            sight.Body = buffer.AsMemory(0, heard);
            if (heard > 0 && buffer.AsSpan(0, heard).IndexOf(expected) >= 0)
            {
                return;
            }
            if (read == 0)
            {
                throw new ProbeFailedException(expected.Length == 0 ? "the other side closed the connection without a word"
                    : $"the other side closed the connection after {heard} bytes, without what is expected");
            }
        }
        throw new ProbeFailedException($"what is expected is not in the first {MostHeard} bytes");
    }
}
