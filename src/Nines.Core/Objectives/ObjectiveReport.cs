namespace Nines.Core.Objectives;

/// <summary>What an objective's budget is like.</summary>
public enum BudgetState
{
    /// <summary>More than half of the budget is left.</summary>
    Ok,
    /// <summary>25 to 50 % is left.</summary>
    Caution,
    /// <summary>0 to 25 % is left.</summary>
    Freeze,
    /// <summary>Nothing is left, or less.</summary>
    Exhausted,
    /// <summary>There is no signal now, or there never was.</summary>
    Unknown,
}

/// <summary>The account of an objective over its window at one moment; every figure a page or the API shows comes from here.</summary>
public sealed record ObjectiveReport
{
    /// <summary>The objective.</summary>
    public required Objective Objective { get; init; }

    /// <summary>The state of its budget.</summary>
    public required BudgetState State { get; init; }

    /// <summary>The account over each of its windows, in the objective's order.</summary>
    public required IReadOnlyList<WindowReport> Windows { get; init; }

    /// <summary>The account over the first window, which the state and the burn limits go by.</summary>
    public WindowAccount Window => Windows[0].Account;

    /// <inheritdoc cref="WindowReport.BudgetTotal"/>
    public double BudgetTotal => Windows[0].BudgetTotal;

    /// <inheritdoc cref="WindowReport.BudgetRemaining"/>
    public double BudgetRemaining => Windows[0].BudgetRemaining;

    /// <inheritdoc cref="WindowReport.RemainingShare"/>
    public double? RemainingShare => Windows[0].RemainingShare;

    /// <summary>Burn over each window of the policy, shortest first.</summary>
    public required IReadOnlyList<BurnReading> Burn { get; init; }

    /// <summary>The rules of the policy and whether each fires.</summary>
    public required IReadOnlyList<BurnRuleReading> Rules { get; init; }

    /// <summary>When the budget will be gone at the pace of the last days; null while there are too few of them.</summary>
    public BudgetForecast? Forecast { get; init; }

    /// <summary>Since when it is likely to be gone before the window ends, ms since the Unix epoch; null when it is not.</summary>
    public long? AtRiskSinceMs { get; init; }

    /// <summary>How a rule of its policy reacts to outages, at its present traffic.</summary>
    public IReadOnlyList<BurnReaction> ReactionsOf(BurnRule rule) => BurnReaction.Of(Objective, rule, Window);

    /// <summary>The time that adjustments take out of the account.</summary>
    public ExcludedTime Excluded { get; init; } = ExcludedTime.None;

    /// <summary>Spans of the window whose course within is not known: gaps, unseen intervals. Oldest first.</summary>
    public required IReadOnlyList<LedgerSpan> Spans { get; init; }

    /// <summary>What makes the figures worth less than they look.</summary>
    public IReadOnlyList<QualityFinding> Findings { get; init; } = [];

    /// <summary>Since when there is no signal, Unix minutes; null while there is one.</summary>
    public long? LostSinceMinute { get; init; }

    /// <summary>The last minute that is closed, Unix minutes; 0 before the first.</summary>
    public long ClosedMinute { get; init; }

    /// <summary>Since when anything is known, Unix minutes.</summary>
    public long KnownSinceMinute { get; init; }

    /// <summary>The last minute that an earlier indicator counted and this account took over, Unix minutes; null for none.</summary>
    public long? CarriedToMinute { get; init; }
}

/// <summary>The account of one of an objective's windows.</summary>
/// <param name="Window">The window.</param>
/// <param name="FromMinute">Its start, Unix minutes, excluded.</param>
/// <param name="EndMinute">Its end, included: now for a rolling window, later for a period of the calendar that still runs.</param>
/// <param name="Account">The events in it so far that count: without those that adjustments take out.</param>
/// <param name="BudgetTotal">Bad events the target allows for the events so far: (1 − target) × total.</param>
public sealed record WindowReport(BudgetWindow Window, long FromMinute, long EndMinute, WindowAccount Account, double BudgetTotal)
{
    /// <summary>What adjustments take out of it; all 0 without any.</summary>
    public WindowAccount Excluded { get; init; }

    /// <summary>Share of the budget that would be left without any adjustment; null while there are no events.</summary>
    public double? RemainingShareWithout { get; init; }

    /// <summary>Budget that is not spent, in events; negative when overspent.</summary>
    public double BudgetRemaining => BudgetTotal - Account.Charged;

    /// <summary>Share of the budget that is not spent, 1 = all, negative when overspent; null while there are no events.</summary>
    public double? RemainingShare => BudgetTotal > 0 ? BudgetRemaining / BudgetTotal : null;
}

/// <summary>Events of a window. Counts are events; fractions occur where a span is cut by the window's edge.</summary>
/// <param name="FromMinute">The window's start, Unix minutes, excluded.</param>
/// <param name="ToMinute">The window's end, Unix minutes, included.</param>
/// <param name="Good">Good events.</param>
/// <param name="Bad">Bad events.</param>
/// <param name="KnownMinutes">Minutes with a signal (fractions where only part of a minute was observed).</param>
/// <param name="UnknownMinutes">Minutes since the first entry without a signal.</param>
/// <param name="ChargedForUnknown">Bad events charged for unknown minutes by the objective's declaration; 0 when they are ignored.</param>
/// <param name="UnseenAtMost">Estimate of the events that happened but were never read (lost with a process), at most; 0 when complete.</param>
/// <param name="Approximate">Whether a span was cut pro rata at the edge.</param>
public readonly record struct WindowAccount(
    long FromMinute, long ToMinute, double Good, double Bad,
    double KnownMinutes, double UnknownMinutes, double ChargedForUnknown, double UnseenAtMost, bool Approximate)
{
    /// <summary>All valid events.</summary>
    public double Total => Good + Bad;

    /// <summary>Share of good events, 0 to 1; null without events.</summary>
    public double? Ratio => Total > 0 ? Good / Total : null;

    /// <summary>Bad events that count against the budget.</summary>
    public double Charged => Bad + ChargedForUnknown;

    /// <summary>Share of the window's minutes that were observed, 0 to 1.</summary>
    public double Coverage => KnownMinutes + UnknownMinutes > 0 ? KnownMinutes / (KnownMinutes + UnknownMinutes) : 0;
}

