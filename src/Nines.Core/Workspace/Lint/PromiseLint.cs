using System.Text.RegularExpressions;
using Nines.Core.Workspace.Statements;
using static Nines.Core.Workspace.Lint.StatementLint;

namespace Nines.Core.Workspace.Lint;

/// <summary>Looks at the objectives, contracts and alert limits that a document states, each by itself and against the others.</summary>
internal static partial class PromiseLint
{
    public static IEnumerable<Problem> Check(SloDocument document) =>
    [
        .. Alone(document), .. Contracts(document), .. Alerts(document), .. SameName(document), .. ErrorsBesideAvailability(document),
    ];

    private static IEnumerable<Problem> Alone(SloDocument document)
    {
        var objectives = document.Statements.Objectives.ToList();
        foreach (var promise in objectives.Where(p => p.Good >= 1))
        {
            var rare = Period(promise.Text) is { } days
                ? $"; with one event in {Number(days)} d there are {Number(28 / days)} in 28 d, and at any lower target "
                + $"one miss is {Percent(days / 28)} of them" : "";
            yield return Finding(document, promise.At, promise.Column, "no-budget",
                $"\"{promise.Text}\" leaves no budget: 1 − 1 = 0, and every burn rate divides by it{rare}",
                "promise less than 100 %; of rare events, say how many may fail");
        }
        foreach (var passage in document.Text.Passages.Where(StatementReader.IsUnderObjectives))
        {
            if (StatementReader.WindowOf(passage.Text) is { Value: < 86_400_000 and >= 60_000 } window)
            {
                yield return Finding(document, passage, passage.Column + Math.Max(0, passage.Text.IndexOf(window.Text, StringComparison.Ordinal)),
                    "short-window",
                    $"a window of {Length(window.Value)} has no budget to speak of: one bad minute of it is {6_000_000m / window.Value:0.##} % of all its time",
                    "keep the objective over 28 days; burn rules look at the short windows");
            }
            var (label, rest, at) = StatementReader.Labelled(passage.Text);
            if (label.Equals("measurement", StringComparison.OrdinalIgnoreCase) && Promise.Read(rest + " < 1ms", 0, passage, PromiseRole.Objective, "", "")
                is { Measure: Measure.Latency })
            {
                yield return Finding(document, passage, passage.Column + at + 1, "percentile",
                    $"\"{rest.Trim()}\": percentiles cannot be added up over time or instances, so no budget can be kept of them",
                    "count the share of requests that were fast enough, over 28 days; keep the percentile for display");
            }
        }
    }

    private static decimal? Period(string text) => text.Contains("weekly", StringComparison.OrdinalIgnoreCase) ? 7
        : text.Contains("daily", StringComparison.OrdinalIgnoreCase) ? 1 : null;

    private static IEnumerable<Problem> Contracts(SloDocument document)
    {
        foreach (var contract in document.Statements.Promises.Where(p => p.Role == PromiseRole.Contract))
        {
            var objective = document.Statements.Objectives.FirstOrDefault(o => o.Subject == contract.Subject && o.Measure == contract.Measure);
            if (objective is { Measure: Measure.Latency } && objective.Good != contract.Good && objective.Limit != contract.Limit)
            {
                yield return Finding(document, contract.At, contract.Column, "contract-of-other-percentile",
                    $"the objective is p{Number(objective.Good!.Value * 100)} under {Length(objective.Limit!.Value)} (line {objective.At.Line}), the contract "
                    + $"p{Number(contract.Good!.Value * 100)} under {Length(contract.Limit!.Value)}: neither follows "
                    + "from the other, so keeping one says nothing of the other",
                    "give both the same limit with two shares, or the same share with two limits");
            }
            if (objective is { Good: { } aimed } && contract.Good > aimed && contract.Measure != Measure.Latency)
            {
                yield return Finding(document, contract.At, contract.Column, "sla-stricter-than-slo",
                    $"the contract promises {Percent(contract.Good.Value)}, the objective at line {objective.At.Line} {Percent(aimed)}: "
                    + "the contract breaks first",
                    "aim at least as high as the contract");
            }
        }
    }

