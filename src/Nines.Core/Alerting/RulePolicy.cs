using Nines.Metrics;

namespace Nines.Core.Alerting;

/// <summary>What is asked of rules that wake people. The linter and the page of rules decide by it.</summary>
public static class RulePolicy
{
    /// <summary>The label or annotation by which a rule pages though it protects no objective; its value says why.</summary>
    public const string Exception = "nines_page_exception";

    // What Sloth and Pyrra put on the rules that they make of objectives.
    private static readonly string[] Generated = ["sloth_slo", "slo"];

    /// <summary>Whether a rule wakes people.</summary>
    public static bool Pages(Labels labels, SeverityLadders ladders) => ladders.LevelOf(labels)?.Pages ?? labels["severity"] is "page" or "critical";

    /// <summary>Whether it says what to do.</summary>
    public static bool HasRunbook(Labels annotations)
    {
        foreach (var (name, value) in annotations.Pairs)
        {
            if (name.StartsWith("runbook", StringComparison.Ordinal) && value.Length > 0)
            {
                return true;
            }
        }
        return false;
    }

    /// <summary>Whether it wakes people and does not say what to do.</summary>
    public static bool LacksRunbook(Labels labels, Labels annotations, SeverityLadders ladders) => Pages(labels, ladders) && !HasRunbook(annotations);

    /// <summary>The objective it names; empty when it names none.</summary>
    public static string ObjectiveOf(Labels labels, Labels annotations) =>
        labels["objective"] is { Length: > 0 } label ? label : annotations["objective"];

    /// <summary>Whether it wakes people, protects no objective and does not say why it may.</summary>
    /// <param name="labels">Its labels as written.</param>
    /// <param name="annotations">Its annotations as written.</param>
    /// <param name="objectives">Keys of the objectives there are. An environment may be left out; a template is not looked into.</param>
    /// <param name="ladders">Which severities wake people.</param>
    public static bool LacksObjective(Labels labels, Labels annotations, IReadOnlyCollection<string> objectives, SeverityLadders ladders)
    {
        if (!Pages(labels, ladders) || labels[Exception].Length + annotations[Exception].Length > 0 || Array.Exists(Generated, name => labels[name].Length > 0))
        {
            return false;
        }
        var named = ObjectiveOf(labels, annotations);
        return !named.Contains("{{", StringComparison.Ordinal) && !objectives.Any(key => key == named || key.Split('@')[0] == named);
    }
}