/// <summary>How fast a window spends the budget: 1 uses it up in exactly the objective's window.</summary>
/// <param name="Minutes">Length of the window.</param>
/// <param name="Account">The events in it.</param>
/// <param name="Rate">Bad ÷ total ÷ (1 − target), over the known part; null when no part is known or without events.</param>
/// <param name="Limit">The limit a rule of the policy sets for this window; null when it only confirms.</param>
public sealed record BurnReading(int Minutes, WindowAccount Account, double? Rate, double? Limit);

/// <summary>A rule of the burn policy at one moment.</summary>
/// <param name="Rule">The rule.</param>
/// <param name="Limit">Its limit for the objective's window.</param>
/// <param name="LongRate">Burn over the long window; null when unknown.</param>
/// <param name="ShortRate">Burn over the short window; null when unknown.</param>
/// <param name="Firing">Whether it fires.</param>
/// <param name="FiringSinceNs">Since when, nanoseconds since the Unix epoch; null when it does not fire.</param>
public sealed record BurnRuleReading(BurnRule Rule, double Limit, double? LongRate, double? ShortRate, bool Firing, long? FiringSinceNs);

/// <summary>Why the course within a span is not known.</summary>
public enum SpanKind
{
    /// <summary>Nothing was read in it; the counters tell the sum (as after an outage of this server).</summary>
    Gap,
    /// <summary>A process ended in it; up to <see cref="LedgerSpan.UnseenAtMost"/> of its events were never read.</summary>
    Unseen,
    /// <summary>A counter first seen at the end says that it started at the beginning.</summary>
    Start,
    /// <summary>Nothing was read in it and nothing is known.</summary>
    NoData,
}

/// <summary>A stretch of time of which the ledger knows at most the sum.</summary>
/// <param name="FromMs">Start, milliseconds since the Unix epoch, excluded.</param>
/// <param name="ToMs">End, included.</param>
/// <param name="Good">Good events in it.</param>
/// <param name="Bad">Bad events in it.</param>
/// <param name="Kind">Why it is a span.</param>
/// <param name="UnseenAtMost">Estimate of the events lost in it; 0 unless <see cref="SpanKind.Unseen"/>.</param>
public sealed record LedgerSpan(long FromMs, long ToMs, double Good, double Bad, SpanKind Kind, double UnseenAtMost);

/// <summary>A point of an objective's course, for charts.</summary>
/// <param name="ToMinute">End of the bucket, Unix minutes.</param>
/// <param name="Good">Good events in the bucket, spans pro rata; null without data.</param>
/// <param name="Bad">Bad events in the bucket; null without data.</param>
/// <param name="RemainingShare">Budget left at the bucket's end counted within the present window (falls only); null before the first entry.</param>
/// <param name="Known">Share of the bucket that is accounted for, 0 to 1: observed, or within a span whose sum is known.</param>
public readonly record struct CoursePoint(long ToMinute, double? Good, double? Bad, double? RemainingShare, double Known);

/// <summary>Reads the ledger for pages, the API and other rooms. Answers from an immutable snapshot.</summary>
public interface IObjectiveReports
{
    /// <summary>Counts up whenever a report changed; what live pages watch.</summary>
    long Version { get; }

    /// <summary>A report for each objective of the workspace, in order of key.</summary>
    IReadOnlyList<ObjectiveReport> All();

    /// <summary>The reports of an objective's groups, those beyond the cap last; empty when it has none.</summary>
    IReadOnlyList<ObjectiveReport> Groups(string key);

    /// <summary>The report of one objective or of one of its groups, or null.</summary>
    ObjectiveReport? Find(string key);

    /// <summary>The course of an objective over <paramref name="fromMinute"/> (excluded) to <paramref name="toMinute"/> in buckets of
    /// <paramref name="stepMinutes"/>.</summary>
    IReadOnlyList<CoursePoint> Course(string key, long fromMinute, long toMinute, int stepMinutes);

    /// <summary>The account of any window of an objective.</summary>
    WindowAccount? Window(string key, long fromMinute, long toMinute);

    /// <summary>
    /// How the bad events of a window spread over the labels of the series that counted them, the most telling label first. Null when there is no such
    /// objective, when no counters count it, or when more than <see cref="Attribution.MaxSeries"/> series do.
    /// </summary>
    IReadOnlyList<LabelAttribution>? Attribute(string key, long fromMinute, long toMinute);

    /// <summary>What an adjustment does to the budget of an objective; null when there is no such objective.</summary>
    AdjustmentEffect? Effect(string key, Adjustment adjustment);

    /// <summary>What the causes that adjustments name have to answer for in a stretch; empty without any.</summary>
    IReadOnlyList<CauseAttribution> Causes(string key, long fromMinute, long toMinute);
}