    private static IEnumerable<Problem> Alerts(SloDocument document)
    {
        foreach (var alert in document.Statements.Promises.Where(p => p.Role == PromiseRole.Alert))
        {
            // Beside an alert on burn, a page on a plain share is for the total outage.
            var isOutage = alert is { Measure: Measure.Availability or Measure.Errors } && PageWord().IsMatch(alert.At.Intro)
                && document.Statements.Promises.Any(p => p is { Role: PromiseRole.Alert, Measure: Measure.Burn });
            if (isOutage || Watched(document, alert) is not { } objective)
            {
                continue;
            }
            var contract = document.Statements.Promises.FirstOrDefault(p => p.Role == PromiseRole.Contract && p.Subject == objective.Subject
                && p.Measure == objective.Measure);
            var also = contract is not null && contract.Good == alert.Good && contract.Limit == alert.Limit ? ", and then the contract is broken too" : "";
            if (alert.Good < objective.Good && objective.Good < 1 && alert.Limit is null)
            {
                var times = (1 - alert.Good.Value) / (1 - objective.Good.Value);
                yield return Finding(document, alert.At, alert.Column, "alert-after-breach",
                    $"\"{alert.Text}\" tells at {Percent(1 - alert.Good.Value)} bad, {Number(times)} times the {Percent(1 - objective.Good.Value)} that "
                    + $"{objective.Title} may lose (line {objective.At.Line}): all between breaks the objective unseen{also}",
                    "alert on the burn of the budget, and warn by its projected end");
            }
            else if (alert.Limit > objective.Limit && objective.Below && alert.Measure is Measure.Latency or Measure.Amount)
            {
                var beyond = objective.Limit > 0 ? $"at {Number(alert.Limit.Value / objective.Limit.Value)} times" : "above";
                var other = document.Statements.Objectives.FirstOrDefault(o => o.Measure == Measure.Latency && o.Limit == alert.Limit && o.Good > alert.Good);
                yield return Finding(document, alert.At, alert.Column, "alert-after-breach",
                    $"\"{alert.Text}\" tells {beyond} the limit of {objective.Title} (\"{objective.Text}\", line "
                    + $"{objective.At.Line}): all between breaks the objective unseen"
                    + (other is null ? also : $"; {Length(alert.Limit.Value)} is the limit of p{Number(other.Good!.Value * 100)} at line {other.At.Line}"),
                    alert.Measure == Measure.Latency ? "alert on the share of requests slower than the objective's own limit, by burn"
                        : "warn at the objective's limit, page above it");
            }
        }
    }

    /// <summary>The objective that an alert watches: of its section, else of its measure and name.</summary>
    private static Promise? Watched(SloDocument document, Promise alert)
    {
        var objectives = document.Statements.Objectives.ToList();
        if (objectives.Find(o => ReferenceEquals(o.At.Heading, alert.At.Heading) && o.Subject == alert.Subject && alert.Subject.Length > 0) is { } own)
        {
            return own;
        }
        var name = Promise.Words(alert.Name);
        return alert.Measure switch
        {
            Measure.Latency => objectives.Find(o => o.Measure == Measure.Latency && o.Good == alert.Good),
            Measure.Errors => objectives.Find(o => o.Measure == Measure.Errors) ?? objectives.Find(o => o.Measure == Measure.Availability),
            Measure.Availability => objectives.Find(o => o.Measure == Measure.Availability),
            Measure.Share or Measure.Amount => objectives.Find(o => o.Measure == alert.Measure && name.Count > 0
                && Promise.Words(o.Name) is { Count: > 0 } words && (words.IsSubsetOf(name) || name.IsSubsetOf(words))),
            _ => null,
        };
    }

