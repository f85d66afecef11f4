using System.Collections.Concurrent;
using Nines.Metrics;
using Nines.Tsdb.Head;
using Nines.Tsdb.Log;

namespace Nines.Tsdb;

/// <summary>
/// The built-in metrics store: series and samples in memory, every commit in a log on disk.
/// What one commit appends is written at once; each series shows its new samples as soon as they are in memory.
/// </summary>
public sealed class TsdbStore : ISeriesSource, ISampleSink, IDisposable, IAsyncDisposable
{
    private readonly TsdbOptions _options;
    private readonly SeriesRegistry _registry;
    private readonly LogWriter _log;
    private readonly Lock _commit = new();
    private readonly LogBuffer _buffer = new();
    private readonly List<MemSeries> _undescribed = [];
    private readonly ConcurrentBag<List<StagedSample>> _stagings = [];
    private readonly LogReader _replay;
    private readonly ITimer _syncTimer;
    private readonly ITimer _retentionTimer;
    private bool _disposed;
    private bool _logWritable = true;
    private long _appends;
    private long _appended;
    private long _refused;
    private long _refusedSeries;
    private long _failedCommits;
    private long _failedSyncs;
    private string? _lastError;
    private DateTimeOffset? _lastErrorAt;

    /// <summary>Opens a store and reads its log.</summary>
    /// <exception cref="InvalidDataException">A newer version of Nines wrote the log.</exception>
    /// <exception cref="IOException">The directory cannot be read.</exception>
    public TsdbStore(TsdbOptions options) : this(options, new DirectoryLogFiles(Path.Combine(options.Directory, "log")))
    {
    }

    internal TsdbStore(TsdbOptions options, ILogFiles files)
    {
        _options = options;
        _registry = new SeriesRegistry(options.MaxSeries);
        _log = new LogWriter(files, options.SegmentBytes);
        _replay = new LogReader(_registry, OldestMs());
        Replay(files);
        _syncTimer = options.Time.CreateTimer(_ => Sync(), null, options.SyncInterval, options.SyncInterval);
        _retentionTimer = options.Time.CreateTimer(_ => DropOld(), null, options.RetentionInterval, options.RetentionInterval);
    }

    /// <summary>How the store is doing.</summary>
    public TsdbHealth Health
    {
        get
        {
            lock (_commit)
            {
                return new TsdbHealth(_registry.Count, _appended, Interlocked.Read(ref _refused), Interlocked.Read(ref _refusedSeries), _logWritable,
                    _failedCommits, _failedSyncs, _lastError, _lastErrorAt, _log.Bytes, _log.Count, _replay.Samples, _replay.Lost, _replay.Damages);
            }
        }
    }

    /// <summary>Counts over the series in memory; each list holds the first <paramref name="limit"/>, largest first.</summary>
    public TsdbStats Stats(int limit) => HeadStats.Of(_registry, limit);

    /// <inheritdoc/>
    public IAppend Begin() => new Append(this, Interlocked.Increment(ref _appends), _stagings.TryTake(out var list) ? list : []);

    /// <inheritdoc/>
    public IReadOnlyList<ISelectedSeries> Select(IReadOnlyList<Matcher> matchers, long fromMs, long toMs) =>
        _registry.Find(matchers, s => s.NewestMs >= fromMs && s.OldestMs <= toMs);

    /// <inheritdoc/>
    public IReadOnlyList<string> LabelNames(IReadOnlyList<Matcher> matchers, long fromMs, long toMs)
    {
        var names = new SortedSet<string>(StringComparer.Ordinal);
        foreach (var series in Select(matchers, fromMs, toMs))
        {
            foreach (var pair in series.Labels.Pairs)
            {
                names.Add(pair.Key);
            }
        }
        return [.. names];
    }

    /// <inheritdoc/>
    public IReadOnlyList<string> LabelValues(string name, IReadOnlyList<Matcher> matchers, long fromMs, long toMs) =>
        [.. Select(matchers, fromMs, toMs).Select(s => s.Labels[name]).Where(v => v.Length > 0).Distinct(StringComparer.Ordinal)
            .Order(StringComparer.Ordinal)];

    /// <inheritdoc/>
    public ITrackedSeries Track(IReadOnlyList<Matcher> matchers) => _registry.Track(matchers);

    /// <summary>Drops what is older than the retention or more than the log may hold.</summary>
    internal void DropOld()
    {
        var oldest = OldestMs();
        lock (_commit)
        {
            if (_disposed)
            {
                return;
            }
            try
            {
                oldest = _log.DropBefore(oldest, _options.MaxLogBytes);
            }
            catch (Exception e) when (IsWorlds(e))
            {
                Note(e);
            }
            _registry.DropBefore(oldest);
        }
    }

