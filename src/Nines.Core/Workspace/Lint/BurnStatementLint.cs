using System.Text.RegularExpressions;
using Nines.Core.Workspace.Statements;
using static Nines.Core.Workspace.Lint.StatementLint;

namespace Nines.Core.Workspace.Lint;

/// <summary>Reckons what a document states about burn rates: factors, times to exhaustion, formulas, and whether they can be reached.</summary>
internal static partial class BurnStatementLint
{
    // What the SRE workbook derives of a share of thirty days' budget and an alert window.
    private static readonly (decimal Factor, decimal Share, int Hours)[] OfThirtyDays = [(14.4m, 0.02m, 1), (6, 0.05m, 6), (3, 0.1m, 24)];

    public static IEnumerable<Problem> Check(SloDocument document)
    {
        var stated = document.Text.Tables.Where(IsBurnTable).SelectMany(t => t.Rows.Select(r => (Row: r, Table: t))).ToList();
        var factors = stated.Select(s => Quantity.First(s.Row[BurnColumn(s.Table)].Text, QuantityUnit.Factor)).OfType<Quantity>().Select(f => f.Value).ToList();
        return
        [
            .. stated.SelectMany(s => Exhaustion(document, s.Row, s.Table)), .. Factors(document, stated.Select(s => s.Row[BurnColumn(s.Table)])),
            .. Formulas(document), .. Sentences(document), .. Reach(document, factors), .. LowTraffic(document, factors),
        ];
    }

    /// <summary>How many events of a name a day brings, where a table says so.</summary>
    public static (decimal PerDay, int Line)? Volume(SloDocument document, string noun)
    {
        var words = Promise.Words(noun);
        foreach (var row in document.Text.Tables.SelectMany(t => t.Rows))
        {
            if (row.Count > 1 && PerTime().Match(row[0].Text) is { Success: true } match && Promise.Words(match.Groups["noun"].Value).Overlaps(words)
                && Quantity.First(row[1].Text, QuantityUnit.None) is { } volume)
            {
                return (volume.Value * (match.Groups["unit"].Value.ToLowerInvariant() switch { "day" => 1, "hour" or "h" => 24, _ => 86_400 }), row[0].Line);
            }
        }
        return null;
    }

    private static bool IsBurnTable(TextTable table) => BurnColumn(table) >= 0;

    private static int BurnColumn(TextTable table) => table.Find(h => h is "burn rate" or "burn");

    private static IEnumerable<Problem> Exhaustion(SloDocument document, IReadOnlyList<Passage> row, TextTable table)
    {
        var time = table.Find(h => h.Contains("exhaust", StringComparison.Ordinal));
        if (time < 0 || Quantity.First(row[BurnColumn(table)].Text, QuantityUnit.Factor) is not { Value: > 0 } factor
            || Quantity.First(row[time].Text, QuantityUnit.Time) is not { Value: > 0 } stated)
        {
            yield break;
        }
        decimal[] windows = document.Statements.WindowDays is { } declared ? [declared] : [28, 30];
        if (!windows.Any(w => Math.Abs(w * 86_400_000 / factor.Value - stated.Value) <= 0.02m * stated.Value))
        {
            var right = windows[0] * 86_400_000 / factor.Value;
            yield return Finding(document, row[time], row[time].Column + stated.Index, "exhaustion-time",
                $"at {factor.Text} a full budget of {Number(windows[0])} days lasts "
                + $"{Number(windows[0])} d / {Number(factor.Value)} = {right / 86_400_000:0.##} d = "
                + $"{right / 3_600_000:0.#} h, not {stated.Text}; to end it in {stated.Text} takes {windows[0] * 86_400_000 / stated.Value:0.##}x",
                $"write {right / 3_600_000:0.#} h of a full budget; with less left it is that share of it");
        }
    }

