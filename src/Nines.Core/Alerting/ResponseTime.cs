using NodaTime;

namespace Nines.Core.Alerting;

/// <summary>Within which time an alert is to be acknowledged.</summary>
/// <param name="Text">In words that follow "within": <c>15 min</c>, <c>1 business day</c>.</param>
/// <param name="Length">So much time; of the calendar's open time where there is one. Not used where business days are counted.</param>
/// <param name="BusinessDays">Up to the end of this business day after that of the start; 0 when a length is counted.</param>
/// <param name="Calendar">Whose open time counts; null for time around the clock.</param>
public sealed record ResponseTime(string Text, Duration Length, int BusinessDays = 0, BusinessCalendar? Calendar = null)
{
    /// <summary>What "at once" comes to: nobody answers in no time.</summary>
    public static readonly Duration AtOnce = Duration.FromMinutes(1);

    // Far above any deadline after its start.
    private const long MostNs = 20L * 366 * 86_400 * 1_000_000_000;

    /// <summary>When the time is over.</summary>
    /// <param name="startNs">When it begins, nanoseconds since the Unix epoch.</param>
    /// <returns>Nanoseconds since the Unix epoch; <see cref="long.MaxValue"/> when that is beyond what can be told.</returns>
    public long DueNs(long startNs)
    {
        if (startNs > long.MaxValue - MostNs)
        {
            return long.MaxValue;
        }
        var start = NodaConstants.UnixEpoch + Duration.FromNanoseconds(startNs);
        var due = Calendar is null ? start + (Length == Duration.Zero ? AtOnce : Length)
            : BusinessDays > 0 ? Calendar.EndOfDay(start, BusinessDays) : Calendar.Add(start, Length);
        return (due - NodaConstants.UnixEpoch).ToInt64Nanoseconds();
    }
}
