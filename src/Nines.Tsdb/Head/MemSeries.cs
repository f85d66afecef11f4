using Nines.Metrics;
using Nines.Tsdb.Chunks;

namespace Nines.Tsdb.Head;

/// <summary>
/// One series in memory: sealed chunks, then a short uncompressed tail, so that reading the newest samples decodes nothing.
/// The start timestamps, which seldom change, stand in a list of their own.
/// </summary>
internal sealed class MemSeries(long reference, Labels labels, bool bornInKnownTarget, long intervalMs) : ISeriesHandle, ISelectedSeries
{
    private const int TailSamples = 40;
    private const int ChunkSamples = 120;

    private readonly Lock _gate = new();
    private Chunk[] _chunks = [];
    private Sample[] _tail = [];
    private int _tailCount;
    private long _newestMs = long.MinValue;
    private long _newestStartMs;
    private volatile bool _trimmed;
    private List<(long FromMs, long StartMs)>? _starts;

    /// <summary>The reference, unique in the store and its log.</summary>
    public long Reference { get; } = reference;

    /// <inheritdoc/>
    public Labels Labels { get; } = labels;

    /// <inheritdoc/>
    public bool BornInKnownTarget => bornInKnownTarget && !_trimmed;

    /// <inheritdoc/>
    public long IntervalMs { get; } = intervalMs;

    /// <summary>The newest segment that holds this series' record. Used under the store's commit lock.</summary>
    public long LoggedIn { get; set; }

    /// <summary>Whether readers can find the series. Used under the registry's lock.</summary>
    public bool Listed { get; set; }

    /// <summary>Whether the series was dropped for good.</summary>
    public volatile bool Retired;

    /// <summary>What the latest append has staged for this series; only a hint, commit decides.</summary>
    public (long Append, long TimeMs, double Value) Staged;

    /// <summary>Time of the newest sample; <see cref="long.MinValue"/> when there is none.</summary>
    public long NewestMs => Volatile.Read(ref _newestMs);

    /// <summary>Time of the oldest sample held; <see cref="long.MaxValue"/> when there is none.</summary>
    public long OldestMs
    {
        get
        {
            lock (_gate)
            {
                return _chunks.Length > 0 ? _chunks[0].MinMs : _tailCount > 0 ? _tail[0].TimeMs : long.MaxValue;
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

    /// <summary>What would become of a sample.</summary>
    public Verdict Judge(in CounterSample sample)
    {
        if (sample.TimeMs > NewestMs)
        {
            return Verdict.Newer;
        }
        lock (_gate)
        {
            return _tailCount > 0 && _tail[_tailCount - 1].TimeMs == sample.TimeMs && SameBits(_tail[_tailCount - 1].Value, sample.Value)
                ? Verdict.Same
                : Verdict.Refused;
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
            if (_tailCount == _tail.Length)
            {
                Array.Resize(ref _tail, _tailCount == 0 ? 4 : Math.Min(TailSamples, _tailCount * 2));
            }
            if (sample.StartMs != _newestStartMs)
            {
                (_starts ??= []).Add((sample.TimeMs, sample.StartMs));
                _newestStartMs = sample.StartMs;
            }
            _tail[_tailCount++] = new Sample(sample.TimeMs, sample.Value);
            Volatile.Write(ref _newestMs, sample.TimeMs);
        }
    }

    /// <inheritdoc/>
    public int Read(long afterMs, long untilMs, Span<CounterSample> into)
    {
        if (NewestMs <= afterMs || into.IsEmpty)
        {
            return 0;
        }
        lock (_gate)
        {
            var count = _chunks.Length > 0 && _chunks[^1].MaxMs > afterMs ? ReadChunks(afterMs, untilMs, into) : 0;
            var first = _tailCount;
            while (first > 0 && _tail[first - 1].TimeMs > afterMs)
            {
                first--;
            }
            for (; first < _tailCount && count < into.Length && _tail[first].TimeMs <= untilMs; first++)
            {
                into[count++] = new CounterSample(_tail[first].TimeMs, _tail[first].Value, 0);
            }
            FillStarts(into[..count]);
            return count;
        }
    }

    /// <inheritdoc/>
    public void Read(long fromMs, long toMs, SampleColumns into)
    {
        lock (_gate)
        {
            Span<Sample> decoded = stackalloc Sample[ChunkSamples];
            for (var i = FirstChunkEndingAtOrAfter(fromMs); i < _chunks.Length && _chunks[i].MinMs <= toMs; i++)
            {
                _chunks[i].CopyTo(decoded);
                Take(decoded[.._chunks[i].Count], fromMs, toMs, into);
            }
            Take(_tail.AsSpan(0, _tailCount), fromMs, toMs, into);
        }
    }

    /// <summary>Drops chunks whose samples are all older. Returns whether nothing is left.</summary>
    public bool DropBefore(long ms)
    {
        lock (_gate)
        {
            var keep = FirstChunkEndingAtOrAfter(ms);
            _trimmed |= keep > 0 || (_newestMs < ms && _tailCount > 0);
            if (keep > 0)
            {
                _chunks = _chunks[keep..];
            }
            if (_newestMs < ms)
            {
                (_tail, _tailCount) = ([], 0);
            }
            if (_starts is { Count: > 1 })
            {
                var oldest = OldestMs;
                var next = _starts.FindIndex(s => s.FromMs > oldest);
                _starts.RemoveRange(0, Math.Max(0, (next < 0 ? _starts.Count : next) - 1));
            }
            return _tailCount == 0 && _chunks.Length == 0;
        }
    }

    private static void Take(ReadOnlySpan<Sample> samples, long fromMs, long toMs, SampleColumns into)
    {
        foreach (ref readonly var sample in samples)
        {
            if (sample.TimeMs >= fromMs && sample.TimeMs <= toMs)
            {
                into.Add(sample.TimeMs, sample.Value);
            }
        }
    }

    // The tail joins the last chunk while that one is short, so that chunks stay few and large.
    private void Seal()
    {
        Span<Sample> joined = stackalloc Sample[ChunkSamples + TailSamples];
        var last = _chunks.Length > 0 && _chunks[^1].Count + _tailCount <= ChunkSamples ? _chunks[^1] : null;
        last?.CopyTo(joined);
        var before = last?.Count ?? 0;
        _tail.AsSpan(0, _tailCount).CopyTo(joined[before..]);
        var chunk = Chunk.Of(joined[..(before + _tailCount)]);
        _chunks = [.. last is null ? _chunks : _chunks.AsSpan(0, _chunks.Length - 1), chunk];
        _tailCount = 0;
    }

    private int ReadChunks(long afterMs, long untilMs, Span<CounterSample> into)
    {
        Span<Sample> decoded = stackalloc Sample[ChunkSamples];
        var count = 0;
        for (var i = FirstChunkEndingAtOrAfter(afterMs + 1); i < _chunks.Length && _chunks[i].MinMs <= untilMs && count < into.Length; i++)
        {
            _chunks[i].CopyTo(decoded);
            foreach (ref readonly var sample in decoded[.._chunks[i].Count])
            {
                if (sample.TimeMs > afterMs && sample.TimeMs <= untilMs && count < into.Length)
                {
                    into[count++] = new CounterSample(sample.TimeMs, sample.Value, 0);
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

/// <summary>What becomes of a sample.</summary>
internal enum Verdict
{
    /// <summary>It is newer than all others and is taken.</summary>
    Newer,
    /// <summary>It is there already.</summary>
    Same,
    /// <summary>It is not newer, and different.</summary>
    Refused,
}
