namespace Nines.Core.Objectives;

/// <summary>
/// The account of one objective generation: entries by minute with hour sums on top, and spans. Any window is summed exactly to the minute.
/// Not safe for several threads.
/// </summary>
/// <param name="scale">Units of a count in one event.</param>
/// <param name="stored">Reads an hour that <see cref="TakeChanges"/> gave; null for one that cannot be read now. A book without it keeps all minutes.</param>
public sealed partial class LedgerBook(long scale = LedgerTime.Scale, Func<long, byte[]?>? stored = null)
{
    private readonly long _scale = scale;
    private readonly LedgerHours _hours = new(stored);
    private readonly List<LedgerSpan> _spans = [];      // by end
    private readonly HashSet<(long FromMs, long ToMs, SpanKind Kind)> _changedSpans = [];

    /// <summary>Since when anything is known, ms since the Unix epoch; null for an empty book.</summary>
    public long? FirstMs { get; private set; }

    /// <summary>The minute of <see cref="FirstMs"/>.</summary>
    public long? FirstMinute => FirstMs is { } first ? LedgerTime.MinuteOf(first + 1) : null;

    /// <summary>The end of the last minute of which anything was observed, ms since the Unix epoch; null for none.</summary>
    public long? LastSeenMs => _hours.LastSeen() * LedgerTime.MinuteMs;

    /// <summary>The last hour whose stored minutes were found damaged, Unix hours; null for none. It is charged as one that cannot be read now.</summary>
    public long? DamagedHour => _hours.DamagedHour;

    /// <summary>All spans, in order of their end.</summary>
    public IReadOnlyList<LedgerSpan> Spans => _spans;

    /// <summary>
    /// One minute's entry; empty when nothing is known of it. While the minutes of its hour cannot be read, it is the sixtieth part of the hour.
    /// </summary>
    public LedgerEntry Entry(long minute) => _hours.Entry(minute);

    /// <summary>Events of one minute whose course is known; spans are left out.</summary>
    public (double Good, double Bad) EventsOf(long minute)
    {
        var entry = Entry(minute);
        return (entry.Good / (double)_scale, entry.Bad / (double)_scale);
    }

    /// <summary>
    /// Events of the minutes (from, to] whose course is known, backwards. A whole hour without bad events is one step, so that nothing is read of calm days.
    /// </summary>
    public IEnumerable<(double Good, double Bad)> Backwards(long fromMinute, long toMinute)
    {
        for (var minute = toMinute; minute > fromMinute;)
        {
            if (minute % 60 == 0 && minute - 60 >= fromMinute && _hours.GoodOfCalm(minute / 60 - 1) is { } good)
            {
                yield return (good / (double)_scale, 0);
                minute -= 60;
            }
            else
            {
                yield return EventsOf(minute);
                minute--;
            }
        }
    }

    /// <summary>Adds fixed-point counts to a minute.</summary>
    /// <exception cref="IOException">The minutes of its hour cannot be read now; nothing was added.</exception>
    public void Add(long minute, long good, long bad, CountedQuality quality = CountedQuality.Complete)
    {
        _hours.Add(minute, good, bad, quality);
        if (FirstMs is null)
        {
            Touch((minute - 1) * LedgerTime.MinuteMs);
        }
    }

    /// <summary>Marks a stretch as observed, to the second.</summary>
    /// <exception cref="IOException">The minutes of one of its hours cannot be read now; the same stretch can be marked again.</exception>
    public void Observe(long fromMs, long toMs)
    {
        Touch(fromMs);
        var second = (fromMs + 500) / 1000;
        var end = (toMs + 500) / 1000;
        while (second < end)
        {
            var minute = second / 60 + 1;
            var bit = (int)(second % 60);
            var count = (int)Math.Min(60 - bit, end - second);
            _hours.Observe(minute, ((1UL << count) - 1) << bit);
            second += count;
        }
    }

    /// <summary>Adds events of known sum and unknown course. Spans of equal edges and kind become one.</summary>
    public void AddSpan(LedgerSpan span)
    {
        _changedSpans.Add((span.FromMs, span.ToMs, span.Kind));
        var at = _spans.Count;
        while (at > 0 && _spans[at - 1].ToMs >= span.ToMs)
        {
            at--;
            var other = _spans[at];
            if (other.FromMs == span.FromMs && other.ToMs == span.ToMs && other.Kind == span.Kind)
            {
                _spans[at] = other with
                {
                    Good = other.Good + span.Good,
                    Bad = other.Bad + span.Bad,
                    UnseenAtMost = other.UnseenAtMost + span.UnseenAtMost,
                };
                return;
            }
        }
        _spans.Insert(at, span);
        Touch(span.FromMs);
    }

