using Nines.Metrics;

namespace Nines.Core.Objectives.Sources;

/// <summary>What has to be asked of a source for an indicator: its selectors, without those that another contains.</summary>
public sealed class RawSelectors
{
    
    /// <summary>The selectors of an indicator's total, then of its part.</summary>
    public RawSelectors(CounterRatio indicator)
    {
        Totals = indicator.Total.Terms.Count;
        Terms = [.. indicator.Total.Terms, .. indicator.Part.Terms];
        var distinct = Terms.Select(t => t.Matchers).DistinctBy(Text, StringComparer.Ordinal).ToList();
        Asked = [.. distinct.Where(m => !distinct.Exists(other => !ReferenceEquals(other, m) && other.All(m.Contains) && other.Count < m.Count)).Select(Text)];
    }

    /// <summary>How many of the terms belong to the total.</summary>
    public int Totals { get; }

    /// <summary>The terms of the total, then those of the part.</summary>
    public IReadOnlyList<CounterTerm> Terms { get; }

    /// <summary>The selectors to ask for, in PromQL.</summary>
    public IReadOnlyList<string> Asked { get; }

    /// <summary>Whether a series belongs to a term.</summary>
    public bool IsOf(int term, Labels series) => Matcher.AllMatch(Terms[term].Matchers, series);

    /// <summary>Matchers as a selector in PromQL.</summary>
    public static string Text(IEnumerable<Matcher> matchers) =>
        $"{{{string.Join(",", matchers.Select(m => m.ToString()).Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal))}}}";
}
