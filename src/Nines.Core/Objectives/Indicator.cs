using Nines.Metrics;

namespace Nines.Core.Objectives;

/// <summary>
/// The events an objective counts. Exactly one of <see cref="Good"/> and <see cref="Bad"/> is given; the other is what is left of <see cref="Total"/>.
/// </summary>
/// <param name="Good">Counts good events, or null.</param>
/// <param name="Bad">Counts bad events, or null.</param>
/// <param name="Total">Counts all valid events.</param>
public sealed record Indicator(CounterExpression? Good, CounterExpression? Bad, CounterExpression Total)
{
    /// <summary>The indicator's identity: a change of this text starts a new generation of the ledger.</summary>
    public string Canonical => Good is null ? $"bad={Bad!.Canonical};total={Total.Canonical}" : $"good={Good.Canonical};total={Total.Canonical}";
}

/// <summary>A sum of counters, each added or taken away.</summary>
/// <param name="Terms">The counters.</param>
/// <param name="Query">The query as written.</param>
/// <param name="Canonical">The query's terms in a form that does not depend on spaces, order of matchers or windows.</param>
public sealed record CounterExpression(IReadOnlyList<CounterTerm> Terms, string Query, string Canonical);

/// <summary>One selector of a <see cref="CounterExpression"/>.</summary>
/// <param name="Sign">+1 or −1.</param>
/// <param name="Matchers">What it selects, the metric name included.</param>
public sealed record CounterTerm(int Sign, IReadOnlyList<Matcher> Matchers);
