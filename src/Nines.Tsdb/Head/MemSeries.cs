using Nines.Metrics;
using Nines.Tsdb.Chunks;

namespace Nines.Tsdb.Head;

/// <summary>
/// One series in memory: sealed chunks, then a short uncompressed tail, so that reading the newest samples decodes nothing.
/// The start timestamps, which seldom change, stand in a list of their own.
/// </summary>
internal sealed class MemSeries(long reference, Labels labels, bool bornInKnownTarget, long intervalMs)
{
    private const int TailSamples = 40;

    private readonly Lock _gate = new();
    private Chunk[] _chunks = [];
    private long[] _tailTimes = [];
    private double[] _tailValues = [];
    private int _tailCount;
    private long _floorMs = long.MinValue;
    private long _newestMs = long.MinValue;
    private long _newestStartMs;
    private volatile bool _trimmed;
    private List<(long FromMs, long StartMs)>? _starts;

    /// <summary>The reference, unique in the store and its log.</summary>
    public long Reference { get; } = reference;

    /// <summary>The series' identity.</summary>
    public Labels Labels { get; } = labels;

    /// <summary>See <see cref="ISeriesHandle.BornInKnownTarget"/>; false once the first sample is no longer in memory.</summary>
    public bool BornInKnownTarget => bornInKnownTarget && !_trimmed;

    /// <summary>See <see cref="ISeriesHandle.IntervalMs"/>.</summary>
    public long IntervalMs { get; } = intervalMs;

    /// <summary>The newest segment that holds this series' record. Used under the store's commit lock.</summary>
    public long LoggedIn { get; set; }

    /// <summary>Whether any sample of the series was ever written to the log. Used under the store's commit lock.</summary>
    public bool EverLogged { get; set; }

    /// <summary>Whether readers can find the series. Used under the registry's lock.</summary>
    public bool Listed { get; set; }

    /// <summary>Whether the series was dropped from the registry, which may take it back.</summary>
    public volatile bool Retired;

    /// <summary>What the latest append has staged for this series; only a hint, commit decides.</summary>
    public (long Append, long TimeMs, double Value) Staged;

    /// <summary>Time of the newest sample ever held; <see cref="long.MinValue"/> when there is none.</summary>
    public long NewestMs => Volatile.Read(ref _newestMs);

    /// <summary>Time of the oldest sample held; <see cref="long.MaxValue"/> when there is none.</summary>
    public long OldestMs
    {
        get
        {
            lock (_gate)
            {
                return OldestLocked();
            }
        }
    }

    /// <summary>How many compressed runs of samples there are; the uncompressed end counts as one.</summary>
    public int ChunkCount
    {
        get
        {
            lock (_gate)
            {
                return _chunks.Length + (_tailCount > 0 ? 1 : 0);
            }
        }
    }

    /// <summary>Why a sample would be refused.</summary>
    /// <param name="isNew">Whether it would be appended; a sample that is there already is neither refused nor new.</param>
    public Refusal Judge(in CounterSample sample, out bool isNew)
    {
        isNew = sample.TimeMs > NewestMs;
        if (isNew)
        {
            return Refusal.None;
        }
        lock (_gate)
        {
            return sample.TimeMs < _newestMs ? Refusal.OutOfOrder
                : _tailCount > 0 && SameBits(_tailValues[_tailCount - 1], sample.Value) ? Refusal.None : Refusal.Duplicate;
        }
    }

    /// <summary>Whether two values are the same bit by bit, so that NaN and stale markers compare.</summary>
    public static bool SameBits(double a, double b) => BitConverter.DoubleToUInt64Bits(a) == BitConverter.DoubleToUInt64Bits(b);

    /// <summary>Adds a sample newer than all others.</summary>
    public void Append(in CounterSample sample)
    {
        lock (_gate)
        {
            if (_tailCount == TailSamples)
            {
                Seal();
            }
            if (_tailCount == _tailTimes.Length)
            {
                var size = _tailCount == 0 ? 4 : Math.Min(TailSamples, _tailCount * 2);
                Array.Resize(ref _tailTimes, size);
                Array.Resize(ref _tailValues, size);
            }
            if (sample.StartMs != _newestStartMs)
            {
                (_starts ??= []).Add((sample.TimeMs, sample.StartMs));
                _newestStartMs = sample.StartMs;
            }
            _tailTimes[_tailCount] = sample.TimeMs;
            _tailValues[_tailCount++] = sample.Value;
            Volatile.Write(ref _newestMs, sample.TimeMs);
        }
    }

    /// <summary>
    /// Copies samples with <paramref name="afterMs"/> &lt; time ≤ <paramref name="untilMs"/>, oldest first, as many as fit.
    /// </summary>
    /// <param name="floorMs">Samples before this are no longer in memory.</param>
    public int Read(long afterMs, long untilMs, Span<CounterSample> into, out long floorMs)
    {
        lock (_gate)
        {
            floorMs = _floorMs;
            if (_newestMs <= afterMs || into.IsEmpty)
            {
                return 0;
            }
            afterMs = _floorMs == long.MinValue ? afterMs : Math.Max(afterMs, _floorMs - 1);
            var count = _chunks.Length > 0 && _chunks[^1].MaxMs > afterMs ? ReadChunks(afterMs, untilMs, into) : 0;
            var first = _tailCount;
            while (first > 0 && _tailTimes[first - 1] > afterMs)
            {
                first--;
            }
            for (; first < _tailCount && count < into.Length && _tailTimes[first] <= untilMs; first++)
            {
                into[count++] = new CounterSample(_tailTimes[first], _tailValues[first], 0);
            }
            FillStarts(into[..count]);
            return count;
        }
    }

