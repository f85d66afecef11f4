namespace Nines.Core.Alerting;

/// <summary>A moment by both clocks. People's times (starts, silences, calendars) are read off the wall; durations (timers, timeouts) run on the steady
/// clock, which nobody sets.</summary>
/// <param name="WallNs">Nanoseconds since the Unix epoch.</param>
/// <param name="SteadyNs">Nanoseconds since some moment before this process began.</param>
public readonly record struct Moment(long WallNs, long SteadyNs)
{
    /// <summary>Where a moment of the wall's clock lies on the steady one, as far as is known now.</summary>
    public long SteadyOf(long wallNs) => SteadyNs + (wallNs - WallNs);
}
