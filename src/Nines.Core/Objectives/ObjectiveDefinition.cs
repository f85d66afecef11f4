using System.Globalization;

namespace Nines.Core.Objectives;

/// <summary>What an objective promised when the workspace was last activated; edits are told against it.</summary>
/// <param name="Objective">The objective's key.</param>
/// <param name="Account">What decides which account it has: the meaning of its indicator.</param>
/// <param name="Parts">What people may edit, by name, as text.</param>
public sealed record ObjectiveDefinition(string Objective, string Account, IReadOnlyDictionary<string, string> Parts)
{
    /// <summary>The fact that an objective was edited.</summary>
    public const string Edited = "objective.edited/1";

    /// <summary>The definition of an objective.</summary>
    public static ObjectiveDefinition Of(Objective objective)
    {
        var parts = new Dictionary<string, string>(StringComparer.Ordinal)
        {
            ["target"] = (objective.Target * 100).ToString("0.######", CultureInfo.InvariantCulture) + " %",
            ["windows"] = string.Join("; ", objective.Windows.Select(w => w.Name)),
            ["indicator"] = string.Join("\n", objective.Indicator.Queries),
            ["slices"] = objective.Slices is { } s
                ? $"{s.Minutes} min{(s.Target is { } good ? $", {(good * 100).ToString("0.######", CultureInfo.InvariantCulture)} %" : "")}" : "",
            ["budget policy"] = objective.ErrorBudgetPolicy.Name,
            ["burn policy"] = objective.BurnPolicy.Name,
        };
        return new(objective.Key, objective.Indicator.Canonical, parts);
    }

    /// <summary>What an edit changed; null when it changed nothing of the promise. A query that is only written otherwise is no change.</summary>
    public ObjectiveEdited? EditOf(ObjectiveDefinition after)
    {
        var isSameAccount = Account == after.Account;
        var changes = after.Parts.Where(p => !(p.Key == "indicator" && isSameAccount) && Parts.GetValueOrDefault(p.Key, "") != p.Value)
            .Select(p => new DefinitionChange(p.Key, Parts.GetValueOrDefault(p.Key, ""), p.Value)).ToList();
        return changes.Count == 0 ? null : new(Objective, !isSameAccount, changes);
    }
}

/// <summary>An objective was edited.</summary>
/// <param name="Objective">Its key.</param>
/// <param name="NewAccount">Whether its indicator means something else, so that another account goes on from here.</param>
/// <param name="Changes">What changed, at least one.</param>
public sealed record ObjectiveEdited(string Objective, bool NewAccount, IReadOnlyList<DefinitionChange> Changes);

/// <summary>One thing that an edit changed.</summary>
/// <param name="What">target, windows, indicator, slices, budget policy or burn policy.</param>
/// <param name="Before">What it was; queries one a line; empty for nothing.</param>
/// <param name="After">What it is.</param>
public sealed record DefinitionChange(string What, string Before, string After);
