using Nines.Tsdb.Blocks;
using Nines.Tsdb.Files;

namespace Nines.Tsdb;

/// <summary>What is done to the store from time to time: the head is cut into blocks, blocks are merged and dropped, copies are made.</summary>
public sealed partial class TsdbStore
{
    /// <summary>Cuts the head where it is due, merges blocks, drops what is too old or too much. What fails is counted and tried again the next time.</summary>
    internal void Maintain()
    {
        if (!_maintenance.TryEnter())
        {
            return;
        }
        try
        {
            if (Volatile.Read(ref _disposed))
            {
                return;
            }
            var before = _blocks.View;
            Try(CutHead);
            Try(() =>
            {
                while (_blocks.Compact())
                {
                }
            });
            Try(DropOldBlocks);
            Try(DropOldSamples);
            _blocks.Rest();
            if (!ReferenceEquals(before, _blocks.View))
            {
                // The mappings of blocks that are gone hold their disk space until they are collected.
                GC.Collect(GC.MaxGeneration, GCCollectionMode.Optimized, blocking: false);
            }
        }
        finally
        {
            _maintenance.Exit();
        }
    }

    /// <summary>Makes a consistent copy of the store in a directory: what was committed before is in it. Files are linked where the file system can.</summary>
    /// <param name="directory">Where to; created when absent, and must be empty.</param>
    /// <exception cref="IOException">It cannot be written.</exception>
    public void Snapshot(string directory)
    {
        lock (_maintenance)
        {
            lock (_commit)
            {
                ObjectDisposedException.ThrowIf(_disposed, this);
                if (_unlogged.Count > 0)
                {
                    Log([]);
                }
                // What was written so far is in segments that nobody appends to any more.
                _log.Rotate();
            }
            StoreCopy.Make(_options.Directory, directory);
        }
    }

    /// <summary>Makes a copy of a store that another process may be writing. It has everything that was committed before the copy began.</summary>
    /// <param name="from">The store's directory.</param>
    /// <param name="to">Where to; created when absent, and must be empty.</param>
    /// <exception cref="IOException">It cannot be read or written.</exception>
    public static void Copy(string from, string to) => StoreCopy.Make(from, to);

    private static long CutDue(long oldestMs) => BlockSet.EndOf(oldestMs, BlockSet.CutMs) + LateMs;

    private void Try(Action action)
    {
        try
        {
            action();
        }
        catch (Exception e) when (IsWorlds(e) || e is InvalidDataException)
        {
            lock (_commit)
            {
                _failedMaintenance++;
                Note(e);
            }
        }
    }

    private void CutHead()
    {
        while (true)
        {
            var all = _registry.All();
            var oldest = all.Length == 0 ? long.MaxValue : all.Min(s => s.OldestMs);
            long end;
            lock (_commit)
            {
                _cutDueMs = oldest == long.MaxValue ? long.MinValue : CutDue(oldest);
                if (oldest == long.MaxValue || Math.Min(_newestMs, NowMs()) < _cutDueMs)
                {
                    return;
                }
                end = BlockSet.EndOf(oldest, BlockSet.CutMs);
                // From here on nothing is appended before the end: what the block holds is all there is.
                Volatile.Write(ref _floorMs, Math.Max(_floorMs, end));
                // A commit that fails to cut must not begin another attempt at once.
                _cutDueMs = long.MaxValue;
            }
            all = _registry.All();
            if (_options.Fault == TsdbFault.HeadDroppedFirst)
            {
                _registry.DropBefore(end);
            }
            _blocks.Cut(all, end);
            lock (_commit)
            {
                _registry.DropBefore(end);
                _unlogged.RemoveAll(s => s.Sample.TimeMs < end);
                _log.Rotate();
                _log.DropBefore(_options.Fault == TsdbFault.LogCutEarly ? end + LateMs : end, _options.MaxLogBytes);
            }
        }
    }

    // What is needed stays, however old and however much.
    private void DropOldBlocks()
    {
        var (old, needed) = (OldestMs(), _options.Fault == TsdbFault.WatermarkIgnored ? long.MaxValue : NeededSinceMs());
        while (_blocks.View.Blocks is [var oldest, ..] && oldest.Toc.MaxMs < needed && (oldest.Toc.MaxMs < old || BytesOverLimit() > 0))
        {
            _blocks.DropOldest();
        }
        var (over, before) = (BytesOverLimit(), 0L);
        lock (_commit)
        {
            _heldBlocks = _blocks.View.Blocks.Count(b => b.Toc.MaxMs < old);
            (before, _bytesOverLimit) = (_bytesOverLimit, over);
        }
        if (over > 0 && before == 0)
        {
            _options.Warn($"the metrics store takes {over} bytes more than its limit of {_options.MaxBytes}, since "
                + (_blocks.View.Blocks.Length > 0 ? "the ledger has not counted its oldest samples yet" : "its log alone is larger"));
        }
    }

    // A head that cannot be cut, since the disk refuses, still ends with the retention.
    private void DropOldSamples()
    {
        var oldest = Math.Max(OldestMs(), _blocks.View.HeadStartMs);
        lock (_commit)
        {
            _registry.DropBefore(oldest);
            _log.DropBefore(oldest, _options.MaxLogBytes);
        }
    }

    private long BytesOverLimit()
    {
        lock (_commit)
        {
            return Math.Max(0, _blocks.Bytes + _log.Bytes - _options.MaxBytes);
        }
    }
}
