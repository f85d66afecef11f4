using System.Collections.Concurrent;
using Nines.Metrics;
using Nines.Tsdb.Blocks;
using Nines.Tsdb.Files;
using Nines.Tsdb.Head;
using Nines.Tsdb.Log;
using Nines.Tsdb.Reading;

namespace Nines.Tsdb;

/// <summary>
/// The built-in metrics store: the newest hours in memory with every commit in a log on disk, the rest in blocks on disk.
/// What one commit appends is written at once; each series shows its new samples as soon as they are in memory.
/// </summary>
public sealed partial class TsdbStore : ISeriesSource, ISampleSink, IDisposable, IAsyncDisposable
{
    /// <summary>The head is cut so long after a window's end, so that what comes late finds its place.</summary>
    private const long LateMs = 3_600_000;

    private const int MostUnlogged = 1_000_000;

    // As in Prometheus: a sample of the far future would keep its series from taking right ones.
    private const long MostAheadMs = 10 * 60_000;

    private readonly TsdbOptions _options;
    private readonly SeriesRegistry _registry;
    private readonly BlockSet _blocks;
    private readonly LogWriter _log;
    private readonly Lock _commit = new();
    private readonly Lock _maintenance = new();
    private readonly LogBuffer _buffer = new();
    private readonly List<MemSeries> _undescribed = [];
    private readonly List<StagedSample> _unlogged = [];
    private readonly ConcurrentBag<List<StagedSample>> _stagings = [];
    private readonly LogReader _replay;
    private readonly ITimer _syncTimer;
    private readonly ITimer _maintenanceTimer;
    private bool _disposed;
    private bool _logWritable = true;
    private long _floorMs;
    private long _cutDueMs = long.MinValue;
    private long _newestMs = long.MinValue;
    private long _appends;
    private long _appended;
    private long _refused;
    private long _refusedSeries;
    private long _failedCommits;
    private long _failedSyncs;
    private long _failedMaintenance;
    private int _heldBlocks;
    private long _bytesOverLimit;
    private string? _lastError;
    private DateTimeOffset? _lastErrorAt;

    /// <summary>Opens a store: its blocks and its log.</summary>
    /// <exception cref="InvalidDataException">A newer version of Nines wrote a part of it.</exception>
    /// <exception cref="IOException">The directory, or a file in it, cannot be read.</exception>
    /// <exception cref="UnauthorizedAccessException">It may not be read.</exception>
    public TsdbStore(TsdbOptions options) : this(options, new DirectoryFiles(options.Directory))
    {
    }

    internal TsdbStore(TsdbOptions options, IStoreFiles files)
    {
        _options = options;
        _blocks = new BlockSet(files, options.Fault);
        _registry = new SeriesRegistry(options.MaxSeries, _blocks);
        _log = new LogWriter(files, options.SegmentBytes);
        _blocks.Open();
        _floorMs = _blocks.View.HeadStartMs;
        _replay = new LogReader(_registry, Math.Max(OldestMs(), options.Fault == TsdbFault.LogReplayedWhole ? long.MinValue : _floorMs));
        Replay(files);
        _syncTimer = options.Time.CreateTimer(_ => Sync(), null, options.SyncInterval, options.SyncInterval);
        _maintenanceTimer = options.Time.CreateTimer(_ => Maintain(), null, options.MaintenanceInterval, options.MaintenanceInterval);
    }

    /// <summary>Opens a store to look at it: nothing on disk is changed, and nothing can be appended for good.</summary>
    /// <inheritdoc cref="TsdbStore(TsdbOptions)"/>
    public static TsdbStore OpenReadOnly(string directory) => new(
        new TsdbOptions
        {
            Directory = directory,
            Retention = TimeSpan.FromDays(400_000),
            SyncInterval = Timeout.InfiniteTimeSpan,
            MaintenanceInterval = Timeout.InfiniteTimeSpan,
        },
        new ReadOnlyFiles(new DirectoryFiles(directory)));

    /// <summary>How the store is doing.</summary>
    public TsdbHealth Health
    {
        get
        {
            lock (_commit)
            {
                var blocks = _blocks.View.Blocks;
                return new TsdbHealth(_registry.Count, _appended, Interlocked.Read(ref _refused), Interlocked.Read(ref _refusedSeries), _logWritable,
                    _failedCommits, _unlogged.Count, _failedSyncs, _lastError, _lastErrorAt, _log.Bytes, _log.Count,
                    _replay.Samples, _replay.Lost, _replay.Damages,
                    blocks.Length, blocks.Sum(b => b.Bytes), blocks.Length == 0 ? 0 : blocks[0].Toc.MinMs, _blocks.Damages,
                    _failedMaintenance, _heldBlocks, _bytesOverLimit);
            }
        }
    }

