using Nines.Core.Probes;
using RabbitMQ.Client;
using RabbitMQ.Client.Exceptions;

namespace Nines.Server.Probes;

/// <summary>Signs in to RabbitMQ and opens a channel.</summary>
internal sealed class RabbitMqProbing(ProbeConnector connector)
{
    /// <summary>Runs a check into what was seen.</summary>
    /// <exception cref="ProbeFailedException">It is not there, or does not let the user in.</exception>
    public async Task RunAsync(Probe probe, RabbitMqCheck check, ProbeSight sight, CancellationToken stop)
    {
        var address = (await connector.AddressesAsync(check.Address.Host, written: true, probe.AllowPrivate, stop))[0];
        var timeout = TimeSpan.FromMilliseconds(probe.TimeoutMs);
        var factory = new ConnectionFactory
        {
            HostName = address.ToString(),
            Port = check.Address.Port,
            VirtualHost = check.VirtualHost,
            UserName = check.Username,
            Password = check.Password is { } password ? SecretReader.Resolve(password) : ConnectionFactory.DefaultPass,
            ClientProvidedName = "nines-probe",
            AutomaticRecoveryEnabled = false,
            TopologyRecoveryEnabled = false,
            RequestedConnectionTimeout = timeout,
            SocketReadTimeout = timeout,
            SocketWriteTimeout = timeout,
            ContinuationTimeout = timeout,
            HandshakeContinuationTimeout = timeout,
        };
        try
        {
            await using var connection = await factory.CreateConnectionAsync(stop);
            await using var channel = await connection.CreateChannelAsync(cancellationToken: stop);
            (sight.Connected, sight.Ip) = (true, address.ToString());
            sight.Body = connection.ServerProperties?.TryGetValue("version", out var said) == true && said is byte[] version ? version : default;
            await channel.CloseAsync(stop);
            await connection.CloseAsync(stop);
        }
        catch (Exception e) when (e is BrokerUnreachableException or RabbitMQClientException)
        {
            throw new ProbeFailedException(Why(e, check.Address));
        }
    }

    private static string Why(Exception e, ProbeAddress address)
    {
        for (var inner = e; inner is not null; inner = inner.InnerException)
        {
            if (inner is AuthenticationFailureException or OperationInterruptedException)
            {
                return $"RabbitMQ refuses: {inner.Message}";
            }
        }
        return $"no answer from RabbitMQ at {address}: {e.InnerException?.Message ?? e.Message}";
    }
}
