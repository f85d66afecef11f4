using System.Net;
using System.Net.Sockets;
using Nines.Core.Probes;

namespace Nines.Server.Probes;

/// <summary>Looks a host's addresses up; a test gives others than the system's.</summary>
public delegate Task<IPAddress[]> ResolveHost(string host, CancellationToken stop);

/// <summary>What a probe may not do, or could not; the message is the end of a sentence.</summary>
internal sealed class ProbeFailedException(string message) : Exception(message);

/// <summary>Connects to what <see cref="AddressRule"/> allows. The address that was checked is the one connected to, so that a name that leads elsewhere a
/// moment later leads nowhere.</summary>
internal sealed class ProbeConnector(ResolveHost resolve)
{
    /// <summary>The addresses of a host that may be connected to.</summary>
    /// <param name="host">The host.</param>
    /// <param name="written">Whether the document names it itself.</param>
    /// <param name="allowPrivate">Whether the document allows private addresses that it does not write.</param>
    /// <param name="stop">Ends the wait.</param>
    /// <exception cref="ProbeFailedException">There is none.</exception>
    public async Task<IPAddress[]> AddressesAsync(string host, bool written, bool allowPrivate, CancellationToken stop)
    {
        var plain = host.Trim('[', ']');
        IPAddress[] all;
        try
        {
            all = IPAddress.TryParse(plain, out var literal) ? [literal] : await resolve(plain, stop);
        }
        catch (SocketException e)
        {
            throw new ProbeFailedException($"{plain} is not found: {e.Message}");
        }
        var allowed = all.Where(a => AddressRule.Refusal(plain, a, written, allowPrivate) is null).ToArray();
        return allowed.Length > 0 ? allowed
            : throw new ProbeFailedException(all.Length == 0 ? $"{plain} has no address" : AddressRule.Refusal(plain, all[0], written, allowPrivate)!);
    }

    /// <summary>Connects to a host: to its addresses in turn until one answers.</summary>
    /// <returns>The connection, and the address it is to.</returns>
    /// <exception cref="ProbeFailedException">None may be connected to, or answers.</exception>
    public async Task<(NetworkStream Stream, IPAddress Address)> ConnectAsync(
        string host, int port, bool written, bool allowPrivate, CancellationToken stop)
    {
        var failure = "";
        foreach (var address in await AddressesAsync(host, written, allowPrivate, stop))
        {
            var socket = new Socket(address.AddressFamily, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
            try
            {
                await socket.ConnectAsync(new IPEndPoint(address, port), stop);
                return (new NetworkStream(socket, ownsSocket: true), address);
            }
            catch (SocketException e)
            {
                socket.Dispose();
                failure = $"no connection to {new IPEndPoint(address, port)}: {Lower(e.Message)}";
            }
            catch
            {
                socket.Dispose();
                throw;
            }
        }
        throw new ProbeFailedException(failure);
    }

    private static string Lower(string text) => text.Length == 0 ? text : char.ToLowerInvariant(text[0]) + text[1..];
}
