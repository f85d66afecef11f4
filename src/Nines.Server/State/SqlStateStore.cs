using System.Collections.Concurrent;
using System.Data.Common;
using System.Security.Cryptography;

namespace Nines.Server.State;

/// <summary>A state store over ADO.NET: the writer thread with group commit, and reads beside it.</summary>
internal abstract class SqlStateStore : IStateStore
{
    private const int MaxWaiting = 10_000;
    private const int MaxBatch = 512;

    private readonly BlockingCollection<Work> _waiting = new(MaxWaiting);
    private readonly TimeProvider _time;
    private readonly Action<Span<byte>> _random;
    private readonly Thread _writer;
    private readonly TaskCompletionSource _writerEnded = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private DbConnection? _connection;
    private StateTransaction? _transaction;
    private bool _suspect;

    /// <param name="random">Fills salts; null takes the system's generator.</param>
    protected SqlStateStore(TimeProvider time, Action<Span<byte>>? random)
    {
        _time = time;
        _random = random ?? RandomNumberGenerator.Fill;
        _writer = new Thread(Run) { Name = "nines-state", IsBackground = true };
    }

    /// <inheritdoc/>
    public abstract string Engine { get; }

    protected abstract StateDialect Dialect { get; }

    /// <summary>Migrates and starts the writer.</summary>
    protected void Start()
    {
        using (var connection = OpenWriter())
        {
            StateMigrations.Apply(connection, Dialect, _time);
        }
        _writer.Start();
    }

    /// <summary>How many transactions were committed; commits that share one count once.</summary>
    internal long Batches { get; private set; }

    /// <inheritdoc/>
    public Task<T> WriteAsync<T>(Func<StateTransaction, T> work, CancellationToken cancellation)
    {
        if (cancellation.IsCancellationRequested)
        {
            return Task.FromCanceled<T>(cancellation);
        }
        var item = new Work<T>(work);
        bool added;
        try
        {
            added = _waiting.TryAdd(item);
        }
        catch (InvalidOperationException)
        {
            return Task.FromException<T>(new StoreRefusedException("the store is closed", null));
        }
        return added ? item.Done : Task.FromException<T>(new StoreRefusedException($"{MaxWaiting} writes are waiting already", null));
    }

    /// <inheritdoc/>
    public Task<T> ReadAsync<T>(Func<StateReader, T> read, CancellationToken cancellation) => Task.Run(() =>
    {
        if (Untouchable() is { } reason)
        {
            throw new StoreRefusedException($"the store cannot be read: {reason}", null);
        }
        try
        {
            using var connection = OpenReader();
            using var reader = new StateReader(connection, Dialect);
            return read(reader);
        }
        catch (DbException e)
        {
            throw new StoreRefusedException($"the store cannot be read: {e.Message}", e);
        }
    }, cancellation);

    /// <inheritdoc/>
    public virtual async ValueTask DisposeAsync()
    {
        _waiting.CompleteAdding();
        if (_writer.IsAlive)
        {
            await _writerEnded.Task;
        }
        _waiting.Dispose();
        GC.SuppressFinalize(this);
    }

    protected abstract DbConnection OpenWriter();

    protected abstract DbConnection OpenReader();

    /// <summary>Makes sure, until the transaction's end, that this server may write.</summary>
    /// <exception cref="LeaseLostException">It may not.</exception>
    protected virtual void CheckLead(StateTransaction transaction)
    {
    }

    /// <summary>Why connections must be left alone for now, not even closed; null when they can be used.</summary>
    protected virtual string? Untouchable() => null;

    private void Run()
    {
        var batch = new List<Work>();
        foreach (var first in _waiting.GetConsumingEnumerable())
        {
            batch.Add(first);
            while (batch.Count < MaxBatch && _waiting.TryTake(out var next))
            {
                batch.Add(next);
            }
            Commit(batch);
            batch.Clear();
        }
        Close();
        _writerEnded.SetResult();
    }

    private void Commit(List<Work> batch)
    {
        if (Untouchable() is { } reason)
        {
            var untouchable = new StoreRefusedException(reason, null);
            batch.ForEach(work => work.Refuse(untouchable));
            return;
        }
        if (_suspect)
        {
            Close();
        }
        try
        {
            _connection ??= OpenWriter();
            _transaction ??= new StateTransaction(_connection, Dialect, _time, _random);
            _transaction.BeginBatch();
            CheckLead(_transaction);
            foreach (var work in batch)
            {
                Run(work, _transaction);
            }
            _transaction.CommitBatch();
            Batches++;
        }
        catch (LeaseLostException lost)
        {
            Close();
            batch.ForEach(work => work.Refuse(lost));
            return;
        }
        catch (Exception e) when (e is DbException or IOException or UnauthorizedAccessException or InvalidOperationException or TimeoutException)
        {
            // What the connection still holds after a failure is not worth guessing: the next batch takes a new one.
            _suspect = true;
            Close();
            var refused = new StoreRefusedException(e.Message, e);
            batch.ForEach(work => work.Refuse(refused));
            return;
        }
        batch.ForEach(work => work.Complete());
    }

    private void Run(Work work, StateTransaction transaction)
    {
        transaction.BeginWork();
        try
        {
            work.Run(transaction);
            transaction.EndWork();
        }
        catch (Exception e) when (e is not DbException failure || !Dialect.IsRefusal(failure))
        {
            transaction.UndoWork();
            work.Fail(e);
        }
    }

    private void Close()
    {
        if (Untouchable() is not null)
        {
            return;
        }
        _suspect = false;
        try
        {
            _transaction?.Dispose();
            _connection?.Dispose();
        }
        catch (Exception e) when (e is DbException or IOException or InvalidOperationException)
        {
            // A broken connection cannot always be closed; it is dropped either way.
            _ = e;
        }
        _transaction = null;
        _connection = null;
    }

    private abstract class Work
    {
        protected Exception? Failure { get; set; }

        public abstract void Run(StateTransaction transaction);

        public abstract void Complete();

        public abstract void Refuse(Exception refused);

        public void Fail(Exception failure) => Failure = failure;
    }

    private sealed class Work<T>(Func<StateTransaction, T> run) : Work
    {
        private readonly TaskCompletionSource<T> _done = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private T? _value;

        public Task<T> Done => _done.Task;

        public override void Run(StateTransaction transaction) => _value = run(transaction);

        public override void Complete()
        {
            if (Failure is { } failure)
            {
                _done.SetException(failure);
            }
            else
            {
                _done.SetResult(_value!);
            }
        }

        public override void Refuse(Exception refused) => _done.SetException(Failure ?? refused);
    }
}
