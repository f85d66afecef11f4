using System.Globalization;
using System.Text.RegularExpressions;
using Nines.Core.Workspace.Statements;
using static Nines.Core.Workspace.Lint.StatementLint;

namespace Nines.Core.Workspace.Lint;

/// <summary>Reckons the budgets that a document states: minutes a month, shares, numbers of failures, what is left.</summary>
internal static partial class BudgetStatementLint
{
    private static readonly decimal[] Months = [28, 30, 31, 365 / 12m];

    public static IEnumerable<Problem> Check(SloDocument document)
    {
        var told = new HashSet<int>();
        return [.. Places(document).SelectMany(p => At(document, p.At, p.Target, p.Period, told)), .. Left(document), .. Equations(document)];
    }

    /// <summary>Where budgets are stated, with the target they are of.</summary>
    private static IEnumerable<(Passage At, Promise Target, string Period)> Places(SloDocument document)
    {
        foreach (var table in document.Text.Tables)
        {
            foreach (var row in table.Rows)
            {
                if (document.Statements.Objectives.FirstOrDefault(o => o.Good < 1 && row.Any(c => ReferenceEquals(c, o.At))) is not { } target)
                {
                    continue;
                }
                var budgets = table.Headers.Select((h, i) => (h.Text, Cell: row[i]))
                    .Where(c => BudgetWord().IsMatch(c.Text) && !SpentWord().IsMatch(c.Text)).ToList();
                // The period may stand in one header for all columns of the budget.
                var period = budgets.Select(b => HeaderPeriod().Match(b.Text).Groups["period"].Value).FirstOrDefault(p => p.Length > 0) ?? "";
                foreach (var (_, cell) in budgets)
                {
                    yield return (cell, target, period);
                }
            }
        }
        foreach (var passage in document.Text.Passages.Where(p => BudgetWord().IsMatch(p.Text) || Stated().IsMatch(p.Text)))
        {
            if (Target(document, passage) is { } target)
            {
                yield return (passage, target, Labels().Match(passage.Text).Groups["period"].Value);
            }
        }
    }

    /// <summary>The target that a stated budget is of: in the same line, else the objective of its section, else the line that introduces the list.</summary>
    private static Promise? Target(SloDocument document, Passage passage)
    {
        var own = document.Statements.Promises.FirstOrDefault(p => ReferenceEquals(p.At, passage) && p.Good < 1);
        if (own is not null)
        {
            return own;
        }
        var section = document.Statements.Objectives.LastOrDefault(o => ReferenceEquals(o.At.Heading, passage.Heading) && o.At.Line < passage.Line && o.Good < 1
            && !Quantity.In(passage.Text).Any(q => q.Unit == QuantityUnit.Factor));
        if (section is not null)
        {
            return section;
        }
        return TargetWord().Match(passage.Intro.Length > 0 ? passage.Intro : Before(document, passage)) is { Success: true } match
            && Promise.Read(match.Value, 0, passage, PromiseRole.Objective, "", "availability") is { Good: < 1 } told ? told : null;
    }

    private static string Before(SloDocument document, Passage passage) =>
        document.Text.Passages.LastOrDefault(p => p.Block == passage.Block - 1 && ReferenceEquals(p.Heading, passage.Heading))?.Text ?? "";

    private static IEnumerable<Problem> At(SloDocument document, Passage at, Promise target, string period, HashSet<int> told)
    {
        var bad = 1 - target.Good!.Value;
        foreach (Match match in Stated().Matches(at.Text))
        {
            if (match.Groups["period"].Value is { Length: > 0 } || period.Length > 0)
            {
                var of = match.Groups["period"].Value is { Length: > 0 } own ? own : period;
                var amount = decimal.Parse(match.Groups["amount"].Value, CultureInfo.InvariantCulture);
                var finding = Quantity.Milliseconds(match.Groups["unit"].Value) is { } ms
                    ? Time(document, at, match, amount * ms / 60_000, of.ToLowerInvariant(), target)
                    : match.Groups["noun"].Success ? Count(document, at, match, amount, of.ToLowerInvariant(), bad) : null;
                if (finding is not null)
                {
                    yield return finding;
                }
                if (Quantity.Milliseconds(match.Groups["unit"].Value) is not null && MayBeBudget(at) && Events(document, target) is { } events
                    && told.Add(events.Line))
                {
                    yield return Finding(document, at, at.Column + match.Index, "downtime-of-events",
                        $"the budget of {target.Title} is stated as time, and line {events.Line} counts events (\"{events.Text.Trim()}\"): a share of failed "
                        + "events is no downtime", "say how many events may fail, and call the minutes what they would be in a total outage");
                }
            }
        }
        if (Share(document, at, target, bad) is { } wrong)
        {
            yield return wrong;
        }
    }

