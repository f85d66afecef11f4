using Nines.Core.Alerting;

namespace Nines.Server.State;

/// <summary>The moment by both clocks.</summary>
internal static class Moments
{
    public static Moment Now(this TimeProvider time) =>
        new((time.GetUtcNow() - DateTimeOffset.UnixEpoch).Ticks * 100, (long)time.GetElapsedTime(0).TotalNanoseconds);
}