    /// <summary>Forces the log to disk.</summary>
    internal void Sync()
    {
        lock (_commit)
        {
            if (_disposed)
            {
                return;
            }
            try
            {
                _log.Sync();
            }
            catch (Exception e) when (IsWorlds(e))
            {
                _failedSyncs++;
                Note(e);
            }
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _syncTimer.Dispose();
        _retentionTimer.Dispose();
        lock (_commit)
        {
            if (_disposed)
            {
                return;
            }
            _disposed = true;
            try
            {
                _log.Dispose();
            }
            catch (Exception e) when (IsWorlds(e))
            {
                Note(e);
            }
        }
    }

    /// <inheritdoc/>
    public ValueTask DisposeAsync()
    {
        Dispose();
        return ValueTask.CompletedTask;
    }

    private static bool IsWorlds(Exception e) => e is IOException or UnauthorizedAccessException;

    private long OldestMs() => (_options.Time.GetUtcNow() - _options.Retention).ToUnixTimeMilliseconds();

    private void Replay(ILogFiles files)
    {
        var names = files.List();
        for (var i = 0; i < names.Count; i++)
        {
            var bytes = files.ReadAll(names[i]);
            var (end, newest) = _replay.Read(names[i], bytes);
            if (end < bytes.Length && i == names.Count - 1)
            {
                try
                {
                    files.Truncate(names[i], end);
                }
                catch (Exception e) when (IsWorlds(e))
                {
                    Note(e);
                }
            }
            _log.Found(names[i], end, newest);
        }
        _replay.Finish();
    }

    private void Commit(List<StagedSample> staged)
    {
        lock (_commit)
        {
            ObjectDisposedException.ThrowIf(_disposed, this);
            var newest = Sift(staged);
            if (staged.Count == 0)
            {
                return;
            }
            var samples = System.Runtime.InteropServices.CollectionsMarshal.AsSpan(staged);
            try
            {
                Write(samples, newest);
                _logWritable = true;
            }
            catch (Exception e) when (IsWorlds(e))
            {
                _logWritable = false;
                _failedCommits++;
                Note(e);
            }
            foreach (ref readonly var entry in samples)
            {
                // Twice the same time in one commit: the first stays.
                if (entry.Sample.TimeMs > entry.Series.NewestMs)
                {
                    entry.Series.Append(entry.Sample);
                    _appended++;
                    _registry.List(entry.Series);
                }
            }
        }
    }

    // Another append may have overtaken this one since its samples were judged.
    private long Sift(List<StagedSample> staged)
    {
        var (kept, newest) = (0, long.MinValue);
        for (var i = 0; i < staged.Count; i++)
        {
            var entry = staged[i];
            var verdict = entry.Series.Retired ? Verdict.Refused : entry.Series.Judge(entry.Sample);
            if (verdict == Verdict.Newer)
            {
                newest = Math.Max(newest, entry.Sample.TimeMs);
                staged[kept++] = entry;
            }
            else if (verdict == Verdict.Refused)
            {
                Interlocked.Increment(ref _refused);
            }
        }
        staged.RemoveRange(kept, staged.Count - kept);
        return newest;
    }

    private void Write(ReadOnlySpan<StagedSample> samples, long newestMs)
    {
        _log.Open();
        var segment = _log.Current;
        _undescribed.Clear();
        _buffer.Clear();
        foreach (ref readonly var entry in samples)
        {
            if (entry.Series.LoggedIn != segment)
            {
                entry.Series.LoggedIn = segment;
                _undescribed.Add(entry.Series);
                _buffer.AddSeries(entry.Series);
            }
        }
        _buffer.AddSamples(samples);
        // Twice, so that one damaged record does not take a series' samples with it.
        foreach (var series in _undescribed)
        {
            _buffer.AddSeries(series);
        }
        _log.Append(_buffer.Written, newestMs);
    }

    private void Note(Exception e) => (_lastError, _lastErrorAt) = ($"{e.GetType().Name}: {e.Message}", _options.Time.GetUtcNow());

    private sealed class Append(TsdbStore store, long number, List<StagedSample> staged) : IAppend
    {
        private List<StagedSample>? _staged = staged;

        public long Series(Labels labels, bool bornInKnownTarget, long intervalMs)
        {
            if (store._registry.GetOrAdd(labels, bornInKnownTarget, intervalMs) is { } series)
            {
                return series.Reference;
            }
            Interlocked.Increment(ref store._refusedSeries);
            return 0;
        }

        public bool Add(long series, CounterSample sample)
        {
            ObjectDisposedException.ThrowIf(_staged is null, this);
            if (store._registry[series] is not { Retired: false } target)
            {
                Interlocked.Increment(ref store._refused);
                return false;
            }
            var verdict = target.Judge(sample);
            if (verdict == Verdict.Newer && target.Staged.Append == number && target.Staged.TimeMs >= sample.TimeMs)
            {
                verdict = target.Staged.TimeMs == sample.TimeMs && MemSeries.SameBits(target.Staged.Value, sample.Value) ? Verdict.Same : Verdict.Refused;
            }
            if (verdict == Verdict.Newer)
            {
                target.Staged = (number, sample.TimeMs, sample.Value);
                _staged.Add(new StagedSample(target, sample));
            }
            else if (verdict == Verdict.Refused)
            {
                Interlocked.Increment(ref store._refused);
            }
            return verdict != Verdict.Refused;
        }

        public void Commit()
        {
            ObjectDisposedException.ThrowIf(_staged is null, this);
            store.Commit(_staged);
            Dispose();
        }

        public void Dispose()
        {
            if (Interlocked.Exchange(ref _staged, null) is { } done)
            {
                done.Clear();
                if (done.Capacity <= 32_768 && store._stagings.Count < 4)
                {
                    store._stagings.Add(done);
                }
            }
        }
    }
}
