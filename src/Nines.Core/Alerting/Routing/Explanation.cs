using Nines.Metrics;

namespace Nines.Core.Alerting.Routing;

/// <summary>Why people were told of an alert, or were not: the way it takes, step by step, in sentences for whoever is on call.</summary>
/// <param name="State">The alert.</param>
/// <param name="Summary">The answer in one sentence.</param>
/// <param name="Routes">The routes it takes, in order.</param>
/// <param name="Untaken">The routes it does not take, in order of the tree; at most <see cref="MostUntaken"/>.</param>
public sealed record Explanation(AlertState State, string Summary, IReadOnlyList<ExplainedRoute> Routes, IReadOnlyList<UntakenRoute> Untaken)
{
    /// <summary>Of a large tree the first are told.</summary>
    public const int MostUntaken = 100;
}

/// <summary>A route that an alert takes.</summary>
/// <param name="Receiver">Who is told.</param>
/// <param name="GroupKey">The group's key: the route's matchers from the root, and the labels.</param>
/// <param name="GroupLabels">The labels that the group's alerts share.</param>
/// <param name="NextLookNs">When the group is looked at next, nanoseconds since the Unix epoch; null when the alert is in no group any more.</param>
/// <param name="Steps">What happens on the way, in order.</param>
/// <param name="Tellings">What came of it for each integration of the receiver, in order.</param>
public sealed record ExplainedRoute(
    string Receiver, string GroupKey, Labels GroupLabels, long? NextLookNs, IReadOnlyList<ExplainedStep> Steps, IReadOnlyList<ExplainedTelling> Tellings);

/// <summary>One step on an alert's way to people.</summary>
/// <param name="Stage">Which.</param>
/// <param name="Stops">Whether the alert goes no further now.</param>
/// <param name="Title">What it is, in two or three words.</param>
/// <param name="Text">What happened, in sentences.</param>
/// <param name="Position">Where the configuration says so; null where it does not.</param>
public sealed record ExplainedStep(ExplainedStage Stage, bool Stops, string Title, string Text, SourcePosition? Position)
{
    /// <summary>The silence that keeps it quiet; null when none does.</summary>
    public string? SilenceId { get; init; }

    /// <summary>The alert that keeps it quiet; null when none does.</summary>
    public string? InhibitedBy { get; init; }
}

/// <summary>The steps, in order.</summary>
public enum ExplainedStage
{
    /// <summary>It fires, or is over.</summary>
    State,
    /// <summary>Somebody has taken it up.</summary>
    Acknowledgement,
    /// <summary>The route that it takes.</summary>
    Route,
    /// <summary>The group that it is in, and its timers.</summary>
    Group,
    /// <summary>Other alerts that keep it quiet.</summary>
    Inhibition,
    /// <summary>Times that keep the route quiet.</summary>
    Times,
    /// <summary>Silences that keep it quiet.</summary>
    Silence,
}

/// <summary>What an integration knows of an alert.</summary>
/// <param name="Receiver">Name of the receiver.</param>
/// <param name="Kind">Kind of the integration.</param>
/// <param name="Index">Its number among those of its kind.</param>
/// <param name="State">Whether it was told.</param>
/// <param name="Text">That in sentences, with the reason.</param>
/// <param name="AtNs">When the last message to it was decided, nanoseconds since the Unix epoch; null when it was told nothing.</param>
/// <param name="Key">The key of that message; null when there was none.</param>
public sealed record ExplainedTelling(string Receiver, string Kind, int Index, TellingState State, string Text, long? AtNs, string? Key);

/// <summary>Whether an integration was told.</summary>
public enum TellingState
{
    /// <summary>It was.</summary>
    Told,
    /// <summary>It will be, unless the alert is over by then.</summary>
    Waits,
    /// <summary>Something keeps the alert quiet.</summary>
    Quiet,
    /// <summary>It was not.</summary>
    NotTold,
}

/// <summary>A route that an alert does not take.</summary>
/// <param name="Receiver">Who would be told.</param>
/// <param name="Text">Why it does not, in a sentence.</param>
/// <param name="Position">Where it is declared.</param>
public sealed record UntakenRoute(string Receiver, string Text, SourcePosition Position);
