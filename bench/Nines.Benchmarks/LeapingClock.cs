namespace Nines.Benchmarks;

/// <summary>A clock that is put forward; its timers run on real time.</summary>
internal sealed class LeapingClock(long ms) : TimeProvider
{
    public long Ms { get; set; } = ms;

    public override DateTimeOffset GetUtcNow() => DateTimeOffset.FromUnixTimeMilliseconds(Ms);
}