    /// <summary>The account of the minutes (from, to]; spans that the edges cut are charged pro rata and mark it approximate,
    /// and so are hours whose minutes cannot be read now.</summary>
    /// <param name="fromMinute">The window's start, excluded.</param>
    /// <param name="toMinute">The window's end, included.</param>
    /// <param name="asOfMs">What lies after this moment is not missing: it has not happened yet.</param>
    public WindowAccount Sum(long fromMinute, long toMinute, long asOfMs = long.MaxValue)
    {
        var (good, bad, seconds, approximate) = _hours.Sum(fromMinute, toMinute);
        var (goodEvents, badEvents) = (good / (double)_scale, bad / (double)_scale);
        var (known, unseen) = (seconds / 60.0, 0.0);
        long fromMs = fromMinute * LedgerTime.MinuteMs, toMs = toMinute * LedgerTime.MinuteMs;
        var counted = new SpanUnion();
        for (var i = _spans.Count - 1; i >= 0 && _spans[i].ToMs > fromMs; i--)
        {
            var span = _spans[i];
            var overlap = Math.Min(span.ToMs, toMs) - Math.Max(span.FromMs, fromMs);
            var length = span.ToMs - span.FromMs;
            if (overlap <= 0 || length <= 0)
            {
                continue;
            }
            var share = overlap / (double)length;
            goodEvents += span.Good * share;
            badEvents += span.Bad * share;
            unseen += span.UnseenAtMost * share;
            approximate |= overlap < length && span.Good + span.Bad > 0;
            if (span.Kind is SpanKind.Gap or SpanKind.Start)
            {
                counted.Add(Math.Max(span.FromMs, fromMs), Math.Min(span.ToMs, toMs));
            }
        }
        // A span says its sum, so its time is accounted for, though not observed; where series overlap it counts once.
        var elapsed = FirstMs is { } first ? Math.Max(0, Math.Min(toMs, asOfMs) - Math.Max(fromMs, first)) / (double)LedgerTime.MinuteMs : 0;
        known = Math.Min(elapsed, known + counted.TotalMs / (double)LedgerTime.MinuteMs);
        return new WindowAccount(fromMinute, toMinute, goodEvents, badEvents, known, elapsed - known, 0, unseen, approximate);
    }

    /// <summary>
    /// What share of the events in the minutes (from, to] is bad at most, told from hours at hand, so that nothing is read; null when that cannot be told.
    /// </summary>
    public double? MostBadShare(long fromMinute, long toMinute)
    {
        for (var i = _spans.Count - 1; i >= 0 && _spans[i].ToMs > fromMinute * LedgerTime.MinuteMs; i--)
        {
            if (_spans[i] is { Good: not 0 } or { Bad: not 0 })
            {
                return null;
            }
        }
        if (_hours.Bound(fromMinute, toMinute) is not { Good: >= 0 } bound)
        {
            return null;
        }
        // The worst that the hour at the edge can add: all its bad events and no good one.
        double bad = bound.Bad + bound.CutBad, total = bound.Good + bad;
        return bad <= 0 ? 0 : total > 0 ? bad / total : null;
    }

    /// <summary>Whether a span longer than the window overlaps it, so that the window's own burn cannot be known.</summary>
    public bool IsInsideSpan(long fromMinute, long toMinute)
    {
        long fromMs = fromMinute * LedgerTime.MinuteMs, toMs = toMinute * LedgerTime.MinuteMs;
        for (var i = _spans.Count - 1; i >= 0 && _spans[i].ToMs > fromMs; i--)
        {
            var span = _spans[i];
            if (span.FromMs < toMs && span.Good + span.Bad > 0 && span.ToMs - span.FromMs > toMs - fromMs)
            {
                return true;
            }
        }
        return false;
    }

    /// <summary>Stretches of (from, to] without any signal, each at least a minute long, oldest first.</summary>
    public IEnumerable<LedgerSpan> Unobserved(long fromMinute, long toMinute)
    {
        long? since = null;
        for (var minute = Math.Max(fromMinute + 1, FirstMinute ?? toMinute + 1); minute <= toMinute; minute++)
        {
            var seen = _hours.IsSeen(minute);
            if (!seen && since is null)
            {
                since = minute - 1;
            }
            if (seen && since is { } start)
            {
                yield return NoData(start, minute - 1);
                since = null;
            }
            if (seen && (minute - 1) % 60 == 0)
            {
                minute = Math.Max(minute, _hours.SkipSeen(minute, toMinute) - 1);
            }
        }
        if (since is { } open)
        {
            yield return NoData(open, toMinute);
        }
    }

    /// <summary>
    /// Packs each hour that changed since the last call. Hours before <paramref name="closeBefore"/> give their memory back; what was taken must from now on
    /// be found by the reader of stored hours.
    /// </summary>
    public IReadOnlyList<(long Hour, byte[] Packed)> TakeChanges(long closeBefore) => _hours.TakeChanges(closeBefore);

    /// <summary>The spans that are new or grew since the last call.</summary>
    public IReadOnlyList<LedgerSpan> TakeSpanChanges()
    {
        LedgerSpan[] changes = _changedSpans.Count == 0 ? [] : [.. _spans.Where(s => _changedSpans.Contains((s.FromMs, s.ToMs, s.Kind)))];
        _changedSpans.Clear();
        return changes;
    }

    /// <summary>Puts a stored hour back; hours may come in any order, once each, into a book without that hour.</summary>
    /// <exception cref="InvalidDataException">The bytes are not a packed hour.</exception>
    public void LoadHour(long hour, byte[] packed)
    {
        if (_hours.Load(hour, packed) is { } firstMinute)
        {
            Touch((firstMinute - 1) * LedgerTime.MinuteMs);
        }
    }

    private static LedgerSpan NoData(long fromMinute, long toMinute) =>
        new(fromMinute * LedgerTime.MinuteMs, toMinute * LedgerTime.MinuteMs, 0, 0, SpanKind.NoData, 0);

    private void Touch(long ms) => FirstMs = Math.Min(FirstMs ?? ms, ms);

    /// <summary>Length of a union of intervals that arrive by falling end.</summary>
    private struct SpanUnion()
    {
        private long _coveredFrom = long.MaxValue;

        public long TotalMs { get; private set; }

        public void Add(long fromMs, long toMs)
        {
            var end = Math.Min(toMs, _coveredFrom);
            if (fromMs < end)
            {
                TotalMs += end - fromMs;
                _coveredFrom = fromMs;
            }
        }
    }
}
