using System.Globalization;
using System.Text.RegularExpressions;
using Nines.Core.Workspace.Statements;
using static Nines.Core.Workspace.Lint.StatementLint;

namespace Nines.Core.Workspace.Lint;

/// <summary>Looks at what a document says is done at which share of the budget left.</summary>
internal static partial class PolicyStatementLint
{
    /// <summary>A band of a policy; bounds in percent of the budget left.</summary>
    private sealed record Band(Passage At, int Column, decimal? From, decimal? To, bool FromIncluded, bool ToIncluded, string Says, string Text);

    public static IEnumerable<Problem> Check(SloDocument document)
    {
        var policies = Policies(document).Where(p => p.Count > 1).ToList();
        return [.. policies.SelectMany(p => Bounds(document, p)), .. policies.SelectMany(p => Names(document, p)),
            .. policies.SelectMany(p => Freezes(document, p)),
            .. policies.SelectMany(p => Watched(document, p))];
    }

    private static IEnumerable<List<Band>> Policies(SloDocument document)
    {
        foreach (var table in document.Text.Tables)
        {
            var left = table.Find(h => h.Contains("budget", StringComparison.Ordinal) && (h.Contains("remaining", StringComparison.Ordinal)
                || h.Contains("left", StringComparison.Ordinal)));
            if (left >= 0)
            {
                yield return [.. table.Rows.Select(r => Read(r[left], r[left].Text, 0,
                    string.Join(' ', r.Where((_, i) => i != left).Select(c => c.Text)))).OfType<Band>()];
            }
        }
        foreach (var list in document.Text.Passages.Where(p => p.IsItem && p.Heading.Text.Contains("budget", StringComparison.OrdinalIgnoreCase)
            && p.Heading.Text.Contains("policy", StringComparison.OrdinalIgnoreCase)).GroupBy(p => p.Block))
        {
            yield return [.. list.Where(p => InBrackets().IsMatch(p.Text)).Select(p => InBrackets().Match(p.Text) is var m
                ? Read(p, m.Groups["band"].Value, m.Groups["band"].Index, p.Text[..m.Index] + " " + string.Join(' ', document.Text.Passages.Where(c
                    => c.Parent is { } parent && parent.Line == p.Line).Select(c => c.Text))) : null).OfType<Band>()];
        }
    }

    private static Band? Read(Passage at, string text, int offset, string says)
    {
        var match = Range().Match(text);
        if (!match.Success)
        {
            return null;
        }
        var value = decimal.Parse(match.Groups["a"].Value, CultureInfo.InvariantCulture);
        var column = at.Column + offset + match.Index + match.Length - match.Value.TrimStart().Length;
        var op = match.Groups["op"].Value;
        return match.Groups["b"] is { Success: true } upper
            ? new(at, column, value, decimal.Parse(upper.Value, CultureInfo.InvariantCulture), true, true, says, match.Value.Trim())
            : op.StartsWith('>') || op == "≥" ? new(at, column, value, null, op is ">=" or "≥", false, says, match.Value.Trim())
            : new(at, column, null, value, false, op is "<=" or "≤", says, match.Value.Trim());
    }

