using Nines.Core.Probes;
using Nines.Server.Web;

namespace Nines.Server.Probes.Pages;

/// <summary>How pages say what a probe's state is.</summary>
internal static class ProbeWords
{
    /// <summary>The word, the icon and the attribute of a state.</summary>
    public static (string Word, string Icon, string Look) Of(ProbeVerdict verdict) => verdict switch
    {
        ProbeVerdict.Up => ("Up", "circle-check", "ok"),
        ProbeVerdict.Down => ("Down", "octagon-x", "exhausted"),
        _ => ("Unknown", "circle-dashed", "unknown"),
    };

    /// <summary>A course in words: <c>3 of 720 runs failed, unknown for 2 h</c>.</summary>
    public static string Of(IReadOnlyList<ProbeStretch> course, double minutes)
    {
        var (bad, all, unknown) = (course.Sum(s => s.Bad), course.Sum(s => s.Good + s.Bad), course.Count(s => !s.Known));
        var runs = all == 0 ? "no run"
            : bad == 0 ? $"{Format.Count(all)} {(all == 1 ? "run, which" : "runs, all")} succeeded"
            : $"{Format.Count(bad)} of {Format.Count(all)} runs failed";
        return runs + (unknown == 0 ? "" : $", unknown for {Format.Span(minutes * unknown / course.Count)}");
    }

    /// <summary>A length of a run: <c>38 ms</c>, <c>2.4 s</c>.</summary>
    public static string Took(double ms) => ms < 999.5 ? $"{Math.Ceiling(ms):0}\u00a0ms" : Format.Short(ms / 60_000);

    /// <summary>What is left of a certificate: <c>61 d</c>, or that it ended.</summary>
    public static string Left(double ms)
    {
        var unit = ms > 2 * 86_400_000 ? 1440 : 1;
        return ms <= 0 ? "ended" : Format.Span(Math.Floor(ms / 60_000 / unit) * unit);
    }
}
