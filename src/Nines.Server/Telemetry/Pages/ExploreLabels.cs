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
        Span<byte> text = stackalloc byte[GoFloat.MaxLength];
        return Encoding.ASCII.GetString(text[..GoFloat.Format(value, text)]);
    }

    /// <summary>A value for people: six digits, thousands apart, a real minus; millions and more with M, G or T.</summary>
    public static string Number(double value)
    {
        if (!double.IsFinite(value))
        {
            return double.IsNaN(value) ? "NaN" : value > 0 ? "+Inf" : "−Inf";
        }
        var size = Math.Abs(value);
        var (scaled, unit) = size switch
        {
            >= 1e15 or (> 0 and < 1e-4) => (value, "e"),
            >= 1e12 => (value / 1e12, "\u00a0T"),
            >= 1e9 => (value / 1e9, "\u00a0G"),
            >= 1e6 => (value / 1e6, "\u00a0M"),
            _ => (value, ""),
        };
        var text = unit == "e" ? scaled.ToString("0.###e0", CultureInfo.InvariantCulture)
            : scaled.ToString(Math.Abs(scaled) switch { >= 1000 => "#,0.##", >= 1 => "0.####", _ => "0.######" }, CultureInfo.InvariantCulture) + unit;
        return text == "-0" ? "0" : text.Replace('-', '−');
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
