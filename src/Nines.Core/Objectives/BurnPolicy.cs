namespace Nines.Core.Objectives;

/// <summary>When spending the error budget too fast becomes an alert (multi-window, multi-burn-rate; Google SRE workbook, chapter 5).</summary>
/// <param name="Name">The policy's name.</param>
/// <param name="Rules">Its rules; each fires by itself.</param>
/// <param name="MinimumBad">A rule does not fire before the long window holds this many bad events; null for <see cref="LeastBadEvents"/> or, where
/// chance cannot be reckoned, <see cref="LeastBadSlices"/>.</param>
/// <param name="Position">Where it is declared.</param>
public sealed record BurnPolicy(string Name, IReadOnlyList<BurnRule> Rules, int? MinimumBad, SourcePosition Position)
{
    /// <summary>Counted events fire a rule from this many bad ones on, when they are more than chance (<see cref="BurnEvidence"/>).</summary>
    public const int LeastBadEvents = 2;

    /// <summary>Slices and evaluated values fire a rule from this many bad ones on: neighbours are not independent, so nothing can be said of chance.</summary>
    public const int LeastBadSlices = 3;

    /// <summary>A rule does not fire before the long window holds this many events, good ones included.</summary>
    public int MinimumEvents { get; init; }

    /// <summary>The policy of objectives that name none: page at 2 % of the budget in 1 h and 5 % in 6 h, ticket at 10 % in 1 d and in 3 d.</summary>
    public static readonly BurnPolicy Default = new("default",
    [
        new(60, 5, 0.02m, BurnSeverity.Page),
        new(360, 30, 0.05m, BurnSeverity.Page),
        new(1440, 120, 0.10m, BurnSeverity.Ticket),
        new(4320, 360, 0.10m, BurnSeverity.Ticket),
    ], null, default);
}

/// <summary>Fires while both windows burn faster than the limit.</summary>
/// <param name="LongMinutes">Length of the window that proves the spending matters.</param>
/// <param name="ShortMinutes">Length of the window that proves it still goes on.</param>
/// <param name="Share">Share of the whole budget which, spent within the long window, is too much; 0 to 1.</param>
/// <param name="Severity">What it asks of people.</param>
public sealed record BurnRule(int LongMinutes, int ShortMinutes, decimal Share, BurnSeverity Severity)
{
    /// <summary>The burn rate above which the rule fires: share × objective window ÷ long window.</summary>
    public double Limit(int windowMinutes) => (double)(Share * windowMinutes / LongMinutes);

    /// <summary>Whether the rule can fire at all: a burn rate never exceeds 1 ÷ (1 − target).</summary>
    public bool IsReachable(decimal target, int windowMinutes) => Share * windowMinutes / LongMinutes < 1 / (1 - target);
}

/// <summary>What an alert asks of people.</summary>
public enum BurnSeverity
{
    /// <summary>Look at it in working hours.</summary>
    Ticket,
    /// <summary>Get up now.</summary>
    Page,
}
