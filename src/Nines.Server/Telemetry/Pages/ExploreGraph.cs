using System.Globalization;
using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization;
using Microsoft.AspNetCore.Components;
using Nines.Metrics;
using Nines.PromQL;

namespace Nines.Server.Telemetry.Pages;

/// <summary>The lines of a range query, as the page and its script draw them.</summary>
/// <param name="Start">Time of the first point, Unix seconds.</param>
/// <param name="Step">Distance of two points in seconds.</param>
/// <param name="Points">How many points a line has.</param>
/// <param name="Low">Lower end of the axis.</param>
/// <param name="High">Upper end of the axis; above the lower.</param>
/// <param name="Ticks">The marks of the axis.</param>
/// <param name="Gaps">Stretches in which no series has a value, Unix seconds.</param>
/// <param name="Lines">The series drawn, the largest at the end first.</param>
public sealed record ExploreGraph(
    double Start, double Step, int Points, double Low, double High, IReadOnlyList<ExploreTick> Ticks, IReadOnlyList<ExploreGap> Gaps,
    IReadOnlyList<ExploreLine> Lines)
{
    /// <summary>Most series that are drawn.</summary>
    public const int MostLines = 50;

    /// <summary>How many series there are, drawn or not.</summary>
    [JsonIgnore] public int Total { get; private init; }

    /// <summary>What all series share.</summary>
    [JsonIgnore] public Labels Shared { get; private init; } = Labels.Empty;

    /// <summary>Whether some values are infinite or no number; they cannot be drawn.</summary>
    [JsonIgnore] public bool HasNonFinite { get; private init; }

    /// <summary>A value of the legend: four digits of the largest, so that the columns are easy to compare.</summary>
    public string Text(double value)
    {
        var largest = Math.Max(Math.Abs(Low), Math.Abs(High));
        return ExploreLabels.Number(value, largest, Math.Pow(10, Math.Floor(Math.Log10(Math.Max(largest, double.Epsilon))) - 3));
    }

    /// <summary>Makes the graph of a matrix.</summary>
    /// <param name="series">The series.</param>
    /// <param name="startMs">Time of the first point.</param>
    /// <param name="stepMs">Distance of two points.</param>
    /// <param name="points">How many points there are.</param>
    public static ExploreGraph Of(IReadOnlyList<MatrixSeries> series, long startMs, long stepMs, int points)
    {
        var shared = ExploreLabels.Shared([.. series.Select(s => s.Labels)]);
        var drawn = series.OrderByDescending(s => s.Samples[^1].TimeMs >= startMs + (points - 1) * stepMs)
            .ThenByDescending(s => double.IsNaN(s.Samples[^1].Value) ? double.NegativeInfinity : s.Samples[^1].Value).Take(MostLines).ToList();
        var lines = drawn.Select(s => Line(s, shared, startMs, stepMs, points)).ToList();
        var finite = lines.SelectMany(l => l.Values).OfType<double>();
        var (low, high, ticks) = Axis(finite.DefaultIfEmpty(0).Min(), finite.DefaultIfEmpty(1).Max());
        return new(startMs / 1000d, stepMs / 1000d, points, low, high, ticks, Empty(lines, startMs / 1000d, stepMs / 1000d, points), lines)
        {
            Total = series.Count,
            Shared = shared,
            HasNonFinite = drawn.Any(s => s.Samples.Any(v => !double.IsFinite(v.Value))),
        };
    }

    /// <summary>The data as the text of a <c>script</c> element; the serializer escapes what could end it.</summary>
    public MarkupString ToScript() => new(JsonSerializer.Serialize(this, ExploreJson.Default.ExploreGraph));

    /// <summary>A line as the path of an SVG, in whole steps of a field of the given size.</summary>
    public string Path(ExploreLine line, int width, int height)
    {
        var path = new StringBuilder();
        var (pen, atX, atY) = (false, 0, 0);
        for (var i = 0; i < line.Values.Count; i++)
        {
            if (line.Values[i] is not { } v)
            {
                pen = false;
                continue;
            }
            var x = (int)Math.Round((double)width * i / Math.Max(1, Points - 1));
            var y = (int)Math.Round(height * (High - v) / (High - Low));
            path.Append(CultureInfo.InvariantCulture, $"{(pen ? 'l' : 'M')}{(pen ? x - atX : x)} {(pen ? y - atY : y)}");
            if (!pen && (i + 1 == line.Values.Count || line.Values[i + 1] is null))
            {
                path.Append("h.01");
            }
            (pen, atX, atY) = (true, x, y);
        }
        return path.ToString();
    }

    /// <summary>An axis from 0 unless that would hide the course, with marks at 1, 2 or 5 times a power of ten.</summary>
    internal static (double Low, double High, IReadOnlyList<ExploreTick> Ticks) Axis(double min, double max)
    {
        if (min > 0 && min < max * 0.6 || min == max && min > 0)
        {
            min = 0;
        }
        else if (max < 0 && max > min * 0.6 || min == max && max < 0)
        {
            max = 0;
        }
        if (max - min <= Math.Abs(max) * 1e-12)
        {
            (min, max) = max == 0 ? (0, 1) : (min - Math.Abs(min) * 1e-9, max + Math.Abs(max) * 1e-9);
        }
        var raw = max / 4 - min / 4;
        var power = Math.Pow(10, Math.Floor(Math.Log10(raw)));
        var step = power * (raw / power is var r && r > 5 ? 10 : r > 2 ? 5 : r > 1 ? 2 : 1);
        var (first, last) = (Math.Floor(min / step), Math.Ceiling(max / step));
        if (!double.IsFinite(step) || !(last - first is >= 1 and <= 20))
        {
            return (min, max, [.. new[] { min, max }.Select(v => new ExploreTick(v, v.ToString("0.#####e0", CultureInfo.InvariantCulture).Replace('-', '−')))]);
        }
        var largest = Math.Max(Math.Abs(first), Math.Abs(last)) * step;
        var ticks = Enumerable.Range(0, (int)(last - first) + 1).Select(i => (first + i) * step)
            .Select(v => new ExploreTick(v, ExploreLabels.Number(v, largest, step))).ToList();
        return (first * step, last * step, ticks);
    }

    private static ExploreLine Line(MatrixSeries series, Labels shared, long startMs, long stepMs, int points)
    {
        var values = new double?[points];
        var (min, max) = (double.NaN, double.NaN);
        foreach (var sample in series.Samples)
        {
            // Fewer digits than a double has make a page half as long, and no line moves.
            values[(sample.TimeMs - startMs) / stepMs] = !double.IsFinite(sample.Value) ? null
                : double.Parse(sample.Value.ToString("G9", CultureInfo.InvariantCulture), CultureInfo.InvariantCulture);
            (min, max) = (double.IsNaN(min) || sample.Value < min ? sample.Value : min, double.IsNaN(max) || sample.Value > max ? sample.Value : max);
        }
        var last = series.Samples[^1];
        return new(ExploreLabels.Text(series.Labels, shared), values)
        {
            Labels = series.Labels, Last = last.TimeMs >= startMs + (points - 1) * stepMs ? last.Value : null, Min = min, Max = max,
        };
    }

    private static List<ExploreGap> Empty(List<ExploreLine> lines, double start, double step, int points)
    {
        var gaps = new List<ExploreGap>();
        for (var i = 0; i < points; i++)
        {
            var from = i;
            while (i < points && lines.TrueForAll(l => l.Values[i] is null))
            {
                i++;
            }
            if (i > from)
            {
                gaps.Add(new(start + Math.Max(0, from - 1) * step, start + Math.Min(i, points - 1) * step));
            }
        }
        return gaps;
    }
}

