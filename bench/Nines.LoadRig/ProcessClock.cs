using System.Runtime.InteropServices;

namespace Nines.LoadRig;

/// <summary>The CPU clock of another process. <c>/proc</c> tells the same in hundredths of a second only, too coarse for what is compared here.</summary>
internal static class ProcessClock
{
    // The kernel's number of a process' clock: the id inverted, and that its scheduler counts (CPUCLOCK_SCHED).
    private const int CountedByScheduler = 2;

    /// <summary>CPU time of a process so far, all its threads, those that ended too.</summary>
    /// <exception cref="InvalidOperationException">There is no such process.</exception>
    public static TimeSpan Of(int processId) => clock_gettime((~processId << 3) | CountedByScheduler, out var time) == 0
        ? TimeSpan.FromSeconds(time.Seconds) + TimeSpan.FromMicroseconds(time.Nanoseconds / 1000d)
        : throw new InvalidOperationException($"process {processId} has no clock: error {Marshal.GetLastPInvokeError()}");

    [DllImport("libc", SetLastError = true)]
    private static extern int clock_gettime(int clock, out Timespec time);

    private struct Timespec
    {
        public long Seconds;
        public long Nanoseconds;
    }
}
