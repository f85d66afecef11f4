using Microsoft.Extensions.Logging;

namespace Nines.Server.State;

/// <summary>
/// Records what must not wait for the store: within a patience of 2 s it is durable, or it is kept in memory and written
/// later, in order. Work handed to it must be able to run twice.
/// </summary>
internal sealed partial class DurableRecorder(IStateStore store, IoTime io, ILogger<DurableRecorder> log)
{
    /// <summary>At most so much is kept; beyond it the oldest is dropped and counted.</summary>
    public const int MaxKept = 100_000;

    /// <summary>How long a write may take.</summary>
    public static readonly TimeSpan Patience = TimeSpan.FromSeconds(2);

    /// <summary>Kept work is written in transactions of at most so much.</summary>
    private const int MaxBatch = 1000;

    private readonly Lock _gate = new();
    private readonly SortedDictionary<long, Action<StateTransaction>> _kept = [];

    // What the store was given, until all before it is known to be written.
    private readonly SortedDictionary<long, (Action<StateTransaction> Work, bool Written)> _given = [];
    private long _next;
    private Task? _reconciling;

    /// <summary>Whether the store refuses writes.</summary>
    public bool Refusing { get; private set; }

    /// <summary>Why it refuses; empty when it does not.</summary>
    public string Reason { get; private set; } = "";

    /// <summary>How much waits to be written.</summary>
    public int Kept
    {
        get
        {
            lock (_gate)
            {
                return _kept.Count;
            }
        }
    }

    /// <summary>How much was dropped because too much waited, or because it cannot be written at all.</summary>
    public long Dropped { get; private set; }

    /// <summary>Records now, or keeps for later. Calls are recorded in the order they are made.</summary>
    /// <returns>Whether it is durable.</returns>
    /// <exception cref="LeaseLostException">Another server leads: what was decided does not hold.</exception>
    public async Task<bool> RecordAsync(Action<StateTransaction> work)
    {
        Task<int> write;
        long number;
        lock (_gate)
        {
            number = _next++;
            if (Refusing)
            {
                Keep(number, work);
                return false;
            }
            _given[number] = (work, false);
            write = store.WriteAsync(transaction =>
            {
                work(transaction);
                return 0;
            }, CancellationToken.None);
        }
        try
        {
            await write.WaitAsync(Patience, io.Provider);
        }
        catch (Exception e) when (e is TimeoutException or StoreRefusedException)
        {
            var reason = e is TimeoutException ? $"a write takes longer than {Patience.TotalSeconds:0} s" : e.Message;
            Observe(write);
            Refuse(number, work, reason);
            return false;
        }
        catch
        {
            Written(number, work);
            throw;
        }
        Written(number, work);
        return true;
    }

    /// <summary>Tries to write what was kept. Called every few seconds while the store refuses.</summary>
    /// <returns>Whether the store takes writes again and nothing is left.</returns>
    public async Task<bool> ReconcileAsync()
    {
        lock (_gate)
        {
            if (!Refusing)
            {
                return true;
            }
        }
        // A write that hangs is asked about again, not joined by another.
        var attempt = _reconciling ??= WriteKeptAsync();
        try
        {
            await attempt.WaitAsync(Patience, io.Provider);
        }
        catch (TimeoutException)
        {
            return false;
        }
        catch (StoreRefusedException e)
        {
            Reason = e.Message;
            return false;
        }
        finally
        {
            if (attempt.IsCompleted)
            {
                _reconciling = null;
            }
        }
        lock (_gate)
        {
            return !Refusing;
        }
    }

    private async Task WriteKeptAsync()
    {
        var size = MaxBatch;
        while (true)
        {
            KeyValuePair<long, Action<StateTransaction>>[] batch;
            lock (_gate)
            {
                batch = [.. _kept.Take(size)];
            }
            try
            {
                await store.WriteAsync(transaction =>
                {
                    foreach (var (_, work) in batch)
                    {
                        work(transaction);
                    }
                    return 0;
                }, CancellationToken.None);
                size = Math.Min(MaxBatch, size * 2);
            }
            catch (Exception e) when (e is not (StoreRefusedException or LeaseLostException))
            {
                // Our bug in one piece of work must not keep all that waits off the record: narrow it down, and leave it out.
                if (batch.Length > 1)
                {
                    size = batch.Length / 2;
                    continue;
                }
                Dropped++;
                LogLeftOut(e);
            }
            lock (_gate)
            {
                foreach (var (number, _) in batch)
                {
                    _kept.Remove(number);
                }
                if (_kept.Count == 0)
                {
                    Refusing = false;
                    Reason = "";
                    break;
                }
            }
        }
        LogRecovered();
    }

    private void Written(long number, Action<StateTransaction> work)
    {
        lock (_gate)
        {
            if (_given.ContainsKey(number))
            {
                _given[number] = (work, true);
            }
            while (_given.Count > 0 && _given.First() is { Value.Written: true } first)
            {
                _given.Remove(first.Key);
            }
        }
    }

    /// <summary>Keeps what was refused, and what was given behind it: written or not, it must be written after it.</summary>
    private void Refuse(long number, Action<StateTransaction> work, string reason)
    {
        lock (_gate)
        {
            Keep(number, work);
            foreach (var (behind, given) in _given.Where(g => g.Key >= number).ToList())
            {
                Keep(behind, given.Work);
                _given.Remove(behind);
            }
            Refusing = true;
            Reason = reason;
        }
        LogRefused(reason);
    }

    private void Keep(long number, Action<StateTransaction> work)
    {
        _kept[number] = work;
        if (_kept.Count > MaxKept)
        {
            _kept.Remove(_kept.First().Key);
            Dropped++;
        }
    }

    private static void Observe(Task write) => _ = write.ContinueWith(
        static finished => _ = finished.Exception, CancellationToken.None, TaskContinuationOptions.OnlyOnFaulted, TaskScheduler.Default);

    [LoggerMessage(Level = LogLevel.Error, Message = "The store refuses writes: {Reason}. Alerts are delivered from memory and recorded later.")]
    private partial void LogRefused(string reason);

    [LoggerMessage(Level = LogLevel.Error, Message = "One kept record cannot be written and is left out")]
    private partial void LogLeftOut(Exception failure);

    [LoggerMessage(Level = LogLevel.Warning, Message = "The store takes writes again; everything kept is recorded.")]
    private partial void LogRecovered();
}