    /// <summary>Appends the samples of a range, oldest first.</summary>
    /// <returns>The time before which samples are no longer in memory.</returns>
    public long AppendTo(SampleColumns into, long fromMs, long toMs)
    {
        lock (_gate)
        {
            fromMs = Math.Max(fromMs, _floorMs);
            for (var i = FirstChunkEndingAtOrAfter(fromMs); i < _chunks.Length && _chunks[i].MinMs <= toMs; i++)
            {
                _chunks[i].AppendTo(into, fromMs, toMs);
            }
            if (_tailCount > 0 && _tailTimes[_tailCount - 1] >= fromMs && _tailTimes[0] <= toMs)
            {
                into.Reserve(_tailCount, out var times, out var values);
                _tailTimes.AsSpan(0, _tailCount).CopyTo(times);
                _tailValues.AsSpan(0, _tailCount).CopyTo(values);
                into.Advance(Columns.Clip(times, values, fromMs, toMs));
            }
            return _floorMs;
        }
    }

    /// <summary>The start timestamp at each of some times, ascending.</summary>
    /// <returns>Whether there is any.</returns>
    public bool StartsAt(ReadOnlySpan<long> times, Span<long> starts)
    {
        lock (_gate)
        {
            if (_starts is null)
            {
                return false;
            }
            var at = -1;
            for (var i = 0; i < times.Length; i++)
            {
                while (at + 1 < _starts.Count && _starts[at + 1].FromMs <= times[i])
                {
                    at++;
                }
                starts[i] = at < 0 ? 0 : _starts[at].StartMs;
            }
            return true;
        }
    }

    /// <summary>Forgets that the first sample ever is in memory, because it was seen and left out.</summary>
    public void MarkTrimmed() => _trimmed = true;

    /// <summary>Takes samples before a time out of memory. Returns whether nothing is left.</summary>
    public bool DropBefore(long ms)
    {
        lock (_gate)
        {
            _trimmed |= OldestLocked() < ms;
            _floorMs = Math.Max(_floorMs, ms);
            var keep = FirstChunkEndingAtOrAfter(ms);
            if (keep > 0)
            {
                _chunks = _chunks[keep..];
            }
            if (_newestMs < ms)
            {
                (_tailTimes, _tailValues, _tailCount) = ([], [], 0);
            }
            if (_starts is { Count: > 1 })
            {
                var oldest = OldestLocked();
                var next = _starts.FindIndex(s => s.FromMs > oldest);
                _starts.RemoveRange(0, Math.Max(0, (next < 0 ? _starts.Count : next) - 1));
            }
            return _tailCount == 0 && _chunks.Length == 0;
        }
    }

    private long OldestLocked() => Math.Max(_floorMs, _chunks.Length > 0 ? _chunks[0].MinMs : _tailCount > 0 ? _tailTimes[0] : long.MaxValue);

    // The tail joins the last chunk while that one is short, so that chunks stay few and large.
    private void Seal()
    {
        Span<long> times = stackalloc long[Chunk.MostSamples];
        Span<double> values = stackalloc double[Chunk.MostSamples];
        var last = _chunks.Length > 0 && _chunks[^1].Count + _tailCount <= Chunk.MostSamples ? _chunks[^1] : null;
        var before = last?.Count ?? 0;
        last?.CopyTo(times[..before], values[..before]);
        _tailTimes.AsSpan(0, _tailCount).CopyTo(times[before..]);
        _tailValues.AsSpan(0, _tailCount).CopyTo(values[before..]);
        var chunk = Chunk.Of(times[..(before + _tailCount)], values[..(before + _tailCount)]);
        _chunks = [.. last is null ? _chunks : _chunks.AsSpan(0, _chunks.Length - 1), chunk];
        _tailCount = 0;
    }

    private int ReadChunks(long afterMs, long untilMs, Span<CounterSample> into)
    {
        var scratch = ChunkScratch.OfThread;
        var count = 0;
        for (var i = FirstChunkEndingAtOrAfter(afterMs + 1); i < _chunks.Length && _chunks[i].MinMs <= untilMs && count < into.Length; i++)
        {
            var (times, values) = (scratch.AllTimes, scratch.AllValues);
            _chunks[i].CopyTo(scratch.Times(_chunks[i].Count), scratch.Values(_chunks[i].Count));
            for (var k = 0; k < _chunks[i].Count && count < into.Length; k++)
            {
                if (times[k] > afterMs && times[k] <= untilMs)
                {
                    into[count++] = new CounterSample(times[k], values[k], 0);
                }
            }
        }
        return count;
    }

    private int FirstChunkEndingAtOrAfter(long ms)
    {
        var (low, high) = (0, _chunks.Length);
        while (low < high)
        {
            var middle = (low + high) / 2;
            if (_chunks[middle].MaxMs < ms)
            {
                low = middle + 1;
            }
            else
            {
                high = middle;
            }
        }
        return low;
    }

    private void FillStarts(Span<CounterSample> samples)
    {
        if (_starts is null || samples.IsEmpty)
        {
            return;
        }
        var at = _starts.Count - 1;
        for (var i = samples.Length - 1; i >= 0; i--)
        {
            while (at >= 0 && _starts[at].FromMs > samples[i].TimeMs)
            {
                at--;
            }
            samples[i] = samples[i] with { StartMs = at < 0 ? 0 : _starts[at].StartMs };
        }
    }
}
