using Nines.Metrics;

namespace Nines.Core.Objectives;

/// <summary>A closed minute that late samples re-opened.</summary>
/// <param name="Minute">The minute.</param>
/// <param name="Good">Good events added, fixed-point.</param>
/// <param name="Bad">Bad events added, fixed-point.</param>
public readonly record struct LedgerRevision(long Minute, long Good, long Bad);

/// <summary>
/// Counts one objective generation: moves a cursor over each series of its indicator and books the increments, or books what its queries gave.
/// The state is the account of events, the cursors and the closed minute; the three are stored together. Not safe for several threads.
/// </summary>
/// <param name="indicator">What it counts.</param>
/// <param name="slices">The slices it judges; null when events count.</param>
/// <param name="fault">A planted fault.</param>
/// <param name="stored">Reads an hour of <see cref="Events"/> that was stored (<see cref="LedgerBook"/>); null to keep all minutes in memory.</param>
public sealed class ObjectiveLedger(
    Indicator indicator, Slicing? slices = null, LedgerFault fault = LedgerFault.None, Func<long, byte[]?>? stored = null)
{
    /// <summary>Late samples re-open a minute for this long; older ones go to <see cref="LateDropped"/>.</summary>
    public const int ReopenMinutes = 60;

    // Of a series that left, the cursor is kept for longer than its samples are: what returns later is another counter.
    private const long ForgetMs = 30L * 24 * 60 * LedgerTime.MinuteMs;

    private SliceBook? _slices = slices is null ? null : new SliceBook(slices);
    private readonly Dictionary<ulong, CounterCursor> _stored = [];
    private readonly Dictionary<ulong, Counter> _counters = [];
    private readonly List<LedgerRevision> _revisions = [];

    private sealed class Counter(ISeriesHandle handle, CounterCursor cursor)
    {
        public readonly ISeriesHandle Handle = handle;
        public CounterCursor Cursor = cursor;
        public int TotalSign;
        public int PartSign;
    }

    /// <summary>The account of events; what is stored.</summary>
    public LedgerBook Events { get; } = new(indicator.Scale, stored);

    /// <summary>The account the budget is kept in: that of events or, derived from it, that of slices.</summary>
    public LedgerBook Book => _slices?.Book ?? Events;

    /// <summary>The last closed minute; 0 before the first. Only <see cref="Close"/> moves it.</summary>
    public long ClosedMinute { get; private set; }

    /// <summary>Time of the newest reading of a counter of all events, ms since the Unix epoch; 0 before the first.</summary>
    public long LastSignalMs { get; private set; }

    /// <summary>
    /// Up to when anything can be missing: while there is a signal, the stretch since the last reading is not missing but to come. Ms since the Unix epoch.
    /// </summary>
    public long AsOfMs(long nowMs) =>
        LastSignalMs > 0 && BurnEvaluator.LostSince(LastSignalMs, LastSignalMs, IntervalMs, nowMs) is null ? LastSignalMs : nowMs;

    /// <summary>The longest expected distance of readings, in milliseconds; 0 when unknown.</summary>
    public long IntervalMs { get; private set; }

    /// <summary>Events that were booked into minutes that had closed, fixed-point; since the server started.</summary>
    public long LateBooked { get; private set; }

    /// <summary>Events that came too late to be booked, fixed-point.</summary>
    public long LateDropped { get; private set; }

    /// <summary>Readings that were no counts, and the time of the last, ms since the Unix epoch; since the server started.</summary>
    public long NotNumbers { get; private set; }

    /// <inheritdoc cref="NotNumbers"/>
    public long LastNotNumberMs { get; private set; }

    /// <summary>Closed minutes in which more good or bad events were counted than events in all, and the last of them; since the server started.</summary>
    public long ExcessMinutes { get; private set; }

    /// <inheritdoc cref="ExcessMinutes"/>
    public long LastExcessMinute { get; private set; }

    /// <summary>How many series it counts.</summary>
    public int SeriesCount => _counters.Count;

    /// <summary>
    /// Tells which series the indicator selects now: for each term of <see cref="CounterRatio.Total"/>, then of the
    /// good or bad part, the handles tracked for it.
    /// A series that left keeps its cursor in case it returns.
    /// </summary>
    public void SetSeries(IReadOnlyList<IReadOnlyList<ISeriesHandle>> total, IReadOnlyList<IReadOnlyList<ISeriesHandle>> part)
    {
        foreach (var (id, counter) in _counters)
        {
            _stored[id] = counter.Cursor;
        }
        _counters.Clear();
        var counted = (CounterRatio)indicator;
        IntervalMs = 0;
        for (var i = 0; i < total.Count; i++)
        {
            foreach (var handle in total[i])
            {
                CounterOf(handle).TotalSign += counted.Total.Terms[i].Sign;
                IntervalMs = Math.Max(IntervalMs, handle.IntervalMs);
            }
        }
        for (var i = 0; i < part.Count; i++)
        {
            foreach (var handle in part[i])
            {
                CounterOf(handle).PartSign += counted.Part.Terms[i].Sign;
            }
        }
    }

    /// <summary>Books everything read up to a time, and tells whether that was anything.</summary>
    /// <exception cref="IOException">A stored hour that has to be added to cannot be read now. What was not booked is read again the next time.</exception>
    public bool Read(long untilMs)
    {
        Span<CounterSample> buffer = stackalloc CounterSample[128];
        var isNew = false;
        foreach (var counter in _counters.Values)
        {
            int read;
            do
            {
                read = counter.Handle.Read(counter.Cursor.TimeMs, untilMs, buffer);
                isNew |= read > 0;
                var intervalMs = read > 0 ? counter.Handle.IntervalMs : 0;
                foreach (var sample in buffer[..read])
                {
                    BookReading(counter, sample, intervalMs);
                }
                if (read == buffer.Length && counter.Cursor.TimeMs < buffer[^1].TimeMs)
                {
                    // The last readings were no counts; step over them.
                    counter.Cursor = counter.Cursor with { TimeMs = buffer[^1].TimeMs };
                }
            }
            while (read == buffer.Length);
        }
        return isNew;
    }

    /// <summary>Books what the queries of an evaluated indicator gave for a minute.</summary>
    /// <param name="minute">The minute; each is booked once.</param>
    /// <param name="reading">What they gave; null when they gave nothing.</param>
    public void BookEvaluated(long minute, EvaluatedMinute? reading)
    {
        IntervalMs = LedgerTime.MinuteMs;
        if (reading is not { } given)
        {
            return;
        }
        var endMs = minute * LedgerTime.MinuteMs;
        Events.Add(minute, (long)Math.Round(given.Good * indicator.Scale), (long)Math.Round(given.Bad * indicator.Scale), CountedQuality.Evaluated);
        Events.Observe(endMs - LedgerTime.MinuteMs, endMs);
        LastSignalMs = Math.Max(LastSignalMs, endMs);
    }

    /// <summary>Closes all minutes up to and including one. What is read of them later is a revision.</summary>
    public void Close(long minute)
    {
        for (var closed = Math.Max(ClosedMinute, minute - ReopenMinutes) + 1; closed <= minute; closed++)
        {
            // Within one minute a reading that was left out can make it so; it evens out with the next one.
            if (Events.Entry(closed) is { Good: < 0 } or { Bad: < 0 } && Events.Sum(closed - ReopenMinutes, closed) is { Good: < 0 } or { Bad: < 0 })
            {
                ExcessMinutes++;
                LastExcessMinute = closed;
            }
        }
        ClosedMinute = Math.Max(ClosedMinute, minute);
        _slices?.Derive(Events, ClosedMinute);
    }

    /// <summary>Takes over from an earlier account of the same objective what it counted in minutes of which this one knows nothing.</summary>
    /// <exception cref="IOException">Minutes of an hour cannot be read now; it can be taken over later.</exception>
    public void TakeOver(LedgerBook earlier, long fromMinute, long toMinute)
    {
        Events.TakeOver(earlier, fromMinute, toMinute);
        // Judged anew at the next close, the older ones with it.
        _slices = slices is null ? null : new SliceBook(slices);
    }

    /// <summary>The closed minutes that were re-opened since the last call.</summary>
    public IReadOnlyList<LedgerRevision> TakeRevisions()
    {
        var taken = _revisions.ToArray();
        _revisions.Clear();
        return taken;
    }

    /// <summary>The cursors and the closed minute, as bytes for <see cref="LoadCursors"/>. Format 1.</summary>
    public byte[] PackCursors()
    {
        foreach (var (id, counter) in _counters)
        {
            _stored[id] = counter.Cursor;
        }
        foreach (var (id, cursor) in _stored)
        {
            if (cursor.TimeMs < LastSignalMs - ForgetMs && !_counters.ContainsKey(id))
            {
                _stored.Remove(id);
            }
        }
        var bytes = new byte[1 + 8 * 3 + _stored.Count * 40];
        using var stream = new MemoryStream(bytes);
        using var writer = new BinaryWriter(stream);
        writer.Write((byte)1);
        writer.Write(ClosedMinute);
        writer.Write(LastSignalMs);
        writer.Write(LateDropped);
        foreach (var (id, cursor) in _stored)
        {
            writer.Write(id);
            writer.Write(cursor.TimeMs);
            writer.Write(cursor.Value);
            writer.Write(cursor.StartMs);
            writer.Write(cursor.RatePerMs);
        }
        return bytes;
    }

    /// <summary>Puts stored cursors back, before the first <see cref="SetSeries"/>.</summary>
    /// <exception cref="InvalidDataException">The bytes are not of format 1.</exception>
    public void LoadCursors(byte[] bytes)
    {
        if (bytes.Length < 25 || bytes[0] != 1 || (bytes.Length - 25) % 40 != 0)
        {
            throw new InvalidDataException("the ledger's cursors are not of a known format");
        }
        using var reader = new BinaryReader(new MemoryStream(bytes, 1, bytes.Length - 1));
        ClosedMinute = reader.ReadInt64();
        LastSignalMs = reader.ReadInt64();
        LateDropped = reader.ReadInt64();
        for (var left = (bytes.Length - 25) / 40; left > 0; left--)
        {
            _stored[reader.ReadUInt64()] = new CounterCursor(reader.ReadInt64(), reader.ReadInt64(), reader.ReadInt64(), reader.ReadDouble());
        }
    }

    private Counter CounterOf(ISeriesHandle handle)
    {
        var id = handle.Labels.StableHash;
        if (!_counters.TryGetValue(id, out var counter))
        {
            _counters[id] = counter = new Counter(handle, _stored.GetValueOrDefault(id));
        }
        return counter;
    }

    private void BookReading(Counter counter, CounterSample sample, long intervalMs)
    {
        var born = counter.Cursor.TimeMs == 0 && counter.Handle.BornInKnownTarget;
        var cursor = counter.Cursor.Advance(sample, born, intervalMs, fault, out var increment);
        if (increment.ToMs > 0)
        {
            BookIncrement(counter, increment);
        }
        else if (!StaleMarker.Is(sample.Value))
        {
            NotNumbers++;
            LastNotNumberMs = Math.Max(LastNotNumberMs, sample.TimeMs);
        }
        // Only what was booked is counted.
        counter.Cursor = cursor;
    }

    private void BookIncrement(Counter counter, Increment increment)
    {
        var total = counter.TotalSign * increment.Count;
        var part = counter.PartSign * increment.Count;
        var (good, bad) = ((CounterRatio)indicator).Bad is null ? (part, total - part) : (total - part, part);
        switch (increment.Kind)
        {
            case IncrementKind.Gap:
            case IncrementKind.Start:
                var kind = increment.Kind == IncrementKind.Gap ? SpanKind.Gap : SpanKind.Start;
                Events.AddSpan(new LedgerSpan(increment.FromMs, increment.ToMs, LedgerTime.ToEvents(good), LedgerTime.ToEvents(bad), kind, 0));
                break;
            case IncrementKind.Uncounted:
                Events.Add(LedgerTime.MinuteOf(increment.ToMs), 0, 0, CountedQuality.FirstUncounted);
                break;
            default:
                BookMinute(counter, increment, good, bad);
                break;
        }
        if (counter.TotalSign != 0)
        {
            LastSignalMs = Math.Max(LastSignalMs, increment.ToMs);
            if (increment.UnseenFromMs > 0 && increment.UnseenAtMost > 0)
            {
                Events.AddSpan(new LedgerSpan(increment.UnseenFromMs, increment.UnseenToMs, 0, 0, SpanKind.Unseen, increment.UnseenAtMost));
            }
        }
    }

    private void BookMinute(Counter counter, Increment increment, long good, long bad)
    {
        var minute = LedgerTime.MinuteOf(increment.ToMs);
        var quality = increment.UnseenFromMs > 0 ? CountedQuality.Reset : CountedQuality.Complete;
        var isLate = minute <= ClosedMinute;
        if (minute <= ClosedMinute - ReopenMinutes || isLate && fault == LedgerFault.Late)
        {
            LateDropped += Math.Abs(good) + Math.Abs(bad);
            return;
        }
        if (counter.TotalSign != 0)
        {
            // First what can be done twice.
            Events.Observe(increment.FromMs, increment.ToMs);
        }
        Events.Add(minute, good, bad, isLate ? quality | CountedQuality.Revised : quality);
        if (isLate)
        {
            LateBooked += Math.Abs(good) + Math.Abs(bad);
            _revisions.Add(new LedgerRevision(minute, good, bad));
        }
        _slices?.Touch(minute);
    }
}
