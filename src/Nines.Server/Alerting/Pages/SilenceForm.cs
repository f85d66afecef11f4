using System.Globalization;
using Nines.Core.Alerting.Routing;
using Nines.Metrics;

namespace Nines.Server.Alerting.Pages;

/// <summary>What was typed into the form of a silence.</summary>
/// <param name="Id">The silence to change; empty for a new one.</param>
/// <param name="Match">Matchers.</param>
/// <param name="From">Start in UTC; empty for now.</param>
/// <param name="For">Length in minutes.</param>
/// <param name="Until">End in UTC; when it is given, the length does not count.</param>
/// <param name="Comment">Why.</param>
/// <param name="Previewed">What the person saw the effect of: <see cref="Shown"/> of then.</param>
public sealed record SilenceForm(string Id, string Match, string From, string For, string Until, string Comment, string Previewed)
{
    private const long MinuteNs = 60_000_000_000;
    private const int MostMinutes = 366 * 1440;
    private static readonly string[] Formats = ["yyyy-MM-ddTHH:mm", "yyyy-MM-ddTHH:mm:ss"];

    /// <summary>What decides over the effect.</summary>
    public string Shown => string.Join('|', Match, From, For, Until);

    /// <summary>The form that shows a silence; what is over starts anew.</summary>
    public static SilenceForm Of(Silence silence, long nowNs)
    {
        var over = silence.StateAt(nowNs) == SilenceState.Expired;
        var matchers = string.Join(", ", silence.Matchers);
        return over ? new("", matchers, "", "60", "", silence.Comment, "")
            : new(silence.Id, matchers, Text(silence.StartsAtNs), "60", Text(silence.EndsAtNs), silence.Comment, "");
    }

    /// <summary>Reads it. What is wrong comes with its field; the matchers are there as far as they can be read.</summary>
    public (IReadOnlyList<Matcher> Matchers, long StartsNs, long EndsNs, (string Field, string Text)? Wrong) Read(long nowNs)
    {
        var reading = MatcherText.Read(Match);
        IReadOnlyList<Matcher> matchers = reading.Matchers ?? [];
        var isStart = Moment(From, out var starts);
        var isEnd = Moment(Until, out var ends);
        starts = starts == 0 ? nowNs : starts;
        if (ends == 0 && int.TryParse(For, NumberStyles.None, CultureInfo.InvariantCulture, out var minutes))
        {
            ends = starts + Math.Min(minutes, MostMinutes) * MinuteNs;
        }
        (string, string)? wrong = reading.Matchers is null ? ("match", $"{Web.Format.Capital(reading.Error ?? "it cannot be read")}.")
            : matchers.Count == 0 ? ("match", "Say which alerts: at least one condition, such as service=\"checkout\".")
            : matchers.All(m => m.Op is MatchOp.Equal or MatchOp.Regex && m.Matches(""))
                ? ("match", "It matches everything: one condition must not hold for an empty value.")
            : !isStart ? ("from", "Give a time such as 2026-03-12T03:14.")
            : !isEnd ? ("until", "Give a time such as 2026-03-12T03:14.")
            : ends <= nowNs ? ("until", "It would be over already. Give a time after now, UTC.")
            : ends <= starts ? ("until", "It ends before it begins.")
            : null;
        return (matchers, starts, ends, wrong);
    }

    private static string Text(long ns) => DateTimeOffset.FromUnixTimeMilliseconds(ns / 1_000_000).ToString(Formats[1], CultureInfo.InvariantCulture);

    private static bool Moment(string text, out long ns)
    {
        ns = 0;
        if (text.Length == 0)
        {
            return true;
        }
        if (!DateTimeOffset.TryParseExact(text, Formats, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var at))
        {
            return false;
        }
        ns = at.ToUnixTimeMilliseconds() * 1_000_000;
        return true;
    }
}
