using System.Collections.Concurrent;
using System.Text.RegularExpressions;

namespace Nines.Metrics;

/// <summary>Regular expressions with RE2's semantics on .NET's linear-time engine.</summary>
public static class Re2
{
    private const int MostKept = 1024;

    // A thousand objectives write code!~"5.." and mean one automaton of some 20 kB.
    private static readonly ConcurrentDictionary<string, Regex> Kept = new(StringComparer.Ordinal);

    /// <summary>Compiles a pattern that has to match the whole text. As in Prometheus 3, a dot matches a newline too.</summary>
    /// <exception cref="ArgumentException">RE2 would refuse the pattern (look-around, back-references, syntax errors), or it uses a Unicode script by
    /// name.</exception>
    public static Regex Anchored(string pattern)
    {
        if (Kept.TryGetValue(pattern, out var kept))
        {
            return kept;
        }
        try
        {
            var regex = new Regex($@"\A(?:{new Re2Translator(pattern).Translate()})\z",
                RegexOptions.NonBacktracking | RegexOptions.CultureInvariant | RegexOptions.Singleline);
            return Kept.Count < MostKept ? Kept.GetOrAdd(pattern, regex) : regex;
        }
        catch (Exception e) when (e is NotSupportedException or ArgumentException or FormatException)
        {
            throw new ArgumentException($"invalid regular expression \"{pattern}\": {e.Message}", nameof(pattern), e);
        }
    }
}
