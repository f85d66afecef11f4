namespace Nines.Browser.Tests;

/// <summary>Real time that starts on Thursday 12 March 2026, 03:14 UTC, so that pages and screenshots say the same on every day.</summary>
internal sealed class ShiftedTime : TimeProvider
{
    private readonly long _started = System.GetTimestamp();

    public static DateTimeOffset Start { get; } = new(2026, 3, 12, 3, 14, 0, TimeSpan.Zero);

    public override DateTimeOffset GetUtcNow() => Start + System.GetElapsedTime(_started);
}
