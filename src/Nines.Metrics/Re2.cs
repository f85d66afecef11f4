using System.Collections.Concurrent;
using System.Text.RegularExpressions;

namespace Nines.Metrics;

/// <summary>Regular expressions with RE2's semantics on .NET's linear-time engine.</summary>
public static class Re2
{
    private const int MostKept = 1024;

    // A thousand objectives write code!~"5.." and mean one automaton of some 20 kB.
    private static readonly ConcurrentDictionary<(string Pattern, bool Whole), Regex> Kept = new();

    /// <summary>Compiles a pattern that has to match the whole text. As in Prometheus 3, a dot matches a newline too.</summary>
    /// <exception cref="ArgumentException">RE2 would refuse the pattern (look-around, back-references, syntax errors), or it uses a Unicode script by
    /// name.</exception>
    public static Regex Anchored(string pattern) => Compiled(pattern, whole: true);

    /// <summary>Compiles a pattern that may match anywhere in a text. As in Go, a dot does not match a newline.</summary>
    /// <exception cref="ArgumentException">As with <see cref="Anchored"/>.</exception>
    public static Regex Anywhere(string pattern) => Compiled(pattern, whole: false);

    private static Regex Compiled(string pattern, bool whole)
    {
        if (Kept.TryGetValue((pattern, whole), out var kept))
        {
            return kept;
        }
        try
        {
            var translated = new Re2Translator(pattern).Translate();
            var regex = whole
                ? new Regex($@"\A(?:{translated})\z", RegexOptions.NonBacktracking | RegexOptions.CultureInvariant | RegexOptions.Singleline)
                : new Regex(translated, RegexOptions.NonBacktracking | RegexOptions.CultureInvariant);
            return Kept.Count < MostKept ? Kept.GetOrAdd((pattern, whole), regex) : regex;
        }
        catch (Exception e) when (e is NotSupportedException or ArgumentException or FormatException)
        {
            throw new ArgumentException($"invalid regular expression \"{pattern}\": {e.Message}", nameof(pattern), e);
        }
    }
}
