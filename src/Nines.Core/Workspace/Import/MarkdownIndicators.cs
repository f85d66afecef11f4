using System.Globalization;
using Nines.Core.Alerting;
using Nines.Core.Workspace.Statements;
using Nines.PromQL;

namespace Nines.Core.Workspace.Import;

/// <summary>The queries of an objective, as a rule of its document counts it.</summary>
/// <param name="Rule">The rule.</param>
/// <param name="Part">What counts the good or the bad events.</param>
/// <param name="IsBad">Which of them.</param>
/// <param name="Total">What counts all events.</param>
/// <param name="Bound">The bound of a histogram's bucket that the query names without the rule having done so; empty for none.</param>
internal sealed record RuleIndicator(Rule Rule, string Part, bool IsBad, string Total, string Bound);

/// <summary>Finds the rule of a document that measures what a statement promises. What no rule measures has no indicator: none is made up.</summary>
internal static class MarkdownIndicators
{
    public static RuleIndicator? Find(SloDocument document, Promise promise)
    {
        var rules = document.Rules.SelectMany(g => g.Rules).ToList();
        return promise.Measure == Measure.Latency ? Latency(rules, promise) : Ratio(rules, promise);
    }

    /// <summary>A recorded ratio that is named like the objective, or an alert on a ratio against a multiple of its budget.</summary>
    private static RuleIndicator? Ratio(List<Rule> rules, Promise promise)
    {
        var words = Promise.Words(promise.Title);
        foreach (var rule in rules)
        {
            if (rule.Expr.WithParts().OfType<BinaryExpr>().FirstOrDefault(b => b.Op == "/" && Counts(b.Left) && Counts(b.Right)) is not { } ratio)
            {
                continue;
            }
            var isNamed = !rule.Alerts && words.Count > 0 && words.IsSubsetOf(rule.Name.ToLowerInvariant().Split(':', '_').ToHashSet(StringComparer.Ordinal));
            var isBudget = rule.Alerts && promise.Measure is Measure.Availability or Measure.Errors
                && rule.Expr.WithParts().OfType<NumberLiteral>().Any(n => Math.Abs(n.Value - (double)(1 - promise.Good!.Value)) < 1e-12);
            if (isNamed || isBudget)
            {
                var isBad = rule.Alerts || rule.Name.Contains("error", StringComparison.Ordinal);
                return new(rule, Bare(ratio.Left), isBad, Bare(ratio.Right), "");
            }
        }
        return null;
    }

    private static string Bare(Expr expr) => expr.Bare().ToString();

    private static bool Counts(Expr expr) => expr.WithParts().Any(p => p is Call { Function.Name: "rate" or "increase" });

    /// <summary>The only percentile of that share: its buckets up to the limit are the good ones.</summary>
    private static RuleIndicator? Latency(List<Rule> rules, Promise promise)
    {
        var found = rules.SelectMany(r => r.Expr.WithParts().OfType<Call>().Where(c => c.Function.Name == "histogram_quantile"
            && c.Arguments[0].Bare() is NumberLiteral share && Math.Abs(share.Value - (double)promise.Good!.Value) < 1e-9)
            .Select(c => (Rule: r, Call: c))).ToList();
        if (found is not [var (rule, call)]
            || call.WithParts().OfType<VectorSelector>().FirstOrDefault(s => s.Name?.EndsWith("_bucket", StringComparison.Ordinal) == true) is not { } buckets)
        {
            return null;
        }
        var bound = (promise.Limit!.Value / 1000).ToString("0.######", CultureInfo.InvariantCulture);
        var matchers = buckets.Matchers.Where(m => m.Name != "__name__").Select(m => m.ToString()).ToList();
        return new(rule, $"{buckets.Name}{{{string.Join(", ", [.. matchers, $"le=\"{bound}\""])}}}", false,
            $"{buckets.Name![..^"_bucket".Length]}_count{(matchers.Count == 0 ? "" : $"{{{string.Join(", ", matchers)}}}")}", bound);
    }
}