    private static IEnumerable<Problem> Bounds(SloDocument document, List<Band> policy)
    {
        foreach (var bound in policy.SelectMany(b => new[] { b.From, b.To }).OfType<decimal>().Distinct().Where(b => b is > 0 and < 100))
        {
            var holders = policy.Where(b => (b.From < bound || b.From is null || (b.From == bound && b.FromIncluded))
                && (b.To > bound || b.To is null || (b.To == bound && b.ToIncluded))).ToList();
            if (holders.Count != 1)
            {
                var at = policy.Last(b => b.From == bound || b.To == bound);
                yield return Finding(document, at.At, at.Column, "band-bounds",
                    holders.Count == 0 ? $"exactly {Number(bound)} % left belongs to no band"
                        : $"exactly {Number(bound)} % left belongs to {string.Join(" and ", holders.Select(h => $"\"{h.Text}\" (line {h.At.Line})"))}",
                    $"let each band begin above its lower bound: above {Number(bound)} %, then {Number(bound)} % and below");
            }
        }
        if (policy.Find(b => b.From is null) is { } last && policy.TrueForAll(b => b.To is null or > 0))
        {
            yield return Finding(document, last.At, last.Column, "band-below-zero",
                $"\"{last.Text}\" is one band for little left and for a budget overspent: below 0 nothing more is said",
                "part it at 0: what is left may still be spent, what is overspent is a broken objective");
        }
    }

    private static IEnumerable<Problem> Names(SloDocument document, List<Band> policy) => policy
        .Where(b => b.To > 0 && (b.To ?? 100) > 0 && GoneWord().IsMatch(StatementReader.Labelled(b.Says).Label is { Length: > 0 } label ? label : b.Says))
        .Where(b => GoneWord().IsMatch(b.At.Text))
        .Select(b => Finding(document, b.At, b.Column, "band-name",
            $"\"{GoneWord().Match(b.At.Text).Value}\" is said of {b.Text}, "
            + $"where {(b.From is { } from ? $"{Number(from)} to {Number(b.To!.Value)} %" : $"up to {Number(b.To!.Value)} %")} "
            + "of the budget is left", "keep the word for a budget at or below 0"));

    /// <summary>Freezes at different shares of one budget.</summary>
    private static IEnumerable<Problem> Freezes(SloDocument document, List<Band> policy)
    {
        if (policy.Find(b => Freeze().IsMatch(b.Says)) is not { } line)
        {
            yield break;
        }
        foreach (var table in document.Text.Tables)
        {
            var breached = table.Find(h => h.Contains("breach", StringComparison.Ordinal));
            foreach (var row in breached < 0 ? [] : table.Rows.Where(r => Freeze().IsMatch(r[breached].Text)))
            {
                yield return Finding(document, row[breached], row[breached].Column + Freeze().Match(row[breached].Text).Index, "two-freeze-lines",
                    $"deploys freeze here when the objective is breached, at 0 % left, and by line {line.At.Line} at {line.Text}",
                    "name one line at which deploys freeze");
            }
        }
    }

    /// <summary>Bounds of the policy that no alert on the budget watches; only where a document has such alerts.</summary>
    private static IEnumerable<Problem> Watched(SloDocument document, List<Band> policy)
    {
        var alerts = document.Statements.Promises.Where(p => p is { Role: PromiseRole.Alert, Measure: Measure.BudgetLeft }).ToList();
        if (alerts.Count == 0)
        {
            yield break;
        }
        var bounds = policy.SelectMany(b => new[] { b.From, b.To }).OfType<decimal>().Where(b => b is > 0 and < 100).Distinct().OrderDescending().ToList();
        var unwatched = bounds.Where(b => !alerts.Exists(a => a.Good * 100 == b)).ToList();
        if (unwatched.Count > 0)
        {
            yield return Finding(document, alerts[0].At, alerts[0].Column, "policy-unwatched",
                $"the policy at line {policy[0].At.Line} changes at {string.Join(", ", bounds.Select(b => $"{Number(b)} %"))} left, and no alert tells of "
                + string.Join(" and ", unwatched.Select(b => $"{Number(b)} %")), "make the alerts out of the policy: each change of band is told");
        }
        foreach (var alert in alerts.Where(a => a.At.Intro.Contains("warning", StringComparison.OrdinalIgnoreCase)))
        {
            if (policy.Find(b => b.To is { } to && to == alert.Good * 100 && Freeze().IsMatch(b.Says)) is { } freeze)
            {
                yield return Finding(document, alert.At, alert.Column, "freeze-as-warning",
                    $"at {alert.Text.Trim()} line {freeze.At.Line} freezes deploys, and the alert is among \"{alert.At.Intro.Trim()}\"",
                    "tell a freeze as loudly as it binds");
            }
        }
    }

    [GeneratedRegex(@"(?<op>[<>≤≥]=?)?\s{0,8}(?<![\d.])(?<a>[0-9]{1,9}(?:\.[0-9]{1,6})?)\s{0,8}%?"
        + @"(?:\s{0,8}(?:-|–|to)\s{0,8}(?<b>[0-9]{1,9}(?:\.[0-9]{1,6})?))?\s{0,8}%", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex Range();

    [GeneratedRegex(@"\((?<band>[^()%]*%[^)]*)\)", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex InBrackets();

    [GeneratedRegex(@"\b(?:depleted|exhausted|spent|gone)\b", RegexOptions.IgnoreCase, 1000)]
    private static partial Regex GoneWord();

    [GeneratedRegex(@"\bfreeze\b", RegexOptions.IgnoreCase, 1000)]
    private static partial Regex Freeze();
}
