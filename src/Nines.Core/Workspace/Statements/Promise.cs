using System.Text.RegularExpressions;

namespace Nines.Core.Workspace.Statements;

/// <summary>Who holds whom to a promise.</summary>
internal enum PromiseRole
{
    Objective,
    Contract,
    /// <summary>A limit that tells somebody.</summary>
    Alert,
}

/// <summary>What a promise is about.</summary>
internal enum Measure
{
    Availability,
    /// <summary>A share of errors; the promise holds the share without.</summary>
    Errors,
    /// <summary>A share of something else that is to succeed.</summary>
    Share,
    /// <summary>A time that a share of the requests stays under.</summary>
    Latency,
    /// <summary>A number or an age.</summary>
    Amount,
    /// <summary>How fast the budget burns.</summary>
    Burn,
    /// <summary>What is left of the budget.</summary>
    BudgetLeft,
}

/// <summary>A limit that a document states.</summary>
/// <param name="Role">Who holds whom to it.</param>
/// <param name="Measure">What it is about.</param>
/// <param name="Subject">The service or component; may be empty.</param>
/// <param name="Name">The indicator's name; may be empty.</param>
/// <param name="Good">The share promised to be good, 0 to 1; of a latency its percentile; null for amounts.</param>
/// <param name="Limit">Milliseconds, a number, or a multiple; null for shares.</param>
/// <param name="Below">Whether less is better.</param>
/// <param name="Text">As written.</param>
/// <param name="At">Where.</param>
/// <param name="Column">The column of its number.</param>
internal sealed partial record Promise(
    PromiseRole Role, Measure Measure, string Subject, string Name, decimal? Good, decimal? Limit, bool Below, string Text, Passage At, int Column)
{
    /// <summary>Whether it is measured by asking now and then, not by counting events.</summary>
    public bool IsUptime => Text.Contains("uptime", StringComparison.OrdinalIgnoreCase);

    /// <summary>Whether the subject is the heading it stands under: that names the objective, not the service.</summary>
    public bool IsOfHeading { get; init; }

    /// <summary>Subject and name as people say them.</summary>
    public string Title => (IsOfHeading && Subject.Length > 0 ? Subject : $"{Subject} {Name}".Trim()) is { Length: > 0 } title ? title
        : Measure.ToString().ToLowerInvariant();

    /// <summary>Reads one clause, such as <c>p95 &lt; 500ms</c>, <c>99.9% availability</c> or <c>error rate &gt; 5%</c>; null when it
    /// states no limit.</summary>
    public static Promise? Read(string clause, int offset, Passage at, PromiseRole role, string subject, string name)
    {
        var numbers = Quantity.In(clause);
        if (numbers.FirstOrDefault(n => n.Unit != QuantityUnit.None || n.Op is '<' or '>') is not { } first)
        {
            return null;
        }
        var words = Words(clause, numbers, name);
        var says = $"{words} {(words.Length == 0 ? subject : "")}";
        Promise Of(Measure measure, decimal? good, decimal? limit, bool below, Quantity number, string? called = null) =>
            new(role, measure, subject, called ?? (name.Length > 0 ? name : words), good, limit, below, clause.Trim(), at, at.Column + offset + number.Index);
        if (first.Unit == QuantityUnit.Factor || BurnWord().IsMatch(says))
        {
            return first.Unit == QuantityUnit.Factor ? Of(Measure.Burn, null, first.Value, true, first) : null;
        }
        var percentile = Percentile().Match($"{clause} {name}") is { Success: true } match ? decimal.Parse(match.Groups["p"].Value,
            System.Globalization.CultureInfo.InvariantCulture) / 100 : (decimal?)null;
        if (first.Unit == QuantityUnit.Time)
        {
            return percentile is { } p ? Of(Measure.Latency, p, first.Value, true, first)
                : first.Op is '<' or '>' ? Of(Measure.Amount, null, first.Value, first.Op == '<' == (role != PromiseRole.Alert), first) : null;
        }
        if (first.Unit == QuantityUnit.None)
        {
            return Of(Measure.Amount, null, first.Value, first.Op == '<' == (role != PromiseRole.Alert), first);
        }
        var share = first.Value / 100;
        if (share > 1)
        {
            return null;
        }
        if (numbers.FirstOrDefault(n => n.Unit == QuantityUnit.Time && n.Op == '<') is { } within)
        {
            return Of(Measure.Latency, share, within.Value, true, within, name.Length > 0 ? name : "latency");
        }
        if (Budget().IsMatch(says) || Budget().IsMatch(name))
        {
            return Of(Measure.BudgetLeft, share, null, false, first);
        }
        if (ErrorWord().IsMatch(says) || (first is { Value: 0, Op: not '>' }))
        {
            return Of(StandardError().IsMatch(says) ? Measure.Errors : Measure.Share, 1 - share, null, true, first);
        }
        return Of(AvailabilityWord().IsMatch(says) ? Measure.Availability : Measure.Share, share, null, false, first);
    }

    /// <summary>The words of a name that tell it from others.</summary>
    public static HashSet<string> Words(string text) => [.. Word().Matches(text).Select(m => m.Value.ToLowerInvariant().TrimEnd('s'))
        .Where(w => w is not ("slo" or "sla" or "sli" or "the" or "of" or "and" or "rate" or "depth" or "old" or "stale" or "percentage" or ""))];

    private static string Words(string clause, IReadOnlyList<Quantity> numbers, string name)
    {
        var rest = clause;
        foreach (var number in numbers.Reverse())
        {
            rest = rest.Remove(number.Index, Math.Min(number.Text.Length, rest.Length - number.Index));
        }
        rest = Note().Replace(rest, " ");
        return $"{(name.Length > 0 && !rest.Contains(name, StringComparison.OrdinalIgnoreCase) ? name : "")} {rest}".Trim(' ', ':', ',', '-', '.').Trim();
    }

    [GeneratedRegex(@"\bp(?<p>[0-9]{2}(?:\.[0-9]{1,6})?)\b|\b(?<p>[0-9]{2}(?:\.[0-9]{1,6})?)(?:st|nd|rd|th) percentile",
        RegexOptions.ExplicitCapture | RegexOptions.IgnoreCase, 1000)]
    private static partial Regex Percentile();

    [GeneratedRegex(@"\b(?:errors?|5xx|fail\w*|exceptions?)\b", RegexOptions.IgnoreCase, 1000)]
    private static partial Regex ErrorWord();

    [GeneratedRegex(@"\b(?:error rate|5xx|failed requests|errors)\b", RegexOptions.IgnoreCase, 1000)]
    private static partial Regex StandardError();

    [GeneratedRegex(@"\b(?:availability|available|uptime)\b", RegexOptions.IgnoreCase, 1000)]
    private static partial Regex AvailabilityWord();

    [GeneratedRegex(@"\bburn", RegexOptions.IgnoreCase, 1000)]
    private static partial Regex BurnWord();

    [GeneratedRegex(@"\bbudget\b", RegexOptions.IgnoreCase, 1000)]
    private static partial Regex Budget();

    [GeneratedRegex(@"\([^)]*\)?", RegexOptions.None, 1000)]
    private static partial Regex Note();

    [GeneratedRegex(@"[A-Za-z]+\w*", RegexOptions.None, 1000)]
    private static partial Regex Word();
}