    /// <summary>A budget stated as a share. Only a label or a column says that a share is the whole budget: elsewhere it may be what is spent of it.</summary>
    private static Problem? Share(SloDocument document, Passage at, Promise target, decimal bad)
    {
        var (label, says, start) = StatementReader.Labelled(at.Text);
        var isLabelled = label.ToLowerInvariant() is "error budget" or "budget";
        var isColumn = at.IsCell && label.Length == 0 && !ReferenceEquals(at, target.At);
        if (!isLabelled && !isColumn || Quantity.First(says, QuantityUnit.Percent) is not { Op: ' ' } share || share.Value / 100 == bad)
        {
            return null;
        }
        return Finding(document, at, at.Column + start + share.Index, "stated-budget",
            $"the budget of {Percent(target.Good!.Value)} is 1 − {Percent(target.Good.Value)} = {Percent(bad)}, not {share.Text}", $"write {Percent(bad)}");
    }

    // "SLO: 99.9% uptime (8.76 hours downtime/year)" only illustrates its target.
    private static bool MayBeBudget(Passage at) => StatementReader.Labelled(at.Text).Label is var label && (label.Length == 0 || BudgetWord().IsMatch(label));

    private static Problem? Time(SloDocument document, Passage at, Match match, decimal minutes, string period, Promise target)
    {
        var bad = 1 - target.Good!.Value;
        var days = period switch { "day" or "daily" => [1], "week" or "weekly" => [7], "year" or "yearly" or "annual" => [365, 366, 365.25m], _ => Months };
        var window = document.Statements.WindowDays;
        var isMonth = period.StartsWith("month", StringComparison.Ordinal);
        var slack = Math.Max(0.008m * minutes, Step(match.Groups["amount"].Value, match.Groups["unit"].Value));
        var fits = days.Where(d => Math.Abs(d * 1440 * bad - minutes) < slack).ToList();
        var table = string.Join(", ", days.Select(d => $"{d:0.##} d × 1440 × {bad:0.#######} = {Length(d * 1440 * bad * 60_000)}"));
        var column = at.Column + match.Index;
        if (fits.Count == 0)
        {
            // Which target and period the number is right for says where it comes from.
            var source = Guess(minutes);
            return Finding(document, at, column, "stated-budget",
                $"\"{match.Value.Trim()}\" is not the budget of {Percent(target.Good.Value)}: {table}{source}",
                window is { } w ? $"over the {Number(w)} days declared here it is {Length(w * 1440 * bad * 60_000)}" : "name the window the number is of");
        }
        var right = fits.MinBy(d => Math.Abs(d * 1440 * bad - minutes));
        return !isMonth ? null : Finding(document, at, column, "month-is-no-length",
            $"\"{match.Value.Trim()}\" is the budget of {right:0.##} days, and months differ: {table}",
            window is { } declared ? $"over the {Number(declared)} days declared here it is {Length(declared * 1440 * bad * 60_000)}"
                : "name the window the number is of");
    }

    private static string Guess(decimal minutes)
    {
        foreach (var (name, days) in new[] { ("a year", 365m), ("30 days", 30m), ("28 days", 28m), ("a week", 7m) })
        {
            foreach (var target in new[] { 0.99m, 0.995m, 0.999m, 0.9995m, 0.9999m, 0.99999m })
            {
                if (Math.Abs(days * 1440 * (1 - target) - minutes) < 0.002m * minutes)
                {
                    return $"; {Number(minutes)} min is {name} of {Percent(target)}";
                }
            }
        }
        return "";
    }