    /// <summary>Two targets for one thing, told once at the first that differs.</summary>
    private static IEnumerable<Problem> SameName(SloDocument document)
    {
        var told = new HashSet<string>(StringComparer.Ordinal);
        var seen = new List<Promise>();
        foreach (var promise in document.Statements.Objectives.Where(p =>
            p.Measure is Measure.Share or Measure.Latency or Measure.Availability or Measure.Errors))
        {
            if (seen.Find(s => IsSame(s, promise)) is { } first && (first.Good != promise.Good || first.Limit != promise.Limit) && told.Add(Key(promise)))
            {
                var others = document.Statements.Objectives.Where(o => IsSame(o, first) && o.Good == first.Good && o.Limit == first.Limit)
                    .Select(o => o.At.Line);
                yield return Finding(document, promise.At, promise.Column, "two-targets",
                    $"{promise.Title} is \"{promise.Text}\" here and \"{first.Text}\" at line {string.Join(", ", others)}"
                    + (promise.Limit is null && promise.Good < 1 ? $": budgets of {Percent(1 - promise.Good!.Value)} "
                        + $"and {Percent(1 - first.Good!.Value)}" : ""),
                    "keep one; if the looser one is the contract, call it SLA");
            }
            seen.Add(promise);
        }
    }

    private static string Key(Promise promise) => $"{promise.Measure} {string.Join(' ', Promise.Words(promise.Name).Order(StringComparer.Ordinal))}";

    private static bool IsSame(Promise a, Promise b) => a.Measure == b.Measure && (a.Measure == Measure.Latency ? a.Good == b.Good : true)
        && (a.Subject.Length > 0 || b.Subject.Length > 0 || a.Name.Length > 0)
        && (a.Measure == Measure.Share ? (a.Subject == b.Subject || a.Subject.Length == 0 || b.Subject.Length == 0)
                && Promise.Words(a.Name).Count > 0 && Key(a) == Key(b)
            : a.Subject.Length > 0 && a.Subject == b.Subject);

    /// <summary>A share of errors beside an availability of the same service: the same promise twice, or two that contradict each other.</summary>
    private static IEnumerable<Problem> ErrorsBesideAvailability(SloDocument document)
    {
        var objectives = document.Statements.Objectives.ToList();
        foreach (var errors in objectives.Where(o => o.Measure == Measure.Errors))
        {
            var beside = objectives.Where(o => o.Measure == Measure.Availability && o.At.Block == errors.At.Block
                && (o.Subject == errors.Subject || errors.Subject.StartsWith("all ", StringComparison.OrdinalIgnoreCase))).ToList();
            var contradicts = beside.Find(o => o.Good != errors.Good && o.Good < 1);
            if (contradicts is not null)
            {
                yield return Finding(document, errors.At, errors.Column, "budgets-disagree",
                    $"\"{errors.Text}\" allows {Percent(1 - errors.Good!.Value)}, "
                    + $"and {string.Join(", ", beside.Where(o => o.Good != errors.Good && o.Good < 1).Select(o
                        => $"{o.Title} at line {o.At.Line} {Percent(1 - o.Good!.Value)} "
                        + $"(a factor of {Number((1 - errors.Good!.Value) / (1 - o.Good!.Value))})"))}",
                    "a failed request is unavailability: keep one promise, or say which is the contract");
            }
            else if (beside.Find(o => !o.IsUptime) is { } twin)
            {
                yield return Finding(document, errors.At, errors.Column, "same-indicator",
                    $"\"{errors.Title} {errors.Text}\" and \"{twin.Title} {twin.Text}\" at line {twin.At.Line} "
                    + $"are one promise: 1 − {Percent(twin.Good!.Value)} = "
                    + $"{Percent(1 - twin.Good!.Value)}. Each outage would page twice", "keep one of them");
            }
        }
    }

    [GeneratedRegex(@"\b(?:critical|page)\b", RegexOptions.IgnoreCase, 1000)]
    private static partial Regex PageWord();
}
