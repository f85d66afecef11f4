using System.Data.Common;
using System.Net.Sockets;
using Nines.Core.Probes.Collectors;
using Nines.Server.Telemetry;
using Npgsql;

namespace Nines.Server.Probes.Collectors;

/// <summary>What one attempt to read a collector brought.</summary>
/// <param name="Set">What was read; of a failure what was read before it.</param>
/// <param name="Seconds">How long it took.</param>
/// <param name="Error">Why it failed; null when it did not.</param>
public sealed record CollectorAttempt(CollectedSet Set, double Seconds, string? Error)
{
    /// <summary>Reads a collector once, outside of any schedule.</summary>
    /// <param name="collector">The collector.</param>
    /// <param name="directory">Where relative paths of certificates and credentials begin.</param>
    /// <param name="time">The clock.</param>
    /// <param name="stop">Ends it.</param>
    public static async Task<CollectorAttempt> OnceAsync(Collector collector, string directory, TimeProvider time, CancellationToken stop)
    {
        using var readers = new CollectorReaders(new HttpAccessClients(directory), time);
        return (await RunAsync(collector, readers.For(collector), time, stop)).Attempt;
    }

    /// <summary>Reads within the collector's timeout.</summary>
    /// <returns>What came of it, and the reading itself, which may still go on when it could not be stopped.</returns>
    internal static async Task<(CollectorAttempt Attempt, Task Reading)> RunAsync(
        Collector collector, ICollectorReader reader, TimeProvider time, CancellationToken stop)
    {
        var begun = time.GetTimestamp();
        var timeout = new CancellationTokenSource(collector.Timeout, time);
        var either = CancellationTokenSource.CreateLinkedTokenSource(timeout.Token, stop);
        var set = new CollectedSet();
        var reading = reader.ReadAsync(set, either.Token);
        string? error = null;
        try
        {
            await reading.WaitAsync(either.Token);
        }
        catch (Exception e) when (!stop.IsCancellationRequested)
        {
            error = timeout.IsCancellationRequested ? $"no complete answer within {collector.Timeout.TotalSeconds:0.###} s" : Words(e);
        }
        finally
        {
            _ = reading.ContinueWith(r =>
            {
                _ = r.Exception;
                either.Dispose();
                timeout.Dispose();
            }, TaskScheduler.Default);
        }
        // What still reads must not change what is looked at.
        return (new(reading.IsCompleted ? set : new(), time.GetElapsedTime(begun).TotalSeconds, error), reading);
    }

    private static string Words(Exception e) => e switch
    {
        CollectException or SecretMissingException or AccessFileException => e.Message,
        PostgresException refused => $"the database refuses: {refused.MessageText} ({refused.SqlState})",
        HttpRequestException or IOException or DbException =>
            (e.InnerException is SocketException or IOException or System.Security.Authentication.AuthenticationException
            ? e.InnerException : e).Message,
        UnauthorizedAccessException => e.Message,
        // Our own mistake: its kind says where to look, and nothing of what was read.
        _ => $"Nines failed: {e.GetType().Name}",
    };
}
