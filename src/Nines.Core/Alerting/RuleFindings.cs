using System.Globalization;

namespace Nines.Core.Alerting;

/// <summary>What is wrong with a rule, worst first.</summary>
public enum RuleFault
{
    /// <summary>Its last evaluation failed: it sees nothing.</summary>
    Failing,
    /// <summary>It was not evaluated yet.</summary>
    NeverEvaluated,
    /// <summary>It wakes people and does not say what to do.</summary>
    NoRunbook,
    /// <summary>It wakes people for what is no promise.</summary>
    NoObjective,
    /// <summary>Its alerts go and come back within minutes.</summary>
    Flapping,
    /// <summary>It fires so often that nobody can answer each time.</summary>
    Noisy,
    /// <summary>It takes a good part of its group's interval.</summary>
    Slow,
    /// <summary>It did not fire for as long as anybody knows.</summary>
    NeverFired,
}

/// <summary>Something to mend in a rule.</summary>
/// <param name="Fault">What.</param>
/// <param name="Text">A sentence with the figures, and what to do.</param>
public sealed record RuleFinding(RuleFault Fault, string Text);

/// <summary>Looks at how rules do. Pure.</summary>
public static class RuleFindings
{
    /// <summary>A rule that fires more often in seven days is noisy.</summary>
    public const int MostOfWeek = 10;

    /// <summary>A rule whose alerts return as often in seven days flaps.</summary>
    public const int FlapsOfWeek = 3;

    /// <summary>A rule that takes this share of its group's interval is slow.</summary>
    public const double SlowShare = 0.1;

    /// <summary>With less on record than this, that a rule never fired means nothing: 7 days.</summary>
    public const long LeastRecordMs = 7L * DayMs;

    private const long DayMs = 86_400_000;

    /// <summary>What is wrong with a rule, worst first.</summary>
    /// <param name="group">Its group.</param>
    /// <param name="rule">The rule.</param>
    /// <param name="activity">What its alerts did.</param>
    /// <param name="objectives">Keys of the objectives there are.</param>
    /// <param name="ladders">Which severities wake people.</param>
    public static IReadOnlyList<RuleFinding> Of(RuleGroupReport group, RuleReport rule, RuleActivity activity, IReadOnlyCollection<string> objectives,
        SeverityLadders ladders)
    {
        var findings = new List<RuleFinding>();
        void Add(bool holds, RuleFault fault, string text)
        {
            if (holds)
            {
                findings.Add(new(fault, text));
            }
        }
        Add(rule.Health == RuleHealth.Error, RuleFault.Failing,
            $"The last evaluation failed, so it {(rule.Kind == RuleKind.Alerting ? "cannot fire" : "records nothing")}: {rule.LastError}.");
        Add(rule.Health == RuleHealth.Unknown, RuleFault.NeverEvaluated,
            $"Not evaluated since the server started or its file changed; its turn comes every {Number(group.IntervalSeconds)} s.");
        if (rule.Kind == RuleKind.Alerting)
        {
            var days = activity.RecordedMs / DayMs;
            Add(RulePolicy.LacksRunbook(rule.Labels, rule.Annotations, ladders), RuleFault.NoRunbook,
                "It wakes people and does not say what to do. Add the annotation runbook_url.");
            Add(RulePolicy.LacksObjective(rule.Labels, rule.Annotations, objectives, ladders), RuleFault.NoObjective,
                RulePolicy.ObjectiveOf(rule.Labels, rule.Annotations) is { Length: > 0 } named
                    ? $"It wakes people for the objective {named}, which is not declared here."
                    : $"It wakes people and names no objective. Add the annotation objective, or {RulePolicy.Exception} with the reason.");
            Add(activity.ReturnsOfWeek >= FlapsOfWeek, RuleFault.Flapping,
                $"{activity.ReturnsOfWeek} times in 7 days an alert came back within {RuleHistory.ReturnMs / 60_000} min of its end. "
                + "A longer for, or keep_firing_for, makes one alert of it.");
            Add(activity.FiringsOfWeek > MostOfWeek, RuleFault.Noisy,
                $"Fired {activity.FiringsOfWeek} times in 7 days; more than {MostOfWeek} are noise. Mend the cause, raise the limit, or make it a ticket.");
            Add(activity.Firings == 0 && rule.State != RuleAlertState.Firing && activity.RecordedMs >= LeastRecordMs && rule.Health == RuleHealth.Ok,
                RuleFault.NeverFired, $"Has not fired in the {days} days on record. Try whether it can: a unit test, or its query in the past.");
        }
        Add(rule.EvaluationSeconds > SlowShare * group.IntervalSeconds, RuleFault.Slow,
            $"Takes {Number(rule.EvaluationSeconds)} s, {Number(100 * rule.EvaluationSeconds / group.IntervalSeconds)} % of the group's interval. "
            + "Record a part of it, or evaluate the group less often.");
        return [.. findings.OrderBy(f => f.Fault)];
    }

    private static string Number(double value) => value.ToString(value < 10 ? "0.##" : "0", CultureInfo.InvariantCulture);
}
