using System.Data.Common;
using Microsoft.Extensions.Logging;
using Npgsql;

namespace Nines.Server.State;

/// <summary>Another server leads: this one writes nothing more.</summary>
public sealed class LeaseLostException(string message) : Exception(message);

/// <summary>
/// The right to be the one server that works on a PostgreSQL database: a row with an epoch, and an expiry by the database's time. Each taking counts the epoch
/// up, and each transaction of the leader checks its own, so that what a leader decided before it was suspended is not written after another took over.
/// A leader whose database is away stays the leader until it learns of another.
/// </summary>
public sealed partial class LeaderLease : IAsyncDisposable
{
    /// <summary>A leader of which nothing is heard for so long is replaced: 15 s.</summary>
    public static readonly TimeSpan Duration = TimeSpan.FromSeconds(15);

    private static readonly TimeSpan Renewal = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan Question = TimeSpan.FromSeconds(1);

    private const string Now = "(extract(epoch FROM clock_timestamp()) * 1000)::bigint";

    private readonly NpgsqlDataSource _source;
    private readonly string _holder;
    private readonly TimeProvider _time;
    private readonly ILogger<LeaderLease> _log;
    private readonly TaskCompletionSource _lost = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly CancellationTokenSource _stop = new();
    private Task _renewing = Task.CompletedTask;
    private long _epoch;

    // When it was last taken or renewed, or a little before.
    private long _heldSince;
    private DateTimeOffset _heldSinceWall;

    private LeaderLease(NpgsqlDataSource source, string holder, TimeProvider time, ILogger<LeaderLease> log)
    {
        _source = source;
        _holder = holder;
        _time = time;
        _log = log;
    }

    /// <summary>Ends when another server leads.</summary>
    public Task Lost => _lost.Task;

    /// <summary>Who held it when it was last asked for; empty when nobody did.</summary>
    public string Leader { get; private set; } = "";

    /// <summary>Connects, and migrates the database as needed.</summary>
    /// <param name="connectionString">The database.</param>
    /// <param name="holder">What others are told of this server: its address.</param>
    /// <param name="time">The clock of renewals.</param>
    /// <param name="log">Gets what happens to it.</param>
    public static LeaderLease Open(string connectionString, string holder, TimeProvider time, ILogger<LeaderLease> log)
    {
        // A migration takes the time it takes.
        using (var connection = new NpgsqlConnection(new NpgsqlConnectionStringBuilder(connectionString) { CommandTimeout = 0, Pooling = false }.ToString()))
        {
            connection.Open();
            StateMigrations.Apply(connection, new PostgresDialect(), time);
        }
        var source = NpgsqlDataSource.Create(new NpgsqlConnectionStringBuilder(connectionString) { CommandTimeout = 5, MaxPoolSize = 2 });
        return new LeaderLease(source, holder, time, log);
    }

    /// <summary>Waits until this server leads. While the database is away, it waits too.</summary>
    public async Task TakeAsync(CancellationToken cancellation)
    {
        while (!await TryTakeAsync(cancellation))
        {
            await Task.Delay(Question, _time, cancellation);
        }
    }

    /// <summary>Leads from now on, unless another server does.</summary>
    public async Task<bool> TryTakeAsync(CancellationToken cancellation)
    {
        try
        {
            var asked = _time.GetTimestamp();
            // A row that a transaction of the leader holds is not waited for; a second later it is asked for again.
            await using var command = _source.CreateCommand($"""
                UPDATE lease SET epoch = epoch + 1, holder = $1, expires_at = {Now} + $2
                WHERE name = (SELECT name FROM lease WHERE name = 'leader' AND expires_at < {Now} FOR UPDATE SKIP LOCKED)
                RETURNING epoch
                """);
            command.Parameters.Add(new() { Value = _holder });
            command.Parameters.Add(new() { Value = (long)Duration.TotalMilliseconds });
            if (await command.ExecuteScalarAsync(cancellation) is long epoch)
            {
                (_epoch, _heldSince, _heldSinceWall) = (epoch, asked, _time.GetUtcNow());
                LogLeads(_epoch);
                _renewing = RenewAsync();
                return true;
            }
            await using var question = _source.CreateCommand("SELECT holder FROM lease WHERE name = 'leader'");
            Leader = await question.ExecuteScalarAsync(cancellation) as string ?? "";
        }
        catch (Exception e) when (IsAway(e))
        {
            LogAway(e.Message);
        }
        return false;
    }

