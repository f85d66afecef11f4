using System.Text.RegularExpressions;

namespace Nines.Core.Workspace.Statements;

/// <summary>The promises that a document states, and the window it says they are kept over.</summary>
internal sealed class Statements
{
    public required MarkdownText Text { get; init; }

    public required IReadOnlyList<Promise> Promises { get; init; }

    /// <summary>The first stated window of a day or more, in days; null when none is stated.</summary>
    public decimal? WindowDays { get; init; }

    /// <summary>The document's objectives.</summary>
    public IEnumerable<Promise> Objectives => Promises.Where(p => p.Role == PromiseRole.Objective);

    /// <summary>The window, or the usual one: 28 days.</summary>
    public decimal Days => WindowDays ?? 28;
}

/// <summary>
/// Finds statements in a document: limits in tables with a column Target, SLO or Objective, behind labels such as <c>SLO:</c>, <c>Target:</c> and
/// <c>Alert threshold:</c>, and in lists under a heading or line that names SLOs. Other numbers of a document mean nothing here.
/// </summary>
internal static partial class StatementReader
{
    /// <summary>Most statements of a document.</summary>
    public const int MaxPromises = 2000;

    private const int MaxWindowDays = 3660;

    public static Statements Read(MarkdownText text)
    {
        var promises = text.Tables.SelectMany(OfTable).Concat(text.Passages.SelectMany(OfPassage)).Take(MaxPromises)
            .OrderBy(p => p.At.Line).ThenBy(p => p.Column).ToList();
        var windows = text.Passages.Concat(text.Tables.SelectMany(t => t.Headers.Concat(t.Rows.SelectMany(r => r))))
            .OrderBy(p => p.Line).Select(p => WindowOf(p.Text)).OfType<Quantity>();
        return new()
        {
            Text = text,
            Promises = promises,
            WindowDays = windows.FirstOrDefault(w => w.Value is >= 86_400_000 and <= MaxWindowDays * 86_400_000m)?.Value / 86_400_000,
        };
    }

    /// <summary>The window that a text states: a number before "rolling" or "window", or behind "over" where a target stands;
    /// null when it states none.</summary>
    public static Quantity? WindowOf(string text) => Window().Match(text) is { Success: true } match
        ? Quantity.First(match.Groups["length"].Value, QuantityUnit.Time) : null;

    /// <summary>Whether a text names objectives.</summary>
    public static bool NamesObjectives(string text) => ObjectiveWord().IsMatch(text) && !OtherSection().IsMatch(text);

    /// <summary>The label before the first colon, and what follows it.</summary>
    public static (string Label, string Says, int At) Labelled(string text)
    {
        var colon = text.IndexOf(':', StringComparison.Ordinal);
        return colon < 0 || colon > 60 ? ("", text, 0) : (text[..colon].Trim(), text[(colon + 1)..], colon + 1);
    }

    /// <summary>Whether the heading of a passage, or one above it, names objectives.</summary>
    public static bool IsUnderObjectives(Passage passage)
    {
        for (var heading = passage.Heading; heading is not null; heading = heading.Above)
        {
            if (NamesObjectives(heading.Text) && (heading.Level > 1 || ReferenceEquals(heading, passage.Heading)))
            {
                return true;
            }
        }
        return false;
    }

    private static IEnumerable<Promise> OfTable(TextTable table)
    {
        var condition = table.Find(h => h is "condition" or "threshold" or "alert condition");
        if (condition >= 0 && table.Headers.Any(h => h.Text.Contains("alert", StringComparison.OrdinalIgnoreCase)))
        {
            return table.Rows.Select(r => Promise.Read(r[condition].Text, 0, r[condition], PromiseRole.Alert, "", "")).OfType<Promise>();
        }
        var target = table.Find(h => h is "slo" or "target" or "objective" or "slo target" or "objectives");
        if (target < 0 || (!IsUnderObjectives(table.Headers[0]) && !NamesObjectives(table.Headers[0].Intro)
            && !table.Headers.Any(h => NamesObjectives(h.Text) || h.Text.Contains("error budget", StringComparison.OrdinalIgnoreCase))))
        {
            return [];
        }
        var subject = table.Find(h => h is "service" or "component" or "system");
        var name = table.Find(h => h is "sli" or "indicator" or "metric" or "name");
        return table.Rows.Select(r => Promise.Read(r[target].Text, 0, r[target], PromiseRole.Objective, subject >= 0 ? r[subject].Text.Trim() : "",
            name >= 0 ? r[name].Text.Trim() : "")).OfType<Promise>().Select(p => p is { Measure: Measure.Share, Name: "" } ? p with { Measure
                = Measure.Availability } : p);
    }