    // Half of the last digit stated.
    private static decimal Step(string amount, string unit)
    {
        var digits = amount.Contains('.', StringComparison.Ordinal) ? amount.Length - amount.IndexOf('.', StringComparison.Ordinal) - 1 : 0;
        return 0.501m * (decimal)Math.Pow(10, -digits) * Quantity.Milliseconds(unit)!.Value / 60_000;
    }

    /// <summary>A number of failures a month: of the declared window it is another.</summary>
    private static Problem? Count(SloDocument document, Passage at, Match match, decimal amount, string period, decimal bad)
    {
        if (!period.StartsWith("month", StringComparison.Ordinal) || document.Statements.WindowDays is not { } window || window == 30)
        {
            return null;
        }
        var volume = BurnStatementLint.Volume(document, match.Groups["noun"].Value);
        var daily = volume?.PerDay ?? amount / bad / 30;
        return Finding(document, at, at.Column + match.Index, "stated-count",
            $"\"{match.Value.Trim()}\" is {Percent(bad)} of {Number(amount / bad)}; "
            + $"at {Number(daily)} a day{(volume is { } v ? $" (line {v.Line})" : " (30 days a month)")} "
            + $"the {Number(window)} days declared here hold {Number(daily * window)}, and {Percent(bad)} of them are {Number(daily * window * bad)}",
            "leave the number out: the budget in events follows from the live volume");
    }

    /// <summary>Where the document says that what a target promises is counted in events.</summary>
    private static Passage? Events(SloDocument document, Promise target)
    {
        var words = Promise.Words(target.Subject.Length > 0 ? target.Subject : target.Name);
        var others = document.Statements.Promises.Where(p => !ReferenceEquals(p, target)
            && (p.Measure is Measure.Errors || EventWord().IsMatch(p.Text)) && Promise.Words($"{p.Subject} {p.Text}").Overlaps(words)).Select(p => p.At);
        var measured = document.Text.Passages.Where(p => StatementReader.Labelled(p.Text).Label.Equals("measurement", StringComparison.OrdinalIgnoreCase)
            && EventWord().IsMatch(p.Text) && Promise.Words(p.Heading.Text).Overlaps(words));
        var defined = target.Measure == Measure.Availability ? document.Text.Tables.SelectMany(t => t.Rows)
            .Where(r => r[0].Text.Contains("availability", StringComparison.OrdinalIgnoreCase) && r.Skip(1).Any(c => EventWord().IsMatch(c.Text)))
            .Select(r => r.First(c => EventWord().IsMatch(c.Text))) : [];
        return measured.Concat(others).Concat(defined).FirstOrDefault();
    }

    /// <summary>"Availability: 99.95% (Target: 99.9%)" beside "Error Budget Remaining: 75%".</summary>
    private static IEnumerable<Problem> Left(SloDocument document)
    {
        foreach (var left in document.Text.Passages.Where(p => BudgetLeft().IsMatch(p.Text)))
        {
            var shown = document.Statements.Objectives.FirstOrDefault(o => o.At.Block == left.Block
                && o.Measure is Measure.Availability or Measure.Errors && o.Good < 1);
            if (shown is null || Quantity.First(left.Text, QuantityUnit.Percent) is not { } said
                || Quantity.First(StatementReader.Labelled(shown.At.Text).Says, QuantityUnit.Percent) is not { } now)
            {
                continue;
            }
            var good = shown.Measure == Measure.Errors ? 1 - now.Value / 100 : now.Value / 100;
            var right = 1 - (1 - good) / (1 - shown.Good!.Value);
            if (Math.Abs(right - said.Value / 100) > 0.006m)
            {
                yield return Finding(document, left, left.Column + said.Index, "budget-left",
                    $"{Percent(good)} at a target of {Percent(shown.Good.Value)} (line {shown.At.Line}) "
                    + $"leaves 1 − {Number((1 - good) * 100)}/{Number((1 - shown.Good.Value) * 100)} "
                    + $"= {Percent(right)} of the budget, not {said.Text}; "
                    + $"{said.Text} are left at {Percent(1 - (1 - said.Value / 100) * (1 - shown.Good.Value))}",
                    "print what the ledger says");
            }
        }
    }

