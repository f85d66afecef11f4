using System.Globalization;
using System.Text.RegularExpressions;

namespace Nines.Core.Workspace.Statements;

/// <summary>What a number is of.</summary>
internal enum QuantityUnit
{
    /// <summary>A bare number.</summary>
    None,
    Percent,
    /// <summary>A length of time, in milliseconds.</summary>
    Time,
    /// <summary>A multiple: 14.4x.</summary>
    Factor,
}

/// <summary>A number in a text.</summary>
/// <param name="Value">Its value; percents as they are written, times in milliseconds.</param>
/// <param name="Unit">What it is of.</param>
/// <param name="Op"><c>&lt;</c>, <c>&gt;</c>, <c>~</c>, or none.</param>
/// <param name="Index">Where it begins in its text.</param>
/// <param name="Text">As written.</param>
internal sealed partial record Quantity(decimal Value, QuantityUnit Unit, char Op, int Index, string Text)
{
    /// <summary>The numbers of a text, in order.</summary>
    public static IReadOnlyList<Quantity> In(string text) => [.. Number().Matches(text).Select(Of)];

    /// <summary>The first number of a unit; null when there is none.</summary>
    public static Quantity? First(string text, QuantityUnit unit) => In(text).FirstOrDefault(q => q.Unit == unit);

    /// <summary>Milliseconds of a unit of time; null when it is none.</summary>
    public static decimal? Milliseconds(string unit) => unit.ToLowerInvariant() switch
    {
        "ms" or "millisecond" or "milliseconds" => 1,
        "s" or "sec" or "secs" or "second" or "seconds" => 1000,
        "m" or "min" or "mins" or "minute" or "minutes" => 60_000,
        "h" or "hour" or "hours" => 3_600_000,
        "d" or "day" or "days" => 86_400_000,
        "w" or "week" or "weeks" => 7 * 86_400_000,
        _ => null,
    };

    private static Quantity Of(Match match)
    {
        var value = decimal.Parse(match.Groups["n"].Value, NumberStyles.AllowDecimalPoint | NumberStyles.AllowThousands, CultureInfo.InvariantCulture);
        var written = match.Groups["u"].Value;
        var unit = written.ToLowerInvariant();
        var op = match.Groups["op"].Value.ToLowerInvariant() switch
        {
            "" or "=" => ' ',
            "~" or "about" or "≈" => '~',
            ['<' or '≤', ..] or "within" or "under" or "below" or "less than" or "at most" or "fewer than" => '<',
            _ => '>',
        };
        var text = match.Value.Trim();
        var index = match.Index + match.Length - match.Value.TrimStart().Length;
        if (written == "M")
        {
            return new(value * 1_000_000, QuantityUnit.None, op, index, text);
        }
        return unit switch
        {
            "" => new(value, QuantityUnit.None, op, index, text),
            "%" => new(value, QuantityUnit.Percent, op, index, text),
            "x" or "×" => new(value, QuantityUnit.Factor, op, index, text),
            _ => new(value * Milliseconds(unit)!.Value, QuantityUnit.Time, op, index, text),
        };
    }

    // Digits and blanks are limited: no number overflows a decimal, and no long line takes time that grows with its square.
    [GeneratedRegex(@"(?<op>[<>≤≥]=?|=|~|≈|\b(?:within|under|below|less than|at most|fewer than|above|more than|at least|about)\b)?\s{0,8}\$?"
        + @"(?<![\w.$-]|\d,(?=\d{3}(?!\d)))(?<n>[0-9]{1,3}(?:,[0-9]{3}){1,3}|[0-9]{1,12}(?:\.[0-9]{1,6})?)"
        + @"(?:[\s-]?(?<u>%|(?:ms|milliseconds?|s|secs?|seconds?|m|mins?|minutes?|h|hours?|d|days?|w|weeks?)\b|[x×](?!\w))|(?!\w|\.\d|,\d))",
        RegexOptions.ExplicitCapture | RegexOptions.IgnoreCase | RegexOptions.CultureInvariant, 1000)]
    private static partial Regex Number();
}
