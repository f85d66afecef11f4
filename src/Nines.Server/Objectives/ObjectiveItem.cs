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

    /// <summary>What is counted: events or slices.</summary>
    public required string Unit { get; init; }

    /// <summary>Whether the figures are estimates of a query, not counts.</summary>
    public required bool IsApproximate { get; init; }

    /// <summary>The share a contract promises; null when there is none.</summary>
    public required decimal? Sla { get; init; }

    /// <summary>The account over each window; the figures below are those of the first.</summary>
    public required IReadOnlyList<WindowItem> Windows { get; init; }

    /// <summary>What makes the figures worth less than they look.</summary>
    public required IReadOnlyList<FindingItem> Findings { get; init; }

    /// <summary>The objective's groups, when it is kept by labels and asked for by its key.</summary>
    public IReadOnlyList<GroupItem> Groups { get; init; } = [];

    /// <summary>Length of the first window, its mean length if it follows the calendar.</summary>
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

    /// <summary>The same share as it would be without any adjustment.</summary>
    public required double? RemainingShareWithoutAdjustments { get; init; }

    /// <summary>Good events that adjustments take out of the account.</summary>
    public required double ExcludedGood { get; init; }

    /// <summary>Bad events that adjustments take out of the account.</summary>
    public required double ExcludedBad { get; init; }

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

    /// <summary>The rules of the burn policy.</summary>
    public required IReadOnlyList<BurnRuleItem> Rules { get; init; }

    /// <summary>When the budget will be gone at the pace of the last days; null while there are too few of them.</summary>
    public required ForecastItem? Forecast { get; init; }

    /// <summary>Stretches whose course is not known.</summary>
    public required IReadOnlyList<SpanItem> Spans { get; init; }

    /// <summary>The item of a report.</summary>
    public static ObjectiveItem Of(ObjectiveReport report, IReadOnlyList<ObjectiveReport> groups) => Of(report) with
    {
        Groups = [.. groups.Select(g => new GroupItem(g.Objective.Key,
            g.Objective.Group!.Pairs.ToArray().ToDictionary(p => p.Key, p => p.Value, StringComparer.Ordinal), Format.State(g.State).Attribute,
            g.Window.Bad, g.Window.Total, g.RemainingShare))],
    };

    /// <inheritdoc cref="Of(ObjectiveReport, IReadOnlyList{ObjectiveReport})"/>
    public static ObjectiveItem Of(ObjectiveReport report) => new()
    {
        Unit = report.Objective.Unit,
        IsApproximate = report.Objective.Indicator.IsApproximate,
        Sla = report.Objective.Sla,
        Windows = [.. report.Windows.Select(w => new WindowItem(w.Window.Name, Format.Iso(w.FromMinute * LedgerTime.MinuteMs),
            Format.Iso(w.EndMinute * LedgerTime.MinuteMs), w.Account.Good, w.Account.Bad, w.BudgetTotal, w.RemainingShare, w.Account.Coverage))],
        Findings = [.. report.Findings.Select(f => new FindingItem(f.Code, f.Message, f.Hint))],
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
        RemainingShareWithoutAdjustments = report.Windows[0].RemainingShareWithout,
        ExcludedGood = Math.Round(report.Windows[0].Excluded.Good, 6),
        ExcludedBad = Math.Round(report.Windows[0].Excluded.Bad, 6),
        Coverage = report.Window.Coverage,
        UnseenAtMost = report.Window.UnseenAtMost,
        Approximate = report.Window.Approximate,
        ClosedTo = report.ClosedMinute > 0 ? Format.Iso(report.ClosedMinute * LedgerTime.MinuteMs) : null,
        LostSince = report.LostSinceMinute is { } lost ? Format.Iso(lost * LedgerTime.MinuteMs) : null,
        Burn = [.. report.Burn.Select(b => new BurnItem(b.Minutes, b.Rate, b.Limit, b.Account.KnownMinutes,
            report.Rules.Any(r => r.Firing && (r.Rule.LongMinutes == b.Minutes || r.Rule.ShortMinutes == b.Minutes))))],
        Rules = [.. report.Rules.Select(r => new BurnRuleItem(
            r.Rule.LongMinutes, r.Rule.ShortMinutes, r.Rule.Share, r.Rule.Severity == BurnSeverity.Page ? "page" : "ticket", r.Limit, r.LongRate, r.ShortRate,
            r.Firing, r.FiringSinceNs is { } since ? Format.Iso(since / 1_000_000) : null,
            [.. report.ReactionsOf(r.Rule).Select(o => new ReactionItem(o.ErrorRate, o.DetectMinutes, o.ResetMinutes))]))],
        Forecast = report.Forecast is not { } forecast ? null : new(forecast.Days, forecast.BadADay, forecast.Probability,
            Format.Iso(forecast.UntilMinute * LedgerTime.MinuteMs), Moment(forecast.GoneMinute), Moment(forecast.EarliestMinute),
            Moment(forecast.LatestMinute), report.AtRiskSinceMs is { } risk ? Format.Iso(risk) : null),
        Spans = [.. report.Spans.Select(s => new SpanItem(
            s.Kind switch { SpanKind.Gap => "gap", SpanKind.Unseen => "unseen", SpanKind.Start => "start", _ => "no-data" },
            Format.Iso(s.FromMs), Format.Iso(s.ToMs), s.Good, s.Bad, s.UnseenAtMost))],
    };

    private static string? Moment(long? minute) => minute is { } m ? Format.Iso(m * LedgerTime.MinuteMs) : null;
}

