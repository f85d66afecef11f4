namespace Nines.PromQL;

/// <summary>
/// What all queries that share it may take together: how many run at once, and how many samples they hold. Safe for use by many threads.
/// </summary>
/// <param name="mostAtOnce">Most queries at once; above 0. Others wait.</param>
/// <param name="mostSamples">Most samples held by all of them.</param>
public sealed class QueryBudget(int mostAtOnce = QueryBudget.DefaultAtOnce, long mostSamples = QueryBudget.DefaultSamples) : IDisposable
{
    /// <summary>Prometheus' <c>--query.max-concurrency</c>.</summary>
    public const int DefaultAtOnce = 20;

    /// <summary>Twice what one query may hold: 800 MB.</summary>
    public const long DefaultSamples = 100_000_000;

    private readonly SemaphoreSlim _places = new(mostAtOnce);
    private long _held;

    /// <summary>Samples that running queries hold, or have put aside for themselves.</summary>
    public long Held => Interlocked.Read(ref _held);

    /// <inheritdoc/>
    public void Dispose() => _places.Dispose();

    /// <summary>Waits for a place.</summary>
    /// <param name="timeout">How long at most.</param>
    /// <param name="stop">Ends the wait.</param>
    /// <returns>The place, which disposing gives back; null when there was none in time.</returns>
    public async Task<IDisposable?> EnterAsync(TimeSpan timeout, CancellationToken stop) => await _places.WaitAsync(timeout, stop) ? new Place(_places) : null;

    /// <summary>Takes samples from what is left; false when too few are.</summary>
    internal bool TryTake(long samples)
    {
        if (Interlocked.Add(ref _held, samples) <= mostSamples)
        {
            return true;
        }
        Give(samples);
        return false;
    }

    internal void Give(long samples) => Interlocked.Add(ref _held, -samples);

    private sealed class Place(SemaphoreSlim places) : IDisposable
    {
        private int _given;

        public void Dispose()
        {
            if (Interlocked.Exchange(ref _given, 1) == 0)
            {
                places.Release();
            }
        }
    }
}