/// <summary>A mark of the axis.</summary>
/// <param name="At">Its value.</param>
/// <param name="Text">The value as people read it.</param>
public sealed record ExploreTick(double At, string Text);

/// <summary>A stretch without any value, Unix seconds.</summary>
/// <param name="From">The last time with a value before it, or the start.</param>
/// <param name="To">The first time with a value after it, or the end.</param>
public sealed record ExploreGap(double From, double To);

/// <summary>One series drawn.</summary>
/// <param name="Name">Its labels without what all series share.</param>
/// <param name="Values">A value for each point; null without one.</param>
public sealed record ExploreLine(string Name, IReadOnlyList<double?> Values)
{
    /// <summary>All its labels.</summary>
    [JsonIgnore] public Labels Labels { get; init; } = Labels.Empty;

    /// <summary>The value at the end; null when it ended before.</summary>
    [JsonIgnore] public double? Last { get; init; }

    /// <summary>The least value.</summary>
    [JsonIgnore] public double Min { get; init; }

    /// <summary>The largest value.</summary>
    [JsonIgnore] public double Max { get; init; }
}

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase)]
[JsonSerializable(typeof(ExploreGraph))]
[JsonSerializable(typeof(IReadOnlyList<ExploreWord>))]
internal sealed partial class ExploreJson : JsonSerializerContext;
