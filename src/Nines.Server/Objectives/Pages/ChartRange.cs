using Nines.Core.Objectives;

namespace Nines.Server.Objectives.Pages;

/// <summary>The stretch of time a chart shows; in the address as <c>?range=</c>.</summary>
/// <param name="Name">The address's word for it, such as <c>24h</c>.</param>
/// <param name="Minutes">Its length.</param>
/// <param name="StepMinutes">The length of one point.</param>
public sealed record ChartRange(string Name, int Minutes, int StepMinutes)
{
    private static readonly ChartRange[] All =
        [new("30min", 30, 1), new("1h", 60, 1), new("6h", 360, 2), new("24h", 1440, 5), new("7d", 10080, 60)];

    /// <summary>The ranges offered for an objective: those shorter than its window, and the window.</summary>
    public static IReadOnlyList<ChartRange> For(Objective objective) =>
        [.. All.Where(r => r.Minutes < objective.WindowMinutes), Whole(objective)];

    /// <summary>The range asked for, or the shortest that shows all that is known.</summary>
    public static ChartRange Choose(ObjectiveReport report, string? name, long nowMs)
    {
        var ranges = For(report.Objective);
        var known = LedgerTime.LastEnded(nowMs) - report.KnownSinceMinute;
        return ranges.FirstOrDefault(r => r.Name == name) ?? ranges.FirstOrDefault(r => r.Minutes >= known) ?? ranges[^1];
    }

    private static ChartRange Whole(Objective objective)
    {
        var minutes = objective.WindowMinutes;
        var name = minutes % 1440 == 0 ? $"{minutes / 1440}d" : minutes % 60 == 0 ? $"{minutes / 60}h" : $"{minutes}min";
        return new(name, minutes, minutes <= 1440 ? Math.Max(1, minutes / 240) : minutes <= 10080 ? 60 : 60 * Math.Max(1, minutes / 40320));
    }
}
