using Nines.Core.Objectives;

namespace Nines.Server.Objectives.Sources;

/// <summary>Reads one objective from its source in the background: history in pieces without pause, then every 15 s.</summary>
internal abstract class RemoteReader(string objective, SourceReaders readers, string source) : ICatchUp
{
    /// <summary>A reader further behind than this is catching up.</summary>
    public const long BehindMs = 2 * LedgerTime.MinuteMs;

    /// <summary>What is newer than this waits for the next turn.</summary>
    protected const long RestMs = 5_000;

    private const long PeriodMs = 15_000;
    private static readonly TimeSpan LongestWait = TimeSpan.FromSeconds(15);

    private readonly CancellationTokenSource _stop = new();
    private Task _running = Task.CompletedTask;
    private long _startMs;
    private long _progressMs;
    private volatile string? _failure;

    protected CancellationToken Stop => _stop.Token;

    protected SourceClient Client => readers.Client(source);

    protected long NowMs => readers.NowMs;

    protected Lock Gate { get; } = new();

    /// <inheritdoc/>
    public abstract long ReadToMs { get; }

    /// <inheritdoc/>
    public long ProgressMs => Interlocked.Read(ref _progressMs);

    /// <inheritdoc/>
    public string? Failure => _failure;

    /// <summary>How many series are followed.</summary>
    protected abstract int SeriesCount { get; }

    /// <summary>The oldest sample that was read; null for none.</summary>
    protected abstract long? OldestMs { get; }

    public void Begin(long startMs, long fromMs)
    {
        _startMs = startMs;
        Start(Math.Max(startMs, fromMs));
        readers.Add(source, this);
        _running = Task.Run(RunAsync);
    }

    /// <inheritdoc/>
    public SourceReading Reading(long nowMs)
    {
        var read = ReadToMs;
        var share = nowMs > _startMs ? Math.Clamp((read - _startMs) / (double)(nowMs - _startMs), 0, 1) : 1;
        return new(objective, _failure is not null ? "failing" : nowMs - read > BehindMs ? "catching-up" : "live",
            At(_startMs), read > 0 ? At(read) : null, Math.Round(share, 4), OldestMs is { } oldest ? At(oldest) : null, SeriesCount, _failure);
    }

    public void Dispose()
    {
        readers.Remove(this);
        _stop.Cancel();
        // The running task ends by itself; it holds nothing that outlives the token.
        _ = _running.ContinueWith(_ => _stop.Dispose(), TaskScheduler.Default);
    }

    /// <summary>Sets where reading starts.</summary>
    protected abstract void Start(long fromMs);

    /// <summary>Whether there is nothing to read now: it is read up to the present, or the ledger has not booked yet what was read before.</summary>
    /// <param name="full">Whether it is the ledger that is waited for.</param>
    protected abstract bool IsIdle(out bool full);

    /// <summary>Reads one piece.</summary>
    /// <exception cref="SourceException">It could not be read.</exception>
    protected abstract Task ReadAsync();

    /// <summary>Makes pieces shorter.</summary>
    /// <returns>False when they cannot be.</returns>
    protected abstract bool Shorten();

    private static DateTimeOffset At(long ms) => DateTimeOffset.FromUnixTimeMilliseconds(ms);

    private async Task RunAsync()
    {
        var (wait, retry) = (TimeSpan.Zero, TimeSpan.FromSeconds(1));
        while (!_stop.IsCancellationRequested)
        {
            try
            {
                if (wait > TimeSpan.Zero)
                {
                    await Task.Delay(wait, readers.Time, Stop);
                }
                wait = TimeSpan.Zero;
                if (IsIdle(out var full))
                {
                    if (full)
                    {
                        readers.Hurry();
                    }
                    wait = full ? TimeSpan.FromMilliseconds(250) : UntilNextTurn();
                    continue;
                }
                await ReadAsync();
                Interlocked.Exchange(ref _progressMs, NowMs);
                _failure = null;
                retry = TimeSpan.FromSeconds(1);
            }
            catch (SourceException e)
            {
                var shorter = e.TooMuch && Shorten();
                _failure = shorter ? _failure : e.Message;
                (wait, retry) = shorter ? (TimeSpan.Zero, retry) : (retry, TimeSpan.FromTicks(Math.Min(retry.Ticks * 2, LongestWait.Ticks)));
            }
            catch (OperationCanceledException) when (_stop.IsCancellationRequested)
            {
                return;
            }
#pragma warning disable CA1031 // A bug in one reading must not end it for ever: it is shown, and tried again.
            catch (Exception e)
#pragma warning restore CA1031
            {
                _failure = e.Message;
                wait = LongestWait;
            }
        }
    }

    // Shortly before the ledger's turns, and not all at the same moment.
    private TimeSpan UntilNextTurn()
    {
        var phase = LedgerEngine.SettleMs - 500 - (long)(Nines.Metrics.Labels.Of(("objective", objective)).StableHash % 3000);
        return TimeSpan.FromMilliseconds(PeriodMs - (NowMs - phase) % PeriodMs);
    }
}
