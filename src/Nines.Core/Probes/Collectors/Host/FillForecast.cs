namespace Nines.Core.Probes.Collectors.Host;

/// <summary>Whether something fills up.</summary>
public enum FillTrend
{
    /// <summary>It was looked at for less than a day.</summary>
    TooEarly,
    /// <summary>What is free does not fall, or no more than it goes up and down anyhow.</summary>
    Steady,
    /// <summary>What is free falls.</summary>
    Filling,
}

/// <summary>When something is full if it goes on filling as it did.</summary>
/// <param name="Trend">Whether it fills at all.</param>
/// <param name="Days">Days until nothing is free; 0 unless it fills.</param>
/// <param name="EarliestDays">The near end of the range in which that lies with a probability of about 95 %, if the course stays a line.</param>
/// <param name="LatestDays">The far end.</param>
/// <param name="OverDays">The days that were looked at.</param>
public readonly record struct FillForecast(FillTrend Trend, double Days, double EarliestDays, double LatestDays, double OverDays)
{
    private const double DayMs = 86_400_000;

    /// <summary>Fits a line to what was free, by least squares. Neighbouring points are alike, so they count for fewer than they are: the error of the slope
    /// is widened by the correlation of its residuals at lag one.</summary>
    /// <param name="free">What was free at times in ms, oldest first, at even distances.</param>
    public static FillForecast Of(IReadOnlyList<(long TimeMs, double Free)> free)
    {
        var over = free.Count < 2 ? 0 : (free[^1].TimeMs - free[0].TimeMs) / DayMs;
        if (free.Count < 12 || over < 1)
        {
            return new(FillTrend.TooEarly, 0, 0, 0, over);
        }
        var n = free.Count;
        var (meanX, meanY) = (free.Average(p => p.TimeMs / DayMs), free.Average(p => p.Free));
        var sxx = free.Sum(p => Square(p.TimeMs / DayMs - meanX));
        var slope = free.Sum(p => (p.TimeMs / DayMs - meanX) * (p.Free - meanY)) / sxx;
        var residuals = free.Select(p => p.Free - meanY - slope * (p.TimeMs / DayMs - meanX)).ToArray();
        var squares = residuals.Sum(Square);
        var alike = squares > 0 ? Math.Clamp(residuals.Zip(residuals.Skip(1), (a, b) => a * b).Sum() / squares, 0, 0.99) : 0;
        var error = Math.Sqrt(squares / (n - 2) / sxx * (1 + alike) / (1 - alike));
        var (least, most) = (-slope - 2 * error, -slope + 2 * error);
        return least <= 0 || slope >= 0 ? new(FillTrend.Steady, 0, 0, 0, over)
            : new(FillTrend.Filling, free[^1].Free / -slope, free[^1].Free / most, free[^1].Free / least, over);
    }

    private static double Square(double value) => value * value;
}
