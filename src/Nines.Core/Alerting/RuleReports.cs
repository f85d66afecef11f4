using Nines.Metrics;

namespace Nines.Core.Alerting;

/// <summary>What a rule makes of its expression.</summary>
public enum RuleKind
{
    /// <summary>A series of its own.</summary>
    Recording,
    /// <summary>Alerts.</summary>
    Alerting,
}

/// <summary>How far an alert of a rule, or the rule by its foremost alert, is. In order of weight.</summary>
public enum RuleAlertState
{
    /// <summary>Its condition does not hold.</summary>
    Inactive,
    /// <summary>Its condition holds, not yet as long as <c>for</c> asks.</summary>
    Pending,
    /// <summary>It fires.</summary>
    Firing,
}

/// <summary>What the last evaluation of a rule came to.</summary>
public enum RuleHealth
{
    /// <summary>It was not evaluated yet.</summary>
    Unknown,
    /// <summary>It went through.</summary>
    Ok,
    /// <summary>It failed; <see cref="RuleReport.LastError"/> says why.</summary>
    Error,
}

/// <summary>An alert that a rule holds.</summary>
/// <param name="Labels">Its identity, <c>alertname</c> among them.</param>
/// <param name="Annotations">Its annotations, templates filled in.</param>
/// <param name="State">Pending or firing.</param>
/// <param name="ActiveAtMs">When its condition first held, ms since the Unix epoch.</param>
/// <param name="KeepFiringSinceMs">Since when it is kept firing though its condition no longer holds; null when it is not.</param>
/// <param name="Value">The value of the expression at the last evaluation at which the condition held.</param>
public sealed record RuleAlertReport(
    Labels Labels, Labels Annotations, RuleAlertState State, long ActiveAtMs, long? KeepFiringSinceMs, double Value);

/// <summary>A rule and how it does.</summary>
/// <param name="Kind">What it makes.</param>
/// <param name="Name">The name of the alert, or of the series recorded.</param>
/// <param name="Query">The expression in canonical notation.</param>
/// <param name="DurationSeconds"><c>for</c>, in seconds; 0 for a recording rule.</param>
/// <param name="KeepFiringForSeconds"><c>keep_firing_for</c>, in seconds; 0 for a recording rule.</param>
/// <param name="Labels">The labels it adds, templates not filled in.</param>
/// <param name="Annotations">Its annotations, templates not filled in.</param>
/// <param name="Alerts">The alerts it holds, pending and firing; empty for a recording rule.</param>
/// <param name="State">The foremost state of its alerts; inactive for a recording rule.</param>
/// <param name="Health">What the last evaluation came to.</param>
/// <param name="LastError">Why the last evaluation failed; empty when it did not.</param>
/// <param name="LastEvaluationMs">When it was last evaluated, ms since the Unix epoch; null when it was not.</param>
/// <param name="EvaluationSeconds">How long the last evaluation took.</param>
public sealed record RuleReport(
    RuleKind Kind, string Name, string Query, double DurationSeconds, double KeepFiringForSeconds, Labels Labels, Labels Annotations,
    IReadOnlyList<RuleAlertReport> Alerts, RuleAlertState State, RuleHealth Health, string LastError, long? LastEvaluationMs, double EvaluationSeconds)
{
    /// <summary>Where it is declared.</summary>
    public SourcePosition Position { get; init; }
}

/// <summary>A group of rules and how it does.</summary>
/// <param name="Name">Its name, unique within its file.</param>
/// <param name="File">The file that declares it, relative to the workspace's root.</param>
/// <param name="IntervalSeconds">How often it is evaluated.</param>
/// <param name="Limit">Most alerts or series one of its rules may produce; 0 for no limit.</param>
/// <param name="Rules">Its rules, in order.</param>
/// <param name="LastEvaluationMs">When it was last evaluated, ms since the Unix epoch; null when it was not.</param>
/// <param name="EvaluationSeconds">How long the last evaluation of all its rules took.</param>
public sealed record RuleGroupReport(
    string Name, string File, double IntervalSeconds, int Limit, IReadOnlyList<RuleReport> Rules, long? LastEvaluationMs, double EvaluationSeconds);

/// <summary>Reads the rules for pages, the query API and other rooms. Answers from memory.</summary>
public interface IRuleReports
{
    /// <summary>All groups with their rules and alerts, in order of file, then as declared.</summary>
    IReadOnlyList<RuleGroupReport> Groups();
}
