using System.Globalization;
using System.Text;
using Nines.Metrics;
using Nines.Server.Telemetry.Api;

namespace Nines.Server.Telemetry.Pages;

/// <summary>Series and numbers as the query page writes them.</summary>
internal static class ExploreLabels
{
    /// <summary>Most columns of labels; with more of them a series is written as one text.</summary>
    private const int MostColumns = 5;

    /// <summary>What all series have alike; nothing of a single one.</summary>
    public static Labels Shared(IReadOnlyList<Labels> series)
    {
        if (series.Count < 2)
        {
            return Labels.Empty;
        }
        var shared = new List<(string, string)>();
        foreach (var (name, value) in series[0].Pairs)
        {
            if (series.All(s => s[name] == value))
            {
                shared.Add((name, value));
            }
        }
        return Labels.Of(shared);
    }

    /// <summary>A series without what all share; its whole text when nothing is left.</summary>
    public static string Text(Labels series, Labels shared)
    {
        var own = series.Keep([.. Names(series).Where(n => shared[n].Length == 0)]);
        return own.Count > 0 ? own.ToString() : series.ToString();
    }

    /// <summary>The labels that differ between series, as columns: the metric name first; none when a text reads better.</summary>
    public static IReadOnlyList<string> Columns(IReadOnlyList<Labels> series, Labels shared)
    {
        var names = series.SelectMany(Names).Distinct(StringComparer.Ordinal).Where(n => shared[n].Length == 0)
            .OrderBy(n => n == Labels.MetricName ? 0 : 1).ThenBy(n => n, StringComparer.Ordinal).Take(MostColumns + 1).ToList();
        return names.Count > MostColumns ? [] : names;
    }

    /// <summary>A value as the query API writes it.</summary>
    public static string Exact(double value)
    {
        Span<byte> text = stackalloc byte[ApiNumber.MaxLength];
        return Encoding.ASCII.GetString(text[..ApiNumber.Format(value, text)]);
    }

    /// <summary>A value for people: thousands apart, a real minus; millions and more with M, G or T.</summary>
    /// <param name="value">The value.</param>
    /// <param name="largest">The largest value beside it, which decides the unit for all of them.</param>
    /// <param name="step">The smallest difference that is to be seen; above 0.</param>
    public static string Number(double value, double largest, double step)
    {
        if (!double.IsFinite(value))
        {
            return double.IsNaN(value) ? "NaN" : value > 0 ? "+Inf" : "−Inf";
        }
        var (unit, name) = Math.Abs(largest) switch
        {
            >= 1e15 or (> 0 and < 1e-4) => (0, ""),
            >= 1e12 => (1e12, "\u00a0T"),
            >= 1e9 => (1e9, "\u00a0G"),
            >= 1e6 => (1e6, "\u00a0M"),
            _ => (1.0, ""),
        };
        var text = unit == 0 ? value.ToString("0.#####e0", CultureInfo.InvariantCulture)
            : (value / unit).ToString("N" + Math.Clamp((int)Math.Ceiling(-Math.Log10(step / unit) - 1e-9), 0, 12), CultureInfo.InvariantCulture) + name;
        return text.AsSpan().ContainsAnyInRange('1', '9') ? text.Replace('-', '−') : text.TrimStart('-');
    }

    private static List<string> Names(Labels series)
    {
        var names = new List<string>(series.Count);
        foreach (var (name, _) in series.Pairs)
        {
            names.Add(name);
        }
        return names;
    }
}