/// <summary>A rule of the burn policy.</summary>
/// <param name="LongMinutes">The window that proves the spending matters.</param>
/// <param name="ShortMinutes">The window that proves it still goes on.</param>
/// <param name="Share">Share of the budget which, spent within the long window, is too much.</param>
/// <param name="Severity">page or ticket.</param>
/// <param name="Limit">The burn rate that makes.</param>
/// <param name="LongRate">Burn over the long window; null when unknown.</param>
/// <param name="ShortRate">Burn over the short window; null when unknown.</param>
/// <param name="Firing">Whether it fires.</param>
/// <param name="Since">Since when it fires.</param>
/// <param name="Reactions">How it reacts to outages at the present traffic.</param>
public sealed record BurnRuleItem(
    int LongMinutes, int ShortMinutes, decimal Share, string Severity, double Limit, double? LongRate, double? ShortRate, bool Firing, string? Since,
    IReadOnlyList<ReactionItem> Reactions);

/// <summary>How a rule reacts to an outage.</summary>
/// <param name="ErrorRate">Share of events that fail in it.</param>
/// <param name="DetectMinutes">From its start to the alert; null when the rule never finds it.</param>
/// <param name="ResetMinutes">From its end to the alert's end.</param>
public sealed record ReactionItem(double ErrorRate, double? DetectMinutes, double? ResetMinutes);

/// <summary>When the budget will be gone.</summary>
/// <param name="Days">How many days it is drawn from.</param>
/// <param name="BadADay">Bad events of a mean day of them.</param>
/// <param name="Probability">How probable it is that the budget is gone by <paramref name="Until"/>.</param>
/// <param name="Until">The window's end; of a rolling window, one length from now.</param>
/// <param name="Gone">When it is gone at the mean pace; null when not by then.</param>
/// <param name="Earliest">When it is gone at a pace that one in ten exceeds.</param>
/// <param name="Latest">When it is gone at a pace that nine in ten exceed; null when not by then.</param>
/// <param name="AtRiskSince">Since when the budget is at risk; null when it is not.</param>
public sealed record ForecastItem(
    int Days, double BadADay, double Probability, string Until, string? Gone, string? Earliest, string? Latest, string? AtRiskSince);

/// <summary>The account over one window.</summary>
/// <param name="Name">What people call it.</param>
/// <param name="From">Start.</param>
/// <param name="To">End; later than now for a period of the calendar that still runs.</param>
/// <param name="Good">Good events so far.</param>
/// <param name="Bad">Bad events so far.</param>
/// <param name="BudgetEvents">Bad events the target allows for the events so far.</param>
/// <param name="RemainingShare">Budget not spent; null without events.</param>
/// <param name="Coverage">Share of the time since the first entry that is accounted for.</param>
public sealed record WindowItem(string Name, string From, string To, double Good, double Bad, double BudgetEvents, double? RemainingShare, double Coverage);

/// <summary>Something that makes the figures worth less than they look.</summary>
/// <param name="Code">Which, stable.</param>
/// <param name="Message">What.</param>
/// <param name="Hint">What to do about it.</param>
public sealed record FindingItem(string Code, string Message, string Hint);

/// <summary>A group of an objective that is kept by labels.</summary>
/// <param name="Key">Its own key.</param>
/// <param name="Labels">Its labels; none for all groups beyond the cap.</param>
/// <param name="State">As of an objective.</param>
/// <param name="Bad">Bad events in the window.</param>
/// <param name="Total">Events in the window.</param>
/// <param name="RemainingShare">Budget not spent; null without events.</param>
public sealed record GroupItem(string Key, IReadOnlyDictionary<string, string> Labels, string State, double Bad, double Total, double? RemainingShare);

