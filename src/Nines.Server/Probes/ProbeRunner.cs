using System.Net;
using System.Net.Sockets;
using Nines.Core.Probes;
using Nines.Server.Telemetry;

namespace Nines.Server.Probes;

/// <summary>Runs a probe once. Whatever the target does costs this run and nothing else.</summary>
/// <param name="time">The clock.</param>
/// <param name="directory">Where relative paths of certificates and scripts begin.</param>
/// <param name="resolve">Looks hosts up; the system does when there is none.</param>
public sealed class ProbeRunner(TimeProvider time, string directory, ResolveHost? resolve = null) : IDisposable
{
    /// <summary>A wall clock and a steady one that differ by more than this over a run had the machine asleep or the clock set in it.</summary>
    private static readonly TimeSpan MostDrift = TimeSpan.FromSeconds(1);

    private readonly ProbeConnector _connector = new(resolve ?? Dns.GetHostAddressesAsync);
    private readonly HttpAccessClients _clients = new(directory);

    /// <summary>Runs it.</summary>
    /// <param name="probe">The probe.</param>
    /// <param name="scheduledMs">When it was due.</param>
    /// <param name="stop">Ends it with an <see cref="OperationCanceledException"/>.</param>
    /// <returns>The run; null when the machine slept or its clock was set meanwhile, so that it says nothing.</returns>
    public async Task<ProbeRun?> RunAsync(Probe probe, long scheduledMs, CancellationToken stop)
    {
        var (started, begun) = (time.GetUtcNow(), time.GetTimestamp());
        var sight = new ProbeSight();
        var failure = await FailureAsync(probe, sight, stop);
        var (now, took) = (time.GetUtcNow(), time.GetElapsedTime(begun));
        return (now - started - took).Duration() > MostDrift ? null
            : ProbeRun.Judge(probe, scheduledMs, started.ToUnixTimeMilliseconds(), sight.At(now, took, failure));
    }

    /// <inheritdoc/>
    public void Dispose() => _clients.Dispose();

    private async Task<string?> FailureAsync(Probe probe, ProbeSight sight, CancellationToken stop)
    {
        using var timeout = new CancellationTokenSource(TimeSpan.FromMilliseconds(probe.TimeoutMs), time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(timeout.Token, stop);
        try
        {
            await CheckAsync(probe, sight, either.Token);
            return null;
        }
        catch (Exception) when (timeout.IsCancellationRequested && !stop.IsCancellationRequested)
        {
            return $"no complete answer within {probe.TimeoutMs / 1000.0:0.###} s";
        }
        catch (Exception e) when (e is ProbeFailedException or AccessFileException or SecretMissingException)
        {
            return e.Message;
        }
        catch (Exception e) when (e is IOException or SocketException)
        {
            return $"the connection broke: {e.InnerException?.Message ?? e.Message}";
        }
    }

    private Task CheckAsync(Probe probe, ProbeSight sight, CancellationToken stop) => probe.Check switch
    {
        HttpCheck http => new HttpProbing(_connector, _clients).RunAsync(probe, http, sight, stop),
        TcpCheck tcp => new TcpProbing(_connector, _clients).RunAsync(probe, tcp, sight, stop),
        DnsCheck dns => new DnsProbing(_connector).RunAsync(probe, dns, sight, stop),
        PostgresCheck postgres => new PostgresProbing(_connector).RunAsync(probe, postgres, sight, stop),
        RedisCheck redis => new RedisProbing(_connector, _clients).RunAsync(probe, redis, sight, stop),
        RabbitMqCheck rabbit => new RabbitMqProbing(_connector).RunAsync(probe, rabbit, sight, stop),
        ScriptCheck script => new ScriptProbing(directory).RunAsync(script, sight, stop),
        var other => throw new ProbeFailedException($"probes of kind {other.Kind} are not run"),
    };
}
