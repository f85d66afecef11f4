using System.Globalization;

namespace Nines.Core.Alerting;

/// <summary>The words people write into an alert's label <c>severity</c>, in order of urgency: the usual words, <c>P0</c> to <c>P5</c>, <c>SEV-0</c> to
/// <c>SEV-5</c>.</summary>
public static class Severity
{
    private static readonly Dictionary<string, int> Words = new(StringComparer.OrdinalIgnoreCase)
    {
        ["emergency"] = 60, ["fatal"] = 60, ["page"] = 50, ["critical"] = 50, ["major"] = 40, ["high"] = 40, ["error"] = 40, ["medium"] = 30, ["minor"] = 20,
        ["ticket"] = 20, ["warning"] = 20, ["warn"] = 20, ["low"] = 10, ["info"] = 10, ["notice"] = 10, ["debug"] = 0, ["none"] = 0,
    };

    /// <summary>How urgent a word is, 0 to 60, comparable within one ladder of words; null for a word that is in none.</summary>
    public static int? RankOf(string word)
    {
        if (Words.TryGetValue(word, out var rank))
        {
            return rank;
        }
        var number = word.StartsWith("SEV", StringComparison.OrdinalIgnoreCase) ? word[3..].TrimStart('-', ' ')
            : word.StartsWith("P", StringComparison.OrdinalIgnoreCase) ? word[1..] : "";
        return int.TryParse(number, NumberStyles.None, CultureInfo.InvariantCulture, out var level) && level <= 5 ? 60 - 10 * level : null;
    }

    /// <summary>Whether one word is more urgent than another. Of words in no ladder each change counts: better a message too many.</summary>
    public static bool IsRise(string from, string to) =>
        RankOf(from) is { } before && RankOf(to) is { } after ? after > before : !string.Equals(from, to, StringComparison.OrdinalIgnoreCase);
}