    private static IEnumerable<Problem> Factors(SloDocument document, IEnumerable<Passage> cells)
    {
        var alerts = document.Statements.Promises.Where(p => p is { Role: PromiseRole.Alert, Measure: Measure.Burn }).Select(p => p.At);
        foreach (var at in document.Statements.WindowDays is null or 30 ? [] : cells.Concat(alerts))
        {
            var window = document.Statements.WindowDays!.Value;
            if (Quantity.First(at.Text, QuantityUnit.Factor) is { } factor
                && OfThirtyDays.FirstOrDefault(f => f.Factor == factor.Value) is { Hours: > 0 } known)
            {
                yield return Finding(document, at, at.Column + factor.Index, "factor-of-thirty-days",
                    $"{factor.Text} is {Percent(known.Share)} of a budget of 30 days in {known.Hours} h; "
                    + $"over the {Number(window)} days declared here the same share is "
                    + $"{Percent(known.Share)} × {Number(window * 24)} h / {known.Hours} h = {Number(known.Share * window * 24 / known.Hours)}x",
                    "derive the factor: share × window ÷ alert window, and name all three");
            }
        }
    }

    /// <summary>"Burn Rate = … * 28 days", and a budget as a time for what is counted in events.</summary>
    private static IEnumerable<Problem> Formulas(SloDocument document)
    {
        var events = document.Text.Passages.Find(p => StatementReader.IsUnderObjectives(p) && EventMeasure().IsMatch(p.Text));
        foreach (var fence in document.Text.Fences.Where(f => f.Info is "" or "text"))
        {
            foreach (var at in fence.Lines)
            {
                if (BurnFormula().Match(at.Text) is { Success: true } burn && Quantity.First(burn.Groups["times"].Value, QuantityUnit.Time) is { } times)
                {
                    var column = burn.Groups["times"].Index + 1;
                    yield return Finding(document, at, column, "burn-formula",
                        $"\"{burn.Groups["times"].Value.Trim()}\" makes days of a burn rate, which has no unit: "
                        + $"errors of 1.44 % at a budget of 0.1 % would burn "
                        + $"1.44/0.1 × {Number(times.Value / 86_400_000)} instead of 14.4",
                        "burn rate = error rate ÷ (1 − target); time to exhaustion = window ÷ burn rate");
                }
                if (events is not null && TimeFormula().IsMatch(at.Text))
                {
                    yield return Finding(document, at, 1, "downtime-of-events",
                        $"the formula gives time, and line {events.Line} counts events (\"{events.Text.Trim()}\"): a share of failed events is no downtime",
                        "of events the budget is (1 − SLO) × number of events; minutes are right of probes and time slices");
                }
            }
        }
    }

    /// <summary>"&gt; 1% 5xx errors, burning 14.4x" in one sentence.</summary>
    private static IEnumerable<Problem> Sentences(SloDocument document)
    {
        var targets = document.Statements.Objectives.Where(o => o.Measure is Measure.Availability or Measure.Errors && o.Good < 1)
            .Select(o => o.Good!.Value).Distinct().ToList();
        foreach (var passage in document.Text.Passages.Where(p => BurnWord().IsMatch(p.Text)))
        {
            var numbers = Quantity.In(passage.Text);
            var (factor, shares) = (numbers.FirstOrDefault(n => n is { Unit: QuantityUnit.Factor, Value: > 1 }),
                numbers.Where(n => n.Unit == QuantityUnit.Percent).ToList());
            if (factor is null || shares.Count == 0 || targets.Count == 0)
            {
                continue;
            }
            // The sentence's own target goes before those of the document.
            var own = shares.Select(s => s.Value / 100).Where(s => s is > 0.5m and < 1).ToList();
            var possible = own.Count > 0 ? own : targets;
            if (!possible.Any(t => shares.Any(s => Math.Abs(s.Value / 100 / (1 - t) - factor.Value) <= 0.01m * factor.Value)))
            {
                var (error, target) = (shares.FirstOrDefault(s => s.Value < 50) ?? shares[0], possible[0]);
                yield return Finding(document, passage, passage.Column + error.Index, "stated-burn",
                    $"{error.Text} of errors burn a budget of {Percent(1 - target)} at {Number(error.Value / 100 / (1 - target))}x; {factor.Text} is "
                    + $"{Number(factor.Value)} × {Percent(1 - target)} = {Percent(factor.Value * (1 - target))}",
                    "bind both numbers to one measurement, or print the measured burn");
            }
        }
    }

