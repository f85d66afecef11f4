using Nines.Metrics;

namespace Nines.Core.Objectives.Generate;

/// <summary>
/// Makes up series that the selectors of an indicator count: some that move with every good event, some with every bad one, so that rules can be tested
/// without a service.
/// </summary>
/// <param name="Good">The series that a good event moves.</param>
/// <param name="Bad">The series that a bad event moves.</param>
internal sealed record SampleSeries(IReadOnlyList<Labels> Good, IReadOnlyList<Labels> Bad)
{
    private static readonly string[] Common = ["", "x", "200", "500", "GET", "1", "y"];

    /// <summary>Series for an indicator, with the same value of each grouping label; null when none can be made up.</summary>
    public static SampleSeries? Of(CounterRatio indicator, IReadOnlyList<string> groupBy)
    {
        var terms = indicator.Part.Terms.Concat(indicator.Total.Terms).ToList();
        var samples = new List<Labels>();
        foreach (var term in terms)
        {
            foreach (var other in terms)
            {
                Add(samples, Made([.. term.Matchers, .. other.Matchers], [], terms, groupBy));
            }
            Add(samples, Made(term.Matchers, terms.Where(t => t != term), terms, groupBy));
        }
        int Moves(CounterExpression side, Labels sample) => side.Terms.Where(t => Matcher.AllMatch(t.Matchers, sample)).Sum(t => t.Sign);
        var moves = samples.Select(s => (Sample: s, Part: Moves(indicator.Part, s), Total: Moves(indicator.Total, s))).ToList();
        // One event of the part moves both by one; one that is not of the part moves the total alone. Two series at once may be needed: a bucket and its count.
        IReadOnlyList<Labels>? Moving(int part) =>
            moves.Find(m => m.Part == part && m.Total == 1) is { Sample: { } one } ? [one]
            : moves.SelectMany(_ => moves, (a, b) => (A: a, B: b)).FirstOrDefault(p => p.A.Part + p.B.Part == part && p.A.Total + p.B.Total == 1 && p.A != p.B)
                is { A.Sample: { } first, B.Sample: { } second } ? [first, second] : null;
        var (inside, outside) = (Moving(1), Moving(0));
        if (inside is null || outside is null || groupBy.Any(g => samples.Select(s => s[g]).Distinct(StringComparer.Ordinal).Count() > 1))
        {
            return null;
        }
        return indicator.Good is null ? new(outside, inside) : new(inside, outside);
    }

    private static void Add(List<Labels> samples, Labels? sample)
    {
        if (sample is not null && !samples.Contains(sample))
        {
            samples.Add(sample);
        }
    }

    /// <summary>Labels that satisfy conditions and, where it can be had, do not satisfy others.</summary>
    private static Labels? Made(IReadOnlyList<Matcher> conditions, IEnumerable<CounterTerm> avoided, List<CounterTerm> all, IReadOnlyList<string> groupBy)
    {
        var values = new SortedDictionary<string, string>(StringComparer.Ordinal);
        IEnumerable<string> Fitting(string name) => all.SelectMany(t => t.Matchers).Where(m => m.Name == name).SelectMany(Examples).Concat(Common)
            .Where(v => conditions.All(c => c.Name != name || c.Matches(v)));
        foreach (var name in conditions.Select(c => c.Name).Concat(groupBy).Distinct(StringComparer.Ordinal))
        {
            var isGroup = groupBy.Contains(name, StringComparer.Ordinal);
            if (Fitting(name).FirstOrDefault(v => v.Length > 0 || !isGroup) is not { } value)
            {
                return null;
            }
            values[name] = value;
        }
        foreach (var term in avoided)
        {
            if (term.Matchers.All(m => m.Matches(values.GetValueOrDefault(m.Name, "")))
                && term.Matchers.Select(m => (m, Other: Fitting(m.Name).FirstOrDefault(v => !m.Matches(v)))).FirstOrDefault(o => o.Other is not null)
                    is { Other: { } found, m: var matcher })
            {
                values[matcher.Name] = found;
            }
        }
        return values.GetValueOrDefault(Labels.MetricName, "").Length == 0 ? null : Labels.Of([.. values.Where(v => v.Value.Length > 0).Select(v => (v.Key,
            v.Value))]);
    }

    private static IEnumerable<string> Examples(Matcher matcher) =>
        matcher.Op is MatchOp.Equal or MatchOp.NotEqual ? [matcher.Value] : new RegexExamples(matcher.Value).All();
}

/// <summary>Texts that a simple regular expression matches: one for each alternative.</summary>
internal sealed class RegexExamples(string pattern)
{
    private static readonly string[] Common = ["x", "0", "_", "~"];
    private int _at;

    public IEnumerable<string> All()
    {
        _at = 0;
        return Alternatives(0);
    }

    private List<string> Alternatives(int depth)
    {
        var found = new List<string>();
        do
        {
            found.Add(Sequence(depth));
        }
        while (_at < pattern.Length && pattern[_at] == '|' && ++_at > 0);
        return found;
    }

    private string Sequence(int depth)
    {
        var text = "";
        while (_at < pattern.Length && pattern[_at] is not ('|' or ')'))
        {
            var atom = Atom(depth);
            text += Repeated(atom);
        }
        return text;
    }

    private string Atom(int depth)
    {
        switch (pattern[_at++])
        {
            case '.':
                return "0";
            case '^' or '$':
                return "";
            case '[':
                return Class();
            case '(' when depth < 50:
                if (pattern.AsSpan(_at).StartsWith("?:"))
                {
                    _at += 2;
                }
                var inner = Alternatives(depth + 1);
                _at++;
                return inner.Find(i => i.Length > 0) ?? "";
            case '\\' when _at < pattern.Length:
                return pattern[_at++] switch { 'd' => "0", 'w' => "x", 's' => " ", 'S' or 'D' => "x", var c => c.ToString() };
            case var c:
                return c.ToString();
        }
    }

    private string Class()
    {
        var close = pattern.IndexOf(']', Math.Min(_at + 1, pattern.Length));
        var inner = close < 0 ? "" : pattern[_at..close];
        _at = close < 0 ? pattern.Length : close + 1;
        return inner.StartsWith('^') ? Common.FirstOrDefault(c => !inner.Contains(c, StringComparison.Ordinal), "") : inner.Length > 0 ? inner[..1] : "";
    }

    private string Repeated(string atom)
    {
        if (_at >= pattern.Length)
        {
            return atom;
        }
        switch (pattern[_at])
        {
            case '*' or '?' or '+':
                var optional = pattern[_at++] != '+';
                return optional && atom == "0" ? "" : atom;
            case '{' when pattern.IndexOf('}', _at) is var close and > 0:
                var least = pattern[(_at + 1)..close].Split(',')[0];
                _at = close + 1;
                return int.TryParse(least, out var count) && count < 100 ? string.Concat(Enumerable.Repeat(atom, count)) : atom;
            default:
                return atom;
        }
    }
}
