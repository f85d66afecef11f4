using System.Runtime.InteropServices;
using Nines.Metrics;
using Nines.Tsdb.Head;
using Nines.Tsdb.Log;

namespace Nines.Tsdb;

/// <summary>How samples come in: judged when they are added and again when they are committed, then written to the log, then visible.</summary>
public sealed partial class TsdbStore
{
    /// <inheritdoc/>
    public IAppend Begin() => new Append(this, Interlocked.Increment(ref _appends), _stagings.TryTake(out var list) ? list : []);

    private Committed Commit(List<StagedSample> staged)
    {
        var (stored, refused) = (0, default(Refusals));
        lock (_commit)
        {
            ObjectDisposedException.ThrowIf(_disposed, this);
            Sift(staged, ref refused);
            if (staged.Count == 0)
            {
                return new Committed(0, refused);
            }
            var samples = CollectionsMarshal.AsSpan(staged);
            try
            {
                Log(samples);
            }
            catch (Exception e) when (IsWorlds(e))
            {
                _logWritable = false;
                _failedCommits++;
                Note(e);
                if (_unlogged.Count + samples.Length <= MostUnlogged && _options.Fault != TsdbFault.RefusedForgotten)
                {
                    _unlogged.AddRange(samples);
                }
            }
            var (oldest, newest) = (long.MaxValue, long.MinValue);
            foreach (ref readonly var entry in samples)
            {
                // Twice the same time in one commit: the first stays.
                refused.Count(Refuse(entry.Series.Judge(entry.Sample, out var isNew)));
                if (isNew)
                {
                    entry.Series.Append(entry.Sample);
                    stored++;
                    _registry.List(entry.Series);
                    (oldest, newest) = (Math.Min(oldest, entry.Sample.TimeMs), Math.Max(newest, entry.Sample.TimeMs));
                }
            }
            _appended += stored;
            NoteTimes(oldest, newest);
            if (Math.Min(_newestMs, NowMs()) >= _cutDueMs && _options.MaintenanceInterval != Timeout.InfiniteTimeSpan)
            {
                _cutDueMs = long.MaxValue;
                _maintenanceTimer.Change(TimeSpan.Zero, _options.MaintenanceInterval);
            }
        }
        return new Committed(stored, refused);
    }

    // Another append, or the head's cut, may have overtaken this one since its samples were judged.
    private void Sift(List<StagedSample> staged, ref Refusals refused)
    {
        var kept = 0;
        for (var i = 0; i < staged.Count; i++)
        {
            var (series, sample) = staged[i];
            refused.Count(Refuse(Judge(ref series!, sample, out var isNew)));
            if (isNew)
            {
                staged[kept++] = new StagedSample(series!, sample);
            }
        }
        staged.RemoveRange(kept, staged.Count - kept);
    }

    // Takes a series back into memory when it had left it.
    private Refusal Judge(ref MemSeries? series, in CounterSample sample, out bool isNew)
    {
        isNew = false;
        if (series is null)
        {
            return Refusal.UnknownSeries;
        }
        if (sample.TimeMs < Volatile.Read(ref _floorMs))
        {
            return Refusal.TooOld;
        }
        series = series.Retired ? _registry.Revive(series) : series;
        return series is null ? Refusal.SeriesLimit : series.Judge(sample, out isNew);
    }

    private Refusal Refuse(Refusal why)
    {
        if (why != Refusal.None)
        {
            Interlocked.Increment(ref _refused);
        }
        return why;
    }

    // Writes samples behind those that the log refused before.
    private void Log(ReadOnlySpan<StagedSample> samples)
    {
        _log.Open();
        _undescribed.Clear();
        _buffer.Clear();
        var waiting = CollectionsMarshal.AsSpan(_unlogged);
        Describe(waiting);
        Describe(samples);
        _buffer.AddSamples(waiting);
        _buffer.AddSamples(samples);
        // Twice, so that one damaged record does not take a series' samples with it.
        foreach (var series in _undescribed)
        {
            _buffer.AddSeries(series);
        }
        _log.Append(_buffer.Written, Math.Max(Newest(waiting), Newest(samples)));
        _logWritable = true;
        _undescribed.ForEach(s => s.EverLogged = true);
        _unlogged.Clear();

        static long Newest(ReadOnlySpan<StagedSample> samples)
        {
            var newest = long.MinValue;
            foreach (ref readonly var entry in samples)
            {
                newest = Math.Max(newest, entry.Sample.TimeMs);
            }
            return newest;
        }
    }

    private void Describe(ReadOnlySpan<StagedSample> samples)
    {
        foreach (ref readonly var entry in samples)
        {
            if (entry.Series.LoggedIn != _log.Current)
            {
                entry.Series.LoggedIn = _log.Current;
                _undescribed.Add(entry.Series);
                _buffer.AddSeries(entry.Series);
            }
        }
    }

    private sealed class Append(TsdbStore store, long number, List<StagedSample> staged) : IAppend
    {
        private List<StagedSample>? _staged = staged;

        public long Series(Labels labels, bool bornInKnownTarget, long intervalMs, out Refusal refusal)
        {
            if (store._registry.GetOrAdd(labels, bornInKnownTarget, intervalMs, out refusal) is { } series)
            {
                return series.Reference;
            }
            Interlocked.Increment(ref store._refusedSeries);
            return 0;
        }

        public Refusal Add(long series, CounterSample sample)
        {
            ObjectDisposedException.ThrowIf(_staged is null, this);
            if (sample.TimeMs > store.NowMs() + MostAheadMs)
            {
                return store.Refuse(Refusal.TooFarAhead);
            }
            var target = store._registry[series];
            var why = store.Judge(ref target, sample, out var isNew);
            if (isNew && target!.Staged.Append == number && target.Staged.TimeMs >= sample.TimeMs)
            {
                (isNew, why) = (false, target.Staged.TimeMs > sample.TimeMs ? Refusal.OutOfOrder
                    : MemSeries.SameBits(target.Staged.Value, sample.Value) ? Refusal.None : Refusal.Duplicate);
            }
            if (isNew)
            {
                target!.Staged = (number, sample.TimeMs, sample.Value);
                _staged.Add(new StagedSample(target, sample));
            }
            return store.Refuse(why);
        }

        public Committed Commit()
        {
            ObjectDisposedException.ThrowIf(_staged is null, this);
            var committed = store.Commit(_staged);
            Dispose();
            return committed;
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
