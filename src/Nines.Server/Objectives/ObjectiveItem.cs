using Nines.Core.Objectives;
using Nines.Server.Web;

namespace Nines.Server.Objectives;

/// <summary>A list of objectives.</summary>
/// <param name="Items">The objectives, in order of key.</param>
public sealed record ObjectiveList(IReadOnlyList<ObjectiveItem> Items);

/// <summary>An objective and its account over its window. Counts are events; shares and ratios are 0 to 1.</summary>
public sealed record ObjectiveItem
{
    /// <summary><c>service/slo[/objective]@environment</c></summary>
    public required string Key { get; init; }

    /// <summary>The service that makes the promise.</summary>
    public required string Service { get; init; }

    /// <summary>The environment it is measured in.</summary>
    public required string Environment { get; init; }

    /// <summary>The promise in words.</summary>
    public required string DisplayName { get; init; }

    /// <summary>Target share of good events.</summary>
    public required decimal Target { get; init; }

    /// <summary>Length of the rolling window.</summary>
    public required int WindowMinutes { get; init; }

    /// <summary>ok, caution, freeze, exhausted or unknown.</summary>
    public required string State { get; init; }

    /// <summary>Good events in the window.</summary>
    public required double Good { get; init; }

    /// <summary>Bad events in the window.</summary>
    public required double Bad { get; init; }

    /// <summary>Events in the window.</summary>
    public required double Total { get; init; }

    /// <summary>Share of good events; null without events.</summary>
    public required double? Indicator { get; init; }

    /// <summary>Bad events the target allows.</summary>
    public required double BudgetEvents { get; init; }

    /// <summary>Budget not spent, in events; negative when overspent.</summary>
    public required double RemainingEvents { get; init; }

    /// <summary>Budget not spent as a share of all of it; null without events.</summary>
    public required double? RemainingShare { get; init; }

    /// <summary>Share of the time since the first entry that is accounted for.</summary>
    public required double Coverage { get; init; }

    /// <summary>Events that a process may have counted after its last reading and that were never read, at most.</summary>
    public required double UnseenAtMost { get; init; }

    /// <summary>Whether a span of known sum is cut by the window's edge and charged pro rata.</summary>
    public required bool Approximate { get; init; }

    /// <summary>To when the account is closed; null before the first closed minute.</summary>
    public required string? ClosedTo { get; init; }

    /// <summary>Since when there is no signal; null while there is one.</summary>
    public required string? LostSince { get; init; }

    /// <summary>Burn over each window of the policy.</summary>
    public required IReadOnlyList<BurnItem> Burn { get; init; }

    /// <summary>Stretches whose course is not known.</summary>
    public required IReadOnlyList<SpanItem> Spans { get; init; }

    /// <summary>The item of a report.</summary>
    public static ObjectiveItem Of(ObjectiveReport report) => new()
    {
        Key = report.Objective.Key,
        Service = report.Objective.Service,
        Environment = report.Objective.Environment,
        DisplayName = report.Objective.DisplayName,
        Target = report.Objective.Target,
        WindowMinutes = report.Objective.WindowMinutes,
        State = Format.State(report.State).Attribute,
        Good = Math.Round(report.Window.Good, 6),
        Bad = Math.Round(report.Window.Bad, 6),
        Total = Math.Round(report.Window.Total, 6),
        Indicator = report.Window.Ratio,
        BudgetEvents = report.BudgetTotal,
        RemainingEvents = report.BudgetRemaining,
        RemainingShare = report.RemainingShare,
        Coverage = report.Window.Coverage,
        UnseenAtMost = report.Window.UnseenAtMost,
        Approximate = report.Window.Approximate,
        ClosedTo = report.ClosedMinute > 0 ? Format.Iso(report.ClosedMinute * LedgerTime.MinuteMs) : null,
        LostSince = report.LostSinceMinute is { } lost ? Format.Iso(lost * LedgerTime.MinuteMs) : null,
        Burn = [.. report.Burn.Select(b => new BurnItem(b.Minutes, b.Rate, b.Limit, b.Account.KnownMinutes,
            report.Rules.Any(r => r.Firing && (r.Rule.LongMinutes == b.Minutes || r.Rule.ShortMinutes == b.Minutes))))],
        Spans = [.. report.Spans.Select(s => new SpanItem(
            s.Kind switch { SpanKind.Gap => "gap", SpanKind.Unseen => "unseen", SpanKind.Start => "start", _ => "no-data" },
            Format.Iso(s.FromMs), Format.Iso(s.ToMs), s.Good, s.Bad, s.UnseenAtMost))],
    };
}

/// <summary>Burn over one window.</summary>
/// <param name="WindowMinutes">Its length.</param>
/// <param name="Rate">1 spends the budget in exactly the objective's window; null when unknown.</param>
/// <param name="Limit">The lowest limit a rule sets for it.</param>
/// <param name="KnownMinutes">How much of it is known.</param>
/// <param name="Firing">Whether a rule of it fires.</param>
public sealed record BurnItem(int WindowMinutes, double? Rate, double? Limit, double KnownMinutes, bool Firing);

/// <summary>A stretch whose course is not known.</summary>
/// <param name="Kind">gap, start (only the sum is known), unseen (a process ended in it) or no-data.</param>
/// <param name="From">Start.</param>
/// <param name="To">End.</param>
/// <param name="GoodEvents">Good events in it.</param>
/// <param name="BadEvents">Bad events in it.</param>
/// <param name="UnseenAtMost">Events lost in it, at most.</param>
public sealed record SpanItem(string Kind, string From, string To, double GoodEvents, double BadEvents, double UnseenAtMost);