    /// <summary>Factors that an objective cannot reach, since no more than all can fail.</summary>
    private static IEnumerable<Problem> Reach(SloDocument document, List<decimal> stated)
    {
        var days = document.Statements.Days;
        var factors = stated.Count > 0 ? stated : [0.02m * days * 24, 0.05m * days * 24 / 6];
        var told = new HashSet<decimal>();
        foreach (var promise in document.Statements.Objectives.Where(o => o.Measure is Measure.Availability or Measure.Errors or Measure.Share
            && o.Good is > 0 and < 1))
        {
            var (bad, highest) = (1 - promise.Good!.Value, 1 / (1 - promise.Good.Value));
            var beyond = factors.Where(f => stated.Count > 0 ? f * bad > 0.5m : f > highest).ToList();
            if (beyond.Count > 0 && told.Add(promise.Good.Value))
            {
                yield return Finding(document, promise.At, promise.Column, "unreachable-burn",
                    $"with {Percent(promise.Good.Value)} the budget burns at most 1 ÷ {Number(bad)} = {highest:0.##}x: "
                    + string.Join(", ", beyond.Select(f => f >= highest ? $"{Number(f)}x can never fire" : $"{Number(f)}x takes {Percent(f * bad)} bad"))
                    + (stated.Count > 0 ? "" : $" (2 % in 1 h and 5 % in 6 h of {Number(days)} d)"),
                    "lower the share or lengthen the alert's window for this objective");
            }
        }
    }

    /// <summary>So few events that chance pages.</summary>
    private static IEnumerable<Problem> LowTraffic(SloDocument document, List<decimal> factors)
    {
        foreach (var promise in document.Statements.Objectives.Where(o => factors.Count > 0 && o.Measure is Measure.Share && o.Good is > 0 and < 1
            && o.Subject.Length > 0))
        {
            if (Volume(document, promise.Name) is { } volume && volume.PerDay / 24 * (1 - promise.Good!.Value) * factors.Max() is var failures and < 10)
            {
                yield return Finding(document, promise.At, promise.Column, "low-traffic",
                    $"{Number(volume.PerDay)} a day (line {volume.Line}) are {volume.PerDay / 24:0.#} an hour, "
                    + $"and {Number(factors.Max())}x of {Percent(1 - promise.Good.Value)} of them "
                    + $"are {Math.Ceiling(failures):0} failures: that many in an hour wake somebody",
                    "ask for a least number of failures, and for more than chance; burn policies do");
            }
        }
    }

    [GeneratedRegex(@"^\s*(?<noun>[A-Za-z][A-Za-z ]{0,60}?)\s*(?:/|per )\s*(?<unit>day|hour|h|sec|second|s)\b",
        RegexOptions.ExplicitCapture | RegexOptions.IgnoreCase, 1000)]
    private static partial Regex PerTime();

    [GeneratedRegex(@"burn rate\s*=.*(?<times>[*×]\s*\d+\s*(?:days?|d|hours?|h|weeks?)\b)", RegexOptions.ExplicitCapture | RegexOptions.IgnoreCase, 1000)]
    private static partial Regex BurnFormula();

    [GeneratedRegex(@"error budget\s*=.*[*×]\s*(?:total )?(?:time|period)", RegexOptions.IgnoreCase, 1000)]
    private static partial Regex TimeFormula();

    [GeneratedRegex(@"^\s*(?:target|measurement)\s*:.*\b(?:requests?|responses?|queries|jobs?)\b", RegexOptions.IgnoreCase, 1000)]
    private static partial Regex EventMeasure();

    [GeneratedRegex(@"\bburn", RegexOptions.IgnoreCase, 1000)]
    private static partial Regex BurnWord();
}