    private static IEnumerable<Promise> OfPassage(Passage passage)
    {
        if (Shown().Match(passage.Text) is { Success: true } shown)
        {
            return Promise.Read(shown.Groups["target"].Value, shown.Groups["target"].Index, passage, PromiseRole.Objective, "",
                shown.Groups["name"].Value.Trim()) is { } promise ? [promise] : [];
        }
        var (label, rest, at) = Labelled(passage.Text);
        if (Role(label) is { } role && IsUnderObjectives(passage))
        {
            var subject = SubjectWord().Replace(passage.Heading.Text, "").Trim();
            var says = Note().Replace(rest, m => m.Value.Contains("percentile", StringComparison.OrdinalIgnoreCase) ? m.Value : new string(' ', m.Length));
            return Promise.Read(says, at, passage, role, subject, "") is { } promise
                ? [promise with { IsOfHeading = true }] : [];
        }
        if (AlertIf().Match(passage.Text) is { Success: true } alert)
        {
            return Clauses(passage, alert.Groups["rest"].Value, alert.Groups["rest"].Index, PromiseRole.Alert, "");
        }
        if (passage.IsItem && !OtherSection().IsMatch(passage.Heading.Text) && (NamesObjectives(passage.Intro) || NamesObjectives(passage.Heading.Text)))
        {
            return OfList(passage, label, rest, at);
        }
        return [];
    }

    /// <summary><c>subject: clause, clause</c>, or <c>subject (clause, clause), subject (clause)</c>, or a clause alone.</summary>
    private static IEnumerable<Promise> OfList(Passage passage, string label, string rest, int at)
    {
        var subjects = WithClauses().Matches(passage.Text).Where(m => Quantity.In(m.Groups["clauses"].Value).Any(q
            => q.Op is '<' or '>' || q.Unit == QuantityUnit.Percent)).ToList();
        if (label.Length == 0 && subjects.Count > 0 && Quantity.In(passage.Text[..subjects[0].Index]).Count == 0)
        {
            return subjects.SelectMany(m => Clauses(passage, m.Groups["clauses"].Value, m.Groups["clauses"].Index, PromiseRole.Objective,
                SubjectWord().Replace(m.Groups["subject"].Value, "").Trim()));
        }
        return label.Length > 0 && IsMeasure(label) ? [] : Clauses(passage, Note().Replace(rest, m => new string(' ', m.Length)),
            at, PromiseRole.Objective, label);
    }

    // "Availability: Uptime percentage" defines an indicator and is no promise.
    private static bool IsMeasure(string label) => label.Contains("error budget", StringComparison.OrdinalIgnoreCase);

    private static IEnumerable<Promise> Clauses(Passage passage, string text, int offset, PromiseRole role, string subject)
    {
        var start = 0;
        foreach (var clause in text.Split(',', ';'))
        {
            if (Promise.Read(clause, offset + start, passage, role, subject, "") is { } promise)
            {
                yield return promise;
            }
            start += clause.Length + 1;
        }
    }

    private static PromiseRole? Role(string label) => label.ToLowerInvariant() switch
    {
        "slo" or "target" or "objective" => PromiseRole.Objective,
        "sla" or "contract" => PromiseRole.Contract,
        "alert threshold" or "alert" or "alert at" or "warning" or "warning threshold" => PromiseRole.Alert,
        _ => null,
    };

    [GeneratedRegex(@"\b(?:SLOs?|SLIs?|service[ -]level (?:objectives?|indicators?)|objectives?)\b", RegexOptions.IgnoreCase, 1000)]
    private static partial Regex ObjectiveWord();

    [GeneratedRegex(@"\b(?:dashboards?|monitoring|configuration|compliance|recovery)\b", RegexOptions.IgnoreCase, 1000)]
    private static partial Regex OtherSection();

    [GeneratedRegex(@"\b(?:SLOs?|SLIs?|SLAs?|and|for)\b", RegexOptions.None, 1000)]
    private static partial Regex SubjectWord();

    [GeneratedRegex(@"(?<!\d)(?<length>\d{1,6}[ -]?(?:day|week|hour|minute|d|w|h|m)s?)[ -](?:rolling|window)"
        + @"|\bover (?:a |the last )?(?<length>\d{1,6}[ -](?:days?|weeks?|d)\b)",
        RegexOptions.ExplicitCapture | RegexOptions.IgnoreCase, 1000)]
    private static partial Regex Window();

    [GeneratedRegex(@"^(?<name>[A-Za-z][^:(]{0,80}?)\s{0,8}(?:\([^)]*\))?:[^(\d]*\d[^(]*\(\s*(?:target|goal|slo):\s*(?<target>[^)]+)\)",
        RegexOptions.ExplicitCapture | RegexOptions.IgnoreCase, 1000)]
    private static partial Regex Shown();

    [GeneratedRegex(@"^\s*(?:\[[ xX]\]\s*)?(?:alerts?|alert rules?|alerting rules?)\s*(?:if|on|when|at|—|–|-|:)\s*(?<rest>.+)$",
        RegexOptions.ExplicitCapture | RegexOptions.IgnoreCase, 1000)]
    private static partial Regex AlertIf();

    [GeneratedRegex(@"(?<subject>[A-Za-z][\w -]{0,60}?)\s*\((?<clauses>[^()\d]*\d[^()]*)\)", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex WithClauses();

    [GeneratedRegex(@"\([^)]*\)?", RegexOptions.None, 1000)]
    private static partial Regex Note();
}
