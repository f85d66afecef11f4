using System.Text.RegularExpressions;

namespace Nines.Metrics;

/// <summary>Regular expressions with RE2's semantics on .NET's linear-time engine.</summary>
public static class Re2
{
    /// <summary>Compiles a pattern that has to match the whole text, newline included.</summary>
    /// <exception cref="ArgumentException">RE2 would refuse the pattern (look-around, back-references, syntax errors).</exception>
    public static Regex Anchored(string pattern)
    {
        try
        {
            return new Regex($@"\A(?:{pattern})\z", RegexOptions.NonBacktracking | RegexOptions.CultureInvariant);
        }
        catch (NotSupportedException e)
        {
            throw new ArgumentException($"invalid regular expression \"{pattern}\": {e.Message}", nameof(pattern), e);
        }
    }
}