    /// <summary>Gives it back, so that another server need not wait for its end.</summary>
    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _renewing;
        if (_epoch > 0)
        {
            try
            {
                await ExecuteAsync("UPDATE lease SET expires_at = 0 WHERE name = 'leader' AND epoch = $1", [_epoch], CancellationToken.None);
            }
            catch (Exception e) when (IsAway(e))
            {
                // Then others wait for its end.
                LogNotGivenBack();
            }
        }
        await _source.DisposeAsync();
        _stop.Dispose();
    }

    /// <summary>Makes sure, until the transaction's end, that this server leads.</summary>
    /// <exception cref="LeaseLostException">It does not.</exception>
    internal void Check(StateTransaction transaction)
    {
        if (transaction.Query("SELECT epoch FROM lease WHERE name = 'leader' FOR SHARE", row => row.GetInt64(0)) is not [var epoch] || epoch != _epoch)
        {
            _lost.TrySetResult();
            throw new LeaseLostException("another server leads: this one writes nothing more");
        }
    }

    /// <summary>Asks whether this server still leads, before something goes out of which the store does not know: for a second, if its lease is over.
    /// While the database does not say, it leads.</summary>
    /// <exception cref="LeaseLostException">Another server leads.</exception>
    internal async Task AskAsync()
    {
        // The steady clock may stand still while the machine sleeps.
        if (_time.GetElapsedTime(_heldSince) < Duration && (_time.GetUtcNow() - _heldSinceWall).Duration() < Duration)
        {
            return;
        }
        try
        {
            using var patience = CancellationTokenSource.CreateLinkedTokenSource(_stop.Token);
            patience.CancelAfter(Question);
            await using var question = _source.CreateCommand("SELECT epoch FROM lease WHERE name = 'leader'");
            if (await question.ExecuteScalarAsync(patience.Token) is long epoch && epoch != _epoch)
            {
                _lost.TrySetResult();
                throw new LeaseLostException("another server leads: this one sends nothing more");
            }
        }
        catch (Exception e) when (IsAway(e) || e is OperationCanceledException)
        {
            LogAway(e.Message);
        }
    }

    private async Task RenewAsync()
    {
        using var timer = new PeriodicTimer(Renewal, _time);
        try
        {
            while (await timer.WaitForNextTickAsync(_stop.Token))
            {
                try
                {
                    var asked = _time.GetTimestamp();
                    var renewed = await ExecuteAsync($"UPDATE lease SET expires_at = {Now} + $2 WHERE name = 'leader' AND epoch = $1",
                        [_epoch, (long)Duration.TotalMilliseconds], _stop.Token);
                    if (renewed == 0)
                    {
                        LogLost(_epoch);
                        _lost.TrySetResult();
                        return;
                    }
                    (_heldSince, _heldSinceWall) = (asked, _time.GetUtcNow());
                }
                catch (Exception e) when (IsAway(e))
                {
                    LogAway(e.Message);
                }
            }
        }
        catch (OperationCanceledException) when (_stop.IsCancellationRequested)
        {
            return;
        }
    }

    private static bool IsAway(Exception e) => e is DbException or TimeoutException or IOException or System.Net.Sockets.SocketException;

    private async Task<int> ExecuteAsync(string sql, IReadOnlyList<object> values, CancellationToken cancellation)
    {
        await using var command = _source.CreateCommand(sql);
        foreach (var value in values)
        {
            command.Parameters.Add(new() { Value = value });
        }
        return await command.ExecuteNonQueryAsync(cancellation);
    }

    [LoggerMessage(Level = LogLevel.Information, Message = "This server leads, in epoch {Epoch}")]
    private partial void LogLeads(long epoch);

    [LoggerMessage(Level = LogLevel.Error, Message = "Another server leads: epoch {Epoch} is over")]
    private partial void LogLost(long epoch);

    [LoggerMessage(Level = LogLevel.Warning, Message = "The lease cannot be asked for or renewed: {Reason}")]
    private partial void LogAway(string reason);

    [LoggerMessage(Level = LogLevel.Warning, Message = "The lease was not given back: another server leads when it is over")]
    private partial void LogNotGivenBack();
}
