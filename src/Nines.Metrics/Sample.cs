namespace Nines.Metrics;

/// <summary>A value at a time.</summary>
/// <param name="TimeMs">Milliseconds since the Unix epoch.</param>
/// <param name="Value">The value; a stale marker ends the series until its next sample (<see cref="StaleMarker"/>).</param>
public readonly record struct Sample(long TimeMs, double Value);

/// <summary>A reading of a counter with the time at which it started to count.</summary>
/// <param name="TimeMs">Milliseconds since the Unix epoch.</param>
/// <param name="Value">The value read, or a stale marker.</param>
/// <param name="StartMs">When the counter was at zero (OpenMetrics <c>_created</c>), in milliseconds; 0 when the source does not say.</param>
public readonly record struct CounterSample(long TimeMs, double Value, long StartMs);

/// <summary>Prometheus' marker for "this series has ended": a NaN with a payload of its own.</summary>
public static class StaleMarker
{
    /// <summary>The marker's value. Compare with <see cref="Is"/>: a NaN equals nothing.</summary>
    public static readonly double Value = BitConverter.UInt64BitsToDouble(0x7ff0000000000002UL);

    /// <summary>Whether a value is the marker.</summary>
    public static bool Is(double value) => BitConverter.DoubleToUInt64Bits(value) == 0x7ff0000000000002UL;
}
