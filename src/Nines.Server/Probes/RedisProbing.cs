using System.Text;
using Nines.Core.Probes;
using Nines.Server.Telemetry;

namespace Nines.Server.Probes;

/// <summary>Signs in to Redis, or to what speaks its protocol, and pings it. Two commands need no client library.</summary>
internal sealed class RedisProbing(ProbeConnector connector, HttpAccessClients clients)
{
    private const int LongestReply = 4096;

    /// <summary>Runs a check into what was seen.</summary>
    /// <exception cref="ProbeFailedException">It is not there, does not let the user in, or does not answer as Redis does.</exception>
    public async Task RunAsync(Probe probe, RedisCheck check, ProbeSight sight, CancellationToken stop)
    {
        var (plain, address) = await connector.ConnectAsync(check.Address.Host, check.Address.Port, written: true, probe.AllowPrivate, stop);
        await using var connection = plain;
        (sight.Connected, sight.Ip) = (true, address.ToString());
        var watch = check.Tls is { } tls ? new TlsWatch(tls, clients) : null;
        try
        {
            await using Stream stream = watch is null ? connection : await watch.SecureAsync(connection, check.Address.Host, stop);
            if (check.Password is { } secret)
            {
                var password = SecretReader.Resolve(secret);
                await AskAsync(stream, check.Username is { } user ? ["AUTH", user, password] : ["AUTH", password], "signing in", stop);
            }
            sight.Body = Encoding.UTF8.GetBytes(await AskAsync(stream, ["PING"], "PING", stop));
        }
        finally
        {
            sight.CertificateEnds = watch?.EndsAt;
        }
    }

    private static async Task<string> AskAsync(Stream stream, string[] command, string what, CancellationToken stop)
    {
        var request = new StringBuilder().Append('*').Append(command.Length).Append("\r\n");
        foreach (var word in command)
        {
            request.Append('$').Append(Encoding.UTF8.GetByteCount(word)).Append("\r\n").Append(word).Append("\r\n");
        }
        await stream.WriteAsync(Encoding.UTF8.GetBytes(request.ToString()), stop);
        await stream.FlushAsync(stop);
        var (reply, one) = (new StringBuilder(), new byte[1]);
        while (reply.Length < LongestReply && await stream.ReadAsync(one, stop) > 0)
        {
            reply.Append((char)one[0]);
            if (one[0] == '\n')
            {
                var line = reply.ToString().TrimEnd();
                return line.StartsWith('+') ? line[1..] : line.StartsWith('-') ? throw new ProbeFailedException($"Redis refuses {what}: {line[1..]}")
                    : throw new ProbeFailedException($"this is not how Redis answers {what}: {(line.Length > 40 ? line[..40] : line)}");
            }
        }
        throw new ProbeFailedException(reply.Length == 0 ? $"the other side closed the connection at {what}" : $"this is not how Redis answers {what}");
    }
}
