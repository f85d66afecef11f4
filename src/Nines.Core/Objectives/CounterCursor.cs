using Nines.Metrics;

namespace Nines.Core.Objectives;

/// <summary>What is wrong on purpose, so that a proof can show that it would notice.</summary>
public enum LedgerFault
{
    /// <summary>Nothing.</summary>
    None,
    /// <summary>The first value of a series born in a known target is not counted.</summary>
    FirstSample,
    /// <summary>A counter that starts anew counts the difference instead of the new value.</summary>
    Reset,
    /// <summary>The cursor does not move on a sample at a minute's edge.</summary>
    DoubleCount,
    /// <summary>Samples of a closed minute are dropped.</summary>
    Late,
    /// <summary>The increase over a gap is dropped.</summary>
    Gap,
}

/// <summary>How an increment came about.</summary>
public enum IncrementKind
{
    /// <summary>Between two readings as close as expected: it belongs to the minute of the second.</summary>
    Observed,
    /// <summary>Between two readings further apart than expected.</summary>
    Gap,
    /// <summary>Between a counter's own start and its first reading.</summary>
    Start,
    /// <summary>A first reading whose value cannot be placed: nothing is counted.</summary>
    Uncounted,
}

/// <summary>What a reading adds.</summary>
/// <param name="FromMs">Start of the stretch it covers, excluded.</param>
/// <param name="ToMs">End of it: the reading's time.</param>
/// <param name="Count">The increase, fixed-point.</param>
/// <param name="Kind">How it came about.</param>
/// <param name="UnseenFromMs">When a process ended within: the last reading of the old one. 0 otherwise.</param>
/// <param name="UnseenToMs">The start of the new one, or its first reading when it does not say.</param>
/// <param name="UnseenAtMost">Events that the old process may have counted after its last reading, estimated from its last rate.</param>
public readonly record struct Increment(
    long FromMs, long ToMs, long Count, IncrementKind Kind, long UnseenFromMs = 0, long UnseenToMs = 0, double UnseenAtMost = 0);

/// <summary>
/// How far a counter has been counted: the last reading. Increments between consecutive readings add up to the whole by construction,
/// however often and in whatever portions the readings are taken.
/// </summary>
/// <param name="TimeMs">Time of the last reading; 0 before the first.</param>
/// <param name="Value">Its value, fixed-point.</param>
/// <param name="StartMs">The counter's start as it said then; 0 when it does not say.</param>
/// <param name="RatePerMs">Events per millisecond at the last increment; only for estimates.</param>
public readonly record struct CounterCursor(long TimeMs, long Value, long StartMs, double RatePerMs)
{
    /// <summary>Two readings further apart than this have a gap between them: 2.5 intervals, or 150 s when the interval is unknown.</summary>
    public static long GapLimitMs(long intervalMs) => intervalMs > 0 ? intervalMs * 5 / 2 : 150_000;

    /// <summary>Moves over one reading.</summary>
    /// <param name="sample">The reading; later than <see cref="TimeMs"/>.</param>
    /// <param name="bornInKnownTarget">Whether a first reading counts from zero (<see cref="ISeriesHandle.BornInKnownTarget"/>).</param>
    /// <param name="intervalMs">The expected distance of readings; 0 when unknown.</param>
    /// <param name="fault">A planted fault.</param>
    /// <param name="increment">What it adds; default when the reading is a stale marker or not a count.</param>
    /// <returns>The cursor after the reading.</returns>
    public CounterCursor Advance(CounterSample sample, bool bornInKnownTarget, long intervalMs, LedgerFault fault, out Increment increment)
    {
        increment = default;
        if (LedgerTime.ToFixed(sample.Value) is not { } value)
        {
            return this;
        }
        if (TimeMs == 0)
        {
            increment = First(sample, value, bornInKnownTarget && fault != LedgerFault.FirstSample, intervalMs, fault);
        }
        else if (StartsAnew(sample, value) && fault != LedgerFault.Reset)
        {
            increment = Anew(sample, value, intervalMs);
        }
        else
        {
            var kind = sample.TimeMs - TimeMs > GapLimitMs(intervalMs) ? IncrementKind.Gap : IncrementKind.Observed;
            increment = new Increment(TimeMs, sample.TimeMs, fault == LedgerFault.Reset ? Math.Max(0, value - Value) : value - Value, kind);
        }
        if (fault == LedgerFault.Gap && increment.Kind == IncrementKind.Gap)
        {
            increment = increment with { Count = 0 };
        }
        if (fault == LedgerFault.DoubleCount && TimeMs != 0 && LedgerTime.MinuteOf(sample.TimeMs) != LedgerTime.MinuteOf(TimeMs))
        {
            return this with { TimeMs = sample.TimeMs };
        }
        var rate = LedgerTime.ToEvents(increment.Count) / Math.Max(1, increment.ToMs - increment.FromMs);
        return new CounterCursor(sample.TimeMs, value, sample.StartMs, increment.Kind == IncrementKind.Uncounted ? 0 : rate);
    }

    private static Increment First(CounterSample sample, long value, bool fromZero, long intervalMs, LedgerFault fault)
    {
        var near = sample.TimeMs - (intervalMs > 0 ? intervalMs : LedgerTime.MinuteMs);
        if (fromZero)
        {
            // The target was read one interval ago and did not have the series: all of the value is newer than that.
            return new Increment(near, sample.TimeMs, value, IncrementKind.Observed);
        }
        if (sample.StartMs > 0 && fault != LedgerFault.FirstSample)
        {
            // A scrape is stamped with the time it was due, so a counter born while it was answered may start a moment later.
            var start = Math.Min(sample.StartMs, sample.TimeMs);
            var kind = sample.TimeMs - start > GapLimitMs(intervalMs) ? IncrementKind.Start : IncrementKind.Observed;
            return new Increment(start, sample.TimeMs, value, kind);
        }
        return new Increment(sample.TimeMs, sample.TimeMs, 0, IncrementKind.Uncounted);
    }

    // A value that falls, or another start, is another counter. The start also tells when the value has already grown past the old one.
    private bool StartsAnew(CounterSample sample, long value) =>
        value < Value || (sample.StartMs > 0 && StartMs > 0 && sample.StartMs != StartMs && sample.StartMs > TimeMs - LedgerTime.MinuteMs);

    private Increment Anew(CounterSample sample, long value, long intervalMs)
    {
        // What the new process says of its own start bounds the stretch nobody saw; the new value lies after it.
        var start = sample.StartMs > TimeMs && sample.StartMs <= sample.TimeMs ? sample.StartMs : 0;
        var unseenTo = start > 0 ? start : sample.TimeMs;
        var from = start > 0 ? start : TimeMs;
        var kind = sample.TimeMs - from > GapLimitMs(intervalMs) ? IncrementKind.Gap : IncrementKind.Observed;
        return new Increment(from, sample.TimeMs, value, kind, TimeMs, unseenTo, RatePerMs * (unseenTo - TimeMs));
    }
}
