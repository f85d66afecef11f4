namespace Nines.Server.Probes.Push;

/// <summary>Work at whole multiples of a length of time by the wall clock: what is counted until a minute's end is written with the time of that end.</summary>
internal static class Rounds
{
    public static async Task RunAsync(TimeProvider time, long lengthMs, Func<long, Task> round, CancellationToken stop)
    {
        while (!stop.IsCancellationRequested)
        {
            var nowMs = time.GetUtcNow().ToUnixTimeMilliseconds();
            var dueMs = (nowMs / lengthMs + 1) * lengthMs;
            await Task.Delay(TimeSpan.FromMilliseconds(dueMs - nowMs), time, stop);
            nowMs = time.GetUtcNow().ToUnixTimeMilliseconds();
            // A timer may be a moment early.
            await round(Math.Max(dueMs, nowMs / lengthMs * lengthMs));
        }
    }
}
