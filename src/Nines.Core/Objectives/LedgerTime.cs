namespace Nines.Core.Objectives;

/// <summary>The ledger's units. A minute is left-open and right-closed: minute m holds the times (60,000 (m − 1), 60,000 m] ms. Counts are fixed-point
/// thousandths of an event.</summary>
public static class LedgerTime
{
    /// <summary>Milliseconds in a minute.</summary>
    public const long MinuteMs = 60_000;

    /// <summary>Units of a count in one event.</summary>
    public const long Scale = 1000;

    /// <summary>The minute that holds a time.</summary>
    public static long MinuteOf(long timeMs) => (timeMs + MinuteMs - 1) / MinuteMs;

    /// <summary>The last minute that has ended at a time.</summary>
    public static long LastEnded(long timeMs) => timeMs / MinuteMs;

    /// <summary>
    /// A counter's value in fixed point. Values, not differences, are rounded, so that increments add up to the whole without drift.
    /// Null when the value cannot be a count.
    /// </summary>
    public static long? ToFixed(double value) =>
        double.IsFinite(value) && value >= 0 && value < long.MaxValue / (double)Scale ? (long)Math.Round(value * Scale) : null;

    /// <summary>Events of a fixed-point count.</summary>
    public static double ToEvents(long count) => count / (double)Scale;
}
