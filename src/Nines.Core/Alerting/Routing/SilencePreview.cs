using Nines.Metrics;

namespace Nines.Core.Alerting.Routing;

/// <summary>What a silence would do, before it is made.</summary>
/// <param name="Now">The alerts that fire and that it would keep quiet, pages first.</param>
/// <param name="Past">The beginnings in the last days that it would have kept quiet, the latest first.</param>
/// <param name="Warnings">What to think of before making it, in sentences.</param>
public sealed record SilencePreview(IReadOnlyList<Labels> Now, IReadOnlyList<PastFiring> Past, IReadOnlyList<string> Warnings)
{
    private const long DayNs = 86_400L * 1_000_000_000;

    /// <summary>How far it looks back, in days.</summary>
    public const int Days = 7;

    /// <summary>Which words of severity are pages.</summary>
    private SeverityLadders Ladders { get; init; } = SeverityLadders.Default;

    /// <summary>Of the alerts that fire, those that would be quiet and are pages.</summary>
    public int Pages => Now.Count(Ladders.IsPage);

    /// <summary>Of the beginnings, those of pages.</summary>
    public int PastPages => Past.Count(p => Ladders.IsPage(p.Labels));

    /// <summary>Works it out.</summary>
    /// <param name="matchers">The silence's conditions.</param>
    /// <param name="lengthNs">How long it would last, in nanoseconds.</param>
    /// <param name="firing">All alerts that fire.</param>
    /// <param name="past">All beginnings of the last <see cref="Days"/> days.</param>
    /// <param name="ladders">Which words of severity are pages.</param>
    public static SilencePreview Of(
        IReadOnlyList<Matcher> matchers, long lengthNs, IReadOnlyList<Labels> firing, IReadOnlyList<PastFiring> past, SeverityLadders ladders)
    {
        var now = firing.Where(a => Matcher.AllMatch(matchers, a)).OrderByDescending(ladders.IsPage)
            .ThenBy(a => a, Comparer<Labels>.Create(Labels.Compare)).ToList();
        var before = past.Where(p => Matcher.AllMatch(matchers, p.Labels)).OrderByDescending(p => p.AtNs).ToList();
        var preview = new SilencePreview(now, before, []) { Ladders = ladders };
        return preview with { Warnings = [.. preview.Cautions(matchers, lengthNs, firing.Count)] };
    }

    private IEnumerable<string> Cautions(IReadOnlyList<Matcher> matchers, long lengthNs, int firing)
    {
        if (Pages > 0)
        {
            yield return Pages == 1 ? "It silences a page that fires now." : $"It silences {Pages} pages that fire now.";
        }
        if (Now.Count == firing && firing > 1)
        {
            yield return $"It silences everything that fires: all {firing} alerts.";
        }
        if (!matchers.Any(m => m.Op == MatchOp.Equal && m.Value.Length > 0))
        {
            yield return "No condition names one value, so it also silences alerts that nobody has seen yet. Add one with =, such as a service.";
        }
        if (Past.Select(p => p.Labels["alertname"]).Concat(Now.Select(a => a["alertname"])).Distinct(StringComparer.Ordinal).Count() is > 3 and var names)
        {
            yield return $"It silences {names} kinds of alerts. Name the alert if you mean one.";
        }
        if (lengthNs > Days * DayNs)
        {
            yield return $"It lasts {lengthNs / DayNs} days. What nobody looks at for so long is better mended, or its rule removed.";
        }
        if (Now.Count + Past.Count == 0)
        {
            yield return $"Nothing matches it now, and nothing did in the last {Days} days. Look at the spelling of names and values.";
        }
    }
}

/// <summary>An alert that began to fire.</summary>
/// <param name="Labels">The alert.</param>
/// <param name="AtNs">When, nanoseconds since the Unix epoch.</param>
public sealed record PastFiring(Labels Labels, long AtNs);
