namespace Nines.Core.Objectives;

/// <summary>How a rule of a burn policy reacts to an outage that begins after a time without errors.</summary>
/// <param name="ErrorRate">Share of events that fail in it, 0 to 1.</param>
/// <param name="DetectMinutes">From its start to the alert, at most, if events come evenly; null when this rule never finds it.</param>
/// <param name="ResetMinutes">From its end to the alert's, if it lasted for the short window or longer and events come evenly and often; null when this rule
/// never finds it.</param>
public readonly record struct BurnReaction(double ErrorRate, double? DetectMinutes, double? ResetMinutes)
{
    /// <summary>Outages that rules are measured by: all, a tenth, a hundredth of the events fail.</summary>
    public static readonly IReadOnlyList<double> Outages = [1, 0.1, 0.01];

    // Rules are judged every 15 seconds.
    private const double StepMinutes = 0.25;

    /// <summary>The reactions of a rule to each of <see cref="Outages"/> (Google SRE workbook, chapter 5): the long window passes the limit after
    /// limit × (1 − target) × long ÷ error rate, and the short one falls below it after short × (1 − limit × (1 − target) ÷ error rate). With little
    /// traffic it takes as long as the bad events that are needed take to come.</summary>
    /// <param name="objective">The objective.</param>
    /// <param name="rule">One of its rules.</param>
    /// <param name="seen">Its account over a long time, for its traffic.</param>
    public static IReadOnlyList<BurnReaction> Of(Objective objective, BurnRule rule, WindowAccount seen)
    {
        var limit = rule.Limit(objective.WindowMinutes);
        var threshold = limit * (double)(1 - objective.Target);
        var aMinute = seen.KnownMinutes > 0 ? seen.Total / seen.KnownMinutes : 0;
        return [.. Outages.Select(rate =>
        {
            if (rate <= threshold)
            {
                return new BurnReaction(rate, null, null);
            }
            var detect = threshold * rule.LongMinutes / rate;
            if (aMinute > 0)
            {
                detect = Math.Max(detect, LeastBad(objective, limit, seen) / (aMinute * rate));
            }
            return detect > rule.LongMinutes ? new(rate, null, null)
                : new BurnReaction(rate, detect + StepMinutes, rule.ShortMinutes * (1 - threshold / rate) + StepMinutes);
        })];
    }

    private static int LeastBad(Objective objective, double limit, WindowAccount seen) => Math.Max(BurnEvaluator.MinimumBad(objective),
        BurnEvaluator.CanReckonChance(objective)
            ? BurnEvidence.LeastBad(BurnEvaluator.Harmless(objective.Target, limit), BurnEvidence.EventsAYear(seen)) : 0);
}
