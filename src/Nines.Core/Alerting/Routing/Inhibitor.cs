using Nines.Metrics;

namespace Nines.Core.Alerting.Routing;

/// <summary>The firing alerts that keep others quiet, by what they have in common with them: a look at an alert does not go through all that fire.</summary>
public sealed class Inhibitor(IReadOnlyList<InhibitRule> rules)
{
    private readonly Dictionary<string, List<Labels>>[] _sources =
        [.. rules.Select(_ => new Dictionary<string, List<Labels>>(StringComparer.Ordinal))];

    /// <summary>An alert begins to fire.</summary>
    public void Add(Labels alert)
    {
        foreach (var (rule, sources) in rules.Zip(_sources))
        {
            if (Matcher.AllMatch(rule.Source, alert))
            {
                var key = KeyOf(rule, alert);
                if (!sources.TryGetValue(key, out var same))
                {
                    sources[key] = same = [];
                }
                same.Add(alert);
            }
        }
    }

    /// <summary>An alert is over.</summary>
    public void Remove(Labels alert)
    {
        foreach (var (rule, sources) in rules.Zip(_sources))
        {
            if (sources.TryGetValue(KeyOf(rule, alert), out var same) && same.Remove(alert) && same.Count == 0)
            {
                sources.Remove(KeyOf(rule, alert));
            }
        }
    }

    /// <summary>What inhibits an alert, at most one for each rule.</summary>
    public IEnumerable<Inhibition> InhibitorsOf(Labels alert)
    {
        foreach (var (rule, sources) in rules.Zip(_sources).Where(r => r.Second.Count > 0))
        {
            if (sources.TryGetValue(KeyOf(rule, alert), out var same) && rule.InhibitorOf(alert, same) is { } source)
            {
                yield return new(rule, source);
            }
        }
    }

    // No label value holds this character unless it is meant to deceive, and then the rule's own comparison has the last word.
    private static string KeyOf(InhibitRule rule, Labels alert) => string.Join('\u00ff', rule.Equal.Select(name => alert[name]));
}

/// <summary>That an alert is kept quiet by another.</summary>
/// <param name="Rule">The rule that says so.</param>
/// <param name="Source">The labels of the alert that fires.</param>
public sealed record Inhibition(InhibitRule Rule, Labels Source);
