using System.Text;
using System.Text.RegularExpressions;
using Nines.Metrics;

namespace Nines.PromQL.Evaluation;

/// <summary>Functions of labels.</summary>
internal static class LabelFunctions
{
    /// <summary>
    /// The labels that an absent vector would have had: those its selector compares for equality. In the selector's order, the first equality of a label
    /// sets it, and any other condition takes it away.
    /// </summary>
    public static Labels OfAbsent(Expr argument)
    {
        argument = argument.Bare();
        var (labels, equal) = (Labels.Empty, new HashSet<string>(StringComparer.Ordinal));
        foreach (var matcher in (argument as VectorSelector ?? (argument as MatrixSelector)?.Selector)?.Matchers ?? [])
        {
            if (matcher.Name != Labels.MetricName)
            {
                labels = labels.With(matcher.Name, matcher.Op == MatchOp.Equal && equal.Add(matcher.Name) ? matcher.Value : "");
            }
        }
        return labels;
    }

    /// <exception cref="QueryException">The text cannot name a label.</exception>
    public static void CheckName(string name, string what)
    {
        if (!PromText.IsLabelName(name))
        {
            throw QueryException.Execution($"invalid {what}: {name}");
        }
    }

    /// <summary><c>label_replace</c>: sets a label from the groups of a pattern that matches all of another label; else gives the same object back.</summary>
    public static Func<Labels, Labels> Replacement(string target, string replacement, string source, string pattern)
    {
        Regex regex;
        try
        {
            regex = Re2.Anchored(pattern);
        }
        catch (ArgumentException)
        {
            throw QueryException.Execution($"invalid regular expression in label_replace(): {pattern}");
        }
        CheckName(target, "destination label name in label_replace()");
        return labels =>
        {
            var match = regex.Match(labels[source]);
            return match.Success ? labels.With(target, Expand(replacement, match)) : labels;
        };
    }

    /// <summary>Orders by labels in natural order (<c>a2</c> before <c>a10</c>), then by all labels.</summary>
    public static int NaturalOrder(Labels a, Labels b, List<string> names)
    {
        foreach (var name in names)
        {
            if (a[name] != b[name])
            {
                return Natural(a[name], b[name]);
            }
        }
        return Labels.Compare(a, b);
    }

    private static int Natural(string a, string b)
    {
        var (i, j) = (0, 0);
        while (i < a.Length && j < b.Length)
        {
            if (char.IsAsciiDigit(a[i]) && char.IsAsciiDigit(b[j]))
            {
                var (left, right) = (Digits(a, ref i), Digits(b, ref j));
                var order = left.Length != right.Length ? left.Length.CompareTo(right.Length) : left.AsSpan().SequenceCompareTo(right);
                if (order != 0)
                {
                    return order;
                }
            }
            else if (a[i] != b[j])
            {
                return a[i].CompareTo(b[j]);
            }
            else
            {
                (i, j) = (i + 1, j + 1);
            }
        }
        return (a.Length - i).CompareTo(b.Length - j);
    }

    private static string Digits(string text, ref int at)
    {
        var start = at;
        while (at < text.Length && char.IsAsciiDigit(text[at]))
        {
            at++;
        }
        return text[start..at].TrimStart('0');
    }

    // Go's Regexp.Expand: $1, $name, ${name}, $$; a name is as long as possible, and one without a group is empty.
    private static string Expand(string template, Match match)
    {
        var text = new StringBuilder();
        for (var i = 0; i < template.Length; i++)
        {
            if (template[i] != '$' || i + 1 == template.Length)
            {
                text.Append(template[i]);
                continue;
            }
            if (template[i + 1] == '$')
            {
                text.Append('$');
                i++;
                continue;
            }
            var braced = template[i + 1] == '{';
            var start = i + (braced ? 2 : 1);
            var end = start;
            while (end < template.Length && (char.IsLetterOrDigit(template[end]) || template[end] == '_'))
            {
                end++;
            }
            if (end == start || (braced && (end == template.Length || template[end] != '}')))
            {
                text.Append('$');
                continue;
            }
            text.Append(match.Groups[template[start..end]].Value);
            i = braced ? end : end - 1;
        }
        return text.ToString();
    }
}
