using System.Globalization;
using Nines.Core.Probes.Collectors;
using Nines.Metrics;
using Nines.Server.Web;

namespace Nines.Server.Probes.Collectors.Pages;

/// <summary>A series on a page.</summary>
/// <param name="Labels">Its identity.</param>
/// <param name="Value">Its value.</param>
/// <param name="Text">The value as people read it.</param>
/// <param name="Trend">Its course over a day; null when it is not drawn.</param>
public sealed record ValueRow(Labels Labels, double Value, string Text, double?[]? Trend)
{
    /// <summary>Labels that do not say of which collector it is.</summary>
    public IReadOnlyList<KeyValuePair<string, string>> Own =>
        [.. Labels.Without(["collector", "service", "environment", "job", "instance", Labels.MetricName]).Pairs];

    /// <summary>The query page with this series.</summary>
    public string Url => "/explore?expr=" + Uri.EscapeDataString(Labels.ToString());
}

/// <summary>A collector on a page.</summary>
/// <param name="Collector">The collector.</param>
/// <param name="Standing">How it does.</param>
/// <param name="Series">How many series it wrote.</param>
/// <param name="Values">Those that are shown.</param>
public sealed record CollectorRow(Collector Collector, CollectorStanding Standing, int Series, IReadOnlyList<ValueRow> Values)
{
    /// <summary>The word, icon and look of its state.</summary>
    public (string Word, string Icon, string Look) State => Standing switch
    {
        { LastRun: null } => ("Not run yet", "circle-dashed", "unknown"),
        { LastRun.Error: null } => ("Reads", "circle-check", "ok"),
        { AlertSinceMs: not null } => ("Failing", "octagon-x", "exhausted"),
        _ => ("Failed", "triangle-alert", "caution"),
    };
}

/// <summary>Figures of collectors as people read them, by unit.</summary>
internal static class FigureText
{
    private static readonly string[] Sizes = ["B", "KiB", "MiB", "GiB", "TiB", "PiB"];

    /// <summary>A value by its unit, or by what its metric's name ends in.</summary>
    public static string Of(double value, string metric, string unit, bool isCounter)
    {
        var kind = unit.Length > 0 ? unit : metric.EndsWith("_bytes", StringComparison.Ordinal)
            || metric.EndsWith("_bytes_total", StringComparison.Ordinal) ? "bytes"
            : !isCounter && (metric.EndsWith("_seconds", StringComparison.Ordinal) || metric.EndsWith("_seconds_left", StringComparison.Ordinal))
                && !metric.Contains("_time_seconds", StringComparison.Ordinal) ? "seconds" : "";
        return !double.IsFinite(value) ? value.ToString(CultureInfo.InvariantCulture)
            : kind switch
            {
                "bytes" => Bytes(value),
                "seconds" => (value < 0 ? "−" : "") + Format.Short(Math.Abs(value) / 60),
                "ratio" => Format.Percent(value),
                _ => Plain(value) + (kind.Length > 0 ? "\u202f" + kind : ""),
            };
    }

    /// <summary>How long a run took: <c>38 ms</c>, <c>1.2 s</c>.</summary>
    public static string Took(double seconds) => seconds < 0.95 ? $"{Math.Ceiling(seconds * 1000):0}\u00a0ms" : Format.Short(seconds / 60);

    /// <summary>An error as a sentence.</summary>
    public static string Sentence(string error) => Format.Capital(error.TrimEnd('.', ' ')) + ".";

    /// <summary>A number of bytes: <c>3.9 GiB</c>.</summary>
    public static string Bytes(double bytes)
    {
        var step = 0;
        var size = Math.Abs(bytes);
        while (size >= 1024 && step < Sizes.Length - 1)
        {
            size /= 1024;
            step++;
        }
        return (bytes < 0 ? "−" : "") + size.ToString(step == 0 || size >= 100 ? "0" : "0.0", CultureInfo.InvariantCulture) + "\u00a0" + Sizes[step];
    }

    private static string Plain(double value) => (value < 0 ? "−" : "") + Math.Abs(value) switch
    {
        var v when v == Math.Floor(v) && v < 1e15 => v.ToString("#,0", CultureInfo.InvariantCulture),
        >= 100 and < 1e15 and var v => v.ToString("#,0.#", CultureInfo.InvariantCulture),
        var v => v.ToString("G4", CultureInfo.InvariantCulture),
    };
}