    /// <summary>"99.9% SLO = 0.1% error budget", "(1 in 1000 requests)".</summary>
    private static IEnumerable<Problem> Equations(SloDocument document)
    {
        foreach (var passage in document.Text.Passages)
        {
            foreach (Match match in Equation().Matches(passage.Text))
            {
                var (target, budget) = (decimal.Parse(match.Groups["target"].Value, CultureInfo.InvariantCulture), decimal.Parse(match.Groups["budget"].Value,
                    CultureInfo.InvariantCulture));
                if (100 - target != budget)
                {
                    yield return Finding(document, passage, passage.Column + match.Index, "stated-budget",
                        $"\"{match.Value}\": 100 % − {Number(target)} % = {Number(100 - target)} %", $"write {Number(100 - target)} %");
                }
            }
            if (OneIn().Match(passage.Text) is { Success: true } one && Quantity.First(passage.Text[..one.Index], QuantityUnit.Percent) is { Value: > 0 } share
                && decimal.Parse(one.Groups["n"].Value.Replace(",", "", StringComparison.Ordinal), CultureInfo.InvariantCulture) is var n
                && Math.Abs(100 / share.Value - n) > 0.01m * n)
            {
                yield return Finding(document, passage, passage.Column + one.Index, "stated-budget",
                    $"{share.Text} is 1 in {Number(100 / share.Value)}, not {one.Value}",
                    $"write 1 in {Number(100 / share.Value)}");
            }
        }
    }

    [GeneratedRegex(@"(?<![\d.])(?<amount>[0-9]{1,12}(?:\.[0-9]{1,6})?)\s{0,8}(?:(?<unit>minutes?|mins?|hours?|h|seconds?|days?)\b"
        + @"|(?<noun>(?!per\b|a\b)[a-z][a-z ]{2,30}?)(?=\s{0,8}(?:/|per\b|a month|a week|a day)))"
        + @"(?:[\w\s]{0,20}?(?:/|\bper|\ba|\beach|\bevery)\s*(?<period>month|week|year|day)\b)?",
        RegexOptions.ExplicitCapture | RegexOptions.IgnoreCase, 1000)]
    private static partial Regex Stated();

    [GeneratedRegex(@"\b(?:budget|downtime|allowed)\b", RegexOptions.IgnoreCase, 1000)]
    private static partial Regex BudgetWord();

    [GeneratedRegex(@"\b(?:remaining|left|consumed|spent|used|burn\w*)\b", RegexOptions.IgnoreCase, 1000)]
    private static partial Regex SpentWord();

    [GeneratedRegex(@"\b(?:error )?budget\b.{0,20}\b(?:remaining|left)\b", RegexOptions.IgnoreCase, 1000)]
    private static partial Regex BudgetLeft();

    [GeneratedRegex(@"\(?(?:per )?\b(?<period>monthly|weekly|yearly|daily|month|week|year|day)\b",
        RegexOptions.ExplicitCapture | RegexOptions.IgnoreCase, 1000)]
    private static partial Regex HeaderPeriod();

    [GeneratedRegex(@"^\s*(?<period>monthly|weekly|yearly|daily)\s*:", RegexOptions.ExplicitCapture | RegexOptions.IgnoreCase, 1000)]
    private static partial Regex Labels();

    [GeneratedRegex(@"\b\d+(?:\.\d+)?%(?=\s*(?:SLO|availability|uptime|target))", RegexOptions.IgnoreCase, 1000)]
    private static partial Regex TargetWord();

    [GeneratedRegex(@"\b(?:requests?|responses?|queries|jobs?|workflows?|executions?|messages?|transactions?)\b", RegexOptions.IgnoreCase, 1000)]
    private static partial Regex EventWord();

    [GeneratedRegex(@"(?<![\d.])(?<target>[0-9]{1,12}(?:\.[0-9]{1,6})?)%(?:\s*(?:SLO|availability|target|uptime))?\s*[=(→:]+\s*"
        + @"(?<budget>[0-9]{1,12}(?:\.[0-9]{1,6})?)%\s*error budget",
        RegexOptions.ExplicitCapture | RegexOptions.IgnoreCase, 1000)]
    private static partial Regex Equation();

    [GeneratedRegex(@"\b1 in (?<n>[0-9][0-9,]{0,14})(?![\d,]*\d)", RegexOptions.ExplicitCapture | RegexOptions.IgnoreCase, 1000)]
    private static partial Regex OneIn();
}