/// <summary>What burned a budget.</summary>
/// <param name="From">Start of the stretch.</param>
/// <param name="To">Its end.</param>
/// <param name="Bad">Bad events of the account in it.</param>
/// <param name="ByLabel">How they spread over each label, the most telling first.</param>
/// <param name="ByCause">What the causes that adjustments name have to answer for.</param>
/// <param name="WithoutCauseBad">Bad events that no adjustment names a cause for.</param>
public sealed record AttributionItem(
    string From, string To, double Bad, IReadOnlyList<LabelItem> ByLabel, IReadOnlyList<CauseItem> ByCause, double WithoutCauseBad)
{
    /// <summary>The item of spreads.</summary>
    public static AttributionItem Of(
        IReadOnlyList<LabelAttribution> spreads, IReadOnlyList<CauseAttribution> causes, WindowAccount account) => new(
        Format.Iso(account.FromMinute * LedgerTime.MinuteMs), Format.Iso(account.ToMinute * LedgerTime.MinuteMs), account.Bad,
        [.. spreads.Select(s => new LabelItem(s.Label, [.. s.Shares.Select(v => new ShareItem(v.Value, v.Bad, v.Total))], s.Unexplained))],
        [.. causes.Select(c => new CauseItem(c.Cause, c.Counts, c.Adjustments, c.Good, c.Bad))], account.Bad - causes.Sum(c => c.Bad));
}

/// <summary>What one cause has to answer for.</summary>
/// <param name="Cause">The cause that adjustments name.</param>
/// <param name="Approved">Whether they are approved, so that its events are out of the account.</param>
/// <param name="Adjustments">How many name it.</param>
/// <param name="GoodEvents">Good events in their time.</param>
/// <param name="BadEvents">Bad events in their time.</param>
public sealed record CauseItem(string Cause, bool Approved, int Adjustments, double GoodEvents, double BadEvents);

/// <summary>The accounts of an objective and the edits of its promise.</summary>
/// <param name="Items">The accounts, the present one first.</param>
/// <param name="Edits">The recorded edits, the latest first.</param>
public sealed record GenerationList(IReadOnlyList<GenerationItem> Items, IReadOnlyList<EditItem> Edits)
{
    /// <summary>The list of both.</summary>
    public static GenerationList Of(IReadOnlyList<LedgerGeneration> generations, IReadOnlyList<RecordedEdit> edits) => new(
        [.. generations.Select(g => new GenerationItem(g.Id, g.Indicator, g.IsPresent, Format.Iso(g.StartedMs),
            g.FirstMinute is { } f ? Format.Iso(f * LedgerTime.MinuteMs) : null, g.LastMinute is { } l ? Format.Iso(l * LedgerTime.MinuteMs) : null,
            g.Carried.Good, g.Carried.Bad))],
        [.. edits.Select(e => new EditItem(Format.Iso(e.AtMs), e.Edit.NewAccount, e.Edit.Changes))]);
}

/// <summary>An account of an objective.</summary>
/// <param name="Id">Its number.</param>
/// <param name="Indicator">What it counts, canonical.</param>
/// <param name="Present">Whether the figures come from it.</param>
/// <param name="Since">When it was made.</param>
/// <param name="From">The hour of its first entry; null without any.</param>
/// <param name="To">The end of the hour of its last entry.</param>
/// <param name="OnlyHereGood">Good events of the present window that the present account took over, since only this one counted them.</param>
/// <param name="OnlyHereBad">Bad events of the same.</param>
public sealed record GenerationItem(
    long Id, string Indicator, bool Present, string Since, string? From, string? To, double OnlyHereGood, double OnlyHereBad);

/// <summary>An edit of a promise.</summary>
/// <param name="At">When it was activated.</param>
/// <param name="NewAccount">Whether another account goes on from there.</param>
/// <param name="Changes">What changed.</param>
public sealed record EditItem(string At, bool NewAccount, IReadOnlyList<DefinitionChange> Changes);

/// <summary>The spread over one label.</summary>
/// <param name="Label">The label.</param>
/// <param name="Values">Its values, worst first.</param>
/// <param name="UnexplainedBad">Bad events no value explains.</param>
public sealed record LabelItem(string Label, IReadOnlyList<ShareItem> Values, double UnexplainedBad);

/// <summary>What one value has to answer for.</summary>
/// <param name="Value">The value; empty when the label is absent.</param>
/// <param name="Bad">Bad events.</param>
/// <param name="Total">All events.</param>
public sealed record ShareItem(string Value, double Bad, double Total);

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
