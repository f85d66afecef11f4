namespace Nines.Core.Objectives;

public sealed partial class LedgerBook
{
    /// <summary>The last minute that was taken over from an earlier account, Unix minutes; null for none.</summary>
    public long? CarriedToMinute => _hours.CarriedTo;

    /// <summary>
    /// Takes over what an earlier account of the same objective counted where this one knows nothing: what was spent stays spent when the indicator is edited
    /// and the samples do not reach back far enough to count anew. Taking over twice changes nothing.
    /// </summary>
    /// <param name="earlier">The earlier account; its counts may have another scale.</param>
    /// <param name="fromMinute">Start of the minutes that are wanted, Unix minutes, excluded.</param>
    /// <param name="toMinute">Their end, included.</param>
    /// <exception cref="IOException">Minutes of one of this account's hours cannot be read now. The rest can be taken over later.</exception>
    public void TakeOver(LedgerBook earlier, long fromMinute, long toMinute)
    {
        var first = FirstMinute;
        var counted = _spans.Where(s => s.Kind is SpanKind.Gap or SpanKind.Start && s.Good + s.Bad > 0).ToList();
        bool IsOpen(long minute) => !counted.Exists(s => s.FromMs < minute * LedgerTime.MinuteMs && s.ToMs > (minute - 1) * LedgerTime.MinuteMs);
        bool IsUnknown(long minute) => Entry(minute) is { Good: 0, Bad: 0, ObservedSeconds: 0, Counted: CountedQuality.Complete } && IsOpen(minute);

        // Before any minute is: afterwards they are known.
        var spans = earlier._spans.Select(s => PartOf(s, fromMinute, toMinute, IsUnknown)).OfType<LedgerSpan>().ToList();
        foreach (var minute in earlier._hours.Written().SelectMany(h => Enumerable.Range(1, 60).Select(i => h * 60 + i)))
        {
            if (minute > fromMinute && minute <= toMinute && (IsUnknown(minute) || minute == first && IsOpen(minute) && SawLess(minute, earlier)))
            {
                TakeOver(minute, earlier);
            }
        }
        foreach (var span in spans)
        {
            AddSpan(span);
            _hours.Add(LedgerTime.MinuteOf(span.ToMs), 0, 0, CountedQuality.Carried);
        }
    }

    // The account begins within its first minute; the earlier one may have seen all of it.
    private bool SawLess(long minute, LedgerBook earlier) => Entry(minute).ObservedSeconds < earlier.Entry(minute).ObservedSeconds;

    private void TakeOver(long minute, LedgerBook earlier)
    {
        var (mine, theirs) = (Entry(minute), earlier.Entry(minute));
        if (theirs is { Good: 0, Bad: 0, ObservedSeconds: 0 })
        {
            return;
        }
        _hours.Add(minute, Rescale(theirs.Good, earlier) - mine.Good, Rescale(theirs.Bad, earlier) - mine.Bad, theirs.Counted | CountedQuality.Carried);
        _hours.Observe(minute, earlier._hours.SecondsOf(minute));
        Touch((minute - 1) * LedgerTime.MinuteMs);
    }

    private long Rescale(long count, LedgerBook from) =>
        from._scale == _scale ? count : (long)Math.Round(count * (_scale / (double)from._scale));

    /// <summary>The part of a span that lies in minutes of which nothing is known, charged pro rata; null for none.</summary>
    private static LedgerSpan? PartOf(LedgerSpan span, long fromMinute, long toMinute, Func<long, bool> isUnknown)
    {
        var (from, to) = (Math.Max(LedgerTime.MinuteOf(span.FromMs + 1), fromMinute + 1), Math.Min(LedgerTime.MinuteOf(span.ToMs), toMinute));
        long fromMs = long.MaxValue, toMs = 0, unknownMs = 0;
        for (var minute = from; minute <= to; minute++)
        {
            if (isUnknown(minute))
            {
                var (begin, end) = (Math.Max(span.FromMs, (minute - 1) * LedgerTime.MinuteMs), Math.Min(span.ToMs, minute * LedgerTime.MinuteMs));
                (fromMs, toMs, unknownMs) = (Math.Min(fromMs, begin), end, unknownMs + end - begin);
            }
        }
        var share = unknownMs / (double)Math.Max(1, span.ToMs - span.FromMs);
        return unknownMs == 0 ? null : span with
        {
            FromMs = fromMs, ToMs = toMs, Good = span.Good * share, Bad = span.Bad * share, UnseenAtMost = span.UnseenAtMost * share,
        };
    }
}