    /// <summary>Tells from when on samples are still needed, such as by an account that has not counted them; ms since the Unix epoch,
    /// <see cref="long.MaxValue"/> when none are. Blocks that are needed outlive the retention and the size limit.</summary>
    public Func<long> NeededSinceMs { get; set; } = () => long.MaxValue;

    /// <summary>Counts over the series in memory; each list holds the first <paramref name="limit"/>, largest first.</summary>
    public TsdbStats Stats(int limit) => HeadStats.Of(_registry, limit);

    /// <inheritdoc/>
    public IReadOnlyList<ISelectedSeries> Select(IReadOnlyList<Matcher> matchers, long fromMs, long toMs)
    {
        // Memory first: what leaves it meanwhile is in the blocks that are looked at afterwards.
        var inMemory = _registry.Find(matchers, s => s.NewestMs >= fromMs && s.OldestMs <= toMs);
        var view = _blocks.View;
        var found = new List<ISelectedSeries>(inMemory.Length);
        foreach (var head in inMemory)
        {
            found.Add(new SelectedSeries(head.Labels, _blocks, view) { Head = head });
        }
        Dictionary<Labels, SelectedSeries>? byLabels = null;
        for (var i = 0; i < view.Blocks.Length; i++)
        {
            if (!view.Reaches(i, fromMs, toMs))
            {
                continue;
            }
            byLabels ??= found.ToDictionary(s => s.Labels, s => (SelectedSeries)s);
            var index = view.Blocks[i].Index;
            foreach (var series in index.Find(matchers))
            {
                var labels = index.LabelsOf(series);
                if (!byLabels.TryGetValue(labels, out var selected))
                {
                    byLabels[labels] = selected = new SelectedSeries(labels, _blocks, view);
                    found.Add(selected);
                }
                else if (!ReferenceEquals(selected.Labels, labels))
                {
                    index.Intern(series, selected.Labels);
                }
                selected.Add(i, series);
            }
        }
        return found;
    }

    /// <inheritdoc/>
    public IReadOnlyList<string> LabelNames(IReadOnlyList<Matcher> matchers, long fromMs, long toMs)
    {
        var names = new SortedSet<string>(StringComparer.Ordinal);
        if (matchers.Count == 0)
        {
            names.UnionWith(_registry.LabelNames());
            foreach (var block in BlocksWithin(fromMs, toMs))
            {
                names.UnionWith(block.Index.LabelNames());
            }
            return [.. names];
        }
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
    public IReadOnlyList<string> LabelValues(string name, IReadOnlyList<Matcher> matchers, long fromMs, long toMs)
    {
        var values = new HashSet<string>(StringComparer.Ordinal);
        if (matchers.Count == 0)
        {
            values.UnionWith(_registry.LabelValues(name));
            foreach (var block in BlocksWithin(fromMs, toMs))
            {
                values.UnionWith(block.Index.LabelValues(name));
            }
        }
        else
        {
            values.UnionWith(Select(matchers, fromMs, toMs).Select(s => s.Labels[name]).Where(v => v.Length > 0));
        }
        return [.. values.Order(StringComparer.Ordinal)];
    }

    /// <inheritdoc/>
    public ITrackedSeries Track(IReadOnlyList<Matcher> matchers) => _registry.Track(matchers);

    /// <summary>Forces the log to disk, with what it refused before.</summary>
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
                if (_unlogged.Count > 0)
                {
                    Log([]);
                }
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
        _maintenanceTimer.Dispose();
        lock (_maintenance)
        {
            lock (_commit)
            {
                if (_disposed)
                {
                    return;
                }
                _disposed = true;
                try
                {
                    if (_unlogged.Count > 0)
                    {
                        Log([]);
                    }
                    _log.Dispose();
                }
                catch (Exception e) when (IsWorlds(e))
                {
                    Note(e);
                }
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

    private IEnumerable<Block> BlocksWithin(long fromMs, long toMs)
    {
        var view = _blocks.View;
        return view.Blocks.Where((_, i) => view.Reaches(i, fromMs, toMs));
    }

    private void Replay(IStoreFiles files)
    {
        // What someone else put there is none of ours.
        var names = files.List(LogWriter.Folder).Where(LogWriter.IsSegment).ToList();
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
        foreach (var series in _registry.All())
        {
            NoteTimes(series.OldestMs, series.NewestMs);
        }
    }

    private void NoteTimes(long oldestMs, long newestMs)
    {
        if (oldestMs > newestMs)
        {
            return;
        }
        _newestMs = Math.Max(_newestMs, newestMs);
        if (_cutDueMs == long.MinValue)
        {
            _cutDueMs = CutDue(oldestMs);
        }
    }

    private long NowMs() => _options.Time.GetUtcNow().ToUnixTimeMilliseconds();

    private long OldestMs() => (_options.Time.GetUtcNow() - _options.Retention).ToUnixTimeMilliseconds();

    private void Note(Exception e) => (_lastError, _lastErrorAt) = ($"{e.GetType().Name}: {e.Message}", _options.Time.GetUtcNow());
}
