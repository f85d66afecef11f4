using System.Globalization;
using Nines.Core.Objectives;

namespace Nines.Server.Web;

/// <summary>Numbers and times as people read them: narrow space before %, real minus, 24 h UTC. A figure never looks better than it is.</summary>
internal static class Format
{
    private const string NarrowSpace = "\u202f";
    private const string NoBreak = "\u00a0";
    private static readonly CultureInfo Culture = CultureInfo.InvariantCulture;

    /// <summary>A share as per cent, rounded: <c>22.6 %</c>, <c>−38.4 %</c>.</summary>
    public static string Percent(double share, int decimals = 1) => Minus((share * 100).ToString(Math.Abs(share) >= 10 ? "#,0" : "F" + decimals, Culture)) + NarrowSpace + "%";

    /// <summary>A target exactly as declared: <c>99.95 %</c>.</summary>
    public static string Target(decimal target) => (target * 100).ToString("0.######", Culture) + NarrowSpace + "%";

    /// <summary>A share of good events cut, not rounded, two digits finer than the target; leading nines apart so that they can step back.</summary>
    public static (string Nines, string Digits) Indicator(double share, decimal target)
    {
        if (share >= 1)
        {
            return ("", "100" + NarrowSpace + "%");
        }
        var decimals = Math.Max(2, (target * 100).ToString("0.######", Culture).SkipWhile(c => c != '.').Skip(1).Count() + 2);
        var factor = Math.Pow(10, decimals);
        var text = (Math.Floor(share * 100 * factor) / factor).ToString("F" + decimals, Culture);
        var lead = text.TakeWhile(c => c is '9' or '.').Count();
        return (text[..lead], text[lead..] + NarrowSpace + "%");
    }

    /// <summary>Coverage cut to two decimals: 99.999 % of an hour is not all of it.</summary>
    public static string Coverage(double share) => (Math.Floor(share * 10_000) / 100).ToString("F2", Culture) + NarrowSpace + "%";

    /// <summary>A number of events: <c>17,526</c>, <c>−2,489</c>; one decimal under ten when it is not whole.</summary>
    public static string Count(double events) => Minus(Math.Abs(events) < 10 && Math.Abs(events - Math.Round(events)) > 0.05
        ? events.ToString("0.0", Culture) : events.ToString("#,0", Culture));

    /// <summary>A burn rate: <c>0.83×</c>, <c>14.6×</c>, <c>138×</c>.</summary>
    public static string Burn(double rate) => rate.ToString(rate >= 100 ? "#,0" : rate >= 10 ? "0.0" : "0.00", Culture) + "×";

    /// <summary>A limit of a burn rate, two decimals: <c>13.44×</c>.</summary>
    public static string Limit(double limit) => limit.ToString("0.00", Culture) + "×";

    /// <summary>A length of time: <c>5 min</c>, <c>1 h 52 min</c>, <c>3 d</c>, <c>8 d 16 h</c>.</summary>
    public static string Span(double minutes)
    {
        var m = (long)Math.Round(minutes);
        return m switch
        {
            < 60 => $"{m}{NoBreak}min",
            < 1440 => m % 60 == 0 ? $"{m / 60}{NoBreak}h" : $"{m / 60}{NoBreak}h {m % 60}{NoBreak}min",
            _ => m / 60 % 24 == 0 ? $"{m / 1440}{NoBreak}d" : $"{m / 1440}{NoBreak}d {m / 60 % 24}{NoBreak}h",
        };
    }

    /// <summary>A length of time that may be short: <c>0.4 s</c>, <c>38 s</c>, then as <see cref="Span"/>.</summary>
    public static string Short(double minutes) => minutes switch
    {
        < 10 / 60.0 => (minutes * 60).ToString("0.#", Culture) + NoBreak + "s",
        < 1.5 => (minutes * 60).ToString("0", Culture) + NoBreak + "s",
        _ => Span(minutes),
    };

    /// <summary>The length of an objective's window in a sentence: <c>28 days</c>.</summary>
    public static string Window(int minutes) => minutes % 1440 == 0 && minutes > 1440 ? $"{minutes / 1440}{NoBreak}days" : Span(minutes);

    /// <summary>Names in a sentence: <c>a</c>, <c>a and b</c>, <c>a, b and c</c>.</summary>
    public static string Names(IReadOnlyList<string> names) =>
        names.Count < 2 ? string.Concat(names) : $"{string.Join(", ", names.Take(names.Count - 1))} and {names[^1]}";

    /// <summary>A name as the beginning of a sentence: <c>Freeze</c>.</summary>
    public static string Capital(string name) => name.Length == 0 ? "" : char.ToUpperInvariant(name[0]) + name[1..];

    /// <summary>A band of a budget policy: its name, or the state's own word where it is named like the state.</summary>
    public static string Band(ErrorBudgetPolicy policy, string name) =>
        policy.Bands.FirstOrDefault(b => b.Name == name) is { } band && State(band.Level) is var (word, _, attribute) && attribute == name ? word : Capital(name);

    /// <summary>A time of day in UTC: <c>03:14</c>.</summary>
    public static string Time(long ms) => At(ms).ToString("HH:mm", Culture);

    /// <summary>A moment: <c>Thu 12 Mar 03:14</c>.</summary>
    public static string Moment(long ms) => At(ms).ToString("ddd d MMM HH:mm", Culture);

    /// <summary>A moment near now in UTC: <c>03:12</c> today, <c>Wed 22:40</c> within six days, else as <see cref="Moment"/>.</summary>
    public static string Since(long ms, long nowMs) => At(ms).ToString(
        At(ms).Date == At(nowMs).Date ? "HH:mm" : Math.Abs(nowMs - ms) < 6 * 86_400_000L ? "ddd HH:mm" : "ddd d MMM HH:mm", Culture);

    /// <summary>A day: <c>Thu 12 Mar</c>.</summary>
    public static string Day(long ms) => At(ms).ToString("ddd d MMM", Culture);

    /// <summary>A moment for machines.</summary>
    public static string Iso(long ms) => At(ms).ToString("yyyy-MM-ddTHH:mm:ssZ", Culture);

    /// <summary>A coordinate in an SVG or a percentage for one.</summary>
    public static string N(double value) => value.ToString("0.##", Culture);

    /// <summary>The word, icon and attribute value of a budget state.</summary>
    public static (string Word, string Icon, string Attribute) State(BudgetState state) => state switch
    {
        BudgetState.Ok => ("On track", "circle-check", "ok"),
        BudgetState.Caution => ("Caution", "triangle-alert", "caution"),
        BudgetState.Freeze => ("Freeze", "lock", "freeze"),
        BudgetState.Exhausted => ("Exhausted", "octagon-x", "exhausted"),
        _ => ("No data", "circle-dashed", "unknown"),
    };

    /// <summary>The address of an objective's page.</summary>
    public static string ObjectiveUrl(string key) => "/objectives/" + string.Join('/', key.Split('/').Select(Uri.EscapeDataString)).Replace("%40", "@");

    private static DateTimeOffset At(long ms) => DateTimeOffset.FromUnixTimeMilliseconds(ms);

    private static string Minus(string number) => number.TrimStart('-').Trim('0', '.', ',').Length == 0 ? number.TrimStart('-') : number.Replace('-', '−');
}
