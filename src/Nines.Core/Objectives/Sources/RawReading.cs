using Nines.Metrics;

namespace Nines.Core.Objectives.Sources;

/// <summary>A series as a source answered it.</summary>
/// <param name="Labels">Its labels, the metric name included.</param>
/// <param name="Samples">Its samples, oldest first.</param>
public sealed record RawSeries(Labels Labels, IReadOnlyList<Sample> Samples);

/// <summary>A stretch of time that is read at once, both ends included, in ms since the Unix epoch.</summary>
public readonly record struct RawPiece(long FromMs, long ToMs);

/// <summary>What the ledger gets of a piece: the samples nobody had yet.</summary>
/// <param name="ToMs">Everything up to here is known now.</param>
/// <param name="Series">The new samples, by series.</param>
/// <param name="Gone">Series that had no samples for long and are followed no more.</param>
public sealed record RawDelivery(long ToMs, IReadOnlyList<RawReadings> Series, IReadOnlyList<Labels> Gone);

/// <summary>New samples of one series.</summary>
/// <param name="Labels">Its labels.</param>
/// <param name="Samples">The samples, oldest first. The first one ever says when the counter was at zero, if that is known.</param>
/// <param name="IntervalMs">The distance at which samples come; 0 when unknown.</param>
public sealed record RawReadings(Labels Labels, CounterSample[] Samples, long IntervalMs);

/// <summary>
/// Reads raw samples of an external source piece by piece, oldest first: decides what to ask for next, which samples of an answer are new, and whether a
/// series that appears was born then. Pieces overlap, so that a sample that becomes visible late is not missed. Pure; not safe for several threads.
/// </summary>
public sealed class RawReading
{
    /// <summary>Before the time from which samples are wanted, so much is read to know what was there already.</summary>
    public const long LeadMs = 60 * LedgerTime.MinuteMs;

    /// <summary>A series without samples for so long is followed no more; its cursor stays.</summary>
    public const long ForgetMs = 60 * LedgerTime.MinuteMs;

    private const long ShortestPieceMs = LedgerTime.MinuteMs;
    private const long LongestPieceMs = 24 * 60 * LedgerTime.MinuteMs;
    private const int ManySamples = 100_000;
    private const int FewSamples = 25_000;

    private readonly Dictionary<Labels, Followed> _series = [];
    private readonly long _startMs;
    private long _pieceMs = 60 * LedgerTime.MinuteMs;
    private long _intervalMs;

    /// <param name="startMs">Where reading starts. What is first seen there may be older, so its first value is not counted.</param>
    public RawReading(long startMs) => ReadToMs = _startMs = startMs;

    /// <summary>Everything up to here was read, ms since the Unix epoch.</summary>
    public long ReadToMs { get; private set; }

    /// <summary>How many series are followed.</summary>
    public int SeriesCount => _series.Count;

    /// <summary>Time of the oldest sample there was; null before the first.</summary>
    public long? OldestMs { get; private set; }

    /// <summary>How much of what was read already is read again.</summary>
    public long OverlapMs => _intervalMs == 0 ? 5 * LedgerTime.MinuteMs : Math.Clamp(4 * _intervalMs, LedgerTime.MinuteMs, 10 * LedgerTime.MinuteMs);

    /// <summary>The next piece to read.</summary>
    public RawPiece Next(long nowMs) => new(Math.Max(_startMs, ReadToMs - OverlapMs), Math.Max(ReadToMs, Math.Min(nowMs, ReadToMs + _pieceMs)));

    /// <summary>Makes pieces shorter, since the source could not answer one.</summary>
    /// <returns>False when they cannot be shorter.</returns>
    public bool Shorten()
    {
        var could = _pieceMs > ShortestPieceMs;
        _pieceMs = Math.Max(ShortestPieceMs, _pieceMs / 2);
        return could;
    }

    /// <summary>The selectors of <c>up</c>, with the stretch to ask for, that tell whether the new series of an answer were born in a target
    /// that was there before; empty when there are none.</summary>
    public IReadOnlyList<(string Selector, RawPiece Piece)> Births(IReadOnlyList<RawSeries> answer) => RawBirths.Ask(New(answer), _startMs);

    /// <summary>Takes the answer to a piece.</summary>
    /// <param name="piece">The piece.</param>
    /// <param name="answer">The series of all selectors; one may stand there several times.</param>
    /// <param name="ups">What was answered to <see cref="Births"/>.</param>
    public RawDelivery Accept(RawPiece piece, IReadOnlyList<RawSeries> answer, IReadOnlyList<RawSeries> ups)
    {
        var births = RawBirths.Starts(New(answer), ups, [.. _series.Select(s => (s.Key, s.Value.NewestMs, s.Value.NewestValue))], answer);
        var delivered = new List<RawReadings>();
        var samples = 0;
        foreach (var series in answer)
        {
            samples += series.Samples.Count;
            if (!_series.TryGetValue(series.Labels, out var followed))
            {
                _series[series.Labels] = followed = new();
            }
            if (followed.Take(series.Samples, piece.ToMs, births.GetValueOrDefault(series.Labels)) is { Length: > 0 } fresh)
            {
                OldestMs = Math.Min(OldestMs ?? long.MaxValue, fresh[0].TimeMs);
                _intervalMs = followed.IntervalMs > 0 ? followed.IntervalMs : _intervalMs;
                delivered.Add(new(series.Labels, fresh, followed.IntervalMs > 0 ? followed.IntervalMs : _intervalMs));
            }
        }
        ReadToMs = Math.Max(ReadToMs, piece.ToMs);
        if (samples < FewSamples)
        {
            _pieceMs = Math.Min(LongestPieceMs, _pieceMs * 2);
        }
        else if (samples > ManySamples)
        {
            Shorten();
        }
        return new(ReadToMs, delivered, Forget());
    }

    private List<RawSeries> New(IReadOnlyList<RawSeries> answer) =>
        [.. answer.Where(s => s.Samples.Count > 0 && !_series.ContainsKey(s.Labels)).DistinctBy(s => s.Labels)];

    private List<Labels> Forget()
    {
        var gone = _series.Where(s => s.Value.NewestMs < ReadToMs - ForgetMs).Select(s => s.Key).ToList();
        foreach (var labels in gone)
        {
            _series.Remove(labels);
        }
        return gone;
    }

    /// <summary>How far a series was read, and at what distance its samples come.</summary>
    private sealed class Followed
    {
        private readonly long[] _distances = new long[9];
        private int _count;

        public long NewestMs { get; private set; } = long.MinValue;

        public double NewestValue { get; private set; }

        /// <summary>The median of the last distances.</summary>
        public long IntervalMs { get; private set; }

        public CounterSample[] Take(IReadOnlyList<Sample> samples, long untilMs, long startMs)
        {
            var fresh = new List<CounterSample>();
            foreach (var sample in samples)
            {
                if (sample.TimeMs <= NewestMs || sample.TimeMs > untilMs)
                {
                    continue;
                }
                var isFirst = NewestMs == long.MinValue;
                if (!isFirst)
                {
                    _distances[_count++ % _distances.Length] = sample.TimeMs - NewestMs;
                }
                fresh.Add(new(sample.TimeMs, sample.Value, isFirst ? startMs : 0));
                (NewestMs, NewestValue) = (sample.TimeMs, sample.Value);
            }
            if (fresh.Count > 0 && _count > 0)
            {
                var sorted = _distances[..Math.Min(_count, _distances.Length)];
                Array.Sort(sorted);
                IntervalMs = sorted[sorted.Length / 2];
            }
            return [.. fresh];
        }
    }
}
