namespace Nines.Core.Probes;

/// <summary>
/// Patterns of <c>pat()</c>: <c>*</c> any text, <c>?</c> one character, <c>[a-z]</c> and <c>[^a-z]</c> one of a set, <c>\</c> takes the next character as it
/// is. As in Gatus, slashes count on neither side. Time grows with the text times the pattern, never faster.
/// </summary>
internal static class Wildcards
{
    /// <summary>Whether a whole text fits a pattern; a pattern that is none fits nothing.</summary>
    public static bool IsMatch(string pattern, string text)
    {
        var tokens = Tokens(pattern.Replace("/", "", StringComparison.Ordinal));
        text = text.Replace("/", "", StringComparison.Ordinal);
        if (tokens is null)
        {
            return false;
        }
        var (at, from, star, after) = (0, 0, -1, 0);
        while (at < text.Length)
        {
            if (from < tokens.Count && tokens[from] is { } token && token(text[at]))
            {
                at++;
                from++;
            }
            else if (from < tokens.Count && tokens[from] is null)
            {
                (star, after) = (from++, at);
            }
            else if (star >= 0)
            {
                (from, at) = (star + 1, ++after);
            }
            else
            {
                return false;
            }
        }
        return tokens.Skip(from).All(t => t is null);
    }

    /// <summary>Whether it is a pattern at all.</summary>
    public static bool IsPattern(string pattern) => Tokens(pattern) is not null;

    // A test for one character each; null stands for any text.
    private static List<Func<char, bool>?>? Tokens(string pattern)
    {
        var tokens = new List<Func<char, bool>?>();
        for (var i = 0; i < pattern.Length; i++)
        {
            switch (pattern[i])
            {
                case '*':
                    tokens.Add(null);
                    break;
                case '?':
                    tokens.Add(_ => true);
                    break;
                case '\\' when i + 1 == pattern.Length:
                    return null;
                case '\\':
                    var plain = pattern[++i];
                    tokens.Add(c => c == plain);
                    break;
                case '[':
                    if (Set(pattern, ref i) is not { } set)
                    {
                        return null;
                    }
                    tokens.Add(set);
                    break;
                case var letter:
                    tokens.Add(c => c == letter);
                    break;
            }
        }
        return tokens;
    }

    private static Func<char, bool>? Set(string pattern, ref int i)
    {
        var ranges = new List<(char From, char To)>();
        var not = i + 1 < pattern.Length && pattern[i + 1] == '^';
        var at = i + (not ? 2 : 1);
        while (at < pattern.Length && (pattern[at] != ']' || ranges.Count == 0))
        {
            if (pattern[at] is ']' or '-' || One(pattern, ref at) is not { } from)
            {
                return null;
            }
            var to = from;
            if (at + 1 < pattern.Length && pattern[at] == '-')
            {
                at++;
                if (One(pattern, ref at) is not { } end)
                {
                    return null;
                }
                to = end;
            }
            ranges.Add((from, to));
        }
        if (at >= pattern.Length || ranges.Count == 0)
        {
            return null;
        }
        i = at;
        return c => ranges.Exists(r => r.From <= c && c <= r.To) != not;
    }

    private static char? One(string pattern, ref int at)
    {
        at += at < pattern.Length && pattern[at] == '\\' ? 1 : 0;
        return at < pattern.Length ? pattern[at++] : null;
    }
}
