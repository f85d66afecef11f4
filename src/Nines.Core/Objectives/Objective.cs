using Nines.Metrics;

namespace Nines.Core.Objectives;

/// <summary>A promise about a service: a target share of good events over a window.</summary>
public sealed record Objective
{
    /// <summary><c>service/slo[/objective]@environment</c>; unique, and what URLs and records name it by.</summary>
    public required string Key { get; init; }

    /// <summary>The service that makes the promise.</summary>
    public required string Service { get; init; }

    /// <summary>The environment it is measured in.</summary>
    public required string Environment { get; init; }

    /// <summary>The promise in the present tense, such as "Orders are accepted".</summary>
    public required string DisplayName { get; init; }

    /// <summary>What the promise means; may be empty.</summary>
    public string Description { get; init; } = "";

    /// <summary>Target share of good events, 0 &lt; target &lt; 1, exact as written.</summary>
    public required decimal Target { get; init; }

    /// <summary>The windows it is kept over, at least one; burn limits derive from the first.</summary>
    public required IReadOnlyList<BudgetWindow> Windows { get; init; }

    /// <summary>Length of the first window in minutes; its mean length if it follows the calendar.</summary>
    public int WindowMinutes => Windows[0].NominalMinutes;

    /// <summary>The events that count.</summary>
    public required Indicator Indicator { get; init; }

    /// <summary>The slices of time that count instead of events; null when events do.</summary>
    public Slicing? Slices { get; init; }

    /// <summary>The share of good events a contract promises, next to the target; null when there is none.</summary>
    public decimal? Sla { get; init; }

    /// <summary>When spending the budget too fast becomes an alert.</summary>
    public required BurnPolicy BurnPolicy { get; init; }

    /// <summary>What is done at which share of budget left.</summary>
    public ErrorBudgetPolicy ErrorBudgetPolicy { get; init; } = ErrorBudgetPolicy.Default;

    /// <summary>What a minute without data counts as.</summary>
    public UnknownTreatment Unknown { get; init; } = UnknownTreatment.Ignored;

    /// <summary>Whether its alerts page people.</summary>
    public bool Pages { get; init; } = true;

    /// <summary>Labels for each of whose values the objective is kept apart; empty for none.</summary>
    public IReadOnlyList<string> GroupBy { get; init; } = [];

    /// <summary>Which part of a grouped objective it is: its labels; null for a whole one, empty for all groups beyond the cap.</summary>
    public Labels? Group { get; init; }

    /// <summary>What people call the part of a grouped objective that it is; empty for a whole one.</summary>
    public string GroupName { get; init; } = "";

    /// <summary>Minutes of history that its figures need.</summary>
    public int HistoryMinutes => Windows.Max(w => w.MaxMinutes);

    /// <summary>What is counted: <c>events</c> or <c>slices</c>.</summary>
    public string Unit => Slices is null ? "events" : "slices";

    /// <summary>Where it is declared.</summary>
    public required SourcePosition Position { get; init; }

    /// <summary>The document that declares it, as written.</summary>
    public string Definition { get; init; } = "";

    /// <summary>The key of a group of it: <c>service/slo@environment{label="value"}</c>.</summary>
    public string KeyOfGroup(Labels? group) => $"{Key}{(group is null ? "{other}" : group.ToString())}";

    /// <summary>The part of it that is a group; null for all groups beyond the cap.</summary>
    public Objective OfGroup(Labels? group) => this with
    {
        Key = KeyOfGroup(group),
        DisplayName = $"{DisplayName}, {NameOf(group)}",
        GroupName = NameOf(group),
        GroupBy = [],
        Group = group ?? Labels.Empty,
    };

    private static string NameOf(Labels? group) =>
        group is null ? "all others" : string.Join(", ", group.Pairs.ToArray().Select(p => p.Value).DefaultIfEmpty("no value"));
}

/// <summary>What a minute without data counts as.</summary>
public enum UnknownTreatment
{
    /// <summary>It is left out of the account and named.</summary>
    Ignored,
    /// <summary>It counts as bad, at the objective's mean rate of events.</summary>
    Bad,
    /// <summary>It counts as half bad.</summary>
    Half,
}
